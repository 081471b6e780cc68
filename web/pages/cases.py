"""Cases: the list with its filters, and one case."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.pages.auditvisit import case_link
from web.pages.casepage import show_case
from web.pages.context import definitions, in_force, lens, may_record, openable
from web.security import anyone, outsider
from web.views.listing import build_listing, query_of
from web.views.tallies import Names, counted_of, set_words
from web.wiring import current_house

page = Blueprint("cases", __name__, url_prefix="/casos")


@page.get("")
@anyone
def listing() -> Response | str:
    """Cases by filter and search; a whole folio leads straight to its case. External auditors go to their room."""
    if outsider():
        return redirect(url_for("audit.room"), 303)
    house, eyes = current_house(), lens()
    asked = request.args.to_dict()
    folio = asked.get("q", "").strip().upper()
    if house.index.get(folio) is not None:
        return redirect(url_for("cases.show", folio=folio), 303)
    counted = counted_of(asked, eyes)
    try:
        found = house.index.find(query_of(asked, eyes.now, counted[0] if counted else None))
    except ValueError:  # a cursor that this index did not give
        abort(400)
    codes = [item.process for item in in_force(house)]
    words = set_words(*counted, Names(in_force(house), eyes, asked.get("proceso", ""))) if counted else ""
    shown = build_listing(found, asked, definitions(house), codes, eyes, _link, words)
    return render_template(
        "pages/cases.html", listing=shown, processes=openable(house), may_record=may_record()
    )


@page.get("/<folio>")
@anyone
def show(folio: str) -> Response:
    """One case, now or as of a date; external auditors are led to their room, or told that there is none."""
    if outsider():
        return redirect(case_link(folio), 303)
    return show_case(folio)


def _link(filters: Mapping[str, str]) -> str:
    query = urlencode(filters)
    return url_for("cases.listing") + (f"?{query}" if query else "")
