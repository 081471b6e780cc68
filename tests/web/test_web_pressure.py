"""When a store hangs or too many write at once: people are told, readers go on, and nothing is half written."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import BinaryIO

import pytest
from werkzeug.test import TestResponse

from evidence.entry import BlobRef
from evidence.ports import StoreUnavailable
from identity.accounts import Role
from tests.fakes.installation import Browser, Installation
from tests.fakes.papers import eml
from tests.web.test_web_drafts import DATA, upload
from web import admission
from web.drafts import DraftDesk
from web.wiring import Draft, DraftKey
from workflows.commands import Actor, OpenCase


class _Silent:
    """An object store whose answers never come: a call is silent until the client gives up."""

    def __init__(self, inner: object, clock: list[float]) -> None:
        self._inner = inner
        self.clock = clock
        self.hangs = True

    def put(self, source: BinaryIO, **more: object) -> BlobRef:
        """Give up after a silence, or store."""
        self._wait()
        return self._inner.put(source, **more)  # type: ignore[attr-defined,no-any-return]

    def stat(self, ref: BlobRef) -> object:
        """The same."""
        self._wait()
        return self._inner.stat(ref)  # type: ignore[attr-defined]

    def _wait(self) -> None:
        if self.hangs:
            self.clock[0] += 20
            raise StoreUnavailable("Read timed out.")

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


@pytest.fixture
def clock() -> list[float]:
    """Seconds, moved by hand."""
    return [1000.0]


@pytest.fixture
def silent(place: Installation, clock: list[float]) -> _Silent:
    """The house's object store, gone silent."""
    made = _Silent(place.house.blobs.store, clock)
    place.house.blobs.store = made  # type: ignore[assignment]
    place.house.blobs._now = lambda: clock[0]
    return made


def _send(browser: Browser, folio: str) -> TestResponse:
    return browser.send("POST", f"/casos/{folio}/pasos/2", data={})


def test_uploads_are_refused_clearly_while_the_store_is_silent(
    place: Installation, silent: _Silent, clock: list[float]
) -> None:
    """The first waits in vain, the next are told at once; the draft stays, the ledger is as it was, probes say so."""
    browser = place.client()
    actor = Actor(place.user().id, "especialista")
    silent.hangs = False
    folio = place.house.cases.open_case(OpenCase("MA-001", actor, DATA)).folio
    assert upload(browser, f"/borradores/{folio}/2", ("correo.eml", eml())).status_code == 201
    silent.hangs = True

    first = _send(browser, folio)
    assert (first.status_code, "no responde en este momento" in first.text) == (503, True)
    second = _send(browser, folio)
    assert (second.status_code, "tarda demasiado en contestar" in second.text) == (503, True)
    assert "lo escrito sigue en tu borrador" in second.text
    assert second.headers["Retry-After"] == "15"
    assert len(place.house.ledger.history(folio)) == 1
    assert len(browser.get_json(f"/borradores/{folio}/2").get_json()["files"]) == 1
    assert browser.get(f"/casos/{folio}").status_code == 200
    ready = place.stranger().get_json("/readyz")
    told = ready.get_json()
    assert (ready.status_code, told["status"]) == (200, "degraded")
    assert told["parts"]["objects"] == {"ok": False, "code": "store_slow"}

    silent.hangs = False
    clock[0] += 30
    assert _send(browser, folio).status_code < 400
    assert len(place.house.ledger.history(folio)) == 2
    assert place.stranger().get_json("/readyz").get_json()["parts"]["objects"] == {"ok": True}


def test_the_log_is_signed_while_the_object_store_is_silent(place: Installation, silent: _Silent) -> None:
    """The copy of a note fails fast and is made later; entries get their places meanwhile."""
    from web.inception import settle  # noqa: PLC0415 - what the steward does

    place.user()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            settle(place.house)
    assert not list(place.house.ledger.unsequenced())
    silent.hangs = False
    silent.clock[0] += 30
    assert settle(place.house) is not None


def test_beyond_so_many_writers_people_are_told_and_readers_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writing request waits a moment for its turn, then gets 503 with Retry-After; pages are served all the while."""
    place = Installation(tmp_path / "data")
    inside, resumed = threading.Event(), threading.Event()
    admission.install(place.app, most=1, wait=0.05)
    browser, other = place.client(Role.ESPECIALISTA), place.client(Role.SUPERVISOR)
    fields = "/borradores/nuevo-MA-001/apertura/campos"
    real = DraftDesk.save_fields

    def stuck(desk: DraftDesk, key: DraftKey, given: object) -> Draft:
        inside.set()
        assert resumed.wait(60)
        return real(desk, key, given)

    monkeypatch.setattr(DraftDesk, "save_fields", stuck)
    thread = threading.Thread(target=browser.send, args=("PUT", fields), kwargs={"json": {"fields": {}}})
    thread.start()
    assert inside.wait(30)
    refused = other.send("PUT", fields, json={"fields": {}})
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (503, "store_busy")
    assert refused.headers["Retry-After"] == "5"
    assert other.get("/casos").status_code == 200
    assert place.stranger().client.get("/healthz").status_code == 200
    resumed.set()
    thread.join(30)
    assert other.send("PUT", fields, json={"fields": {}}).status_code == 200
    place.close()


@pytest.mark.parametrize(("threads", "writers"), [(1, 1), (2, 1), (4, 3), (8, 6), (16, 12)])
def test_a_quarter_of_the_threads_is_for_readers(threads: int, writers: int) -> None:
    """At least one, where there is more than one."""
    assert admission.writers_of(threads) == writers
