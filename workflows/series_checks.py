"""Whether the series of a definition fit its steps: each problem as a line with its place first."""

from __future__ import annotations

from collections.abc import Iterator

from workflows.controls import EVERY, PERIODS
from workflows.definition import Definition, Series
from workflows.step import StepClass
from workflows.validation_fields import known, unique

LISTED = ("clave", "nombre", "promotoria", "zona", "cedula", "vigencia", "correo", "tipo", "estatus")
"""Columns of a list of findings; `documents.agent_list` holds the words under which each is found."""


def series_problems(definition: Definition) -> Iterator[str]:
    """What is wrong with periodic controls."""
    steps = [code for item in definition.series for code in (item.step, item.report_step)]
    yield from unique("series.step", steps)
    for item in definition.series:
        place = f"series.{item.code}"
        volume = filter(None, [item.volume_step])
        yield from known(place, [item.step, item.report_step, *volume], definition.by_step, "step")
        if item.code in {*definition.by_outcome, *(wait.code for wait in definition.waits)}:
            yield f"{place}.code: a wait or an outcome has it, and lists could not tell them apart"
        if item.every not in EVERY or item.period not in PERIODS:
            yield f"{place}: every must be one of {', '.join(EVERY)}, period one of {', '.join(PERIODS)}"
        if item.expected and not item.volume_step:
            yield f"{place}.expected: needs a volume_step to count"
        yield from _steps(definition, item)


def _steps(definition: Definition, item: Series) -> Iterator[str]:
    place = f"series.{item.code}"
    step, report = definition.by_step.get(item.step), definition.by_step.get(item.report_step)
    if step is not None:
        names = {field.name for field in step.fields}
        yield from known(place, [item.day_field, item.count_field, *item.declares], names, "field")
        if step.by_system or step.kind is not StepClass.PERIODIC:
            yield f"{place}.step: must be a periodic step that people record"
    opening = definition.by_step.get(definition.opening.step)
    fields = {field.name for field in (*definition.opening.fields, *(opening.fields if opening else ()))}
    yield from known(f"{place}.columns", item.columns.values(), fields, "opening field")
    yield from known(place, [*item.columns, *item.only], LISTED, "column of lists")
    if report is not None and not (report.by_system and report.closes):
        yield f"{place}.report_step: must be a step of the system that closes the case"
    if definition.opening.step in (item.step, item.report_step):
        yield f"{place}: ordinary cases cannot begin with a step of the series"
