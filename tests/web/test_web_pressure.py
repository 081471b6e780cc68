"""When a store hangs or too many write at once: people are told, readers go on, and nothing is half written."""

from __future__ import annotations

import hashlib
import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

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
from web.jobs import Steward
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
    """Entries get their places and a signature; the note's copy is made later, and nobody is sent away for that."""
    steward = Steward(place.house)
    place.app.extensions["constancia.steward"] = steward
    place.user()
    steward.start()
    told = _told(place, lambda parts: not parts["steward.copies"]["ok"])
    assert told["status"] == "degraded"
    assert told["parts"]["steward.publish"]["ok"]
    assert not list(place.house.ledger.unsequenced())
    signed = place.house.ledger.latest_checkpoint()
    assert signed is not None
    assert signed[0] == place.house.ledger.tree_size()
    assert not _copied(place, signed[1])
    silent.hangs = False
    silent.clock[0] += 30
    newest = signed  # or one that another of the steward's duties made since: then that one covers this
    assert _told(place, lambda parts: parts["steward.copies"]["ok"])["status"] == "ok"
    for _ in range(600):
        newest = place.house.ledger.latest_checkpoint() or newest
        if _copied(place, newest[1]):
            break
        time.sleep(0.05)
    steward.stop()
    assert _copied(place, newest[1])
    assert newest[0] >= signed[0]


def _told(place: Installation, known: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What readiness says, with 200, once that is known."""
    for _ in range(600):
        answer = place.stranger().get_json("/readyz")
        assert answer.status_code == 200, answer.get_json()
        told: dict[str, Any] = answer.get_json()
        if known(told["parts"]):
            return told
        time.sleep(0.05)
    raise AssertionError(told)


def _copied(place: Installation, note: bytes) -> bool:
    digest = hashlib.sha256(note).hexdigest()
    return any(held.key.endswith(digest) for held in place.house.stored.list())


def test_a_form_sent_again_brings_its_file_once(place: Installation, silent: _Silent) -> None:
    """Whoever sends again what was refused, as the page says, seals one file: not each that was sent, nor too many."""
    browser = place.client()
    actor = Actor(place.user().id, "especialista")
    silent.hangs = False
    folio = place.house.cases.open_case(OpenCase("MA-001", actor, DATA)).folio
    silent.hangs = True
    for _ in range(7):
        mail = {"archivo": (io.BytesIO(eml()), "correo.eml"), "note": "va", "idempotency_key": "k" * 32}
        assert browser.send("POST", f"/casos/{folio}/pasos/2", data=mail).status_code == 503
    silent.hangs = False
    silent.clock[0] += 30
    mail = {"archivo": (io.BytesIO(eml()), "correo.eml"), "note": "va", "idempotency_key": "k" * 32}
    answer = browser.send("POST", f"/casos/{folio}/pasos/2", data=mail)
    assert answer.status_code == 303, answer.text
    assert [len(sealed.entry.objects) for sealed in place.house.ledger.history(folio)] == [0, 1]


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
