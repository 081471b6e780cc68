"""The service of campaigns: what is done to hundreds of rows at once, each act one append or nothing.

`workflows.campaigncommands` says what each command promises. Slow work (reading sheets, writing the final one) is done
before any transaction; what it was done on is compared again inside.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

from documents.row_answers import write_answer_sheets
from evidence.entry import BlobRef, EntryDraft
from evidence.ports import BlobStore
from workflows import letters, rowmatching, rules, sets
from workflows.campaignchoices import (
    answer_lines,
    answerable,
    deciding_step,
    is_version,
    unchanged,
    version_before,
    words_of,
)
from workflows.campaigncommands import (
    ArchiveCampaign,
    AskAreas,
    CheckLetter,
    DecideRows,
    LetterReading,
    MakeFinal,
    OpenRemovals,
    RemovalReport,
    TakeAnswers,
    TakeExtract,
)
from workflows.claims import RowClaim, Situation
from workflows.commands import OpenCase, Receipt, Upload
from workflows.corrections import noted
from workflows.errors import EvidenceMissing
from workflows.facts import RowFact, time_text
from workflows.indexing import index_sheet
from workflows.ports import CaseIndex, DocumentReader
from workflows.removals import Removals
from workflows.reviewing import own_rows, told
from workflows.rosterjoin import RosterReader, counted
from workflows.rosterview import RosterView
from workflows.rowdrafts import (
    Act,
    known_areas,
    known_decision,
    may_record,
    named_rows,
    not_decided_since,
    roster_of,
    row_draft,
    rows_open,
    rules_of,
    takes_evidence,
)
from workflows.signatories import mailed_slots
from workflows.uploads import PreparedFile, prepare
from workflows.writer import CaseWriter

MAX_FILES = 20
_SHEET, _MAIL, _ANSWERS = "hoja", "correo", "respuesta"


class CampaignService:
    """See `workflows.campaigncommands.CampaignDesk`, whose contract this is."""

    def __init__(
        self,
        writer: CaseWriter,
        index: CaseIndex,
        reader: DocumentReader,
        blobs: BlobStore,
        open_case: Callable[[OpenCase], Receipt],
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._rows = RosterReader(writer, index, reader, blobs)
        self._removals = Removals(writer, index, self._rows, open_case)

    def roster(self, folio: str) -> RosterView:
        """All rows joined; kept per head."""
        return self._rows.view(folio)

    def export(self, folio: str, area: str, target: BinaryIO) -> str:
        """Write the sheet an area answers on; all areas, a sheet each, where none is named."""
        situation = self._situation(folio)
        areas = (area,) if area else tuple(item.area for item in roster_of(situation).state().areas)
        known_areas(roster_of(situation), areas)
        target.write(self._asked_sheet(situation, areas))
        return f"{folio}-{area or 'todas'}.xlsx"

    def extract(self, command: TakeExtract) -> Receipt:
        """Seal the extract and give every row its status."""
        situation = self._situation(command.folio)
        wanted = rules_of(situation)
        files = self._read(command.uploads, situation, wanted.extract)
        reading = self._reader.rows(files[0].stream, form="extract", name=files[0].name)
        claim = rowmatching.statuses(wanted, reading, self._rows.by_key(situation.entries))
        brought = RowClaim(queried_at=time_text(command.queried_at), counts=claim.counts)

        def act(step: str, rows: RowClaim) -> sets.Piece:
            def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
                rules.credible_date(command.queried_at, situation.now, situation.calendar)
                takes_evidence(situation, step, command.actor)
                acting = command.acting_for
                done = Act(step, command.actor, rows, files, note=command.note, acting_for=acting)
                return (row_draft(situation, done, blobs),)

            return sets.Piece(step, drafts, len(files))

        pieces = (act(wanted.extract, brought), act(wanted.status_step, claim))
        return self._writer.append(command.folio, sets.in_sequence(pieces), (*files, *files), command)

    def ask(self, command: AskAreas) -> Receipt:
        """Record the mail to areas, the term, and what was asked with it, as one set."""
        pieces, files = self._asked(command)
        return self._writer.append(command.folio, sets.in_sequence(pieces), files, command)

    def would_ask(self, command: AskAreas) -> None:
        """Judge what `ask` would be asked, and write nothing; raises what `ask` would raise now."""
        pieces, files = self._asked(command)
        self._writer.judge(command.folio, sets.in_sequence(pieces), files)

    def _asked(self, command: AskAreas) -> tuple[list[sets.Piece], tuple[PreparedFile, ...]]:
        situation = self._situation(command.folio)
        wanted, roster = rules_of(situation), roster_of(situation)
        areas = command.areas or tuple(a.area for a in roster.state().areas if not a.sent_seq)
        known_areas(roster, areas)
        mails = () if command.linked else self._read(command.uploads, situation, wanted.send, _MAIL)
        sheet = self._made(
            situation, wanted.send, self._asked_sheet(situation, areas), "hojas_areas.xlsx", _SHEET
        )
        pieces = [self._asking(command, wanted.send, (*mails, *sheet), areas)]
        pieces += [self._asking(command, step, mails, areas) for step in wanted.asks]
        return pieces, (*mails, *sheet, *(mail for _ in wanted.asks for mail in mails))

    def decide(self, command: DecideRows) -> Receipt:
        """Record one decision on many rows."""
        situation = self._situation(command.folio)
        rules.reason_given(command.reason)
        reason = noted(command.reason)
        files = self._read(command.uploads, situation, rules_of(situation).resolve)

        def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            wanted, roster = rules_of(situation), roster_of(situation)
            if command.by_link is not None:
                rows, step = own_rows(situation, roster, command, command.by_link), wanted.answers
            else:
                rows = named_rows(roster, command.rows)
                step = deciding_step(situation, roster, rows, command)
                may_record(situation, step, command.actor)
            rows_open(situation)
            known_decision(wanted, command.decision, resolving=step == wanted.resolve)
            not_decided_since(situation, rows.values(), command.seen, command.actor)
            fact = RowFact.of(rows, decision=command.decision)
            act = Act(
                step,
                command.actor,
                RowClaim((fact,), counts={"rows": len(rows)}),
                files,
                data={"nota": reason},
                occurred_at=command.occurred_at,
                acting_for=command.acting_for,
            )
            made = row_draft(situation, act, blobs)
            link = command.by_link
            return (made if link is None else told(situation, made, command.folio, link),)

        return self._writer.append(command.folio, drafts, files, command)

    def answers(self, command: TakeAnswers) -> Receipt:
        """Take in an answered sheet, whole."""
        situation = self._situation(command.folio)
        wanted = rules_of(situation)
        known_areas(roster_of(situation), (command.area,))
        files = self._read(command.uploads, situation, wanted.answers)
        sheet = next((file for file in files if file.family == "xlsx"), None)
        if sheet is None:
            raise EvidenceMissing(step=wanted.answers, alternatives=[[_ANSWERS]], missing=[_ANSWERS])
        reading = self._reader.rows(sheet.stream, form="answers", name=sheet.name)
        keys = self._rows.by_key(situation.entries)

        def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            may_record(situation, wanted.answers, command.actor)
            rows_open(situation)
            asked = {row.number: row for row in roster_of(situation).rows() if row.area == command.area}
            claim = rowmatching.decisions(wanted, reading, keys, asked, answerable(wanted))
            act = Act(
                wanted.answers,
                command.actor,
                RowClaim(claim.rows, (command.area,), counts=claim.counts, payload=claim.payload),
                files,
                note=command.note,
                occurred_at=command.occurred_at,
                acting_for=command.acting_for,
            )
            return (row_draft(situation, act, blobs),)

        return self._writer.append(command.folio, drafts, files, command)

    def final(self, command: MakeFinal) -> Receipt:
        """Make and seal the final sheet; refused while a row has no decision or awaits the director."""
        situation = self._situation(command.folio)
        wanted = rules_of(situation)
        words = words_of(roster_of(situation))
        files = self._final_file(situation, words)

        def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            takes_evidence(situation, wanted.final, command.actor)
            roster = roster_of(situation)
            unchanged(situation, roster, words)
            counts = {"rows_in": roster.state().rows, "rows_out": sum(map(len, words.values()))}
            claim = RowClaim(sheet=files[0].sha256, counts={**counts, **counted(roster.state())})
            acting = command.acting_for
            act = Act(wanted.final, command.actor, claim, files, note=command.note, acting_for=acting)
            return (row_draft(situation, act, blobs, version_before(situation, wanted.final)),)

        return self._writer.append(command.folio, drafts, files, command)

    def _final_file(self, situation: Situation, words: dict[str, list[int]]) -> tuple[PreparedFile, ...]:
        """The final sheet, once every row has a word; until then none, and the entry is refused for its reason."""
        wanted = rules_of(situation)
        if roster_of(situation).unsettled():
            return ()
        blob, name = self._rows.original(situation.entries)
        made = self._reader.final_rows(self._rows.content(blob), words, name=name)
        version = 1 + sum(is_version(sealed, wanted.final) for sealed in situation.entries)
        title = f"{name.rpartition('.')[0]}_final_v{version}.xlsx"
        return self._made(situation, wanted.final, made, title, "archivo_final")

    def letter(self, folio: str) -> LetterReading:
        """What the letter says beside what it should; writes nothing."""
        return letters.reading_of(self._writer.seen(folio))

    def check(self, command: CheckLetter) -> Receipt:
        """Record the comparison: it agrees, or (also an entry) it does not and the file is made again."""

        def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            wanted = rules_of(situation)
            takes_evidence(situation, wanted.check, command.actor)
            claim, words, agrees = letters.compared(letters.reading_of(situation), command.confirmed)
            act = Act(
                wanted.check,
                command.actor,
                claim,
                data={"revision": words},
                choice="cuadra" if agrees else "no_cuadra",
                note=command.note,
                acting_for=command.acting_for,
            )
            return (row_draft(situation, act, blobs),)

        return self._writer.append(command.folio, drafts, (), command)

    def archive(self, command: ArchiveCampaign) -> Receipt:
        """Seal the index and close the case."""
        situation = self._situation(command.folio)
        wanted = rules_of(situation)
        made, listed = index_sheet(situation.entries)
        files = self._made(situation, wanted.archive, made, f"indice_{command.folio}.xlsx", "indice")

        def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            takes_evidence(situation, wanted.archive, command.actor)
            act = Act(
                wanted.archive,
                command.actor,
                RowClaim(counts={"files": listed}),
                files,
                data={"lugar": command.place},
                note=command.note,
                acting_for=command.acting_for,
            )
            return (row_draft(situation, act, blobs),)

        return self._writer.append(command.folio, drafts, files, command)

    def removals(self, command: OpenRemovals) -> RemovalReport:
        """Open what is to be opened, and tell what was carried out."""
        return self._removals.run(command)

    def follow_removals(self, now: datetime) -> tuple[list[Receipt], list[tuple[str, str]]]:
        """Record what campaigns' removals came to; gives receipts, and ``(folio, what)`` of what failed."""
        return self._removals.follow(now)

    def _situation(self, folio: str) -> Situation:
        situation = self._writer.situation(self._writer.history(folio))
        rules_of(situation)
        return situation

    def _read(
        self, uploads: Sequence[Upload], situation: Situation, code: str, slot: str = ""
    ) -> tuple[PreparedFile, ...]:
        """Uploads read for a step, at least one where the step needs files of a kind."""
        step = situation.definition.by_step[code]
        if slot and not uploads:
            raise EvidenceMissing(step=code, alternatives=[[slot]], missing=[slot])
        if code == rules_of(situation).extract and not uploads:
            raise EvidenceMissing(
                step=code, alternatives=[list(step.evidence.all)], missing=list(step.evidence.all)
            )
        named = tuple(Upload(item.name, item.stream, slot or item.slot) for item in uploads)
        return prepare(named, step, self._reader, MAX_FILES)

    def _made(
        self, situation: Situation, code: str, content: bytes, name: str, slot: str
    ) -> tuple[PreparedFile, ...]:
        """A file of our own, read like any other: what is sealed was seen by the same eyes."""
        upload = Upload(name, io.BytesIO(content), slot)
        files = prepare((upload,), situation.definition.by_step[code], self._reader, 1)
        return tuple(replace(file, made=True) for file in files)

    def _asked_sheet(self, situation: Situation, areas: Sequence[str]) -> bytes:
        view = self._rows.view(situation.entries[0].entry.case)
        wanted = rules_of(situation)
        sheets = answer_lines(wanted, view, areas)
        target = io.BytesIO()
        write_answer_sheets(target, sheets, [item.words[0] for item in wanted.decisions])
        return target.getvalue()

    @staticmethod
    def _asking(
        command: AskAreas, step: str, files: tuple[PreparedFile, ...], areas: tuple[str, ...]
    ) -> sets.Piece:
        def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            takes_evidence(situation, step, command.actor)
            asked = areas if step == rules_of(situation).send else ()
            found = situation.definition.by_step[step]
            act = Act(
                step,
                command.actor,
                RowClaim(areas=asked),
                files,
                note=command.note,
                occurred_at=command.occurred_at,
                acting_for=command.acting_for,
                system=mailed_slots(found, found.default_branch) if command.linked else (),
            )
            return (row_draft(situation, act, blobs),)

        return sets.Piece(step, drafts, len(files))
