"""MA-005 as paths: to every end, through every loop, and derived again from entries alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.workflows import campaign_play
from tests.workflows.desk import ANA, BETO, DIRECTOR, eml, local, pdf, usual, xlsx
from tests.workflows.quick import QuickReader
from tests.workflows.replays import Path, Play, Table, Walk, act, clock, refused
from workflows.campaigncommands import CheckLetter, DecideRows, MakeFinal, OpenRemovals
from workflows.commands import Actor, OpenCase, Receipt, Supersede
from workflows.errors import (
    CheckStale,
    DuplicateReference,
    FieldInvalid,
    GuardUnmet,
    OutOfScope,
    RowsClosed,
    RowsDecided,
    RowsHeld,
)
from workflows.facts import Facts
from workflows.rosterview import OPEN, OWN, SILENT, RosterQuery
from workflows.signatories import letters_of
from workflows.signatureacts import AskSignature, DeclineSignature, SignDocument
from workflows.state import StepStatus

DATED = act("3", data={"fecha_limite": "2026-02-06", "cita": "A más tardar el 6 de febrero"})
REVIEWED = ("2", DATED, "4 5 6")
SIGNED = "14 16 15 18 19 20:cuadra 21 22:firmada 23"

TABLE = Table(
    Play(
        "MA-005",
        opening=campaign_play.OPENING | {"aplicacion": "belife"},
        act=campaign_play.act,
        people={"director": Actor(DIRECTOR, "director"), "especialista": ANA},
    ),
    (
        Path("just opened", status="Abierta", machines={"campana": "Abierta"}),
        Path("without a date nothing goes on", ("2", refused("8", GuardUnmet)), status="Abierta"),
        Path("areas are asked", (*REVIEWED, "8"), status="espera_areas", timers={"areas": "running"}),
        Path("answered, with a discrepancy", (*REVIEWED, "8 14"), status="En validación"),
        Path(
            "nothing final with one open",
            (*REVIEWED, "8 14", refused("15", GuardUnmet)),
            status="En validación",
        ),
        Path("the letter agrees", (*REVIEWED, "8 14 16 15 18 19 20:cuadra"), status="Lista para firma"),
        Path("the letter does not agree", (*REVIEWED, "8 14 16 15 18 19 20:no_cuadra"), status="Consolidada"),
        Path(
            "no signature before it agrees",
            (*REVIEWED, "8 14 16 15 18 19 20:no_cuadra", refused("21", GuardUnmet)),
            status="Consolidada",
        ),
        Path("waits for the signature", (*REVIEWED, "8 14 16 15 18 19 20:cuadra 21"), status="espera_firma"),
        Path(
            "the director observes",
            (*REVIEWED, "8 14 16 15 18 19 20:cuadra 21 22:observa"),
            status="En validación",
        ),
        Path("sent", (*REVIEWED, "8", SIGNED, "24"), status="espera_acuse", timers={"fecha_limite": "met"}),
        Path(
            "not closed without the confirmation",
            (*REVIEWED, "8", SIGNED, "24", refused("27", GuardUnmet)),
            status="espera_acuse",
        ),
        Path(
            "MetLife observes: a new version and signature",
            (*REVIEWED, "8", SIGNED, "24 26:observada", "15 18 19 20:cuadra 21 22:firmada 23 24 25 27"),
            status="certificada",
        ),
        Path("certified", (*REVIEWED, "8", SIGNED, "24 25 27"), status="certificada"),
        Path("removals opened", (*REVIEWED, "8", SIGNED, "24 25 27 27a"), status="certificada"),
        Path(
            "silence: the register decides, and what it does not know awaits the director",
            (*REVIEWED, "8", clock("2026-01-16 10:00"), "16 15"),
            status="Consolidada",
        ),
        Path(
            "sent on the very day: late for the process, not for MetLife",
            (*REVIEWED, "8", SIGNED, clock("2026-02-06 10:00"), "24"),
            timers={"fecha_limite": "met", "envio_limite": "met_late"},
        ),
    ),
)


@pytest.mark.parametrize("path", TABLE.paths, ids=str)
def test_path(path: Path) -> None:
    """Each path ends where the owner's document says."""
    TABLE.check_end(path)


@pytest.mark.parametrize("path", TABLE.paths, ids=str)
def test_replay(path: Path) -> None:
    """Its entries alone, whoever has them, give the same state after every one of them."""
    TABLE.check_replay(path)


def walked(name: str) -> Walk:
    """A fresh walk of a path."""
    return TABLE.walk(next(path for path in TABLE.paths if str(path) == name))


def decide(walk: Walk, rows: str, decision: str, actor: Actor = ANA, **more: object) -> None:
    """One decision."""
    command = DecideRows(walk.folio, rows, decision, "Lo confirmó su jefe", actor, **more)  # type: ignore[arg-type]
    walk.desk.cases.campaigns.decide(command)


def test_a_reason_holds_no_password() -> None:
    """Decided in bulk, too: refused, and no row has a decision."""
    walk = walked("areas are asked")
    before = len(walk.entries)
    told = DecideRows(walk.folio, "7", "certifica", "Entró con su contraseña: Verano2026!", ANA)
    with pytest.raises(FieldInvalid):
        walk.desk.cases.campaigns.decide(told)
    assert len(walk.entries) == before


def test_silence_is_by_area_row_by_row_and_visible() -> None:
    """Each area's rows take what the register makes of them, flagged; the entry is the system's, and an exception."""
    walk = walked("areas are asked")
    decide(walk, "7", "certifica")
    walk.desk.clock.set("2026-01-16 10:00")
    walk.desk.cases.fire_due_timers()
    view = campaign_play.rows(walk)
    assert {row.number: row.decision for row in view.rows} == {
        7: "certifica",
        8: "baja",
        9: "discrepancia",
        10: "certifica",
        11: "certifica",
        12: "certifica",
    }
    assert view.find(RosterQuery(flag=SILENT)).matching == "8-12"
    silent = [entry for entry in walk.entries if entry.step == "13"]
    assert [(entry.actor, entry.facts["areas"]) for entry in silent] == [
        ("system", ["a1"]),
        ("system", ["a2"]),
    ]
    assert [item.detail for item in walk.state.exceptions if item.code == "silence"] == ["a1", "a2"]
    before = len(walk.entries)
    walk.desk.cases.fire_due_timers()
    assert len(walk.entries) == before


def test_silence_waits_for_its_days() -> None:
    """Three business days, Thursday included: nothing is resolved before service closes on the third."""
    walk = walked("areas are asked")
    walk.desk.clock.set("2026-01-15 17:00")
    walk.desk.cases.fire_due_timers()
    assert campaign_play.rows(walk).state.undecided == 6


def test_an_answer_after_silence_counts() -> None:
    """Silence fills what nobody said; a later answer replaces it, and both stay visible."""
    walk = walked("areas are asked")
    walk.desk.clock.set("2026-01-16 10:00")
    walk.desk.cases.fire_due_timers()
    decide(walk, "8", "certifica")
    row = campaign_play.rows(walk).by_number[8]
    assert (row.decision, SILENT in row.flags, len(row.earlier)) == ("certifica", False, 1)


def test_the_director_prevails() -> None:
    """What waits for him nobody else decides; what he decided only he changes, or the mail in which he does."""
    walk = walked("answered, with a discrepancy")
    waiting = campaign_play.rows(walk).find(RosterQuery(flag=OPEN)).matching
    with pytest.raises(RowsHeld):
        decide(walk, waiting, "certifica")
    decide(walk, waiting, "baja", Actor(DIRECTOR, "director"))
    with pytest.raises(RowsHeld):
        decide(walk, waiting, "certifica")
    other = walked("answered, with a discrepancy")
    decide(other, waiting, "baja", uploads=(eml(),))
    assert campaign_play.rows(other).by_number[int(waiting)].step == "16"


def test_decisions_end_with_the_final_sheet_until_a_new_round() -> None:
    """Once the final workbook stands no decision changes; what the director observes opens the rows again."""
    walk = walked("the letter agrees")
    with pytest.raises(RowsClosed):
        decide(walk, "7", "certifica")
    again = walked("the director observes")
    decide(again, "7", "certifica")
    assert campaign_play.rows(again).decidable


def test_two_people_do_not_overwrite_each_other() -> None:
    """A decision says what its author had seen: rows that somebody else decided meanwhile are refused by number."""
    walk = walked("areas are asked")
    seen = len(walk.entries)
    decide(walk, "7-8", "certifica", Actor("u-beto", "especialista"), seen=seen)
    with pytest.raises(RowsDecided) as refusal:
        decide(walk, "8-9", "baja", seen=seen)
    assert (refusal.value.fields["rows"], refusal.value.fields["actor"]) == ("8", "u-beto")
    decide(walk, "8-9", "baja", seen=len(walk.entries))


def test_a_new_version_names_the_one_before() -> None:
    """After MetLife's observation the final workbook is a new entry that refers to the first."""
    walk = walked("MetLife observes: a new version and signature")
    first, second = [sealed for sealed in walk.desk.ledger.history(walk.folio) if sealed.entry.step == "15"]
    assert first.leaf in second.entry.refs
    assert walk.state.step("22").round == 2


def test_the_same_click_is_the_same_entry() -> None:
    """Making the final workbook twice under one key gives one entry and one receipt, though the file is made again."""
    walk = walked("silence: the register decides, and what it does not know awaits the director")
    campaigns = walk.desk.cases.campaigns
    walk.desk.cases.supersede(_annul(walk))
    command = MakeFinal(walk.folio, ANA, idempotency_key="k1")
    first, second = campaigns.final(command), campaigns.final(command)
    assert (first.seq, first.leaf) == (second.seq, second.leaf)


def _annul(walk: Walk) -> object:
    from workflows.commands import Supersede  # noqa: PLC0415 - one test's own

    seq = max(entry.seq for entry in walk.entries if entry.step == "15")
    actor = Actor("u-sonia", "supervisor")
    return Supersede(walk.folio, seq, actor, "Faltaba un renglón", annul=True)


def test_rows_of_the_desk_itself_are_marked() -> None:
    """A row whose address belongs to an account here, the director's among them, is self-certification."""

    def known(walk: Walk) -> None:
        walk.desk.directory.emails[campaign_play.PEOPLE[0].email] = DIRECTOR

    walk = TABLE.walk(Path("own", (known,)))
    opened = walk.desk.cases.open_case(OpenCase("MA-005", ANA, *_second(walk)))
    view = walk.desk.cases.campaigns.roster(opened.folio)
    assert view.find(RosterQuery(flag=OWN)).matching == "7"


def _second(walk: Walk) -> tuple[dict[str, str], tuple[object, ...]]:
    data = walk.samples.opening(walk.definition, {**campaign_play.OPENING, "aplicacion": "pro99"})
    return data, walk.samples.opening_files(walk.definition, data)  # type: ignore[return-value]


def test_one_case_for_a_request_and_application() -> None:
    """The same request and application again is the same campaign; another application is another case."""
    walk = walked("just opened")
    data, uploads = _second(walk)
    walk.desk.cases.open_case(OpenCase("MA-005", ANA, data, uploads))  # type: ignore[arg-type]
    with pytest.raises(DuplicateReference):
        walk.desk.cases.open_case(
            OpenCase("MA-005", ANA, data, walk.samples.opening_files(walk.definition, data))
        )


@pytest.mark.parametrize(
    ("what", "ground"), [("alta", "altas"), ("extension", "extension"), ("cambio", "cambios")]
)
def test_what_is_no_recertification_is_sent_on(what: str, ground: str) -> None:
    """Creations wait for the cut, deadlines are not extended, own changes after sending are refused: all on record."""
    walk = walked("just opened")
    data = {"asunto": what, "requerimiento": "RECERT-2026", "aplicacion": "consultador"}
    with pytest.raises(OutOfScope) as refusal:
        walk.desk.cases.open_case(OpenCase("MA-005", ANA, data))
    assert refusal.value.fields["refusal"] == ground


def test_alerts_before_the_deadline_name_posts() -> None:
    """Ten, five, three, two and one business days before the date, for coordination, supervision and director."""
    walk = walked("areas are asked")
    for day in ("23", "30"):
        walk.desk.clock.set(f"2026-01-{day} 10:00")
        walk.desk.cases.fire_due_timers()
    timer = next(item for item in walk.state.timers if item.timer == "fecha_limite")
    assert timer.fired == ("before-10", "before-5")
    assert timer.notify == ("recertificacion", "supervision", "director_general")
    assert timer.due_at == walk.desk.calendar.closing_of(local("2026-02-06 12:00").date()).strftime(
        "%Y-%m-%dT%H:%M:%S.%fZ"
    )


def test_what_cannot_be_read_is_confirmed_and_said() -> None:
    """A scanned letter has no text: each figure that a person confirms is a fact of its own."""
    walk = walked("the letter agrees")
    entry = next(entry for entry in walk.entries if entry.step == "20")
    assert entry.facts["check"] == {"fecha": "confirmed", "aplicativo": "confirmed", "cantidad": "confirmed"}
    again = walked("the letter does not agree")
    _redo(again, lambda: again.record("15"), lambda: again.record("18"), lambda: again.record("19"))
    with pytest.raises(Exception, match="field_invalid"):
        again.desk.cases.campaigns.check(CheckLetter(again.folio, ANA))


def test_a_signature_covers_the_checked_file_and_letter() -> None:
    """Check, package and signed letter state the digests of the final file and the letter, and refer to both."""
    walk = walked("the letter agrees")
    walk.record("21")
    walk.record("22")
    by_step = {sealed.entry.step: sealed for sealed in walk.desk.ledger.history(walk.folio)}
    wanted = {
        "15.archivo_final": by_step["15"].entry.objects[0].sha256,
        "18.carta": by_step["18"].entry.objects[0].sha256,
    }
    for step in ("20", "21", "22"):
        entry = by_step[step].entry
        assert entry.facts["covers"] == wanted
        assert {by_step["15"].leaf, by_step["18"].leaf} <= set(entry.refs)


def test_a_letter_replaced_after_its_check_cannot_be_signed() -> None:
    """The check stands for the files it compared: another letter blocks package and signature until it is repeated."""
    walk = walked("the letter agrees")
    seqs = {entry.step: entry.seq for entry in walk.entries}
    service = walk.desk.cases
    other = (pdf("otra_carta.pdf"),)
    service.supersede(Supersede(walk.folio, seqs["18"], ANA, "Se subió la carta equivocada", uploads=other))
    with pytest.raises(CheckStale) as refusal:
        walk.record("21")
    assert refusal.value.fields["of"] == "18"
    again = Supersede(walk.folio, seqs["20"], ANA, "La carta cambió después", annul=True)
    service.supersede(again)
    campaign_play.act(walk, "20", "cuadra")
    walk.record("21")
    assert walk.state.step("21").status is StepStatus.DONE


def _reading_for(walk: Walk, data: dict[str, str]) -> None:
    """The quick reader's request sheet says what the case says."""
    reader = walk.desk.reader
    assert isinstance(reader, QuickReader)
    reader.others.update(data)


def _redo(walk: Walk, *steps: Callable[[], object]) -> None:
    for step in steps:
        walk.desk.clock.advance(minutes=1)
        step()


def test_two_who_open_removals_at_once_name_each_case_once() -> None:
    """Whoever finds, once the cases are open, that another run named them, records nothing of them again."""
    walk = walked("certified")
    service = walk.desk.cases
    removals = service.campaigns._removals
    real, other = removals._open, OpenRemovals(walk.folio, BETO)

    def overtaken(command: OpenCase) -> Receipt:
        removals._open = real
        service.campaigns.removals(other)
        return real(command)

    removals._open = overtaken
    report = service.campaigns.removals(OpenRemovals(walk.folio, ANA))
    named = [entry for entry in walk.entries if entry.step == "27a"]
    assert [entry.actor for entry in named] == [BETO.id]
    assert (len(report.opened), report.total) == (1, 1)


def test_removals_are_opened_once_and_followed() -> None:
    """Repeating opens nothing; the system says by itself, and once, that each ended as a removal, and in how long."""
    walk = walked("removals opened")
    assert not [receipt for receipt in walk.desk.cases.fire_due_timers() if receipt.step == "27b"]
    campaigns = walk.desk.cases.campaigns
    again = campaigns.removals(OpenRemovals(walk.folio, ANA))
    assert (again.opened, len(again.already), again.executed) == ((), 1, 0)
    child = again.already[0][1]
    row = campaign_play.rows(walk).find(RosterQuery(flag="removes")).rows[0]
    data = {"nombre": row.name, "rfc": row.rfc, "correo": row.email, "zona": row.area_name}
    for step in ("2", "3", "4", "5", "28", "28d"):
        walk.desk.clock.advance(minutes=1)
        evidence = {**usual(step), **({"uploads": (xlsx(**data),)} if step == "4" else {})}
        _reading_for(walk, data)
        walk.desk.record(child, step, **evidence)
    assert [receipt.step for receipt in walk.desk.cases.fire_due_timers() if receipt.folio == walk.folio] == [
        "27b"
    ]
    assert not [receipt for receipt in walk.desk.cases.fire_due_timers() if receipt.folio == walk.folio]
    report = campaigns.removals(OpenRemovals(walk.folio, ANA))
    assert len(walk.state.step("27b").entries) == 1
    assert (report.executed, report.total, report.days) == (1, 1, (0,))
    assert walk.state.step("27b").entries
    assert campaign_play.rows(walk).find(RosterQuery(flag="removed")).total == 1


@pytest.mark.parametrize("declines", [False, True])
def test_a_campaigns_letter_is_signed_or_observed_by_link(declines: bool) -> None:
    """Asking records step 21 and what it covers; the signature is step 22's evidence, a refusal its observation."""
    walk = walked("the letter agrees")
    book = walk.desk.cases.requests
    letter = next(item for item in letters_of(book.situation(walk.folio)) if item.step == "18")
    until = walk.desk.clock() + timedelta(days=2)
    book.ask(AskSignature(walk.folio, "22", "r-1", "sign", ANA, DIRECTOR, letter.seq, letter.object, until))
    sent = walk.entries[-2]
    assert (sent.step, sorted(sent.facts["covers"])) == ("21", ["15.archivo_final", "18.carta"])  # type: ignore[call-overload]
    who = Actor(DIRECTOR, "director", via="link")
    if declines:
        book.decline(DeclineSignature(walk.folio, "r-1", who, "Falta el área de Cobranza"))
        assert walk.state.status == "En validación"
        return
    facts = Facts(level="N1", method="typed", act="ab" * 32)
    book.sign(SignDocument(walk.folio, "r-1", who, (pdf("firmada.pdf"),), facts, {}))
    assert walk.state.step("22").status is StepStatus.DONE
    assert ("certificador", DIRECTOR) in [(duty, actor) for duty, actor, _ in walk.state.parties]
