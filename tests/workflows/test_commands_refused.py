"""What a command may not do: each refusal names its reason, and nothing is written."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from documents.refusals import FileRefused
from evidence.canonical import canonical_bytes
from evidence.entry import EntryKind
from tests.workflows.desk import (
    ALTA,
    ANA,
    BETO,
    DIRECTOR,
    MARTHA,
    PERSON,
    SUPERVISOR,
    Desk,
    eml,
    pdf,
    png,
    upload,
    xlsx,
)
from tests.workflows.quick import QuickReader
from workflows import errors
from workflows.commands import Actor, OpenCase, RefuseRequest, Reuse, Supersede, Upload, WaiveStep
from workflows.errors import REFUSAL_CODES, Refusal


def _desk() -> Desk:
    return Desk(reader=QuickReader())


def _at(step: str) -> tuple[Desk, str]:
    """A desk with a case that has been walked up to, but not including, a step."""
    desk = _desk()
    folio = desk.open()
    desk.walk(folio, *ALTA[: ALTA.index(step)])
    return desk, folio


def _refused(desk: Desk, kind: type[Refusal], act: Callable[[], object]) -> Any:
    """Run a command that must be refused with `kind` and leave no entry; gives the refusal."""
    before = len(desk.ledger.rows)
    with pytest.raises(kind) as refusal:
        act()
    assert len(desk.ledger.rows) == before
    assert refusal.value.code == kind.code
    canonical_bytes(dict(refusal.value.fields))  # every field can be shown as JSON
    return refusal.value


def test_every_refusal_has_its_own_code() -> None:
    """Codes are unique, and the table is whole: pages may rely on it."""
    kinds = [
        value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Refusal)
    ]
    assert {kind.code: kind for kind in kinds if kind is not Refusal} == dict(REFUSAL_CODES)
    assert len(REFUSAL_CODES) == len(kinds) - 1


def test_unknown_names() -> None:
    """A case, process, step, entry or ground that does not exist is refused by its name."""
    desk, folio = _at("2")
    _refused(desk, errors.UnknownProcess, lambda: desk.cases.open_case(OpenCase("MA-004", ANA, PERSON)))
    _refused(desk, errors.UnknownCase, lambda: desk.record("MA-001-2026-999999", "2"))
    _refused(desk, errors.UnknownCase, lambda: desk.cases.view("system:ledger"))
    _refused(
        desk, errors.UnknownCase, lambda: desk.cases.view(folio, as_of=desk.clock.now - timedelta(days=1))
    )
    _refused(desk, errors.UnknownStep, lambda: desk.record(folio, "29"))
    _refused(
        desk,
        errors.UnknownEntry,
        lambda: desk.cases.supersede(Supersede(folio, 9, ANA, "porque sí, está mal")),
    )
    refusal = _refused(
        desk, errors.UnknownRefusal, lambda: desk.cases.refuse(RefuseRequest(ANA, "flojera", folio=folio))
    )
    assert "agentes" in refusal.fields["options"]


def test_roles() -> None:
    """Only the roles named may open, record, waive, correct or refuse; the system's step is for nobody else."""
    desk, folio = _at("2")
    auditor = Actor("u-aud", "auditor_interno")
    _refused(desk, errors.RoleNotAllowed, lambda: desk.cases.open_case(OpenCase("MA-001", auditor, PERSON)))
    refusal = _refused(desk, errors.RoleNotAllowed, lambda: desk.record(folio, "2", actor=MARTHA))
    assert refusal.fields == {"step": "2", "role": "capturista", "allowed": ["especialista"]}
    _refused(desk, errors.RoleNotAllowed, lambda: desk.record(folio, "27", uploads=(), data={}))
    _refused(
        desk,
        errors.RoleNotAllowed,
        lambda: desk.cases.waive(WaiveStep(folio, "2", ANA, "se avisó por teléfono")),
    )
    _refused(
        desk, errors.RoleNotAllowed, lambda: desk.cases.refuse(RefuseRequest(auditor, "agentes", folio=folio))
    )
    desk.record(folio, "2")
    _refused(
        desk,
        errors.RoleNotAllowed,
        lambda: desk.cases.supersede(Supersede(folio, 2, MARTHA, "era otro correo")),
    )


def test_system_step_is_refused_even_to_the_system_role() -> None:
    """Nobody closes a case automatically by hand, whatever role they claim."""
    desk, folio = _at("26")
    desk.record(folio, "26")
    claimed = Actor("u-x", "system")
    _refused(
        desk, errors.RoleNotAllowed, lambda: desk.record(folio, "27", actor=claimed, uploads=(), data={})
    )


@pytest.mark.parametrize("step", ["10", "11", "12", "13"])
def test_no_request_to_metlife_without_the_director(step: str) -> None:
    """Without the signed letter, steps 10-13 are refused and name step 9."""
    desk, folio = _at("9")
    refusal = _refused(desk, errors.GuardUnmet, lambda: desk.record(folio, step))
    unmet = refusal.fields["unmet"]
    assert {"step": "9", "name": "Recibir la carta firmada"} in unmet


@pytest.mark.parametrize(
    ("step", "needs"), [("15", "13"), ("19", "18"), ("16", "13"), ("25", "24"), ("26", "21")]
)
def test_hard_guards(step: str, needs: str) -> None:
    """Escalating needs the DSN, activating needs MetLife's confirmation, filing needs the signed letter."""
    desk, folio = _at("10")
    refusal = _refused(desk, errors.GuardUnmet, lambda: desk.record(folio, step))
    assert needs in [item["step"] for item in refusal.fields["unmet"]]


def test_a_step_done_is_not_done_again() -> None:
    """The second person on a step is told which entry took it, whose and when."""
    desk, folio = _at("3")
    refusal = _refused(desk, errors.StepNotOpen, lambda: desk.record(folio, "2", actor=BETO))
    entry = desk.ledger.history(folio)[1].entry
    assert refusal.fields == {"step": "2", "status": "hecho", "seq": 2, "actor": ANA.id, "at": entry.at}


def test_steps_of_the_other_kind_do_not_apply() -> None:
    """A creation has no removal, and the refusal says that it does not apply."""
    desk, folio = _at("6")
    refusal = _refused(desk, errors.StepNotOpen, lambda: desk.record(folio, "28"))
    assert refusal.fields["status"] == "no_aplica"


def test_a_closed_case_takes_no_more() -> None:
    """After the end, what no longer applies is refused with the entry that ended the case."""
    desk, folio = _at("9")
    desk.record(folio, "9", choice="rechazada", uploads=(eml(),))
    refusal = _refused(desk, errors.CaseClosed, lambda: desk.record(folio, "10"))
    assert (refusal.fields["outcome"], refusal.fields["seq"]) == ("rechazado", 9)
    _refused(desk, errors.CaseClosed, lambda: desk.cases.refuse(RefuseRequest(ANA, "agentes", folio=folio)))


def test_choices() -> None:
    """A choice must be one of the step's; where no outcome is the usual one it must be made."""
    desk, folio = _at("9")
    refusal = _refused(desk, errors.ChoiceUnknown, lambda: desk.record(folio, "9", choice="quizá"))
    assert refusal.fields["options"] == ["autorizada", "rechazada"]
    desk, folio = _at("3")
    _refused(desk, errors.ChoiceUnknown, lambda: desk.record(folio, "3", choice="algo"))
    desk, folio = _at("26")
    desk.record(folio, "26")
    refusal = _refused(desk, errors.ChoiceMissing, lambda: desk.record(folio, "26a"))
    assert refusal.fields["options"] == ["funciona", "no_funciona"]


def test_evidence_must_suffice() -> None:
    """All files of a step come together; what lacks is named, and the sufficient sets with it."""
    desk, folio = _at("9")
    refusal = _refused(desk, errors.EvidenceMissing, lambda: desk.record(folio, "9", uploads=(pdf(),)))
    assert refusal.fields["missing"] == ["correo"]
    assert refusal.fields["alternatives"] == [["carta_firmada", "correo"]]
    _refused(desk, errors.EvidenceMissing, lambda: desk.record(folio, "9", uploads=()))
    _refused(desk, errors.EvidenceMissing, lambda: desk.record(folio, "9", choice="rechazada", uploads=()))


def test_evidence_must_be_of_its_kind() -> None:
    """A file of a family no slot takes is refused with those that are; so is one given to the wrong slot."""
    desk, folio = _at("2")
    refusal = _refused(desk, errors.EvidenceNotAccepted, lambda: desk.record(folio, "2", uploads=(xlsx(),)))
    assert refusal.fields["accepted"] == ["eml", "msg", "pdf"]
    _refused(desk, errors.EvidenceNotAccepted, lambda: desk.record(folio, "2", uploads=(eml(slot="carta"),)))
    _refused(desk, errors.EvidenceNotAccepted, lambda: desk.record(folio, "2", uploads=(png(slot="correo"),)))


def test_too_many_files() -> None:
    """A slot has room for so many files, an entry for so many in all."""
    desk, folio = _at("2")
    six, many = tuple(eml() for _ in range(6)), tuple(eml() for _ in range(21))
    full = _refused(desk, errors.EvidenceNotAccepted, lambda: desk.record(folio, "2", uploads=six))
    assert (full.fields["why"], full.fields["limit"]) == ("full", 5)
    refusal = _refused(desk, errors.TooManyFiles, lambda: desk.record(folio, "2", uploads=many))
    assert refusal.fields == {"found": 21, "limit": 20}


@pytest.mark.parametrize(
    ("data", "field", "problem"),
    [
        ({"nombre": ""}, "nombre", "required"),
        ({"nombre": "Ana \u202ezurR"}, "nombre", "control_characters"),
        ({"nombre": "Ana \u2067Ruiz"}, "nombre", "control_characters"),
        ({"rfc": "ABC010101AB1"}, "rfc", "rfc_company"),
        ({"rfc": "XAXX010101000"}, "rfc", "rfc_generic"),
        ({"rfc": "RUOM901315AB1"}, "rfc", "rfc_bad_date"),
        ({"rfc": "hola"}, "rfc", "rfc_malformed"),
        ({"correo": "sin arroba"}, "correo", "email_malformed"),
        ({"tipo": "reactivar"}, "tipo", "not_an_option"),
        ({"paquete": "3"}, "paquete", "not_an_option"),
        ({"paquete": ""}, "paquete", "required"),
        ({"zona": "x" * 81}, "zona", "too_long"),
        ({"nombre": "Ana\x00Ruiz"}, "nombre", "control_characters"),
        ({"nombre": "Ana \ud800"}, "nombre", "control_characters"),
        ({"nombre": "Ana, contraseña: Secreta1"}, "nombre", "secret"),
        ({"ticket": "---"}, "ticket", "malformed"),
        ({"apodo": "Fer"}, "apodo", "unknown"),
    ],
)
def test_opening_form(data: dict[str, str], field: str, problem: str) -> None:
    """Each mistake in the opening form is found under its field's name."""
    desk = _desk()
    command = OpenCase("MA-001", ANA, {**PERSON, **data})
    refusal = _refused(desk, errors.FieldInvalid, lambda: desk.cases.open_case(command))
    assert [(item.field, item.problem) for item in refusal.problems] == [(field, problem)]


def test_all_mistakes_of_a_form_at_once() -> None:
    """A form with three mistakes comes back once, not three times."""
    desk = _desk()
    refusal = _refused(desk, errors.FieldInvalid, lambda: desk.open(rfc="x", correo="y", paquete="9"))
    assert {item.field for item in refusal.problems} == {"rfc", "correo", "paquete"}


def test_no_secret_is_ever_typed_into_a_case() -> None:
    """Notes, reasons and values that announce a password are refused, and the refusal does not repeat it."""
    desk, folio = _at("21")
    secret = "password: Xy7!pq"
    for act in (
        lambda: desk.record(folio, "21", note=secret),
        lambda: desk.record(
            folio, "21", data={"destinatario": secret, "canal": "llamada", "cambio_obligatorio": "si"}
        ),
        lambda: desk.cases.waive(WaiveStep(folio, "17", SUPERVISOR, f"se dijo que {secret}")),
        lambda: desk.cases.supersede(Supersede(folio, 2, ANA, f"el correo decía {secret}", annul=True)),
        lambda: desk.cases.refuse(RefuseRequest(ANA, "duplicado", folio=folio, note=secret)),
    ):
        assert "Xy7" not in str(_refused(desk, errors.FieldInvalid, act))


def test_images_of_credentials_need_a_declaration() -> None:
    """Where passwords may be seen, an image is taken only when somebody declares that it shows none."""
    desk, folio = _at("24")
    refusal = _refused(desk, errors.FieldInvalid, lambda: desk.record(folio, "24", uploads=(png(),)))
    assert [item.problem for item in refusal.problems] == ["not_declared"]
    desk.record(folio, "24", uploads=(png(),), data={"sin_contrasenas": "si"})
    assert desk.ledger.history(folio)[-1].payload()["data"] == {"sin_contrasenas": "si"}


def test_dates_must_be_credible() -> None:
    """Nothing happened tomorrow, nor before the calendar begins; a clock five minutes fast is forgiven."""
    desk, folio = _at("2")
    now = desk.clock.now
    for when, problem in (
        (now + timedelta(minutes=6), "future"),
        (now - timedelta(days=3650), "before_calendar"),
    ):
        refusal = _refused(
            desk, errors.DateNotCredible, lambda when=when: desk.record(folio, "2", occurred_at=when)
        )
        assert refusal.fields["problem"] == problem
    desk.record(folio, "2", occurred_at=now + timedelta(minutes=4))


def test_a_dsn_belongs_to_one_case() -> None:
    """The same DSN, however spelled, is refused in a second case, which names the first."""
    desk, folio = _at("13")
    desk.record(folio, "13", data={"dsn": "dsn 2026/0042"})
    other = desk.open(rfc="PEGL850101AB2")
    desk.reader.others = {"rfc": "PEGL850101AB2"}
    desk.walk(other, *ALTA[: ALTA.index("13")])
    refusal = _refused(
        desk, errors.DuplicateReference, lambda: desk.record(other, "13", data={"dsn": "DSN-2026-0042"})
    )
    assert refusal.fields == {"kind": "dsn", "value": "DSN-2026-0042", "folio": folio}


def test_one_open_case_for_a_person() -> None:
    """A second open case for the same RFC is refused with the first one's folio; after the end it may be opened."""
    desk, folio = _at("9")
    refusal = _refused(
        desk, errors.DuplicateCase, lambda: desk.open(rfc=" ruom-900215-ab1 ", correo="o@example.org")
    )
    assert refusal.fields == {"process": "MA-001", "field": "rfc", "folio": folio}
    desk.record(folio, "9", choice="rechazada", uploads=(eml(),))
    assert desk.open() != folio


def test_dsn_attached_must_be_the_one_obtained() -> None:
    """Step 16 takes the DSN from step 13; another one is refused."""
    desk, folio = _at("16")
    obtained = desk.ledger.history(folio)[12].payload()["data"]["dsn"]
    refusal = _refused(desk, errors.FieldInvalid, lambda: desk.record(folio, "16", data={"dsn": "DSN-1"}))
    assert [(item.problem, item.expected) for item in refusal.problems] == [("differs", obtained)]
    desk.record(folio, "16")
    assert desk.ledger.history(folio)[-1].payload()["data"] == {"dsn": obtained}


def test_sheet_must_agree_with_the_case() -> None:
    """The request sheet is compared with the case, row by row; accents and capitals do not count."""
    desk = Desk()
    folio = desk.open()
    desk.walk(folio, "2", "3")
    sheet = xlsx(paquete="2", zona="Oaxaca")
    refusal = _refused(
        desk,
        errors.FieldInvalid,
        lambda: desk.record(folio, "4", uploads=(sheet,)),
    )
    assert [(item.field, item.problem, item.row, item.found) for item in refusal.problems] == [
        ("zona", "differs", 2, "Oaxaca"),
        ("paquete", "differs", 2, "2"),
    ]
    refusal = _refused(
        desk, errors.FieldInvalid, lambda: desk.record(folio, "4", uploads=(xlsx(rfc="PEGL850101AB2"),))
    )
    assert [item.problem for item in refusal.problems] == ["absent"]
    refusal = _refused(
        desk, errors.FieldInvalid, lambda: desk.record(folio, "4", uploads=(xlsx(rfc="nada"),))
    )
    assert [(item.problem, item.row) for item in refusal.problems] == [("rfc_malformed", 2)]
    desk.record(folio, "4", uploads=(xlsx(nombre="maria fernanda RUIZ ortega", zona="cdmx"),))


def test_a_file_its_reader_refuses_is_refused_whole() -> None:
    """A file that is not what it says writes nothing, and its refusal passes unchanged."""
    desk = Desk()
    folio = desk.open()
    before = len(desk.ledger.rows), len(desk.blobs.objects)
    with pytest.raises(FileRefused):
        desk.record(folio, "2", uploads=(eml(), upload("carta.pdf", b"<html>no</html>")))
    assert (len(desk.ledger.rows), len(desk.blobs.objects)) == before


def test_a_file_that_changes_underway_is_refused() -> None:
    """When what is stored is not what was read, no entry says otherwise."""

    class Fickle(io.BytesIO):
        """Shows other bytes the third time it is read from the start."""

        def __init__(self) -> None:
            super().__init__(b"uno")
            self.rewinds = 0

        def seek(self, offset: int, whence: int = 0, /) -> int:
            self.rewinds += 1
            if self.rewinds > 3:
                self.getbuffer()[:] = b"dos"
            return super().seek(offset, whence)

    desk, folio = _at("2")
    refusal = _refused(
        desk, errors.FileChanged, lambda: desk.record(folio, "2", uploads=(Upload("correo.eml", Fickle()),))
    )
    assert refusal.fields == {"name": "correo.eml"}


def test_duties_stay_apart() -> None:
    """Who asked may not carry out, who authorises may not be who asked, and nobody makes their own account."""
    desk = _desk()
    folio = desk.cases.open_case(OpenCase("MA-001", ANA, PERSON, requester=BETO.id)).folio
    desk.walk(folio, *ALTA[: ALTA.index("10")])
    refusal = _refused(desk, errors.DutiesConflict, lambda: desk.record(folio, "10", actor=BETO))
    assert refusal.fields == {"duty": "ejecutor", "held": "solicitante", "step": "10"}
    desk.record(folio, "10")

    desk = _desk()
    folio = desk.cases.open_case(OpenCase("MA-001", ANA, PERSON, requester=DIRECTOR)).folio
    desk.walk(folio, *ALTA[: ALTA.index("9")])
    _refused(desk, errors.DutiesConflict, lambda: desk.record(folio, "9"))

    desk = _desk()
    desk.directory.emails = {PERSON["correo"]: ANA.id}
    folio = desk.open()
    desk.walk(folio, *ALTA[: ALTA.index("10")])
    refusal = _refused(desk, errors.DutiesConflict, lambda: desk.record(folio, "10"))
    assert refusal.fields["held"] == "beneficiario"


def test_who_types_a_request_in_her_role_has_asked_for_it() -> None:
    """A case opened by CAM data entry is asked for by her: with another role she may not carry it out."""
    desk = _desk()
    folio = desk.cases.open_case(OpenCase("MA-001", MARTHA, PERSON)).folio
    desk.walk(folio, *ALTA[: ALTA.index("10")])
    both = Actor(MARTHA.id, "especialista")
    _refused(desk, errors.DutiesConflict, lambda: desk.record(folio, "10", actor=both))


def test_an_authorised_exception_joins_duties() -> None:
    """Supervision may let one person hold both duties in a step: it is recorded and shows as an exception."""
    desk = _desk()
    desk.directory.emails = {PERSON["correo"]: ANA.id}
    folio = desk.open()
    desk.walk(folio, *ALTA[: ALTA.index("10")])
    desk.cases.waive(WaiveStep(folio, "10", SUPERVISOR, "Sólo hay una especialista hoy", rule="duties"))
    state = desk.record(folio, "10").state
    assert [item.code for item in state.exceptions] == ["duties_waived"]
    _refused(desk, errors.DutiesConflict, lambda: desk.record(folio, "11"))


def test_waiving() -> None:
    """Only what the definition lets go, only while it is open, and only with a reason."""
    desk, folio = _at("2")
    reason = "El usuario confirmó por teléfono"
    refusal = _refused(
        desk, errors.ReasonMissing, lambda: desk.cases.waive(WaiveStep(folio, "2", SUPERVISOR, "ok"))
    )
    assert refusal.fields == {"minimum": 10}
    for step in ("9", "4", "26a"):
        command = WaiveStep(folio, step, SUPERVISOR, reason)
        _refused(desk, errors.NotWaivable, lambda command=command: desk.cases.waive(command))
    _refused(
        desk,
        errors.NotWaivable,
        lambda: desk.cases.waive(WaiveStep(folio, "2", SUPERVISOR, reason, rule="todo")),
    )
    receipt = desk.cases.waive(WaiveStep(folio, "2", SUPERVISOR, reason))
    assert receipt.state.step("2").status == "dispensado"
    assert "2" not in receipt.state.missing
    entry = desk.ledger.history(folio)[-1]
    assert (entry.entry.kind, entry.payload()["note"]) == (EntryKind.STEP_WAIVED, reason)
    _refused(desk, errors.NotWaivable, lambda: desk.cases.waive(WaiveStep(folio, "2", SUPERVISOR, reason)))
    state = desk.record(folio, "2").state
    assert state.step("2").status == "hecho"


def test_acting_for_somebody() -> None:
    """A named backup may act for a colleague, and it is on record; anybody else, and for the director, may not."""
    desk, folio = _at("2")
    _refused(desk, errors.NoDelegate, lambda: desk.record(folio, "2", acting_for=BETO.id))
    _refused(desk, errors.NoDelegate, lambda: desk.record(folio, "2", acting_for=ANA.id))
    desk.record(folio, "2", actor=BETO, acting_for=ANA.id)
    assert desk.ledger.history(folio)[-1].entry.facts["acting_for"] == ANA.id


def test_shared_evidence() -> None:
    """The signed letter of step 9 serves in step 16 without another upload; nothing else does."""
    desk, folio = _at("16")
    letter = Reuse("carta_firmada", 9, 0)
    for wrong in (Reuse("carta_dsn", 9, 0), Reuse("carta_firmada", 9, 1), Reuse("carta_firmada", 7, 0),
                  Reuse("carta_firmada", 99, 0), Reuse("nada", 9, 0), Reuse("carta_firmada", 9, -1)):  # fmt: skip
        _refused(
            desk, errors.ReuseNotAllowed,
            lambda wrong=wrong: desk.record(folio, "16", uploads=(pdf(),), reuse=(wrong,)),
        )  # fmt: skip
    desk.record(folio, "16", uploads=(pdf("dsn.pdf"),), reuse=(letter,))
    ninth, last = desk.ledger.history(folio)[8], desk.ledger.history(folio)[-1]
    assert last.entry.objects[1] == ninth.entry.objects[0]
    assert last.entry.refs == (ninth.leaf,)
    assert last.payload()["files"][1]["name"] == "carta.pdf"
    assert last.entry.facts["evidence"][1] == {"slot": "carta_firmada", "type": "SGN", "object": 1, "from": 9}


def test_nothing_personal_is_in_an_entry() -> None:
    """Names, addresses, file names and typed texts are in payloads only; params are codes."""
    desk, folio = _at("25")
    text = b"".join(sealed.entry_bytes for sealed in desk.ledger.history(folio)).decode()
    for value in (
        PERSON["nombre"],
        PERSON["rfc"],
        PERSON["correo"],
        PERSON["ticket"],
        "mruiz01",
        "correo.eml",
        "CDMX",
    ):
        assert value not in text
    assert desk.ledger.history(folio)[0].entry.facts["params"] == {
        "paquete": "1",
        "tipo": "alta",
        "usuario": "administrativo",
    }
