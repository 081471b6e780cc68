"""An auditor from outside is invited by a personal link: a password of their own, once, in time, and all of it told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from evidence.ports import StoreUnavailable
from identity.invitations import InvitationState
from storage.outbox import SqlOutbox
from tests.fakes.audit_room import Room
from tests.fakes.installation import Installation

NEW, PASSWORD = "nora@despacho.example", "una frase larga y propia"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A fresh one, with a public address, since links need one."""
    place = Installation(tmp_path / "data", {"CONSTANCIA_PUBLIC_URL": "http://localhost"})
    yield Room(place)
    place.close()


def invite(room: Room, address: str, email: str = NEW, name: str = "Nora Quintana") -> TestResponse:
    """Invite somebody, as supervision does."""
    return room.boss.post_form(f"{address}/invitar", {"email": email, "name": name})


def mails(room: Room) -> list[str]:
    """The text of every invitation that was sent, the oldest first; links in it as they were mailed."""
    house = room.place.house
    house.mail.sender.run(limit=20)
    folder = sorted((house.settings.data / "outbox").rglob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    found = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in folder]
    return [
        str(one.get_body(("plain",)).get_content()) for one in found if "Invitación" in str(one["Subject"])
    ]  # type: ignore[union-attr]


def link(room: Room) -> str:
    """The address in the newest invitation."""
    return re.findall(r"http://localhost(/invitacion/\S+)", mails(room)[-1])[0]


def test_from_the_invitation_to_the_room(room: Room) -> None:
    """Supervision writes a name and an address; the person chooses a password, enters with it, and finds the room."""
    address = room.open()
    eid = address.rsplit("/", 1)[1]
    assert invite(room, address).status_code == 303
    there, guest = link(room), room.place.stranger()
    for _twice in range(2):  # what a machine does that looks at links in mails
        page = guest.get(there)
        assert (page.status_code, "Nora" in page.text or NEW in page.text) == (200, True)
        assert "noindex" in page.headers["X-Robots-Tag"]
    short = guest.post_form(there, {"fresh": "corta"})
    assert (short.status_code, "demasiado corta" in short.text) == (422, True)
    common = guest.post_form(there, {"fresh": "Noviembre2026!"})
    assert common.status_code == 422
    assert "se adivina pronto" in common.text
    done = guest.post_form(there, {"fresh": PASSWORD})
    assert (done.status_code, done.headers["Location"]) == (303, f"/entrar?next=/auditoria/{eid}")
    assert (
        guest.post_form("/entrar", {"email": NEW, "password": PASSWORD, "next": address}).headers["Location"]
        == address
    )
    assert guest.get(address).status_code == 200
    assert guest.get("/tablero").status_code == 403
    account = room.id_of(NEW)
    history = room.place.house.ledger.history(f"audit:{eid}")
    assert [str(item.entry.kind) for item in history] == [
        "engagement.opened", "engagement.changed", "auditor.invited", "auditor.admitted"]  # fmt: skip
    assert (history[-1].entry.actor, history[-1].entry.role) == (account, "auditor_externo")
    assert "eligió su contraseña" in room.boss.get(address).text
    secret = there.rsplit("/", 1)[1]
    told = b"".join(item.entry_bytes + (item.payload_bytes or b"") for item in history)
    assert secret.encode() not in told
    assert NEW.encode() not in told


def test_a_link_is_good_once_in_time_and_while_no_newer_one_was_sent(room: Room) -> None:
    """Used, replaced, late, invented and of a closed engagement: one and the same answer, and nothing is set."""
    address = room.open()
    invite(room, address)
    first, guest = link(room), room.place.stranger()
    invite(room, address)
    second = link(room)
    assert first != second
    invented = guest.get(f"/invitacion/{'A' * 43}")
    assert invented.status_code == 404

    def plain(answer: TestResponse) -> str:
        return re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2])

    assert plain(guest.get(first)) == plain(invented)
    assert guest.post_form(first, {"fresh": PASSWORD}).status_code in {400, 404}
    room.place.clock.offset = timedelta(days=8)
    assert plain(guest.get(second)) == plain(invented)
    room.place.clock.offset = timedelta()
    other = room.place.stranger()
    assert other.post_form(second, {"fresh": PASSWORD}).status_code == 303
    assert plain(guest.get(second)) == plain(invented)
    again = guest.client.post(second, data={"fresh": "otra frase muy distinta", "csrf_token": guest.token()})
    assert again.status_code == 404
    assert guest.post_form("/entrar", {"email": NEW, "password": PASSWORD}).status_code == 303
    room.boss.post_form(f"{address}/cerrar", {"note": "x"})
    assert room.place.house.room.invitations.waiting(room.id_of(NEW)) is False


def test_who_has_an_account_is_named_and_told_without_a_link(room: Room) -> None:
    """Nobody's password is changed by an invitation; who works at the desk cannot be invited at all."""
    address = room.open()
    assert invite(room, address, "other@audit.example", "Otra Persona").status_code == 303
    assert "/invitacion/" not in mails(room)[-1]
    assert "Ya tienes cuenta" in mails(room)[-1]
    assert room.other.get(address).status_code == 200
    for email in ("laura@desk.example", "in@desk.example", "boss@desk.example"):
        answer = invite(room, address, email, "Alguien")
        assert (answer.status_code, "no puede auditar" in answer.text) == (422, True), email
    for email, name in (("no es correo", "Nora"), (NEW, "")):
        assert invite(room, address, email, name).status_code == 422
    assert room.place.house.accounts.by_email(NEW, room.place.clock()) is None


def test_only_supervision_invites_and_only_to_a_live_external_engagement(room: Room) -> None:
    """Auditors invite nobody; an internal or closed engagement takes no guests; nothing is left half made."""
    address = room.open()
    for browser in (room.out, room.desk, room.inside):
        assert browser.post_form(f"{address}/invitar", {"email": NEW, "name": "Nora"}).status_code in {
            403,
            404,
        }
    inside = room.open("in@desk.example", kind="internal")
    assert invite(room, inside).status_code == 422
    room.boss.post_form(f"{address}/cerrar", {"note": "x"})
    assert invite(room, address).status_code == 409
    assert room.place.house.accounts.by_email(NEW, room.place.clock()) is None
    assert mails(room) == []


def test_an_invitation_that_broke_off_leaves_the_account_waiting(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the mail cannot be kept, supervision hears so, and the next invitation carries a link again."""

    def fail(*_parts: object, **_named: object) -> str:
        raise StoreUnavailable("disk full")

    address = room.open()
    with monkeypatch.context() as broken:
        broken.setattr(SqlOutbox, "enqueue", fail)
        assert invite(room, address).status_code == 503
    account = room.id_of(NEW)
    assert room.place.house.room.invitations.waiting(account)
    assert invite(room, address).status_code == 303
    assert room.place.stranger().get(link(room)).status_code == 200
    states = [one.state for one in room.place.house.room.invitations._store.of(account)]
    assert states.count(InvitationState.OPEN) == 1


def test_without_a_public_address_nothing_is_written(tmp_path: Path) -> None:
    """A link needs a host that the settings say; the refusal comes before the account."""
    place = Installation(tmp_path / "data")
    room = Room(place)
    assert not place.settings.public_url
    assert invite(room, room.open()).status_code >= 400
    assert place.house.accounts.by_email(NEW, place.clock()) is None
    place.close()
