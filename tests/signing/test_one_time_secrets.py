"""A secret shown once, on a real installation: where it is, where it never is, and what is told of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.entry import EntryKind, SealedEntry
from evidence.ports import StoreUnavailable
from signing.errors import LinkDead, LinkError, SecretGone, SecretInvalid
from signing.kinds.asking import Ask
from signing.kinds.box import BoxBroken, SecretBox
from signing.kinds.onetime import Left
from signing.links import Standing
from signing.records import Request, Status
from tests.fakes.asking_room import SECRET, AskingRoom
from tests.fakes.dumps import dump
from tests.fakes.signing_room import PHONE_PLACE
from workflows.answering import left_fields, secret_slot
from workflows.errors import EvidenceMissing, FieldInvalid, NothingToSign

TO_DELIVERY = ("4", "5:soporte", "6", "7", "8")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[AskingRoom]:
    """A desk, and somebody for whom credentials are left."""
    made = AskingRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


@pytest.fixture
def left(room: AskingRoom) -> tuple[AskingRoom, Request, Standing]:
    """A secret left in a ticket, its link opened on a telephone."""
    request = room.leave(room.walk("MA-006", *TO_DELIVERY), "12", data={"cambio_obligatorio": "si"})
    return room, request, room.open(room.token())


def _shown(room: AskingRoom, folio: str) -> SealedEntry:
    return next(sealed for sealed in room.entries(folio) if sealed.entry.kind is EntryKind.SECRET_SHOWN)


def _everywhere(room: AskingRoom) -> Iterator[tuple[str, bytes]]:
    """Every byte that the installation keeps: files of its folder, and the rows of its databases."""
    data = room.place.settings.data
    for path in data.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
    yield "rows of every database", dump(data).encode()


def test_it_is_shown_once_and_its_delivery_is_the_steps_evidence(
    left: tuple[AskingRoom, Request, Standing],
) -> None:
    """E1: left, mailed, opened, shown, destroyed; the CRED slot is filled, the duty is of who left it."""
    room, request, standing = left
    assert room.links.onetime.show(standing, request.id, PHONE_PLACE) == SECRET
    sealed = _shown(room, request.folio)
    entry = sealed.entry
    assert (entry.actor, entry.role, entry.step) == (room.reader.id, "enlace", "12")
    assert {item["slot"]: item["type"] for item in entry.facts["evidence"]}["entrega"] == "CRED"  # type: ignore[index, union-attr, call-overload]
    assert entry.facts["parties"] == {"ejecutor": room.specialist.id}
    data = sealed.payload()["data"]
    assert data == {"destinatario": "Marcela Ríos", "medio": "correo", "cambio_obligatorio": "si"}
    assert room.place.house.cases.view(request.folio).state.step("12").status == "hecho"
    told = [kind for kind in room.kinds(request.folio) if kind.startswith(("link", "secret"))]
    assert told == ["secret.left", "link.issued", "link.opened", "secret.shown", "secret.destroyed"]
    with pytest.raises(LinkError):
        room.links.onetime.show(standing, request.id, PHONE_PLACE)
    assert any("abrió lo que le dejaste" in mail for mail in room.mails())


def test_grep_finds_it_nowhere(room: AskingRoom, caplog: pytest.LogCaptureFixture) -> None:
    """Before and after it was shown: no file, database dump, mail, object, log or draft has it, in any encoding."""
    caplog.set_level(logging.DEBUG)
    request = room.leave(room.walk("MA-006", *TO_DELIVERY), "12", data={"cambio_obligatorio": "si"})
    token = room.token()
    needles = {SECRET.encode(), SECRET.encode("utf-16-le"), SECRET.encode().hex().encode()}
    for step in ("waiting", "shown"):
        if step == "shown":
            standing = room.open(token)
            assert room.links.onetime.show(standing, request.id, PHONE_PLACE) == SECRET
            room.mails()
        for where, content in _everywhere(room):
            assert not any(needle in content for needle in needles), (step, where)
            assert token.encode() not in content or "outbox" in where, (step, where)
    assert SECRET not in caplog.text
    assert SECRET not in repr(Left(Ask(request.folio, "12", "", room.place.clock()), SECRET))


def test_at_rest_it_is_encrypted_and_gone_with_the_request(
    left: tuple[AskingRoom, Request, Standing],
) -> None:
    """The row holds ciphertext bound to its request; the statement that ends the request empties it."""
    room, request, standing = left
    store = room.links.onetime._secrets
    sealed = store.sealed(request.id)
    assert len(sealed) == 16 + 12 + len(SECRET.encode()) + 16
    right = SecretBox(room.place.settings.secret_key.encode())
    assert right.open(sealed, request.id) == SECRET
    for box, where in ((SecretBox(b"another installation"), request.id), (right, "r-another")):
        with pytest.raises(BoxBroken):
            box.open(sealed, where)
    with pytest.raises(BoxBroken):
        right.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), request.id)
    assert right.seal(SECRET, request.id) != right.seal(SECRET, request.id)
    room.links.onetime.show(standing, request.id, PHONE_PLACE)
    assert store.sealed(request.id) == b""
    assert not store.destroyed()


@pytest.mark.parametrize("way", ["expired", "withdrawn", "reported"])
def test_it_is_destroyed_however_the_request_ends(
    left: tuple[AskingRoom, Request, Standing], way: str
) -> None:
    """E3, T6, T7: not seen in time, taken back or not recognised: destroyed, and the case says why."""
    room, request, standing = left
    now = room.place.clock()
    if way == "withdrawn":
        room.links.desk.withdraw(request.id, room.actor, "Se dejó a otra persona")
    elif way == "reported":
        room.links.refusing.report(standing, request.id, "", PHONE_PLACE)
    else:
        now += timedelta(days=3)
        assert room.links.sweeper.run(now).expired == (request.id,)
    assert room.links.onetime._secrets.sealed(request.id) == b""
    for _ in range(2):
        room.links.sweeper.run(now)
    destroyed = [s.entry for s in room.entries(request.folio) if s.entry.kind is EntryKind.SECRET_DESTROYED]
    assert [entry.facts["method"] for entry in destroyed] == [way]
    with pytest.raises(LinkError):
        room.links.onetime.show(standing, request.id, PHONE_PLACE)
    assert "secret.shown" not in room.kinds(request.folio)


def test_t5_twenty_people_at_once_see_it_once(left: tuple[AskingRoom, Request, Standing]) -> None:
    """T5: one of twenty simultaneous POSTs gets it."""
    room, request, standing = left

    def attempt(_n: int) -> str:
        try:
            return room.links.onetime.show(standing, request.id, PHONE_PLACE)
        except LinkError as error:
            return error.code

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(attempt, range(20)))
    assert found.count(SECRET) == 1
    assert room.kinds(request.folio).count("secret.shown") == 1


def test_resending_kills_the_old_link_and_keeps_the_secret(
    left: tuple[AskingRoom, Request, Standing],
) -> None:
    """T7: a new link; the old visit opens nothing, the new one shows it."""
    room, request, standing = left
    old = room.token()
    room.links.desk.resend(request.id, room.actor)
    with pytest.raises(LinkDead):
        room.links.links.open(old, PHONE_PLACE)
    with pytest.raises(LinkError):
        room.links.onetime.show(standing, request.id, PHONE_PLACE)
    fresh = room.open(room.token())
    assert room.links.onetime.show(fresh, request.id, PHONE_PLACE) == SECRET


def test_what_cannot_be_recorded_is_not_shown(
    left: tuple[AskingRoom, Request, Standing], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry comes first: with the ledger out of reach nothing is shown, and the secret still waits."""
    room, request, standing = left

    def down(*_args: object, **_more: object) -> None:
        raise StoreUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(room.place.house.cases.answers, "receive", down)
        with pytest.raises(StoreUnavailable):
            room.links.onetime.show(standing, request.id, PHONE_PLACE)
    assert room.links.office.store.request(request.id).status is Status.PENDING  # type: ignore[union-attr]
    assert room.links.onetime.show(standing, request.id, PHONE_PLACE) == SECRET


def test_a_lost_key_is_said_and_nothing_is_recorded_as_delivered(
    left: tuple[AskingRoom, Request, Standing], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installation's secret changed: what waits cannot be opened, and no delivery is claimed."""
    room, request, standing = left
    monkeypatch.setattr(room.links.onetime, "_box", SecretBox(b"another"))
    with pytest.raises(SecretGone):
        room.links.onetime.show(standing, request.id, PHONE_PLACE)
    assert "secret.shown" not in room.kinds(request.folio)


def test_what_cannot_be_left_is_refused_and_nothing_is_kept(room: AskingRoom) -> None:
    """Nothing typed, too much, a step without credentials, a field that the step wants."""
    folio = room.walk("MA-006", *TO_DELIVERY)
    for secret in ("", "   ", "x" * 2_001):
        with pytest.raises(SecretInvalid):
            room.leave(folio, "12", secret)
    with pytest.raises(NothingToSign):
        room.leave(folio, "11")
    with pytest.raises(FieldInvalid):
        room.leave(folio, "12", data={"cambio_obligatorio": "quizás"})
    with pytest.raises(EvidenceMissing):
        room.leave(folio, "12")
    assert not room.links.office.store.of_case(folio)
    assert not [kind for kind in room.kinds(folio) if kind.startswith(("secret", "link"))]


def test_all_four_processes_deliver_by_link(room: AskingRoom) -> None:
    """MA-001 21, MA-002 18, MA-006 12 and MA-008 13 have a delivery; to whom and how it says by itself."""
    found = {
        (definition.process, step.code): [field.name for field in left_fields(step)]
        for definition in room.place.house.definitions.processes()
        for step in definition.steps
        if secret_slot(step)
    }
    assert found == {
        ("MA-001", "21"): ["cambio_obligatorio"],
        ("MA-002", "18"): ["usuario", "cambio_obligatorio"],
        ("MA-006", "12"): ["cambio_obligatorio"],
        ("MA-008", "13"): ["cambio_obligatorio"],
    }
