"""A line between a client and a server that may be cut, or lie."""

import socket
import threading
from contextlib import suppress


class Wire:
    """Stands in front of a server: cuts the line after so many bytes, for good or once, or changes what comes back."""

    def __init__(
        self,
        url: str,
        *,
        cut_after: int | None = None,
        heals: bool = False,
        forge: tuple[bytes, bytes] | None = None,
    ) -> None:
        self._target = int(url.rsplit(":", 1)[1])
        self._left, self._heals, self._forge = cut_after, heals, forge
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            if self._left is not None and self._left <= 0:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._send, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _send(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while found := client.recv(65536):
                if self._left is not None:
                    self._left -= len(found)
                    if self._left <= 0:
                        self._left = None if self._heals else 0
                        break
                server.sendall(found)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError), server, client:
            while found := server.recv(65536):
                client.sendall(found.replace(*self._forge) if self._forge is not None else found)
