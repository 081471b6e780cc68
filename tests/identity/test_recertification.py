"""Reviews of this system's own users, and roles with an end: on the chain and the accounts' store together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from evidence.entry import EntryKind, format_time
from identity.access import ACCESS_CASE, AccessDesk, Granter, Term, TermInvalid
from identity.accounts import Role
from identity.recertdesk import RecertificationDesk, ReviewRefused, quarter_start
from identity.recertification import Campaign, RowState
from identity.tenures import holdings
from tests.fakes.memory import MemoryLedger
from tests.fakes.people import cheap_passwords
from tests.identity.conftest import Clock, Stores

CONSOLE = Granter(via="console", os_user="root")
WHY = "sigue en la mesa"


class Place:
    """A desk of four people: two who may review, two who are reviewed."""

    def __init__(self, stores: Stores, clock: Clock) -> None:
        self.clock, self.accounts = clock, stores.accounts
        self.ledger = MemoryLedger(clock=clock)
        self.access = AccessDesk(self.ledger, stores.accounts, cheap_passwords(), clock)
        self.reviews = RecertificationDesk(self.ledger, stores.accounts, clock)
        self.admin = self.add("admin", Role.ADMINISTRADOR)
        self.boss = self.add("boss", Role.DIRECTOR)
        self.ana = self.add("ana", Role.ESPECIALISTA, Role.SUPERVISOR)
        self.luis = self.add("luis", Role.ESPECIALISTA)
        clock.advance(days=1)

    def add(self, name: str, *roles: Role) -> str:
        """An account; its id."""
        made = self.access.add_user(
            email=f"{name}@desk.example", name=name, roles=roles, password="una frase larga", by=CONSOLE
        )
        return made.id

    def roles(self, user: str) -> frozenset[Role]:
        """Those in force now."""
        found = self.accounts.get(user, self.clock())
        assert found is not None
        return found.roles

    def open(self) -> Campaign:
        """A review of ten days, by the administrator."""
        return self.reviews.open(
            self.admin, self.clock() + timedelta(days=10), Granter(self.admin, "administrador", "web")
        )

    def decide(
        self, by: str, subject: str, keeps: object = (), removes: object = (), why: str = WHY
    ) -> Campaign:
        """A decision."""
        (review,) = [one for one in self.reviews.all() if one.open] or self.reviews.all()[-1:]
        role = str(min(self.roles(by), default="system"))
        return self.reviews.decide(
            review.id,
            subject,
            keeps=keeps,
            removes=removes,
            reason=why,
            by=Granter(by, role, "web"),  # type: ignore[arg-type]
        )

    def kinds(self) -> list[str]:
        """What the chain says, without how the accounts were made."""
        return [str(row.entry.kind) for row in self.ledger.history(ACCESS_CASE)][5:]

    def agree(self) -> None:
        """Chain and store say the same of everybody."""
        held = holdings(self.ledger.history(ACCESS_CASE))
        for user in self.accounts.everyone(self.clock()):
            assert user.roles == {role for who, role in held if who == user.id}, user.email


@pytest.fixture
def place(stores: Stores, clock: Clock) -> Place:
    """Accounts on each backend."""
    return Place(stores, clock)


def test_a_review_has_a_row_for_every_role_held(place: Place) -> None:
    """Those of the chain at that moment; what is given afterwards is not in it."""
    place.access.revoke(place.luis, Role.ESPECIALISTA, CONSOLE)
    review = place.open()
    place.access.grant(place.luis, Role.CAPTURISTA, CONSOLE)
    (again,) = place.reviews.all()
    assert set(again.rows) == {
        (place.admin, Role.ADMINISTRADOR), (place.boss, Role.DIRECTOR),
        (place.ana, Role.ESPECIALISTA), (place.ana, Role.SUPERVISOR),
    }  # fmt: skip
    assert review.id == "2026-T1"
    assert again.count(RowState.PENDING) == 4


def test_decisions_keep_and_end_roles_and_the_last_one_ends_the_review(place: Place) -> None:
    """Who, when and why is on each row; a role removed ends at once, with its entry in the same append."""
    place.open()
    place.decide(place.admin, place.ana, [Role.ESPECIALISTA], [Role.SUPERVISOR])
    assert place.roles(place.ana) == {Role.ESPECIALISTA}
    place.decide(place.admin, place.luis, [], [Role.ESPECIALISTA], "cambió de área")
    place.decide(place.admin, place.boss, [Role.DIRECTOR])
    review = place.decide(place.boss, place.admin, [Role.ADMINISTRADOR])
    assert not review.open
    row = review.rows[place.luis, Role.ESPECIALISTA]
    assert (row.state, row.by, row.reason) == (RowState.REMOVED, place.admin, "cambió de área")
    assert place.kinds() == [
        "recertification.opened", "recertification.decided", "access.revoked", "recertification.decided",
        "access.revoked", "recertification.decided", "recertification.decided", "recertification.closed",
    ]  # fmt: skip
    place.agree()
    for sealed in place.ledger.history(ACCESS_CASE)[5:]:
        assert "cambió".encode() not in sealed.entry_bytes


def test_silence_ends_roles_at_the_deadline_once_and_a_late_decision_gives_back(place: Place) -> None:
    """Not before; by the program, in one append; nobody needs to be there for it; what is decided late is restored."""
    place.open()
    place.decide(place.admin, place.ana, [Role.ESPECIALISTA])
    place.clock.advance(days=9)
    assert place.reviews.run() == 0
    place.clock.advance(days=1)
    assert place.reviews.run() == 4
    assert place.reviews.run() == 0
    assert place.roles(place.ana) == {Role.ESPECIALISTA}
    assert place.roles(place.luis) == place.roles(place.boss) == place.roles(place.admin) == frozenset()
    (review,) = place.reviews.all()
    assert review.open
    assert review.count(RowState.SUSPENDED) == 4
    assert place.kinds()[2:] == ["recertification.expired", *["access.revoked"] * 4]
    place.access.grant(place.boss, Role.DIRECTOR, CONSOLE)  # the console is the way back in
    place.decide(place.boss, place.luis, [Role.ESPECIALISTA])
    assert place.roles(place.luis) == {Role.ESPECIALISTA}
    row = place.reviews.all()[0].rows[place.luis, Role.ESPECIALISTA]
    assert row.state is RowState.KEPT
    assert row.suspended_at
    place.decide(place.boss, place.ana, [], [Role.SUPERVISOR])
    place.agree()


def test_what_silence_took_comes_back_for_the_rest_of_its_term(place: Place) -> None:
    """A role with an end is not kept beyond it, and one whose end has come by then is decided and not given."""
    end = place.clock() + timedelta(days=12)
    place.access.grant(place.luis, Role.CPANEL, CONSOLE, Term(until=end))
    place.access.grant(place.ana, Role.CAPTURISTA, CONSOLE, Term(until=end - timedelta(days=1)))
    place.open()
    place.clock.advance(days=10)
    place.reviews.run()
    place.access.grant(place.boss, Role.DIRECTOR, CONSOLE)
    place.decide(place.boss, place.luis, [Role.CPANEL])
    assert Role.CPANEL in place.roles(place.luis)
    assert place.ledger.history(ACCESS_CASE)[-1].entry.facts["until"] == format_time(end)
    place.agree()
    place.clock.advance(days=2)
    place.decide(place.boss, place.ana, [Role.CAPTURISTA])
    assert place.roles(place.ana) == place.roles(place.luis) == frozenset()
    assert place.access.tell_ended() == 1
    place.agree()


def test_what_was_given_anew_after_silence_is_taken_by_a_late_decision(place: Place) -> None:
    """Or stays as it was given: a decision goes by what is held, and says nothing twice."""
    place.open()
    place.clock.advance(days=10)
    place.reviews.run()
    for user, role in (
        (place.boss, Role.DIRECTOR),
        (place.luis, Role.ESPECIALISTA),
        (place.ana, Role.SUPERVISOR),
    ):
        place.access.grant(user, role, CONSOLE)
    before = len(place.kinds())
    place.decide(place.boss, place.luis, [], [Role.ESPECIALISTA])
    assert place.roles(place.luis) == frozenset()
    place.decide(place.boss, place.ana, [Role.SUPERVISOR])
    assert place.roles(place.ana) == {Role.SUPERVISOR}
    assert place.kinds()[before:] == ["recertification.decided", "access.revoked", "recertification.decided"]
    place.agree()


def test_nobody_decides_on_themselves_nor_without_the_right_or_a_reason(place: Place) -> None:
    """Four eyes; refused, nothing is written and no role ends."""
    place.open()
    before = len(place.ledger.history(ACCESS_CASE))
    tries: list[tuple[str, Callable[[], object]]] = [
        ("review_own", lambda: place.decide(place.admin, place.admin, [Role.ADMINISTRADOR])),
        ("review_role", lambda: place.decide(place.ana, place.luis, [], [Role.ESPECIALISTA])),
        ("review_reason", lambda: place.decide(place.admin, place.luis, [], [Role.ESPECIALISTA], " x ")),
        (
            "review_secret",
            lambda: place.decide(place.admin, place.luis, [], [Role.ESPECIALISTA], "NIP: 4821"),
        ),
        ("review_rows", lambda: place.decide(place.admin, place.luis, [], [Role.DIRECTOR])),
        ("review_rows", lambda: place.decide(place.admin, place.luis)),
        (
            "review_rows",
            lambda: place.decide(place.admin, place.luis, [Role.ESPECIALISTA], [Role.ESPECIALISTA]),
        ),
    ]
    for code, act in tries:
        with pytest.raises(ReviewRefused) as refused:
            act()
        assert refused.value.code == code
    assert len(place.ledger.history(ACCESS_CASE)) == before
    assert place.roles(place.luis) == {Role.ESPECIALISTA}


def test_a_review_needs_an_owner_a_date_and_a_second_pair_of_eyes(place: Place) -> None:
    """And one runs at a time."""
    by, days = Granter(place.admin, "administrador", "web"), timedelta(days=10)
    for code, owner, due in (
        ("review_owner", place.ana, days), ("review_owner", "u-nobody", days),
        ("review_due", place.admin, timedelta(hours=1)), ("review_due", place.admin, timedelta(days=61)),
    ):  # fmt: skip
        with pytest.raises(ReviewRefused, match=code):
            place.reviews.open(owner, place.clock() + due, by)
    place.open()
    with pytest.raises(ReviewRefused, match="review_running"):
        place.open()
    place.clock.advance(days=10)
    place.reviews.run()
    place.access.grant(place.admin, Role.ADMINISTRADOR, CONSOLE)
    with pytest.raises(ReviewRefused, match="review_alone"):
        place.open()
    place.access.grant(place.boss, Role.DIRECTOR, CONSOLE)
    assert place.open().id == "2026-T1-2"
    assert [one.open for one in place.reviews.all()] == [False, True]


def test_a_role_that_ends_otherwise_is_told_as_such(place: Place) -> None:
    """A row is then decided by that entry, and cannot be kept."""
    place.open()
    place.access.revoke(place.luis, Role.ESPECIALISTA, CONSOLE)
    assert place.reviews.all()[0].rows[place.luis, Role.ESPECIALISTA].state is RowState.GONE
    with pytest.raises(ReviewRefused, match="review_rows"):
        place.decide(place.admin, place.luis, [Role.ESPECIALISTA])


def test_a_crash_between_the_right_and_its_entry_loses_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the deadline: rights ended and no entry; the next round writes it."""
    place.open()
    place.clock.advance(days=10)
    with monkeypatch.context() as broken:
        broken.setattr(place.ledger, "append", _dies)
        broken.setattr(place.reviews, "settle", lambda _subject: None)
        with pytest.raises(KeyboardInterrupt):
            place.reviews.run()
    assert place.reviews.run() == 5
    place.agree()


def test_an_end_that_could_not_be_told_is_told_by_the_next_round(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log was away when a role's end came: nothing else need happen for its entry to be written later."""
    place.access.grant(place.luis, Role.CPANEL, CONSOLE, Term(until=place.clock() + timedelta(days=1)))
    place.clock.advance(days=1)
    with monkeypatch.context() as broken:
        broken.setattr(place.ledger, "append", _dies)
        with pytest.raises(KeyboardInterrupt):
            place.access.tell_ended()
    assert place.access.tell_ended() == 1


def _dies(*_args: object, **_more: object) -> None:
    raise KeyboardInterrupt


def test_a_quarter_without_a_review_is_owed(place: Place) -> None:
    """From its first day on, until one is opened; not in the quarter in which the house began."""
    assert not place.reviews.owed()
    place.clock.advance(days=60)
    assert place.reviews.owed()
    place.open()
    assert not place.reviews.owed()
    assert quarter_start(place.clock()).month == 4


def test_a_role_with_a_term_begins_and_ends_by_itself_and_its_end_is_told_once(place: Place) -> None:
    """Its entry names both moments; nobody has to be there; the end's entry is the program's."""
    now = place.clock()
    term = Term(now + timedelta(days=1), now + timedelta(days=3))
    place.access.grant(place.luis, Role.CPANEL, CONSOLE, term)
    place.access.grant(place.luis, Role.CPANEL, CONSOLE, term)
    assert Role.CPANEL not in place.roles(place.luis)
    place.clock.advance(days=1)
    assert Role.CPANEL in place.roles(place.luis)
    assert place.access.tell_ended() == 0
    place.clock.advance(days=2)
    assert Role.CPANEL not in place.roles(place.luis)
    other = AccessDesk(place.ledger, place.accounts, cheap_passwords(), place.clock)
    assert [place.access.tell_ended(), other.tell_ended(), place.access.tell_ended()] == [1, 0, 0]
    given, ended = place.ledger.history(ACCESS_CASE)[5:]
    assert set(given.entry.facts) >= {"since", "until"}
    assert (ended.entry.kind, ended.entry.actor) == (EntryKind.ACCESS_REVOKED, "system")
    assert ended.entry.facts["until"] == given.entry.facts["until"]
    place.access.grant(place.luis, Role.CPANEL, CONSOLE)
    assert Role.CPANEL in place.roles(place.luis)
    place.agree()


@pytest.mark.parametrize(("since", "until"), [(-1, None), (None, -1), (None, 0), (3, 2), (3, 3)])
def test_a_term_of_the_past_or_upside_down_is_refused(
    place: Place, since: int | None, until: int | None
) -> None:
    """Nothing is written."""
    now = place.clock()
    term = Term(*(None if days is None else now + timedelta(days=days) for days in (since, until)))
    with pytest.raises(TermInvalid):
        place.access.grant(place.luis, Role.CPANEL, CONSOLE, term)
    assert place.kinds() == []


def test_a_role_to_come_can_be_taken_back(place: Place) -> None:
    """It never begins."""
    place.access.grant(place.luis, Role.CPANEL, CONSOLE, Term(place.clock() + timedelta(days=2)))
    place.access.revoke(place.luis, Role.CPANEL, CONSOLE)
    place.clock.advance(days=5)
    assert Role.CPANEL not in place.roles(place.luis)
    assert place.kinds() == ["access.granted", "access.revoked"]
