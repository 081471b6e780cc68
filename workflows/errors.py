"""Why a command about a case is refused: each a fact with fields, from which a page says in Spanish what to do.

A refusal writes nothing, with the one exception of `OutOfScope`, whose record of the refused request is the point of
it. ``code`` is stable and closed (`REFUSAL_CODES`); ``fields`` hold only JSON values.
"""

from __future__ import annotations

from collections.abc import Mapping

from workflows.fieldproblems import FIELD_PROBLEMS as FIELD_PROBLEMS  # noqa: PLC0414 - to readers part of refusals
from workflows.fieldproblems import FieldProblem as FieldProblem  # noqa: PLC0414 - as above
from workflows.keepingerrors import *  # noqa: F403 - as above; it says what it has
from workflows.lettererrors import LetterChanged as LetterChanged  # noqa: PLC0414 - as above
from workflows.lettererrors import LetterIncomplete as LetterIncomplete  # noqa: PLC0414 - as above
from workflows.lettererrors import LetterNotOffered as LetterNotOffered  # noqa: PLC0414 - as above
from workflows.lettererrors import LetterUnfit as LetterUnfit  # noqa: PLC0414 - as above
from workflows.refusal import Refusal as Refusal  # noqa: PLC0414 - as above
from workflows.reviewerrors import AreaNotAsked as AreaNotAsked  # noqa: PLC0414 - as above
from workflows.reviewerrors import RowsNotYours as RowsNotYours  # noqa: PLC0414 - as above
from workflows.reviewerrors import WindowOver as WindowOver  # noqa: PLC0414 - as above


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


class NothingToNotice(Refusal):
    """``folio``: no refusal of that case waits to be seen: it was none that is told to anybody, or was seen."""

    code = "nothing_to_notice"


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
    """``refusal``, ``destination``, ``destination_name``, ``message``, ``folio``: not for this process.

    ``message`` is sealed as it was said, in Spanish; ``message_en`` and ``destination_name_en`` say it in English.

    The only refusal that leaves entries: the request and its refusal are sealed under ``folio`` and counted.
    """

    code = "out_of_scope"


class NotWaivable(Refusal):
    """``step``, ``status``: there is nothing to waive.

    ``why`` is ``never`` where the definition lets nobody waive the step, ``recorded`` where it is on record that it
    turned out badly (``choice``), which a waiver would hide.
    """

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


class CheckStale(Refusal):
    """``step``, ``check``: the check and its entry; entry ``seq`` of step ``of`` replaced what was compared since."""

    code = "check_stale"


class RowsElsewhere(Refusal):
    """``step``: it is recorded with the campaign's rows, where its evidence is made or compared."""

    code = "rows_elsewhere"


class RowsClosed(Refusal):
    """``step``, ``seq``: the final sheet was made by that entry; decisions no longer change in this round."""

    code = "rows_closed"


class RowsUnknown(Refusal):
    """``rows``: text that names no rows, or ranges of rows that the sheet does not have; nothing was written."""

    code = "rows_unknown"


class RowsHeld(Refusal):
    """``rows`` (ranges), ``why``: ``open`` (they await the director) or ``firm`` (he decided; only he changes it)."""

    code = "rows_held"


class DecisionUnknown(Refusal):
    """``decision``, ``options``: the process knows no such decision, or not in this step."""

    code = "decision_unknown"


class NotACampaign(Refusal):
    """``folio``: the case has no rows."""

    code = "not_a_campaign"


class AreaUnknown(Refusal):
    """``area``, ``options``: the campaign has no such area."""

    code = "area_unknown"


class LetterMissing(Refusal):
    """``step``: there is no letter, or no final sheet, to compare."""

    code = "letter_missing"


class UnknownRequest(Refusal):
    """``folio``, ``request``: the case has no such request for a signature or an answer."""

    code = "unknown_request"


class RequestSettled(Refusal):
    """``request``, ``why`` (how it ended: signed, declined, expired, withdrawn, reported), ``seq``, ``at``."""

    code = "request_settled"


class RequestWaits(Refusal):
    """``step``, ``request``, ``seq``: the step has a request already that waits for its answer."""

    code = "request_waits"


class NothingToSign(Refusal):
    """``step``, ``why``: ``step`` (it takes no signed letter), ``document`` (no such letter in PDF is in force)."""

    code = "nothing_to_sign"


class NotSignatory(Refusal):
    """``step``, ``post``: the person cannot sign here: holds not the post, or is not appointed to stand in."""

    code = "not_signatory"


class OwnSignature(Refusal):
    """``step``: who asks for a signature cannot be the one who gives it."""

    code = "own_signature"


def _all(base: type[Refusal]) -> dict[str, type[Refusal]]:
    found = {}
    for kind in base.__subclasses__():
        found[kind.code] = kind
    return found


REFUSAL_CODES: Mapping[str, type[Refusal]] = _all(Refusal)
"""Every code there is, for tables of messages that must be complete."""
