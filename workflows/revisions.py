"""Revisions of a calendar: what the company publishes as days off, for days to come only.

A revision is named ``<calendar>-r<version>`` and holds from its entry on. What a day is, is settled once it has begun:
so no count up to a moment changes by what is published after it. `BusinessCalendar.in_force_at` tells which holds when.
Standard library and `evidence` only: the offline verifier makes the same revisions from the chain a package carries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from evidence.entry import parse_time
from workflows.calendar import BusinessCalendar, OutOfCalendar, Revision
from workflows.catalogues import HOLIDAYS, CatalogueVersion, Timeline

_ID_LINE = re.compile(r'(?m)^calendar = ".*"$')


def revised(base: BusinessCalendar, timeline: Timeline) -> BusinessCalendar:
    """The table with every revision published so far; ``base`` itself where there is none."""
    return _revised(base, timeline.get(HOLIDAYS, ()))


def _revised(base: BusinessCalendar, versions: Sequence[CatalogueVersion]) -> BusinessCalendar:
    if not versions:
        return base
    extra: dict[date, str] = {}
    revisions = [Revision("", base)]
    for version in versions:
        try:
            today = base.local_day(parse_time(version.at))
        except OutOfCalendar:
            continue  # at an end of time, where no day of the desk is: it says nothing
        settled = {day: name for day, name in extra.items() if day <= today}
        extra = settled | _days_to_come(version, today, base)
        revisions.append(Revision(version.at, _with_days(base, version.version, extra)))
    return replace(revisions[-1].calendar, revisions=tuple(revisions))


def _days_to_come(version: CatalogueVersion, today: date, base: BusinessCalendar) -> dict[date, str]:
    """The list's days that lie ahead of its publication and inside the table."""
    found = {}
    for item in version.items:
        try:
            day = date.fromisoformat(item.code)
        except ValueError:
            continue  # a chain by another hand: what is no day says nothing
        if day > today and base.first <= day <= base.last:
            found[day] = item.name.es
    return found


def _with_days(base: BusinessCalendar, version: str, extra: Mapping[date, str]) -> BusinessCalendar:
    revision_id = f"{base.id}-r{version}"
    added = {day: name for day, name in sorted(extra.items()) if day not in base.holidays}
    text = _ID_LINE.sub(f'calendar = "{revision_id}"', base.source.decode(), count=1)
    rows = [f'\n[[holiday]]\ndate = "{day}"\nname = {_quoted(name)}\n' for day, name in added.items()]
    return replace(
        base,
        id=revision_id,
        holidays={**base.holidays, **added},
        source=(text + "".join(rows)).encode(),
        revisions=(),
    )


def _quoted(name: str) -> str:
    """A TOML basic string; a day off needs a name even where its author gave none."""
    return json.dumps(name or "-", ensure_ascii=False).replace("\x7f", "\\u007f")
