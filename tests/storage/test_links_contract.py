"""`signing.store.LinkStore` on SQLite and PostgreSQL: each change is one atomic step, and one caller's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from evidence.entry import BlobRef, format_time
from signing.records import Link, LinkItem, Purpose, Request, Status, Visit
from storage.links import SqlLinks

NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
AT = format_time(NOW)
REQUEST = Request(
    id="r-1",
    purpose=Purpose.SIGN,
    folio="MA-001-2026-000001",
    step="9",
    signatory="c-1",
    asked_by="u-1",
    document=BlobRef("ab" * 32, 1200, "application/pdf", "sha256/ab/" + "ab" * 32, "v1", ""),
    name="carta.pdf",
    expires_at=format_time(NOW + timedelta(days=5)),
    created_at=AT,
    status=Status.PENDING,
    remind_at=format_time(NOW + timedelta(days=2)),
    details={"pages": "2"},
)
LINK = Link("cd" * 32, "l-1", Purpose.SIGN, "r-1", "c-1", AT, REQUEST.expires_at)
VISIT = Visit("v-1", "ef" * 32, LINK.token_hash, "c-1", AT, format_time(NOW + timedelta(minutes=45)))


@pytest.fixture
def store(engine: Engine) -> SqlLinks:
    """One request with its link and a visit."""
    made = SqlLinks(engine)
    made.add_request(REQUEST)
    made.add_link(LINK, [LinkItem(LINK.token_hash, "r-1", REQUEST.digest, 1)])
    made.add_visit(VISIT)
    return made


def together(work: Callable[[int], object], times: int = 12) -> list[object]:
    """Do the same from many threads at once."""
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(work, range(times)))


def test_what_is_kept_comes_back_as_it_was(store: SqlLinks) -> None:
    """Requests, links, items and visits, member by member; nothing for what is not there."""
    assert store.request("r-1") == REQUEST
    assert store.link(LINK.token_hash) == LINK
    assert store.items(LINK.token_hash) == [LinkItem(LINK.token_hash, "r-1", REQUEST.digest, 1)]
    assert store.visit("v-1") == VISIT
    assert store.request("r-2") is store.link("0" * 64) is store.visit("v-2") is None
    assert (
        store.of_case(REQUEST.folio)
        == store.waiting_for("c-1")
        == store.everything(waiting=True)
        == [REQUEST]
    )


def test_a_request_is_claimed_by_one_alone(store: SqlLinks) -> None:
    """Of many at once one changes the row; the claim is given back by who has it, or taken over once it is stale."""
    stale = NOW - timedelta(minutes=3)
    claimed = together(lambda n: store.claim(REQUEST, f"k-{n}", NOW, stale))
    assert claimed.count(True) == 1
    holder = store.request("r-1")
    assert holder is not None
    assert holder.status is Status.CLAIMED
    assert not store.release("r-1", "otro", Status.PENDING)
    assert not store.renew("r-1")
    later = NOW + timedelta(minutes=4)
    assert store.claim(REQUEST, "k-b", later, later - timedelta(minutes=3))
    assert not store.release("r-1", holder.claim, Status.SIGNED)
    assert store.release("r-1", "k-b", Status.PENDING)
    assert store.request("r-1") == REQUEST


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, generation=2),
        replace(REQUEST, document=replace(REQUEST.document, sha256="0" * 64)),
    ],
)
def test_a_claim_names_generation_and_document(store: SqlLinks, other: Request) -> None:
    """What was shown under an earlier link, or of another document, claims nothing; nor does anybody after the end."""
    assert not store.claim(other, "k", NOW, NOW)
    late = NOW + timedelta(days=6)
    assert not store.claim(REQUEST, "k", late, late)
    assert store.move("r-1", [Status.PENDING], Status.WITHDRAWN)
    assert not store.claim(REQUEST, "k", NOW, NOW)


def test_renewing_and_moving_happen_once(store: SqlLinks) -> None:
    """Each renewal is a generation; of many who end a request one does."""
    assert store.renew("r-1", "c-2")
    renewed = store.request("r-1")
    assert renewed is not None
    assert (renewed.generation, renewed.signatory, renewed.details) == (2, "c-2", REQUEST.details)
    assert store.renew("r-1", "c-3", {"pages": "1", "rfc": "X"})
    again = store.request("r-1")
    assert again is not None
    assert (again.generation, again.signatory, again.details) == (3, "c-3", {"pages": "1", "rfc": "X"})
    assert not store.items(LINK.token_hash)[0].leads_to(again, LINK)
    moved = together(lambda _n: store.move("r-1", [Status.PENDING], Status.EXPIRED))
    assert moved.count(True) == 1
    assert not store.renew("r-1")


def test_a_reminder_is_one_processes(store: SqlLinks) -> None:
    """By compare and swap; what is due is told, and told no more afterwards."""
    soon = NOW + timedelta(days=3)
    assert [item.id for item in store.due(soon, NOW)] == ["r-1"]
    reminded = together(lambda _n: store.remind("r-1", REQUEST.remind_at, ""))
    assert reminded.count(True) == 1
    assert list(store.due(soon, NOW)) == []
    assert [item.id for item in store.due(NOW + timedelta(days=6), NOW)] == ["r-1"]


def test_fetches_and_tries_are_counted_exactly(store: SqlLinks) -> None:
    """However many at once: every fetch counts, and no more tries than there are."""
    assert sorted(map(int, map(str, together(lambda _n: store.count_fetch(LINK.token_hash))))) == list(
        range(1, 13)
    )
    assert not store.set_code("v-1", "k-1", "aa", AT)
    store.call("v-1", "AB-12")
    store.call("v-1", "ZZ-99")
    assert [visit.call for visit in store.callers("r-1", NOW)] == ["AB-12"]
    assert store.set_code("v-1", "k-1", "aa", AT)
    tries = together(lambda _n: store.try_code("v-1", 5))
    assert sorted(map(int, map(str, tries))) == [0] * 7 + [1, 2, 3, 4, 5]
    verified = together(lambda _n: store.verified("v-1", "k-1", "code"))
    assert verified.count(True) == 1
    assert store.callers("r-1", NOW) == []


def test_what_ended_is_forgotten_and_requests_stay(store: SqlLinks) -> None:
    """Visits and links with what hangs on them; a second time there is nothing."""
    assert store.purge(NOW) == 0
    assert store.purge(NOW + timedelta(days=30)) > 0
    assert store.link(LINK.token_hash) is None
    assert store.items(LINK.token_hash) == []
    assert store.visit("v-1") is None
    assert store.request("r-1") == REQUEST
    assert store.purge(NOW + timedelta(days=30)) == 0
