"""`flask worker`: the steward and the jobs in a process of their own, with no pages but those for probes."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from web import logs, meters
from web.crew import Crew
from web.jobs import Steward
from web.meters import meters_of
from web.settings import Settings
from web.wiring import HouseHolder

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})


def work(settings: Settings, *, most: int, lease: timedelta, address: tuple[str, int] | None = None) -> None:
    """Work until SIGTERM or SIGINT; what is under way then waits for another worker.

    Args:
        settings: the installation.
        most: jobs at once.
        lease: how long a job stays this worker's after its last sign of life.
        address: where probes are answered; ``None``: nowhere.
    """
    from web.app import create_app  # noqa: PLC0415 - the application imports the commands, and they this module

    logs.configure()
    counters = tempfile.mkdtemp(prefix="constancia-counters-")
    meters.remember(Path(counters))
    app = create_app(settings)
    holder = app.extensions["constancia"]
    assert isinstance(holder, HouseHolder)  # noqa: S101 - put there by create_app
    house = holder.open()
    house.meters = meters_of(app)
    crew = Crew(app, house, lease=lease, most=most)
    steward = Steward(house, crew)
    app.extensions |= {"constancia.crew": crew, "constancia.steward": steward}
    ended = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_given: ended.set())
    server = _answering(app, address) if address is not None else None
    try:
        steward.start()
        ended.wait()
    finally:
        steward.stop()
        if server is not None:
            server.shutdown()
        house.close()
        shutil.rmtree(counters, ignore_errors=True)
        os.environ.pop(meters.MULTIPLE, None)


class _Quiet(WSGIRequestHandler):
    """Writes no line a request: probes come every few seconds."""

    def log(self, *_given: object, **_more: object) -> None:
        """Nothing."""


def _answering(app: Flask, address: tuple[str, int]) -> BaseWSGIServer:
    def only_probes(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") not in PROBES:
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b""]
        return app.wsgi_app(environ, start)

    application: Any = only_probes
    server = make_server(*address, application, threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return server
