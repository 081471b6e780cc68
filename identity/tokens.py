"""Other systems that act here: service accounts, and the bearer tokens by which they are known.

A service account (``s-`` and 26 characters) is what the ledger names as actor; it has one role, no password and no way
to sign in. A token opens the API in its name, for some scopes, perhaps for some processes, until a date. The token is
shown once; what is kept is its SHA-256, which 238 random bits make as good as the token is secret.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from identity.accounts import IdentityError, Role

PREFIX = "constancia_"
TOKEN_PATTERN = re.compile(rf"{PREFIX}[0-9A-Za-z]{{46}}")
"""What scanners for secrets look for; the last six signs are a checksum, so that they find no look-alikes."""

MOST_DAYS = 366
USED_EVERY = timedelta(minutes=1)
"""How exactly the last use is told: a use within this time of the one written down writes nothing."""

SERVICE_ROLES = frozenset(
    {Role.ESPECIALISTA, Role.SUPERVISOR, Role.CAPTURISTA, Role.CPANEL, Role.AUDITOR_INTERNO}
)
"""What a machine may act as: it neither directs, nor administers, nor audits from outside."""

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM, _CHECK = 40, 6


class Scope(StrEnum):
    """What a token opens. Scopes add up; none implies another."""

    CASES_READ = "cases:read"
    CASES_OPEN = "cases:open"
    CASES_RECORD = "cases:record"
    CASES_CORRECT = "cases:correct"
    DATA_READ = "data:read"
    FILES_READ = "files:read"
    SEARCH = "search"
    EXPORT = "export"
    LOG_READ = "log:read"
    WEBHOOKS = "webhooks"


class ScopeInvalid(IdentityError):
    """No scope, or one that does not exist."""

    code = "scope_invalid"

    def __init__(self, scope: str) -> None:
        super().__init__(f"no scope {scope!r}")
        self.scope = scope


class TokenDays(IdentityError):
    """A token must end, within a year."""

    code = "token_days"


class ServiceRole(IdentityError):
    """A role that no machine may have."""

    code = "service_role"

    def __init__(self, role: str) -> None:
        super().__init__(f"no service acts as {role}")
        self.role = role


class UnknownService(IdentityError):
    """No such service account, or it is closed."""

    code = "unknown_service"

    def __init__(self, subject: str) -> None:
        super().__init__(f"no service {subject}")
        self.subject = subject


class UnknownToken(IdentityError):
    """No token with that id."""

    code = "unknown_token"

    def __init__(self, subject: str) -> None:
        super().__init__(f"no token {subject}")
        self.subject = subject


@dataclass(frozen=True, slots=True)
class Service:
    """A service account. ``closed_at`` is ``None`` while it is open. Times are aware."""

    id: str
    name: str
    role: Role
    created_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token as stored: everything but the token. ``processes`` empty: all of them."""

    id: str
    service: str
    scopes: frozenset[Scope]
    processes: frozenset[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def alive(self, at: datetime) -> bool:
        """Whether it opens anything at that moment."""
        return self.revoked_at is None and at < self.expires_at

    def covers(self, process: str) -> bool:
        """Whether it is for a process, by its code."""
        return not self.processes or process in self.processes

    def covers_case(self, case: str) -> bool:
        """The same of a case by its folio; the house's own chains (``system:…``) belong to no process."""
        return not self.processes or case.startswith(tuple(f"{process}-" for process in self.processes))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a service by one of its tokens."""

    service: Service
    token: Token


class TokenStore(Protocol):
    """Durable services and tokens, shared by every worker.

    What changes something has changed it durably when it returns. Errors: `evidence.ports.StoreUnavailable`.
    """

    def add_service(self, service: Service) -> None:
        """Keep a new service; adding one that is there changes nothing."""
        ...

    def close_service(self, service_id: str, at: datetime) -> bool:
        """End a service; ``False`` where it was not open."""
        ...

    def service(self, service_id: str) -> Service | None:
        """A service by id."""
        ...

    def services(self) -> Sequence[Service]:
        """All of them, by name."""
        ...

    def add_token(self, token: Token, token_hash: str) -> None:
        """Keep a new token under the hex SHA-256 of its text."""
        ...

    def find(self, token_hash: str) -> Caller | None:
        """The token of that hash with its service, alive or not."""
        ...

    def revoke(self, token_id: str, at: datetime) -> bool:
        """End a token; ``False`` where it was ended before."""
        ...

    def token(self, token_id: str) -> Token | None:
        """A token by id."""
        ...

    def tokens(self) -> Sequence[Token]:
        """All of them, the newest first."""
        ...

    def used(self, token_id: str, at: datetime) -> None:
        """Move the last use forward."""
        ...


def new_token() -> str:
    """A fresh token: the prefix, 40 random signs (238 bits) and a checksum of six."""
    body = "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM))
    return PREFIX + body + _checksum(body)


def looks_like_token(text: str) -> bool:
    """Whether a text has the form of a token, checksum included; asks nobody."""
    if not TOKEN_PATTERN.fullmatch(text):
        return False
    body = text.removeprefix(PREFIX)
    return _checksum(body[:_RANDOM]) == body[_RANDOM:]


def token_hash(text: str) -> str:
    """Hex SHA-256 of a token, as stored."""
    return hashlib.sha256(text.encode()).hexdigest()


def scopes_of(texts: Sequence[str]) -> frozenset[Scope]:
    """Scopes by name.

    Raises:
        ScopeInvalid: none was given, or one that does not exist.
    """
    known = {str(scope): scope for scope in Scope}
    for text in texts:
        if text not in known:
            raise ScopeInvalid(text)
    if not texts:
        raise ScopeInvalid("")
    return frozenset(known[text] for text in texts)


def _checksum(body: str) -> str:
    number, signs = zlib.crc32((PREFIX + body).encode()), ""
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_DIGITS))
        signs = _DIGITS[digit] + signs
    return signs
