"""Who holds which post, from when to when: the adapter of `workflows.ports.Directory`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, Table, insert, select, update

from evidence.entry import format_time
from identity.contacts import Contact
from identity.posts import Appointment
from storage.account_tables import account, backup, contact, post_holder
from storage.accounts import changing
from storage.database import reading
from workflows.ports import Holder


class RetroactiveChange(Exception):
    """A post's history would be rewritten: the answer for a past moment must never change."""

    def __init__(self, post: str, since: str) -> None:
        super().__init__(f"{post} from {since}")
        self.post = post
        self.since = since


_AT_ONCE = 500
"""Addresses one query asks about: databases bound how many values a statement may have."""


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
        return self.actors_of((email,)).get(email, "")

    def actors_of(self, emails: Collection[str]) -> Mapping[str, str]:
        """See the port."""
        wanted = {email: email.strip().lower() for email in emails}
        addresses = sorted({address for address in wanted.values() if address})
        found: dict[str, str] = {}
        with reading(self._engine) as connection:
            for start in range(0, len(addresses), _AT_ONCE):
                part = addresses[start : start + _AT_ONCE]
                for table in (contact, account):  # an account counts before a contact of the same address
                    query = select(table.c.email, table.c.id).where(table.c.email.in_(part))
                    found.update((row.email, str(row.id)) for row in connection.execute(query))
        return {email: found[address] for email, address in wanted.items() if address in found}

    def may_act_for(self, actor: str, principal: str, moment: datetime) -> bool:
        """See the port."""
        query = select(backup.c.id).where(
            backup.c.actor == actor, backup.c.principal == principal, _at(backup, moment)
        )
        with reading(self._engine) as connection:
            return connection.execute(query).first() is not None

    def appointed(self, actor: str, principal: str, moment: datetime) -> bool:
        """See the port."""
        query = select(backup.c.id).where(
            backup.c.actor == actor,
            backup.c.principal == principal,
            backup.c.paper != "",
            _at(backup, moment),
        )
        with reading(self._engine) as connection:
            return connection.execute(query).first() is not None

    def appointments(self) -> tuple[Appointment, ...]:
        """Every time in a post there was, is or will be, by post, rank and date."""
        order = post_holder.c.post, post_holder.c.rank, post_holder.c.since, post_holder.c.id
        with reading(self._engine) as connection:
            return tuple(
                Appointment(row.actor, row.since, row.until, post=row.post, rank=row.rank, paper=row.paper)
                for row in connection.execute(select(post_holder).order_by(*order))
            )

    def backups(self) -> tuple[Appointment, ...]:
        """Everybody who may, could or will be able to stand in for somebody, by principal and date."""
        order = backup.c.principal, backup.c.since, backup.c.id
        with reading(self._engine) as connection:
            return tuple(
                Appointment(row.actor, row.since, row.until, principal=row.principal, paper=row.paper)
                for row in connection.execute(select(backup).order_by(*order))
            )

    def appoint(
        self, post: str, actor: str, *, since: datetime, now: datetime, rank: int = 0, paper: str = ""
    ) -> None:
        """Add a holder; ``rank`` 0 is the principal.

        Raises:
            RetroactiveChange: ``since`` is past and the post already has a history.
        """
        row = {
            "post": post,
            "actor": actor,
            "rank": rank,
            "since": format_time(since),
            "until": "",
            "paper": paper,
        }
        same = [post_holder.c[name] == row[name] for name in ("post", "actor", "rank", "since")]
        with changing(self._engine) as connection:
            if connection.execute(select(post_holder.c.id).where(*same)).first() is not None:
                return  # a command repeated: the row is there, its entry was not
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

    def name_backup(self, actor: str, principal: str, *, since: datetime, paper: str = "") -> None:
        """Let ``actor`` stand in for ``principal`` from ``since`` on; naming twice changes nothing but the paper."""
        row = {
            "actor": actor,
            "principal": principal,
            "since": format_time(since),
            "until": "",
            "paper": paper,
        }
        running = backup.c.actor == actor, backup.c.principal == principal, backup.c.until == ""
        with changing(self._engine) as connection:
            known = connection.execute(select(backup.c.id, backup.c.paper).where(*running)).first()
            if known is not None and paper and not known.paper:  # from now on with a paper, until now without
                connection.execute(update(backup).where(*running).values(until=format_time(since)))
                known = None
            if known is None:
                connection.execute(insert(backup).values(row))

    def end_backup(self, actor: str, principal: str, *, until: datetime, now: datetime) -> bool:
        """End it, now or later; ``False`` when it was not running."""
        if until < now:
            raise RetroactiveChange(principal, format_time(until))
        change = update(backup).where(
            backup.c.actor == actor, backup.c.principal == principal, backup.c.until == ""
        )
        with changing(self._engine) as connection:
            return connection.execute(change.values(until=format_time(until))).rowcount > 0

    def contact(self, contact_id: str) -> Contact | None:
        """See `identity.contacts.ContactBook`."""
        return self._contact(contact.c.id == contact_id)

    def contact_by_email(self, email: str) -> Contact | None:
        """See `identity.contacts.ContactBook`."""
        return self._contact(contact.c.email == email) if email else None

    def contacts(self) -> tuple[Contact, ...]:
        """See `identity.contacts.ContactBook`."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(contact).order_by(contact.c.name, contact.c.id))
            return tuple(Contact(row.id, row.name, row.email, row.phone, row.locale) for row in rows)

    def keep_contact(self, who: Contact, at: str) -> None:
        """See `identity.contacts.ContactBook`."""
        row = {"email": who.email, "name": who.name, "phone": who.phone, "locale": who.locale}
        with changing(self._engine) as connection:
            if connection.execute(update(contact).where(contact.c.id == who.id).values(row)).rowcount:
                return
            connection.execute(insert(contact).values({**row, "id": who.id, "created_at": at}))

    def _contact(self, wanted: ColumnElement[bool]) -> Contact | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(contact).where(wanted).order_by(contact.c.id)).first()
            return Contact(row.id, row.name, row.email, row.phone, row.locale) if row is not None else None


def _at(table: Table, moment: datetime) -> ColumnElement[bool]:
    instant = format_time(moment)
    return (table.c.since <= instant) & ((table.c.until == "") | (table.c.until > instant))
