"""Removals that a campaign decided: one case each, opened once, and followed until it was carried out.

Every case is opened under a key that follows from campaign and row, so that whoever repeats what broke in between
finds the cases that are there; the campaign's own entry comes last and names them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from documents.identifiers import check_rfc, fold, is_email, normalise_dsn, normalise_email
from evidence.entry import SYSTEM, BlobRef, EntryDraft, EntryKind, parse_time
from workflows.campaigncommands import OpenRemovals, RemovalReport
from workflows.claims import RowClaim, Situation
from workflows.closing import OF_ONE_CASE
from workflows.commands import SYSTEM_ACTOR, OpenCase, Receipt
from workflows.corrections import bare
from workflows.errors import DuplicateCase, Refusal, RequestReused
from workflows.facts import EvidenceFact, Facts, RowFact
from workflows.keeping import keeping_of
from workflows.ports import CaseIndex, CaseQuery
from workflows.rosterjoin import RosterReader
from workflows.rosterview import RosterRow, RosterView
from workflows.rowdrafts import Act, may_record, roster_of, row_draft, rules_of, state_of
from workflows.withholding import unused_sheet
from workflows.writer import CaseWriter

PROCESS = "MA-001"
TICKET = "ticket"
NO_PROCESS = "sin_proceso"
BATCH = 200
"""Cases that one entry of the campaign names: its facts must fit an entry."""

_PAGE = 200

_KINDS: Mapping[str, str] = {
    "administrativo": "administrativo",
    "administrativa": "administrativo",
    "oficina": "administrativo",
    "asistente": "asistente",
    "promotoria": "promotoria",
    "personal de promotoria": "promotoria",
    "agente": NO_PROCESS,
    "agente de seguros": NO_PROCESS,
}
"""What a sheet calls a user, as MA-001 knows it; agents have no process of removal."""


class _NamedAlready(Exception):
    """The campaign names all these cases already: there is nothing to record."""


class Removals:
    """Opens and follows the removals of a campaign."""

    def __init__(
        self,
        writer: CaseWriter,
        index: CaseIndex,
        rows: RosterReader,
        open_case: Callable[[OpenCase], Receipt],
    ) -> None:
        self._writer = writer
        self._index = index
        self._rows = rows
        self._open = open_case

    def run(self, command: OpenRemovals) -> RemovalReport:
        """Open what can be opened, record it, and tell what was carried out; see the service.

        Raises:
            NotACampaign, RoleNotAllowed, GuardUnmet, and what opening a case raises, before anything is recorded.
        """
        situation = self._writer.situation(self._writer.history(command.folio))
        step = rules_of(situation).removals
        may_record(situation, step, command.actor)
        view = self._rows.view(command.folio)
        already = tuple((row.number, row.link) for row in view.rows if row.link)
        opened: list[tuple[int, str]] = []
        lacking: list[tuple[int, tuple[str, ...]]] = []
        for number in roster_of(situation).removable():
            row = view.by_number[number]
            data, missing = _opening(row, command.supplied.get(number, {}))
            if missing:
                lacking.append((number, missing))
                continue
            try:
                opened.append((number, self._opened(command, row, data)))
            except Refusal as refusal:
                lacking.append((number, (refusal.code,)))  # told by row; the other rows go on
        for start in range(0, len(opened), BATCH):
            self._record(command, opened[start : start + BATCH])
        return self._report(command.folio, tuple(opened), already, tuple(lacking))

    def follow(self, now: datetime) -> tuple[list[Receipt], list[tuple[str, str]]]:
        """Record, for every campaign whose removals have all been carried out, that they were; and what failed."""
        receipts: list[Receipt] = []
        failures: list[tuple[str, str]] = []
        for folio in self._pending():
            try:
                view = self._rows.view(folio)
                linked = [row for row in view.rows if row.link]
                situation = self._writer.situation(self._writer.history(folio), now)
                done = bool(linked) and all(row.removed_at for row in linked)
                if done and not roster_of(situation).removable():
                    found = self._carried_out(folio, len(linked))
                    receipts += [found] if found is not None else []
            except OF_ONE_CASE as error:
                failures.append((folio, str(error)))
        return receipts, failures

    def _pending(self) -> Iterator[str]:
        """Campaigns that opened removals and have not told their end."""
        for definition in self._writer.definitions.processes():
            after = ""
            while definition.roster is not None:
                page = self._index.find(CaseQuery(process=definition.process, limit=_PAGE, after=after))
                yield from (row.folio for row in page.rows if self._is_pending(row.folio))
                after = page.next
                if not after:
                    break

    def _is_pending(self, folio: str) -> bool:
        situation = self._writer.situation(self._writer.history(folio))
        rules = situation.definition.roster
        shut = keeping_of(situation.entries).shut or unused_sheet(situation.entries)
        if rules is None or shut:  # its rows are not read while that stands
            return False
        state = state_of(situation)
        return bool(state.step(rules.removals).entries) and not state.step(rules.removed).entries

    def _opened(self, command: OpenRemovals, row: RosterRow, data: Mapping[str, str]) -> str:
        told = OpenCase(
            process=PROCESS,
            actor=command.actor,
            data={**data, "ticket": f"{command.folio}/{row.number}"},
            parent=command.folio,
            idempotency_key=f"removal/{command.folio}/{row.number}",
        )
        try:
            return self._open(told).folio
        except (RequestReused, DuplicateCase):  # perhaps somebody else opened it, and did not come to name it
            found = self._index.by_reference(TICKET, normalise_dsn(told.data["ticket"]))
            if not found:
                raise
            return found[0]

    def _record(self, command: OpenRemovals, opened: Sequence[tuple[int, str]]) -> None:
        """One entry of the campaign for the cases of a batch; those it names already are left out."""

        def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            step = may_record(situation, rules_of(situation).removals, command.actor).code
            free = set(roster_of(situation).removable())
            facts = tuple(RowFact.of([number], link=link) for number, link in opened if number in free)
            if not facts:
                raise _NamedAlready
            claim = RowClaim(facts, counts={"rows": len(facts)})
            note = f"{len(facts)} casos de baja abiertos en {PROCESS}"
            return (row_draft(situation, Act(step, command.actor, claim, data={"nota": note}), blobs),)

        with suppress(
            _NamedAlready
        ):  # somebody else ran it meanwhile, and found the same cases by their keys
            self._writer.append(command.folio, drafts, (), OpenRemovals(command.folio, command.actor))

    def _report(
        self,
        folio: str,
        opened: tuple[tuple[int, str], ...],
        already: tuple[tuple[int, str], ...],
        lacking: tuple[tuple[int, tuple[str, ...]], ...],
    ) -> RemovalReport:
        view = self._rows.view(folio)
        linked = [row for row in view.rows if row.link]
        executed = [row for row in linked if row.removed_at]
        days = tuple(self._days(view, row) for row in executed)
        if linked and len(executed) == len(linked) and not lacking and not opened:
            self._carried_out(folio, len(executed))
        return RemovalReport(opened, already, lacking, len(executed), len(linked), days)

    def _days(self, view: RosterView, row: RosterRow) -> int:
        """Business days from the opening of a removal to its end."""
        calendar = self._writer.calendar
        opened = next(
            sealed.entry.at
            for sealed in self._writer.history(view.folio)
            if sealed.entry.step == self._step(view.folio) and row.link in str(sealed.entry.facts.get("rows"))
        )
        begin, end = (calendar.local_day(parse_time(text)) for text in (opened, row.removed_at))
        return calendar.between(begin, end, "habiles")

    def _step(self, folio: str) -> str:
        return rules_of(self._writer.situation(self._writer.history(folio))).removals

    def _carried_out(self, folio: str, count: int) -> Receipt | None:
        """The system says once that every removal was carried out; ``None`` where it had."""
        now: datetime = self._writer.clock()

        def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            step = situation.definition.by_step[rules_of(situation).removed]
            shown = tuple(EvidenceFact(slot, "SYS") for slot in step.evidence.all)
            facts = Facts(actor_class=SYSTEM, via=SYSTEM, evidence=shown, counts={"rows": count})
            kind = EntryKind.EVIDENCE_RECORDED
            return (bare(situation, SYSTEM_ACTOR, kind, step.code, facts, f"{count} bajas ejecutadas"),)

        situation = self._writer.situation(self._writer.history(folio), now)
        known = state_of(situation).step(rules_of(situation).removed).entries
        if known:
            return None
        return self._writer.append_by_system(folio, drafts, now, f"removed/{folio}/{count}")


def _opening(row: RosterRow, supplied: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """What MA-001 asks for, from the row and what was supplied; and what is lacking."""
    kind = supplied.get("usuario") or _KINDS.get(fold(row.kind), "" if row.kind else "administrativo")
    found = {
        "tipo": "baja",
        "usuario": kind,
        "nombre": row.name,
        "rfc": supplied.get("rfc") or row.rfc,
        "correo": normalise_email(supplied.get("correo") or row.email),
        "zona": (supplied.get("zona") or row.area_name)[:80],
    }
    if kind == NO_PROCESS:
        return found, (NO_PROCESS,)
    missing = [name for name, value in found.items() if not value]
    missing += ["rfc"] if found["rfc"] and check_rfc(found["rfc"]).problem else []
    missing += ["correo"] if found["correo"] and not is_email(found["correo"]) else []
    return found, tuple(missing)
