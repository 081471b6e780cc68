"""The database server of an installation under attack: restarted, or killed with all its processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from tests.servers.postgresql import SETTINGS
from tests.servers.processes import die_with_parent, free_ports, lives, stop, wait_until
from torture.servers import children_of


class Postgres:
    """A PostgreSQL server in ``folder``; `kill` is SIGKILL of the postmaster and its children, as a power cut is."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self._user = "postgres" if os.geteuid() == 0 else None
        (self.port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the cluster's files and start it, with an empty database named constancia."""
        if self._user:
            shutil.chown(self._folder, self._user)
        options = ("-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        subprocess.run(
            [self._binaries / "initdb", *options, self._data],
            check=True,
            capture_output=True,
            user=self._user,
            cwd="/",
        )
        self.start()
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE constancia")

    def url(self, database: str = "constancia") -> str:
        """Its address."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, after a kill too: recovery is the server's own."""
        log = self._folder / "log"
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, "-k", self._folder, "-p", str(self.port), *SETTINGS],
                stdout=output,
                stderr=output,
                user=self._user,
                cwd="/",
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call
            )  # fmt: skip
        wait_until(self._answers, self._process, log, 60)

    def end(self, *, immediate: bool = False) -> None:
        """Fast shutdown: running transactions are broken off; ``immediate``: without a checkpoint, it must recover."""
        if self._process is not None:
            stop(self._process, signal.SIGQUIT if immediate else signal.SIGINT)

    def empty(self, database: str) -> str:
        """Another empty database of this server; gives its address."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"'.encode())
        return self.url(database)

    def kill(self) -> None:
        """SIGKILL every process of the server at once; none is left when this returns.

        Its children lead sessions of their own, and one that outlived the postmaster would write beside the next.
        """
        if self._process is None:
            return
        postmaster = self._process.pid
        with suppress(ProcessLookupError):
            os.kill(postmaster, signal.SIGSTOP)  # so that no child is born meanwhile
        everyone = (postmaster, *children_of(postmaster))
        for pid in everyone:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(10)
        limit = time.monotonic() + 10
        while left := [pid for pid in everyone if lives(pid)]:
            if time.monotonic() > limit:
                raise TimeoutError(f"processes of PostgreSQL that cannot be killed: {left}")
            time.sleep(0.01)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True
