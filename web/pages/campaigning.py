"""What the pages of a campaign have in common: the case with its roster, the service behind it, drafts of its acts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from flask import abort, request, url_for

from web.drafts import DraftDesk
from web.pages.context import lens
from web.security import person
from web.views.campaign import Progress, progress_of
from web.views.lens import Lens
from web.wiring import DraftKey, House, current_house
from workflows.campaigncommands import CampaignDesk
from workflows.casefile import CaseView
from workflows.definition import Definition
from workflows.rosterrules import RosterRules
from workflows.rosterview import RosterView

ROWS = "filas"
"""The draft of what is chosen in the grid, in place of a step."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign in one request."""

    house: House
    folio: str
    title: str
    case: CaseView
    rules: RosterRules
    eyes: Lens

    @property
    def desk(self) -> CampaignDesk:
        """The service."""
        return self.house.cases.campaigns

    @property
    def definition(self) -> Definition:
        """The definition it runs under."""
        return self.case.definition

    @property
    def last(self) -> int:
        """Its last entry."""
        return len(self.case.entries)

    def roster(self) -> RosterView:
        """Its rows."""
        return self.desk.roster(self.folio)

    def progress(self, roster: RosterView) -> Progress:
        """Its bar."""
        return progress_of(roster.state.by_decision, self.rules, self.eyes)


def campaign_of(folio: str) -> Campaign:
    """The campaign of a folio, or 404 where the case has no rows."""
    house = current_house()
    case = house.cases.view(folio)
    rules = case.definition.roster
    if rules is None:
        abort(404)
    row = house.index.get(folio)
    return Campaign(house, folio, row.title if row is not None else folio, case, rules, lens())


def draft_of(folio: str, name: str) -> tuple[DraftDesk, DraftKey]:
    """The person's draft of an act on a campaign."""
    desk = DraftDesk(current_house())
    return desk, desk.key(person().id, folio, name)


def fresh_key() -> str:
    """An idempotency key for a form that has no draft yet."""
    return f"form:{secrets.token_hex(16)}"


def back_to(folio: str) -> str:
    """The case's page."""
    return url_for("cases.show", folio=folio)


def filters_posted() -> dict[str, str]:
    """The grid's filters that a form carried along."""
    return {name.removeprefix("f."): value for name, value in request.form.items() if name.startswith("f.")}
