"""Mails that arrived, on both databases: each kept once, beside how far its mailbox was read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from notifications.inbox import IncomingMail, IncomingState, Match
from storage.database import connect, writing
from storage.inbox import SqlInbox

NOW = datetime(2026, 1, 15, 16, tzinfo=UTC)
PLACE = "imap.example/INBOX"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def inbox(request: pytest.FixtureRequest) -> Iterator[SqlInbox]:
    """An empty one."""
    engine = connect(request.getfixturevalue(f"migrated_{request.param}_url"))
    yield SqlInbox(engine)
    engine.dispose()


def mail(number: int) -> IncomingMail:
    """A mail that belongs to a case, perhaps."""
    return IncomingMail(
        id=f"{number:064x}",
        mailbox=PLACE,
        uid=str(number),
        message_id=f"<{number}@promotoria.example>",
        arrived_at=f"2026-01-15T16:00:{number:02d}.000000Z",
        about={"subject": "Respuesta con ñ"},
        facts={"dkim": "pass"},
        matches=(Match("MA-006-2026-000001", "folio"),),
        case="MA-006-2026-000001",
        size=6,
    )


def test_a_mail_is_new_once(inbox: SqlInbox) -> None:
    """Whoever brings the same bytes again is told so; the mailbox was read to the farther place all the same."""
    assert inbox.keep(mail(1), b"bytes1", (7, 1))
    assert not inbox.keep(mail(1), b"bytes1", (7, 3))
    assert inbox.position(PLACE) == (7, 3)
    assert [found.id for found in inbox.waiting()] == [mail(1).id]


def test_a_mail_comes_back_as_it_was_kept(inbox: SqlInbox) -> None:
    """What was read out of it, whom it matches, and its bytes."""
    inbox.keep(mail(1), b"bytes1", (7, 1))
    assert inbox.get(mail(1).id) == mail(1)
    assert inbox.raw(mail(1).id) == b"bytes1"
    assert [found.id for found in inbox.of_case("MA-006-2026-000001")] == [mail(1).id]


def test_what_is_no_mail_waits_for_nobody(migrated_sqlite_url: str) -> None:
    """A file that was sealed and never came as a mail is answered while somebody else is writing."""
    engine = connect(migrated_sqlite_url)
    with writing(engine):
        filed = SqlInbox(engine).settle(
            "f" * 64, IncomingState.FILED, case="MA-006-2026-000001", by="u", note="", at=NOW
        )
    engine.dispose()
    assert not filed


def test_one_person_settles_a_mail(inbox: SqlInbox) -> None:
    """The second to press the button changes nothing; what was filed in a case is not kept here any more."""
    inbox.keep(mail(1), b"bytes1", (7, 1))
    filed = {"case": "MA-006-2026-000001", "note": "", "at": NOW}
    assert inbox.settle(mail(1).id, IncomingState.FILED, by="u-ana", **filed)
    assert not inbox.settle(mail(1).id, IncomingState.FILED, by="u-beto", **filed)
    assert inbox.raw(mail(1).id) is None
    assert inbox.count_waiting() == 0


def test_old_ones_that_were_settled_go(inbox: SqlInbox) -> None:
    """Those that wait stay, however old."""
    for number in (1, 2):
        inbox.keep(mail(number), b"bytes", (7, number))
    inbox.settle(mail(1).id, IncomingState.FILED, case="", by="u-ana", note="", at=NOW)
    assert inbox.purge(NOW) == 0
    assert inbox.purge(NOW + timedelta(days=1)) == 1
    assert [found.id for found in inbox.latest()] == [mail(2).id]


def test_a_mailbox_made_anew_begins_again(inbox: SqlInbox) -> None:
    """Within one UIDVALIDITY the place never goes back; with another one it does."""
    inbox.advance(PLACE, (7, 9))
    inbox.advance(PLACE, (7, 4))
    assert inbox.position(PLACE) == (7, 9)
    inbox.advance(PLACE, (8, 1))
    assert inbox.position(PLACE) == (8, 1)
