"""Engagements: who may open and work in one, what is frozen and tested, and that all of it follows from the chain."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from auditing.attributes import FOLDER, Order, attributes_of, defaults, ordering
from auditing.chain import By, prose, title
from auditing.conclusions import Conclusion
from auditing.desk import Opening, ViewsSeal
from auditing.errors import AuditRefused
from auditing.fieldwork import Draw
from auditing.fold import fold
from auditing.model import Attribute, ItemState, Kind, Method, Result, Standing
from auditing.population import MalformedPopulation, gaps_of, parse_population, population_bytes
from auditing.sampling import draw, reproduces
from auditing.views import View, seal_of
from evidence.entry import EntryDraft, EntryKind
from evidence.ports import BlobCorrupt, Composition
from tests.auditing.conftest import AUDITOR, DESK, INSIDER, KEEPER, TERMS, Room
from workflows.registry import DefinitionRegistry


def refused(code: str) -> object:
    """That an act is refused with this code."""
    return pytest.raises(AuditRefused, match=f"^{code}")


def test_engagements_are_numbered_and_read_back_from_their_chain(room: Room) -> None:
    """Two engagements follow each other; the register tells both, newest first, from entries alone."""
    first, second = room.opened(), room.opened(kind=Kind.INTERNAL, auditors=(INSIDER.id,), processes=())
    assert (first.id, second.id) == ("2026-000001", "2026-000002")
    assert [item.id for item in room.register.all()] == [second.id, first.id]
    assert fold(room.house.ledger.history(first.chain)) == first
    assert first.terms == TERMS
    assert (first.title, first.firm, first.purpose) == ("Auditoría anual", "Despacho", "Control interno")
    facts = json.dumps(room.house.ledger.history(first.chain)[0].entry.facts)
    assert "Despacho" not in facts


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"end": "2025-12-31"}, "terms_invalid"),
        ({"start": "01/01/2026"}, "terms_invalid"),
        ({"expires": "2026-01-01"}, "terms_invalid"),
        ({"kind": Kind.INTERNAL, "auditors": ()}, "terms_invalid"),
        ({"auditors": ("u-nobody",)}, "auditor_unfit"),
        ({"auditors": ("u-both",)}, "auditor_unfit"),
        ({"auditors": (INSIDER.id,)}, "auditor_unfit"),
        ({"kind": Kind.INTERNAL, "auditors": (INSIDER.id,), "masked": True}, "mask_internal"),
    ],
)
def test_terms_that_protect_nobody_are_refused(room: Room, changed: dict[str, object], code: str) -> None:
    """Days that are none, an end before the start, auditors who work at the desk: nothing is opened."""
    with refused(code):
        room.opened(**changed)
    assert room.register.all() == ()


def test_an_external_engagement_may_name_its_auditors_once_it_is_open(room: Room) -> None:
    """Who is invited has no account before: the engagement is opened first, and a change may not empty it again."""
    state = room.opened(auditors=())
    assert room.engagements.invite(KEEPER, state.id, AUDITOR.id, "", "").terms.auditors == (AUDITOR.id,)
    with refused("terms_invalid"):
        room.engagements.change(KEEPER, state.id, replace(TERMS, auditors=()), "ninguna")


def test_only_the_house_opens_changes_and_closes(room: Room) -> None:
    """An auditor cannot widen an own engagement, nor anybody else without the office."""
    state = room.opened()
    for by in (AUDITOR, INSIDER, DESK):
        with refused("not_a_keeper"):
            room.engagements.open(by, Opening("x", "", "", TERMS))
        with refused("not_a_keeper"):
            room.engagements.change(by, state.id, replace(TERMS, processes=()), "más")
        with refused("not_a_keeper"):
            room.engagements.close(by, state.id, "", ViewsSeal(0, "0" * 64))
    wider = room.engagements.change(KEEPER, state.id, replace(TERMS, processes=(), kind=Kind.INTERNAL), "más")
    assert wider.terms.processes == ()
    assert wider.terms.kind is Kind.EXTERNAL
    assert wider.changes[-1][1] == "más"


def test_a_population_is_the_logs_own_and_anybody_makes_it_again(room: Room) -> None:
    """Rows, first, last, gaps and digest are what the entries give; cases opened later do not change it."""
    folios = room.cases(count=30)
    room.cases("MA-006", 3)
    state = room.opened()
    found = room.field.freeze(AUDITOR, state.id, "MA-001", "2026-01-01", "2026-06-30", title="Altas")
    assert (found.id, found.rows, found.first, found.last, found.gaps) == ("P1", 30, folios[0], folios[-1], 0)
    room.cases(count=5)
    now = room.register.get(state.id)
    assert [row.folio for row in room.field.rows(now, "P1")] == folios
    assert room.field.recompute(found)
    assert not room.field.recompute(replace(found, size=found.size - 8))
    leaves = {room.house.ledger.history(folio)[0].leaf for folio in folios}
    assert {row.leaf for row in room.field.rows(now, "P1")} == leaves


def test_a_population_stays_within_the_engagement(room: Room) -> None:
    """Another process, a day outside the period, and a period without cases are refused, and nothing is written."""
    room.cases(count=3)
    state = room.opened(start="2026-01-01", end="2026-03-31")
    for process, start, end in (
        ("MA-006", "2026-01-01", "2026-02-01"),
        ("MA-001", "2025-12-31", "2026-02-01"),
        ("MA-001", "2026-01-01", "2026-04-01"),
        ("MA-001", "2026-02-01", "2026-01-01"),
    ):
        with refused("out_of_scope"):
            room.field.freeze(AUDITOR, state.id, process, start, end)
    with refused("population_empty"):
        room.field.freeze(AUDITOR, state.id, "MA-001", "2026-03-01", "2026-03-31")
    assert room.register.get(state.id).entries == 1


def test_a_frozen_list_that_was_changed_is_not_used(room: Room) -> None:
    """The file is compared with what was sealed before a sample is drawn from it."""
    room.cases(count=3)
    state = room.opened()
    found = room.field.freeze(AUDITOR, state.id, "MA-001", "2026-01-01", "2026-12-31")
    key = f"sha256/{found.digest[:2]}/{found.digest}"
    room.house.blobs.objects[key] = (room.house.blobs.objects[key][0], b"folio,opened_at,leaf\n")
    with pytest.raises(BlobCorrupt):
        room.field.draw(AUDITOR, state.id, "P1", Draw(Method.SIZE, "s", 1))


def test_gaps_are_the_numbers_between() -> None:
    """Series are looked at one by one; what lies before the first or after the last is not missing."""
    assert gaps_of(["A-2026-000003", "A-2026-000006", "B-2026-000001"]) == ("A-2026-000004", "A-2026-000005")
    assert gaps_of([]) == ()


@pytest.mark.parametrize(
    "data", [b"", b"folio\n", b"folio,opened_at,leaf\na,b\n", b"folio,opened_at,leaf\r\n", b"\xff\n"]
)
def test_a_file_that_is_no_population_is_told(data: bytes) -> None:
    """Only what `population_bytes` writes is read."""
    with pytest.raises(MalformedPopulation):
        parse_population(data)
    assert parse_population(population_bytes(())) == ()


def test_samples_are_drawn_picked_and_never_redrawn_in_secret(room: Room) -> None:
    """Every draw is an entry; a targeted one needs a reason and folios of the population."""
    folios = room.cases(count=30)
    state = room.opened()
    room.field.freeze(AUDITOR, state.id, "MA-001", "2026-01-01", "2026-12-31")
    sample = room.field.draw(AUDITOR, state.id, "P1", Draw(Method.CFR80127, "semilla"), key="k")
    assert sample.folios == draw("semilla", folios, 20)
    assert room.field.draw(AUDITOR, state.id, "P1", Draw(Method.CFR80127, "semilla"), key="k") == sample
    again = room.field.draw(AUDITOR, state.id, "P1", Draw(Method.SIZE, "otra", 5))
    assert (again.id, again.n, again.of) == ("S2", 5, 30)
    with refused("reason_missing"):
        room.field.draw(AUDITOR, state.id, "P1", Draw(Method.TARGETED, picks=(folios[3],)))
    with refused("not_in_population"):
        room.field.draw(
            AUDITOR, state.id, "P1", Draw(Method.TARGETED, picks=("MA-001-2026-000099",), reason="x")
        )
    picked = room.field.draw(
        AUDITOR, state.id, "P1", Draw(Method.TARGETED, picks=(folios[3],), reason="la mayor")
    )
    assert (picked.folios, picked.reason, picked.seed) == ((folios[3],), "la mayor", "")
    now = room.register.get(state.id)
    assert [item.id for item in now.samples] == ["S1", "S2", "S3"]
    assert all(reproduces(item, folios) for item in now.samples)


def test_attributes_are_tested_with_a_note_for_each_exception(room: Room) -> None:
    """The last result counts, the earlier ones stay; saying the same again writes nothing."""
    room.cases(count=3)
    state = room.opened()
    room.field.freeze(AUDITOR, state.id, "MA-001", "2026-01-01", "2026-12-31")
    folio = room.field.draw(AUDITOR, state.id, "P1", Draw(Method.SIZE, "s", 1)).folios[0]
    with refused("note_missing"):
        room.field.test(AUDITOR, state.id, "S1", folio, {"datos": ("ok", ""), "firma": ("exception", " ")})
    now = room.field.test(
        AUDITOR, state.id, "S1", folio, {"datos": ("ok", ""), "firma": ("exception", "Sin firma")}
    )
    assert now.tests["S1", folio, "firma"].result is Result.EXCEPTION
    same = room.field.test(AUDITOR, state.id, "S1", folio, {"datos": ("ok", "")})
    assert same.entries == now.entries
    again = room.field.test(AUDITOR, state.id, "S1", folio, {"firma": ("ok", "Apareció")})
    assert (again.tests["S1", folio, "firma"].times, again.entries) == (2, now.entries + 1)
    for sample, case, results, code in (
        ("S9", folio, {"datos": ("ok", "")}, "sample_unknown"),
        ("S1", "MA-001-2026-000099", {"datos": ("ok", "")}, "not_in_sample"),
        ("S1", folio, {"otro": ("ok", "")}, "attribute_unknown"),
        ("S1", folio, {"datos": ("bien", "")}, "result_unknown"),
    ):
        with refused(code):
            room.field.test(AUDITOR, state.id, sample, case, results)


def test_the_attributes_of_a_process_can_be_edited(room: Room) -> None:
    """Known ones stay with their steps, new ones bring a name, and other processes keep the defaults."""
    state = room.opened()
    now = room.engagements.set_attributes(
        AUDITOR, state.id, "MA-001", ["firma", "zona"], {"zona": "Zona correcta"}
    )
    names = [(item.code, item.name, item.steps) for item in attributes_of(now, "MA-001")]
    assert names[0][0::2] == ("firma", ("7", "8", "9"))
    assert names[1] == ("zona", "Zona correcta", ())
    with refused("attribute_unknown"):
        room.engagements.set_attributes(AUDITOR, state.id, "MA-001", ["sin nombre"], {})
    with refused("out_of_scope"):
        room.engagements.set_attributes(AUDITOR, state.id, "MA-006", ["acuse"], {})


def test_a_finding_is_answered_by_the_house_and_closed_by_the_auditors(room: Room) -> None:
    """It points to sealed entries by their leaf; who raised it does not answer it, who answers does not close it."""
    folio = room.cases(count=1)[0]
    state = room.opened()
    told = Conclusion(
        "major", "Sin autorización", "Se creó antes de la firma", "Revisar", entries=((folio, 1),)
    )
    found = room.findings.raise_finding(AUDITOR, state.id, told)
    assert found.entries[0].leaf == room.house.ledger.history(folio)[0].leaf
    assert found.folios == (folio,)
    sealed = room.house.ledger.history(state.chain)[-1].entry
    assert sealed.refs == (found.entries[0].leaf,)
    with refused("not_the_owner"):
        room.findings.answer(AUDITOR, state.id, "F1", "no")
    with refused("not_an_auditor"):
        room.findings.retest(KEEPER, state.id, "F1", "closed", "ya")
    assert (
        room.findings.answer(KEEPER, state.id, "F1", "Se corrige", "2026-02-01").findings[0].responses[0].due
    )
    closed = room.findings.retest(AUDITOR, state.id, "F1", "closed", "Probado de nuevo").findings[0]
    assert closed.standing is Standing.CLOSED
    with refused("finding_state"):
        room.findings.answer(KEEPER, state.id, "F1", "tarde")
    assert (
        room.findings.retest(AUDITOR, state.id, "F1", "reopened", "Volvió").findings[0].standing
        is Standing.REOPENED
    )
    for wrong, code in (
        (replace(told, severity="grave"), "severity_unknown"),
        (replace(told, title=" "), "text_missing"),
        (replace(told, entries=((folio, 9),)), "entry_unknown"),
        (replace(told, entries=(), folios=("MA-006-2026-000001",)), "out_of_scope"),
    ):
        with refused(code):
            room.findings.raise_finding(AUDITOR, state.id, wrong)


def test_a_request_is_answered_with_sealed_entries(room: Room) -> None:
    """By its owner or for the house; what was shown stays visible; returned, it is answered again."""
    folio = room.cases("MA-006", 1)[0]
    state = room.opened()
    item = room.requests.ask(AUDITOR, state.id, DESK.id, "2026-02-01", "El acuse", "De cada caso")
    assert (item.id, item.state) == ("R1", ItemState.ASKED)
    with refused("not_the_owner"):
        room.requests.answer(By("u-other", "especialista"), state.id, "R1", [(folio, 1)])
    with refused("entry_unknown"):
        room.requests.answer(DESK, state.id, "R1", [(state.chain, 1)])
    with refused("item_state"):
        room.requests.settle(AUDITOR, state.id, "R1", accepted=True)
    assert not state.shown(folio, 1)
    now = room.requests.answer(DESK, state.id, "R1", [(folio, 1)], "Aquí está")
    assert now.shown(folio, 1)
    with refused("text_missing"):
        room.requests.settle(AUDITOR, state.id, "R1", accepted=False)
    assert (
        room.requests.settle(AUDITOR, state.id, "R1", accepted=False, text="Otro").items[0].state
        is ItemState.RETURNED
    )
    room.requests.answer(KEEPER, state.id, "R1", [(folio, 1)])
    assert room.requests.settle(AUDITOR, state.id, "R1", accepted=True).items[0].state is ItemState.ACCEPTED
    with refused("item_state"):
        room.requests.answer(DESK, state.id, "R1", [(folio, 1)])
    with refused("item_unknown"):
        room.requests.ask(AUDITOR, state.id, "u-nobody", "2026-02-01", "x")


@pytest.mark.parametrize(
    "by", [INSIDER, DESK, KEEPER, By("u-out", "auditor_interno"), By("u-out", "especialista")]
)
def test_nobody_but_its_auditors_works_in_an_engagement(room: Room, by: By) -> None:
    """Another auditor, the desk, the supervisor, and its auditor in another role write nothing of the auditors'."""
    room.cases(count=2)
    state = room.opened()
    room.field.freeze(AUDITOR, state.id, "MA-001", "2026-01-01", "2026-12-31")
    folio = room.field.draw(AUDITOR, state.id, "P1", Draw(Method.SIZE, "s", 1)).folios[0]
    before = room.register.get(state.id)
    for act in (
        lambda: room.field.freeze(by, state.id, "MA-001", "2026-01-01", "2026-12-31"),
        lambda: room.field.draw(by, state.id, "P1", Draw(Method.SIZE, "s", 1)),
        lambda: room.field.test(by, state.id, "S1", folio, {"datos": ("ok", "")}),
        lambda: room.findings.raise_finding(by, state.id, Conclusion("minor", "a", "b")),
        lambda: room.requests.ask(by, state.id, DESK.id, "2026-02-01", "x"),
        lambda: room.engagements.set_attributes(by, state.id, "MA-001", [], {}),
    ):
        with refused("not_an_auditor"):
            act()
    assert room.register.get(state.id) == before


def test_an_engagement_that_is_over_takes_no_more_work(room: Room) -> None:
    """After its last day, or once it is closed; prolonging opens it again, closing never."""
    room.cases(count=2)
    state = room.opened(expires="2026-01-31")
    room.house.now[0] += timedelta(days=30)
    assert room.register.get(state.id).live(room.chain.today()) is False
    with refused("engagement_over"):
        room.field.freeze(AUDITOR, state.id, "MA-001", "2026-01-01", "2026-12-31")
    room.engagements.change(KEEPER, state.id, TERMS, "dos semanas más")
    assert room.field.freeze(AUDITOR, state.id, "MA-001", "2026-01-01", "2026-12-31").rows == 2
    over = room.engagements.close(KEEPER, state.id, "Terminada", ViewsSeal(3, "a" * 64))
    assert over.closing == "Terminada"
    for act in (
        lambda: room.field.freeze(AUDITOR, state.id, "MA-001", "2026-01-01", "2026-12-31"),
        lambda: room.engagements.change(KEEPER, state.id, TERMS, "otra vez"),
        lambda: room.engagements.close(KEEPER, state.id, "", ViewsSeal(3, "a" * 64)),
    ):
        with refused("engagement_over"):
            act()


def test_grants_open_single_entries_of_a_masked_engagement(room: Room) -> None:
    """Only the house grants, only within the scope, with a reason."""
    folio, other = room.cases(count=1)[0], room.cases("MA-006", 1)[0]
    state = room.opened(masked=True)
    assert not state.granted(folio, 1)
    with refused("not_a_keeper"):
        room.engagements.grant(AUDITOR, state.id, [(folio, 1)], "quiero")
    with refused("out_of_scope"):
        room.engagements.grant(KEEPER, state.id, [(other, 1)], "prueba")
    assert room.engagements.grant(KEEPER, state.id, [(folio, 1)], "prueba").granted(folio, 1)


def test_entries_that_say_nothing_change_nothing(room: Room) -> None:
    """A stranger's entries in the chain are named, and the rest reads as before."""
    state = room.opened()
    strange = [
        EntryDraft("u-x", "x", EntryKind.SAMPLE_DRAWN, facts={"population": "P9"}),
        EntryDraft("u-x", "x", EntryKind.ATTRIBUTE_TESTED, facts={"sample": 1}),
        EntryDraft("u-x", "x", EntryKind.FINDING_RETESTED, facts={"finding": "F9", "standing": "closed"}),
        EntryDraft("u-x", "x", EntryKind.EVIDENCE_RECORDED),
        EntryDraft(
            "u-x", "x", EntryKind.ENGAGEMENT_CHANGED, facts={"kind": "external", "processes": "todos"}
        ),
    ]
    room.house.ledger.append(state.chain, lambda _h: Composition(tuple(strange)))
    now = room.register.get(state.id)
    assert now.unreadable == (2, 3, 4, 5, 6)
    assert now.terms == state.terms
    assert fold(room.house.ledger.history(state.chain)[1:]) is None
    with refused("engagement_unknown"):
        room.register.get("2026-999999")


def test_default_attributes_name_steps_that_exist() -> None:
    """Every step in the data file is one of the process in force; codes are unique; each process has its own."""
    known = {item.process: set(item.by_step) for item in DefinitionRegistry.bundled().processes()}
    assert [path.stem for path in FOLDER.glob("*.toml")]
    for process, items in defaults().items():
        assert len({item.code for item in items}) == len(items)
        for item in items:
            assert {*item.steps, *item.before, *item.after} <= known[process], (process, item.code)
            assert item.name
            assert item.name_en
    assert defaults().keys() == known.keys()


@pytest.mark.parametrize(
    ("done", "order"),
    [
        ({"9": (4,), "10": (6,)}, Order.KEPT),
        ({"9": (6,), "10": (4,)}, Order.BROKEN),
        ({"10": (4,)}, Order.BROKEN),
        ({"9": (4,)}, Order.PENDING),
        ({"9": (5, 2), "11": (9,), "12": (3,)}, Order.KEPT),
        ({"9": (5,), "11": (9,), "12": (3,)}, Order.BROKEN),
    ],
)
def test_order_is_tested_not_presence(done: dict[str, tuple[int, ...]], order: Order) -> None:
    """A signature that came after the creation is there, and is no approval."""
    firma = Attribute("MA-001", "firma", "Firma", before=("9",), after=("10", "11", "12"))
    assert ordering(firma, done).order is order
    assert ordering(Attribute("MA-001", "datos", "Datos"), done).order is Order.NONE


def test_the_seal_over_views_tells_every_change() -> None:
    """Another order, a row less, a row changed: another digest."""
    rows = [
        View(f"2026-01-0{n}T00:00:00.000000Z", "2026-000001", "u-out", "auditor_externo", "caso", f"c{n}")
        for n in (1, 2, 3)
    ]
    good = seal_of(rows)
    assert good.count == 3
    changed = [rows[::-1], rows[:2], [rows[0], replace(rows[1], subject="c9"), rows[2]]]
    assert good.digest not in {seal_of(other).digest for other in changed}


def test_what_auditors_write_holds_no_password() -> None:
    """Titles, findings, answers, reasons: all pass here, and a password is refused before it is sealed."""
    for told in (lambda: title("Hallazgo, NIP: 4821"), lambda: prose("Se vio la\ncontraseña: Verano2026!")):
        with pytest.raises(AuditRefused) as refused:
            told()
        assert refused.value.code == "text_secret"
    assert prose("La contraseña: la cambió el usuario") == "La contraseña: la cambió el usuario"
