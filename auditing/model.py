"""What an engagement amounts to: values only, as `auditing.fold` derives them from its chain.

Days are ``yyyy-mm-dd`` in the house's zone, moments are ledger times, people are opaque ids. Texts come from payloads
and are empty once those are erased; everything else comes from facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

CHAINS = "audit:"
"""What the name of an engagement's chain begins with; the rest is the engagement's id."""


class Kind(StrEnum):
    """Who audits: the house's own auditors, or somebody from outside."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class Result(StrEnum):
    """What a test of an attribute came to."""

    OK = "ok"
    EXCEPTION = "exception"
    NA = "na"


class Severity(StrEnum):
    """How much a finding weighs."""

    OBSERVATION = "observation"
    MINOR = "minor"
    MAJOR = "major"


class Standing(StrEnum):
    """Where a finding stands: raised, answered, or what the last re-test said of it."""

    RAISED = "raised"
    ANSWERED = "answered"
    CLOSED = "closed"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"


class ItemState(StrEnum):
    """Where an item of the request list stands."""

    ASKED = "asked"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    RETURNED = "returned"


WAITING = frozenset({ItemState.ASKED, ItemState.RETURNED})
"""Where it is its owner who has to act."""


class Method(StrEnum):
    """How the size of a sample was found, or that it was picked by hand."""

    SIZE = "size"
    CFR80127 = "40cfr80.127"
    FREQUENCY = "frequency"
    TARGETED = "targeted"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an engagement allows.

    ``processes`` empty: all of them. A case is in scope when it was opened from ``start`` to ``end``, both included.
    ``expires`` is the last day. ``masked``: payloads and files are withheld. ``auditors`` are account ids.
    """

    kind: Kind
    processes: tuple[str, ...]
    start: str
    end: str
    expires: str
    downloads: bool
    masked: bool
    auditors: tuple[str, ...]

    def covers(self, process: str, opened: str) -> bool:
        """Whether a case of that process, opened on that day, is in scope."""
        return (not self.processes or process in self.processes) and self.start <= opened <= self.end


@dataclass(frozen=True, slots=True)
class Act:
    """Who did something, when, and in which entry of the chain."""

    actor: str
    role: str
    at: str
    seq: int


@dataclass(frozen=True, slots=True)
class EntryName:
    """A sealed entry of a case: the folio, its number there and its leaf hash (hex)."""

    folio: str
    seq: int
    leaf: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing to test in every case of a sample.

    ``steps`` are where to look. Where ``before`` and ``after`` are given, the order is part of the test: every step of
    ``after`` that was recorded must come after one of ``before``.
    """

    process: str
    code: str
    name: str
    name_en: str = ""
    steps: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Population:
    """Cases of one process opened in a period, as the log of ``size`` entries had them; the list itself is a file.

    ``digest`` is the SHA-256 (hex) of that file's bytes; ``gaps`` how many folios are missing between ``first`` and
    ``last``. ``zone`` names the time zone in which days are told.
    """

    id: str
    process: str
    start: str
    end: str
    zone: str
    size: int
    rows: int
    first: str
    last: str
    gaps: int
    digest: str
    frozen: Act
    title: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """Cases drawn from a population, in the order drawn.

    All but a targeted one are ``auditing.sampling.draw(seed, folios, n)``. ``detail`` is the frequency of that method;
    ``reason`` why a targeted one was picked.
    """

    id: str
    population: str
    method: Method
    detail: str
    seed: str
    of: int
    folios: tuple[str, ...]
    drawn: Act
    reason: str = ""

    @property
    def n(self) -> int:
        """How many were drawn."""
        return len(self.folios)


@dataclass(frozen=True, slots=True)
class TestResult:
    """The outcome of one attribute in one case of a sample; an earlier one stays in the chain."""

    sample: str
    folio: str
    attribute: str
    result: Result
    act: Act
    note: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Response:
    """What the house answers to a finding, with the day it commits to (``""``: none)."""

    act: Act
    text: str
    due: str


@dataclass(frozen=True, slots=True)
class Retest:
    """What a re-test said: closed, reopened or withdrawn."""

    act: Act
    standing: Standing
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A conclusion: it points to evidence and never becomes part of it."""

    id: str
    severity: Severity
    standing: Standing
    process: str
    attribute: str
    entries: tuple[EntryName, ...]
    folios: tuple[str, ...]
    raised: Act
    title: str = ""
    text: str = ""
    recommendation: str = ""
    responses: tuple[Response, ...] = ()
    retests: tuple[Retest, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemAct:
    """One step in the life of a request: answered with entries, accepted, returned with a reason."""

    act: Act
    state: ItemState
    text: str = ""
    entries: tuple[EntryName, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A request: what is asked for, of whom (an account id), by when."""

    id: str
    state: ItemState
    owner: str
    due: str
    asked: Act
    title: str = ""
    text: str = ""
    acts: tuple[ItemAct, ...] = ()


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody invited by a personal link: the account, until when the link is good, and the act of coming in."""

    id: str
    account: str
    until: str
    act: Act
    admitted: Act | None = None


@dataclass(frozen=True, slots=True)
class Engagement:
    """An engagement as its chain tells it; ``head`` is the leaf of its last entry, ``unreadable`` are entry numbers.

    ``attributes`` holds the lists that were edited, by process; for the others the versioned defaults named in
    ``attributes_version`` stand. ``grants`` are entries whose content may be seen although the rest is masked.
    """

    id: str
    title: str
    firm: str
    purpose: str
    terms: Terms
    opened: Act
    attributes_version: str
    closed: Act | None = None
    closing: str = ""
    changes: tuple[tuple[Act, str], ...] = ()
    attributes: Mapping[str, tuple[Attribute, ...]] = field(default_factory=dict)
    items: tuple[Item, ...] = ()
    populations: tuple[Population, ...] = ()
    samples: tuple[Sample, ...] = ()
    tests: Mapping[tuple[str, str, str], TestResult] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    grants: tuple[EntryName, ...] = ()
    invited: tuple[Invited, ...] = ()
    unreadable: tuple[int, ...] = ()
    entries: int = 0
    head: str = ""

    @property
    def chain(self) -> str:
        """The name of its chain in the ledger."""
        return CHAINS + self.id

    def live(self, today: date) -> bool:
        """Whether its auditors may still enter and work."""
        return self.closed is None and today.isoformat() <= self.terms.expires

    def population(self, wanted: str) -> Population | None:
        """One population by its id."""
        return next((item for item in self.populations if item.id == wanted), None)

    def sample(self, wanted: str) -> Sample | None:
        """One sample by its id."""
        return next((item for item in self.samples if item.id == wanted), None)

    def finding(self, wanted: str) -> Finding | None:
        """One finding by its id."""
        return next((item for item in self.findings if item.id == wanted), None)

    def item(self, wanted: str) -> Item | None:
        """One request by its id."""
        return next((item for item in self.items if item.id == wanted), None)

    def granted(self, folio: str, seq: int) -> bool:
        """Whether the content of an entry may be seen although personal data is masked."""
        return any((name.folio, name.seq) == (folio, seq) for name in self.grants)

    def shown(self, folio: str, seq: int) -> bool:
        """Whether an entry outside the scope was handed over as the answer to a request."""
        return any(
            (name.folio, name.seq) == (folio, seq)
            for item in self.items
            for act in item.acts
            for name in act.entries
        )
