"""What a campaign adds to its case's page: its face, the road with what is next, where its own steps are recorded."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from web.i18n import gettext as _
from web.i18n import ngettext
from web.pages.context import may_record
from web.views.campaign import Panel, panel_of
from web.views.lens import Lens
from web.wiring import House
from workflows.casefile import CaseView
from workflows.definition import Definition
from workflows.state import CaseState, StepStatus
from workflows.withholding import unused_sheet


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop on the campaign's road. ``state`` is done, next or later."""

    text: str
    detail: str
    href: str
    mark: str
    state: str


def face_of(house: House, folio: str, case: CaseView, eyes: Lens) -> dict[str, object]:
    """The template's variables for a case with rows that may be used; none for any other."""
    rules = case.definition.roster
    shut = case.keeping.shut or unused_sheet(case.entries)
    if rules is None or case.state.roster is None or not case.state.roster.rows or shut:
        return {}
    panel = panel_of(house.cases.campaigns.roster(folio), case.definition, rules, case.state, eyes)
    return {
        "campaign": panel,
        "campaign_links": road_of(panel, case.definition, case.state, folio),
        "may_record": may_record(),
    }


def road_of(panel: Panel, definition: Definition, state: CaseState, folio: str) -> tuple[Stop, ...]:
    """The campaign from the register's extract to the removals; the first stop that is not done is next."""
    rules = definition.roster
    if rules is None:
        return ()
    asked = sum(area.sent is not None for area in panel.areas)
    final = bool(panel.final_seq) and not panel.stale
    stops = (
        (_("Extracto de CAM"), _said(panel.has_extract, _("tomado"), _("falta subirlo")), "campaign.extract",
         panel.has_extract),
        (_("Preguntar a las áreas"), _("%(n)s de %(total)s áreas", n=asked, total=len(panel.areas)), "campaign.ask",
         asked == len(panel.areas)),
        (_("Respuestas"), ngettext("falta %(num)d fila", "faltan %(num)d filas", panel.undecided), "campaign.answers",
         not panel.undecided),
        (_("Discrepancias"), ngettext("%(num)d espera", "%(num)d esperan", panel.open), "rows.disagreements",
         not panel.open and not panel.undecided),
        (_("Archivo final"), _said(final, _("hecho"), _("quedó viejo") if panel.stale else _("por hacer")),
         "campaign.final", final),
        (_("Carta contra archivo"), _said(_done(state, rules.check), _("cuadra"), _("por revisar")), "campaign.final",
         final and _done(state, rules.check)),
        (_("Archivar"), _said(_done(state, rules.archive), _("hecho"), _("al final")), "campaign.archive",
         _done(state, rules.archive)),
        (_("Bajas"), _("%(n)s de %(total)s ejecutadas", n=panel.removals_done, total=panel.removals),
         "campaign.removals", panel.removals_done == panel.removals and _done(state, rules.archive)),
    )  # fmt: skip
    first = next((place for place, stop in enumerate(stops) if not stop[3]), len(stops))
    return tuple(
        Stop(text, detail, url_for(endpoint, folio=folio), "check" if done else "target" if n == first else "ring",
             "done" if done else "next" if n == first else "later")
        for n, (text, detail, endpoint, done) in enumerate(stops)
    )  # fmt: skip


def _said(done: bool, yes: str, no: str) -> str:
    return yes if done else no


def _done(state: CaseState, step: str) -> bool:
    return state.step(step).status is StepStatus.DONE


def own_page(definition: Definition, folio: str, step: str) -> str:
    """The page in which a step of a campaign is recorded, for steps that have no form of their own; else ``""``."""
    rules = definition.roster
    if rules is None:
        return ""
    places = {
        "campaign.extract": (rules.status_step, rules.extract),
        "campaign.ask": (rules.send, rules.term, *rules.asks),
        "rows.grid": (rules.review,),
        "campaign.answers": (rules.answers, rules.silence),
        "rows.disagreements": (rules.resolve,),
        "campaign.final": (rules.final, rules.check),
        "campaign.archive": (rules.archive,),
        "campaign.removals": (rules.removals, rules.removed),
    }
    endpoint = next((name for name, steps in places.items() if step in steps), "")
    return url_for(endpoint, folio=folio) if endpoint else ""
