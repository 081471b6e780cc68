"""A form of a campaign's act: its page with draft and trouble, and the way from what was posted to the receipt."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.acting import actor_for
from web.drafts import Submission
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.campaigning import Campaign, draft_of, fresh_key
from web.pages.casepage import field_labels
from web.pages.forms import MENDABLE, draft_view, key_posted, remove_posted, stage_posted
from web.security import person
from web.views.campaign import panel_of
from web.views.case_page import why_blocked
from web.views.trouble import trouble_of
from workflows.commands import Actor, Receipt


def acting(campaign: Campaign, step: str) -> Actor:
    """The person in the role in which a step is recorded."""
    return actor_for(person(), campaign.definition.by_step[step].roles)


def barred(campaign: Campaign, step: str) -> str:
    """Why this person may not do an act; empty: they may."""
    allowed = campaign.definition.by_step[step].roles
    if not campaign.eyes.roles.isdisjoint(allowed):
        return ""
    names = ", ".join(campaign.eyes.role(campaign.definition, role) for role in allowed)
    return _("Este paso lo registra: %(roles)s. Tu cuenta no tiene ese papel.", roles=names)


def held(campaign: Campaign, step: str) -> str:
    """What an act waits for, by step; empty: its turn has come."""
    return why_blocked(campaign.definition, campaign.case.state.step(step), campaign.eyes)


def act_page(
    campaign: Campaign, act: str, step: str, answer: Answer | None = None, **more: object
) -> Response:
    """The page of an act, with its draft and what was wrong."""
    desk, key = draft_of(campaign.folio, act)
    draft = desk.find(key)
    trouble = None
    if answer is not None:
        trouble = trouble_of(answer, field_labels(campaign.definition, campaign.eyes), campaign.eyes)
    roster = campaign.roster()
    shown: dict[str, object] = {"barred": barred(campaign, step) or held(campaign, step), **more}
    text = render_template(
        f"pages/campaign_{act}.html",
        folio=campaign.folio,
        title=campaign.title,
        step=step,
        name=campaign.eyes.say(campaign.definition.by_step[step].name),
        instruction=campaign.eyes.say(campaign.definition.by_step[step].instruction),
        draft=draft_view(draft),
        fields=draft.fields,
        key=f"draft:{draft.id}" if draft.id else fresh_key(),
        trouble=trouble,
        panel=panel_of(roster, campaign.definition, campaign.rules, campaign.case.state, campaign.eyes),
        progress=campaign.progress(roster),
        **shown,
    )
    return make_response(text, answer.status if answer else 200)


def seal(campaign: Campaign, act: str, work: Callable[[Submission, str], Receipt]) -> Response | Answer:
    """Keep what was posted as a draft, do the work with it, and show the receipt on the case's page."""
    desk, key = draft_of(campaign.folio, act)
    try:
        stage_posted(desk, key)
        remove_posted(desk, key)
        with desk.submission(key) as submission:
            receipt = work(submission, key_posted(submission.idempotency_key))
    except MENDABLE as error:
        answer = answer_for(error)
        return answer if answer is not None else abort(404)
    desk.discard(key)
    return redirect(url_for("cases.show", folio=campaign.folio, sellada=receipt.seq, _anchor="recibo"), 303)


def note() -> str:
    """The free note of a posted form."""
    return request.form.get("note", "").strip()


def done(
    campaign: Campaign, act: str, step: str, work: Callable[[Submission, str], Receipt], **more: object
) -> Response:
    """The receipt of an act, or its page again with the reason."""
    answer = seal(campaign, act, work)
    return answer if isinstance(answer, Response) else act_page(campaign, act, step, answer, **more)
