"""``alcance.json``: what was asked for and how much came of it; and which cases a scope means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date

from audit_exports.layout import LAYOUT_VERSION
from audit_exports.population import rank_of
from audit_exports.record import PackageFacts, Scope, Totals
from evidence.canonical import Json, NotCanonical, canonical_bytes, parse_canonical
from evidence.entry import Entry, parse_time
from workflows.calendar import BusinessCalendar

_CALENDAR = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEX64 = re.compile(r"[0-9a-f]{64}")


class MalformedScope(ValueError):
    """A scope that means nothing, or bytes that are not an ``alcance.json``."""


def check_scope(scope: Scope) -> None:
    """Raises `MalformedScope` for dates that are none, an end before its start, or a sample without a seed."""
    for day in (scope.start, scope.end):
        try:
            if day and date.fromisoformat(day).isoformat() != day:
                raise MalformedScope(f"not a date: {day!r}")
        except ValueError as error:
            raise MalformedScope(f"not a date: {day!r}") from error
    if scope.start and scope.end and scope.end < scope.start:
        raise MalformedScope("the period ends before it starts")
    if scope.engagement and (
        scope != Scope(engagement=scope.engagement) or not _ID.fullmatch(scope.engagement)
    ):
        raise MalformedScope("an engagement has its own limits")
    if scope.sample < 0 or bool(scope.sample) != bool(scope.seed):
        raise MalformedScope("a sample needs a size and a seed")


def named_by(scope: Scope, folio: str) -> bool:
    """Whether a folio passes the limits that its name alone can tell; system chains never do."""
    if ":" in folio or (scope.folios and folio not in scope.folios):
        return False
    return not scope.processes or any(folio.startswith(f"{process}-") for process in scope.processes)


def in_period(scope: Scope, entries: Iterable[Entry], calendar: BusinessCalendar) -> bool:
    """Whether one of a case's entries was recorded in the period."""
    if not scope.start and not scope.end:
        return True
    first, last = scope.start or "0000", scope.end or "9999"
    days = (calendar.local_day(parse_time(entry.at)).isoformat() for entry in entries)
    return any(first <= day <= last for day in days)


def sample_of(folios: Sequence[str], scope: Scope) -> list[str]:
    """The sampled folios, sorted; all of them without a sample."""
    if not scope.sample:
        return sorted(folios)
    return sorted(sorted(folios, key=lambda folio: (rank_of(scope.seed, folio), folio))[: scope.sample])


def sample_problem(facts: PackageFacts, exported: Iterable[str]) -> str:
    """What is wrong with a claimed draw: members the scope does not name, or other cases than the first ones drawn."""
    scope, members = facts.scope, facts.members
    if not scope.sample:
        return "members without a sample" if members else ""
    if list(members) != sorted(set(members)):
        return "the population is not sorted"
    strange = next((folio for folio in members if not named_by(scope, folio)), None)
    if strange is not None:
        return f"{strange} is not in the scope"
    drawn, found = sample_of(members, scope), sorted(exported)
    other = next(iter(sorted(set(drawn) ^ set(found))), None)
    return "" if other is None else f"{other} {'was drawn' if other in drawn else 'was not drawn'}"


def prefixes_of(scope: Scope, processes: Sequence[str] = ()) -> tuple[str, ...]:
    """What the names of all cases begin with that a scope means, to show that none was left out.

    ``processes`` are those of the engagement's terms, where the scope is one. Cases named one by one have no such
    whole; without limits it is every name there is (``""``).
    """
    if scope.folios:
        return ()
    named = sorted(set(processes if scope.engagement else scope.processes))
    return tuple(f"{process}-" for process in named) or ("",)


def scope_bytes(facts: PackageFacts, totals: Totals) -> bytes:
    """The file's bytes: canonical JSON."""
    scope = facts.scope
    value: dict[str, Json] = {
        "layout": LAYOUT_VERSION,
        "log": facts.origin,
        "size": facts.size,
        "root": facts.root,
        "as_of": facts.as_of,
        "calendar": facts.calendar,
        "scope": {
            "processes": list(scope.processes),
            "from": scope.start,
            "to": scope.end,
            "folios": list(scope.folios),
            "sample": scope.sample,
            "seed": scope.seed,
            "engagement": scope.engagement,
            "population": facts.population,
            "members": list(facts.members),
        },
        "totals": dict(asdict(totals)),
    }
    return canonical_bytes(value)


def parse_scope(data: bytes) -> tuple[PackageFacts, Totals]:
    """The inverse of `scope_bytes`. Raises `MalformedScope` for anything that function would not write."""
    try:
        value = parse_canonical(data)
        if not isinstance(value, dict) or not isinstance(value["scope"], dict):
            raise MalformedScope("not an object")
        facts = _facts(value, value["scope"])
        totals = value["totals"]
        if not isinstance(totals, dict):
            raise MalformedScope("totals is not an object")
        counted = Totals(**{name: _number(totals, name) for name in asdict(Totals())})
        check_scope(facts.scope)
        parse_time(facts.as_of)
    except (NotCanonical, KeyError, ValueError) as error:
        raise MalformedScope(str(error)) from error
    if scope_bytes(facts, counted) != data:
        raise MalformedScope("unknown members")
    if not _CALENDAR.fullmatch(facts.calendar) or not _HEX64.fullmatch(facts.root):
        raise MalformedScope("calendar or root")
    return facts, counted


def _facts(value: dict[str, Json], scope: dict[str, Json]) -> PackageFacts:
    return PackageFacts(
        origin=_text(value, "log"),
        size=_number(value, "size"),
        root=_text(value, "root"),
        as_of=_text(value, "as_of"),
        calendar=_text(value, "calendar"),
        scope=Scope(
            processes=_texts(scope, "processes"),
            start=_text(scope, "from"),
            end=_text(scope, "to"),
            folios=_texts(scope, "folios"),
            sample=_number(scope, "sample"),
            seed=_text(scope, "seed"),
            engagement=_text(scope, "engagement"),
        ),
        members=_texts(scope, "members"),
    )


def _text(members: dict[str, Json], name: str) -> str:
    value = members[name]
    if not isinstance(value, str):
        raise MalformedScope(f"{name} is not a string")
    return value


def _texts(members: dict[str, Json], name: str) -> tuple[str, ...]:
    value = members[name]
    if not isinstance(value, list):
        raise MalformedScope(f"{name} is not a list")
    texts = tuple(item for item in value if isinstance(item, str))
    if len(texts) != len(value):
        raise MalformedScope(f"{name} is not a list of strings")
    return texts


def _number(members: dict[str, Json], name: str) -> int:
    value = members[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedScope(f"{name} is not a natural number")
    return value
