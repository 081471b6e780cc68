"""What an area's person does behind her link: look through her rows, decide many at once, correct, and say she is done.

Everything is asked of the request in the address, and of it only while the browser's cookie proves a visit that leads
to it; rows of another area are refused as rows that do not exist are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, make_response, render_template, request, url_for
from flask import redirect as to
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as BaseResponse

from evidence.canonical import Json
from evidence.words import digest_words
from signing.errors import FactorNeeded, LinkDead, LinkError
from signing.kinds.review import Decision
from signing.levels import satisfies
from signing.links import Standing
from signing.records import Purpose, Request
from web.errors import Answer, answer_for
from web.pages.campaigning import filters_posted, fresh_key
from web.pages.context import lens
from web.pages.personal import MOST_BYTES, behind, hide, place
from web.pages.scripted import behind_script
from web.security import public
from web.views.factors import factor_choice
from web.views.grid import FILTERS, decision_word, filters_of, posted_rows
from web.views.linkreview import Area, area_behind, progress_behind, review_page, rows_behind
from web.wiring import current_house
from workflows.errors import Refusal
from workflows.ranges import spread_ranges
from workflows.rosterview import RosterRow

page = Blueprint("linkreview", __name__, url_prefix="/enlace/<visit>/<request_id>")
page.after_request(hide)
TEMPLATE = "pages/link_review.html"


@page.get("/filas")
@public
def rows(visit: str, request_id: str) -> BaseResponse:
    """The rows, a page of them, filtered as the address says."""
    return behind(visit, lambda standing: review_response(standing, request_id))


@page.get("/filas/todas")
@public
def every(visit: str, request_id: str) -> BaseResponse:
    """All rows of the area as table rows, for the page's script."""

    def give(standing: Standing) -> BaseResponse:
        area = _cleared(standing, request_id)
        return make_response(_rows(area, list(area.roster.rows)))

    return behind(visit, give)


@page.get("/filas/cambios")
@public
def changes(visit: str, request_id: str) -> BaseResponse:
    """Rows of the area that entries after ``desde`` decided, for the page's script."""
    since = request.args.get("desde", "")
    if not since.isdecimal() or len(since) > 7:
        raise BadRequest("bad_request")

    def give(standing: Standing) -> BaseResponse:
        area = _cleared(standing, request_id)
        changed = [row for row in area.roster.rows if row.seq > int(since)]
        return jsonify(
            seq=area.seen,
            rows=_rows(area, changed),
            others=[],
            progress=_progress(area),
            counts=_counts(area),
        )

    return behind(visit, give)


@page.post("/filas")
@public
def decide(visit: str, request_id: str) -> BaseResponse:
    """One decision with one reason for many rows, as one entry; by form, or as JSON from the page's script."""
    if request.is_json:
        return behind_script(
            visit, lambda standing, told: _decided(standing, request_id, told), most=MOST_BYTES
        )

    def act(standing: Standing) -> BaseResponse:
        try:
            receipt = current_house().links.reviews.decide(standing, request_id, _said_form(), place())
        except (LinkError, Refusal) as error:
            return review_response(standing, request_id, answer_for(error))
        kept = {name: value for name, value in filters_posted().items() if name in FILTERS}
        there = url_for("linkreview.rows", visit=visit, request_id=request_id)
        return to(f"{there}?{urlencode({**kept, 'sellada': receipt.seq})}", 303)

    return behind(visit, act)


@page.post("/terminar")
@public
def finish(visit: str, request_id: str) -> BaseResponse:
    """She is done."""
    digest = request.form.get("huella", "")

    def act(standing: Standing) -> BaseResponse:
        try:
            current_house().links.reviews.finish(standing, request_id, digest, place())
        except (LinkError, Refusal) as error:
            return review_response(standing, request_id, answer_for(error))
        return to(url_for("linkreview.rows", visit=visit, request_id=request_id), 303)

    return behind(visit, act)


def review_response(standing: Standing, request_id: str = "", trouble: Answer | None = None) -> Response:
    """The page of a request, or of the first that waits."""
    house, eyes = current_house(), lens()
    found = _request(standing, request_id)
    area = area_behind(standing, found, house.links)
    visit = standing.visit.id
    there = url_for("linkreview.rows", visit=visit, request_id=found.id)

    def link(filters: Mapping[str, str]) -> str:
        return f"{there}?{urlencode(filters)}" if filters else there

    asked = filters_posted() if request.method == "POST" else request.args.to_dict()
    shown = review_page(standing, area, house.links, asked, eyes, link, house.settings.desk_phone)
    body = render_template(
        TEMPLATE,
        page=shown,
        item=shown.item,
        grid=shown.grid,
        progress=shown.progress,
        bulk={name: request.form.get(name, "") for name in ("decision", "reason")} if trouble else {},
        key=fresh_key(),
        own=factor_choice(standing, house.links),
        receipt=_receipt(area, request.args.get("sellada", "")) if shown.grid else None,
        visit=visit,
        trouble=trouble,
    )
    return make_response(body, trouble.status if trouble else 200)


def _request(standing: Standing, request_id: str) -> Request:
    """The request in the address, for reviews only. Raises `LinkDead`."""
    found = standing.request(request_id) if request_id else next(iter((*standing.open, *standing.requests)))
    if found.purpose is not Purpose.REVIEW:
        raise LinkDead
    return found


def _cleared(standing: Standing, request_id: str) -> Area:
    """The rows of a request that waits, with its second factor. Raises `LinkDead`, `FactorNeeded`."""
    found = _request(standing, request_id)
    if not found.waits(standing.now):
        raise LinkDead
    if not satisfies(standing.visit.factor, found.factor):
        raise FactorNeeded
    return area_behind(standing, found, current_house().links)


def _said_form() -> Decision:
    form, seen = request.form, request.form.get("seen", "")
    matching = form.get("matching", "") if form.get("which") == "matching" else form.get("rows", "")
    ticked = [] if form.get("which") == "matching" else form.getlist("fila")
    return Decision(
        form.get("huella", ""),
        _ranges(ticked, matching),
        form.get("decision", ""),
        form.get("reason", "").strip(),
        int(seen) if seen.isdecimal() and len(seen) < 8 else 0,
        form.get("idempotency_key", "")[:80],
    )


def _said_json(body: Mapping[str, Any]) -> Decision:
    seen = body.get("seen")
    return Decision(
        str(body.get("digest", "")),
        _ranges([], str(body.get("rows", ""))),
        str(body.get("decision", "")),
        str(body.get("reason", "")).strip(),
        seen if isinstance(seen, int) else 0,
        str(body.get("idempotency_key", ""))[:80],
    )


def _ranges(ticked: list[str], ranges: str) -> str:
    try:
        return posted_rows(ticked, ranges)
    except ValueError as error:
        raise BadRequest("bad_request") from error


def _decided(standing: Standing, request_id: str, told: Mapping[str, Any]) -> dict[str, Json]:
    """What the script asked for, done, and what its page shows from now on."""
    said = _said_json(told)
    receipt = current_house().links.reviews.decide(standing, request_id, said, place())
    area = area_behind(standing, _request(standing, request_id), current_house().links)
    numbers = set(spread_ranges(said.rows))
    changed = [row for row in area.roster.rows if row.number in numbers or row.seq > said.seen]
    return {
        "seq": area.seen,
        "entry": receipt.seq,
        "rows": _rows(area, changed),
        "receipt": render_template(
            "partials/link_rows_receipt.html", receipt=_receipt(area, str(receipt.seq)), focus=False
        ),
        "progress": _progress(area),
        "counts": _counts(area),
        "key": fresh_key(),
    }


def _rows(area: Area, found: list[RosterRow]) -> str:
    return render_template(
        "partials/link_rows_only.html", rows=rows_behind(area, found, lens()), may=area.may.any
    )


def _progress(area: Area) -> str:
    return render_template("partials/rows_progress.html", progress=progress_behind(area, lens()))


def _counts(area: Area) -> dict[str, Json]:
    groups = filters_of(area.roster, area.rules, {}, lens(), lambda _filters: "")
    return {group.name: {item.value: item.number for item in group.options} for group in groups}


def _receipt(area: Area, raw: str) -> dict[str, object] | None:
    """The receipt of one of her own decisions; nothing for any other number."""
    entries = current_house().cases.view(area.request.folio).entries
    if not raw.isdecimal() or len(raw) > 7 or not 1 <= int(raw) <= len(entries):
        return None
    sealed = entries[int(raw) - 1]
    facts = sealed.entry.facts
    told = facts.get("rows")
    if facts.get("request") != area.request.id or not isinstance(told, list):
        return None
    said = [item for item in told if isinstance(item, dict)]
    eyes = lens()
    return {
        "seq": int(raw),
        "rows": sum(len(spread_ranges(str(item.get("at", "")))) for item in said),
        "decision": ", ".join(
            decision_word(area.rules, str(item.get("decision", "")), eyes).text for item in said
        ),
        "recorded": eyes.moment(sealed.entry.at),
        "words": digest_words(sealed.leaf),
    }
