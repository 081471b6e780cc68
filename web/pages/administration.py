"""Administration of people: posts, zones and backups over time, and contacts. Every change is an entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO, cast

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evidence.canonical import Json
from evidence.entry import EntryKind, SealedEntry, format_time
from identity.access import ACCESS_CASE, Granter
from identity.accounts import Role, UnknownUser
from identity.contacts import Contact
from identity.posts import Paper
from web.administration import paper_of
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.context import in_force, lens
from web.pages.forms import MENDABLE
from web.security import fresh, person, roles
from web.views.admin import ChangeLine, begin_of, holder_line, moment_of, places, post_names, post_views
from web.views.factors import factor_name
from web.views.lens import Lens, role_name
from web.views.trouble import Trouble, trouble_of
from web.wiring import House, HouseError, RetroactiveChange, current_house
from workflows.catalogues import PACKAGES, WHATSAPP, ZONES
from workflows.zones import FALLBACK_POST, post_of_zone

page = Blueprint("administration", __name__, url_prefix="/administracion")

KEEPERS = (Role.ADMINISTRADOR, Role.SUPERVISOR)
"""Who keeps lists, zones and contacts; posts that authorise, and backups, are the administrator's alone."""

keepers = roles(*KEEPERS)
MENDED = (*MENDABLE, RetroactiveChange, HouseError)
CPANEL_POST = "cpanel"
_CHANGES = 40


@page.get("")
@keepers
def overview() -> str:
    """What there is to keep, with its state today."""
    house, eyes = current_house(), lens()
    now = house.clock()
    held = {one.post for one in house.directory.everyone(now)}
    zones = house.catalogues.in_force(ZONES, now)
    return render_template(
        "pages/admin.html",
        lists=len(house.catalogues.codes()),
        zones=len(zones.items),
        empty_zones=sum(post_of_zone(zones, item.code) not in held for item in zones.items),
        whatsapp=len(house.catalogues.in_force(WHATSAPP, now).valid(eyes.today())),
        posts=len(held),
        packages=len(house.catalogues.in_force(PACKAGES, now).valid(eyes.today())),
        cpanel=[eyes.who(one.actor) for one in house.directory.holders(CPANEL_POST, now)],
        backups=sum(one.until == "" for one in house.directory.backups()),
        contacts=len(house.directory.contacts()),
        calendar=house.calendar.id,
    )


@page.get("/puestos")
@keepers
def posts() -> Response:
    """Every post, at a date."""
    return _posts("posts")


@page.get("/zonas")
@keepers
def zones() -> Response:
    """The posts of the zones, at a date; a zone without holder falls to the commercial manager."""
    return _posts("zones")


@page.post("/puestos/nombrar")
@keepers
@fresh
def appoint() -> Response:
    """Give a post from now or a day to come on."""
    house, form = current_house(), request.form
    post = form.get("post", "").strip()

    def work() -> str:
        _may_change(house, post)
        actor, since = _subject(form.get("actor", "")), _since()
        house.posts.appoint(post, actor, _by(), since=since, rank=_rank(), paper=_paper(house))
        return _("Nombramiento sellado.")

    return _done(work, "zones" if form.get("which") == "zones" else "posts")


@page.post("/puestos/terminar")
@keepers
@fresh
def relieve() -> Response:
    """End somebody's time in a post, now or on a day to come."""
    house, form = current_house(), request.form
    post, actor = form.get("post", "").strip(), form.get("actor", "")

    def work() -> str:
        _may_change(house, post)
        if not house.posts.relieve(post, actor, _by(), until=_since("until")):
            raise HouseError("no_such_holder", post=post)
        return _("Fin del periodo sellado.")

    return _done(work, "zones" if form.get("which") == "zones" else "posts")


@page.get("/respaldos")
@keepers
def backups() -> Response:
    """Who may stand in for whom, at a date."""
    return _backups()


@page.post("/respaldos/nombrar")
@roles(Role.ADMINISTRADOR)
@fresh
def name_backup() -> Response:
    """Let somebody stand in for another from now on."""
    house, form = current_house(), request.form

    def work() -> str:
        actor, principal = _subject(form.get("actor", "")), _subject(form.get("principal", ""))
        if actor == principal:
            raise HouseError("not_allowed_here", detail=_("nadie es respaldo de sí mismo"))
        house.posts.name_backup(actor, principal, _by(), paper=_paper(house))
        return _("Respaldo sellado.")

    return _done(work, "backups")


@page.post("/respaldos/terminar")
@roles(Role.ADMINISTRADOR)
@fresh
def end_backup() -> Response:
    """Let somebody stand in for another no more."""
    house, form = current_house(), request.form

    def work() -> str:
        actor, principal = form.get("actor", ""), form.get("principal", "")
        if not house.posts.end_backup(actor, principal, _by(), until=_since("until")):
            raise HouseError("no_such_backup")
        return _("Fin del respaldo sellado.")

    return _done(work, "backups")


@page.get("/contactos")
@keepers
def contacts() -> Response:
    """People without an account."""
    return _contacts()


@page.post("/contactos")
@keepers
def keep_contact() -> Response:
    """Add a contact, or correct one."""
    house, form = current_house(), request.form

    def work() -> str:
        name, email, phone, language = (form.get(key, "") for key in ("name", "email", "phone", "locale"))
        if form.get("id"):
            house.contacts.change(Contact(form["id"], name, email, phone, language), _by())
        else:
            house.contacts.add(name, _by(), email=email, phone=phone, locale=language)
        return _("Contacto sellado.")

    return _done(work, "contacts")


def _posts(which: str, answer: Answer | None = None) -> Response:
    house, eyes = current_house(), lens()
    moment, chain = moment_of(request.args.get("en", ""), eyes), house.ledger.history(ACCESS_CASE)
    found = house.directory.appointments()
    lists = house.catalogues.in_force(ZONES, moment)
    zoned = [(post_of_zone(lists, item.code), eyes.say(item.name)) for item in lists.items]
    known = {FALLBACK_POST, CPANEL_POST, *house.posts.deciding, *(one.post for one in found)}
    codes = [*zoned, (FALLBACK_POST, _("Gerente comercial"))]
    if which == "posts":
        named = {**{code: _("Zona %(name)s", name=name) for code, name in zoned}, **_post_names(house, eyes)}
        codes = sorted(((code, named.get(code, "")) for code in known | named.keys()), key=_by_name)
    text = render_template(
        "pages/admin_posts.html",
        which=which,
        fallback=FALLBACK_POST,
        posts=post_views(codes, found, moment, eyes, places(chain, _entry), house.posts.deciding),
        people=_people(house),
        changes=changes_of(chain, eyes, lambda facts: "post" in facts),
        today=eyes.today().isoformat(),
        at=request.args.get("en", "") or eyes.today().isoformat(),
        moment=eyes.moment(moment),
        may_all=person().has_any(frozenset({Role.ADMINISTRADOR})),
        typed=request.form,
        trouble=_trouble(answer, eyes),
    )
    return make_response(text, answer.status if answer else 200)


def _post_names(house: House, eyes: Lens) -> dict[str, str]:
    return {CPANEL_POST: _("Titular de cPanel"), **post_names(in_force(house), eyes)}


def _by_name(post: tuple[str, str]) -> str:
    code, name = post
    return (name or code).casefold()


def _backups(answer: Answer | None = None) -> Response:
    house, eyes = current_house(), lens()
    chain = house.ledger.history(ACCESS_CASE)
    at = moment_of(request.args.get("en", ""), eyes)
    where = places(chain, _entry)
    stamp = format_time(at)
    text = render_template(
        "pages/admin_backups.html",
        backups=[holder_line(one, eyes, where) for one in house.directory.backups() if one.holds_at(stamp)],
        people=_people(house, accounts_only=True),
        changes=changes_of(chain, eyes, lambda facts: "acting_for" in facts),
        today=eyes.today().isoformat(),
        at=request.args.get("en", "") or eyes.today().isoformat(),
        moment=eyes.moment(at),
        may_all=person().has_any(frozenset({Role.ADMINISTRADOR})),
        typed=request.form,
        trouble=_trouble(answer, eyes),
    )
    return make_response(text, answer.status if answer else 200)


def _contacts(answer: Answer | None = None) -> Response:
    house, eyes = current_house(), lens()
    chain = house.ledger.history(ACCESS_CASE)
    text = render_template(
        "pages/admin_contacts.html",
        contacts=house.directory.contacts(),
        chosen=house.directory.contact(request.args.get("quien", "")),
        changes=changes_of(chain, eyes, lambda facts: "contact" in facts),
        typed=request.form,
        trouble=_trouble(answer, eyes),
    )
    return make_response(text, answer.status if answer else 200)


_SHOWN: dict[str, Callable[[Answer | None], Response]] = {
    "posts": lambda answer: _posts("posts", answer),
    "zones": lambda answer: _posts("zones", answer),
    "backups": _backups,
    "contacts": _contacts,
}


def _done(work: Callable[[], str], which: str) -> Response:
    """Do it and go back to the page; what can be mended is shown there, with what was typed."""
    try:
        told = work()
    except MENDED as error:
        answer = answer_for(error)
        if answer is None:
            raise
        return _SHOWN[which](answer)
    flash(told, "ok")
    return redirect(url_for(f"administration.{which}"), 303)


def _may_change(house: House, post: str) -> None:
    """Posts that authorise are the administrator's to give."""
    if post in house.posts.deciding and not person().has_any(frozenset({Role.ADMINISTRADOR})):
        abort(403)


def _since(name: str = "since") -> datetime | None:
    """From when, or until when: now, or a day to come."""
    try:
        found = begin_of(request.form.get(name, ""), lens())
    except ValueError:
        abort(400, "bad_request")
    if found is not None and found < current_house().clock():
        raise RetroactiveChange(request.form.get("post", "") or "—", request.form.get(name, ""))
    return found


def _rank() -> int:
    return 1 if request.form.get("rank") == "1" else 0


def _subject(actor: str) -> str:
    """An account or a contact that is there: nobody else gets anything."""
    house = current_house()
    if house.accounts.get(actor, house.clock()) is None and house.directory.contact(actor) is None:
        raise UnknownUser(actor or "—")
    return actor


def _paper(house: House) -> Paper | None:
    file = request.files.get("paper")
    if file is None or not file.filename:
        return None
    return paper_of(house, cast("BinaryIO", file.stream), file.filename)


def _by() -> Granter:
    user = person()
    role = next(str(one) for one in KEEPERS if one in user.roles)
    return Granter(user.id, role, "web")


def _people(house: House, *, accounts_only: bool = False) -> list[tuple[str, str]]:
    """Who may be chosen, by name."""
    now = house.clock()
    found = [(user.id, f"{user.name} · {user.email}") for user in house.accounts.everyone(now) if user.active]
    if not accounts_only:
        found += [
            (one.id, f"{one.name} · {one.email or _('contacto')}") for one in house.directory.contacts()
        ]
    return sorted(found, key=lambda one: one[1].casefold())


def changes_of(
    chain: Sequence[SealedEntry], eyes: Lens, wanted: Callable[[Mapping[str, Json]], bool]
) -> list[ChangeLine]:
    """The newest entries of a kind: who changed what, and the entry."""
    mine = [sealed for sealed in chain if wanted(sealed.entry.facts)]
    return [_change(sealed, eyes) for sealed in reversed(mine[-_CHANGES:])]


def _change(sealed: SealedEntry, eyes: Lens) -> ChangeLine:
    entry, facts = sealed.entry, sealed.entry.facts
    ended = "until" in facts
    day = str(facts.get("until") or facts.get("since") or "")
    other = str(facts.get("acting_for", ""))
    detail = str(facts.get("post", "")) or (eyes.who(other) if other else "")
    if "device" in facts:
        detail, ended = factor_name(str(facts.get("factor", ""))), entry.kind is EntryKind.ACCESS_REVOKED
        day = entry.at
    if str(facts.get("subject", "")).startswith("s-"):
        return _service_change(sealed, eyes)
    return ChangeLine(
        at=eyes.moment(entry.at),
        actor=eyes.who(entry.actor),
        what=_("termina el %(day)s", day=eyes.moment(day).text) if ended
        else _("desde el %(day)s", day=eyes.moment(day).text) if day else _("datos"),
        subject=eyes.who(str(facts.get("subject", ""))),
        detail=detail,
        href=_entry(entry.case, entry.seq),
    )  # fmt: skip


def _service_change(sealed: SealedEntry, eyes: Lens) -> ChangeLine:
    """A service or one of its tokens: given until a date, or taken."""
    entry, facts = sealed.entry, sealed.entry.facts
    until, given = str(facts.get("until", "")), entry.kind is EntryKind.ACCESS_GRANTED
    return ChangeLine(
        at=eyes.moment(entry.at),
        actor=eyes.who(entry.actor),
        what=(_("hasta el %(day)s", day=eyes.moment(until).day) if until else _("abierta")) if given
        else _("revocado") if "token" in facts else _("cerrada"),
        subject=eyes.who(str(facts.get("subject", ""))),
        detail=_service_detail(facts),
        href=_entry(entry.case, entry.seq),
    )  # fmt: skip


def _service_detail(facts: Mapping[str, Json]) -> str:
    if "webhook" in facts:
        return _("suscripción %(id)s", id=facts["webhook"])
    return _("token %(id)s", id=facts["token"]) if "token" in facts else role_name(str(facts.get("role", "")))


def _entry(folio: str, seq: int) -> str:
    return url_for("evidence.entry", folio=folio, seq=seq)


def _trouble(answer: Answer | None, eyes: Lens) -> Trouble | None:
    return trouble_of(answer, {}, eyes) if answer else None
