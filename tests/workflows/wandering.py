"""Random walks through any definition: legal and illegal moves on one case, for the laws every process must keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from evidence.canonical import canonical_bytes
from tests.workflows.replays import Play, Walk, begin
from workflows.commands import Actor, RecordStep, RefuseRequest, Supersede, WaiveStep
from workflows.definition import Definition, FieldKind, Step
from workflows.errors import REFUSAL_CODES, Refusal, UnknownStep
from workflows.state import StepStatus

NOBODY = Actor(id="u-nadie", role="nadie")
WAYS = (
    "step",
    "step",
    "step",
    "step",
    "branch",
    "branch",
    "annul",
    "replace",
    "waive",
    "wait",
    "wrong",
    "refuse",
)
MOVES = st.lists(st.tuples(st.sampled_from(WAYS), st.integers(0, 29)), min_size=4, max_size=40)


@dataclass
class Wanderer:
    """One case of one definition, moved about. ``refusals`` are those of legal attempts, with what was tried."""

    walk: Walk
    refusals: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, play: Play, variant: int) -> Wanderer:
        """Open a case; ``variant`` chooses among the params a case may be opened with."""
        walk = begin(play)
        walk.open(opening_variant(walk.definition, play.opening, variant))
        return cls(walk)

    @property
    def definition(self) -> Definition:
        """What the case goes by."""
        return self.walk.definition

    def move(self, way: str, n: int) -> None:
        """One move. A refusal must have a reason and leave nothing; an illegal act must be refused."""
        self.walk.desk.clock.advance(minutes=7)
        before = len(self.walk.desk.ledger.rows)
        refusal = self._try(way, n)
        if refusal is None:
            assert way != "wrong" or n % 5 == 4, f"an illegal act was taken: {n}"
            return
        assert refusal.code in REFUSAL_CODES
        canonical_bytes(dict(refusal.fields))
        assert len(self.walk.desk.ledger.rows) == before
        self.refusals.append((f"{way} {n}", refusal.code))

    def _try(self, way: str, n: int) -> Refusal | None:
        try:
            getattr(self, f"_{way}")(n)
        except Refusal as refusal:
            return refusal
        return None

    def _step(self, n: int) -> None:
        state = self.walk.state
        code = state.next_step if n % 3 else _pick(state.open_steps, n)
        if code:
            self.walk.record(code)

    def _branch(self, n: int) -> None:
        state = self.walk.state
        steps = [self.definition.by_step[code] for code in state.open_steps]
        ways = [(step.code, branch.code) for step in steps for branch in step.branches]
        if ways:
            self.walk.record(*ways[n % len(ways)])

    def _wrong(self, n: int) -> None:
        """Acts that no definition may allow: unknown step or branch, nobody's role, nothing shown, a closed door."""
        step = self.definition.steps[n % len(self.definition.steps)]
        state = self.walk.state.step(step.code)
        if n % 5 == 0:
            self.walk.desk.cases.record(RecordStep(self.walk.folio, "999z", self._actor(step)))
        elif n % 5 == 1:
            self.walk.record(step.code, actor=NOBODY)
        elif n % 5 == 2:
            self.walk.record(step.code, "no_hay_tal_rama")
        elif n % 5 == 3:
            self._with_nothing(step)
        elif state.status in {StepStatus.BLOCKED, StepStatus.NOT_APPLICABLE}:
            self.walk.record(step.code)
            raise AssertionError(f"step {step.code} was taken though {state.status}")

    def _with_nothing(self, step: Step) -> None:
        """Record with no evidence at all; where the program itself knows a value, that is one, and nothing is tried."""
        known = [
            field for field in step.fields if field.compute or field.zone or field.same_as or field.default
        ]
        if known:
            raise UnknownStep(step=step.code)
        self.walk.desk.cases.record(RecordStep(self.walk.folio, step.code, self._actor(step)))

    def _annul(self, n: int) -> None:
        self._correct(n, annul=True)

    def _replace(self, n: int) -> None:
        self._correct(n, annul=False)

    def _correct(self, n: int, *, annul: bool) -> None:
        entries = self.walk.desk.ledger.history(self.walk.folio)
        target = entries[n % len(entries)].entry
        step = self.definition.by_step.get(target.step)
        evidence: Mapping[str, object] = {}
        if not annul and step is not None and step.code != self.definition.opening.step:
            evidence = self.walk.samples.step(self.definition, step, "", self.walk.state.params)
        roles = self.definition.correction_roles or (target.role,)
        command = Supersede(
            self.walk.folio,
            target.seq,
            self.walk.play.actor(roles[0]),
            "Se anotó mal",
            annul=annul,
            **evidence,
        )  # type: ignore[arg-type]
        self.walk.desk.cases.supersede(command)

    def _waive(self, n: int) -> None:
        step = self.definition.steps[n % len(self.definition.steps)]
        roles = self.definition.waiver_roles or ("nadie",)
        actor = self.walk.play.actor(roles[0])
        rule = ("step", "duties")[n % 2]
        self.walk.desk.cases.waive(WaiveStep(self.walk.folio, step.code, actor, "Motivo suficiente", rule))

    def _wait(self, n: int) -> None:
        self.walk.desk.clock.advance(hours=n * 5)
        self.walk.desk.cases.fire_due_timers()

    def _refuse(self, n: int) -> None:
        grounds = self.definition.grounds
        if grounds and n > 26:
            actor = self.walk.play.actor(self.definition.opening.roles[0])
            ground = grounds[n % len(grounds)].code
            self.walk.desk.cases.refuse(RefuseRequest(actor, ground, folio=self.walk.folio))

    def _actor(self, step: Step) -> Actor:
        return self.walk.play.actor(step.roles[0] if step.roles else "especialista")


def opening_variant(definition: Definition, given: Mapping[str, str], variant: int) -> dict[str, str]:
    """Params a case may be opened with, every combination in its turn; those that are refused at the door left out."""
    chosen: dict[str, str] = {}
    for item in definition.opening.fields:
        if not item.param or item.kind is not FieldKind.CHOICE:
            continue
        options = [option.code for option in definition.options(item) if not option.refusal]
        chosen[item.name] = options[variant % len(options)]
        variant //= len(options)
    for item in definition.opening.fields:
        if item.when and not all(chosen.get(name) in values for name, values in item.when.items()):
            chosen[item.name] = ""
    return {**given, **chosen}


def variants(definition: Definition) -> int:
    """How many combinations `opening_variant` knows."""
    found = 1
    for item in definition.opening.fields:
        if item.param and item.kind is FieldKind.CHOICE:
            found *= len([option for option in definition.options(item) if not option.refusal])
    return found


def _pick(codes: tuple[str, ...], n: int) -> str:
    return codes[n % len(codes)] if codes else ""
