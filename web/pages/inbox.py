"""Mi bandeja: what waits for the person, late first."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from evidence.entry import format_time
from identity.accounts import RECORDERS
from web.acting import actor_for
from web.i18n import gettext as _
from web.pages.context import definitions, in_force, lens, may_record, openable
from web.pages.controls import DRAFT, lines
from web.pages.correcting import FIX
from web.pages.recertification import review_alerts
from web.security import anyone, outsider, person, roles
from web.views.alerts import alerts_of
from web.views.inbox import Count, build_inbox, process_counts
from web.views.lens import Lens, Moment
from web.views.quarantine import copies_owed, queue
from web.views.referred import DAYS, referrals_of
from web.views.returned import unseen_letters
from web.wiring import DraftKey, House, current_house
from workflows.board import CaseSet, Span, Which
from workflows.commands import NoticeRefusal
from workflows.keepdesk import OFFICER
from workflows.noticing import seen_at, told_roles
from workflows.ports import CaseQuery, CaseRow

page = Blueprint("inbox", __name__)
_MOST = 500


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft to go back to."""

    text: str
    href: str
    when: Moment
    files: int


@page.get("/")
@anyone
def today() -> str | Response:
    """Today's steps; external auditors begin in their room."""
    if outsider():
        return redirect(url_for("audit.room"), 303)
    house, eyes = current_house(), lens()
    holds = _holds(house, eyes)
    rows = house.index.find(CaseQuery(closed=False, order="due", limit=_MOST)).rows
    owing = house.index.find(CaseQuery(closed=True, complete=False, order="due", limit=_MOST)).rows
    inbox = build_inbox((*rows, *owing), definitions(house), eyes, _step_link, _counts(house, eyes))
    return render_template(
        "pages/inbox.html",
        inbox=inbox,
        drafts=_drafts(house),
        processes=openable(house),
        controls=lines(house),
        alerts=alerts_of(rows, definitions(house), eyes, holds, _step_link),
        referrals=referrals_of(
            _refused(house, eyes), definitions(house), eyes, holds, _case_link, _seen(house)
        ),
        unseen=unseen_letters(house, eyes) if may_record() else (),
        reviewing=review_alerts(house, eyes),
        quarantines=queue(house, eyes) if eyes.roles & {OFFICER} else (),
        copies=copies_owed(house, eyes) if may_record() else (),
        key=secrets.token_hex(16),
    )


@page.post("/enterado/<folio>")
@roles(*RECORDERS)
def notice(folio: str) -> Response:
    """«Enterado»: the refusal leaves the inbox of everybody it was told to, and the case says who saw it."""
    house = current_house()
    view = house.cases.view(folio)
    allowed = tuple(
        role.code for ground in view.definition.grounds for role in told_roles(view.definition, ground)
    )
    house.cases.notice(
        NoticeRefusal(folio, actor_for(person(), allowed), idempotency_key=f"notice/{folio}/{person().id}")
    )
    flash(_("Enterado: quedó en el caso %(folio)s.", folio=folio), "ok")
    return redirect(url_for("inbox.today"), 303)


def _seen(house: House) -> Callable[[str], bool]:
    return lambda folio: bool(seen_at(house.ledger.history(folio)))


def _holds(house: House, eyes: Lens) -> Callable[[str], bool]:
    """Whether the person holds a post today, or may act for who does; each post is asked about once."""

    @cache
    def holds(post: str) -> bool:
        holders = [holder.actor for holder in house.directory.holders(post, eyes.now)]
        return eyes.actor in holders or any(
            house.directory.may_act_for(eyes.actor, holder, eyes.now) for holder in holders
        )

    return holds


def _refused(house: House, eyes: Lens) -> tuple[CaseRow, ...]:
    """Cases whose request was refused of late."""
    span = Span(
        format_time(eyes.now - timedelta(days=DAYS)), format_time(eyes.now + timedelta(seconds=1)), ""
    )
    found = house.index.find(CaseQuery(counted=CaseSet(Which.REFUSAL, span), limit=_MOST))
    return tuple(found.rows)


def _case_link(folio: str) -> str:
    return url_for("cases.show", folio=folio)


def _counts(house: House, eyes: Lens) -> tuple[Count, ...]:
    found = house.index.counts(CaseQuery(closed=False))
    by_process = {item.process: found.get(item.process, 0) for item in in_force(house)}
    late = house.index.find(CaseQuery(closed=False, due_until=format_time(eyes.now), limit=1)).total
    return process_counts(by_process, late, _count_link)


def _count_link(process: str, late: bool) -> str:
    return url_for("cases.listing", proceso=process or None, vence="vencidos" if late else None)


def _step_link(folio: str, step: str) -> str:
    return url_for("cases.show", folio=folio, paso=step, _anchor=f"paso-{step}")


def _drafts(house: House) -> list[DraftLine]:
    if not may_record():
        return []
    eyes = lens()
    found = []
    for draft in house.drafts.of_user(person().id):
        if draft.fields or draft.files:
            text, href = _draft_place(draft.key)
            found.append(DraftLine(text, href, eyes.moment(draft.updated_at), len(draft.files)))
    return found[:8]


def _draft_place(key: DraftKey) -> tuple[str, str]:
    """What a draft is of, and where to go on with it."""
    if key.folio.startswith("nuevo-"):
        process = key.folio.removeprefix("nuevo-")
        name = _("Excel de la solicitud") if key.step == "excel" else _("solicitud por abrir")
        return f"{process}: {name}", url_for("opening.new", process=process)
    if key.folio.startswith("varios-"):
        process = key.folio.removeprefix("varios-")
        text = _("%(process)s, paso %(step)s en varios casos", process=process, step=key.step)
        return text, url_for("cases.listing", proceso=process)
    if key.folio.startswith(DRAFT):
        process = key.folio.removeprefix(DRAFT)
        text = _("%(process)s: lista por importar", process=process)
        return text, url_for("controls.form", process=process, series=key.step)
    seq = key.step.removeprefix(FIX)
    if key.step.startswith(FIX) and seq.isdecimal():
        text = _("%(folio)s, corrección de la entrada %(n)s", folio=key.folio, n=seq)
        return text, url_for("correcting.form", folio=key.folio, seq=int(seq))
    return _("%(folio)s, paso %(step)s", folio=key.folio, step=key.step), _step_link(key.folio, key.step)
