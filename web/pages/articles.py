"""Articles of the knowledge base: what closed cases teach, found by words and shown with the entry that says so."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request, url_for
from werkzeug.wrappers import Response

from web.pages.context import lens
from web.security import signed_in
from web.wiring import current_house

page = Blueprint("articles", __name__, url_prefix="/conocimiento/articulos")
SHOWN = 100


@page.get("")
@signed_in
def listing() -> str:
    """All of them, or those that hold every word of ``q``, the newest first."""
    text = request.args.get("q", "").strip()[:200]
    found, eyes = current_house().articles.find(text, limit=SHOWN), lens()
    rows = [(item, eyes.moment(item.at)) for item in found]
    return render_template("pages/articles.html", rows=rows, q=text, most=SHOWN)


@page.get("/<folio>")
@signed_in
def show(folio: str) -> str | Response:
    """One article, with its case, the entry and its place in the chain."""
    house = current_house()
    found = house.articles.article(folio)
    if found is None:
        abort(404)
    sealed = house.cases.view(folio).entries[found.seq - 1]
    return render_template(
        "pages/article.html",
        article=found,
        words=[word.strip() for word in found.words.split(",") if word.strip()],
        at=lens().moment(found.at),
        leaf=sealed.leaf,
        who=lens().who(sealed.entry.actor),
        entry=url_for("evidence.entry", folio=folio, seq=found.seq),
    )
