"""A Redis of a test's own, which it may kill, freeze, empty and starve."""

import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.e2e.stack import program
from tests.ops.processes import eventually, free_port


class RedisServer:
    """One server in memory alone: what it held is gone when it is killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and return once it answers."""
        command = [program("redis-server", "redis-server"), "--bind", "127.0.0.1", "--port", str(self.port)]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        assert eventually(self._answers, within=15), (self.folder / "redis.log").read_text()[-2_000:]

    def kill(self) -> None:
        """At once, and with all that it held."""
        self._send(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def freeze(self) -> None:
        """It keeps its connections and answers nobody."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        self._send(signal.SIGCONT)

    def stop(self) -> None:
        """The end, in whatever state it is."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def tell(self, *words: str) -> str:
        """Run one command and return what it answers, as the protocol spells it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            parts = [f"*{len(words)}\r\n", *(f"${len(word.encode())}\r\n{word}\r\n" for word in words)]
            line.sendall("".join(parts).encode())
            time.sleep(0.05)
            return line.recv(65_536).decode(errors="replace")

    def _answers(self) -> bool:
        try:
            return "PONG" in self.tell("PING")
        except OSError:
            return False

    def _send(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)
