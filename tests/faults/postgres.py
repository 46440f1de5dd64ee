"""A PostgreSQL server of a test's own, which it may stop, kill and start again."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]

PROGRAMS = Path("/usr/lib/postgresql")


class Server:
    """One server with its data in a folder of its own. Everybody at 127.0.0.1 is let in."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.address = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        made = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C")
        self._run("initdb", "-D", folder / "data", *made)

    def start(self) -> None:
        """Start it, and return once it has recovered and answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder}"
        log = self.folder / "log.txt"
        self._run("pg_ctl", "start", "-w", "-t", "60", "-D", self.folder / "data", "-o", options, "-l", log)

    def stop(self, how: str = "immediate") -> None:
        """Stop it: "immediate" is as if it crashed, without a word to anybody."""
        self._run("pg_ctl", "stop", "-w", "-D", self.folder / "data", "-m", how)

    def tell(self, statement: str) -> list[tuple[object, ...]]:
        """Run one statement and return its rows."""
        connection = psycopg2.connect(self.address)
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self.programs / program), *(str(argument) for argument in arguments)]
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
        with (self.folder / "programs.txt").open("ab") as said:
            # No pipe: the server would hold it open.
            done = subprocess.run(command, cwd=self.folder, stdout=said, stderr=said, check=False)
        if done.returncode:
            raise RuntimeError((self.folder / "programs.txt").read_text(errors="replace")[-2_000:])


@contextmanager
def own_server() -> Iterator[Server]:
    """A server that runs, and is gone afterwards with its data."""
    # Not in a test's folder: pytest lets no other user through to those.
    with tempfile.TemporaryDirectory(prefix="countersign-postgres-") as folder:
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        server = Server(Path(folder), _programs())
        server.start()
        try:
            yield server
        finally:
            with suppress(RuntimeError):
                server.stop()


def _programs() -> Path:
    """Where initdb and pg_ctl are: Debian keeps them off the path."""
    if found := shutil.which("pg_ctl"):
        return Path(found).parent
    installed = sorted(PROGRAMS.glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    if not installed:
        raise RuntimeError("These tests need PostgreSQL's own programs (Debian: apt-get install postgresql).")
    return installed[-1].parent
