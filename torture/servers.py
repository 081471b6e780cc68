"""Web server and workers of an installation under attack: each can be killed and started again."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.servers.processes import NotReady, die_with_parent, free_ports, stop, wait_until

ROOT = Path(__file__).resolve().parents[1]
_READY_SECONDS = 120
_GROWN_SECONDS = 5


class Web:
    """``flask serve`` as a process with its workers, in the environment of an installation.

    Args:
        env: the installation's settings.
        port: where it listens, kept across restarts.
        log: what it says goes there.
        workers: how many.
        mortal: a named point at which workers kill themselves (see `torture.mortal`); empty: they do not.
        apart: pages only; `Workers` keep the house.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        port: int,
        log: Path,
        *,
        workers: int = 2,
        mortal: str = "",
        apart: bool = False,
    ) -> None:
        self._env = {**clean_environment(), **env}
        self._more = ("--pages-only",) if apart else ()
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
                [*command, "--workers", str(self._workers), "--threads", "8", *self._more],
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


class Workers:
    """``flask worker`` processes beside pages that do no such work; whoever dies is started again, as by systemd.

    Args:
        env: the installation's settings.
        folder: where they say what they say.
        count: how many.
        mortal: as for `Web`.
    """

    def __init__(self, env: Mapping[str, str], folder: Path, *, count: int = 2, mortal: str = "") -> None:
        self._env = {**clean_environment(), **env}
        self._folder = folder
        self._ports = free_ports(count)
        self._mortal = mortal
        self._running: dict[int, tuple[subprocess.Popen[bytes], float]] = {}
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self.deaths = 0
        """How many were killed, by whomever."""
        self.strange: list[str] = []
        """Ends of another kind: nobody asked for them."""

    def start(self) -> None:
        """Start all, keep them started, and wait until each is ready (one with a death wish need not live so long)."""
        for port in self._ports:
            self._begin(port)
        self._keeper.start()
        if self._mortal in {"", "clock"}:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until each answers ``/readyz`` with 200; one that died meanwhile has a successor."""
        limit = time.monotonic() + _READY_SECONDS
        for port in self._ports:
            while ask(port, "/readyz")[0] != http.HTTPStatus.OK:
                if time.monotonic() > limit:
                    raise NotReady(self._log(port).read_text(errors="replace")[-2000:])
                time.sleep(0.1)

    def kill_one(self, chance: random.Random) -> bool:
        """SIGKILL one that has had the time to work; whether there was one."""
        with self._lock:
            grown = [
                process for process, since in self._running.values()
                if process.poll() is None and time.monotonic() - since > _GROWN_SECONDS
            ]  # fmt: skip
        if not grown:
            return False
        chance.choice(grown).kill()
        return True

    def kill_all(self) -> int:
        """SIGKILL every one that lives; how many."""
        with self._lock:
            living = [process for process, _since in self._running.values() if process.poll() is None]
            for process in living:
                process.kill()
        return len(living)

    def heal(self, mortal: str = "") -> int:
        """Kill those with a death wish, and give how many lived; their successors have none (or another)."""
        with self._lock:
            self._mortal, living = mortal, 0
            for process, _since in self._running.values():
                living += process.poll() is None
                process.kill()
                process.wait(10)
            for port in self._ports:
                self._begin(port)
        if mortal in {"", "clock"}:
            self.wait_ready()
        return living

    def end(self) -> None:
        """SIGTERM, and wait."""
        self._ended.set()
        if self._keeper.is_alive():
            self._keeper.join(20)
        for process, _since in self._running.values():
            stop(process, signal.SIGTERM)

    def _log(self, port: int) -> Path:
        return self._folder / f"worker{self._ports.index(port) + 1}.log"

    def _begin(self, port: int) -> None:
        run = ("-m", "torture.mortal", self._mortal) if self._mortal else ("-m", "flask")
        with self._log(port).open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *run, "worker", "--port", str(port), "--lease", "4"],
                cwd=ROOT,
                env=self._env,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call
            )
        self._running[port] = process, time.monotonic()

    def _keep(self) -> None:
        while not self._ended.wait(0.1):
            with self._lock:
                for port, (process, _since) in tuple(self._running.items()):
                    if process.poll() is None or self._ended.is_set():
                        continue
                    if process.returncode == -signal.SIGKILL:
                        self.deaths += 1
                    else:
                        self.strange.append(f"a worker ended with {process.returncode}")
                    self._begin(port)


def clean_environment() -> dict[str, str]:
    """This process's environment without the settings of any installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CONSTANCIA_")}


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
