"""Requests, links and visits in the database: the adapter of `signing.store.LinkStore`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Update, delete, insert, or_, select, update

from evidence.entry import BlobRef, format_time
from signing.records import OPEN, Link, LinkItem, Purpose, Request, Status, Visit
from storage.accounts import changing
from storage.database import reading
from storage.link_tables import link_item, link_request, link_secret, link_visit, personal_link

_REQUEST = link_request.c
_VISIT = link_visit.c
ENDED = frozenset(Status) - OPEN - {Status.NEW}
"""A request in one of these has no secret any more: it goes in the very statement that ends the request."""
_OPEN = [str(status) for status in OPEN]
_LOOKED_AT = [str(Status.SIGNED), str(Status.RETURNED)]
_LINK_MEMBERS = ("token_hash", "id", "request", "signatory", "created_at", "expires_at", "fetches")


class SqlLinks:
    """See the port."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_request(self, request: Request) -> None:
        """See the port."""
        with changing(self._engine) as connection:
            connection.execute(insert(link_request).values(_request_row(request)))

    def request(self, request_id: str) -> Request | None:
        """See the port."""
        found = self._requests(_REQUEST.id == request_id, limit=1)
        return found[0] if found else None

    def of_case(self, folio: str) -> Sequence[Request]:
        """See the port."""
        return self._requests(_REQUEST.folio == folio, _REQUEST.status != str(Status.VOID))

    def waiting_for(self, signatory: str) -> Sequence[Request]:
        """See the port."""
        return self._requests(_REQUEST.signatory == signatory, _REQUEST.status.in_(_OPEN))

    def everything(self, *, waiting: bool, limit: int = 500) -> Sequence[Request]:
        """See the port."""
        wanted = _REQUEST.status.in_(_OPEN) if waiting else _REQUEST.status != str(Status.VOID)
        return self._requests(wanted, limit=limit, newest=True)

    def unseen(self) -> Sequence[Request]:
        """See the port."""
        return self._requests(_REQUEST.status == str(Status.RETURNED), _REQUEST.remind_at != "")

    def due(self, now: datetime, unfinished_before: datetime) -> Sequence[Request]:
        """See the port."""
        at, before = format_time(now), format_time(unfinished_before)
        pending = _REQUEST.status.in_([str(Status.PENDING), *_LOOKED_AT])
        return self._requests(
            or_(
                _REQUEST.status.in_(_OPEN) & (_REQUEST.expires_at <= at),
                pending & (_REQUEST.remind_at != "") & (_REQUEST.remind_at <= at),
                (_REQUEST.status == str(Status.NEW)) & (_REQUEST.created_at < before),
                (_REQUEST.status == str(Status.CLAIMED)) & (_REQUEST.claimed_at < before),
            )
        )

    def move(self, request_id: str, start: Sequence[Status], end: Status) -> bool:
        """See the port."""
        return self._change(
            _REQUEST.id == request_id, _REQUEST.status.in_([str(s) for s in start]), status=end
        )

    def claim(self, request: Request, claim: str, now: datetime, stale: datetime) -> bool:
        """See the port."""
        dead = (_REQUEST.status == str(Status.CLAIMED)) & (_REQUEST.claimed_at < format_time(stale))
        return self._change(
            _REQUEST.id == request.id,
            or_(_REQUEST.status == str(Status.PENDING), dead),
            _REQUEST.generation == request.generation,
            _REQUEST.digest == request.digest,
            _REQUEST.expires_at > format_time(now),
            status=Status.CLAIMED,
            claim=claim,
            claimed_at=format_time(now),
        )

    def release(self, request_id: str, claim: str, status: Status, again_at: str | None = None) -> bool:
        """See the port."""
        mine = _REQUEST.id == request_id, _REQUEST.claim == claim, _REQUEST.status == str(Status.CLAIMED)
        later = {} if again_at is None else {"remind_at": again_at}
        return self._change(*mine, status=status, claim="", claimed_at="", **later)

    def renew(self, request_id: str, signatory: str = "", details: Mapping[str, str] | None = None) -> bool:
        """See the port."""
        values: dict[str, Any] = {"generation": _REQUEST.generation + 1}
        if details is not None:
            values["details"] = json.dumps(dict(details)).encode()
        if signatory:
            values["signatory"] = signatory
        waits = _REQUEST.status.in_([str(Status.NEW), str(Status.PENDING)])
        return self._change(_REQUEST.id == request_id, waits, **values)

    def remind(self, request_id: str, expected: str, following: str) -> bool:
        """See the port."""
        same = _REQUEST.id == request_id, _REQUEST.remind_at == expected
        waits = _REQUEST.status == str(Status.PENDING)
        return self._change(*same, waits, remind_at=following, reminders=_REQUEST.reminders + 1)

    def again(self, request_id: str, expected: str, following: str) -> bool:
        """See the port."""
        same = _REQUEST.id == request_id, _REQUEST.remind_at == expected
        return self._change(*same, _REQUEST.status.in_(_LOOKED_AT), remind_at=following)

    def add_link(self, link: Link, items: Sequence[LinkItem]) -> None:
        """See the port."""
        row = {name: getattr(link, name) for name in _LINK_MEMBERS} | {"purpose": str(link.purpose)}
        rows = [
            {
                "token_hash": item.token_hash,
                "position": n,
                "request": item.request,
                "digest": item.digest,
                "generation": item.generation,
            }
            for n, item in enumerate(items)
        ]
        with changing(self._engine) as connection:
            connection.execute(insert(personal_link).values(row))
            connection.execute(insert(link_item), rows)

    def link(self, token_hash: str) -> Link | None:
        """See the port."""
        query = select(personal_link).where(personal_link.c.token_hash == token_hash)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return Link(purpose=Purpose(row.purpose), **{name: getattr(row, name) for name in _LINK_MEMBERS})

    def items(self, token_hash: str) -> Sequence[LinkItem]:
        """See the port."""
        query = select(link_item).where(link_item.c.token_hash == token_hash).order_by(link_item.c.position)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [LinkItem(row.token_hash, row.request, row.digest, row.generation) for row in rows]

    def count_fetch(self, token_hash: str) -> int:
        """See the port."""
        change = (
            update(personal_link)
            .where(personal_link.c.token_hash == token_hash)
            .values(fetches=personal_link.c.fetches + 1)
            .returning(personal_link.c.fetches)
        )
        with changing(self._engine) as connection:
            return int(connection.execute(change).scalar_one_or_none() or 0)

    def add_visit(self, visit: Visit) -> None:
        """See the port."""
        row = {column.name: getattr(visit, column.name) for column in _VISIT}
        with changing(self._engine) as connection:
            connection.execute(insert(link_visit).values(row))

    def visit(self, visit_id: str) -> Visit | None:
        """See the port."""
        with reading(self._engine) as connection:
            row = connection.execute(select(link_visit).where(_VISIT.id == visit_id)).one_or_none()
        return _visit(row) if row is not None else None

    def callers(self, request_id: str, now: datetime) -> Sequence[Visit]:
        """See the port."""
        query = (
            select(link_visit)
            .join(link_item, link_item.c.token_hash == _VISIT.token_hash)
            .where(
                link_item.c.request == request_id,
                _VISIT.call != "",
                _VISIT.factor == "",
                _VISIT.expires_at > format_time(now),
            )
            .order_by(_VISIT.opened_at.desc(), _VISIT.id)
        )
        with reading(self._engine) as connection:
            return [_visit(row) for row in connection.execute(query)]

    def call(self, visit_id: str, reference: str) -> None:
        """See the port."""
        self._visited(_VISIT.id == visit_id, _VISIT.call == "", call=reference)

    def set_code(self, visit_id: str, code_id: str, code_hash: str, until: str) -> bool:
        """See the port."""
        asks = _VISIT.id == visit_id, _VISIT.call != "", _VISIT.factor == ""
        return self._visited(*asks, code_id=code_id, code_hash=code_hash, code_until=until, code_tries=0)

    def try_code(self, visit_id: str, most: int) -> int:
        """See the port."""
        change = (
            update(link_visit)
            .where(_VISIT.id == visit_id, _VISIT.code_tries < most)
            .values(code_tries=_VISIT.code_tries + 1)
            .returning(_VISIT.code_tries)
        )
        with changing(self._engine) as connection:
            return int(connection.execute(change).scalar_one_or_none() or 0)

    def verified(self, visit_id: str, code_id: str, factor: str) -> bool:
        """See the port."""
        same = _VISIT.id == visit_id, _VISIT.code_id == code_id, _VISIT.code_hash != ""
        return self._visited(*same, factor=factor, code_hash="", code_until="")

    def prove(self, visit_id: str, factor: str) -> bool:
        """See the port. A code that was read out meanwhile ends."""
        return self._visited(_VISIT.id == visit_id, factor=factor, code_hash="", code_until="")

    def purge(self, before: datetime) -> int:
        """See the port. Requests stay: lists show how they ended."""
        at = format_time(before)
        with changing(self._engine) as connection:
            gone = connection.execute(delete(link_visit).where(_VISIT.expires_at < at)).rowcount
            old = select(personal_link.c.token_hash).where(personal_link.c.expires_at < at)
            for table in (link_visit, link_item, personal_link):
                gone += connection.execute(delete(table).where(table.c.token_hash.in_(old))).rowcount
            return gone

    def _requests(
        self, *wanted: ColumnElement[bool], limit: int = 10_000, newest: bool = False
    ) -> list[Request]:
        order = [_REQUEST.created_at, _REQUEST.id]
        ordered = [column.desc() for column in order] if newest else order
        query = select(link_request).where(*wanted).order_by(*ordered).limit(limit)
        with reading(self._engine) as connection:
            return [_request(row) for row in connection.execute(query)]

    def _change(self, *wanted: ColumnElement[bool], **values: Any) -> bool:
        plain = {k: str(v) if isinstance(v, Status) else v for k, v in values.items()}
        with changing(self._engine) as connection:
            changed = connection.execute(update(link_request).where(*wanted).values(plain)).rowcount == 1
            if changed and values.get("status", Status.PENDING) in ENDED:
                connection.execute(_emptied(wanted))
            return changed

    def _visited(self, *wanted: ColumnElement[bool], **values: Any) -> bool:
        with changing(self._engine) as connection:
            return connection.execute(update(link_visit).where(*wanted).values(values)).rowcount == 1


def _emptied(wanted: Sequence[ColumnElement[bool]]) -> Update:
    """Destroy the secret of a request that ended; its row stays until the case was told."""
    ended = select(_REQUEST.id).where(wanted[0])
    return update(link_secret).where(link_secret.c.request.in_(ended)).values(content=b"")


def _request_row(request: Request) -> dict[str, object]:
    own = ("document", "details", "digest", "purpose", "status")
    row = {column.name: getattr(request, column.name) for column in _REQUEST if column.name not in own}
    return row | {
        "document": json.dumps(request.document.as_json()).encode(),
        "details": json.dumps(dict(request.details)).encode(),
        "digest": request.digest,
        "purpose": str(request.purpose),
        "status": str(request.status),
    }


def _request(row: Row[Any]) -> Request:
    found = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    own = ("document", "details", "digest", "purpose", "status")
    return Request(
        document=BlobRef(**json.loads(row.document)),
        details=json.loads(row.details),
        purpose=Purpose(row.purpose),
        status=Status(row.status),
        **{str(name): value for name, value in found.items() if name not in own},
    )


def _visit(row: Row[Any]) -> Visit:
    return Visit(**{column.name: getattr(row, column.name) for column in _VISIT})
