"""View models of administration: posts with their holders over time, backups, lists and their versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from evidence.entry import SealedEntry, format_time
from identity.posts import Appointment
from web.views.lens import Lens, Moment
from workflows.catalogues import CatalogueVersion
from workflows.definition import CatalogueItem, Definition


@dataclass(frozen=True, slots=True)
class HolderLine:
    """Somebody's time in a post, or as a backup. ``href`` is the entry that began it; ``ends`` whether it is open."""

    actor: str
    name: str
    since: Moment
    until: Moment | None
    rank: int
    paper: bool
    ends: bool
    href: str
    principal: str = ""
    principal_name: str = ""


@dataclass(frozen=True, slots=True)
class PostView:
    """A post at a moment: who holds it then, who will and who did."""

    code: str
    name: str
    deciding: bool
    current: tuple[HolderLine, ...]
    future: tuple[HolderLine, ...]
    past: tuple[HolderLine, ...]


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """An entry about posts, backups or contacts, newest first: when, who did it, what, and where it is."""

    at: Moment
    actor: str
    what: str
    subject: str
    detail: str
    href: str


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item of a list: what a form shows in its row, and the state in words."""

    code: str
    name: str
    name_en: str
    values: Mapping[str, str]
    since: str
    until: str
    note: str
    shown: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version of a list. ``state``: now, coming, past, or replaced before it came into force."""

    version: str
    since: Moment | None
    actor: str
    items: int
    state: str
    href: str


Href = Callable[[str, int], str]
"""The address of an entry's page."""


def moment_of(day: str, lens: Lens) -> datetime:
    """The end of a day the reader picked; now for today, for no day and for what is none."""
    try:
        picked = date.fromisoformat(day)
    except ValueError:
        return lens.now
    if picked == lens.today():
        return lens.now
    return datetime.combine(picked + timedelta(days=1), time(), lens.zone).astimezone(UTC) - timedelta(
        microseconds=1
    )


def begin_of(day: str, lens: Lens) -> datetime | None:
    """From when a change shall hold: the first moment of a day, nothing (now) for today or an empty field.

    Raises:
        ValueError: no date.
    """
    if not day.strip():
        return None
    picked = date.fromisoformat(day.strip())
    if picked == lens.today():
        return None
    return datetime.combine(picked, time(), lens.zone).astimezone(UTC)


def places(entries: Sequence[SealedEntry], href: Href) -> Mapping[tuple[str, str, str], str]:
    """Addresses of the entries that began a time, by subject, post (or principal) and since."""
    found = {}
    for sealed in entries:
        facts = sealed.entry.facts
        subject, since = facts.get("subject"), facts.get("since")
        what = facts.get("post") or facts.get("acting_for")
        if isinstance(subject, str) and isinstance(since, str) and isinstance(what, str):
            found[subject, what, since] = href(sealed.entry.case, sealed.entry.seq)
    return found


def post_views(
    codes: Iterable[tuple[str, str]],
    appointments: Sequence[Appointment],
    moment: datetime,
    lens: Lens,
    where: Mapping[tuple[str, str, str], str],
    deciding: frozenset[str],
) -> tuple[PostView, ...]:
    """Posts (code, name) at a moment."""
    at = format_time(moment)
    views = []
    for code, name in codes:
        mine = [one for one in appointments if one.post == code and one.since != one.until]
        lines = [(one, holder_line(one, lens, where)) for one in mine]
        views.append(
            PostView(
                code=code,
                name=name,
                deciding=code in deciding,
                current=tuple(line for one, line in lines if one.holds_at(at)),
                future=tuple(line for one, line in lines if one.since > at),
                past=tuple(line for one, line in lines if one.until and one.until <= at),
            )
        )
    return tuple(views)


def post_names(definitions: Iterable[Definition], lens: Lens) -> dict[str, str]:
    """Posts in the words of the processes: the name of the role that its holder has there."""
    names: dict[str, str] = {}
    for definition in definitions:
        for role in definition.roles:
            if role.post:
                names.setdefault(role.post, lens.say(role.name))
    return names


def holder_line(one: Appointment, lens: Lens, where: Mapping[tuple[str, str, str], str]) -> HolderLine:
    """One time as a line."""
    return HolderLine(
        actor=one.actor,
        name=lens.who(one.actor),
        since=lens.moment(one.since),
        until=lens.maybe(one.until),
        rank=one.rank,
        paper=bool(one.paper),
        ends=not one.until,
        href=where.get((one.actor, one.post or one.principal, one.since), ""),
        principal=one.principal,
        principal_name=lens.who(one.principal) if one.principal else "",
    )


def item_lines(version: CatalogueVersion, lens: Lens, *, people: bool) -> tuple[ItemLine, ...]:
    """The items of a version; where items are people the directory says who."""
    return tuple(_item(version, item, lens, people=people) for item in version.items)


def _item(version: CatalogueVersion, item: CatalogueItem, lens: Lens, *, people: bool) -> ItemLine:
    return ItemLine(
        code=item.code,
        name=item.name.es,
        name_en=item.name.en,
        values=item.values,
        since=item.since,
        until=item.until,
        note=version.notes.get(item.code, item.note.es),
        shown=lens.who(item.code) if people else lens.say(item.name),
    )


def version_lines(
    versions: Sequence[CatalogueVersion], current: CatalogueVersion, lens: Lens, href: Callable[[int], str]
) -> tuple[VersionLine, ...]:
    """Every version, newest first."""
    now, lines = format_time(lens.now), []
    for place, one in enumerate(versions):
        replaced = any(
            later.since <= max(one.since, now) and later.since <= one.since for later in versions[place + 1 :]
        )
        if one == current:
            state = "now"
        elif one.since > now:
            state = "replaced" if replaced else "coming"
        else:
            state = "past"
        lines.append(
            VersionLine(
                version=one.version,
                since=lens.maybe(one.since),
                actor=lens.who(one.actor) if one.actor else "",
                items=len(one.items),
                state=state,
                href=href(one.seq) if one.leaf else "",
            )
        )
    return tuple(reversed(lines))
