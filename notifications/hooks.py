"""Webhooks: what another system is told of the log, signed as Standard Webhooks 1.0 asks, through an outbox of its own.

A message says which entry there is (folio, seq, kind, place in the log) and nothing of what it says: who wants more
asks the API. Entries become messages by following the log, so that none is lost and none invented; the place a
subscription has reached moves in the same transaction that queues its messages.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from evidence.entry import EntryKind, SealedEntry

PING = "constancia.ping"
"""The type of the message that only tries whether the other side hears."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix Standard Webhooks gives to secrets
OVERLAP = timedelta(hours=24)
"""How long messages are also signed with the secret before, once it was replaced."""

RETRIES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Pauses after failed attempts, as Standard Webhooks proposes: some three days; then the message is given up."""

_SUBJECTS = frozenset(
    "case evidence step timer signature document return answer secret review link mail".split()
)
KINDS = tuple(str(kind) for kind in EntryKind if str(kind).partition(".")[0] in _SUBJECTS)
"""What may be subscribed to: what happens in cases."""


class DeliveryState(StrEnum):
    """How far a message has got."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Unheard(Exception):
    """The other side could not be reached as HTTP asks, or must not be spoken to; ``code`` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


Send = Callable[[str, bytes, Mapping[str, str]], int]
"""From address, body and headers to the status of the answer; never follows a redirect. Raises `Unheard`."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who is told what, where. ``position`` is the next index of the log to be looked at.

    It lives by ``token``: while that one is dead nothing is queued and nothing sent. ``former`` (sealed) also signs
    until ``former_until``. ``trouble`` is why it was ended by itself.
    """

    id: str
    service: str
    token: str
    url: str
    kinds: tuple[str, ...]
    processes: tuple[str, ...]
    position: int
    created_at: datetime
    secret: bytes
    former: bytes = b""
    former_until: datetime | None = None
    closed_at: datetime | None = None
    trouble: str = ""

    def wants(self, sealed: SealedEntry) -> bool:
        """Whether an entry is among what was subscribed to."""
        entry = sealed.entry
        if str(entry.kind) not in self.kinds or ":" in entry.case:
            return False
        return not self.processes or entry.case.startswith(tuple(f"{item}-" for item in self.processes))


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to one subscription. ``index`` is its entry's place in the log, -1 for a trial; times are aware."""

    id: str
    webhook: str
    index: int
    body: bytes
    state: DeliveryState
    attempts: int
    created_at: datetime
    due_at: datetime
    status: int = 0
    trouble: str = ""


class HookStore(Protocol):
    """Durable, shared by every worker. Errors: `evidence.ports.StoreUnavailable`, then nothing has changed."""

    def add(self, made: Subscription) -> None:
        """Keep a new subscription."""
        ...

    def get(self, webhook_id: str) -> Subscription | None:
        """A subscription by id, closed or not."""
        ...

    def everything(self, *, live: bool = False) -> Sequence[Subscription]:
        """All of them, or those not closed, the oldest first."""
        ...

    def renew(self, webhook_id: str, token: str, secret: bytes, former: bytes, until: datetime) -> bool:
        """Another secret and token; ``False`` where it is closed."""
        ...

    def close(self, webhook_id: str, at: datetime, trouble: str = "") -> bool:
        """End it, with what still waits; ``False`` where it was not open."""
        ...

    def queue(self, webhook_id: str, reached: int, position: int, made: Sequence[Delivery]) -> bool:
        """Keep messages and move the place from ``reached`` to ``position``, both or neither; ``False``: it moved."""
        ...

    def claim(self, owner: str, now: datetime, until: datetime, limit: int) -> Sequence[Delivery]:
        """Take messages that are due and nobody's, of open subscriptions; they are the owner's until then."""
        ...

    def settle(self, done: Delivery, owner: str, at: datetime) -> bool:
        """What became of a claimed message; ``False`` where it was somebody else's meanwhile."""
        ...

    def deliveries(self, webhook_id: str, limit: int = 20) -> Sequence[Delivery]:
        """The last messages of a subscription, the newest first."""
        ...

    def again(self, webhook_id: str, at: datetime) -> int:
        """Let what was given up be tried anew; returns how many."""
        ...

    def purge(self, before: datetime) -> int:
        """Forget messages settled before; returns how many."""
        ...


def new_secret() -> str:
    """A fresh secret: 256 random bits, in the form Standard Webhooks gives them."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signed(message: str, at: datetime, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """The headers of a message: its id, the moment of this attempt, and a signature by each secret."""
    stamp = str(int(at.timestamp()))
    content = b".".join((message.encode(), stamp.encode(), body))
    marks = []
    for key in keys:
        raw = base64.b64decode(key.removeprefix(SECRET_PREFIX))
        mark = base64.b64encode(hmac.new(raw, content, hashlib.sha256).digest()).decode()
        marks.append(f"v1,{mark}")
    return {"webhook-id": message, "webhook-timestamp": stamp, "webhook-signature": " ".join(marks)}


def message_of(webhook: Subscription, sealed: SealedEntry, now: datetime) -> Delivery:
    """The message about an entry; its id follows from subscription and place, so that it is never another one."""
    entry, index = sealed.entry, sealed.index or 0
    data = {"folio": entry.case, "seq": entry.seq, "kind": str(entry.kind), "index": index}
    body = {"type": str(entry.kind), "timestamp": entry.at, "data": data}
    digest = hashlib.sha256(f"constancia/v1/webhook\n{webhook.id}\n{index}".encode()).hexdigest()
    return Delivery(f"msg_{digest[:32]}", webhook.id, index, _json(body), DeliveryState.WAITING, 0, now, now)


def ping_of(webhook: Subscription, stamp: str, now: datetime) -> Delivery:
    """A message that tries whether the other side hears."""
    body = {"type": PING, "timestamp": stamp, "data": {"webhook": webhook.id}}
    made = f"msg_{secrets.token_hex(16)}"
    return Delivery(made, webhook.id, -1, _json(body), DeliveryState.WAITING, 0, now, now)


def _json(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
