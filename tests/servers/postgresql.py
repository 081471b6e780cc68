"""A PostgreSQL server of the tests' own, on loopback, with a fresh database for each test."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.servers.processes import die_with_parent, free_ports, stop, wait_until

SETTINGS = ("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200")


def binaries() -> Path | None:
    """The folder of initdb and postgres: Debian's newest, else what is on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).parent if on_path and shutil.which("initdb") else None


@dataclass(frozen=True)
class PostgresServer:
    """Where the server listens."""

    port: int

    def url(self, database: str) -> str:
        """The address of one database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run one statement as superuser outside any transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self, *, template: str = "template1") -> Iterator[str]:
        """The address of a fresh copy of ``template``, which is dropped at the end."""
        name = f"t_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def postgresql_server(bin_dir: Path, more: tuple[str, ...] = ()) -> Iterator[PostgresServer]:
    """Start a server in a folder of its own and stop it at the end. Root runs it as the user postgres.

    ``more`` are further settings as on its command line.
    """
    folder = Path(tempfile.mkdtemp(prefix="constancia-pg-"))
    data, log = folder / "data", folder / "log"
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    (port,) = free_ports(1)
    try:
        subprocess.run(
            [
                bin_dir / "initdb",
                "-A",
                "trust",
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "-N",
                data,
            ],
            check=True,
            capture_output=True,
            user=user,
            cwd="/",
        )
        with log.open("wb") as output:
            process = subprocess.Popen(
                [bin_dir / "postgres", "-D", data, "-k", folder, "-p", str(port), *SETTINGS, *more],
                stdout=output,
                stderr=output,
                user=user,
                cwd="/",
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call, made before any thread of ours starts
            )
        server = PostgresServer(port)
        try:
            wait_until(lambda: _answers(server), process, log, 30)
            yield server
        finally:
            stop(process, signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(server: PostgresServer) -> bool:
    try:
        server.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
