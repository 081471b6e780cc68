"""Database server and web processes of an installation under attack: each can be killed and started again."""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psycopg

from tests.servers.postgresql import SETTINGS
from tests.servers.processes import die_with_parent, free_ports, lives, stop, wait_until

ROOT = Path(__file__).resolve().parents[1]
_READY_SECONDS = 120


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

    def end(self) -> None:
        """Fast shutdown: running transactions are broken off."""
        if self._process is not None:
            stop(self._process, signal.SIGINT)

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


class Web:
    """``flask serve`` as a process with its workers, in the environment of an installation.

    Args:
        env: the installation's settings.
        port: where it listens, kept across restarts.
        log: what it says goes there.
        workers: how many.
        mortal: a named point at which workers kill themselves (see `torture.mortal`); empty: they do not.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        port: int,
        log: Path,
        *,
        workers: int = 2,
        mortal: str = "",
    ) -> None:
        self._env = {name: value for name, value in os.environ.items() if not name.startswith("CONSTANCIA_")}
        self._env |= env
        self.port = port
        self._log = log
        self._workers = workers
        self._mortal = mortal
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait: bool = True) -> None:
        """Start it and, if asked, wait until it says it is ready."""
        run = ("-m", "torture.mortal", self._mortal) if self._mortal else ("-m", "flask")
        command = [sys.executable, *run, "serve", "--port", str(self.port)]
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [*command, "--workers", str(self._workers), "--threads", "8"],
                cwd=ROOT,
                env=self._env,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call
            )
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until ``/readyz`` says 200."""
        assert self._process is not None
        wait_until(
            lambda: ask(self.port, "/readyz")[0] == http.HTTPStatus.OK,
            self._process,
            self._log,
            _READY_SECONDS,
        )

    def workers(self) -> list[int]:
        """Process ids of the workers that live now."""
        return children_of(self._process.pid) if self._process is not None else []

    def kill_worker(self, chance: random.Random) -> bool:
        """SIGKILL one worker; the server starts another. Whether there was one."""
        living = self.workers()
        if not living:
            return False
        with suppress(ProcessLookupError):
            os.kill(chance.choice(living), signal.SIGKILL)
            return True
        return False

    def kill(self) -> None:
        """SIGKILL the server and its workers at once."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)

    def end(self) -> None:
        """SIGTERM, and wait."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()


def children_of(pid: int) -> list[int]:
    """Process ids of the children of a process (Linux)."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [int(child) for child in found.read_text().split()]
    except OSError:
        return []


def ask(port: int, path: str) -> tuple[int, dict[str, object]]:
    """GET as a script; status 0 while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}
    finally:
        connection.close()
