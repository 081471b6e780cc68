"""The rows of a campaign: the grid, one decision for many rows, what others decided meanwhile, the story of a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, abort, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from evidence.words import digest_words
from identity.accounts import RECORDERS
from web.acting import actor_for
from web.errors import Answer, answer_for, respond
from web.pages.campaigning import ROWS, Campaign, campaign_of, draft_of, filters_posted, fresh_key
from web.pages.casepage import field_labels
from web.pages.forms import MENDABLE, key_posted, occurred_at, stage_posted
from web.security import person, roles, signed_in
from web.views.grid import FILTERS, build_grid, decision_word, filters_of, grid_row, posted_rows, standing_of
from web.views.lens import Moment
from web.views.rowstory import story_of
from web.views.trouble import trouble_of
from workflows.campaigncommands import DecideRows
from workflows.commands import Receipt
from workflows.errors import RowsDecided
from workflows.ranges import format_ranges, spread_ranges
from workflows.rosterview import RosterQuery, RosterRow, RosterView

page = Blueprint("rows", __name__, url_prefix="/casos/<folio>/filas")
recorders = roles(*RECORDERS)
GRID, OPEN_ROWS = "filas", "discrepancias"


@dataclass(frozen=True, slots=True)
class RowsReceipt:
    """What a decision on rows was sealed as."""

    folio: str
    seq: int
    rows: int
    decision: str
    recorded: Moment
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision as it was posted."""

    rows: str
    decision: str
    reason: str
    seen: int
    key: str
    occurred: str = ""


@page.get("")
@signed_in
def grid(folio: str) -> Response:
    """The grid, a page of it; scripts take in all rows afterwards."""
    return _grid(campaign_of(folio), request.args.to_dict())


@page.get("/todas")
@signed_in
def every(folio: str) -> str:
    """All rows as table rows, for the page's script."""
    campaign = campaign_of(folio)
    roster = campaign.roster()
    return _rows(campaign, roster, roster.rows)


@page.get("/cambios")
@signed_in
def changes(folio: str) -> Response:
    """Rows that entries after ``desde`` decided, with who did, for the page's script."""
    campaign, since = campaign_of(folio), request.args.get("desde", "")
    if not since.isdecimal():
        raise BadRequest("bad_request")
    if campaign.last <= int(since):
        return jsonify(seq=campaign.last, rows="", others=[])
    roster = campaign.roster()
    changed = [row for row in roster.rows if row.seq > int(since)]
    whose: dict[str, list[int]] = {}
    for row in changed:
        whose.setdefault(row.by, []).append(row.number)
    others = [
        {"who": campaign.eyes.who(actor), "rows": format_ranges(numbers)}
        for actor, numbers in whose.items()
        if actor != person().id
    ]
    return jsonify(
        seq=campaign.last,
        rows=_rows(campaign, roster, changed),
        others=others,
        progress=_progress(campaign, roster),
        counts=_counts(campaign, roster),
    )


@page.post("")
@recorders
def decide(folio: str) -> Response:
    """One decision with one reason for many rows, as one entry; by form, or as JSON from the page's script."""
    campaign = campaign_of(folio)
    scripted = request.is_json
    desk, key = draft_of(folio, ROWS)
    try:
        if not scripted:
            stage_posted(desk, key)
        asked = _asked_json() if scripted else _asked_form()
        with desk.submission(key) as submission:
            receipt = campaign.desk.decide(
                DecideRows(
                    folio=folio,
                    rows=asked.rows,
                    decision=asked.decision,
                    reason=asked.reason,
                    actor=actor_for(person(), _roles(campaign, asked.rows)),
                    uploads=submission.uploads,
                    seen=asked.seen,
                    occurred_at=occurred_at(asked.occurred),
                    idempotency_key=asked.key or submission.idempotency_key,
                )
            )
    except MENDABLE as error:
        answer = answer_for(error)
        if answer is None or scripted:
            return respond(answer) if answer is not None else abort(404)
        return _again(campaign, answer, error)
    desk.discard(key)
    if scripted:
        return _sealed_json(campaign_of(folio), asked, receipt)
    return redirect(_after(folio, receipt), 303)


def _roles(campaign: Campaign, rows: str) -> tuple[str, ...]:
    """The roles in which these rows may be decided: the director's first, where all of them wait for him."""
    rules, steps = campaign.rules, campaign.definition.by_step
    roster = campaign.roster()
    chosen = [roster.by_number[n] for n in spread_ranges(rows) if n in roster.by_number] if rows else []
    order = [rules.answers, rules.review, rules.resolve]
    if chosen and all("open" in row.flags or "firm" in row.flags for row in chosen):
        order.reverse()
    return tuple(dict.fromkeys(role for step in order for role in steps[step].roles))


def _asked_json() -> Asked:
    body = request.get_json()
    if not isinstance(body, dict):
        raise BadRequest("bad_request")
    seen = body.get("seen")
    return Asked(
        _ranges([], str(body.get("rows", ""))),
        str(body.get("decision", "")),
        str(body.get("reason", "")).strip(),
        seen if isinstance(seen, int) else 0,
        str(body.get("idempotency_key", ""))[:80],
    )


def _asked_form() -> Asked:
    form, seen = request.form, request.form.get("seen", "")
    matching = form.get("matching", "") if form.get("which") == "matching" else form.get("rows", "")
    ticked = [] if form.get("which") == "matching" else form.getlist("fila")
    return Asked(
        _ranges(ticked, matching),
        form.get("decision", ""),
        form.get("reason", "").strip(),
        int(seen) if seen.isdecimal() else 0,
        key_posted(""),
        form.get("occurred_at", ""),
    )


def _ranges(ticked: list[str], ranges: str) -> str:
    try:
        return posted_rows(ticked, ranges)
    except ValueError as error:
        raise BadRequest("bad_request") from error


def _sealed_json(campaign: Campaign, asked: Asked, receipt: Receipt) -> Response:
    roster = campaign.roster()
    numbers = set(spread_ranges(asked.rows))
    changed = [row for row in roster.rows if row.number in numbers or row.seq > asked.seen]
    shown = _receipt(campaign, receipt.seq)
    return jsonify(
        seq=campaign.last,
        entry=receipt.seq,
        rows=_rows(campaign, roster, changed),
        receipt=render_template("partials/rows_receipt.html", receipt=shown, focus=False) if shown else "",
        progress=_progress(campaign, roster),
        counts=_counts(campaign, roster),
        key=fresh_key(),
    )


def _after(folio: str, receipt: Receipt) -> str:
    """Where a plain form goes on: the row it came from, the discrepancies, or the grid with its filters."""
    back = request.form.get("volver", "")
    if back.isdecimal():
        return url_for("rows.row", folio=folio, number=int(back), sellada=receipt.seq)
    if back == OPEN_ROWS:
        return url_for("rows.disagreements", folio=folio, sellada=receipt.seq)
    kept = {name: value for name, value in filters_posted().items() if name in FILTERS}
    return url_for("rows.grid", folio=folio, **kept, sellada=receipt.seq)  # type: ignore[arg-type]


def _again(campaign: Campaign, answer: Answer, error: Exception) -> Response:
    back = request.form.get("volver", "")
    if back.isdecimal():
        return _row(campaign, int(back), answer)
    if back == OPEN_ROWS:
        return _disagreements(campaign, answer)
    conflict = ""
    if isinstance(error, RowsDecided):
        conflict = url_for("rows.grid", folio=campaign.folio, orden="-at")
    return _grid(campaign, filters_posted(), answer, conflict)


def _grid(
    campaign: Campaign, asked: Mapping[str, str], answer: Answer | None = None, conflict: str = ""
) -> Response:
    roster, eyes = campaign.roster(), campaign.eyes
    shown = build_grid(
        roster,
        campaign.definition,
        campaign.rules,
        asked,
        eyes,
        lambda filters: _link(campaign.folio, filters),
        title=campaign.title,
        seen=campaign.last,
    )
    desk, key = draft_of(campaign.folio, ROWS)
    draft = desk.find(key)
    kept = {name: str(draft.fields.get(name, "")) for name in ("decision", "reason")}
    text = render_template(
        "pages/rows.html",
        grid=shown,
        bulk=kept,
        key=f"draft:{draft.id}" if draft.id else fresh_key(),
        progress=campaign.progress(roster),
        mail_slot=_mail_slot(campaign),
        trouble=trouble_of(answer, field_labels(campaign.definition, eyes), eyes) if answer else None,
        conflict=conflict,
        receipt=_receipt(campaign, _sealed_seq()),
        focus=True,
    )
    return make_response(text, answer.status if answer else 200)


def _link(folio: str, filters: Mapping[str, str]) -> str:
    query = urlencode(filters)
    return url_for("rows.grid", folio=folio) + (f"?{query}" if query else "")


def _mail_slot(campaign: Campaign) -> str:
    """The place of the director's mail in the step that resolves."""
    slots = campaign.definition.by_step[campaign.rules.resolve].slots
    return next((slot.code for slot in slots if "EML" in slot.types), "")


def _sealed_seq() -> int:
    raw = request.args.get("sellada", "")
    return int(raw) if raw.isdecimal() and len(raw) < 8 else 0


def _receipt(campaign: Campaign, seq: int) -> RowsReceipt | None:
    """The receipt of an entry that decided rows; nothing for any other number."""
    if not 1 <= seq <= campaign.last:
        return None
    sealed = campaign.case.entries[seq - 1]
    facts = sealed.entry.facts.get("rows")
    told = [item for item in facts if isinstance(item, dict)] if isinstance(facts, list) else []
    decisions = list(dict.fromkeys(str(item["decision"]) for item in told if item.get("decision")))
    if not decisions:
        return None
    words = [decision_word(campaign.rules, code, campaign.eyes).text for code in decisions]
    return RowsReceipt(
        campaign.folio,
        seq,
        sum(len(spread_ranges(str(item["at"]))) for item in told if item.get("decision")),
        ", ".join(words),
        campaign.eyes.moment(sealed.entry.at),
        digest_words(sealed.leaf),
    )


def _rows(campaign: Campaign, roster: RosterView, rows: list[RosterRow] | tuple[RosterRow, ...]) -> str:
    standing = standing_of(roster, campaign.definition, campaign.rules, campaign.eyes)
    return render_template(
        "partials/roster_rows_only.html",
        rows=[grid_row(row, campaign.rules, standing, campaign.eyes) for row in rows],
        may=standing.any,
        folio=campaign.folio,
    )


def _progress(campaign: Campaign, roster: RosterView) -> str:
    return render_template("partials/rows_progress.html", progress=campaign.progress(roster))


def _counts(campaign: Campaign, roster: RosterView) -> dict[str, dict[str, int]]:
    """Numbers beside the filters, by filter and value."""
    groups = filters_of(roster, campaign.rules, {}, campaign.eyes, lambda _filters: "")
    return {group.name: {item.value: item.number for item in group.options} for group in groups}


@page.get("/<int:number>")
@signed_in
def row(folio: str, number: int) -> Response:
    """One row: what the sheet and the register say, every decision with who, when and why, and a correction."""
    return _row(campaign_of(folio), number)


def _row(campaign: Campaign, number: int, answer: Answer | None = None) -> Response:
    roster, eyes = campaign.roster(), campaign.eyes
    found = roster.by_number.get(number)
    if found is None:
        abort(404)
    standing = standing_of(roster, campaign.definition, campaign.rules, eyes)
    numbers = [item.number for item in roster.rows]
    place = numbers.index(number)
    text = render_template(
        "partials/row_story.html" if request.args.get("trozo") else "pages/row.html",
        folio=campaign.folio,
        row=grid_row(found, campaign.rules, standing, eyes),
        sheet=found,
        story=story_of(found, campaign.case, campaign.rules, eyes),
        choices=[decision_word(campaign.rules, item.code, eyes) for item in campaign.rules.decisions],
        standing=standing,
        seen=campaign.last,
        key=fresh_key(),
        mail_slot=_mail_slot(campaign),
        before=numbers[place - 1] if place else 0,
        after=numbers[place + 1] if place + 1 < len(numbers) else 0,
        reason=request.form.get("reason", ""),
        chosen=request.form.get("decision", ""),
        trouble=trouble_of(answer, field_labels(campaign.definition, eyes), eyes) if answer else None,
        receipt=_receipt(campaign, _sealed_seq()),
        focus=True,
    )
    return make_response(text, answer.status if answer else 200)


@page.get("/discrepancias")
@signed_in
def disagreements(folio: str) -> Response:
    """Rows that wait for the director, as cards for a telephone."""
    return _disagreements(campaign_of(folio))


def _disagreements(campaign: Campaign, answer: Answer | None = None) -> Response:
    roster, eyes = campaign.roster(), campaign.eyes
    standing = standing_of(roster, campaign.definition, campaign.rules, eyes)
    waiting = roster.find(RosterQuery(flag="open", sort="area")).rows
    choices = [item for item in campaign.rules.decisions if not item.open]
    resolver = campaign.definition.by_step[campaign.rules.resolve]
    text = render_template(
        "pages/disagreements.html",
        folio=campaign.folio,
        title=campaign.title,
        cards=[(grid_row(item, campaign.rules, standing, eyes), item) for item in waiting],
        choices=[decision_word(campaign.rules, item.code, eyes) for item in choices],
        standing=standing,
        resolver=eyes.role(campaign.definition, resolver.performer),
        seen=campaign.last,
        key=fresh_key(),
        mail_slot=_mail_slot(campaign),
        ticked=request.form.getlist("fila"),
        reason=request.form.get("reason", ""),
        trouble=trouble_of(answer, field_labels(campaign.definition, eyes), eyes) if answer else None,
        receipt=_receipt(campaign, _sealed_seq()),
        focus=True,
    )
    return make_response(text, answer.status if answer else 200)
