"""Who may enter, and what as: users with opaque ids and dated roles.

An id (``u-`` and 26 characters) is what the ledger holds for ever; name and e-mail live only here, so that they can be
corrected or erased without touching an entry. Roles are granted from one moment to another and never rewritten: who
held which role on a date stays answerable.
"""

from __future__ import annotations

import base64
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

_EMAIL = re.compile(r"\A[^@\s\x00-\x1f<>\"',;]{1,64}@[^@\s\x00-\x1f<>\"',;]{1,190}\Z")
LOCALES = ("es", "en")


class Role(StrEnum):
    """What a person acts as. The words are those of the process definitions and of every entry."""

    ESPECIALISTA = "especialista"
    SUPERVISOR = "supervisor"
    DIRECTOR = "director"
    AUDITOR_INTERNO = "auditor_interno"
    AUDITOR_EXTERNO = "auditor_externo"
    CAPTURISTA = "capturista"
    ADMINISTRADOR = "administrador"
    CPANEL = "cpanel"
    DATOS_PERSONALES = "datos_personales"


AUDITORS = frozenset({Role.AUDITOR_INTERNO, Role.AUDITOR_EXTERNO})
"""Who reads and writes nothing of the desk's: from inside everything, from outside what an engagement covers."""

STAFF = frozenset(Role) - {Role.AUDITOR_EXTERNO}
"""Who belongs to the house. An external auditor sees the auditors' room and nothing else."""

RECORDERS = frozenset(Role) - AUDITORS - {Role.ADMINISTRADOR, Role.DATOS_PERSONALES}
"""Who may bring evidence; which step each may record is for the process definition to say."""

EXPORTERS = frozenset({Role.SUPERVISOR, Role.DIRECTOR, Role.AUDITOR_INTERNO, Role.ADMINISTRADOR})
"""Who may take audit packages out."""


ANSWERABLE = frozenset({Role.DATOS_PERSONALES, Role.DIRECTOR})
"""Who answers for personal data: sees what is blocked, lifts holds, approves an erasure that another person asked."""


class IdentityError(Exception):
    """Base of what this package refuses."""

    code = "identity"


class EmailTaken(IdentityError):
    """Another account already answers to this address."""

    code = "email_taken"

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} already has an account")
        self.email = email


class EmailInvalid(IdentityError):
    """Not an e-mail address."""

    code = "email_invalid"


class NameInvalid(IdentityError):
    """A person's name is empty, too long or holds control characters."""

    code = "name_invalid"


class UnknownUser(IdentityError):
    """No account with that id or address."""

    code = "unknown_user"

    def __init__(self, subject: str) -> None:
        super().__init__(f"no account {subject}")
        self.subject = subject


@dataclass(frozen=True, slots=True)
class User:
    """An account as the present knows it.

    ``roles`` are those in force when it was read; ``locale`` is one of
    `LOCALES`, or ``""`` where the browser decides. ``given``: somebody else
    knows the password, so that it opens nothing but the page on which its
    person chooses another.
    """

    id: str
    email: str
    name: str
    roles: frozenset[Role]
    locale: str = ""
    active: bool = True
    given: bool = False

    def has_any(self, allowed: frozenset[Role]) -> bool:
        """Whether one of the roles in force is among those allowed."""
        return self.active and not self.roles.isdisjoint(allowed)


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role held from ``since`` until ``until`` (exclusive; ``None`` while in force). Aware datetimes."""

    user_id: str
    role: Role
    since: datetime
    until: datetime | None = None
    granted_by: str = "system"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user with the stored password hash; the hash never leaves `identity` and its store."""

    user: User
    password_hash: str


class AccountStore(Protocol):
    """Durable accounts.

    Every method that changes something has changed it durably when it returns. Any number of threads and processes may
    call. Errors: those named, and the store's own unavailability (``evidence.ports.StoreUnavailable``).
    """

    def add(self, user: User, password_hash: str, at: datetime) -> None:
        """Create an account without roles; ``user.roles`` is ignored. Raises `EmailTaken`."""
        ...

    def get(self, user_id: str, at: datetime) -> User | None:
        """The account with the roles in force at that moment."""
        ...

    def by_email(self, email: str, at: datetime) -> Credentials | None:
        """The account of a normalised address."""
        ...

    def everyone(self, at: datetime) -> Sequence[User]:
        """All accounts, active or not, by address."""
        ...

    def set_password(self, user_id: str, password_hash: str, *, given: bool = False) -> None:
        """Replace the hash, and say whether somebody else knows the password. Raises `UnknownUser`."""
        ...

    def set_active(self, user_id: str, active: bool) -> None:  # a state, not a mode
        """Open or close the account. Raises `UnknownUser`."""
        ...

    def set_locale(self, user_id: str, locale: str) -> None:
        """Remember the language chosen. Raises `UnknownUser`."""
        ...

    def grant(self, grant: RoleGrant) -> None:
        """Give a role from ``since``; one that is in force then, or later, stays as it is. Raises `UnknownUser`."""
        ...

    def revoke(self, user_id: str, role: Role, until: datetime) -> bool:
        """End a role in force, or to come; ``False`` when it was not. Grants that are over stay as they were."""
        ...

    def ended_between(self, after: datetime, until: datetime) -> bool:
        """Whether a grant ended, by itself or by somebody, after the one moment and not after the other."""
        ...

    def grants(self, user_id: str) -> Sequence[RoleGrant]:
        """Every grant ever made to the user, oldest first."""
        ...


def new_user_id() -> str:
    """A fresh opaque id with 128 random bits; says nothing about the person."""
    return new_opaque("u-")


def new_opaque(prefix: str) -> str:
    """A fresh opaque id of a kind."""
    return prefix + base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def normalise_email(raw: str) -> str:
    """The one spelling of an address used for look-up: NFC, trimmed, lower case.

    Raises:
        EmailInvalid: no such address can exist.
    """
    email = unicodedata.normalize("NFC", raw).strip().lower()
    if not _EMAIL.match(email):
        raise EmailInvalid(raw)
    return email


def clean_name(raw: str) -> str:
    """A person's name in NFC with single spaces, at most 120 characters.

    Raises:
        NameInvalid: empty, too long, or with control characters.
    """
    name = " ".join(unicodedata.normalize("NFC", raw).split())
    if not 1 <= len(name) <= 120 or any(unicodedata.category(sign) in {"Cc", "Cf"} for sign in name):
        raise NameInvalid(raw)
    return name
