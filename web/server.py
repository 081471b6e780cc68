"""The production server: gunicorn with threads, and the steward in each worker."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from flask import Flask, Response
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # publishes no types
from gunicorn.http.errors import NoMoreData, ParseException  # type: ignore[import-untyped]  # publishes no types

from evidence.processes import loaded_for_good
from web import admission, logs, meters
from web.errors import house_answer, respond
from web.jobs import Steward, crew_of
from web.meters import meters_of
from web.settings import Settings
from web.wiring import HouseHolder


class Server(BaseApplication):  # type: ignore[misc]  # untyped base
    """Gunicorn configured by us alone: no file, no command line, no environment of its own."""

    def __init__(self, settings: Settings, options: dict[str, Any], *, works: bool = True) -> None:
        self._settings = settings
        self._works = works
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Hand our options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Called in each worker: the application, with its own connections and its own steward."""
        from web.app import create_app  # noqa: PLC0415 - the application imports the commands, and they this module

        logs.configure()
        app = create_app(self._settings)
        for broken in (ParseException, NoMoreData):
            app.register_error_handler(broken, _unreadable)
        admission.install(app, admission.writers_of(self._options["threads"]))
        holder = app.extensions["constancia"]
        assert isinstance(holder, HouseHolder)  # noqa: S101 - put there by create_app
        house = holder.open()
        house.meters = meters_of(app)
        loaded_for_good()
        if not self._works:
            app.extensions["constancia.crew"] = None
            return app
        steward = Steward(house, crew_of(app, house))
        app.extensions["constancia.steward"] = steward
        steward.start()
        return app


def serve_anew(port: int) -> NoReturn:
    """Become ``flask serve`` on loopback: this process ends as what it was, and its environment goes on.

    The server forks its workers, and a fork has only the thread that forked: a library that began threads of its own
    before (typst does, for its first letter) waits for them in the worker for ever. Who has done other work first
    therefore starts the server as a program of its own.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "flask", "serve", "--port", str(port)])  # noqa: S606 - our own program, no shell


def serve(
    settings: Settings, host: str, port: int, workers: int, threads: int, *, works: bool = True
) -> None:
    """Serve until told to stop (SIGTERM finishes requests under way); ``works``: with steward and jobs."""
    counters, master = tempfile.mkdtemp(prefix="constancia-counters-"), os.getpid()
    meters.remember(Path(counters))  # before any worker imports the library
    try:
        Server(settings, _options(host, port, workers, threads), works=works).run()
    finally:
        if os.getpid() == master:  # a worker leaves through here, too
            shutil.rmtree(counters, ignore_errors=True)


def _options(host: str, port: int, workers: int, threads: int) -> dict[str, Any]:
    return {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": workers,
        "threads": threads,
        "worker_class": "web.worker.Worker",
        "worker_connections": 512,  # with files and databases below the 1,024 descriptors that systems give
        "worker_exit": _stop_steward,
        "child_exit": _forget_worker,
        "timeout": 120,
        "graceful_timeout": 30,
        "keepalive": 5,
        "limit_request_line": 8190,
        "limit_request_fields": 60,
        "sendfile": False,  # all bytes go through `web.wire`, which waits for nobody for ever
        "accesslog": None,  # our own line a request has no addresses in it
        "loglevel": "warning",
        "forwarded_allow_ips": "",  # proxies are counted by web.app, never believed by name
        "control_socket_disable": True,
    }


def _unreadable(_error: Exception) -> Response:
    """A body whose chunks say nothing of where they end, or that ended before it should: told, and no fault of ours."""
    answer = respond(house_answer("bad_request"))
    answer.headers["Connection"] = "close"
    return answer


def _forget_worker(_arbiter: object, worker: Any) -> None:
    """In the master, which reaps the workers."""
    meters.forget(worker.pid)


def _stop_steward(_arbiter: object, worker: Any) -> None:
    app = getattr(worker, "wsgi", None)
    steward = getattr(app, "extensions", {}).get("constancia.steward")
    if isinstance(steward, Steward):
        steward.stop()
