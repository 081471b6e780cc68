"""Accounts and roles change only together with an entry in the log: `system:access`.

The order makes a crash harmless. An account is first made shut and without roles, then the entry is sealed, then the
role is given and the account opened: nobody ever has a right the log does not know, and repeating the command completes
what was left half done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from evidence.canonical import Json
from evidence.entry import SYSTEM, EntryDraft, EntryKind, SealedEntry, format_time, parse_time
from evidence.ports import Clock, Composition, LedgerStore
from identity.accounts import (
    AccountStore,
    Credentials,
    EmailTaken,
    IdentityError,
    Role,
    RoleGrant,
    UnknownUser,
    User,
    clean_name,
    new_user_id,
    normalise_email,
)
from identity.guessing import FEWEST
from identity.passwords import Passwords, check_new_password
from identity.tenures import Holding, holdings

ACCESS_CASE = "system:access"


@dataclass(frozen=True, slots=True)
class Granter:
    """Who changes an access: opaque id, the role acted in, the channel, and the console's user where there is one."""

    id: str = SYSTEM
    role: str = SYSTEM
    via: str = "console"
    os_user: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """From when until when (exclusive) a role is held; ``None``: from now, without an end. Aware datetimes."""

    since: datetime | None = None
    until: datetime | None = None

    def facts(self) -> dict[str, Json]:
        """As it stands in the entry."""
        told = {"since": self.since, "until": self.until}
        return {name: format_time(moment) for name, moment in told.items() if moment is not None}


class TermInvalid(IdentityError):
    """A role's term begins or ends in the past, or ends before it begins."""

    code = "term_invalid"


class RoleHeld(IdentityError):
    """The role is held already, to another end."""

    code = "role_held"


class AlreadyTold(Exception):
    """Somebody else wrote the entry meanwhile; nothing was written."""


class AccessDesk:
    """Creates accounts, grants and revokes roles, each with its entry."""

    def __init__(
        self,
        ledger: LedgerStore,
        accounts: AccountStore,
        passwords: Passwords,
        clock: Clock,
        *,
        house: str = "",
    ) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._passwords = passwords
        self._clock = clock
        self._house = house
        self._told = datetime.min.replace(tzinfo=UTC)

    def add_user(
        self,
        *,
        email: str,
        name: str,
        roles: Iterable[Role],
        password: str,
        by: Granter,
        locale: str = "",
        given: bool = False,
        fewest: int = FEWEST,
    ) -> User:
        """Create an account with its roles; ``given``: somebody else knows the password, see `User.given`.

        ``fewest``: see `check_password`.

        Raises:
            EmailTaken: an open account, or one that ever had a role, answers to the address.
            EmailInvalid, NameInvalid, PasswordRefused: nothing was written.
        """
        email, name = normalise_email(email), clean_name(name)
        fresh = User(new_user_id(), email, name, frozenset(), locale, active=False, given=given)
        self.check_password(fresh, password, fewest)
        user = self._shut_account(fresh, password)
        for role in sorted(set(roles) - user.roles):  # some were given before a crash
            self._grant(user, role, by, Term())
        self._accounts.set_active(user.id, active=True)
        return self._reread(user.id)

    def grant(self, user_id: str, role: Role, by: Granter, term: Term | None = None) -> User:
        """Give a role to an existing account; a role in force, or to come, is left as it is.

        With a ``term`` it begins and ends by itself: the store asks for the moment at every request.

        Raises:
            TermInvalid: it ends before it begins, or begins or ends in the past; nothing was written.
            RoleHeld: a term was asked for, and the role is held to another end.
        """
        user, asked, now = self._reread(user_id), term or Term(), self._clock()
        if (asked.since is not None and asked.since < now) or (
            asked.until is not None and asked.until <= (asked.since or now)
        ):
            raise TermInvalid
        lasting = [one for one in self._accounts.grants(user_id) if one.role is role and _lasts(one, now)]
        if not lasting:
            self._grant(user, role, by, asked)
        elif term is not None and term != Term() and lasting[0].until != term.until:
            raise RoleHeld
        return self._reread(user_id)

    def revoke(self, user_id: str, role: Role, by: Granter) -> User:
        """Take a role away, from now on; what it allowed before stays recorded."""
        user = self._reread(user_id)
        # The right ends first: a crash before the entry leaves less access, never more, and repeating it tells.
        ended = self._accounts.revoke(user.id, role, self._clock())
        if ended or (user.id, role) in holdings(self._ledger.history(ACCESS_CASE)):
            self._append(EntryKind.ACCESS_REVOKED, user, role, by)
        return self._reread(user_id)

    def tell_ended(self) -> int:
        """Say of every role whose own end has come that it is over, once; returns how many.

        The right ended by itself, at its moment: this is its entry, by the program, whenever somebody gets to it.
        """
        told, now = 0, self._clock()
        for held in self._over(now):

            def compose(history: Sequence[SealedEntry], held: Holding = held) -> Composition:
                if holdings(history).get((held.subject, held.role)) != held:
                    raise AlreadyTold
                facts: dict[str, Json] = {
                    "subject": held.subject, "role": str(held.role), "until": held.until, "via": "timer",
                }  # fmt: skip
                return Composition((EntryDraft(SYSTEM, SYSTEM, EntryKind.ACCESS_REVOKED, facts=facts),))

            try:
                self._ledger.append(ACCESS_CASE, compose)
            except AlreadyTold:
                continue  # another worker did
            told += 1
        self._told = now  # not before: what could not be written is looked for again
        return told

    def _over(self, now: datetime) -> list[Holding]:
        if not self._accounts.ended_between(self._told, now):
            return []
        found = holdings(self._ledger.history(ACCESS_CASE)).values()
        return [held for held in found if held.ended(format_time(now))]

    def set_password(self, user_id: str, password: str, *, given: bool = False, fewest: int = FEWEST) -> None:
        """Replace a password by the rules of `check_password`; ``given``: somebody else knows it.

        Raises:
            UnknownUser, PasswordRefused: it stays as it was.
        """
        user = self._reread(user_id)
        self.check_password(user, password, fewest)
        self._accounts.set_password(user.id, self._passwords.hash(password), given=given)

    def check_password(self, user: User, password: str, fewest: int = FEWEST) -> None:
        """Judge a new password of somebody: good for ``fewest`` guesses and more, see `check_new_password`.

        Raises:
            PasswordRefused: with the reason as its code.
        """
        check_new_password(password, email=user.email, name=user.name, house=self._house, fewest=fewest)

    def _shut_account(self, fresh: User, password: str) -> User:
        found = self._accounts.by_email(fresh.email, self._clock())
        if found is None:
            self._accounts.add(fresh, self._passwords.hash(password), self._clock())
            return fresh
        if not self._half_made(found):
            raise EmailTaken(fresh.email)
        self._accounts.set_password(found.user.id, self._passwords.hash(password), given=fresh.given)
        return found.user

    def _half_made(self, found: Credentials) -> bool:
        return not found.user.active and len(self._accounts.grants(found.user.id)) == len(found.user.roles)

    def _grant(self, user: User, role: Role, by: Granter, term: Term) -> None:
        entry = self._append(EntryKind.ACCESS_GRANTED, user, role, by, term)
        begun = term.since or parse_time(entry.entry.at)
        self._accounts.grant(RoleGrant(user.id, role, begun, term.until, by.id))

    def _append(
        self, kind: EntryKind, user: User, role: Role, by: Granter, term: Term | None = None
    ) -> SealedEntry:
        turn = sum(1 for grant in self._accounts.grants(user.id) if grant.role is role)
        key = f"{kind}:{user.id}:{role}:{turn}"

        def compose(_history: Sequence[SealedEntry]) -> Composition:
            return Composition((role_draft(kind, user, role, by, (term or Term()).facts()),))

        digest = hashlib.sha256(key.encode()).hexdigest()
        return self._ledger.append(ACCESS_CASE, compose, idempotency_key=key, request_digest=digest)[0]

    def _reread(self, user_id: str) -> User:
        user = self._accounts.get(user_id, self._clock())
        if user is None:
            raise UnknownUser(user_id)
        return user


def _lasts(grant: RoleGrant, now: datetime) -> bool:
    return grant.until is None or grant.until > now


def role_draft(
    kind: EntryKind, user: User, role: Role, by: Granter, more: Mapping[str, Json] | None = None
) -> EntryDraft:
    """The entry by which a role is given or taken; ``more`` are facts besides."""
    payload: Mapping[str, Json] = {"data": {"name": user.name, "email": user.email}, "via": via_json(by)}
    facts: dict[str, Json] = {"subject": user.id, "role": str(role), "via": by.via, **(more or {})}
    return EntryDraft(actor=by.id, role=by.role, kind=kind, facts=facts, payload=payload)


def via_json(by: Granter) -> dict[str, Json]:
    """How a payload says through which channel something was done."""
    channel: dict[str, Json] = {"channel": by.via}
    if by.os_user:
        channel["os_user"] = by.os_user
    return channel
