"""Paths through a process as a table: walked on the desk in memory, and derived again from their entries alone.

How a process gets its paths (``tests/workflows/test_ma001_replays.py`` is the model)::

    TABLE = Table(
        Play("MA-002", opening={"clave": "AG00017"}),
        (
            Path("just opened", status="nuevo", machines={"cam": "Solicitado"}, open_steps=("2",)),
            Path("goes ahead", "2..5 6:adelante 7..14", status="espera_metlife"),
            Path("stopped", ("2..5", act("6", choice="detenlo", uploads=(eml(),))), status="detenido"),
            Path("nobody answers", ("2..5", clock("2026-01-19 18:01")), timers={"respuesta": "overdue"}),
            Path("too early", ("2..5", refused("9", GuardUnmet)), status="espera_asistente"),
        ),
    )

    @pytest.mark.parametrize("path", TABLE.paths, ids=str)
    def test_path(path: Path) -> None:
        TABLE.check_end(path)

    @pytest.mark.parametrize("path", TABLE.paths, ids=str)
    def test_replay(path: Path) -> None:
        TABLE.check_replay(path)

A text in ``moves`` is read word by word: ``4`` records step 4, ``6:adelante`` records it on that branch, ``2..8`` those
of the whole numbers 2 to 8 that the definition has. Evidence is made from the definition (`samples`), on the branch
chosen; `Play.usual` or `act` replace it. A minute passes before each step. A member of `Path` left out is not checked.
What no move can say (children, corrections) is a function of the `Walk`; `Table.walked` hands a walked path to tests
that look closer, `Table.walk` a fresh one to tests that go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from evidence.entry import Entry, parse_entry, parse_time
from tests.workflows.desk import Desk, local
from tests.workflows.quick import QuickReader
from tests.workflows.samples import Samples
from workflows.calendar import BusinessCalendar
from workflows.commands import Actor, OpenCase, Receipt, RecordStep
from workflows.definition import Definition, Step
from workflows.derive import derive
from workflows.errors import Refusal
from workflows.loader import load
from workflows.ports import DocumentReader
from workflows.registry import DefinitionRegistry
from workflows.state import CaseState


@dataclass(frozen=True)
class Play:
    """How a process is played: what its cases are opened with, who acts, and what ``usual`` evidence is particular.

    ``people`` gives the actor of a role; any other role is played by ``u-<role>``. ``usual`` gives, for a step, members
    of `RecordStep` that differ from what `Samples` makes. ``prepare`` sets the desk up (posts, catalogues).
    ``answers``: by step, the sets of values on which what follows hangs; an explorer gives each of them.
    """

    process: str
    opening: Mapping[str, str] = field(default_factory=dict)
    opener: str = ""
    people: Mapping[str, Actor] = field(default_factory=dict)
    usual: Callable[[str], Mapping[str, object]] = lambda _step: {}
    prepare: Callable[[Desk], None] = lambda _desk: None
    start: str = "2026-01-12 09:00"
    reader: Callable[[], DocumentReader] = QuickReader
    definitions: DefinitionRegistry | None = None
    act: Callable[[Walk, str, str], Receipt | None] | None = None
    answers: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)

    def actor(self, role: str) -> Actor:
        """Who plays a role."""
        return self.people.get(role, Actor(id=f"u-{role}", role=role))


@dataclass
class Walk:
    """A case on its way: the desk, its folio, and what was recorded."""

    play: Play
    desk: Desk
    folio: str = ""
    samples: Samples = field(default_factory=Samples)
    receipts: list[Receipt] = field(default_factory=list)

    @property
    def definition(self) -> Definition:
        """The definition the case pinned."""
        return self.desk.definitions.current(self.play.process)

    @property
    def state(self) -> CaseState:
        """The case as it stands now."""
        return self.desk.cases.view(self.folio).state

    @property
    def entries(self) -> list[Entry]:
        """The case's entries, read from their sealed bytes."""
        return [parse_entry(sealed.entry_bytes) for sealed in self.desk.ledger.history(self.folio)]

    def open(self, changes: Mapping[str, str] | None = None) -> None:
        """Open the case; an empty value in ``changes`` leaves a field out."""
        wanted = {**self.play.opening, **(changes or {})}
        given = {name: value for name, value in wanted.items() if value}
        data = self.samples.opening(self.definition, given)
        data = {name: value for name, value in data.items() if name not in wanted or wanted[name]}
        role = self.play.opener or self.definition.opening.roles[0]
        uploads = self.samples.opening_files(self.definition, data)
        if isinstance(self.desk.reader, QuickReader):
            self.desk.reader.others.update(data)  # the request sheet says what the case says
        command = OpenCase(self.play.process, self.play.actor(role), data, uploads)
        self.folio = self.desk.cases.open_case(command).folio

    def record(self, code: str, choice: str = "", /, **changes: object) -> Receipt:
        """Record a step with evidence that suffices, or with what ``changes`` say."""
        step = self.definition.by_step[code]
        done = self.play.act(self, code, choice) if self.play.act is not None and not changes else None
        if done is not None:
            self.receipts.append(done)
            return done
        made = self.samples.step(self.definition, step, choice, self.state.params)
        wanted = {"actor": self.actor_of(step), **made, **self.play.usual(code), **changes}
        receipt = self.desk.cases.record(RecordStep(self.folio, code, **wanted))  # type: ignore[arg-type]
        self.receipts.append(receipt)
        return receipt

    def actor_of(self, step: Step) -> Actor:
        """Who records a step: its first role; where it asks for a post, that post's holder."""
        actor = self.play.actor(step.roles[0] if step.roles else "system")
        post = getattr(step, "post", "")
        return replace(actor, id=self.desk.directory.posts[post]) if post else actor

    def go(self, *moves: Move) -> None:
        """Make moves, one after another."""
        for move in moves:
            if isinstance(move, str):
                for word in move.split():
                    self._word(word)
            else:
                move(self)

    def _word(self, word: str) -> None:
        first, dots, last = word.partition("..")
        if dots:
            codes = [str(n) for n in range(int(first), int(last) + 1) if str(n) in self.definition.by_step]
        else:
            codes = [word]
        for code in codes:
            step, _, choice = code.partition(":")
            self.desk.clock.advance(minutes=1)
            self.record(step, choice)


Move = str | Callable[[Walk], object]


def act(step: str, **changes: object) -> Callable[[Walk], object]:
    """Record ``step`` with members of `RecordStep` of one's own; the rest is the usual."""

    def move(walk: Walk) -> None:
        walk.desk.clock.advance(minutes=1)
        walk.record(step, str(changes.get("choice", "")), **changes)

    return move


def clock(moment: str, *, fire: bool = True) -> Callable[[Walk], object]:
    """Move the clock to a local moment, and (``fire``) let the timers record what they owe."""

    def move(walk: Walk) -> None:
        walk.desk.clock.set(moment)
        if fire:
            walk.desk.cases.fire_due_timers()

    return move


def refused(step: str, why: type[Refusal], **changes: object) -> Callable[[Walk], object]:
    """Recording ``step`` is refused for that reason, and nothing is written."""

    def move(walk: Walk) -> None:
        before = len(walk.desk.ledger.rows)
        with pytest.raises(why):
            act(step, **changes)(walk)
        assert len(walk.desk.ledger.rows) == before

    return move


@dataclass(frozen=True)
class Path:
    """A way through a process, and where it ends."""

    name: str
    moves: Move | Sequence[Move] = ()
    status: str | None = None
    machines: Mapping[str, str] | None = None
    closed: bool | None = None
    complete: bool | None = None
    open_steps: tuple[str, ...] | None = None
    missing: tuple[str, ...] | None = None
    waiting: tuple[str, str] | None = None
    timers: Mapping[str, str] | None = None
    exceptions: tuple[str, ...] | None = None
    destinations: tuple[str, ...] | None = None
    opening: Mapping[str, str] = field(default_factory=dict)
    start: str = ""

    def __str__(self) -> str:
        """The name, by which pytest calls the case."""
        return self.name

    def expected(self) -> dict[str, object]:
        """What the table says of the end."""
        told = {name: getattr(self, name) for name in _TOLD}
        return {name: value for name, value in told.items() if value is not None}


_TOLD = "status machines closed complete open_steps missing waiting timers exceptions destinations".split()


def told(state: CaseState) -> dict[str, object]:
    """A state in the words of a `Path`. Of each timer, its latest run; of exceptions, their codes in order."""
    return {
        "status": state.status,
        "machines": state.machine_values(),
        "closed": state.closed,
        "complete": state.complete,
        "open_steps": state.open_steps,
        "missing": state.missing,
        "waiting": (state.waiting.code, state.waiting.who) if state.waiting else ("", ""),
        "timers": {timer.timer: str(timer.state) for timer in state.timers},
        "exceptions": tuple(str(item.code) for item in state.exceptions),
        "destinations": tuple(route.destination for route in state.routes),
    }


class Table:
    """The paths of one process. Each is walked once however many tests look at it."""

    def __init__(self, play: Play, paths: Sequence[Path]) -> None:
        self.play = play
        self.paths = tuple(paths)
        self._walked: dict[str, Walk] = {}

    def walk(self, path: Path | str) -> Walk:
        """A fresh walk of a path, by name or as it is."""
        if isinstance(path, str):
            path = next(item for item in self.paths if item.name == path)
        walk = begin(self.play, path.start)
        walk.open(path.opening)
        moves = path.moves if isinstance(path.moves, list | tuple) else [path.moves]
        walk.go(*moves)  # type: ignore[arg-type]
        return walk

    def walked(self, name: str) -> Walk:
        """A path for tests that only look."""
        if name not in self._walked:
            self._walked[name] = self.walk(name)
        return self._walked[name]

    def check_end(self, path: Path) -> None:
        """The case ends as the table says."""
        expected = path.expected()
        assert expected, f"{path.name}: the table says nothing of its end"
        found = told(self.walked(path.name).state)
        if path.timers is not None:
            found["timers"] = {name: found["timers"].get(name) for name in path.timers}  # type: ignore[attr-defined]
        assert {name: found[name] for name in expected} == expected

    def check_replay(self, path: Path) -> None:
        """A stranger with the entries' bytes, the definition's and the calendar derives what is stored."""
        check_replay(self.walked(path.name))


def begin(play: Play, start: str = "") -> Walk:
    """A desk on which nothing has happened, every post of the definition held by somebody."""
    desk = Desk(reader=play.reader(), **({"definitions": play.definitions} if play.definitions else {}))
    desk.clock.set(start or play.start)
    walk = Walk(play, desk)
    for role in walk.definition.roles:
        if role.post:
            desk.directory.posts.setdefault(role.post, f"u-{role.code}")
    for step in walk.definition.steps:
        post = getattr(step, "post", "")
        if post:
            desk.directory.posts.setdefault(post, f"u-{post}")
    play.prepare(desk)
    return walk


def check_replay(walk: Walk) -> list[CaseState]:
    """Projection, rebuild and a fresh derivation agree; what was known at each entry is derived from those before it.

    Gives the state after each entry.
    """
    entries = walk.entries
    definition = load(walk.definition.source)
    calendar = BusinessCalendar.bundled()
    fresh = derive(definition, entries, calendar=calendar)
    row = walk.desk.index.get(walk.folio)
    assert row is not None
    assert row.document == fresh.as_json()
    assert derive(definition, entries, calendar=calendar) == fresh
    report = walk.desk.cases.rebuild()
    assert (report.differences, report.failures) == ((), ())
    states = []
    for entry in entries:
        known = derive(definition, entries, calendar=calendar, as_of=moment_of(entry))
        assert known == derive(definition, entries[: entry.seq], calendar=calendar)
        states.append(known)
    return states


def moment_of(entry: Entry) -> datetime:
    """When an entry was recorded."""
    return parse_time(entry.at)


__all__ = [
    "Move",
    "Path",
    "Play",
    "Table",
    "Walk",
    "act",
    "begin",
    "check_replay",
    "clock",
    "local",
    "refused",
    "told",
]
