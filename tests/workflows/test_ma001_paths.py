"""MA-001 along every path to every end, each derived from its entries alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest

from evidence.entry import EntryKind
from tests.workflows.desk import ALTA, ANA, MARTHA, Desk, eml, local, png
from tests.workflows.quick import QuickReader
from workflows.calendar import BusinessCalendar
from workflows.commands import OpenCase, RecordStep, RefuseRequest
from workflows.derive import derive
from workflows.errors import OutOfScope
from workflows.state import CaseState, StepStatus, TimerStatus

pytestmark = pytest.mark.usefixtures("other_cases")

Move = tuple[str, dict[str, object]]


def _moves(*steps: str) -> tuple[Move, ...]:
    return tuple((step, {}) for step in steps)


def _through(first: int, last: int) -> tuple[Move, ...]:
    return _moves(*(str(n) for n in range(first, last + 1)))


@dataclass(frozen=True)
class Path:
    """A way through the process and where it ends."""

    name: str
    moves: tuple[Move, ...]
    status: str
    ticket: str
    cam: str
    closed: bool = False
    complete: bool = False
    opening: tuple[tuple[str, str], ...] = ()
    open_steps: tuple[str, ...] | None = None
    missing: tuple[str, ...] | None = None


WAITING_DG = (*_through(2, 8),)
AUTHORISED = (*_through(2, 9),)
APPLIED = (*_through(2, 17),)
DELIVERED = (*_through(2, 23),)
ASKED = (*_through(2, 26),)
BAJA = _moves("2", "3", "4", "5")

PATHS = (
    Path("just opened", (), "nuevo", "", "Solicitado", open_steps=("2", "3", "4")),
    Path("without a ticket", (), "nuevo", "", "", opening=(("ticket", ""),), open_steps=("1",)),
    Path("acknowledged", _moves("2", "3"), "Pendiente de atención", "Pendiente de atención", "Solicitado"),
    Path("waits for the director", WAITING_DG, "espera_firma_dg", "En proceso", "Solicitado"),
    Path("director refuses", (*WAITING_DG, ("9", {"choice": "rechazada", "uploads": (eml(),)})),
         "rechazado", "Cerrado", "Solicitado", closed=True, complete=True, open_steps=(), missing=()),
    Path("director refuses by word", (*WAITING_DG, ("9", {"choice": "rechazada", "uploads": (),
                                                         "data": {"motivo": "No procede este año"}})),
         "rechazado", "Cerrado", "Solicitado", closed=True, complete=True),
    Path("director refuses early work missing", (*_moves("4", "6", "7", "8"),
                                                 ("9", {"choice": "rechazada", "uploads": (eml(),)})),
         "rechazado", "Cerrado", "Solicitado", closed=True, complete=False, missing=("2", "3", "5")),
    Path("authorised", AUTHORISED, "En proceso", "En proceso", "Solicitado", open_steps=("10", "11", "14")),
    Path("MetLife refuses the data", (*_through(2, 12), ("13", {"choice": "rechazado"})),
         "En proceso", "En proceso", "Solicitado", open_steps=("12", "14")),
    Path("MetLife refuses and accepts", (*_through(2, 12), ("13", {"choice": "rechazado"}), *_through(12, 17)),
         "espera_metlife", "En proceso", "Escalado", open_steps=("18",)),
    Path("nobody in CAM yet", (*_through(2, 13), ("14", {"choice": "no_existe"})),
         "En proceso", "En proceso", "Solicitado", open_steps=("14", "16", "17", "18")),
    Path("waits for MetLife", APPLIED, "espera_metlife", "En proceso", "Escalado", open_steps=("18",)),
    Path("MetLife refuses the account", (*APPLIED, ("18", {"choice": "rechazada"})),
         "En proceso", "En proceso", "Escalado", open_steps=("12",),
         missing=("12", "13", "16", "18", "19", "20", "21", "22", "23", "24", "25", "26")),
    Path("MetLife refuses, then confirms", (*APPLIED, ("18", {"choice": "rechazada"}),
                                            *_moves("12", "13", "16", "18", "19")),
         "En proceso", "En proceso", "Activo", open_steps=("20",)),
    Path("waits for the custody letter", DELIVERED, "espera_custodia", "En proceso", "Activo",
         open_steps=("24", "26")),
    Path("custody letter returned", (*DELIVERED, ("24", {"choice": "devuelta"})),
         "En proceso", "En proceso", "Activo", open_steps=("23", "26")),
    Path("custody letter returned and signed", (*DELIVERED, ("24", {"choice": "devuelta"}),
                                                *_moves("23", "24", "25", "26")),
         "espera_validacion", "En proceso", "Activo", complete=True, open_steps=("26a",)),
    Path("validated", (*ASKED, ("26a", {"choice": "funciona"})),
         "validado", "Cerrado", "Activo", closed=True, complete=True, open_steps=()),
    Path("validation fails", (*ASKED, ("26a", {"choice": "no_funciona"})),
         "En proceso", "En proceso", "Activo", open_steps=("26",), missing=("26",)),
    Path("validation fails, then validated", (*ASKED, ("26a", {"choice": "no_funciona"}), *_moves("26"),
                                              ("26a", {"choice": "funciona"})),
         "validado", "Cerrado", "Activo", closed=True, complete=True),
    Path("validated before the custody letter", (*DELIVERED, *_moves("26"), ("26a", {"choice": "funciona"})),
         "validado", "Cerrado", "Activo", closed=True, complete=False,
         open_steps=("24",), missing=("24", "25")),
    Path("filed after closing", (*DELIVERED, *_moves("26"), ("26a", {"choice": "funciona"}),
                                 *_moves("24", "25")),
         "validado", "Cerrado", "Activo", closed=True, complete=True),
    Path("removal opened", (), "nuevo", "", "", opening=(("tipo", "baja"), ("paquete", ""))),
    Path("removal", (*BAJA, *_moves("28", "28d")), "baja", "Cerrado", "Baja", closed=True, complete=True,
         opening=(("tipo", "baja"),), open_steps=("28a", "28b", "28c")),
    Path("removal not announced", (*BAJA, *_moves("28")), "En proceso", "En proceso", "Baja",
         opening=(("tipo", "baja"),), open_steps=("28a", "28b", "28c", "28d"), missing=("28d",)),
    Path("removal with its papers", (*BAJA, *_moves("28a", "28b", "28c", "28", "28d")), "baja", "Cerrado",
         "Baja", closed=True, complete=True, opening=(("tipo", "baja"),)),
    Path("removal signed after the end", (*BAJA, *_moves("28", "28d", "28a")), "baja", "Cerrado", "Baja",
         closed=True, complete=True, opening=(("tipo", "baja"),), open_steps=("28b", "28c")),
)  # fmt: skip


def walk(path: Path) -> tuple[Desk, str, CaseState]:
    """A desk on which a path has been walked."""
    desk = Desk(reader=QuickReader())
    folio = desk.open(**dict(path.opening))
    for step, changes in path.moves:
        desk.clock.advance(minutes=1)
        desk.record(folio, step, **changes)
    return desk, folio, desk.cases.view(folio).state


@cache
def seen(name: str) -> tuple[Desk, str, CaseState]:
    """A walked path for tests that only look."""
    return walk(next(path for path in PATHS if path.name == name))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_path(path: Path) -> None:
    """Statuses, completeness and what may come next, after each way through the process."""
    _, _, state = seen(path.name)
    assert state.status == path.status
    assert state.machine_values() == {"ticket": path.ticket, "cam_pegasus": path.cam}
    assert (state.closed, state.complete) == (path.closed, path.complete)
    if path.open_steps is not None:
        assert state.open_steps == path.open_steps
    if path.missing is not None:
        assert state.missing == path.missing


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_replay_from_entries(path: Path) -> None:
    """Another reader of the same bytes derives the same state, and the stored projection says just that."""
    desk, folio, _ = seen(path.name)
    entries = [sealed.entry for sealed in desk.ledger.history(folio)]
    definition = desk.definitions.current("MA-001")
    fresh = derive(definition, entries, calendar=BusinessCalendar.bundled())
    row = desk.index.get(folio)
    assert row is not None
    assert row.document == fresh.as_json()
    report = desk.cases.rebuild()
    assert (report.cases, report.differences, report.failures) == (1, (), ())


def test_waits_name_whom_they_wait_for() -> None:
    """Each wait says for whom, in which step and since which entry."""
    expected = {
        "waits for the director": ("director", "9", 8),
        "waits for MetLife": ("metlife", "18", 17),
        "waits for the custody letter": ("solicitante", "24", 23),
        "custody letter returned and signed": ("solicitante", "26a", 28),
    }
    for path in PATHS:
        _, _, state = seen(path.name)
        found = state.waiting
        if path.name in expected:
            assert found is not None
            assert (found.who, found.step, found.seq) == expected[path.name]
        else:
            assert (found is not None) == path.status.startswith("espera_")


def test_every_status_names_the_entry_that_caused_it() -> None:
    """A machine's status carries the entry that moved it."""
    _, _, state = seen("validated")
    causes = {machine.machine: machine.seq for machine in state.machines}
    assert causes == {"ticket": 27, "cam_pegasus": 19}


def test_repetition_keeps_the_earlier_round() -> None:
    """After a refusal by MetLife the earlier entries stay visible as past, and the repetition is an exception."""
    _, _, state = seen("MetLife refuses, then confirms")
    step = state.step("13")
    assert (step.round, step.past, step.entries) == (2, (13,), (20,))
    assert [item.detail for item in state.exceptions if item.code == "repeated"] == ["rechazada"]
    runs = [(timer.run, timer.state) for timer in state.timers if timer.timer == "metlife"]
    assert runs == [(1, TimerStatus.MET), (2, TimerStatus.MET)]


def test_failed_validation_is_routed() -> None:
    """A validation that fails leads to MA-006, with the folio there where it is known, and the case stays open."""
    desk, folio, _ = walk(next(path for path in PATHS if path.name == "waits for the custody letter"))
    desk.walk(folio, "24", "25", "26")
    data = {"folio_ma006": "ma-006-2026-000007"}
    state = desk.record(folio, "26a", choice="no_funciona", data=data).state
    assert [(route.destination, route.link) for route in state.routes] == [("MA-006", "MA-006-2026-000007")]
    assert not state.closed
    assert [timer.state for timer in state.timers if timer.timer == "validacion"] == [TimerStatus.MET]


def test_entries_that_close_say_so() -> None:
    """The entry that ends a case is of kind case.closed, whoever made it."""
    for name in ("director refuses", "validated", "removal"):
        desk, folio, _ = seen(name)
        assert desk.ledger.history(folio)[-1].entry.kind is EntryKind.CASE_CLOSED


@pytest.mark.parametrize(
    ("data", "ground", "destination"),
    [
        ({"usuario": "agente"}, "agentes", "MA-002"),
        ({"tipo": "permisos"}, "permisos", "otro_proceso"),
        ({"tipo": "soporte"}, "soporte", "MA-006"),
        ({"tipo": "soporte", "rfc": "", "correo": "", "nombre": ""}, "soporte", "MA-006"),
    ],
)
def test_requests_of_other_processes_are_refused_and_counted(
    data: dict[str, str], ground: str, destination: str
) -> None:
    """What MA-001 does not include is refused with where it goes; request and refusal are on record."""
    desk = Desk(reader=QuickReader())
    with pytest.raises(OutOfScope) as refusal:
        desk.open(**data)
    assert refusal.value.fields["destination"] == destination
    folio = str(refusal.value.fields["folio"])
    entries = desk.ledger.history(folio)
    assert [sealed.entry.kind for sealed in entries] == [EntryKind.CASE_OPENED, EntryKind.CASE_REFUSED]
    assert str(refusal.value.fields["message"]) == entries[1].payload()["message"]
    state = desk.cases.view(folio).state
    assert (state.status, state.closed, state.open_steps) == ("fuera_de_alcance", True, ())
    assert state.closing is not None
    assert (state.closing.refusal, state.closing.destination) == (ground, destination)


def test_refusing_twice_with_one_key_is_one_refusal() -> None:
    """A repeated click on a refused opening gives the same folio again."""
    desk = Desk(reader=QuickReader())
    folios = []
    for _ in range(2):
        with pytest.raises(OutOfScope) as refusal:
            desk.cases.open_case(OpenCase("MA-001", ANA, {"tipo": "soporte"}, idempotency_key="k1"))
        folios.append(refusal.value.fields["folio"])
    assert folios[0] == folios[1]
    assert len(desk.ledger.rows) == 2


def test_no_authorisation_is_refused_at_the_door_and_in_a_case() -> None:
    """A request without the director's authorisation is refused as such, before or after a case exists."""
    desk = Desk(reader=QuickReader())
    door = RefuseRequest(
        MARTHA, "sin_autorizacion", process="MA-001", data={"nombre": "Luis Pérez"}, note="No la trae"
    )
    assert desk.cases.refuse(door).state.status == "rechazado"
    folio = desk.open()
    receipt = desk.cases.refuse(RefuseRequest(ANA, "sin_autorizacion", folio=folio, uploads=(png(),)))
    assert receipt.state.status == "rechazado"
    assert [item.code for item in receipt.state.exceptions] == ["refused"]
    assert receipt.objects[0].name == "captura.png"
    assert all(step.status is not StepStatus.OPEN for step in receipt.state.steps)


def test_automatic_closing_walk() -> None:
    """Without an answer in three business days the ticket closes by itself: from Thursday past a holiday Monday."""
    desk = Desk(reader=QuickReader())
    desk.clock.set("2026-11-12 10:00")
    folio = desk.open()
    desk.walk(folio, *ALTA)
    desk.clock.set("2026-11-18 17:59")
    assert desk.cases.fire_due_timers() == []
    assert desk.cases.fire_due_timers(local("2026-11-18 18:00")) == []
    desk.clock.set("2026-11-18 18:01")
    (receipt,) = desk.cases.fire_due_timers()
    state = receipt.state
    assert (state.status, state.closed, state.complete) == ("sin_respuesta", True, True)
    assert state.machine_values()["ticket"] == "Cerrado"
    kinds = [sealed.entry.kind for sealed in desk.ledger.history(folio)[-2:]]
    assert kinds == [EntryKind.TIMER_EXPIRED, EntryKind.CASE_CLOSED]
    last = desk.ledger.history(folio)[-1].entry
    assert (last.actor, last.step, last.facts["calendar"]) == ("system", "27", "mx-2026-1")


def test_state_as_of_any_moment() -> None:
    """The past is derived like the present: what was recorded later does not exist yet."""
    desk = Desk(reader=QuickReader())
    folio = desk.open()
    desk.walk(folio, *ALTA)
    entries = desk.ledger.history(folio)
    state = desk.cases.view(folio, as_of=local("2026-01-12 09:07")).state
    assert state.length == sum(sealed.entry.at <= state.moment for sealed in entries) == 7
    assert state.open_steps[0] == "8"
    assert len(desk.cases.view(folio, as_of=local("2026-01-12 09:07")).entries) == 7


def test_more_evidence_of_a_done_step_moves_nothing() -> None:
    """A second ticket added when CAM is long «Escalado» is one more piece: no status moves, nothing is an exception."""
    desk = Desk(reader=QuickReader())
    folio = desk.open()
    desk.walk(folio, *ALTA[: ALTA.index("15") + 1])
    state = desk.record(folio, "1").state
    assert state.step("1").entries == (1, 16)
    assert state.machine_values()["cam_pegasus"] == "Escalado"
    assert state.exceptions == ()


def test_an_optional_step_is_never_proposed_before_a_mandatory_one() -> None:
    """Once CAM says «Baja», the notice comes next; the letter's signature may wait, and is offered at the end."""
    desk = Desk(reader=QuickReader())
    folio = desk.open(tipo="baja")
    desk.walk(folio, "2", "3", "4", "5")
    assert desk.cases.view(folio).state.next_step == "28"
    desk.walk(folio, "28")
    assert desk.cases.view(folio).state.next_step == "28d"
    desk.walk(folio, "28d")
    assert desk.cases.view(folio).state.next_step == "28a"


def test_a_status_never_goes_back_by_a_late_recording() -> None:
    """«En proceso», recorded when a removal was already closed, is taken as evidence and leaves the ticket closed."""
    desk = Desk(reader=QuickReader())
    folio = desk.open(tipo="baja")
    desk.walk(folio, "2", "3", "4", "28", "28d")
    assert desk.cases.view(folio).state.missing == ("5",)
    state = desk.record(folio, "5").state
    assert (state.complete, state.machine_values()["ticket"]) == (True, "Cerrado")
    ignored = [(item.step, item.detail) for item in state.exceptions if item.code == "effect_ignored"]
    assert ignored == [("5", "ticket: Cerrado > En proceso")]


def test_measures_count_days_between_steps() -> None:
    """Days between handing over credentials and the signed custody letter are counted; unknown ones are -1."""
    desk = Desk(reader=QuickReader())
    folio = desk.open()
    desk.walk(folio, *ALTA[: ALTA.index("24")])
    desk.clock.set("2026-01-21 12:00")
    assert [m.days for m in desk.cases.view(folio).state.measures] == [-1, 0, 0]
    state = desk.record(folio, "24").state
    assert {m.measure: m.days for m in state.measures}["credenciales_sin_custodia"] == 9


def test_order_of_the_text_is_soft_where_no_guard_stands() -> None:
    """Doing 3 before 2 is taken and shown as out of order; doing it in order is no exception."""
    desk = Desk(reader=QuickReader())
    folio = desk.open()
    desk.walk(folio, "3", "2")
    found = [(item.code, item.step, item.detail) for item in desk.cases.view(folio).state.exceptions]
    assert found == [("out_of_order", "3", "2")]
    assert seen("validated")[2].exceptions == ()


def test_ticket_may_be_added_later() -> None:
    """Both doors lead to one case: a ticket's screenshot may join the request that came from CAM Pegasus."""
    desk = Desk(reader=QuickReader())
    folio = desk.open(ticket="", solicitud_cam="CAM-2291")
    assert desk.cases.view(folio).state.step("1").status is StepStatus.DONE
    state = desk.cases.record(RecordStep(folio, "1", MARTHA, (), {"ticket": "TK-1"})).state
    assert state.step("1").entries == (1, 2)
    assert desk.index.by_reference("ticket", "TK-1") == (folio,)
