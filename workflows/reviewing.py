"""What is sealed of an area's review through a personal link: asked, decided row by row, finished.

The part of `workflows.cases.CaseService` behind `CaseService.reviews`. Decisions on rows are written by
`workflows.campaigns.CampaignService.decide` and nobody else; here is what allows one through a link. It is the request
that allows it: whoever was asked for an area decides the rows of that area while its days run, and nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evidence.canonical import Json
from evidence.entry import BlobRef, EntryDraft, EntryKind, format_time
from workflows import rules
from workflows.answering import question_digest
from workflows.campaigncommands import DecideRows
from workflows.claims import Situation
from workflows.commands import Receipt
from workflows.corrections import bare, noted
from workflows.errors import DecisionUnknown, OwnSignature, RequestWaits, RowsHeld, UnknownRequest
from workflows.facts import Facts, facts_of, time_text
from workflows.ranges import format_ranges, spread_ranges
from workflows.requests import RequestState, requests_of, waiting
from workflows.reviewacts import AskReview, ByLink, FinishReview
from workflows.reviewerrors import AreaNotAsked, RowsNotYours, WindowOver
from workflows.roster import Roster, RowState
from workflows.rowdrafts import known_areas, not_firm, roster_of, rows_open, rules_of, state_of
from workflows.signatures import leaf_of, with_request
from workflows.writer import CaseWriter

REVIEW = "review"
"""The purpose of the requests that are made here."""


class ReviewBook:
    """Writes requests for reviews, and their ends, into their campaigns."""

    def __init__(self, writer: CaseWriter) -> None:
        self._writer = writer

    def ask(self, command: AskReview) -> Receipt:
        """Record that somebody was asked to review an area.

        Raises:
            UnknownCase, NotACampaign, RoleNotAllowed, AreaUnknown, AreaNotAsked, OwnSignature, RequestWaits,
            RowsClosed, FieldInvalid.
        """
        note = noted(command.note)

        def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            return (_asked(situation, command, note),)

        return self._writer.append(command.folio, drafts, (), command)

    def finish(self, command: FinishReview) -> Receipt:
        """Record that the person is done. Raises `UnknownRequest`, `RequestSettled`."""

        def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            found = asked_review(situation, command.folio, command.request)
            area = area_of(situation, found)
            roster = roster_of(situation)
            rows = [row for row in roster.rows() if row.area == area]
            decided = sum(bool(row.decision) for row in rows)
            facts = Facts(
                actor_class=command.actor.kind,
                via=command.actor.via,
                areas=(area,),
                counts={"rows": len(rows), "decided": decided},
            )
            kind, leaf = EntryKind.REVIEW_FINISHED, leaf_of(situation, found)
            made = bare(situation, command.actor, kind, found.step, facts, refs=(leaf,))
            return (with_request(made, facts, found, command.facts, command.private),)

        return self._writer.append(command.folio, drafts, (), command)


def asked_review(situation: Situation, folio: str, request: str) -> RequestState:
    """A request for a review that waits. Raises `UnknownRequest`, `RequestSettled`."""
    found = waiting([sealed.entry for sealed in situation.entries], folio, request)
    if found.purpose != REVIEW:
        raise UnknownRequest(folio=folio, request=request)
    return found


def area_of(situation: Situation, found: RequestState) -> str:
    """The area a request is about, from the entry that asked."""
    areas = facts_of(situation.entries[found.seq - 1].entry).areas
    return areas[0] if areas else ""


def window_of(situation: Situation, area: str) -> str:
    """When the days of an area end, as a ledger time; ``""`` while it was not asked."""
    return max((timer.due_at for timer in state_of(situation).timers if timer.area == area), default="")


def own_rows(situation: Situation, roster: Roster, command: DecideRows, link: ByLink) -> dict[int, RowState]:
    """The rows that a decision through a link names, once it is clear that it may be made.

    Raises:
        UnknownRequest, RequestSettled, CaseClosed, WindowOver, RowsNotYours, RowsHeld, DecisionUnknown.
    """
    found = asked_review(situation, command.folio, link.request)
    if found.signatory != command.actor.id:
        raise UnknownRequest(folio=command.folio, request=link.request)
    rules.case_open(state_of(situation))
    area = area_of(situation, found)
    window = window_of(situation, area)
    if not format_time(situation.now) < window:
        raise WindowOver(at=window)
    mine = {row.number: row for row in roster.rows() if row.area == area}
    rows = _named(mine, command.rows)
    not_firm(roster.rules, rows.values())
    awaiting = set(roster.open())
    held = [number for number, row in rows.items() if number in awaiting and not row.silent]
    if held:
        raise RowsHeld(rows=format_ranges(held), why="area")
    known = [item.code for item in roster.rules.decisions]
    if command.decision not in known:
        raise DecisionUnknown(decision=command.decision, options=list(known))
    return rows


def told(situation: Situation, made: EntryDraft, folio: str, link: ByLink) -> EntryDraft:
    """The draft of a decision with what is said of the request and of the visit."""
    found = asked_review(situation, folio, link.request)
    said = Facts(
        request=found.request,
        purpose=found.purpose,
        signatory=found.signatory,
        digest=found.digest,
        through=link.facts.through,
        factor=link.facts.factor,
        level=link.facts.level,
        flags=link.facts.flags,
    )
    return replace(
        made,
        facts={**made.facts, **said.as_json()},
        payload={**made.payload, **link.private},
        refs=(*made.refs, leaf_of(situation, found)),
    )


def _named(mine: dict[int, RowState], text: str) -> dict[int, RowState]:
    try:
        numbers = spread_ranges(text)
    except ValueError as error:
        raise RowsNotYours(rows=text[:200]) from error
    foreign = [number for number in numbers if number not in mine]
    if foreign or not numbers:
        raise RowsNotYours(rows=format_ranges(foreign))
    return {number: mine[number] for number in numbers}


def _asked(situation: Situation, command: AskReview, note: str) -> EntryDraft:
    wanted, roster = rules_of(situation), roster_of(situation)
    rules.role_allowed(wanted.send, situation.definition.by_step[wanted.send].roles, command.actor)
    rules.case_open(state_of(situation))
    rows_open(situation)
    known_areas(roster, (command.area,))
    if command.person == command.actor.id:
        raise OwnSignature(step=wanted.answers)
    for item in requests_of([sealed.entry for sealed in situation.entries]):
        if item.purpose == REVIEW and item.waits and area_of(situation, item) == command.area:
            raise RequestWaits(step=wanted.answers, request=item.request, seq=item.seq)
    if not format_time(situation.now) < window_of(situation, command.area):
        raise AreaNotAsked(area=command.area)
    facts = Facts(
        actor_class=command.actor.kind,
        via=command.actor.via,
        request=command.request,
        purpose=REVIEW,
        signatory=command.person,
        digest=question_digest(command.question),
        expires_at=time_text(command.expires_at),
        factor=command.factor,
        areas=(command.area,),
    )
    made = bare(situation, command.actor, EntryKind.REVIEW_REQUESTED, wanted.answers, facts, note)
    question: dict[str, Json] = {"question": dict(command.question)}
    return replace(made, payload={**made.payload, **question})
