"""Subscriptions and their messages in the database: the adapter of `notifications.hooks.HookStore`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from evidence.entry import format_time, parse_time
from notifications.hooks import Delivery, DeliveryState, Subscription
from storage.accounts import changing
from storage.api_tables import webhook, webhook_delivery
from storage.database import reading

_HOOK, _SENT = webhook.c, webhook_delivery.c
_NEWEST = (_SENT.created_at.desc(), _SENT.log_index.desc(), _SENT.id)


class SqlHooks:
    """See the port."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._upsert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    def add(self, made: Subscription) -> None:
        """See the port."""
        row = {
            "id": made.id,
            "service": made.service,
            "token": made.token,
            "url": made.url,
            "kinds": " ".join(made.kinds),
            "processes": " ".join(made.processes),
            "position": made.position,
            "created_at": format_time(made.created_at),
            "secret": made.secret,
            "former": b"",
            "former_until": "",
            "closed_at": "",
            "trouble": "",
        }
        with changing(self._engine) as connection:
            connection.execute(insert(webhook).values(row))

    def get(self, webhook_id: str) -> Subscription | None:
        """See the port."""
        with reading(self._engine) as connection:
            row = connection.execute(select(webhook).where(_HOOK.id == webhook_id)).one_or_none()
        return None if row is None else _subscription(row)

    def everything(self, *, live: bool = False) -> Sequence[Subscription]:
        """See the port."""
        wanted = select(webhook).order_by(_HOOK.created_at, _HOOK.id)
        if live:
            wanted = wanted.where(_HOOK.closed_at == "")
        with reading(self._engine) as connection:
            return [_subscription(row) for row in connection.execute(wanted)]

    def renew(self, webhook_id: str, token: str, secret: bytes, former: bytes, until: datetime) -> bool:
        """See the port."""
        change = update(webhook).where(_HOOK.id == webhook_id, _HOOK.closed_at == "")
        values = {"token": token, "secret": secret, "former": former, "former_until": format_time(until)}
        with changing(self._engine) as connection:
            return connection.execute(change.values(values)).rowcount == 1

    def close(self, webhook_id: str, at: datetime, trouble: str = "") -> bool:
        """See the port."""
        change = update(webhook).where(_HOOK.id == webhook_id, _HOOK.closed_at == "")
        waiting = update(webhook_delivery).where(
            _SENT.webhook == webhook_id, _SENT.state == str(DeliveryState.WAITING)
        )
        ended = {"state": str(DeliveryState.FAILED), "trouble": "closed", "settled_at": format_time(at)}
        values = {"closed_at": format_time(at), "trouble": trouble, "secret": b"", "former": b""}
        with changing(self._engine) as connection:
            if connection.execute(change.values(values)).rowcount != 1:
                return False
            connection.execute(waiting.values(ended))
            return True

    def queue(self, webhook_id: str, reached: int, position: int, made: Sequence[Delivery]) -> bool:
        """See the port. A negative place queues a message without moving anything."""
        change = update(webhook).where(_HOOK.id == webhook_id, _HOOK.closed_at == "")
        if reached >= 0:
            change = change.where(_HOOK.position == reached).values(position=position)
        else:
            change = change.values(position=_HOOK.position)
        fresh = self._upsert(webhook_delivery).on_conflict_do_nothing()
        with changing(self._engine) as connection:
            if connection.execute(change).rowcount != 1:
                return False
            if made:
                connection.execute(fresh, [_row(item) for item in made])
            return True

    def claim(self, owner: str, now: datetime, until: datetime, limit: int) -> Sequence[Delivery]:
        """See the port. Each is taken by one conditional change: of two couriers one finds nothing to change."""
        instant = format_time(now)
        free = (
            _SENT.state == str(DeliveryState.WAITING),
            _SENT.due_at <= instant,
            _SENT.leased_until <= instant,
        )
        due = select(_SENT.id).join(webhook, _HOOK.id == _SENT.webhook).where(*free, _HOOK.closed_at == "")
        with reading(self._engine) as connection:
            found = (
                connection.execute(due.order_by(_SENT.due_at, _SENT.log_index, _SENT.id).limit(limit))
                .scalars()
                .all()
            )
        taken = []
        for wanted in found:
            change = update(webhook_delivery).where(_SENT.id == wanted, *free)
            with changing(self._engine) as connection:
                leased = change.values(owner=owner, leased_until=format_time(until))
                if connection.execute(leased).rowcount == 1:
                    row = connection.execute(select(webhook_delivery).where(_SENT.id == wanted)).one()
                    taken.append(_delivery(row))
        return taken

    def settle(self, done: Delivery, owner: str, at: datetime) -> bool:
        """See the port."""
        waiting = done.state is DeliveryState.WAITING
        values = {
            "state": str(done.state),
            "attempts": done.attempts,
            "due_at": format_time(done.due_at),
            "settled_at": "" if waiting else format_time(at),
            "leased_until": "",
            "owner": "",
            "status": done.status,
            "trouble": done.trouble,
        }
        mine = update(webhook_delivery).where(_SENT.id == done.id, _SENT.owner == owner)
        with changing(self._engine) as connection:
            return connection.execute(mine.values(values)).rowcount == 1

    def deliveries(self, webhook_id: str, limit: int = 20) -> Sequence[Delivery]:
        """See the port."""
        wanted = select(webhook_delivery).where(_SENT.webhook == webhook_id)
        with reading(self._engine) as connection:
            rows = connection.execute(wanted.order_by(*_NEWEST).limit(limit))
            return [_delivery(row) for row in rows]

    def again(self, webhook_id: str, at: datetime) -> int:
        """See the port."""
        failed = update(webhook_delivery).where(
            _SENT.webhook == webhook_id, _SENT.state == str(DeliveryState.FAILED)
        )
        values = {
            "state": str(DeliveryState.WAITING),
            "attempts": 0,
            "due_at": format_time(at),
            "settled_at": "",
        }
        with changing(self._engine) as connection:
            return connection.execute(failed.values(values)).rowcount

    def purge(self, before: datetime) -> int:
        """See the port."""
        old = (_SENT.settled_at != "") & (_SENT.settled_at < format_time(before))
        with changing(self._engine) as connection:
            return connection.execute(delete(webhook_delivery).where(old)).rowcount


def _row(item: Delivery) -> dict[str, Any]:
    return {
        "id": item.id,
        "webhook": item.webhook,
        "log_index": item.index,
        "body": item.body,
        "state": str(item.state),
        "attempts": item.attempts,
        "created_at": format_time(item.created_at),
        "due_at": format_time(item.due_at),
        "settled_at": "",
        "leased_until": "",
        "owner": "",
        "status": item.status,
        "trouble": item.trouble,
    }


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        row.id,
        row.webhook,
        row.log_index,
        row.body,
        DeliveryState(row.state),
        row.attempts,
        parse_time(row.created_at),
        parse_time(row.due_at),
        row.status,
        row.trouble,
    )


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        service=row.service,
        token=row.token,
        url=row.url,
        kinds=tuple(row.kinds.split()),
        processes=tuple(row.processes.split()),
        position=row.position,
        created_at=parse_time(row.created_at),
        secret=row.secret,
        former=row.former,
        former_until=parse_time(row.former_until) if row.former_until else None,
        closed_at=parse_time(row.closed_at) if row.closed_at else None,
        trouble=row.trouble,
    )
