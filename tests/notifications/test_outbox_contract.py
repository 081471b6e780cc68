"""The outbox on both databases: durable, idempotent by key, one holder at a time."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from evidence.entry import EntryDraft, EntryKind, format_time
from evidence.ports import Composition, Errand
from notifications.outbox import MailState, mail_id
from storage.database import connect
from storage.ledger import SqlLedger, start_log
from storage.outbox import SqlOutbox
from tests.notifications.conftest import Watch
from workflows.mailing import Addressee, MailRequest

MINUTE = timedelta(minutes=1)


def request(key: str, case: str = "MA-006-2026-000001") -> MailRequest:
    """A mail that somebody asks for."""
    to = (Addressee("ana.peña".replace("ñ", "n") + "@example.org", "Ana Peña"),)
    return MailRequest("mensaje", to, {"asunto": "Hola", "mensaje": "¿Ya quedó?"}, key, case, "2")


def test_the_same_key_is_the_same_mail(outbox: SqlOutbox) -> None:
    """Asking twice under one key keeps one mail, the first."""
    first = outbox.enqueue(request("a"))
    assert outbox.enqueue(request("a", case="MA-006-2026-000009")) == first == mail_id("a")
    assert [mail.request.case for mail in outbox.latest()] == ["MA-006-2026-000001"]


def test_a_mail_comes_back_as_it_was_asked_for(outbox: SqlOutbox) -> None:
    """Template, addressees with their accents, context and place survive the database."""
    wanted = request("a")
    mail = outbox.get(outbox.enqueue(wanted, b"\x00sealed"))
    assert mail is not None
    assert (mail.request, mail.sealed, mail.state) == (wanted, b"\x00sealed", MailState.WAITING)


def test_files_are_kept_once_with_their_mail(outbox: SqlOutbox) -> None:
    """Each at its place; asked again under the same key, the first ones stay."""
    wanted = outbox.enqueue(request("a"), files={0: b"uno", 2: b"tres"})
    outbox.enqueue(request("a"), files={0: b"otro", 1: b"dos"})
    assert [outbox.file(wanted, place) for place in range(3)] == [b"uno", None, b"tres"]


def test_one_holder_at_a_time(outbox: SqlOutbox, watch: Watch) -> None:
    """Twelve senders ask at once for one mail: one gets it, the others nothing."""
    outbox.enqueue(request("a"))
    got: list[str] = []

    def ask(owner: str) -> None:
        got.extend(owner for _ in outbox.claim(owner, watch(), watch() + MINUTE))

    threads = [threading.Thread(target=ask, args=(f"s{number}",)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


def test_a_silent_sender_loses_its_mail(outbox: SqlOutbox, watch: Watch) -> None:
    """After the lease another sender takes the mail, and the first one's words change nothing any more."""
    wanted = outbox.enqueue(request("a"))
    outbox.claim("one", watch(), watch() + MINUTE)
    assert outbox.claim("two", watch(), watch() + MINUTE) == []
    watch.pass_by(minutes=1)
    assert not outbox.hand(wanted, "one", format_time(watch()))
    assert [mail.id for mail in outbox.claim("two", watch(), watch() + MINUTE)] == [wanted]
    assert not outbox.accepted(wanted, "one", watch())
    assert outbox.hand(wanted, "two", format_time(watch()))
    assert outbox.accepted(wanted, "two", watch())


def test_what_was_postponed_waits_for_its_time(outbox: SqlOutbox, watch: Watch) -> None:
    """A failed attempt is counted and not repeated before it is due."""
    wanted = outbox.enqueue(request("a"))
    outbox.claim("one", watch(), watch() + MINUTE)
    outbox.postpone(wanted, "one", watch() + 5 * MINUTE, "connection", "refused")
    assert outbox.claim("one", watch(), watch() + MINUTE) == []
    watch.pass_by(minutes=5)
    (mail,) = outbox.claim("one", watch(), watch() + MINUTE)
    assert (mail.attempts, mail.trouble, mail.detail) == (1, "connection", "refused")


def test_settled_mails_are_never_claimed_and_lose_their_secrets(outbox: SqlOutbox, watch: Watch) -> None:
    """Sent, failed and cancelled mails are nobody's work, and nothing sealed is left of them."""
    for state in (MailState.SENT, MailState.FAILED, MailState.CANCELLED):
        wanted = outbox.enqueue(request(str(state)), b"sealed")
        outbox.claim_one(wanted, "one", watch(), watch() + MINUTE)
        assert outbox.settle(wanted, "one", state, watch(), "", "")
        mail = outbox.get(wanted)
        assert mail is not None
        assert mail.sealed == b""
        assert outbox.claim_one(wanted, "two", watch(), watch() + MINUTE) is None
    watch.pass_by(days=1)
    assert outbox.claim("two", watch(), watch() + MINUTE, limit=9) == []
    assert {mail.state for mail in outbox.untold()} == {MailState.SENT, MailState.FAILED}


def test_once_told_only_the_skeleton_is_left(outbox: SqlOutbox, watch: Watch) -> None:
    """When its case holds the copy, what filled the mail is forgotten here; later all of it is."""
    wanted = outbox.enqueue(request("a"))
    outbox.claim_one(wanted, "one", watch(), watch() + MINUTE)
    outbox.accepted(wanted, "one", watch(), "250 ok")
    outbox.tell(wanted)
    mail = outbox.get(wanted)
    assert mail is not None
    assert (mail.request.context, mail.told) == ({}, True)
    assert outbox.untold() == []
    assert outbox.purge(watch()) == 0
    assert outbox.purge(watch() + MINUTE) == 1
    assert outbox.get(wanted) is None


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_mail_is_queued_with_its_entry_or_not_at_all(
    kind: str, request: pytest.FixtureRequest, watch: Watch
) -> None:
    """The errand of a composition is there when the entry is, and not when the append fails."""
    engine = connect(request.getfixturevalue(f"migrated_{kind}_url"))
    start_log(engine, "desk.example/log")
    ledger, outbox = SqlLedger(engine, "desk.example/log", clock=watch), SqlOutbox(engine, watch)
    draft = EntryDraft(actor="system", role="system", kind=EntryKind.EVIDENCE_RECORDED)
    wanted = MailRequest("mensaje", (Addressee("ana@example.org"),), {}, "k", "MA-006-2026-000001")

    def good(_history: object) -> Composition:
        return Composition((draft,), errands=(wanted.errand(),))

    def bad(_history: object) -> Composition:
        return Composition((draft,), errands=(wanted.errand(), Errand("pigeon", "p", b"{}")))

    with pytest.raises(ValueError, match="pigeon"):
        ledger.append("MA-006-2026-000001", bad)
    assert (outbox.latest(), ledger.history("MA-006-2026-000001")) == ([], ())
    ledger.append("MA-006-2026-000001", good)
    assert [mail.request for mail in outbox.latest()] == [wanted]
    engine.dispose()
