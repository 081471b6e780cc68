"""Periodic controls by themselves: the system opens a case for each period and closes it with its counts.

Idempotent, and safe from several processes at once: each opening and each closing has one idempotency key. What a run
missed the next one makes up for, period by period.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from evidence.canonical import Json
from evidence.entry import BlobRef, EntryDraft, EntryKind, parse_time
from workflows import controls
from workflows.calendar import OutOfCalendar
from workflows.casefile import CONTROL, CONTROLS, control_key
from workflows.claims import Situation
from workflows.closing import OF_ONE_CASE, TimersIncomplete
from workflows.commands import SYSTEM_ACTOR, Receipt
from workflows.corrections import bare
from workflows.definition import Definition, Series
from workflows.facts import EvidenceFact, Facts, facts_of
from workflows.ports import CaseIndex, CaseQuery, CaseRow
from workflows.state import StepStatus
from workflows.writer import CaseWriter

_PAGE = 200


class _NotDue(Exception):
    """Another process was quicker, or the period is not over."""


def run(writer: CaseWriter, index: CaseIndex, now: datetime) -> list[Receipt]:
    """Close the periods that are over, open those that have begun; the receipts of what this call recorded.

    Raises:
        workflows.closing.TimersIncomplete: some could not be handled; all others were.
    """
    receipts: list[Receipt] = []
    failures: list[tuple[str, str]] = []
    for definition in writer.definitions.processes():
        for series in definition.series:
            for work in (_close_all, _open_all):
                try:
                    receipts += work(writer, index, definition, series, now)
                except OF_ONE_CASE as error:
                    failures.append((control_key(definition.process, series.code), str(error)))
    if failures:
        raise TimersIncomplete(receipts, failures)
    return receipts


def control_case(
    writer: CaseWriter, index: CaseIndex, definition: Definition, series: Series, day: date
) -> str:
    """The folio of the case of the period a day lies in, ``""`` for a period that has none.

    The present period's is opened where the system has not come to it yet.
    """
    now = writer.clock()
    period = controls.period_of(day)
    if period == controls.period_of(writer.calendar.local_day(now)):
        _open_all(writer, index, definition, series, now)
    found = index.by_reference(CONTROL, control_key(definition.process, series.code, period))
    return found[0] if found else ""


def _open_all(
    writer: CaseWriter, index: CaseIndex, definition: Definition, series: Series, now: datetime
) -> list[Receipt]:
    """Open every period from the one after the last to the present one; the very first is owed from today on."""
    today = writer.calendar.local_day(now)
    last = _last_period(index, definition, series)
    if not last:
        return _open(writer, definition, series, today, now)
    receipts: list[Receipt] = []
    period = controls.following(last)
    while period <= controls.period_of(today):
        receipts += _open(writer, definition, series, controls.first_day(period), now)
        period = controls.following(period)
    return receipts


def _last_period(index: CaseIndex, definition: Definition, series: Series) -> str:
    """The latest period that has a case."""
    periods = [
        str(control.get("period", ""))
        for folio in index.by_reference(CONTROLS, control_key(definition.process, series.code))[-2:]
        if (row := index.get(folio)) is not None and isinstance(control := row.document.get("control"), dict)
    ]
    return max(periods, default="")


def _open(
    writer: CaseWriter, definition: Definition, series: Series, since: date, now: datetime
) -> list[Receipt]:
    period = controls.period_of(since)

    def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        facts = Facts(
            actor_class=SYSTEM_ACTOR.kind,
            via=SYSTEM_ACTOR.via,
            definition=definition.digest,
            calendar=situation.calendar.id,
            params=series.params,
            series=series.code,
            period=period,
            since=since.isoformat(),
        )
        return (bare(situation, SYSTEM_ACTOR, EntryKind.CASE_OPENED, "", facts),)

    key = f"series/{control_key(definition.process, series.code, period)}"
    receipt = writer.open_by_system(definition, drafts, now, key)
    return [receipt] if receipt is not None else []


def _close_all(
    writer: CaseWriter, index: CaseIndex, definition: Definition, series: Series, now: datetime
) -> list[Receipt]:
    """Close the open cases of periods that are over, on a business day."""
    if not writer.calendar.is_business_day(writer.calendar.local_day(now)):
        return []
    query = CaseQuery(process=definition.process, status=series.code, closed=False)
    receipts = (_close(writer, index, row.folio, now) for row in _rows(index, query))
    return [receipt for receipt in receipts if receipt is not None]


def _close(writer: CaseWriter, index: CaseIndex, folio: str, now: datetime) -> Receipt | None:
    situation = writer.situation(writer.history(folio), now)
    control = situation.state.control if situation.state is not None else None
    if control is None or now < controls.over_at(control.period, writer.calendar):
        return None
    series = situation.definition.by_series[control.series]
    volume = _volume(writer, index, situation.definition, series, control.period)

    def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        if situation.state is None or situation.state.closed:
            raise _NotDue
        return (_report(situation, series, volume),)

    try:
        return writer.append_by_system(folio, drafts, now, f"series-close/{folio}")
    except _NotDue:
        return None


def _report(situation: Situation, series: Series, volume: Sequence[str] | None) -> EntryDraft:
    """The entry that closes a period: its counts are facts, the cases counted stand in the payload."""
    state = situation.state
    if state is None or state.control is None:
        raise _NotDue
    control = state.control
    step = situation.definition.by_step[series.report_step]
    holders = (
        situation.directory.holders(series.post, situation.now) if situation.directory and series.post else ()
    )
    counts = {
        "owed": len(
            list(controls.owed_days(date.fromisoformat(control.since), control.period, situation.calendar))
        ),
        "looked": len({day for day, _, _ in control.days}),
        "gaps": len(control.gaps),
        "findings": control.findings,
    }
    facts = Facts(
        actor_class=SYSTEM_ACTOR.kind,
        via=SYSTEM_ACTOR.via,
        evidence=tuple(EvidenceFact(slot, "SYS") for slot in step.evidence.all),
        parties={series.post: holders[0].actor} if holders else {},
        calendar=situation.calendar.id,
        counts=counts if volume is None else {**counts, "volume": len(volume)},
    )
    draft = bare(situation, SYSTEM_ACTOR, EntryKind.CASE_CLOSED, step.code, facts)
    listed: list[Json] = list(volume or ())
    return replace(draft, payload={**draft.payload, "cases": listed}) if listed else draft


def _volume(
    writer: CaseWriter, index: CaseIndex, definition: Definition, series: Series, period: str
) -> tuple[str, ...] | None:
    """Cases of the process in which the counted step was done in the period; ``None`` where nothing is counted.

    The index only says where to look: whether and when the step was done is derived from the entries.
    """
    if not series.volume_step:
        return None
    found = []
    for row in _rows(index, CaseQuery(process=definition.process)):
        if "control" in row.document or not _mentions(row, series.volume_step):
            continue
        day = _done_day(writer, row.folio, series.volume_step)
        if day is not None and controls.period_of(day) == period:
            found.append(row.folio)
    return tuple(sorted(found))


def _mentions(row: CaseRow, step: str) -> bool:
    steps = row.document.get("steps")
    return isinstance(steps, list) and any(
        isinstance(item, dict) and item.get("step") == step and bool(item.get("entries")) for item in steps
    )


def _done_day(writer: CaseWriter, folio: str, step: str) -> date | None:
    situation = writer.situation(writer.history(folio))
    state = situation.state
    if state is None or step not in situation.definition.by_step:
        return None
    progress = state.step(step)
    if progress.status is not StepStatus.DONE:
        return None
    entry = situation.entries[progress.entries[0] - 1].entry
    try:
        return writer.calendar.local_day(parse_time(facts_of(entry).occurred_at or entry.at))
    except OutOfCalendar:
        return None


def _rows(index: CaseIndex, query: CaseQuery) -> Iterator[CaseRow]:
    """All rows of a query, page by page."""
    after = ""
    while True:
        page = index.find(replace(query, limit=_PAGE, after=after))
        yield from page.rows
        after = page.next
        if not after:
            return
