"""Who holds which post, from when to when: the adapter of `workflows.ports.Directory`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Engine, Table, insert, select, update

from evidence.entry import format_time
from storage.account_tables import account, backup, post_holder
from storage.accounts import changing
from storage.database import reading
from workflows.ports import Holder


class RetroactiveChange(Exception):
    """A post's history would be rewritten: the answer for a past moment must never change."""

    def __init__(self, post: str, since: str) -> None:
        super().__init__(f"{post} from {since}")
        self.post = post
        self.since = since


class SqlDirectory:
    """Posts and their holders, and who may stand in for whom, as dated rows that are only added or ended."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def holders(self, post: str, moment: datetime) -> tuple[Holder, ...]:
        """See the port."""
        query = (
            select(post_holder)
            .where(post_holder.c.post == post, _at(post_holder, moment))
            .order_by(post_holder.c.rank, post_holder.c.id)
        )
        with reading(self._engine) as connection:
            return tuple(
                Holder(row.actor, row.post, row.since, row.until) for row in connection.execute(query)
            )

    def everyone(self, moment: datetime) -> tuple[Holder, ...]:
        """Every holder of every post at a moment, by post and rank."""
        order = post_holder.c.post, post_holder.c.rank, post_holder.c.id
        query = select(post_holder).where(_at(post_holder, moment)).order_by(*order)
        with reading(self._engine) as connection:
            return tuple(
                Holder(row.actor, row.post, row.since, row.until) for row in connection.execute(query)
            )

    def actor_of(self, email: str) -> str:
        """See the port."""
        query = select(account.c.id).where(account.c.email == email.strip().lower())
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none() or ""

    def may_act_for(self, actor: str, principal: str, moment: datetime) -> bool:
        """See the port."""
        query = select(backup.c.id).where(
            backup.c.actor == actor, backup.c.principal == principal, _at(backup, moment)
        )
        with reading(self._engine) as connection:
            return connection.execute(query).first() is not None

    def appoint(self, post: str, actor: str, *, since: datetime, now: datetime, rank: int = 0) -> None:
        """Add a holder; ``rank`` 0 is the principal.

        Raises:
            RetroactiveChange: ``since`` is past and the post already has a history.
        """
        row = {"post": post, "actor": actor, "rank": rank, "since": format_time(since), "until": ""}
        with changing(self._engine) as connection:
            known = connection.execute(
                select(post_holder.c.id).where(post_holder.c.post == post, post_holder.c.rank == rank)
            ).first()
            if since < now and known is not None:
                raise RetroactiveChange(post, row["since"])  # type: ignore[arg-type]  # a str, by format_time
            connection.execute(insert(post_holder).values(row))

    def relieve(self, post: str, actor: str, *, until: datetime, now: datetime) -> bool:
        """End a holder's time, now or later; ``False`` when it was not running."""
        if until < now:
            raise RetroactiveChange(post, format_time(until))
        change = update(post_holder).where(
            post_holder.c.post == post, post_holder.c.actor == actor, post_holder.c.until == ""
        )
        with changing(self._engine) as connection:
            return connection.execute(change.values(until=format_time(until))).rowcount > 0

    def name_backup(self, actor: str, principal: str, *, since: datetime) -> None:
        """Let ``actor`` stand in for ``principal`` from ``since`` on; naming twice changes nothing."""
        row = {"actor": actor, "principal": principal, "since": format_time(since), "until": ""}
        with changing(self._engine) as connection:
            known = select(backup.c.id).where(
                backup.c.actor == actor, backup.c.principal == principal, backup.c.until == ""
            )
            if connection.execute(known).first() is None:
                connection.execute(insert(backup).values(row))


def _at(table: Table, moment: datetime) -> ColumnElement[bool]:
    instant = format_time(moment)
    return (table.c.since <= instant) & ((table.c.until == "") | (table.c.until > instant))
