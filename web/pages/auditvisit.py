"""Whose engagement a page of the auditors' room is about, and what the person looking may see and do there.

Every page of the room begins with `visit`. Who has no business in an engagement gets the same answer as for one that
does not exist; so does who asks for a case outside its scope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import abort, url_for

from auditing.chain import AUDITOR_ROLES, By
from auditing.errors import AuditRefused
from auditing.model import Engagement, Kind
from evidence.entry import SealedEntry
from identity.accounts import Role, User
from web.auditroom import AuditRoom
from web.pages.context import KEEPERS, lens
from web.security import maybe_person, person
from web.views.lens import Lens
from web.wiring import House, current_house
from workflows.casefile import CaseView

OFFICE = KEEPERS | {Role.DIRECTOR}
"""Who reads every engagement and answers for the house."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An engagement and the person looking at it."""

    house: House
    state: Engagement
    user: User
    eyes: Lens

    @property
    def room(self) -> AuditRoom:
        """The room's desks."""
        return self.house.room

    @property
    def member(self) -> bool:
        """Whether the person is one of its auditors, in that role today."""
        return is_member(self.state, self.user)

    @property
    def works(self) -> bool:
        """Whether the person may add to the auditors' work now."""
        return self.member and self.room.live(self.state)

    @property
    def keeper(self) -> bool:
        """Whether the person opens, changes and closes engagements."""
        return self.user.has_any(KEEPERS)

    @property
    def office(self) -> bool:
        """Whether the person answers for the house."""
        return self.user.has_any(OFFICE)

    @property
    def masked(self) -> bool:
        """Whether personal data is withheld from this person."""
        return self.member and self.state.terms.masked

    @property
    def downloads(self) -> bool:
        """Whether this person may take files and tables out."""
        return self.state.terms.downloads or not self.member

    def by(self) -> By:
        """The person as an actor of the room's desks, in the role that lets them act."""
        if self.member:
            return By(self.user.id, AUDITOR_ROLES[self.state.terms.kind])
        return By(self.user.id, office_role(self.user))

    def need_downloads(self) -> None:
        """Raises `AuditRefused`: ``no_downloads``."""
        if not self.downloads:
            raise AuditRefused("no_downloads")

    def opens(self, folio: str, seq: int) -> bool:
        """Whether content of this entry is shown to this person: its payload and its files."""
        return not self.masked or self.state.granted(folio, seq)

    def need_content(self, folio: str, seq: int) -> None:
        """Raises `AuditRefused`: ``no_files``."""
        if not self.opens(folio, seq):
            raise AuditRefused("no_files")

    def eyes_on(self) -> Lens:
        """The lens for evidence: under masking people are their opaque ids."""
        return replace(self.eyes, names=str) if self.masked else self.eyes

    def entries(self, entries: Sequence[SealedEntry]) -> tuple[SealedEntry, ...]:
        """Entries as this person may read them: without the payloads that are withheld.

        So nothing made from them (titles, texts, names of files, what was read of files) can show.
        """
        return tuple(
            sealed
            if self.opens(sealed.entry.case, sealed.entry.seq)
            else SealedEntry(sealed.entry_bytes, sealed.leaf, None, None, sealed.index)
            for sealed in entries
        )

    def case(self, folio: str, as_of: object = None) -> CaseView:
        """A case in scope, its entries as this person may read them; 404 for anything else."""
        if not self.room.chain.in_scope(self.state, folio):
            abort(404)
        view = self.house.cases.view(folio, as_of=as_of)  # type: ignore[arg-type]  # a moment or nothing
        return replace(view, entries=self.entries(view.entries))


def is_member(state: Engagement, user: User) -> bool:
    """Whether an account is an auditor of an engagement, holding the role today."""
    return user.id in state.terms.auditors and user.has_any(
        frozenset({Role(AUDITOR_ROLES[state.terms.kind])})
    )


def may_enter(room: AuditRoom, state: Engagement, user: User) -> bool:
    """Whether a person finds an engagement at all: the office always, its auditors while it lasts.

    Internal auditors may look back at theirs afterwards.
    """
    if user.has_any(OFFICE):
        return True
    return is_member(state, user) and (room.live(state) or state.terms.kind is Kind.INTERNAL)


def visit(eid: str) -> Visit:
    """The engagement of an address for the person looking, or 404."""
    house, user = current_house(), person()
    try:
        state = house.room.register.get(eid)
    except AuditRefused:
        abort(404)
    if not may_enter(house.room, state, user):
        abort(404)
    return Visit(house, state, user, lens())


def office_role(user: User) -> str:
    """The role somebody of the house acts in when answering auditors."""
    held = {str(role) for role in user.roles}
    first = ("supervisor", "administrador", "director")
    return next((role for role in first if role in held), min(held))


def case_link(folio: str) -> str:
    """Where an external auditor finds a case: in the first engagement of theirs that covers it; else 404."""
    user, room = maybe_person(), current_house().room
    for state in room.register.all() if user is not None else ():
        if user is not None and may_enter(room, state, user) and room.chain.in_scope(state, folio):
            return url_for("auditcases.show", eid=state.id, folio=folio)
    return abort(404)
