"""The same step in many cases: which steps they share, in which cases it can be recorded now, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evidence.canonical import Json
from web.i18n import gettext as _
from web.views.lens import Lens
from web.views.step_form import barred
from workflows.casefile import CaseView
from workflows.definition import Definition


@dataclass(frozen=True, slots=True)
class Chosen:
    """A case that was chosen, as it stands."""

    folio: str
    title: str
    view: CaseView

    @property
    def definition(self) -> Definition:
        """The definition it pinned."""
        return self.view.definition


@dataclass(frozen=True, slots=True)
class StepChoice:
    """A step that could be recorded in ``ready`` of the ``total`` chosen cases."""

    code: str
    name: str
    ready: int
    total: int
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A chosen case and, where the step cannot be recorded in it, why not."""

    folio: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class ResultLine:
    """What became of a case: entry ``seq``, or the refusal and what to do."""

    folio: str
    title: str
    seq: int
    message: str
    advice: str


def step_choices(
    chosen: Sequence[Chosen], lens: Lens, link: Callable[[str], str], current: str
) -> tuple[StepChoice, ...]:
    """The steps that somebody may record now in at least one of the cases, in the process's order."""
    ready: dict[str, int] = {}
    names: dict[str, str] = {}
    for case in chosen:
        for code, step in case.definition.by_step.items():
            names.setdefault(code, lens.say(step.name))
            free = not barred(step, case.definition, case.view.state, lens)
            ready[code] = ready.get(code, 0) + free
    return tuple(
        StepChoice(code, names[code], many, len(chosen), link(code), code == current)
        for code, many in ready.items()
        if many
    )


def case_lines(chosen: Sequence[Chosen], step: str, lens: Lens) -> tuple[CaseLine, ...]:
    """Every chosen case, with the reasons against recording the step in it."""
    return tuple(CaseLine(case.folio, case.title, why_not(case, step, lens)) for case in chosen)


def why_not(case: Chosen, step: str, lens: Lens) -> str:
    """Why the step cannot be recorded in a case now; empty: it can."""
    found = case.definition.by_step.get(step)
    if found is None:
        return _("El proceso de este caso no tiene ese paso.")
    return " ".join(barred(found, case.definition, case.view.state, lens))


def result_lines(
    told: Sequence[Mapping[str, Json]],
    titles: Callable[[str], str],
    say: Callable[[Mapping[str, Json]], tuple[str, str]],
) -> tuple[ResultLine, ...]:
    """The stored outcomes; ``say`` gives message and advice of a stored refusal in this language."""
    lines = []
    for item in told:
        folio, seq, error = str(item.get("folio", "")), item.get("seq"), item.get("error")
        message, advice = say(error) if isinstance(error, dict) else ("", "")
        lines.append(ResultLine(folio, titles(folio), seq if isinstance(seq, int) else 0, message, advice))
    return tuple(lines)
