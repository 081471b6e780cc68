"""Tokens and services change only together with an entry in `system:access`, as people's roles do.

Giving: the entry first, then the row, so that nobody ever has a right the log does not know. Taking away: the row
first. What an entry holds of a token is its id, which opens nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from evidence.canonical import Json
from evidence.entry import EntryDraft, EntryKind, SealedEntry, format_time, parse_time
from evidence.ports import Clock, Composition, LedgerStore
from identity.access import ACCESS_CASE, Granter, via_json
from identity.accounts import Role, clean_name, new_opaque
from identity.tokens import (
    MOST_DAYS,
    SERVICE_ROLES,
    USED_EVERY,
    Caller,
    Scope,
    Service,
    ServiceRole,
    Token,
    TokenDays,
    TokenStore,
    UnknownService,
    UnknownToken,
    looks_like_token,
    new_token,
    token_hash,
)


@dataclass(frozen=True, slots=True)
class Issued:
    """A token at the one moment its text is known."""

    token: Token
    service: Service
    text: str


class TokenDesk:
    """Makes, recognises and ends services and tokens."""

    def __init__(self, ledger: LedgerStore, store: TokenStore, clock: Clock) -> None:
        self._ledger = ledger
        self.store = store
        self._clock = clock

    def add_service(self, name: str, role: Role, by: Granter) -> Service:
        """A new service account with its role.

        Raises:
            NameInvalid, ServiceRole: nothing was written.
        """
        if role not in SERVICE_ROLES:
            raise ServiceRole(str(role))
        service_id, clean = new_opaque("s-"), clean_name(name)
        facts: dict[str, Json] = {"subject": service_id, "role": str(role)}
        sealed = self._append(EntryKind.ACCESS_GRANTED, facts, service_id, by, {"name": clean})
        made = Service(service_id, clean, role, parse_time(sealed.entry.at))
        self.store.add_service(made)
        return made

    def issue(
        self, service_id: str, *, scopes: Iterable[Scope], processes: Iterable[str], days: int, by: Granter
    ) -> Issued:
        """A new token of an open service; its text is in the answer and nowhere else.

        Raises:
            UnknownService, TokenDays: nothing was written.
        """
        service = self.open_service(service_id)
        if not 1 <= days <= MOST_DAYS:
            raise TokenDays
        now, token_id = self._clock(), new_opaque("t-")
        until = now + timedelta(days=days)
        wanted, places = frozenset(scopes), frozenset(processes)
        facts: dict[str, Json] = {
            "subject": service.id,
            "token": token_id,
            "scopes": [str(scope) for scope in sorted(wanted)],
            "until": format_time(until),
        }
        if places:
            facts["processes"] = list[Json](sorted(places))
        sealed = self._append(EntryKind.ACCESS_GRANTED, facts, token_id, by)
        made = Token(token_id, service.id, wanted, places, parse_time(sealed.entry.at), until)
        text = new_token()
        self.store.add_token(made, token_hash(text))
        return Issued(made, service, text)

    def revoke(self, token_id: str, by: Granter) -> Token:
        """End a token, from now on; ending it twice writes one entry.

        Raises:
            UnknownToken.
        """
        found = self.store.token(token_id)
        if found is None:
            raise UnknownToken(token_id)
        self.store.revoke(token_id, self._clock())
        self._append(EntryKind.ACCESS_REVOKED, {"subject": found.service, "token": token_id}, token_id, by)
        return self.store.token(token_id) or found

    def close(self, service_id: str, by: Granter) -> Service:
        """End a service with all its tokens.

        Raises:
            UnknownService.
        """
        service = self.open_service(service_id)
        for token in self.store.tokens():
            if token.service == service_id and token.revoked_at is None:
                self.revoke(token.id, by)
        self.store.close_service(service_id, self._clock())
        facts: dict[str, Json] = {"subject": service_id, "role": str(service.role)}
        self._append(EntryKind.ACCESS_REVOKED, facts, service_id, by)
        return service

    def open_service(self, service_id: str) -> Service:
        """An open service by id.

        Raises:
            UnknownService.
        """
        found = self.store.service(service_id)
        if found is None or found.closed_at is not None:
            raise UnknownService(service_id)
        return found

    def recognise(self, text: str) -> Caller | None:
        """Whose token a text is, if it opens anything now; the last use is noted about once a minute."""
        if not looks_like_token(text):
            return None
        now, caller = self._clock(), self.store.find(token_hash(text))
        if caller is None or caller.service.closed_at is not None or not caller.token.alive(now):
            return None
        used = caller.token.used_at
        if used is None or now - used >= USED_EVERY:
            self.store.used(caller.token.id, now)
        return caller

    def _append(
        self,
        kind: EntryKind,
        facts: dict[str, Json],
        what: str,
        by: Granter,
        data: dict[str, Json] | None = None,
    ) -> SealedEntry:
        payload: dict[str, Json] = {"via": via_json(by), **({"data": data} if data else {})}
        draft = EntryDraft(
            actor=by.id, role=by.role, kind=kind, facts={**facts, "via": by.via}, payload=payload
        )

        def compose(_history: Sequence[SealedEntry]) -> Composition:
            return Composition((draft,))

        key = f"api:{kind}:{what}"
        digest = hashlib.sha256(key.encode()).hexdigest()
        return self._ledger.append(ACCESS_CASE, compose, idempotency_key=key, request_digest=digest)[0]
