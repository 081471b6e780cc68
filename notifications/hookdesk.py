"""The desk of webhooks: subscriptions with their entries, messages made from the log, and the courier that takes them.

A subscription is a standing access of another system, so its beginning and end are entries of `system:access`. The
address is in no entry, since addresses may carry secrets of the other side; its host is in the payload.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from evidence.canonical import Json
from evidence.entry import EntryDraft, EntryKind, SealedEntry, format_time
from evidence.ports import Clock, Composition, LedgerStore
from identity.access import ACCESS_CASE, Granter, via_json
from identity.accounts import new_opaque
from identity.tokens import Caller, Scope, Token, TokenStore
from notifications.hooks import (
    OVERLAP,
    RETRIES,
    Delivery,
    DeliveryState,
    HookStore,
    Send,
    Subscription,
    Unheard,
    message_of,
    new_secret,
    ping_of,
    signed,
)
from notifications.secretbox import SecretBox

LEASE = timedelta(minutes=5)
"""Longer than the slowest answers to what is claimed at once take."""
_CLAIMED = 5
_AT_ONCE = 500
_GONE = 410


class UnknownHook(Exception):
    """No open subscription of that id belongs to the service."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription at the one moment its secret is known."""

    webhook: Subscription
    secret: str


class HookDesk:
    """Begins, renews and ends subscriptions, and does the rounds."""

    def __init__(
        self, ledger: LedgerStore, store: HookStore, tokens: TokenStore, box: SecretBox, clock: Clock
    ) -> None:
        self._ledger = ledger
        self.store = store
        self._tokens = tokens
        self._box = box
        self._clock = clock

    def subscribe(self, caller: Caller, url: str, kinds: Sequence[str]) -> Subscribed:
        """A new subscription from the next entry of the log on."""
        hook_id, secret = new_opaque("w-"), new_secret()
        by = Granter(caller.service.id, str(caller.service.role), "api")
        wanted = tuple(sorted(set(kinds)))
        facts: dict[str, Json] = {"webhook": hook_id, "token": caller.token.id, "kinds": list(wanted)}
        if caller.token.processes:
            facts["processes"] = list[Json](sorted(caller.token.processes))
        position = self._ledger.tree_size()
        self._append(
            EntryKind.ACCESS_GRANTED, caller.service.id, hook_id, facts, by, urlsplit(url).hostname or ""
        )
        made = Subscription(
            hook_id,
            caller.service.id,
            caller.token.id,
            url,
            wanted,
            tuple(sorted(caller.token.processes)),
            position,
            self._clock(),
            self._box.seal(hook_id, {"secret": secret}),
        )
        self.store.add(made)
        return Subscribed(made, secret)

    def renew(self, caller: Caller, hook_id: str) -> Subscribed:
        """Another secret, which signs beside the one before for a day; the subscription lives by this token now.

        Raises:
            UnknownHook.
        """
        found, secret = self.own(caller, hook_id), new_secret()
        until = self._clock() + OVERLAP
        sealed = self._box.seal(hook_id, {"secret": secret})
        if not self.store.renew(hook_id, caller.token.id, sealed, found.secret, until):
            raise UnknownHook(hook_id)
        return Subscribed(self.store.get(hook_id) or found, secret)

    def close(self, hook_id: str, by: Granter) -> None:
        """End a subscription.

        Raises:
            UnknownHook.
        """
        found = self.store.get(hook_id)
        if found is None or not self.store.close(hook_id, self._clock()):
            raise UnknownHook(hook_id)
        self._append(EntryKind.ACCESS_REVOKED, found.service, hook_id, {"webhook": hook_id}, by)

    def ping(self, caller: Caller, hook_id: str) -> Delivery:
        """Queue a message that only tries.

        Raises:
            UnknownHook.
        """
        found, now = self.own(caller, hook_id), self._clock()
        made = ping_of(found, format_time(now), now)
        if not self.store.queue(hook_id, -1, -1, (made,)):
            raise UnknownHook(hook_id)
        return made

    def own(self, caller: Caller, hook_id: str) -> Subscription:
        """An open subscription of the caller's service.

        Raises:
            UnknownHook.
        """
        found = self.store.get(hook_id)
        if found is None or found.service != caller.service.id or found.closed_at is not None:
            raise UnknownHook(hook_id)
        return found

    def alive(self, webhook: Subscription) -> bool:
        """Whether its token still opens this: not ended, of an open service, with the scope."""
        return self._token_of(webhook) is not None

    def feed(self) -> int:
        """Queue what the log has that subscriptions want and their tokens are for; returns how many messages."""
        size, queued = self._ledger.tree_size(), 0
        for webhook in self.store.everything(live=True):
            token = self._token_of(webhook) if webhook.position < size else None
            if token is None:
                continue
            stop, now = min(size, webhook.position + _AT_ONCE), self._clock()
            made = [
                message_of(webhook, sealed, now)
                for sealed in self._ledger.entries(webhook.position, stop)
                if webhook.wants(sealed) and token.covers_case(sealed.entry.case)
            ]
            if self.store.queue(webhook.id, webhook.position, stop, made):
                queued += len(made)
        return queued

    def deliver(self, send: Send) -> int:
        """Send whatever is due when this begins; returns how many messages were taken by the other side.

        Who does not answer at all is waited for once: what else is due to them waits for the next round, so that a
        dead receiver keeps nobody else's messages.
        """
        owner, begun, heard = secrets.token_hex(8), self._clock(), 0
        silent: set[str] = set()
        while items := self.store.claim(owner, begun, self._clock() + LEASE, _CLAIMED):
            for item in items:
                webhook = self.store.get(item.webhook)
                if webhook is None or webhook.closed_at is not None:
                    continue
                done = self._carried(webhook, item, send, silent)
                self.store.settle(done, owner, self._clock())
                heard += done.state is DeliveryState.DELIVERED
                if done.state is DeliveryState.FAILED and done.status == _GONE:
                    self._gone(webhook)
        return heard

    def _carried(self, webhook: Subscription, item: Delivery, send: Send, silent: set[str]) -> Delivery:
        if not self.alive(webhook):
            return replace(item, due_at=self._clock() + RETRIES[1], trouble="token")
        if webhook.id in silent:
            return replace(item, due_at=self._clock() + RETRIES[0])
        done = self._attempt(webhook, item, send)
        if not done.status:
            silent.add(webhook.id)
        return done

    def _token_of(self, webhook: Subscription) -> Token | None:
        token, service = self._tokens.token(webhook.token), self._tokens.service(webhook.service)
        if token is None or service is None or service.closed_at is not None:
            return None
        return token if token.alive(self._clock()) and Scope.WEBHOOKS in token.scopes else None

    def _attempt(self, webhook: Subscription, item: Delivery, send: Send) -> Delivery:
        now = self._clock()
        headers = signed(item.id, now, item.body, self._secrets(webhook, now))
        status, trouble = 0, ""
        try:
            status = send(webhook.url, item.body, headers)
        except Unheard as error:
            trouble = error.code
        if 200 <= status < 300:
            return replace(
                item, state=DeliveryState.DELIVERED, attempts=item.attempts + 1, status=status, trouble=""
            )
        failed = replace(item, attempts=item.attempts + 1, status=status, trouble=trouble or "status")
        if item.attempts >= len(RETRIES) or status == _GONE:
            return replace(failed, state=DeliveryState.FAILED)
        return replace(failed, due_at=now + RETRIES[item.attempts])

    def _secrets(self, webhook: Subscription, now: datetime) -> list[str]:
        sealed = [webhook.secret]
        if webhook.former and webhook.former_until is not None and now < webhook.former_until:
            sealed.append(webhook.former)
        return [self._box.open(webhook.id, item)["secret"] for item in sealed]

    def _gone(self, webhook: Subscription) -> None:
        """The other side says that nobody is there any more, for good (Standard Webhooks: 410)."""
        if self.store.close(webhook.id, self._clock(), "gone"):
            facts: dict[str, Json] = {"webhook": webhook.id}
            by = Granter(via="system")
            self._append(EntryKind.ACCESS_REVOKED, webhook.service, webhook.id, facts, by)

    def _append(
        self, kind: EntryKind, service: str, hook_id: str, facts: dict[str, Json], by: Granter, host: str = ""
    ) -> None:
        payload: dict[str, Json] = {"via": via_json(by), **({"data": {"host": host}} if host else {})}
        told: dict[str, Json] = {"subject": service, **facts, "via": by.via}
        draft = EntryDraft(actor=by.id, role=by.role, kind=kind, facts=told, payload=payload)

        def compose(_history: Sequence[SealedEntry]) -> Composition:
            return Composition((draft,))

        key = f"webhook:{kind}:{hook_id}"
        digest = hashlib.sha256(key.encode()).hexdigest()
        self._ledger.append(ACCESS_CASE, compose, idempotency_key=key, request_digest=digest)
