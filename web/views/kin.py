"""Cases that go together with one: where it comes from, what went on elsewhere, and what could be opened there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from web.i18n import gettext as _
from web.views.lens import Lens
from web.views.saying import place_name
from workflows.children import kin
from workflows.definition import Definition
from workflows.errors import UnknownProcess
from workflows.ports import CaseIndex
from workflows.registry import DefinitionRegistry
from workflows.state import CaseState


@dataclass(frozen=True, slots=True)
class KinLine:
    """One case beside this one. ``status`` is empty, and ``href`` too, for a folio that is not in this house."""

    how: str
    folio: str
    title: str
    status: str
    closed: bool
    complete: bool
    href: str
    step: str
    seq: int


@dataclass(frozen=True, slots=True)
class Onward:
    """A case that could be opened from here: in which process, from which step and option, and where the form is."""

    process: str
    name: str
    step: str
    choice: str
    href: str


@dataclass(frozen=True, slots=True)
class KinView:
    """Everything about other cases. ``sent`` are areas that work went to which are no process of this house."""

    lines: tuple[KinLine, ...]
    onward: tuple[Onward, ...]
    here: tuple[Onward, ...]
    sent: tuple[tuple[str, int], ...]


Address = Callable[[str, str, str], str]
"""The address of the form that opens a case: process, step, choice."""


def kin_view(
    definition: Definition,
    state: CaseState,
    index: CaseIndex,
    definitions: DefinitionRegistry,
    lens: Lens,
    show: Callable[[str], str],
    address: Address,
    form_step: str = "",
) -> KinView:
    """``form_step`` is the step whose form is open: what it opens elsewhere is offered beside it."""
    lines = tuple(_lines(state, index, definitions, lens, show))
    waiting = [(route.destination, route.step) for route in state.routes if not route.link]
    onward = [
        _onward(process, step, "", definitions, lens, address) for process, step in dict.fromkeys(waiting)
    ]
    open_there = tuple(item for item in onward if item is not None)
    known = {item.process for item in open_there}
    sent = [
        (place_name(definition, r.destination, lens), r.seq)
        for r in state.routes
        if not r.link and r.destination not in known
    ]
    return KinView(lines, open_there, _here(definition, form_step, definitions, lens, address), tuple(sent))


def _lines(
    state: CaseState,
    index: CaseIndex,
    definitions: DefinitionRegistry,
    lens: Lens,
    show: Callable[[str], str],
) -> Iterable[KinLine]:
    words = {
        "parent": _("Viene de"),
        "child": _("Sigue en"),
        "link": _("Ligado con"),
        "named": _("Ligado desde"),
    }
    for item in kin(state, index):
        row = index.get(item.folio)
        if row is None:
            yield KinLine(words[item.how], item.folio, "", "", False, False, "", item.step, item.seq)
            continue
        status = _status(row.process, row.version, row.status, definitions, lens)
        yield KinLine(
            words[item.how],
            item.folio,
            row.title,
            status,
            row.closed,
            row.complete,
            show(item.folio),
            item.step,
            item.seq,
        )


def _status(process: str, version: str, status: str, definitions: DefinitionRegistry, lens: Lens) -> str:
    found = [item for item in definitions.versions(process) if item.version == version]
    return lens.say(found[0].status_name(status)) if found else status


def _here(
    definition: Definition, code: str, definitions: DefinitionRegistry, lens: Lens, address: Address
) -> tuple[Onward, ...]:
    step = definition.by_step.get(code)
    if step is None or lens.roles.isdisjoint(step.roles):
        return ()
    ways = [("", step.opens.process if step.opens else "")]
    ways += [
        (branch.code, branch.opens.process if branch.opens else branch.destination)
        for branch in step.branches
        if branch.link_field
    ]
    found = [
        _onward(process, code, choice, definitions, lens, address) for choice, process in ways if process
    ]
    return tuple(item for item in found if item is not None)


def _onward(
    process: str, step: str, choice: str, definitions: DefinitionRegistry, lens: Lens, address: Address
) -> Onward | None:
    try:
        target = definitions.current(process)
    except UnknownProcess:
        return None
    if lens.roles.isdisjoint(target.opening.roles):
        return None
    return Onward(process, lens.say(target.name), step, choice, address(process, step, choice))
