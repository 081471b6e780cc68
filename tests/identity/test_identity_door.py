"""Passwords, logins, sessions and the entries that go with every access."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from evidence.entry import EntryKind
from identity.access import ACCESS_CASE, AccessDesk, Granter
from identity.accounts import (
    EmailInvalid,
    EmailTaken,
    NameInvalid,
    Role,
    UnknownUser,
    clean_name,
    normalise_email,
)
from identity.login import Door, LoginRefused, LoginThrottled
from identity.passwords import PasswordRefused, Passwords, check_new_password
from identity.sessions import Sessions, digest
from identity.throttle import Limit, LoginThrottle
from tests.fakes.memory import MemoryLedger
from tests.fakes.people import MemoryAccounts, MemorySessions, MemoryThrottle, cheap_passwords
from tests.identity.conftest import Clock

SECRET = "una frase larga y buena"
CONSOLE = Granter(via="console", os_user="root")


@dataclass
class Desk:
    """Everything of identity in memory."""

    clock: Clock
    accounts: MemoryAccounts = field(default_factory=MemoryAccounts)
    throttle: MemoryThrottle = field(default_factory=MemoryThrottle)
    passwords: Passwords = field(default_factory=cheap_passwords)

    def __post_init__(self) -> None:
        self.ledger = MemoryLedger(clock=self.clock)
        self.access = AccessDesk(self.ledger, self.accounts, self.passwords, self.clock)
        limits = {"account": Limit(free=3), "address": Limit(free=6)}
        self.door = Door(
            self.accounts, self.passwords, LoginThrottle(self.throttle, b"secret", **limits), self.clock
        )

    def add(self, email: str = "ana@desk.example", *roles: Role) -> str:
        """An account; returns its id."""
        return self.access.add_user(
            email=email, name="Ana Ñuñez", roles=roles or (Role.ESPECIALISTA,), password=SECRET, by=CONSOLE
        ).id

    def kinds(self) -> list[tuple[EntryKind, object]]:
        """What the log says of accesses."""
        return [(row.entry.kind, row.entry.facts["role"]) for row in self.ledger.history(ACCESS_CASE)]


@pytest.fixture
def desk(clock: Clock) -> Desk:
    """A desk nobody has entered."""
    return Desk(clock)


def test_every_role_of_a_new_account_is_an_entry_without_personal_data(desk: Desk) -> None:
    """Name and address stand in the payload, the entry holds the opaque id and the role; the console is named."""
    user_id = desk.add("Ana@Desk.Example ", Role.SUPERVISOR, Role.ESPECIALISTA)
    assert desk.kinds() == [
        (EntryKind.ACCESS_GRANTED, "especialista"),
        (EntryKind.ACCESS_GRANTED, "supervisor"),
    ]
    for row in desk.ledger.history(ACCESS_CASE):
        assert row.entry.facts["subject"] == user_id
        assert b"ana@desk" not in row.entry_bytes
        assert "Ñuñez".encode() not in row.entry_bytes
        assert row.payload()["data"] == {"name": "Ana Ñuñez", "email": "ana@desk.example"}
        assert row.payload()["via"] == {"channel": "console", "os_user": "root"}
    user = desk.accounts.get(user_id, desk.clock())
    assert user is not None
    assert (user.active, user.roles) == (True, {Role.SUPERVISOR, Role.ESPECIALISTA})


def test_an_account_that_exists_is_not_made_again(desk: Desk) -> None:
    """The second attempt is refused and leaves no entry, also after every role was revoked."""
    user_id = desk.add()
    with pytest.raises(EmailTaken):
        desk.add()
    desk.access.revoke(user_id, Role.ESPECIALISTA, CONSOLE)
    desk.accounts.set_active(user_id, active=False)
    with pytest.raises(EmailTaken):
        desk.add()
    assert [kind for kind, _ in desk.kinds()] == [EntryKind.ACCESS_GRANTED, EntryKind.ACCESS_REVOKED]


@pytest.mark.parametrize("dies_at", ["append", "grant", "set_active"])
def test_a_crash_while_adding_gives_no_access_and_repeating_completes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    """Killed between any two writes: nobody can enter, and the same command finishes with one entry a role."""
    target = desk.ledger if dies_at == "append" else desk.accounts
    with monkeypatch.context() as broken:
        broken.setattr(target, dies_at, _dies)
        with pytest.raises(KeyboardInterrupt):
            desk.add()
    with pytest.raises(LoginRefused):
        desk.door.enter("ana@desk.example", SECRET, "10.0.0.1")
    user_id = desk.add()
    assert desk.kinds() == [(EntryKind.ACCESS_GRANTED, "especialista")]
    assert desk.door.enter("ana@desk.example", SECRET, "10.0.0.1").id == user_id


def _dies(*_args: object, **_kwargs: object) -> None:
    raise KeyboardInterrupt


def test_a_role_is_revoked_and_granted_again_with_an_entry_each(desk: Desk, clock: Clock) -> None:
    """Granting what is held and revoking what is not leave no entry; each true change leaves one."""
    user_id = desk.add()
    for _ in range(2):
        desk.access.grant(user_id, Role.ESPECIALISTA, CONSOLE)
    for _ in range(2):
        clock.advance(minutes=1)
        assert desk.access.revoke(user_id, Role.ESPECIALISTA, CONSOLE).roles == frozenset()
    clock.advance(minutes=1)
    assert desk.access.grant(user_id, Role.ESPECIALISTA, CONSOLE).roles == {Role.ESPECIALISTA}
    assert [str(kind) for kind, _ in desk.kinds()] == ["access.granted", "access.revoked", "access.granted"]
    with pytest.raises(UnknownUser):
        desk.access.grant("u-nobody", Role.CPANEL, CONSOLE)


def test_unknown_shut_and_wrong_are_one_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks cannot tell them apart, and each costs one password verification."""
    user_id = desk.add()
    shut = desk.add("eva@desk.example")
    desk.accounts.set_active(shut, active=False)
    verified: list[str] = []
    real = desk.passwords.verify
    monkeypatch.setattr(
        desk.passwords, "verify", lambda stored, given: verified.append(stored) or real(stored, given)
    )
    for email, password in (
        ("nobody@desk.example", SECRET),
        ("not an address", SECRET),
        ("eva@desk.example", SECRET),
        ("ana@desk.example", "otra frase larga"),
    ):
        with pytest.raises(LoginRefused) as told:
            desk.door.enter(email, password, "10.0.0.1")
        assert str(told.value) == ""
    assert len(verified) == 4
    assert desk.door.enter(" ANA@desk.example", SECRET, "10.0.0.2").id == user_id


def test_guessing_is_slowed_by_account_and_by_address(desk: Desk, clock: Clock) -> None:
    """Right passwords do not open a door that is shut; the door opens in time; a success starts anew."""
    desk.add()
    for number in range(3):
        with pytest.raises(LoginRefused):
            desk.door.enter("ana@desk.example", "no es ésta", f"10.0.0.{number}")
    with pytest.raises(LoginThrottled) as shut:
        desk.door.enter("ana@desk.example", SECRET, "10.0.0.9")
    assert shut.value.until == clock() + timedelta(seconds=30)
    clock.advance(seconds=30)
    assert desk.door.enter("ana@desk.example", SECRET, "10.0.0.9").email == "ana@desk.example"
    for number in range(6):
        with pytest.raises(LoginRefused):
            desk.door.enter(f"u{number}@desk.example", "no es ésta", "10.0.0.66")
    with pytest.raises(LoginThrottled):
        desk.door.enter("ana@desk.example", SECRET, "10.0.0.66")
    assert not any("ana" in key or "10.0" in key for key in desk.throttle.rows)


def test_a_hash_of_older_parameters_is_made_anew_at_login(desk: Desk) -> None:
    """Stronger parameters reach an account when its owner enters, and the password stays the same."""
    user_id = desk.add()
    stronger = Passwords(time_cost=2, memory_kib=16, parallelism=1)
    before = desk.accounts.rows[user_id][1]
    Door(desk.accounts, stronger, LoginThrottle(desk.throttle, b"s"), desk.clock).enter(
        "ana@desk.example", SECRET, "a"
    )
    after = desk.accounts.rows[user_id][1]
    assert "t=1" in before
    assert "t=2" in after
    assert stronger.verify(after, SECRET)


def test_passwords_are_judged_by_length_and_compared_in_one_form() -> None:
    """Short, long and address are refused; composed and decomposed accents are the same password."""
    for password, code in (
        ("once letras", "password_short"),
        ("x" * 257, "password_long"),
        ("ana.nunez@desk.example", "password_is_email"),
    ):
        with pytest.raises(PasswordRefused) as refused:
            check_new_password(password, email="ana.nunez@desk.example")
        assert refused.value.code == code
    check_new_password("lluvia en abril sobre la azotea", email="a@b.mx")
    passwords = cheap_passwords()
    stored = passwords.hash("contraseña bonita")
    assert passwords.verify(stored, "contrasen\u0303a bonita")
    assert not passwords.verify(stored, "contraseña bonito")
    assert not passwords.verify("not a hash", "contraseña bonita")
    assert not passwords.verify(stored, "x" * 100_000)


def test_a_session_ends_idle_at_its_age_at_logout_and_with_its_account(desk: Desk, clock: Clock) -> None:
    """Each of the four ends it; use keeps it alive until its absolute age; the token itself is stored nowhere."""
    user_id, store = desk.add(), MemorySessions()
    sessions = Sessions(store, desk.accounts, clock, idle=timedelta(hours=2), absolute=timedelta(hours=12))
    token = sessions.start(user_id)
    assert token not in repr(store.rows)
    assert list(store.rows) == [digest(token)]
    for _ in range(11):
        clock.advance(hours=1, seconds=1)
        assert sessions.user(token) is not None
    clock.advance(hours=1)
    assert sessions.user(token) is None
    idle = sessions.start(user_id)
    clock.advance(hours=2)
    assert sessions.user(idle) is None
    left = sessions.start(user_id)
    sessions.end(left)
    assert sessions.user(left) is None
    shut = sessions.start(user_id)
    desk.accounts.set_active(user_id, active=False)
    assert sessions.user(shut) is None
    assert sessions.user("made up") is None


@pytest.mark.parametrize(
    "raw", ["", "x", "a@", "@b", "a b@c.mx", "a@b\r\nBcc: x@y", "a@b,c@d", "<a@b>", "a" * 65 + "@b"]
)
def test_what_is_no_address_is_refused(raw: str) -> None:
    """Header injection and lists are no addresses."""
    with pytest.raises(EmailInvalid):
        normalise_email(raw)


@pytest.mark.parametrize("raw", ["", "   ", "x" * 121, "Ana\x00", "An\u202ea", "Ana\x1b[31m"])
def test_names_that_deceive_are_refused(raw: str) -> None:
    """Empty, endless, controlling and right-to-left overriding names are no names."""
    with pytest.raises(NameInvalid):
        clean_name(raw)


def test_names_keep_their_letters() -> None:
    """Accents are composed and spaces made one."""
    assert clean_name("  María  Jose\u0301 Ñu\u0301n\u0303ez ") == "María José Ñúñez"
