"""What a process definition says of a roster: the rows of a campaign, what may be said of each, and in which steps.

Frozen data, read by `workflows.loader` from ``[roster]``; ``docs/formats/process-definition.md`` is normative.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from workflows.step import Text


@dataclass(frozen=True, slots=True)
class RowStatus:
    """One of the closed values a row's status may have. ``words``: how extracts spell it, folded when compared.

    ``silence`` is the decision that follows from it where an area did not answer in its days.
    """

    code: str
    name: Text
    words: tuple[str, ...]
    silence: str


@dataclass(frozen=True, slots=True)
class RowDecision:
    """One of the closed decisions on a row. ``words``: how answered sheets spell it; the first is written to files.

    ``open``: no decision yet, somebody else must take it (a discrepancy). ``removes``: the person's access ends, and
    a case of removal follows.
    """

    code: str
    name: Text
    words: tuple[str, ...]
    open: bool = False
    removes: bool = False


@dataclass(frozen=True)
class RosterRules:
    """The roster of a process: closed values, and the step that each act on rows is recorded in.

    ``imports`` brings the sheet (the opening step); ``extract`` the house's own register, ``statuses`` what it says
    of each row; ``review`` decisions before areas are asked, ``send`` the question to areas (``term`` the days they
    have, by the system, ``asks`` what is asked with the same mail), ``silence`` an area's rows resolved by the
    register, ``answers`` decisions of areas, ``resolve`` those on open rows; ``final`` the sheet with all decisions,
    ``letter``, ``variables`` and ``check`` the letter, its typed figures, and both compared with it; ``archive`` the
    index; ``removals`` cases opened for rows, ``removed`` that they were carried out. ``settled``: steps that need a
    decision on every row. ``absent``: the status of a row
    that the register does not know. ``consequence``: what missing the date means, for pages to say large.
    """

    statuses: tuple[RowStatus, ...]
    decisions: tuple[RowDecision, ...]
    imports: str
    review: str
    status_step: str
    extract: str
    send: str
    term: str
    asks: tuple[str, ...]
    silence: str
    answers: str
    final: str
    resolve: str
    letter: str
    check: str
    variables: str
    archive: str
    removals: str
    removed: str
    settled: tuple[str, ...]
    absent: str
    consequence: Text

    @cached_property
    def by_status(self) -> dict[str, RowStatus]:
        """Statuses by code."""
        return {item.code: item for item in self.statuses}

    @cached_property
    def by_decision(self) -> dict[str, RowDecision]:
        """Decisions by code."""
        return {item.code: item for item in self.decisions}

    @property
    def reserved(self) -> tuple[str, ...]:
        """Steps whose evidence the roster makes or reads: nobody records them with a form of their own."""
        made = (self.status_step, self.extract, self.send, self.term, self.silence)
        return (*made, self.final, self.check, self.archive, self.removals, self.removed)
