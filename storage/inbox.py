"""Mails that arrived, in the database: `notifications.inbox.Inbox`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from evidence.canonical import canonical_bytes
from evidence.entry import format_time
from notifications.inbox import Answer, IncomingMail, IncomingState, Match
from storage.accounts import changing
from storage.database import reading
from storage.mail_tables import incoming_mail as mail
from storage.mail_tables import mailbox_position as place

_ONCE = {
    "sqlite": sqlite.insert(mail).on_conflict_do_nothing().returning(mail.c.id),
    "postgresql": postgresql.insert(mail).on_conflict_do_nothing().returning(mail.c.id),
}
_COLUMNS = [column for column in mail.c if column.name != "raw"]
_WAITING = mail.c.state == str(IncomingState.WAITING)


class SqlInbox:
    """See the port."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def position(self, mailbox: str) -> tuple[int, int]:
        """See the port."""
        with reading(self._engine) as connection:
            row = connection.execute(select(place).where(place.c.mailbox == mailbox)).one_or_none()
        return (row.validity, row.uid) if row is not None else (0, 0)

    def keep(self, mail: IncomingMail, raw: bytes, position: tuple[int, int]) -> bool:
        """See the port."""
        with changing(self._engine) as connection:
            added = (
                connection.execute(_ONCE[connection.dialect.name], _new_row(mail, raw)).first() is not None
            )
            _advance(connection, mail.mailbox, position)
        return added

    def advance(self, mailbox: str, position: tuple[int, int]) -> None:
        """See the port."""
        with changing(self._engine) as connection:
            _advance(connection, mailbox, position)

    def raw(self, wanted: str) -> bytes | None:
        """See the port."""
        with reading(self._engine) as connection:
            found = connection.execute(select(mail.c.raw).where(mail.c.id == wanted)).scalar_one_or_none()
        return found or None

    def get(self, wanted: str) -> IncomingMail | None:
        """See the port."""
        found = self._mails(select(*_COLUMNS).where(mail.c.id == wanted))
        return found[0] if found else None

    def of_message(self, message_id: str) -> Sequence[IncomingMail]:
        """See the port."""
        if not message_id:
            return []
        wanted = select(*_COLUMNS).where(mail.c.message_id == message_id)
        return self._mails(wanted.order_by(mail.c.arrived_at, mail.c.id).limit(20))

    def waiting(self, limit: int = 100) -> Sequence[IncomingMail]:
        """See the port."""
        wanted = select(*_COLUMNS).where(_WAITING).order_by(mail.c.arrived_at, mail.c.id)
        return self._mails(wanted.limit(max(1, min(limit, 500))))

    def latest(self, limit: int = 100) -> Sequence[IncomingMail]:
        """See the port."""
        wanted = select(*_COLUMNS).order_by(mail.c.arrived_at.desc(), mail.c.id)
        return self._mails(wanted.limit(max(1, min(limit, 500))))

    def count_waiting(self) -> int:
        """See the port."""
        with reading(self._engine) as connection:
            return int(
                connection.execute(select(func.count()).select_from(mail).where(_WAITING)).scalar_one()
            )

    def of_case(self, folio: str) -> Sequence[IncomingMail]:
        """See the port."""
        wanted = select(*_COLUMNS).where(_WAITING, mail.c.case_id == folio)
        return self._mails(wanted.order_by(mail.c.arrived_at, mail.c.id).limit(20))

    def settle(
        self, wanted: str, state: IncomingState, *, case: str, by: str, note: str, at: datetime
    ) -> bool:
        """See the port."""
        values: dict[str, Any] = {
            "state": str(state),
            "case_id": case,
            "settled_by": by,
            "note": note,
            "settled_at": format_time(at),
        }
        if state in {IncomingState.FILED, IncomingState.BOUNCE}:
            values["raw"] = b""
        # Almost every file that is sealed was no mail that waits: none of those is to stand in the line of writers.
        with reading(self._engine) as connection:
            if connection.execute(select(mail.c.id).where(mail.c.id == wanted, _WAITING)).first() is None:
                return False
        change = update(mail).where(mail.c.id == wanted, _WAITING).values(**values)
        with changing(self._engine) as connection:
            return connection.execute(change).rowcount == 1

    def purge(self, before: datetime) -> int:
        """See the port."""
        old = mail.c.settled_at != "", mail.c.settled_at < format_time(before)
        with changing(self._engine) as connection:
            return connection.execute(delete(mail).where(*old)).rowcount

    def _mails(self, wanted: Select[Any]) -> list[IncomingMail]:
        with reading(self._engine) as connection:
            return [_mail(row) for row in connection.execute(wanted)]


def _advance(connection: Connection, mailbox: str, position: tuple[int, int]) -> None:
    """Never back within one UIDVALIDITY: two readers of one mailbox end at the farther place."""
    validity, uid = position
    held = connection.execute(select(place).where(place.c.mailbox == mailbox).with_for_update()).one_or_none()
    if held is None:
        made = sqlite.insert(place) if connection.dialect.name == "sqlite" else postgresql.insert(place)
        row = {"mailbox": mailbox, "validity": validity, "uid": uid}
        connection.execute(made.on_conflict_do_nothing(), row)
    elif held.validity != validity or held.uid < uid:
        change = update(place).where(place.c.mailbox == mailbox)
        connection.execute(change.values(validity=validity, uid=uid))


def _new_row(found: IncomingMail, raw: bytes) -> dict[str, object]:
    return {
        "id": found.id,
        "mailbox": found.mailbox,
        "uid": found.uid,
        "message_id": found.message_id,
        "arrived_at": found.arrived_at,
        "raw": raw,
        "size": found.size,
        "about": canonical_bytes(dict(found.about)),
        "facts": canonical_bytes(dict(found.facts)),
        "matches": canonical_bytes([[item.folio, item.why] for item in found.matches]),
        "answer": canonical_bytes(asdict(found.answer)) if found.answer else b"",
        "state": str(found.state),
        "case_id": found.case or (found.matches[0].folio if found.matches else ""),
        "settled_at": found.settled_at,
        "settled_by": found.settled_by,
        "note": found.note,
        "twin": found.twin,
    }


def _mail(row: Row[Any]) -> IncomingMail:
    return IncomingMail(
        id=row.id,
        mailbox=row.mailbox,
        uid=row.uid,
        message_id=row.message_id,
        arrived_at=row.arrived_at,
        about=json.loads(row.about),
        facts=json.loads(row.facts),
        matches=tuple(Match(folio, why) for folio, why in json.loads(row.matches)),
        answer=Answer(**json.loads(row.answer)) if row.answer else None,
        state=IncomingState(row.state),
        case=row.case_id,
        settled_at=row.settled_at,
        settled_by=row.settled_by,
        note=row.note,
        twin=row.twin,
        size=row.size,
    )
