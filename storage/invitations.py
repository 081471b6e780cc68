"""`identity.invitations.InvitationStore` in the main database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Engine, insert, select, update

from identity.invitations import Invitation, InvitationState
from storage.account_tables import account_invitation
from storage.accounts import changing
from storage.database import reading

_ROW = account_invitation.c
_OPEN = _ROW.state == str(InvitationState.OPEN)
_MEMBERS = tuple(column.name for column in _ROW if column.name != "state")


class SqlInvitations:
    """See the port."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, invitation: Invitation) -> None:
        """See the port."""
        row = {name: getattr(invitation, name) for name in _MEMBERS} | {"state": str(invitation.state)}
        older = update(account_invitation).where(_ROW.account == invitation.account, _OPEN)
        with changing(self._engine) as connection:
            connection.execute(older.values(state=str(InvitationState.REPLACED)))
            connection.execute(insert(account_invitation).values(row))

    def find(self, token_hash: str) -> Invitation | None:
        """See the port."""
        return next(iter(self._found(_ROW.token_hash == token_hash)), None)

    def of(self, account: str) -> Sequence[Invitation]:
        """See the port."""
        return self._found(_ROW.account == account)

    def take(self, token_hash: str, now: str) -> bool:
        """See the port."""
        wanted = (_ROW.token_hash == token_hash, _OPEN, _ROW.expires_at > now)
        taking = update(account_invitation).where(*wanted).values(state=str(InvitationState.TAKEN))
        with changing(self._engine) as connection:
            return connection.execute(taking).rowcount == 1

    def used(self, token_hash: str) -> None:
        """See the port."""
        wanted = (_ROW.token_hash == token_hash, _ROW.state == str(InvitationState.TAKEN))
        using = update(account_invitation).where(*wanted).values(state=str(InvitationState.USED))
        with changing(self._engine) as connection:
            connection.execute(using)

    def _found(self, *wanted: ColumnElement[bool]) -> list[Invitation]:
        query = select(*(_ROW[name] for name in _MEMBERS), _ROW.state).where(*wanted)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(_ROW.created_at, _ROW.id))
            return [Invitation(**{**row._asdict(), "state": InvitationState(row.state)}) for row in rows]
