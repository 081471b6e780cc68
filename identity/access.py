"""Accounts and roles change only together with an entry in the log: `system:access`.

The order makes a crash harmless. An account is first made shut and without roles, then the entry is sealed, then the
role is given and the account opened: nobody ever has a right the log does not know, and repeating the command completes
what was left half done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evidence.canonical import Json
from evidence.entry import SYSTEM, EntryDraft, EntryKind, SealedEntry, parse_time
from evidence.ports import Clock, Composition, LedgerStore
from identity.accounts import (
    AccountStore,
    Credentials,
    EmailTaken,
    Role,
    RoleGrant,
    UnknownUser,
    User,
    clean_name,
    new_user_id,
    normalise_email,
)
from identity.passwords import Passwords, check_new_password

ACCESS_CASE = "system:access"


@dataclass(frozen=True, slots=True)
class Granter:
    """Who changes an access: opaque id, the role acted in, the channel, and the console's user where there is one."""

    id: str = SYSTEM
    role: str = SYSTEM
    via: str = "console"
    os_user: str = ""


class AccessDesk:
    """Creates accounts, grants and revokes roles, each with its entry."""

    def __init__(
        self, ledger: LedgerStore, accounts: AccountStore, passwords: Passwords, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._passwords = passwords
        self._clock = clock

    def add_user(
        self, *, email: str, name: str, roles: Iterable[Role], password: str, by: Granter, locale: str = ""
    ) -> User:
        """Create an account with its roles.

        Raises:
            EmailTaken: an open account, or one that ever had a role, answers to the address.
            EmailInvalid, NameInvalid, PasswordRefused: nothing was written.
        """
        email, name = normalise_email(email), clean_name(name)
        check_new_password(password, email=email)
        user = self._shut_account(
            User(new_user_id(), email, name, frozenset(), locale, active=False), password
        )
        for role in sorted(set(roles) - user.roles):  # some were given before a crash
            self._grant(user, role, by)
        self._accounts.set_active(user.id, active=True)
        return self._reread(user.id)

    def grant(self, user_id: str, role: Role, by: Granter) -> User:
        """Give a role to an existing account; a role already in force is left as it is."""
        user = self._reread(user_id)
        if role not in user.roles:
            self._grant(user, role, by)
        return self._reread(user_id)

    def revoke(self, user_id: str, role: Role, by: Granter) -> User:
        """Take a role away, from now on; what it allowed before stays recorded."""
        user = self._reread(user_id)
        if role in user.roles:
            # The right ends first: a crash before the entry leaves less access, never more.
            self._accounts.revoke(user.id, role, self._clock())
            self._append(EntryKind.ACCESS_REVOKED, user, role, by)
        return self._reread(user_id)

    def set_password(self, user_id: str, password: str) -> None:
        """Replace a password by the rules of `check_new_password`."""
        user = self._reread(user_id)
        check_new_password(password, email=user.email)
        self._accounts.set_password(user.id, self._passwords.hash(password))

    def _shut_account(self, fresh: User, password: str) -> User:
        found = self._accounts.by_email(fresh.email, self._clock())
        if found is None:
            self._accounts.add(fresh, self._passwords.hash(password), self._clock())
            return fresh
        if not self._half_made(found):
            raise EmailTaken(fresh.email)
        self._accounts.set_password(found.user.id, self._passwords.hash(password))
        return found.user

    def _half_made(self, found: Credentials) -> bool:
        return not found.user.active and len(self._accounts.grants(found.user.id)) == len(found.user.roles)

    def _grant(self, user: User, role: Role, by: Granter) -> None:
        entry = self._append(EntryKind.ACCESS_GRANTED, user, role, by)
        self._accounts.grant(RoleGrant(user.id, role, parse_time(entry.entry.at), None, by.id))

    def _append(self, kind: EntryKind, user: User, role: Role, by: Granter) -> SealedEntry:
        turn = sum(1 for grant in self._accounts.grants(user.id) if grant.role is role)
        key = f"{kind}:{user.id}:{role}:{turn}"

        def compose(_history: Sequence[SealedEntry]) -> Composition:
            return Composition((_draft(kind, user, role, by),))

        digest = hashlib.sha256(key.encode()).hexdigest()
        return self._ledger.append(ACCESS_CASE, compose, idempotency_key=key, request_digest=digest)[0]

    def _reread(self, user_id: str) -> User:
        user = self._accounts.get(user_id, self._clock())
        if user is None:
            raise UnknownUser(user_id)
        return user


def _draft(kind: EntryKind, user: User, role: Role, by: Granter) -> EntryDraft:
    payload: Mapping[str, Json] = {"data": {"name": user.name, "email": user.email}, "via": via_json(by)}
    facts: dict[str, Json] = {"subject": user.id, "role": str(role), "via": by.via}
    return EntryDraft(actor=by.id, role=by.role, kind=kind, facts=facts, payload=payload)


def via_json(by: Granter) -> dict[str, Json]:
    """How a payload says through which channel something was done."""
    channel: dict[str, Json] = {"channel": by.via}
    if by.os_user:
        channel["os_user"] = by.os_user
    return channel
