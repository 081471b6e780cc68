"""Opening a case that goes on from another: where it comes from, what is known there, and the two sealed as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import flash, request

from web.acting import actor_for
from web.drafts import DraftDesk
from web.i18n import gettext as _
from web.pages.forms import draft_view
from web.security import person
from web.wiring import current_house
from workflows.casefile import CaseView
from workflows.children import linkers, prefilled
from workflows.commands import OpenCase, OpenChild, Receipt
from workflows.definition import Definition
from workflows.errors import UnknownCase
from workflows.step import Opens


@dataclass(frozen=True, slots=True)
class Origin:
    """The case, and the step and option of it, from which another one is opened."""

    folio: str
    step: str = ""
    choice: str = ""


def origin() -> Origin | None:
    """Where the request says that the case comes from, if from anywhere."""
    folio = request.values.get("origen", "").strip().upper()
    if not folio:
        return None
    return Origin(folio, request.values.get("paso", ""), request.values.get("opcion", ""))


def known(place: Origin | None, target: Definition) -> Mapping[str, str]:
    """What the other case knows of what this one asks; nothing where there is no such case."""
    if place is None:
        return {}
    try:
        view = current_house().cases.view(place.folio)
    except UnknownCase:
        return {}
    return prefilled(view, target, _opens(view, place))


def open_from(place: Origin, opening: OpenCase) -> Receipt:
    """Open the case and record the step it comes from, with what waits in that step's draft.

    Raises:
        What `workflows.cases.CaseService.open_child` raises.
    """
    house = current_house()
    view = house.cases.view(place.folio)
    step = view.definition.by_step.get(place.step)
    roles = step.roles if step is not None else linkers(view.definition, "")
    desk = DraftDesk(house)
    key = desk.key(person().id, place.folio, place.step or "ligar")
    with desk.submission(key) as waiting:
        draft = draft_view(desk.find(key))
        opened = house.cases.open_child(
            OpenChild(
                parent=place.folio,
                step=place.step,
                choice=place.choice,
                process=opening.process,
                actor=opening.actor,
                recorder=actor_for(person(), roles),
                data=opening.data,
                uploads=opening.uploads,
                occurred_at=opening.occurred_at,
                told={name: value for name, value in draft.values.items() if value} if step else {},
                told_uploads=waiting.uploads if step else (),
                note=draft.note if step else "",
                idempotency_key=opening.idempotency_key,
            )
        )
    if opened.refused is not None:
        text = _(
            "Otra persona registró el paso %(step)s de %(folio)s en el mismo momento. Este caso queda ligado allá: "
            "revisa si hacían falta los dos y, si no, rechaza uno.",
            step=place.step,
            folio=place.folio,
        )
        flash(text, "warn")
        return opened.child
    desk.discard(key)
    return opened.child


def _opens(view: CaseView, place: Origin) -> Opens | None:
    step = view.definition.by_step.get(place.step)
    return step.continuation(step.branch(place.choice))[0] if step is not None else None
