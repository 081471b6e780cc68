"""Administration of lists: catalogues and their versions, and the company's days off. Every version is an entry."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.administration import publish
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.administration import KEEPERS, MENDED, keepers
from web.pages.context import lens
from web.pages.forms import key_posted
from web.security import person
from web.views.admin import ItemLine, begin_of, item_lines, moment_of, version_lines
from web.views.lens import Lens
from web.views.trouble import trouble_of
from web.wiring import House, current_house
from workflows.catalogues import (
    CATALOGUES_CASE,
    HOLIDAYS,
    SHAPES,
    name_of,
)
from workflows.commands import Actor
from workflows.definition import CatalogueItem
from workflows.published import PublishCatalogue
from workflows.step import Text

page = Blueprint("catalogues", __name__, url_prefix="/administracion")

_ROWS = 300
_BLANK = 3


@page.get("/catalogos")
@keepers
def shelf() -> str:
    """Every list with the version in force."""
    house, eyes = current_house(), lens()
    now = house.clock()
    found = [(code, house.catalogues.in_force(code, now)) for code in house.catalogues.codes()]
    rows = [
        (code, eyes.say(name_of(code, house.catalogues.bundled)), one, eyes.maybe(one.since))
        for code, one in found
    ]
    return render_template("pages/admin_lists.html", rows=rows)


@page.get("/catalogos/<code>")
@keepers
def catalogue(code: str) -> Response:
    """One list: as it was on a day, or a form on the newest version."""
    return _catalogue(_known(code))


@page.post("/catalogos/<code>")
@keepers
def publish_list(code: str) -> Response:
    """Publish a whole new version."""
    house, eyes = current_house(), lens()
    _known(code)
    items, notes = _posted()
    try:
        since = begin_of(request.form.get("since", ""), eyes)
    except ValueError:
        abort(400, "bad_request")
    command = PublishCatalogue(
        code=code,
        items=items,
        actor=_actor(),
        based_on=request.form.get("based_on", ""),
        since=since,
        notes=notes,
        idempotency_key=key_posted(""),
    )
    return _done(house, command, lambda answer: _catalogue(code, answer), code)


@page.get("/dias-inhabiles")
@keepers
def days() -> Response:
    """The company's own days off, and the statutory ones."""
    return _days()


@page.post("/dias-inhabiles/agregar")
@keepers
def add_day() -> Response:
    """One more day off, for a day to come."""
    house, form = current_house(), request.form
    day, name = form.get("day", "").strip(), form.get("name", "").strip()
    added = CatalogueItem(day, Text(name, form.get("name_en", "").strip()), Text("", ""))
    return _publish_days(house, lambda items: sorted((*items, added), key=lambda item: item.code))


@page.post("/dias-inhabiles/quitar")
@keepers
def remove_day() -> Response:
    """Take a day off back while it is to come."""
    house, day = current_house(), request.form.get("day", "")
    return _publish_days(house, lambda items: [item for item in items if item.code != day])


def _publish_days(
    house: House, change: Callable[[tuple[CatalogueItem, ...]], list[CatalogueItem]]
) -> Response:
    newest = house.catalogues.versions(HOLIDAYS)[-1]
    command = PublishCatalogue(
        code=HOLIDAYS,
        items=tuple(change(newest.items)),
        actor=_actor(),
        based_on=request.form.get("based_on", ""),
        notes=newest.notes,
        idempotency_key=key_posted(""),
    )
    return _done(house, command, _days, HOLIDAYS)


def _done(
    house: House, command: PublishCatalogue, shown: Callable[[Answer | None], Response], code: str
) -> Response:
    """Publish and go back to the page; what can be mended is shown there."""
    try:
        sealed = publish(house, command)
    except MENDED as error:
        answer = answer_for(error)
        if answer is None:
            raise
        return shown(answer)
    flash(_("Versión %(version)s publicada y sellada.", version=sealed.entry.facts["version"]), "ok")
    if code == HOLIDAYS:
        return redirect(url_for("catalogues.days"), 303)
    return redirect(url_for("catalogues.catalogue", code=code), 303)


def _catalogue(code: str, answer: Answer | None = None) -> Response:
    house, eyes = current_house(), lens()
    versions = house.catalogues.versions(code)
    day = request.args.get("en", "")
    shape = SHAPES.get(code)
    people = shape is not None and shape.people
    current = house.catalogues.in_force(code, house.clock())
    shown = house.catalogues.in_force(code, moment_of(day, eyes)) if day else versions[-1]
    text = render_template(
        "pages/admin_list.html",
        code=code,
        name=eyes.say(name_of(code, house.catalogues.bundled)),
        people=people,
        who=_who(house) if people else (),
        values=shape.values if shape is not None else (),
        reading=bool(day),
        shown=shown,
        lines=_typed_lines(eyes, people=people) if answer else item_lines(shown, eyes, people=people),
        blank=_BLANK,
        base=request.form.get("based_on", "") if answer else versions[-1].version,
        versions=version_lines(versions, current, eyes, _entry),
        at=day or eyes.today().isoformat(),
        today=eyes.today().isoformat(),
        key=f"form:{secrets.token_hex(16)}",
        since=request.form.get("since", ""),
        trouble=trouble_of(answer, {}, eyes) if answer else None,
    )
    return make_response(text, answer.status if answer else 200)


def _days(answer: Answer | None = None) -> Response:
    house, eyes = current_house(), lens()
    versions = house.catalogues.versions(HOLIDAYS)
    newest, table = versions[-1], house.calendar
    first, company = eyes.today().replace(month=1, day=1), {item.code for item in newest.items}
    rows = [
        (eyes.moment(table.closing_of(day)).day, day.isoformat(), name, day.isoformat() in company)
        for day, name in sorted(table.holidays.items())
        if first <= day <= first.replace(year=first.year + 2)
    ]
    text = render_template(
        "pages/admin_days.html",
        rows=rows,
        today=eyes.today().isoformat(),
        base=newest.version,
        calendar=table.id,
        versions=version_lines(versions, house.catalogues.in_force(HOLIDAYS, house.clock()), eyes, _entry),
        key=f"form:{secrets.token_hex(16)}",
        typed=request.form,
        trouble=trouble_of(answer, {}, eyes) if answer else None,
    )
    return make_response(text, answer.status if answer else 200)


def _known(code: str) -> str:
    if code == HOLIDAYS or code not in current_house().catalogues.codes():
        abort(404)
    return code


def _posted() -> tuple[tuple[CatalogueItem, ...], dict[str, str]]:
    """The rows of the form that have a code and are not marked to be left out."""
    items, notes = [], {}
    for number in range(_ROWS + _BLANK):
        row = _row(number)
        if row is None or not row.code or request.form.get(f"drop.{number}"):
            continue
        values = {name: value for name, value in row.values.items() if value}
        name = Text(row.name, row.name_en)
        items.append(CatalogueItem(row.code, name, Text("", ""), values, row.since, row.until))
        if row.note:
            notes[row.code] = row.note
    return tuple(items), notes


def _row(number: int) -> ItemLine | None:
    form = request.form
    if f"code.{number}" not in form:
        return None

    def text(name: str) -> str:
        return " ".join(form.get(f"{name}.{number}", "").split())

    values = {name: text(name) for name in ("post", "years")}
    name, english = text("name"), text("name_en")
    return ItemLine(text("code"), name, english, values, text("since"), text("until"), text("note"), name)


def _typed_lines(eyes: Lens, *, people: bool) -> list[ItemLine]:
    rows = [row for row in map(_row, range(_ROWS + _BLANK)) if row is not None and row.code]
    return [row if not people else _with_name(row, eyes) for row in rows]


def _with_name(row: ItemLine, eyes: Lens) -> ItemLine:
    return ItemLine(row.code, "", "", row.values, row.since, row.until, row.note, eyes.who(row.code))


def _who(house: House) -> list[tuple[str, str]]:
    now = house.clock()
    found = [(user.id, user.name) for user in house.accounts.everyone(now) if user.active]
    found += [(one.id, one.name) for one in house.directory.contacts()]
    return sorted(found, key=lambda one: one[1].casefold())


def _actor() -> Actor:
    user = person()
    return Actor(user.id, next(str(one) for one in KEEPERS if one in user.roles), "web")


def _entry(seq: int) -> str:
    return url_for("evidence.entry", folio=CATALOGUES_CASE, seq=seq)
