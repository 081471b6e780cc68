"""Answers of directory, catalogues and index, kept for the length of one command."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from workflows.catalogues import CatalogueVersion
from workflows.claims import Holding, nobody_holds
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
