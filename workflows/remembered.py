"""Answers of directory, catalogues and index, kept for the length of one command."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from evidence.entry import EntryKind
from evidence.ports import LedgerStore
from workflows.catalogues import CatalogueVersion
from workflows.claims import Holding, Known, nobody_holds
from workflows.definition import Definition
from workflows.ports import CaseIndex, Catalogues, Directory, Holder


class RememberedDirectory:
    """A `workflows.ports.Directory` that asks another one, and each question only once."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._holders: dict[tuple[str, datetime], tuple[Holder, ...]] = {}
        self._actors: dict[str, str] = {}
        self._backups: dict[tuple[str, str, datetime], bool] = {}
        self._appointed: dict[tuple[str, str, datetime], bool] = {}

    def holders(self, post: str, moment: datetime) -> tuple[Holder, ...]:
        """See the port."""
        if (post, moment) not in self._holders:
            self._holders[post, moment] = self._directory.holders(post, moment)
        return self._holders[post, moment]

    def actor_of(self, email: str) -> str:
        """See the port."""
        if email not in self._actors:
            self._actors[email] = self._directory.actor_of(email)
        return self._actors[email]

    def actors_of(self, emails: Collection[str]) -> Mapping[str, str]:
        """See the port."""
        unknown = [email for email in emails if email not in self._actors]
        if unknown:
            found = self._directory.actors_of(unknown)
            self._actors.update((email, found.get(email, "")) for email in unknown)
        return {email: self._actors[email] for email in emails if self._actors[email]}

    def may_act_for(self, actor: str, principal: str, moment: datetime) -> bool:
        """See the port."""
        key = (actor, principal, moment)
        if key not in self._backups:
            self._backups[key] = self._directory.may_act_for(*key)
        return self._backups[key]

    def appointed(self, actor: str, principal: str, moment: datetime) -> bool:
        """See the port."""
        key = (actor, principal, moment)
        if key not in self._appointed:
            self._appointed[key] = self._directory.appointed(*key)
        return self._appointed[key]


def remembered_holding(index: CaseIndex | None) -> Holding:
    """Which cases hold a reference, each question asked once."""
    if index is None:
        return nobody_holds
    known: dict[tuple[str, str], Sequence[str]] = {}

    def holding(kind: str, value: str) -> Sequence[str]:
        if (kind, value) not in known:
            known[kind, value] = index.by_reference(kind, value)
        return known[kind, value]

    return holding


def remembered_cases(ledger: LedgerStore) -> Known:
    """Whether a case is there, each folio asked once."""
    known: dict[str, bool] = {}

    def there(folio: str) -> bool:
        if folio not in known:
            first = next(iter(ledger.history(folio)), None)
            known[folio] = first is not None and first.entry.kind is EntryKind.CASE_OPENED
        return known[folio]

    return there


class RememberedCatalogues:
    """`workflows.ports.Catalogues` that ask others, and each question only once."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._catalogues = catalogues
        self._versions: dict[tuple[str, datetime], CatalogueVersion] = {}

    def in_force(self, code: str, moment: datetime) -> CatalogueVersion:
        """See the port."""
        if (code, moment) not in self._versions:
            self._versions[code, moment] = self._catalogues.in_force(code, moment)
        return self._versions[code, moment]

    def named(self, definition: Definition) -> Definition:
        """See the port."""
        return self._catalogues.named(definition)
