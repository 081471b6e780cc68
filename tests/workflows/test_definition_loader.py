"""Definitions: what MA-001 promises, and that a file with any mistake is refused with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.definition import FILE_FAMILIES, Definition, StepClass, Text
from workflows.errors import UnknownDefinition, UnknownProcess
from workflows.loader import load
from workflows.registry import DefinitionRegistry, read_definition
from workflows.tables import DefinitionInvalid

REGISTRY = DefinitionRegistry.bundled()
MA001 = REGISTRY.current("MA-001")


def test_every_number_of_the_text_is_a_step() -> None:
    """The 28 steps of the text are all there, with the text they come from; steps we added are marked."""
    from_text = [step.code for step in MA001.steps if step.source]
    assert from_text == [str(n) for n in range(1, 29)]
    added = [step for step in MA001.steps if not step.source]
    assert [step.code for step in added] == ["26a", "28a", "28b", "28c", "28d"]
    assert all(step.assumption is not None for step in added)


def test_every_step_has_evidence_an_actor_and_a_class() -> None:
    """No step can be done without showing something, by nobody, or at nobody's option."""
    for step in MA001.steps:
        assert step.performer in MA001.by_role
        assert bool(step.roles) != step.by_system
        assert step.kind in StepClass
        assert all(step.evidence.alternatives())
        for slot in step.slots:
            assert slot.types
            assert any(kind in FILE_FAMILIES for kind in slot.types) or slot.fields or step.by_system


def test_only_the_exceptional_steps_can_be_waived() -> None:
    """The director's authorisation, MetLife's confirmation and the custody letter can never be done without."""
    assert [step.code for step in MA001.steps if step.waivable] == ["2", "3", "17"]


def test_no_path_of_the_system_activates_an_account() -> None:
    """Only a person's step moves CAM to Activo, and it stands behind the director's and MetLife's evidence."""
    movers = [step for step in MA001.steps if any(effect.status == "Activo" for effect in step.effects)]
    assert [(step.code, step.by_system) for step in movers] == [("19", False)]
    assert all("Activo" not in {e.status for e in outcome.effects} for outcome in MA001.outcomes)
    before = {"19"}
    while grown := {code for step in before for code in MA001.by_step[step].requires} - before:
        before |= grown
    assert {"9", "13", "18"} <= before


def test_authorisation_guards_the_request_to_metlife() -> None:
    """Steps 10-13 all require the signed letter."""
    assert all("9" in MA001.by_step[code].requires for code in ("10", "11", "12", "13"))


def _texts(value: object) -> list[Text]:
    if isinstance(value, Text):
        return [value]
    if isinstance(value, tuple):
        return [text for item in value for text in _texts(item)]
    if hasattr(value, "__dataclass_fields__"):
        return [text for name in value.__dataclass_fields__ for text in _texts(getattr(value, name))]
    return []


def test_what_users_read_is_in_both_languages() -> None:
    """Every text has Spanish and English, or (optional help) neither."""
    texts = _texts(MA001)
    assert len(texts) > 300
    assert all(bool(text.es) == bool(text.en) for text in texts)
    assert MA001.name.get("en-US") == MA001.name.en
    assert MA001.name.get("es-MX") == MA001.name.es


def test_status_names() -> None:
    """Every word a list may show has a name: outcomes, waits, statuses, and a case nobody touched."""
    assert MA001.status_name("sin_respuesta").es == "Cerrado: sin respuesta del usuario"
    assert MA001.status_name("espera_metlife").en == "Waiting for MetLife's confirmation"
    assert MA001.status_name("En proceso") == Text("En proceso", "En proceso")
    assert MA001.status_name("nuevo") == Text("Nuevo", "New")


SOURCE = MA001.source.decode()

FAULTS = (
    ("format = 1", "format = 2", "format"),
    ('process = "MA-001"', 'process = "Cuentas"', "process"),
    ('process = "MA-001"', "", "process: is missing"),
    ('version = "2025-12-15"', 'version = "1.0"', "version"),
    ("late_after = 1", 'late_after = "uno"', "late_after"),
    ("late_after = 1", "late_after = true", "late_after"),
    ('waiver_roles = ["supervisor", "director"]', 'waiver_roles = ["jefe"]', "waiver_roles"),
    ('correction_roles = ["supervisor"]', 'correction_roles = "supervisor"', "correction_roles"),
    ('step = "1"\nroles', 'step = "0"\nroles', "opening.step"),
    ('roles = ["especialista", "capturista"]\ntitle', "roles = []\ntitle", "opening.roles"),
    ('title = ["tipo", "nombre"]', 'title = ["apellido"]', "opening.title"),
    ('refusal = "permisos"', 'refusal = "capricho"', "opening.field.tipo"),
    ('catalogue = "paquetes"\nrequired = true', 'catalogue = "lotes"\nrequired = true', "opening.field.paquete"),
    ('kind = "rfc"', 'kind = "curp"', "opening.field[4].kind"),
    ('kind = "rfc"\nrequired = true', 'kind = "rfc"\nparam = true', "opening.field.rfc.param"),
    ('reference = "rfc"\nunique_open = true', "unique_open = true", "opening.field.rfc.reference"),
    ('code = "solicitante"\nname = "Usuario', 'code = "especialista"\nname = "Usuario', "role.especialista"),
    ("accountable = true", "", "role: exactly one is accountable"),
    ('apart = ["solicitante", "beneficiario", "ejecutor"]', 'apart = ["ejecutor"]', "duty.autorizador.apart"),
    ('opening = "requester"', 'opening = "quien_sea"', "duty.solicitante.opening"),
    ('["Solicitado", "Escalado"],', '["Solicitado", "Elevado"],', "machine.cam_pegasus.transitions"),
    ("primary = true", "", "machine: exactly one is primary"),
    ('status = "Cerrado"', 'status = "Terminado"', "outcome.validado.effect: no status"),
    ('outcome = "fuera_de_alcance"', 'outcome = "perdido"', "refusal.agentes.outcome"),
    ('unit = "naturales"\nwarn = 15', 'unit = "semanas"\nwarn = 15', "timer.metlife.unit"),
    ("warn = 15\nlimit = 20", "warn = 20\nlimit = 20", "timer.metlife.warn"),
    ('closing_step = "27"', "", "timer.validacion.closing_step"),
    ('closing_step = "27"', 'closing_step = "26"', "timer.validacion.closing_step"),
    ('starts = ["23"]', "starts = []", "timer.custodia"),
    ('meets = ["26a"]', 'meets = ["26z"]', "timer.validacion"),
    ('start = "21"', 'start = "210"', "measure.credenciales_sin_custodia"),
    ('class = "opcional"', 'class = "tal_vez"', "class"),
    ('performer = "metlife"', 'performer = "met_life"', "step.13.performer"),
    ('requires = ["9", "12"]', 'requires = ["9", "14"]', "step.13.requires"),
    ('follows = ["13"]', 'follows = ["14"]', "step.14.follows"),
    ('when = { tipo = ["baja"] }', 'when = { tipo = ["cambio"] }', "step.28.when.tipo"),
    ('when = { tipo = ["baja"] }', 'when = { nombre = ["Ana"] }', "step.28.when"),
    ('when = { tipo = ["baja"] }', "when = {}", "when"),
    ('closes = "baja"', 'closes = "fin"', "step.28d.closes"),
    ('duty = "autorizador"', 'duty = "juez"', "step.9.duty"),
    ('duty_post = "director_general"', 'duty_post = "el_jefe"', "step.9.duty_post"),
    ('who = "director"', 'who = "dg"', "step.9.wait.who"),
    ('evidence = { all = ["dsn", "captura"] }', 'evidence = { all = ["dsn", "foto"] }', "step.13.evidence.all"),
    ('any = [["ticket"], ["solicitud_cam"]]', 'any = [["boleto"]]', "step.1.evidence.any"),
    ('evidence = { all = ["correo"] }', "evidence = {}", "step.2.evidence"),
    ('reader = "account_requests"', 'reader = "ocr"', "step.4.slot.formato.reader"),
    ('compare = ["nombre"', 'compare = ["edad"', "step.4.slot.formato.compare"),
    ('shares = [["9", "carta_firmada"]]', 'shares = [["9", "carta"]]', "step.16.slot.carta_firmada.shares"),
    ('shares = [["9", "carta_firmada"]]', 'shares = [["9"]]', "shares"),
    ('same_as = ["13", "dsn"]', 'same_as = ["13", "folio"]', "step.16.field.dsn.same_as"),
    ('same_as = ["13", "dsn"]', 'same_as = ["13"]', "same_as"),
    ('types = ["XLS"]', 'types = ["CSV"]', "types"),
    ('types = ["XLS"]', "types = []", "step.4.slot.formato.types"),
    ('types = ["PHY"]\nfields = ["expediente", "folio_fisico"]', 'types = ["PHY"]', "step.25.slot.archivo.fields"),
    ('types = ["XLS"]', 'types = ["XLS"]\nfields = ["declaro"]', "step.4.slot.formato"),
    ('reopens = ["12", "13"]', 'reopens = ["99"]', "step.13.branch.rechazado.reopens"),
    ('closes = "rechazado"\nevidence', 'closes = "nunca"\nevidence', "step.9.branch.rechazada.closes"),
    ('link_field = "folio_ma006"', 'link_field = "folio"', "step.26a.branch.no_funciona.link_field"),
    ('code = "rechazada"\nname = "No', 'code = "autorizada"\nname = "No', "step.9.branch.autorizada"),
    ("done = false\ncloses", "default = true\ncloses", "step.9.branch: more than one default"),
    ("by_system = true", "", "step.27.roles"),
    ('controls = ["ITIL-SRM", "ISO20000-8.6.2"]\nmost', 'controls = ["NADA"]\nmost', "step.1.controls"),
    ('instruction_en = "Answer the requester and keep the sent mail here."', "", "step[2].instruction_en: is missing"),
    ('name_en = "Ticket"', 'nombre_en = "Ticket"', "unknown key"),
    ('code = "26a"', 'code = "veintiséis"', "step.veintiséis"),
    ('code = "26a"', 'code = "26"', "step.26"),
    ('[[question]]\ncode = "dias"', '[[question]]\ncode = "baja"', "question.baja"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "replaced", "problem"), FAULTS, ids=[f"{n}-{f[2]}" for n, f in enumerate(FAULTS)]
)
def test_a_fault_is_refused_with_its_place(found: str, replaced: str, problem: str) -> None:
    """One wrong word anywhere makes the file no definition, and the author learns where it is."""
    assert found in SOURCE
    with pytest.raises(DefinitionInvalid) as refusal:
        load(SOURCE.replace(found, replaced, 1).encode())
    assert any(problem in line for line in refusal.value.problems), refusal.value.problems


def test_all_problems_are_reported_at_once() -> None:
    """An author sees every mistake, not the first."""
    data = SOURCE.replace("late_after = 1", "late_after = 0").replace('kind = "rfc"', 'kind = "curp"')
    with pytest.raises(DefinitionInvalid) as refusal:
        load(data.encode())
    assert len(refusal.value.problems) == 2


@pytest.mark.parametrize("data", [b"", b"\xff", b"process = ", b"a = 1\na = 2"])
def test_not_toml(data: bytes) -> None:
    """Bytes that are no TOML file, or an empty one, are refused."""
    with pytest.raises(DefinitionInvalid):
        load(data)


KEYS = sorted(set(re.findall(r"^([a-z_]+) = ", SOURCE, re.MULTILINE)))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(KEYS),
    st.sampled_from(["7", "-1", "[]", '""', "{}", "2020-01-01", "true", "[[1]]", "0.5"]),
)
def test_any_value_of_a_wrong_type_is_refused_or_harmless(key: str, value: str) -> None:
    """Whatever stands where a value should be, loading gives a definition or DefinitionInvalid, nothing else."""
    data = re.sub(rf"^{key} = .*$", f"{key} = {value}", SOURCE, count=1, flags=re.MULTILINE)
    try:
        loaded = load(data.encode())
    except DefinitionInvalid:
        return
    assert isinstance(loaded, Definition)


def test_unknown_names_in_the_registry() -> None:
    """A process or digest nobody published is a refusal with that name."""
    with pytest.raises(UnknownProcess):
        REGISTRY.current("MA-004")
    with pytest.raises(UnknownDefinition):
        REGISTRY.by_digest("0" * 64)
    assert REGISTRY.by_digest(MA001.digest) is MA001


def test_versions_live_together() -> None:
    """A newer version is in force for new cases; the older one stays for those that began with it."""
    newer = load(SOURCE.replace('version = "2025-12-15"', 'version = "2026-03-01"', 1).encode())
    registry = DefinitionRegistry([newer, MA001])
    assert registry.current("MA-001") is newer
    assert registry.versions("MA-001") == (MA001, newer)
    assert registry.by_digest(MA001.digest) is MA001
    with pytest.raises(DefinitionInvalid):
        DefinitionRegistry([MA001, MA001])


def test_a_file_must_be_what_its_name_says(tmp_path: Path) -> None:
    """A definition under another process's or version's name is refused."""
    folder = tmp_path / "ma-002"
    folder.mkdir()
    (folder / "2025-12-15.toml").write_bytes(MA001.source)
    with pytest.raises(DefinitionInvalid):
        read_definition(folder / "2025-12-15.toml")
    (folder / "2025-12-15.toml").write_bytes(b"nada = 1")
    with pytest.raises(DefinitionInvalid) as refusal:
        read_definition(folder / "2025-12-15.toml")
    assert all(line.startswith("ma-002/2025-12-15.toml: ") for line in refusal.value.problems)
