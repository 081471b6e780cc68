"""What is counted while the house works, and what is read when somebody asks: Prometheus' text at ``/metrics``.

Counters and timings live in files that all workers of a server share (``PROMETHEUS_MULTIPROC_DIR``, set by
`web.server`), so that any worker answers for all. Everything else is read at the moment of asking, from the database
and the disks. Labels are closed vocabularies: routes, codes, states; never a folio, an address or a person.
"""

from __future__ import annotations

import hmac
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, g, has_request_context, request

from evidence.anchored import anchor_of
from evidence.entry import MalformedEntry, parse_entry, parse_time
from evidence.ports import StoreError
from web.readiness import HouseError

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.metrics_core import Metric

    from web.health import Part
    from web.wiring import House, Vitals

LOOPBACK = "loopback"
MULTIPLE = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
_AGES: Mapping[str, tuple[str, str]] = {
    "constancia_sequencer_lag_seconds": ("unsequenced_since", "Age of the oldest entry without an index."),
    "constancia_checkpoint_age_seconds": ("signed_at", "Time since the latest checkpoint was signed."),
    "constancia_outbox_oldest_seconds": ("mail_since", "Age of the oldest mail that has not gone."),
    "constancia_timers_oldest_seconds": (
        "timer_since",
        "How long the earliest due timer waits to be recorded.",
    ),
}


class Meters:
    """The counters of one process, and the answer to a scrape."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram  # noqa: PLC0415 - servers only

        own = CollectorRegistry()
        self._own = own
        self.requests = Histogram(
            "constancia_request_seconds", "Requests, by route, method and status.",
            ["route", "method", "status"], buckets=_SECONDS, registry=own,
        )  # fmt: skip
        self.refusals = Counter(
            "constancia_refusals", "Answers of the table of errors, by code.", ["code"], registry=own
        )
        self.storage = Histogram(
            "constancia_storage_seconds", "Operations of the object store.",
            ["operation"], buckets=_SECONDS, registry=own,
        )  # fmt: skip
        self.storage_errors = Counter(
            "constancia_storage_errors", "Failed operations of the object store.",
            ["operation", "error"], registry=own,
        )  # fmt: skip
        self.duty_failures = Counter(
            "constancia_duty_failures", "Failed rounds of the steward's duties.", ["duty"], registry=own
        )

    def watch_store(self, operation: str, seconds: float, error: BaseException | None) -> None:
        """See `storage.watched.Watch`."""
        self.storage.labels(operation).observe(seconds)
        if error is not None:
            self.storage_errors.labels(operation, type(error).__name__).inc()

    def text(self, house: House, parts: Mapping[str, Part]) -> bytes:
        """The whole exposition: all workers' counters, and what this worker reads of the house now."""
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess  # noqa: PLC0415 - as above

        shared = self._own
        if MULTIPLE in os.environ:
            shared = CollectorRegistry()
            multiprocess.MultiProcessCollector(shared)  # type: ignore[no-untyped-call]  # untyped in the library
        present = CollectorRegistry(auto_describe=False)
        present.register(_Present(house, parts))
        return generate_latest(shared) + generate_latest(present)


class _Present:
    """Collects what is read at the moment of asking; what cannot be read is left out, and `up` of its part says so."""

    def __init__(self, house: House, parts: Mapping[str, Part]) -> None:
        self._house = house
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        ready = _gauge("constancia_ready", "Whether a part answers, as /readyz says.", ["part"])
        for name, part in self._parts.items():
            ready.add_metric([name], float(bool(part["ok"])))
        yield ready
        yield from self._disks()
        began = time.monotonic()
        try:
            vitals = self._house.vitals.read(self._house.clock())
        except (StoreError, HouseError):
            return
        yield _single("constancia_database_seconds", "How long these numbers took.", time.monotonic() - began)
        yield from self._log(vitals)
        yield from self._queues(vitals)

    def _log(self, vitals: Vitals) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily  # noqa: PLC0415 - as above

        appended = vitals.size + vitals.unsequenced
        yield CounterMetricFamily("constancia_appends", "Entries ever appended to the log.", value=appended)
        yield _single("constancia_log_size", "Entries in the tree.", vitals.size)
        yield _single("constancia_unsequenced_entries", "Entries without an index.", vitals.unsequenced)
        unsigned = appended - vitals.signed
        yield _single("constancia_unsigned_entries", "Entries under no signed checkpoint.", unsigned)
        now = self._house.clock()
        for name, (field, text) in _AGES.items():
            yield _single(name, text, _age(getattr(vitals, field), now))
        yield from self._anchors(vitals, now)

    def _queues(self, vitals: Vitals) -> Iterator[Metric]:
        for name, text, states in (
            ("constancia_outbox_mails", "Outgoing mails by state.", vitals.mails),
            ("constancia_jobs", "Long tasks by state.", vitals.jobs),
        ):
            family = _gauge(name, text, ["state"])
            for state, count in states.items():
                family.add_metric([state], count)
            yield family
        yield _single(
            "constancia_timers_due", "Cases in which a timer has something to record.", vitals.timers_due
        )

    def _anchors(self, vitals: Vitals, now: datetime) -> Iterator[Metric]:
        """The newest of each kind and name; none where nobody was asked yet."""
        family = _gauge(
            "constancia_anchor_age_seconds", "Age of the newest anchor of each.", ["kind", "name"]
        )
        seen: set[tuple[str, str]] = set()
        for data in vitals.anchors:
            try:
                fact = anchor_of(parse_entry(data))
            except MalformedEntry:
                continue  # the verification says what is wrong with it
            if fact is not None and (fact.kind, fact.name) not in seen:
                seen.add((fact.kind, fact.name))
                family.add_metric([fact.kind, fact.name], _age(fact.time, now))
        yield family

    def _disks(self) -> Iterator[Metric]:
        free = _gauge("constancia_disk_free_bytes", "Free for us on the disk of a place.", ["place"])
        size = _gauge("constancia_disk_size_bytes", "Size of the disk of a place.", ["place"])
        for place, path in _places(self._house).items():
            try:
                found = shutil.disk_usage(path)
            except OSError:
                continue  # `constancia_ready` tells of the part that misses it
            free.add_metric([place], found.free)
            size.add_metric([place], found.total)
        yield free
        yield size


def _places(house: House) -> Mapping[str, Path]:
    settings = house.settings
    places = {"data": settings.data, "staging": settings.staging}
    return places if settings.s3_endpoint else {**places, "objects": settings.data / "objects"}


def _age(moment: str, now: datetime) -> float:
    return max(0.0, (now - parse_time(moment)).total_seconds()) if moment else 0.0


def _gauge(name: str, text: str, labels: list[str]) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - as above

    return GaugeMetricFamily(name, text, labels=labels)


def _single(name: str, text: str, value: float) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - as above

    return GaugeMetricFamily(name, text, value=value)


def remember(folder: Path) -> None:
    """Before the library is imported: let the counters of this process lie in ``folder``."""
    os.environ[MULTIPLE] = str(folder)


def forget(pid: int) -> None:
    """A worker ended: its gauges go, its counters stay counted."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - as above

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]  # untyped in the library


def noted(code: str) -> None:
    """Keep the code of an answer until the request ends; outside of requests nobody counts it."""
    if has_request_context():
        g.setdefault("answered", set()).add(code)


def meters_of(app: Flask) -> Meters:
    """The application's counters, made when first asked for."""
    found = app.extensions.get("constancia.meters")
    if not isinstance(found, Meters):
        found = app.extensions["constancia.meters"] = Meters()
    return found


def install(app: Flask) -> None:
    """Count every request when it ends."""

    @app.after_request
    def count(response: Response) -> Response:
        meters = meters_of(app)
        route = request.url_rule.rule if request.url_rule is not None else "-"
        method = request.method if request.method in _METHODS else "-"
        seconds = time.monotonic() - g.get("began", time.monotonic())
        meters.requests.labels(route, method, str(response.status_code)).observe(seconds)
        if response.status_code >= 400:
            for code in g.get("answered", ()):
                meters.refusals.labels(code).inc()
        return response


def may_scrape(setting: str) -> bool:
    """Whether this request may read the numbers: nobody, unless a setting says who.

    ``loopback``: a client on this machine that no proxy speaks for. Anything else is a token that must be borne.
    """
    if not setting:
        return False
    if setting == LOOPBACK:
        address = (
            request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR") or request.remote_addr or ""
        )
        spoken_for = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "Via"))
        return address in {"127.0.0.1", "::1"} and not spoken_for
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {setting}".encode())
