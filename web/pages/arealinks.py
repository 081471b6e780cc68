"""The desk's page that asks a campaign's areas by personal link: for each, the contact who reviews its rows."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, make_response, render_template, request, url_for
from flask import redirect as to
from werkzeug.wrappers import Response

from identity.accounts import RECORDERS
from signing.errors import LinkError
from signing.kinds.review import Invite
from signing.ports import Person
from web.acting import actor_for
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.campaigning import Campaign, campaign_of
from web.pages.personal import place
from web.security import person, roles
from web.views.grid import Word
from web.views.requestlist import status_sign
from workflows.errors import Refusal
from workflows.facts import facts_of
from workflows.requests import requests_of
from workflows.reviewing import REVIEW
from workflows.rosterview import AreaProgress

page = Blueprint("arealinks", __name__, url_prefix="/casos/<folio>/campana/enlaces")
recorders = roles(*RECORDERS)
AREA = "area."


@dataclass(frozen=True, slots=True)
class AreaLink:
    """One area: how far it is, whether it can be asked now, and how its last link stands (``sign``, ``who``)."""

    code: str
    name: str
    rows: int
    decided: int
    asks: bool
    sign: Word | None
    who: str


@page.get("")
@recorders
def show(folio: str) -> Response:
    """The form."""
    return _page(campaign_of(folio))


@page.post("")
@recorders
def ask(folio: str) -> Response:
    """Ask the areas for which somebody was chosen: a request, a link and a mail each."""
    campaign, house = campaign_of(folio), campaign_of(folio).house
    chosen = {
        name.removeprefix(AREA): value
        for name, value in request.form.items()
        if name.startswith(AREA) and value
    }
    if not chosen:
        words = _("Elige a quién preguntar en al menos un área.")
        return _page(campaign, Answer(422, "nobody_chosen", words, ""))
    invite = Invite(folio, chosen, request.form.get("factor", ""), request.form.get("nota", ""))
    actor = actor_for(person(), campaign.definition.by_step[campaign.rules.send].roles)
    try:
        house.links.reviews.ask(house.links.desk, invite, actor, place())
    except (LinkError, Refusal) as error:
        return _page(campaign_of(folio), answer_for(error))
    return to(url_for("signing.show", folio=folio), 303)


def _page(campaign: Campaign, answer: Answer | None = None) -> Response:
    house = campaign.house
    contacts = (item for item in house.directory.contacts() if item.email and item.id != person().id)
    people = [Person(item.id, item.name, item.email) for item in contacts]
    text = render_template(
        "pages/area_links.html",
        folio=campaign.folio,
        title=campaign.title,
        areas=_areas(campaign),
        people=people,
        provable=house.links.desk.provable(people),
        said=request.form if request.method == "POST" else {},
        trouble=answer,
        reachable=bool(house.settings.public_url),
    )
    return make_response(text, answer.status if answer else 200)


def _areas(campaign: Campaign) -> list[AreaLink]:
    entries = [sealed.entry for sealed in campaign.case.entries]
    asked = {}
    for item in requests_of(entries):
        areas = facts_of(entries[item.seq - 1]).areas
        if item.purpose == REVIEW and areas:
            asked[areas[0]] = item
    found = []
    for area in campaign.roster().areas:
        last = asked.get(area.area)
        sign = status_sign(last.status) if last is not None else None
        found.append(
            AreaLink(
                area.area,
                area.name or area.area,
                area.rows,
                area.decided,
                _askable(area) and not (last is not None and last.waits),
                Word("", sign.word, sign.tone) if sign is not None else None,
                campaign.eyes.who(last.signatory) if last is not None else "",
            )
        )
    return found


def _askable(area: AreaProgress) -> bool:
    """Whether its days run, or would begin by asking."""
    return area.status in {"por_enviar", "esperando"} or (area.status == "resuelta" and not area.sent_at)
