"""A desk with as many entries as asked for, quickly and truthfully: stories played once, then sealed again and again.

A story is a case of MA-006 that was played through `CaseService` from its opening, on a desk in memory. What its
commands made of it (drafts, with facts and payloads) is then sealed for each case of the large desk through the same
ledger, many cases to a transaction: folio by series, chain, commitment, projection, index, tree and tiles. People and
words differ from case to case, files are shared. A larger desk is an older one: cases come at the same rate (a thousand
entries a day), and as on a working desk the past is closed.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from evidence.canonical import Json
from evidence.entry import BlobRef, EntryDraft, SealedEntry
from evidence.ports import Composition, Projection
from storage.ledger import SqlLedger
from tests.workflows.desk import ANA, TICKET, Desk
from tests.workflows.quick import QuickReader
from tests.workflows.samples import Samples
from web.inception import settle
from web.wiring import House
from workflows.commands import OpenCase, RecordStep

_TOGETHER, _ROUND = 48, 192
"""Threads that seal at once, and cases between two sequencings."""
Project = Callable[[Sequence[SealedEntry]], Projection]

OPEN_CASES = 150
"""Cases that are not closed, the newest."""
_DONE = "4 5:soporte 6 7 8 9 8 9 8 9 8 8 11 14 16:validado 18:articulo"
_UNDER_WAY = "4 5:soporte 6 7 8 9 8"
_FIRST = "Ana Beatriz Carlos Diana Elena Fernando Gabriela Hugo Irene Javier Karla Luis Marta Norma Óscar Paula".split()
_LAST = "Ñuñez Ruiz Ortega Cano Solís Ibarra Peña Quiroz Rivas Salas Téllez Uribe Vega Yáñez Zamora Luna Mora".split()
_EACH = timedelta(seconds=86)
"""Between two entries: a million of them begin in the first year of the calendar."""


@dataclass(frozen=True, slots=True)
class Story:
    """The drafts of one case, the first of which opens it."""

    series: str
    drafts: tuple[EntryDraft, ...]


class _Clock:
    """The large desk's clock: each case comes a while after the one before. Safe for threads."""

    def __init__(self, start: datetime, each: timedelta) -> None:
        self._moments = (start + number * each for number in itertools.count())
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            return next(self._moments)


def fill(house: House, entries: int) -> None:
    """Seal at least so many entries, sequence and sign them."""
    done, under_way = _story(house, _DONE), _story(house, _UNDER_WAY)
    closed = -(-max(0, entries - OPEN_CASES * len(under_way.drafts)) // len(done.drafts))
    clock = _Clock(datetime.now(UTC) - _EACH * entries, _EACH * len(done.drafts))
    ledger = SqlLedger(house.engine, house.settings.origin, clock=clock)
    project, numbers = house.cases.project, itertools.count()

    def seal_some(story: Story, count: int) -> None:
        with ThreadPoolExecutor(_TOGETHER) as pool:  # their cases share transactions
            for begun in range(0, count, _ROUND):
                some = [next(numbers) for _ in range(min(_ROUND, count - begun))]
                list(pool.map(lambda number: _case(ledger, project, story, number), some))
                while ledger.sequence(4096):
                    pass

    seal_some(done, closed)
    seal_some(under_way, OPEN_CASES)
    settle(house)


def _case(ledger: SqlLedger, project: Project, story: Story, number: int) -> None:
    drafts = tuple(_personal(item, number) for item in story.drafts)
    ledger.open_case(story.series, lambda _folio: Composition(drafts, project))


def _personal(draft: EntryDraft, number: int) -> EntryDraft:
    """The same draft of another person."""
    data = draft.payload.get("data")
    if not isinstance(data, dict) or "nombre" not in data:
        return draft
    first, rest = number % len(_FIRST), number // len(_FIRST)
    name = f"{_FIRST[first]} {_LAST[rest % len(_LAST)]} {_LAST[rest // len(_LAST) % len(_LAST)]}"
    said: dict[str, Json] = {**data, "nombre": name, "correo": f"persona{number}@promotoria.example"}
    if "asunto" in said:
        said["asunto"] = f"No puedo entrar, equipo {number}"
    return replace(draft, payload={**draft.payload, "data": said})


def _story(house: House, moves: str) -> Story:
    """Play a ticket, and put its files where the large desk keeps its own."""
    desk, samples = Desk(reader=QuickReader()), Samples()  # type: ignore[arg-type]  # tickets bring no list of agents
    folio = desk.cases.open_case(OpenCase("MA-006", ANA, TICKET)).folio
    for move in moves.split():
        code, _, choice = move.partition(":")
        desk.clock.advance(minutes=5)
        view = desk.cases.view(folio)
        made = samples.step(view.definition, view.definition.by_step[code], choice, view.state.params)
        desk.cases.record(RecordStep(folio, code, **{"actor": ANA, **made}))  # type: ignore[arg-type]
    sealed = desk.ledger.history(folio)
    moved = {}
    for item in sealed:
        for blob in item.entry.objects:
            with desk.blobs.open(blob) as stream:
                moved[blob.sha256] = house.blobs.put(stream, media=blob.media)
    return Story(folio.rpartition("-")[0], tuple(_again(item, moved) for item in sealed))


def _again(sealed: SealedEntry, moved: Mapping[str, BlobRef]) -> EntryDraft:
    entry = sealed.entry
    if entry.refs:
        raise ValueError(f"an entry that refers to others cannot be told again: {entry.kind}")
    return EntryDraft(
        actor=entry.actor,
        role=entry.role,
        kind=entry.kind,
        process=entry.process,
        step=entry.step,
        objects=tuple(moved[blob.sha256] for blob in entry.objects),
        facts=dict(entry.facts),
        payload=dict(sealed.payload()),
    )
