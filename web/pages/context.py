"""What pages have in common: the lens of the request, the shell around every page, definitions by version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, g, request, url_for

from evidence.ports import StoreError
from identity.accounts import ANSWERABLE, AUDITORS, EXPORTERS, RECORDERS, STAFF, Role, User
from identity.contacts import CONTACT_READERS
from web.i18n import gettext as _
from web.i18n import locale, zone
from web.security import maybe_person, outsider
from web.settings import Settings
from web.views.lens import Lens, role_name
from web.wiring import House, current_house, now
from workflows.definition import Definition
from workflows.keeping import MARK
from workflows.withholding import WAITING

THEME_COOKIE = "tema"
THEMES = ("auto", "light", "dark")
_UNDER = {
    "opening": "cases",
    "attention": "cases",
    "composing": "cases",
    "outgoing": "administration",
    "recording": "cases",
    "keeping": "cases",
    "quarantine": "subjects",
    "signing": "cases",
    "evidence": "cases",
    "catalogues": "administration",
    "auditfield": "audit",
    "auditcases": "audit",
    "auditwork": "audit",
    "auditlog": "audit",
    "auditsheets": "audit",
    "auditscope": "audit",
    "auditsample": "audit",
    "auditviews": "audit",
    "auditinvite": "audit",
    "tokens": "administration",
    "recertification": "administration",
}
"""Blueprints that belong to another's place in the navigation."""

KEEPERS = frozenset({Role.ADMINISTRADOR, Role.SUPERVISOR})
"""Who keeps lists, zones, posts and contacts."""


AUDIT_READERS = KEEPERS | AUDITORS | {Role.DIRECTOR}
"""Who always finds the auditors' room in the navigation; others while something asked of them waits for an answer."""

_DAILY = frozenset({Role.ESPECIALISTA, Role.SUPERVISOR})
"""Who looks at the daily controls, or after them."""


@dataclass(frozen=True, slots=True)
class Self:
    """The person looking, as the shell shows them."""

    name: str
    short: str
    email: str
    roles: str


@dataclass(frozen=True, slots=True)
class NavItem:
    """A place of the main navigation; ``waiting`` is how many things there wait for the person looking."""

    href: str
    text: str
    mark: str
    current: bool
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Shell:
    """What stands around every page."""

    lang: str
    locale: str
    theme: str
    here: str
    demo: bool
    user: Self | None
    nav: tuple[NavItem, ...]
    find: bool = True
    admin: bool = False


def shell() -> dict[str, object]:
    """The shell, for every template; what auditors asked of the person is all it asks the store for."""
    user = maybe_person()
    language = locale()
    return {
        "shell": Shell(
            lang="en" if language == "en" else "es-MX",
            locale=language,
            theme=request.cookies.get(THEME_COOKIE, "auto")
            if request.cookies.get(THEME_COOKIE) in THEMES
            else "auto",
            here=request.full_path.rstrip("?") if request.method == "GET" else "/",
            demo=in_demo(),
            user=_self(user) if user else None,
            nav=_nav(user) if user else (),
            find=not outsider(),
            admin=user is not None and user.has_any(frozenset({Role.ADMINISTRADOR})),
        )
    }


def in_demo() -> bool:
    """Whether this is the demonstration's log: its people and papers are invented, and every page says so."""
    return _settings().demo


def _settings() -> Settings:
    """How this installation is configured; asks no store."""
    settings: Settings = current_app.extensions["constancia"].settings
    return settings


def _self(user: User) -> Self:
    names = sorted(role_name(str(role)) for role in user.roles)
    return Self(user.name, user.name.split()[0], user.email, ", ".join(names))


def _nav(user: User) -> tuple[NavItem, ...]:
    waiting = {"audit.room": _asked_of(user), "subjects.overview": _in_quarantine(user)}
    places = (
        _desk_places(user, waiting["audit.room"])
        if user.has_any(STAFF)
        else [("audit.room", _("Auditoría"), "eye"), ("knowledge.processes", _("Procesos"), "open-book")]
    )
    at = _UNDER.get(request.blueprint or "", request.blueprint)
    return tuple(
        NavItem(
            url_for(endpoint),
            text,
            mark,
            endpoint.split(".", maxsplit=1)[0] == at,
            waiting.get(endpoint, 0),
        )
        for endpoint, text, mark in places
    )


def _asked_of(user: User) -> int:
    """How many requests of auditors wait for an answer of somebody of the desk."""
    if not user.has_any(STAFF):
        return 0
    room = current_house().room
    try:
        return len(room.register.asked_of(user.id, room.chain.today()))
    except StoreError:  # the page that says so has this same navigation
        return 0


def _in_quarantine(user: User) -> int:
    """How many cases have something in quarantine that waits for who answers for the data."""
    if not user.has_any(frozenset({Role.DATOS_PERSONALES})):
        return 0
    try:
        return len(current_house().index.by_reference(MARK, WAITING))
    except StoreError:  # the page that says so has this same navigation
        return 0


def _desk_places(user: User, waiting: int) -> list[tuple[str, str, str]]:
    places = [
        ("inbox.today", _("Mi bandeja"), "tray"),
        ("cases.listing", _("Casos"), "folder"),
        ("knowledge.processes", _("Procesos"), "open-book"),
        ("ledger.overview", _("Bitácora"), "chain"),
    ]
    if user.has_any(RECORDERS) and (in_demo() or _settings().imap_url is not None):
        places.insert(2, ("incoming.listing", _("Correo"), "mail"))
    if user.has_any(_DAILY):
        places.insert(2, ("controls.overview", _("Controles"), "calendar"))
    if user.has_any(EXPORTERS):
        places.insert(2, ("board.overview", _("Tablero"), "columns"))
        places.append(("export.form", _("Exportar"), "box"))
    if user.has_any(ANSWERABLE):
        places.append(("subjects.overview", _("Datos personales"), "lock"))
    if waiting or user.has_any(AUDIT_READERS):
        places.append(("audit.room", _("Auditoría"), "eye"))
    if user.has_any(KEEPERS):
        places.append(("administration.overview", _("Administración"), "gear"))
    return places


def lens() -> Lens:
    """Through whose eyes this request looks."""
    user = maybe_person()
    return Lens(
        now=current_house().clock(),
        zone=zone(),
        locale=locale(),
        actor=user.id if user else "",
        roles=frozenset(str(role) for role in user.roles) if user else frozenset(),
        names=_name_of,
    )


def _name_of(actor: str) -> str:
    """A person's name by id, looked up once a request; an id nobody knows stays as it is."""
    known: dict[str, str] = g.setdefault("names", {})
    user = maybe_person()
    if user is not None and user.id == actor:
        return user.name
    if actor not in known:
        known[actor] = _looked_up(current_house(), actor)
    return known[actor]


def _looked_up(house: House, actor: str) -> str:
    if actor.startswith("s-"):
        service = house.tokens.store.service(actor)
        return service.name if service else actor
    user = house.accounts.get(actor, now())
    return user.name if user else _contact_name(house, actor)


def _contact_name(house: House, actor: str) -> str:
    """The name of somebody without an account, for those who may see it: auditors see the id."""
    user = maybe_person()
    if user is None or not actor.startswith("c-") or not user.has_any(CONTACT_READERS):
        return actor
    found = house.directory.contact(actor)
    return found.name if found is not None else actor


def may_record() -> bool:
    """Whether the person brings evidence at all."""
    user = maybe_person()
    return user is not None and user.has_any(RECORDERS)


def answers_for_data() -> bool:
    """Whether the person answers for personal data, and so sees what is blocked."""
    user = maybe_person()
    return user is not None and user.has_any(ANSWERABLE)


def may_export() -> bool:
    """Whether the person may take packages out."""
    user = maybe_person()
    return user is not None and user.has_any(EXPORTERS)


def definitions(house: House) -> Callable[[str, str], Definition | None]:
    """Definitions by process and version."""
    known = {
        (item.process, item.version): item
        for process in house.definitions.processes()
        for item in house.definitions.versions(process.process)
    }
    return lambda process, version: known.get((process, version))


def in_force(house: House) -> tuple[Definition, ...]:
    """The definition in force of every process, by code."""
    return house.definitions.processes()


@dataclass(frozen=True, slots=True)
class ProcessName:
    """A process to choose."""

    code: str
    name: str


def openable(house: House) -> tuple[ProcessName, ...]:
    """The processes whose cases the person may open."""
    eyes = lens()
    return tuple(
        ProcessName(item.process, eyes.say(item.name))
        for item in in_force(house)
        if not eyes.roles.isdisjoint(item.opening.roles)
    )


def process_names(house: House) -> tuple[ProcessName, ...]:
    """The processes in force, by code."""
    eyes = lens()
    return tuple(ProcessName(item.process, eyes.say(item.name)) for item in in_force(house))
