"""Why a command about a case is refused: each a fact with fields, from which a page says in Spanish what to do.

A refusal writes nothing, with the one exception of `OutOfScope`, whose record of the refused request is the point of
it. ``code`` is stable and closed (`REFUSAL_CODES`); ``fields`` hold only JSON values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import ClassVar

from evidence.canonical import Json


class Refusal(Exception):
    """Base of what a person can mend. ``fields`` are what the message is made from."""

    code: ClassVar[str] = "refused"

    def __init__(self, **fields: Json) -> None:
        super().__init__(f"{self.code} {fields}")
        self.fields: Mapping[str, Json] = fields

    def within(self, step: str) -> None:
        """Say in which step of a set it was (``in_step``)."""
        self.fields = {**self.fields, "in_step": step}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: ``problem`` is a code of `FIELD_PROBLEMS`.

    ``row`` is the line of a spreadsheet (0: a typed field); ``found`` and ``expected`` are short texts, or empty.
    """

    field: str
    problem: str
    row: int = 0
    found: str = ""
    expected: str = ""

    def as_json(self) -> dict[str, Json]:
        """The five members by name."""
        return dict(asdict(self))


FIELD_PROBLEMS: Mapping[str, str] = {
    "required": "the field is empty",
    "one_of": "of the fields in `expected` one must be filled",
    "unknown": "the process knows no such field",
    "not_an_option": "the value is none of the options in `expected`",
    "too_long": "the text is longer than `expected` characters",
    "date_malformed": "not a date written yyyy-mm-dd",
    "moment_malformed": "not a date and hour written yyyy-mm-ddThh:mm",
    "number_malformed": "not a whole number",
    "agent_key_malformed": "not letters and digits alone, or not 2 to 20 of them",
    "phone_malformed": "not 10 to 15 digits",
    "computed": "the rule gives `expected`",
    "within_hours": "the contact came within the hours; there is nothing to queue",
    "not_computable": "the rule lacks the value of `expected`",
    "malformed": "the value does not have the form its kind asks for (identifier, folio, tick)",
    "rfc_malformed": "not four letters, a date and three characters",
    "rfc_company": "12 characters: the RFC of a company",
    "rfc_generic": "one of the generic RFC, which identify nobody",
    "rfc_bad_date": "the six digits are no date",
    "email_malformed": "not an address",
    "differs": "the spreadsheet says `found`, the case says `expected`",
    "absent": "the spreadsheet has no row for the RFC in `expected`",
    "secret": "the text announces a password (`found` is the announcing word), which is never stored",
    "not_declared": "somebody must declare that the image shows no passwords",
    "in_future": "the date lies in the future",
    "repeated": "the list has the item more than once",
    "too_many": "the list has more items than `expected`",
    "list_too_long": "all items together take more than `expected` bytes of the entry",
    "outside_table": "the table of business days covers only `expected`",
    "ends_before": "the item's last day lies before its first",
    "personal": "a name that stays in the entry for ever must not tell who somebody is",
    "not_answering": "nobody of that id answers for the zone now; those who do are in `expected`",
    "lapsed": "the validity ended before `expected`, the day of recording",
    "day_outside": "a day of another period than the control's, which is `expected`",
    "control_characters": "the text holds characters that cannot be shown",
}
"""Codes of `FieldProblem` and what each says. Problems found by the spreadsheet reader keep the reader's own codes."""


class UnknownProcess(Refusal):
    """``process``: no definition of that code is in force."""

    code = "unknown_process"


class UnknownDefinition(Refusal):
    """``digest``: the case was opened under a definition this house does not have."""

    code = "unknown_definition"


class UnknownCase(Refusal):
    """``folio``: there is no such case."""

    code = "unknown_case"


class UnknownStep(Refusal):
    """``process``, ``step``."""

    code = "unknown_step"


class UnknownEntry(Refusal):
    """``folio``, ``seq``: the case has no entry of that number that this command could name."""

    code = "unknown_entry"


class UnknownRefusal(Refusal):
    """``process``, ``refusal``, ``options``: the definition lists no such ground for refusing."""

    code = "unknown_refusal"


class UnknownCatalogue(Refusal):
    """``catalogue``, ``options``: there is no such list."""

    code = "unknown_catalogue"


class CatalogueStale(Refusal):
    """``catalogue``, ``based_on``, ``newest``, ``seq``: somebody published another version meanwhile."""

    code = "catalogue_stale"


class RetroactiveCatalogue(Refusal):
    """``catalogue``, ``since``, ``item``: a list never changes what was in force before now."""

    code = "catalogue_retroactive"


class CaseClosed(Refusal):
    """``folio``, ``outcome``, ``seq``, ``at``: the case is closed and this step cannot follow."""

    code = "case_closed"


class CaseNotClosed(Refusal):
    """``folio``, ``step``: the step follows the closing, and the case is not closed."""

    code = "case_not_closed"


class WindowClosed(Refusal):
    """``folio``, ``step``, ``choice``, ``until``: it can no longer be reopened; ``options`` say what can be done."""

    code = "window_closed"


class ChildNotOffered(Refusal):
    """``step``, ``process``, ``offered``: from this step (or its option) no case of that process goes on."""

    code = "child_not_offered"


class LinkNotPossible(Refusal):
    """``folio``, ``link``, ``why``: ``itself``, or ``known`` (the two are linked already)."""

    code = "link_not_possible"


class StepNotOpen(Refusal):
    """``step``, ``status``, and of the entry that took it ``seq``, ``actor``, ``at`` (0 and "" where none)."""

    code = "step_not_open"


class GuardUnmet(Refusal):
    """``step``, ``unmet``: steps that must be done before, with each one's ``step`` and ``name``."""

    code = "guard_unmet"


class RoleNotAllowed(Refusal):
    """``step``, ``role``, ``allowed``: who may do it."""

    code = "role_not_allowed"


class NotHolder(Refusal):
    """``step``, ``post``; ``principals``: holders for whom this actor may act, if it says so."""

    code = "not_holder"


class OutsideHours(Refusal):
    """``rule``, ``opens`` (local, ``yyyy-mm-dd hh:mm``), ``folio``, ``seq``: the contact came outside the hours.

    Like `OutOfScope` it leaves entries: the contact and the verdict are sealed under ``folio``.
    """

    code = "outside_hours"


class NoDelegate(Refusal):
    """``step``, ``acting_for``: nobody may act for that person in this step."""

    code = "no_delegate"


class DutiesConflict(Refusal):
    """``duty``, ``held``, ``step``: the same person holds another duty of the case that must stay apart."""

    code = "duties_conflict"


class ChoiceMissing(Refusal):
    """``step``, ``options``: the step asks which of its options happened."""

    code = "choice_missing"


class ChoiceUnknown(Refusal):
    """``step``, ``choice``, ``options``."""

    code = "choice_unknown"


class EvidenceMissing(Refusal):
    """``step``, ``alternatives``: lists of slots; one whole list is needed. ``missing``: slots of the nearest one."""

    code = "evidence_missing"


class EvidenceNotAccepted(Refusal):
    """``step``, ``name``, ``family``, ``slot``, ``accepted``: the file fits no slot, or not its own.

    ``why`` is ``full``, with ``limit``, where it would fit but for the files that are there already; ``known``, with
    ``seq``, where the step asks for a new file and the case has this one.
    """

    code = "evidence_not_accepted"


class DayRecorded(Refusal):
    """``folio``, ``day``, and of the entry that recorded it ``seq``, ``actor``, ``at``: that day's control is done."""

    code = "day_recorded"


class NoSeries(Refusal):
    """``process``, ``series``: the process in force has no such periodic control."""

    code = "no_series"


class ReuseNotAllowed(Refusal):
    """``step``, ``slot``, ``seq``, ``object``: that evidence may not serve here, or no longer counts."""

    code = "reuse_not_allowed"


class FieldInvalid(Refusal):
    """``problems``: every `FieldProblem` found, as JSON; nothing was written."""

    code = "field_invalid"

    def __init__(self, problems: tuple[FieldProblem, ...]) -> None:
        super().__init__(problems=[problem.as_json() for problem in problems])
        self.problems = problems


class DuplicateReference(Refusal):
    """``kind``, ``value``, ``folio``: the identifier already belongs to another case."""

    code = "duplicate_reference"


class DuplicateCase(Refusal):
    """``process``, ``field``, ``folio``: the same person has an open case of the process."""

    code = "duplicate_case"


class OutOfScope(Refusal):
    """``refusal``, ``destination``, ``message``, ``folio``: not for this process.

    The only refusal that leaves entries: the request and its refusal are sealed under ``folio`` and counted.
    """

    code = "out_of_scope"


class NotWaivable(Refusal):
    """``step``, ``status``: the definition lets nobody waive this step, or there is nothing to waive."""

    code = "not_waivable"


class NotSupersedable(Refusal):
    """``seq``, ``why``: ``superseded`` (with ``by``), ``kind`` (such an entry cannot be corrected) or ``system``."""

    code = "not_supersedable"


class ReasonMissing(Refusal):
    """``minimum``: characters a reason needs."""

    code = "reason_missing"


class DateNotCredible(Refusal):
    """``occurred_at``, ``problem``: ``future`` or ``before_case``."""

    code = "date_not_credible"


class RequestReused(Refusal):
    """``idempotency_key``: it was used before for another request."""

    code = "request_reused"


class FileChanged(Refusal):
    """``name``: the staged file changed between reading and storing; send it again."""

    code = "file_changed"


class TooManyFiles(Refusal):
    """``found``, ``limit``."""

    code = "too_many_files"


class RowsDecided(Refusal):
    """``rows`` (ranges), ``count``, ``actor``, ``at``, ``seq``: others decided these rows after what the person saw.

    ``actor``, ``at`` and ``seq`` are of the latest such entry. Nothing was written.
    """

    code = "rows_decided"


def _all(base: type[Refusal]) -> dict[str, type[Refusal]]:
    found = {}
    for kind in base.__subclasses__():
        found[kind.code] = kind
    return found


REFUSAL_CODES: Mapping[str, type[Refusal]] = _all(Refusal)
"""Every code there is, for tables of messages that must be complete."""
