"""The outbox in the database: `notifications.outbox.Outbox`, and errands of the ledger's own transactions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, and_, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from evidence.entry import format_time
from evidence.ports import Clock, Errand
from notifications.outbox import SETTLED, MailState, QueuedMail, mail_id
from storage.accounts import changing
from storage.database import reading
from storage.mail_tables import outgoing_file as attached
from storage.mail_tables import outgoing_mail as mail
from workflows.mailing import MAIL, Addressee, MailRequest

_ONCE = {
    "sqlite": sqlite.insert(mail).on_conflict_do_nothing().returning(mail.c.id),
    "postgresql": postgresql.insert(mail).on_conflict_do_nothing().returning(mail.c.id),
}
_OPEN = (str(MailState.WAITING), str(MailState.HANDING))
_MOST = 500


def keep_errands(connection: Connection, errands: Sequence[Errand], at: str) -> None:
    """Queue what a composition asks for, in the transaction that writes its entries.

    Raises:
        ValueError: an errand of an unknown kind; nothing is written then.
    """
    for errand in errands:
        if errand.kind != MAIL:
            raise ValueError(f"no errand is called {errand.kind!r}")
        connection.execute(
            _ONCE[connection.dialect.name], _new_row(MailRequest.of(errand.key, errand.body), at)
        )


class SqlOutbox:
    """See the port."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def enqueue(
        self, request: MailRequest, sealed: bytes = b"", files: Mapping[int, bytes] | None = None
    ) -> str:
        """See the port."""
        row = _new_row(request, format_time(self._clock())) | {"sealed": sealed}
        wanted = mail_id(request.key)
        kept = [
            {"mail_id": wanted, "place": place, "content": content}
            for place, content in (files or {}).items()
        ]
        with changing(self._engine) as connection:
            added = connection.execute(_ONCE[connection.dialect.name], row).first() is not None
            if added and kept:
                connection.execute(insert(attached), kept)
        return wanted

    def claim(self, owner: str, now: datetime, until: datetime, limit: int = 1) -> Sequence[QueuedMail]:
        """See the port. The lease is taken by one conditional change: of two senders one finds nothing to change."""
        instant = format_time(now)
        due = select(mail.c.id).where(mail.c.state.in_(_OPEN), mail.c.due_at <= instant, _free(instant))
        with reading(self._engine) as connection:
            found = connection.execute(due.order_by(mail.c.due_at, mail.c.id).limit(limit)).scalars().all()
        taken = (self.claim_one(wanted, owner, now, until) for wanted in found)
        return [item for item in taken if item is not None]

    def claim_one(self, wanted: str, owner: str, now: datetime, until: datetime) -> QueuedMail | None:
        """See the port."""
        mine = mail.c.id == wanted, mail.c.state.in_(_OPEN), _free(format_time(now))
        change = update(mail).where(*mine).values(owner=owner, leased_until=format_time(until))
        with changing(self._engine) as connection:
            if connection.execute(change).rowcount != 1:
                return None
            row = connection.execute(select(mail).where(mail.c.id == wanted)).one()
        return _mail(row)

    def hand(
        self, wanted: str, owner: str, dated_at: str, to: Sequence[Addressee] = (), locale: str = ""
    ) -> bool:
        """See the port."""
        values = {
            "state": str(MailState.HANDING),
            "dated_at": dated_at,
            "addressed": json.dumps([[who.address, who.name] for who in to], ensure_ascii=False),
            "locale": locale,
        }
        return self._change(wanted, owner, _running(self._clock()), **values)

    def accepted(self, wanted: str, owner: str, at: datetime, detail: str = "") -> bool:
        """See the port."""
        return self.settle(wanted, owner, MailState.SENT, at, "", detail)

    def postpone(self, wanted: str, owner: str, due: datetime, trouble: str, detail: str) -> bool:
        """See the port."""
        values = {"state": str(MailState.WAITING), "trouble": trouble, "detail": detail}
        return self._change(wanted, owner, **self._later(due), **values)

    def doubt(self, wanted: str, owner: str, due: datetime, detail: str) -> bool:
        """See the port."""
        values = {"state": str(MailState.HANDING), "trouble": "no_answer", "detail": detail, "doubt": True}
        return self._change(wanted, owner, **self._later(due), **values)

    def settle(
        self, wanted: str, owner: str, state: MailState, at: datetime, trouble: str, detail: str
    ) -> bool:
        """See the port."""
        done = self._change(
            wanted,
            owner,
            state=str(state),
            settled_at=format_time(at),
            trouble=trouble,
            detail=detail,
            leased_until="",
            owner="",
            told=state is MailState.CANCELLED,
            sealed=b"",
        )
        if done and state is MailState.CANCELLED:
            with changing(self._engine) as connection:
                connection.execute(delete(attached).where(attached.c.mail_id == wanted))
        return done

    def untold(self, limit: int = 20) -> Sequence[QueuedMail]:
        """See the port."""
        wanted = select(mail).where(mail.c.state.in_([str(item) for item in SETTLED]), mail.c.told.is_(False))
        return self._mails(wanted.order_by(mail.c.settled_at, mail.c.id).limit(limit))

    def tell(self, wanted: str) -> None:
        """See the port."""
        with changing(self._engine) as connection:
            row = connection.execute(select(mail).where(mail.c.id == wanted)).one_or_none()
            if row is None:
                return
            request = replace(MailRequest.of(row.request_key, row.body), context={})
            change = update(mail).where(mail.c.id == wanted)
            connection.execute(change.values(told=True, body=request.body()))
            connection.execute(delete(attached).where(attached.c.mail_id == wanted))

    def file(self, wanted: str, place: int) -> bytes | None:
        """See the port."""
        query = select(attached.c.content).where(attached.c.mail_id == wanted, attached.c.place == place)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none()

    def get(self, wanted: str) -> QueuedMail | None:
        """See the port."""
        found = self._mails(select(mail).where(mail.c.id == wanted))
        return found[0] if found else None

    def of_case(self, case: str) -> Sequence[QueuedMail]:
        """See the port."""
        wanted = select(mail).where(mail.c.case_id == case).order_by(mail.c.created_at, mail.c.id)
        return self._mails(wanted.limit(_MOST))

    def latest(self, limit: int = 100) -> Sequence[QueuedMail]:
        """See the port."""
        wanted = select(mail).order_by(mail.c.created_at.desc(), mail.c.id.desc())
        return self._mails(wanted.limit(max(1, min(limit, _MOST))))

    def purge(self, before: datetime) -> int:
        """See the port."""
        settled = mail.c.settled_at != "", mail.c.settled_at < format_time(before), mail.c.told.is_(True)
        with changing(self._engine) as connection:
            return connection.execute(delete(mail).where(*settled)).rowcount

    def _later(self, due: datetime) -> dict[str, Any]:
        return {
            "due_at": format_time(due),
            "attempts": mail.c.attempts + 1,
            "leased_until": "",
            "owner": "",
        }

    def _change(self, wanted: str, holder: str, *terms: Any, **values: Any) -> bool:
        mine = mail.c.id == wanted, mail.c.owner == holder, *terms
        with changing(self._engine) as connection:
            return connection.execute(update(mail).where(*mine).values(**values)).rowcount == 1

    def _mails(self, wanted: Select[Any]) -> list[QueuedMail]:
        with reading(self._engine) as connection:
            return [_mail(row) for row in connection.execute(wanted)]


def _free(instant: str) -> Any:
    """Nobody's, or somebody's whose lease has run out."""
    return or_(mail.c.owner == "", and_(mail.c.owner != "", mail.c.leased_until <= instant))


def _running(now: datetime) -> Any:
    return mail.c.leased_until > format_time(now)


def _new_row(request: MailRequest, at: str) -> dict[str, object]:
    empty = dict.fromkeys(("dated_at", "settled_at", "leased_until", "owner", "trouble", "detail"), "")
    return {
        "id": mail_id(request.key),
        "request_key": request.key,
        "case_id": request.case,
        "body": request.body(),
        "state": str(MailState.WAITING),
        "sealed": b"",
        "attempts": 0,
        "created_at": at,
        "due_at": at,
        "told": False,
        "doubt": False,
        **empty,
    }


def _mail(row: Row[Any]) -> QueuedMail:
    return QueuedMail(
        id=row.id,
        request=MailRequest.of(row.request_key, row.body),
        state=MailState(row.state),
        created_at=row.created_at,
        due_at=row.due_at,
        attempts=row.attempts,
        dated_at=row.dated_at,
        settled_at=row.settled_at,
        trouble=row.trouble,
        detail=row.detail,
        told=row.told,
        doubt=row.doubt,
        sealed=row.sealed,
        addressed=tuple(Addressee(address, name) for address, name in json.loads(row.addressed or "[]")),
        locale=row.locale,
    )
