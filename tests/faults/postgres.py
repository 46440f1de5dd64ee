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

    def __init__(self, folder: Path, programs: Path, *, of: Path | None = None) -> None:
        """An empty one, or one whose data is a copy of the folder `of`."""
        self.folder, self.programs, self.archive = folder, programs, folder / "archive"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.address = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        if of is None:
            made = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C")
            self._run("initdb", "-D", folder / "data", *made)
        else:
            self._as_postgres("cp", "-a", of, folder / "data")

    def start(self) -> None:
        """Start it, and return once it has recovered and answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder}"
        log = self.folder / "log.txt"
        self._run("pg_ctl", "start", "-w", "-t", "60", "-D", self.folder / "data", "-o", options, "-l", log)

    def stop(self, how: str = "immediate") -> None:
        """Stop it: "immediate" is as if it crashed, without a word to anybody."""
        self._run("pg_ctl", "stop", "-w", "-D", self.folder / "data", "-m", how)

    def configure(self, *lines: str) -> None:
        """More settings, from the next start on."""
        with (self.folder / "data" / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def keep_the_log(self) -> None:
        """Keep every piece of the write-ahead log in `archive`."""
        self._as_postgres("mkdir", "-p", self.archive)
        self.configure("archive_mode = on", f"archive_command = 'cp %p {self.archive}/%f'")

    def base_backup(self) -> Path:
        """A copy of the running server's data; with the archive it can be brought to any later moment."""
        copy = self.folder / "backup"
        reach = ("-h", "127.0.0.1", "-p", self.port, "-U", "postgres")
        self._run("pg_basebackup", *reach, "-D", copy, "-c", "fast", "-X", "none", "--no-manifest")
        return copy

    def dumped_and_restored(self, name: str) -> str:
        """Dump the database and restore it into a new one beside it; the new one's address."""
        reach = ("-h", "127.0.0.1", "-p", self.port, "-U", "postgres")
        dump = self.folder / f"{name}.dump"
        self._run("pg_dump", *reach, "--format", "custom", "--file", dump, "postgres")
        self._run("createdb", *reach, "--template", "template0", name)
        self._run("pg_restore", *reach, "--no-owner", "--no-privileges", "--exit-on-error", "-d", name, dump)
        return self.address.removesuffix("/postgres") + f"/{name}"

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
        self._as_postgres(str(self.programs / program), *arguments)

    def _as_postgres(self, program: str, *arguments: object) -> None:
        command = [program, *(str(argument) for argument in arguments)]
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
        with (self.folder / "programs.txt").open("ab") as said:
            # No pipe: the server would hold it open.
            done = subprocess.run(command, cwd=self.folder, stdout=said, stderr=said, check=False)
        if done.returncode:
            raise RuntimeError((self.folder / "programs.txt").read_text(errors="replace")[-2_000:])


@contextmanager
def own_server(*, of: Path | None = None, archiving: bool = False) -> Iterator[Server]:
    """A server that runs, empty or with a copy of the data folder `of`; it is gone afterwards with its data."""
    with _folder() as folder:
        server = Server(folder, _programs(), of=of)
        if archiving:
            server.keep_the_log()
        yield from _running(server)


@contextmanager
def restored_server(backup: Path, archive: Path, *, point: str) -> Iterator[Server]:
    """A server of its own, restored from a base backup and the archive, up to a restore point."""
    with _folder() as folder:
        server = Server(folder, _programs(), of=backup)
        server.configure(
            "archive_mode = off",
            f"restore_command = 'cp {archive}/%f %p'",
            f"recovery_target_name = '{point}'",
            "recovery_target_action = promote",
        )
        (folder / "data" / "recovery.signal").touch()
        yield from _running(server)


def _running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        with suppress(RuntimeError):
            server.stop()


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder of PostgreSQL's own: not in a test's, because pytest lets no other user through to those."""
    with tempfile.TemporaryDirectory(prefix="countersign-postgres-") as name:
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(name, owner.pw_uid, owner.pw_gid)
        yield Path(name)


def _programs() -> Path:
    """Where initdb and pg_ctl are: Debian keeps them off the path."""
    installed = sorted(PROGRAMS.glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    if not installed and (found := shutil.which("pg_ctl")):
        return Path(found).resolve().parent
    if not installed:
        raise RuntimeError("These tests need PostgreSQL's own programs (Debian: apt-get install postgresql).")
    return installed[-1].parent
