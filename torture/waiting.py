"""Somebody at the desk while the object store is silent: what they are told, how soon, and what is written."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from urllib3.exceptions import HTTPError

from torture.blow import Blow
from torture.clients import Browser, mail, opening, said
from torture.servers import ask
from web.settings import Settings
from web.wiring import House

_PATIENCE_SECONDS = 45
"""Longest wait for an answer that a promise allows here: 20 s of the store's client, on a machine that is busy."""
_WORDS = (
    "no responde en este momento",
    "tarda demasiado en contestar",
    "Hay demasiadas personas guardando a la vez",  # all who may write wait for the store
)
_SLOW = "tarda demasiado en contestar"


def _troubled(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if not part["ok"]}


@contextmanager
def someone_waits(blow: Blow, *, certain: bool) -> Iterator[None]:
    """Before the block a case is opened; inside it, and after it, somebody records its second step.

    ``certain``: nothing can be stored inside the block, so every answer there must be a refusal. Otherwise sealing is
    as good an answer.
    """
    visitor = _Visitor(blow, certain=certain)
    visitor.arrive()
    looking = threading.Thread(target=visitor.look, name="visitor", daemon=True)
    looking.start()
    try:
        yield
    finally:
        visitor.over.set()
        looking.join(2 * _PATIENCE_SECONDS)
    visitor.go_on()
    visitor.tell()


class _Visitor:
    """One person with one request, sent again and again under one key."""

    def __init__(self, blow: Blow, *, certain: bool) -> None:
        self.over = threading.Event()
        self._blow = blow
        self._certain = certain
        person = blow.place.visitor
        self._browser = Browser(blow.web.port, person, person.jars[0], blow.crowd.journal)
        self._mark, fields, self._file = mail()
        self._fields = {**fields, "idempotency_key": secrets.token_hex(16)}
        self._folio = ""
        self._answers: Counter[str] = Counter()
        self._waits: list[float] = []
        self._slow_said = self._read = False

    def arrive(self) -> None:
        """Open the case."""
        told = self._blow.crowd.write([self._browser], "/casos/nuevo/MA-001", *opening())
        assert told is not None
        self._folio = told.folio

    def look(self) -> None:
        """While the fault lasts: record, look at the case, ask whether the house is ready."""
        time.sleep(1)  # the fault begins with the block
        while not self.over.is_set():
            self._record()
            if self.over.is_set():
                return
            status, told = ask(self._blow.web.port, "/readyz")
            parts = told.get("parts") or {}
            assert isinstance(parts, dict)
            slow = parts.get("objects") == {"ok": False, "code": "store_slow"}
            if slow:
                self._slow_said = True
                self._blow.expect(
                    status == HTTPStatus.OK, f"readyz said {status} of a slow store: {_troubled(parts)}"
                )
            self._read |= self._browser.page(f"/casos/{self._folio}") == HTTPStatus.OK
            time.sleep(1)

    def go_on(self) -> None:
        """The fault is over: the same request again, until it is sealed; and it is there once."""
        told = self._blow.crowd.write([self._browser], self._path, self._mark, self._fields, self._file)
        self._blow.expect(
            told is not None and told.folio == self._folio, "the waiting request was never sealed"
        )
        self._blow.expect(self._entries() == 2, f"{self._folio} has {self._entries()} entries, not 2")

    def tell(self) -> None:
        """Promises, and what was measured."""
        expect, refused = self._blow.expect, self._answers["refused"]
        longest = max(self._waits, default=0.0)
        expect(longest <= _PATIENCE_SECONDS, f"somebody waited {longest:.0f} s for an answer")
        expect(not self._answers["silent"], f"{self._answers['silent']} requests without an answer")
        if self._certain:
            expect(refused, "nobody was refused")
            expect(not self._answers["sealed"], "something was sealed although nothing could be stored")
            expect(self._answers["slow"], "nobody was told that the store is slow")
            expect(self._slow_said, "readyz never said store_slow")
            expect(self._read, "the case could not be read meanwhile")
            expect(self._counted() >= refused, f"metrics count {self._counted()} refusals of {refused}")
        self._blow.notes.append(
            f"somebody who recorded meanwhile was answered {refused + self._answers['sealed']} times, "
            f"refused {refused} in Spanish ({self._answers['slow']} at once: slow), after {longest:.1f} s at most"
        )

    @property
    def _path(self) -> str:
        return f"/casos/{self._folio}/pasos/2"

    def _record(self) -> None:
        began = time.monotonic()
        try:
            answer = self._browser.answer(self._path, self._fields, self._file)
        except HTTPError:
            self._answers["silent"] += 1
            return
        if self.over.is_set():
            return  # perhaps answered after the fault: no witness
        self._waits.append(time.monotonic() - began)
        text = answer.data.decode(errors="replace")
        if answer.status == HTTPStatus.SEE_OTHER:
            self._answers["sealed"] += 1
            return
        self._answers["refused"] += 1
        self._answers["slow"] += _SLOW in text
        well = answer.status == HTTPStatus.SERVICE_UNAVAILABLE and any(words in text for words in _WORDS)
        self._blow.expect(well, f"a refusal without its words: {answer.status} {said(answer.data)}")
        if self._certain:
            self._blow.expect(self._entries() == 1, f"{self._folio} grew although nothing could be stored")

    def _entries(self) -> int:
        house = House(Settings.from_env(self._blow.place.env))
        try:
            return len(house.ledger.history(self._folio))
        finally:
            house.close()

    def _counted(self) -> int:
        """Refusals for want of the store, as ``/metrics`` has counted them for all workers."""
        lines = self._browser.text("/metrics").splitlines()
        codes = ("store_slow", "store_busy", "unavailable")
        wanted = tuple(f'constancia_refusals_total{{code="{code}"}}' for code in codes)
        return sum(int(float(line.rpartition(" ")[2])) for line in lines if line.startswith(wanted))
