"""The acts of a campaign beside its rows, each a form, a draft that loses nothing, and a receipt.

The register's extract, the question to areas and their answers, the final sheet and its letter, archive and removals.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from identity.accounts import RECORDERS
from web.downloads import download
from web.drafts import Submission
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.campaignforms import act_page, acting, barred, done, note, seal
from web.pages.campaigning import Campaign, campaign_of, draft_of
from web.pages.forms import MENDABLE, key_posted, occurred_at, remove_posted, stage_posted
from web.security import roles, signed_in
from web.views.answersheet import preview_of
from workflows.campaigncommands import (
    ArchiveCampaign,
    AskAreas,
    CheckLetter,
    MakeFinal,
    OpenRemovals,
    RemovalReport,
    TakeAnswers,
    TakeExtract,
)
from workflows.commands import Receipt

page = Blueprint("campaign", __name__, url_prefix="/casos/<folio>/campana")
recorders = roles(*RECORDERS)
EXTRACT, ASK, ANSWERS, FINAL, ARCHIVE, REMOVALS = (
    "extracto", "preguntar", "respuestas", "final", "archivo", "bajas",
)  # fmt: skip


@page.get("/extracto")
@signed_in
def extract(folio: str) -> Response:
    """The form that takes the register's extract."""
    campaign = campaign_of(folio)
    return act_page(campaign, EXTRACT, campaign.rules.extract)


@page.post("/extracto")
@recorders
def take_extract(folio: str) -> Response:
    """Seal the extract; every row gets its status from it."""
    campaign = campaign_of(folio)
    queried = occurred_at(request.form.get("queried_at", "")) or campaign.eyes.now

    def work(sent: Submission, key: str) -> Receipt:
        step = campaign.rules.extract
        return campaign.desk.extract(
            TakeExtract(folio, acting(campaign, step), sent.uploads, queried, note(), idempotency_key=key)
        )

    return done(campaign, EXTRACT, campaign.rules.extract, work)


@page.get("/preguntar")
@signed_in
def ask(folio: str) -> Response:
    """The form that records the question to areas."""
    campaign = campaign_of(folio)
    return act_page(campaign, ASK, campaign.rules.send, ticked=())


@page.post("/preguntar")
@recorders
def ask_areas(folio: str) -> Response:
    """Record the mail to the areas ticked; their days begin."""
    campaign, areas = campaign_of(folio), tuple(request.form.getlist("area"))

    def work(sent: Submission, key: str) -> Receipt:
        return campaign.desk.ask(
            AskAreas(
                folio=folio,
                actor=acting(campaign, campaign.rules.send),
                uploads=sent.uploads,
                areas=areas,
                occurred_at=occurred_at(request.form.get("occurred_at", "")),
                note=note(),
                idempotency_key=key,
            )
        )

    return done(campaign, ASK, campaign.rules.send, work, ticked=areas)


@page.get("/hoja")
@signed_in
def sheet(folio: str) -> Response:
    """The sheet an area answers on (``area``), or all rows."""
    campaign, area, target = campaign_of(folio), request.args.get("area", ""), io.BytesIO()
    known = {item.area for item in campaign.roster().areas}
    if area and area not in known:
        abort(404)
    name = campaign.desk.export(folio, area, target)
    size = target.tell()
    target.seek(0)
    return download(target, name, size=size)


@page.get("/respuestas")
@signed_in
def answers(folio: str) -> Response:
    """The form that takes an area's answered sheet."""
    campaign = campaign_of(folio)
    return act_page(
        campaign,
        ANSWERS,
        campaign.rules.answers,
        area=request.args.get("area", ""),
        preview=_preview(campaign),
    )


@page.post("/respuestas/revisar")
@recorders
def review_answers(folio: str) -> Response:
    """Keep the sheet in the draft and show what it would change; nothing is sealed."""
    campaign, area = campaign_of(folio), request.form.get("area", "")
    desk, key = draft_of(folio, ANSWERS)
    try:
        stage_posted(desk, key)
        remove_posted(desk, key)
    except MENDABLE as error:
        answer = answer_for(error)
        return act_page(campaign, ANSWERS, campaign.rules.answers, answer, area=area, preview=None)
    return redirect(url_for("campaign.answers", folio=folio, area=area, _anchor="cambios"), 303)


@page.post("/respuestas")
@recorders
def take_answers(folio: str) -> Response:
    """Seal an area's answers: the sheet, and the mail it came with."""
    campaign, area = campaign_of(folio), request.form.get("area", "")

    def work(sent: Submission, key: str) -> Receipt:
        return campaign.desk.answers(
            TakeAnswers(
                folio=folio,
                area=area,
                actor=acting(campaign, campaign.rules.answers),
                uploads=sent.uploads,
                occurred_at=occurred_at(request.form.get("occurred_at", "")),
                note=note(),
                idempotency_key=key,
            )
        )

    return done(campaign, ANSWERS, campaign.rules.answers, work, area=area, preview=_preview(campaign))


def _preview(campaign: Campaign) -> object:
    """What the sheet in the draft would change, or what is wrong with it; nothing where none waits."""
    desk, key = draft_of(campaign.folio, ANSWERS)
    waiting = next((file for file in desk.find(key).files if file.family == "xlsx"), None)
    if waiting is None:
        return None
    _file, stream = desk.open_file(key, waiting.id)
    area = request.form.get("area", "") or request.args.get("area", "")
    with stream:
        try:
            reading = campaign.house.reader.rows(stream, form="answers", name=waiting.name)
        except MENDABLE as error:
            answer = answer_for(error)
            return {"trouble": answer.message if answer is not None else ""}
    return preview_of(reading, campaign.roster(), campaign.rules, campaign.eyes, area)


@page.get("/final")
@signed_in
def final(folio: str) -> Response:
    """The final sheet, and the letter compared with it."""
    campaign = campaign_of(folio)
    return act_page(campaign, FINAL, campaign.rules.final, **_final_parts(campaign))


def _final_parts(campaign: Campaign) -> dict[str, Any]:
    """The final sheet as sealed and the letter's reading, where there are any; rows say what the sheet waits for."""
    seq = campaign.roster().state.final_seq
    entry = campaign.case.entries[seq - 1].entry if seq else None
    letter = campaign.case.state.step(campaign.rules.letter)
    reading = campaign.desk.letter(campaign.folio) if seq and letter.entries else None
    check = campaign.case.state.step(campaign.rules.check)
    typed = campaign.case.state.step(campaign.rules.variables)
    return {
        "barred": barred(campaign, campaign.rules.final),
        "final_seq": seq,
        "final_objects": range(len(entry.objects)) if entry is not None else (),
        "letter_seq": letter.entries[-1] if letter.entries else 0,
        "letter_step": campaign.rules.letter,
        "typed_step": campaign.rules.variables,
        "typed_seq": typed.entries[-1] if typed.entries else 0,
        "reading": reading,
        "names": {"fecha": _("Fecha"), "aplicativo": _("Aplicativo"), "cantidad": _("Cantidad de usuarios")},
        "check_seq": check.entries[-1] if check.entries else 0,
        "check_barred": barred(campaign, campaign.rules.check),
    }


@page.post("/final")
@recorders
def make_final(folio: str) -> Response:
    """Make the final sheet from the original and the decisions, and seal it."""
    campaign = campaign_of(folio)

    def work(_sent: Submission, key: str) -> Receipt:
        return campaign.desk.final(
            MakeFinal(folio, acting(campaign, campaign.rules.final), note(), idempotency_key=key)
        )

    answer = seal(campaign, FINAL, work)
    if isinstance(answer, Response):
        return redirect(url_for("campaign.final", folio=folio, _anchor="archivo"), 303)
    return act_page(campaign, FINAL, campaign.rules.final, answer, **_final_parts(campaign))


@page.post("/carta")
@recorders
def check_letter(folio: str) -> Response:
    """Record the comparison of letter and final sheet."""
    campaign = campaign_of(folio)
    confirmed = {
        name.removeprefix("c."): value.strip()
        for name, value in request.form.items()
        if name.startswith("c.") and value.strip()
    }

    def work(_sent: Submission, key: str) -> Receipt:
        return campaign.desk.check(
            CheckLetter(folio, acting(campaign, campaign.rules.check), confirmed, note(), idempotency_key=key)
        )

    return done(campaign, FINAL, campaign.rules.check, work, **_final_parts(campaign))


@page.get("/archivo")
@signed_in
def archive(folio: str) -> Response:
    """The form that archives the campaign."""
    campaign = campaign_of(folio)
    return act_page(campaign, ARCHIVE, campaign.rules.archive)


@page.post("/archivo")
@recorders
def archive_now(folio: str) -> Response:
    """Seal the index of every file and close the campaign."""
    campaign = campaign_of(folio)

    def work(_sent: Submission, key: str) -> Receipt:
        place = request.form.get("place", "").strip()
        return campaign.desk.archive(
            ArchiveCampaign(
                folio, acting(campaign, campaign.rules.archive), place, note(), idempotency_key=key
            )
        )

    return done(campaign, ARCHIVE, campaign.rules.archive, work)


@page.get("/bajas")
@signed_in
def removals(folio: str) -> Response:
    """Rows whose access ends: the case of each, and whether it was carried out."""
    return _removals(campaign_of(folio))


@page.post("/bajas")
@recorders
def open_removals(folio: str) -> Response:
    """Open the cases of removal that are still to be opened."""
    campaign = campaign_of(folio)
    try:
        report = campaign.desk.removals(
            OpenRemovals(
                folio, acting(campaign, campaign.rules.removals), _supplied(request.form), key_posted("")
            )
        )
    except MENDABLE as error:
        return _removals(campaign, answer_for(error))
    return _removals(campaign_of(folio), report=report)


def _supplied(form: Mapping[str, str]) -> dict[int, dict[str, str]]:
    """What was typed for rows whose sheet lacks it: fields called ``s.<row>.<field>``."""
    found: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        parts = name.split(".")
        if len(parts) == 3 and parts[0] == "s" and parts[1].isdecimal() and value.strip():
            found.setdefault(int(parts[1]), {})[parts[2]] = value.strip()
    return found


def _removals(
    campaign: Campaign, answer: Answer | None = None, report: RemovalReport | None = None
) -> Response:
    roster = campaign.roster()
    leaving = [row for row in roster.rows if "removes" in row.flags]
    wanted = {
        row: [name for name in names if name != "sin_proceso"]
        for row, names in (report.lacking if report else ())
    }
    without = {row for row, names in (report.lacking if report else ()) if "sin_proceso" in names}
    labels = {"rfc": _("RFC"), "correo": _("Correo"), "zona": _("Zona"), "usuario": _("Usuario")}
    return act_page(
        campaign,
        REMOVALS,
        campaign.rules.removals,
        answer,
        rows=leaving,
        wanted=wanted,
        without=without,
        labels=labels,
        typed=dict(request.form),
        opened=sum(bool(row.link) for row in leaving),
        executed=sum(bool(row.removed_at) for row in leaving),
        report=report,
        moment=campaign.eyes.maybe,
    )
