"""Sheets against the campaign's rows, by key: an extract gives statuses, an answered sheet decisions.

Every problem is told at once, with the row where it stands; a sheet with one problem changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from documents.identifiers import fold
from documents.row_sheets import KEY, RowsReading, SheetRow
from evidence.canonical import Json
from workflows.claims import RowClaim
from workflows.errors import FieldInvalid, FieldProblem
from workflows.facts import RowFact
from workflows.readers import row_problems
from workflows.roster import RowState
from workflows.rosterrules import RosterRules, RowDecision, RowStatus

WHY = "why"
"""Member of a payload: the reason given for single rows, by number."""

_SHOWN = 80


def word_codes(items: Sequence[RowStatus] | Sequence[RowDecision]) -> dict[str, str]:
    """Codes by folded word; each item's name and code are words too."""
    return {fold(word): item.code for item in items for word in (*item.words, item.name.es, item.code)}


def statuses(rules: RosterRules, reading: RowsReading, sheet: Mapping[str, SheetRow]) -> RowClaim:
    """The status of every row of the campaign from an extract; ``sheet`` are the campaign's rows by key.

    Keys the campaign does not have are counted and left alone; rows the extract does not have are ``absent``.

    Raises:
        FieldInvalid: words that are no status, or two different ones for a key.
    """
    words = word_codes(rules.statuses)
    problems = [item for item in row_problems(reading) if item.problem != "hid_twice"]
    found: dict[str, str] = {}
    for row in reading.rows:
        said = row.cells.get("estatus", "")
        status = words.get(fold(said), "") if said else rules.absent
        if not status:
            problems.append(_unknown(row, "estatus", said, [item.name.es for item in rules.statuses]))
        elif found.setdefault(row.key, status) != status:
            problems.append(FieldProblem(KEY, "hid_conflict", row.row, status, found[row.key]))
    if problems:
        raise FieldInvalid(tuple(problems))
    groups: dict[str, list[int]] = {}
    for key, item in sheet.items():
        groups.setdefault(found.get(key, rules.absent), []).append(item.row)
    matched = sum(key in found for key in sheet)
    counts = {
        "rows": len(reading.rows),
        "matched": matched,
        "absent": len(sheet) - matched,
        "others": len(found.keys() - sheet.keys()),
    }
    facts = tuple(RowFact.of(numbers, status=status) for status, numbers in sorted(groups.items()))
    return RowClaim(facts, counts=counts)


def decisions(
    rules: RosterRules,
    reading: RowsReading,
    sheet: Mapping[str, SheetRow],
    asked: Mapping[int, RowState],
    changes: Callable[[RowState, str], bool],
) -> RowClaim:
    """An area's decisions from its answered sheet; ``asked`` are the rows it had to answer, by number.

    ``changes`` says whether a decision may take a row's place; of the others nothing is said.

    Raises:
        FieldInvalid: keys unknown, changed, elsewhere or missing, and words that are no decision.
    """
    words = word_codes(rules.decisions)
    problems = list(row_problems(reading))
    answered: dict[int, tuple[str, str]] = {}
    for row in reading.rows:
        number, problem = _number(row, sheet, asked)
        if problem is not None:
            problems.append(problem)
            if problem.problem == "hid_changed":
                answered[int(row.cells["renglon"])] = ("", "")  # told once, and not as missing too
            continue
        said = row.cells.get("decision", "")
        decision = words.get(fold(said), "")
        if not said:
            problems.append(FieldProblem("decision", "required", row.row))
        elif not decision:
            problems.append(_unknown(row, "decision", said, [item.name.es for item in rules.decisions]))
        answered[number] = (decision, row.cells.get("motivo", ""))
    problems += _missing(sheet, asked, answered)
    if problems:
        raise FieldInvalid(tuple(problems))
    groups: dict[str, list[int]] = {}
    why: dict[str, Json] = {}
    for number, (decision, reason) in sorted(answered.items()):
        if changes(asked[number], decision):
            groups.setdefault(decision, []).append(number)
            why |= {str(number): reason} if reason else {}
    facts = tuple(RowFact.of(numbers, decision=code) for code, numbers in sorted(groups.items()))
    return RowClaim(facts, counts={"rows": len(answered)}, payload={WHY: why})


def _number(
    row: SheetRow, sheet: Mapping[str, SheetRow], asked: Mapping[int, RowState]
) -> tuple[int, FieldProblem | None]:
    """The campaign's row that an answered one is about, or what is wrong with its key."""
    said = row.cells.get(KEY, "")[:_SHOWN]
    known = sheet.get(row.key)
    claimed = row.cells.get("renglon", "")
    if known is not None and known.row in asked and claimed in {"", str(known.row)}:
        return known.row, None
    numbers = {str(item.row): item for item in sheet.values()}
    if claimed in numbers and numbers[claimed].row in asked:
        return 0, FieldProblem(KEY, "hid_changed", row.row, said, numbers[claimed].cells[KEY][:_SHOWN])
    if known is not None:
        return 0, FieldProblem(KEY, "hid_elsewhere", row.row, said, str(known.row))
    return 0, FieldProblem(KEY, "hid_unknown", row.row, said)


def _missing(
    sheet: Mapping[str, SheetRow], asked: Mapping[int, RowState], answered: Mapping[int, object]
) -> list[FieldProblem]:
    keys = {item.row: item.cells[KEY] for item in sheet.values()}
    return [
        FieldProblem(KEY, "hid_missing", number, "", keys[number][:_SHOWN])
        for number in sorted(asked)
        if number not in answered
    ]


def _unknown(row: SheetRow, name: str, said: str, options: Sequence[str]) -> FieldProblem:
    return FieldProblem(name, "word_unknown", row.row, said[:_SHOWN], ", ".join(options))
