"""Quarantine from end to end: reported by one, decided by another, and nothing of the secret left in any way out."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from audit_exports.builder import export
from audit_exports.record import Scope
from evidence.entry import EntryKind, SealedEntry
from evidence.findings import Verdict
from evidence.ports import StoreUnavailable
from evidence.quarantine import quarantine_of
from evidence.shredding import BlobWithheld
from identity.accounts import Role
from signing.desk import read_blob
from tests.audit_exports.resealing import codes, contents, reseal, verify_bytes
from tests.browser.papers import png
from tests.fakes.audit_room import Room
from tests.fakes.installation import Browser, Installation
from tests.web.test_web_drafts import DATA
from tests.web.test_web_erasures import everything, story
from tests.web.test_web_second_factors import ADDRESS, Person
from tests.web.test_web_second_factors import _app as app_of
from tests.web.test_web_second_factors import _code as code_of
from web import quarantining
from web.casecheck import verify_case
from web.exporting import made_package, package_args, package_file
from web.proving import before_export
from web.subjects import Person as Subject
from web.subjects import dossier_of
from web.wiring import JobRecord
from workflows.commands import Actor, OpenCase, RecordStep, Supersede, Upload
from workflows.errors import FieldInvalid, ReasonMissing
from workflows.keepingacts import (
    DestroyQuarantined,
    PlaceHold,
    ReleaseQuarantine,
    ReportQuarantine,
    ViewQuarantined,
)
from workflows.keepingerrors import (
    CaseHeld,
    KeepingNotAllowed,
    NoSuchQuarantine,
    NothingToQuarantine,
    Quarantined,
    QuarantineOwn,
    TooManyReports,
    UnknownLegalGround,
)
from workflows.readers import DirectReader
from workflows.texts import catch_up
from workflows.withholding import owed

WHY = "En el segundo renglón, junto al usuario."
NOTE = "La dictó por teléfono Eduviges."
SECRET = "zanahoriaplateada77"
MAIL = (
    b"From: a@example.com\r\nTo: b@example.com\r\nSubject: Tu acceso\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nEntras con " + SECRET.encode() + b" y listo.\r\n"
)
CLEAN = MAIL.replace(SECRET.encode(), b"[testado]")


class Case:
    """An open case with a mail that shows a secret, and the people who report and decide."""

    def __init__(self, place: Installation, data: dict[str, str] = DATA) -> None:
        self.place, self.house = place, place.house
        self.house.cases._reader = DirectReader()
        self.actor = Actor(place.user().id, "especialista")
        self.olga = place.user(Role.DATOS_PERSONALES, name="Olga Prieto")
        self.officer = Actor(self.olga.id, "datos_personales")
        self.folio = self.house.cases.open_case(OpenCase("MA-001", self.actor, data)).folio
        brought = (Upload("su acceso.eml", io.BytesIO(MAIL)),)
        self.seq = self.house.cases.record(RecordStep(self.folio, "2", self.actor, brought, note=NOTE)).seq
        self.index()

    def index(self) -> None:
        """What sealed files say, made searchable."""
        self.house.ledger.sequence()
        catch_up(self.house.ledger, self.house.blobs, self.house.texts, self.house.reader)

    def entries(self) -> tuple[SealedEntry, ...]:
        """The case's entries."""
        return tuple(self.house.ledger.history(self.folio))

    def reported(
        self, *, payload: bool = False, files: tuple[int, ...] = (0,), actor: Actor | None = None
    ) -> int:
        """The number of a report."""
        who = actor or self.actor
        command = ReportQuarantine(self.folio, self.seq, files, payload, who, "contrasena", WHY)
        return quarantining.report(self.house, command).seq

    def reported_typed(self, seq: int) -> int:
        """The number of a report about what was typed in another entry."""
        command = ReportQuarantine(self.folio, seq, (), True, self.actor, "contrasena", WHY)
        return quarantining.report(self.house, command).seq

    def destroyed(self, number: int) -> int:
        """Destroyed by the officer; the number of the entry."""
        command = DestroyQuarantined(self.folio, number, self.officer, WHY)
        return quarantining.destroy(self.house, command)[0].seq

    def package(self, out: Path) -> bytes:
        """A package of the case, as it stands."""
        before_export(self.house)
        auditor = Actor(self.place.user(Role.AUDITOR_INTERNO).id, "auditor_interno")
        export(self.house.export_sources, Scope(folios=(self.folio,)), out, actor=auditor)
        return out.read_bytes()

    def ways_out(self, browser: Browser) -> Iterator[str]:
        """Every page by which the secret could leave, as text."""
        yield browser.get(f"/casos/{self.folio}").text
        for seq in range(1, len(self.entries()) + 1):
            yield browser.get(f"/casos/{self.folio}/entradas/{seq}").text
            for number in range(len(self.entries()[seq - 1].entry.objects)):
                for end in ("", "/vista"):
                    answer = browser.get(f"/casos/{self.folio}/entradas/{seq}/archivos/{number}{end}")
                    yield answer.get_data(as_text=True)
                    answer.close()
        yield browser.get("/buscar?q=zanahoria").text
        yield browser.get("/buscar?q=eduviges").text
        yield browser.get("/casos").text


@pytest.fixture
def either(either_place: Installation) -> Case:
    """The case on each of the two databases."""
    return Case(either_place)


@pytest.fixture
def case(place: Installation) -> Case:
    """The case."""
    return Case(place)


ROLES = (Role.ESPECIALISTA, Role.SUPERVISOR, Role.DIRECTOR, Role.AUDITOR_INTERNO, Role.DATOS_PERSONALES)


def test_from_the_report_on_nobody_sees_it_in_any_way(either: Case, tmp_path: Path) -> None:
    """Pages, previews, downloads, search, data subjects, packages: only that it is withheld, since when and why."""
    case = either
    house = case.house
    specialist = case.place.client()
    before = "\n".join(case.ways_out(specialist))
    assert SECRET in before
    assert "Eduviges" in before
    first = case.package(tmp_path / "antes.zip")
    state = story(house.cases.view(case.folio).state)
    number = case.reported(payload=True)
    for role in ROLES:
        pages = "\n".join(case.ways_out(case.place.client(role)))
        assert SECRET not in pages, role
        assert "Eduviges" not in pages, role
        assert "su acceso.eml" not in pages, role
        assert "En cuarentena desde el" in pages
    assert house.index.get(case.folio) is not None
    assert specialist.get(f"/casos/{case.folio}/entradas/{case.seq}/archivos/0").status_code == 409
    assert not house.texts.search(("zanahoriaplateada77",), 9)
    found = dossier_of(house, Subject(DATA["nombre"], DATA["rfc"], DATA["correo"]), _eyes(house))
    assert case.folio in found.own
    assert not [item for item in found.files if item.seq == case.seq]
    assert not [item for item in found.findings if "Eduviges" in item.value]
    second = case.package(tmp_path / "despues.zip")
    report = verify_bytes(second, house.vkey.text)
    assert (report.verdict, "content.quarantined" in codes(report)) == (Verdict.VALID, True)
    assert not [
        name for name, data in contents(second).items() if SECRET.encode() in data or b"Eduviges" in data
    ]
    assert [name for name, data in contents(first).items() if SECRET.encode() in data]
    assert verify_bytes(first, house.vkey.text).verdict is Verdict.VALID
    assert story(house.cases.view(case.folio).state)[:3] == state[:3], "the step stays done"
    assert not house.cases.rebuild().differences
    quarantining.release(house, ReleaseQuarantine(case.folio, number, case.officer, "No es una contraseña."))
    after = "\n".join(case.ways_out(specialist))
    assert SECRET in after
    assert "Eduviges" in after
    third = case.package(tmp_path / "devuelto.zip")
    assert verify_bytes(third, house.vkey.text).verdict is Verdict.VALID
    assert [name for name, data in contents(third).items() if SECRET.encode() in data]


def _eyes(house: object) -> object:
    from web.views.lens import Lens  # noqa: PLC0415 - only here

    clock = house.clock  # type: ignore[attr-defined]
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - only here

    return Lens(clock(), ZoneInfo("America/Mexico_City"), "es", "", frozenset(), str)


def test_destroyed_nothing_of_it_is_left_and_everything_verifies(either: Case, tmp_path: Path) -> None:
    """No row, page, index or package has it; ledger, case and packages are valid and say which entry destroyed it."""
    case = either
    house = case.house
    state = story(house.cases.view(case.folio).state)
    before = contents(case.package(tmp_path / "antes.zip"))
    assert SECRET in everything(case.place) or "Eduviges" in everything(case.place)
    seq = case.destroyed(case.reported(payload=True))
    dumped = everything(case.place)
    assert SECRET not in dumped
    assert "Eduviges" not in dumped
    pages = "\n".join(case.ways_out(case.place.client()))
    assert SECRET not in pages
    assert f"(entrada {seq})" in pages
    stored = [path.read_bytes() for path in case.place.settings.data.rglob("*") if path.is_file()]
    assert not [data for data in stored if SECRET.encode() in data]
    after = contents(case.package(tmp_path / "despues.zip"))
    report = verify_bytes((tmp_path / "despues.zip").read_bytes(), house.vkey.text)
    assert report.verdict is Verdict.VALID
    told = {(item.code, item.found) for item in report.findings}
    said = f"destroyed in quarantine by {case.folio}/{seq}"
    assert {("payload.erased", said), ("object.erased", said)} <= told
    assert not [name for name, data in after.items() if SECRET.encode() in data or b"Eduviges" in data]
    listed = next(data.decode() for name, data in after.items() if name.endswith("excepciones.csv"))
    assert {"quarantine.placed", "quarantine.destroyed"} <= set(re.findall(r"quarantine\.[a-z]+", listed)), (
        listed
    )
    assert story(house.cases.view(case.folio).state)[:3] == state[:3]
    assert not house.cases.rebuild().differences
    run = case.place.app.test_cli_runner().invoke(args=["ledger", "verify", "--full", "--json"])
    whole = json.loads(run.output)
    assert whole["verdict"] == "valid", whole["findings"]
    one = verify_case(house.ledger, house.unwithheld, [house.vkey], case.folio)
    assert one.verdict is Verdict.VALID
    assert {item.code for item in one.findings} >= {"payload.erased", "object.erased"}
    gone = [name for name in before if name not in after and f"/payloads/{case.seq}." in name]
    assert len(gone) == 2
    again = verify_bytes(reseal(after, {name: before[name] for name in gone}), house.vkey.text)
    assert again.verdict is Verdict.INVALID
    assert "content.reserved" in codes(again)
    [file] = [name for name, data in before.items() if data == MAIL]
    assert verify_bytes(reseal(after, {file: MAIL}), house.vkey.text).verdict is Verdict.INVALID


def test_a_file_missing_from_a_package_without_its_entry_is_invalid(case: Case, tmp_path: Path) -> None:
    """A quarantine of the typed text does not excuse the file, nor that of the file the text."""
    case.destroyed(case.reported(payload=True, files=()))
    files = contents(case.package(tmp_path / "a.zip"))
    [file] = [name for name, data in files.items() if data == MAIL]
    without = verify_bytes(reseal(files, {file: None}), case.house.vkey.text)
    assert without.verdict is Verdict.INVALID
    other = Case(case.place, {**DATA, "rfc": "PEGL800101XY2"})
    other.destroyed(other.reported())
    files = contents(other.package(tmp_path / "b.zip"))
    gone = [name for name in files if f"/payloads/{other.seq}." in name]
    assert verify_bytes(reseal(files, dict.fromkeys(gone)), case.house.vkey.text).verdict is Verdict.INVALID


def test_who_reported_does_not_decide_and_who_decides_has_the_role(case: Case) -> None:
    """Four eyes, whatever roles somebody holds; a specialist makes nothing disappear, and everybody sees the try."""
    house, folio = case.house, case.folio
    own = case.reported(actor=case.officer)
    for command, refused in (
        (DestroyQuarantined(folio, own, case.officer, WHY), QuarantineOwn),
        (ReleaseQuarantine(folio, own, case.officer, WHY), QuarantineOwn),
        (DestroyQuarantined(folio, own, case.actor, WHY), KeepingNotAllowed),
        (DestroyQuarantined(folio, own, replace(case.actor, role="director"), WHY), KeepingNotAllowed),
        (ReleaseQuarantine(folio, own, case.actor, WHY), KeepingNotAllowed),
        (DestroyQuarantined(folio, 1, case.officer, WHY), NoSuchQuarantine),
    ):
        desk = house.cases.quarantine
        act = desk.destroy if isinstance(command, DestroyQuarantined) else desk.release
        with pytest.raises(refused):
            act(command)  # type: ignore[arg-type]
    with pytest.raises(QuarantineOwn):
        house.cases.quarantine.view(ViewQuarantined(folio, own, case.officer))
    assert len(case.entries()) == own
    page = case.place.client(Role.AUDITOR_INTERNO).get(f"/casos/{folio}").text
    assert "En cuarentena" in page
    assert "Olga Prieto" in page


def test_what_may_be_reported(case: Case) -> None:
    """A closed list of reasons, words without the secret, something that is there and not yet withheld."""
    house, folio = case.house, case.folio
    good = ReportQuarantine(folio, case.seq, (0,), False, case.actor, "contrasena", WHY)
    for command, refused in (
        (replace(good, ground="porque_si"), UnknownLegalGround),
        (replace(good, reason="corto"), ReasonMissing),
        (replace(good, reason="contraseña: tortuga-azul-42"), FieldInvalid),
        (replace(good, files=()), NothingToQuarantine),
        (replace(good, files=(7,)), NothingToQuarantine),
    ):
        with pytest.raises(refused):
            house.cases.quarantine.report(command)
    number = case.reported(payload=True)
    for again in (good, replace(good, files=(), payload=True)):
        with pytest.raises(NothingToQuarantine):
            house.cases.quarantine.report(again)
    assert len(case.entries()) == number


def test_a_flood_of_reports_is_limited(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many of one person may wait at a time; another person can still report."""
    monkeypatch.setattr(quarantining, "MOST_WAITING", 1)
    number = case.reported()
    with pytest.raises(TooManyReports):
        case.reported(payload=True, files=())
    other = Actor(case.place.user(Role.SUPERVISOR).id, "supervisor")
    case.reported(payload=True, files=(), actor=other)
    quarantining.release(case.house, ReleaseQuarantine(case.folio, number, case.officer, WHY))
    case.reported()


def test_the_same_file_is_not_brought_again_and_every_copy_is_withheld(case: Case) -> None:
    """Carried over, reused or uploaded anew: refused while it is withheld; a copy in another entry went along."""
    house, folio = case.house, case.folio
    again = Supersede(
        folio=folio,
        seq=case.seq,
        actor=case.actor,
        reason="Se corrige el archivo.",
        uploads=(Upload("otra vez.eml", io.BytesIO(MAIL)),),
    )
    twin = house.cases.supersede(again).seq
    case.reported()
    told = quarantine_of(case.entries())
    [found] = told.all
    assert set(found.parts) == {case.seq, twin}
    brought = replace(again, seq=twin, uploads=(Upload("otra vez.eml", io.BytesIO(MAIL)),))
    with pytest.raises(Quarantined):
        house.cases.supersede(brought)
    with pytest.raises(Quarantined):
        house.cases.supersede(replace(again, seq=twin, uploads=(), keep=(0,)))


def test_under_a_legal_hold_nothing_is_destroyed(case: Case) -> None:
    """It stays withheld until the hold is lifted; giving it back is allowed."""
    number = case.reported()
    case.house.cases.keeping.place(PlaceHold(case.folio, case.officer, "Juicio laboral 345/2026."))
    with pytest.raises(CaseHeld):
        case.destroyed(number)
    assert SECRET not in "\n".join(case.ways_out(case.place.client()))
    quarantining.release(case.house, ReleaseQuarantine(case.folio, number, case.officer, WHY))


def test_a_copy_without_the_secret_is_asked_for_and_given(case: Case) -> None:
    """The step stays done; case page and inbox ask for the copy until a later entry of the step brings a file."""
    case.destroyed(case.reported())
    specialist = case.place.client()
    view = case.house.cases.view(case.folio)
    assert [item.step for item in owed(view.entries, view.withheld)] == ["2"]
    assert "Falta una copia testada" in specialist.get(f"/casos/{case.folio}").text
    assert "Falta una copia testada del paso 2" in specialist.get("/").text
    case.house.cases.supersede(
        Supersede(
            folio=case.folio,
            seq=case.seq,
            actor=case.actor,
            reason="Copia testada del correo.",
            uploads=(Upload("testado.eml", io.BytesIO(CLEAN)),),
        )
    )
    assert "Falta una copia testada" not in specialist.get(f"/casos/{case.folio}").text
    assert "Falta una copia testada" not in specialist.get("/").text


def test_a_crash_between_entry_and_destruction_is_completed(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the entry on nobody sees it; the next round, or the command, destroys it."""
    house, number, shredder = case.house, case.reported(payload=True), case.house.part_shredder

    class Silent:
        def shred_parts(self, _case: str) -> None:
            raise StoreUnavailable("silent")

    monkeypatch.setitem(house.__dict__, "part_shredder", Silent())
    _receipt, gone = quarantining.destroy(house, DestroyQuarantined(case.folio, number, case.officer, WHY))
    assert gone is None
    assert SECRET not in "\n".join(case.ways_out(case.place.client()))
    assert quarantining.sweep(house)[1] == [(case.folio, "StoreUnavailable")]
    monkeypatch.setitem(house.__dict__, "part_shredder", shredder)
    clean: set[tuple[str, int]] = set()
    done, failed = quarantining.sweep(house, clean=clean)
    assert ([item.files for item in done], failed) == ([1], [])
    assert clean
    assert quarantining.sweep(house) == ([], [])
    assert SECRET not in everything(case.place)
    run = case.place.app.test_cli_runner().invoke(args=["quarantine", "run"])
    assert json.loads(run.output)["quarantines"][0]["files"] == 0


def test_two_officers_at_once_one_decision(case: Case) -> None:
    """Released by one while destroyed by another: one of them is sealed, the other is told that it was decided."""
    other = Actor(case.place.user(Role.DATOS_PERSONALES, name="Otra Persona").id, "datos_personales")
    for _round in range(3):
        number, start = case.reported(), threading.Barrier(2)
        results: list[str] = []

        def decide(act: object, start: threading.Barrier = start, results: list[str] = results) -> None:
            start.wait()
            try:
                act()  # type: ignore[operator]
                results.append("sealed")
            except NoSuchQuarantine:
                results.append("refused")

        acts = (
            lambda number=number: case.house.cases.quarantine.release(
                ReleaseQuarantine(case.folio, number, case.officer, WHY)
            ),
            lambda number=number: case.house.cases.quarantine.release(
                ReleaseQuarantine(case.folio, number, other, WHY)
            ),
        )
        threads = [threading.Thread(target=decide, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == ["refused", "sealed"]


def test_packages_lying_here_go_and_those_that_left_are_named(case: Case) -> None:
    """One that holds it is deleted with the report; the page and the command say which exports have it."""
    house = case.house
    actor = Actor(case.place.user(Role.AUDITOR_INTERNO).id, "auditor_interno")
    at = "2026-01-01T00:00:00.000000Z"
    args = package_args(Scope(folios=(case.folio,)), actor)
    task = JobRecord("j1", "export", actor.id, "waiting", 0, 0, {}, at, at, args=args)
    made_package(house, task, lambda _done, _total: None)
    assert package_file(house, "j1").exists()
    number = case.reported()
    assert not package_file(house, "j1").exists()
    [found] = quarantine_of(case.entries()).waiting
    [left] = quarantining.packages_with(house, case.folio, found)
    assert left.sure
    run = case.place.app.test_cli_runner().invoke(args=["quarantine", "show", case.folio])
    told = json.loads(run.output)["quarantines"][0]
    assert (told["seq"], len(told["packages"])) == (number, 1)
    assert json.loads(case.place.app.test_cli_runner().invoke(args=["quarantine", "list"]).output)["waiting"]


def test_people_are_told_to_change_the_password(case: Case) -> None:
    """Reporter, author and specialist once each; the outcome to the reporter; no mail has the secret or a name."""
    reporter = Actor(case.place.user(Role.SUPERVISOR).id, "supervisor")
    number = case.reported(actor=reporter)
    asked = [
        mail
        for mail in case.house.outbox.of_case(case.folio)
        if mail.request.template == "cuarentena_cambiar"
    ]
    assert {item.address for mail in asked for item in mail.request.to} == {
        f"actor:{reporter.id}", f"actor:{case.actor.id}",
    }  # fmt: skip
    case.destroyed(number)
    mails = case.house.outbox.of_case(case.folio)
    [outcome] = [mail for mail in mails if mail.request.template == "cuarentena_destruido"]
    assert [item.address for item in outcome.request.to] == [f"actor:{reporter.id}"]
    assert not [mail for mail in mails if SECRET in str(mail.request) or "su acceso" in str(mail.request)]


def test_looking_is_sealed_first_and_shows_it(tmp_path: Path) -> None:
    """The officer sees it on the page of the answer alone; who looked, and when, is an entry."""
    place = Installation(tmp_path / "data", {"CONSTANCIA_PUBLIC_URL": ADDRESS})
    try:
        case = Case(place)
        number = case.reported(payload=True)
        officer, secret = Person(place, case.olga), app_of(place, case.olga)
        officer.enter()
        assert officer.post("/entrar/segundo", {"codigo": code_of(place, secret)}).status_code == 303
        queue = officer.get("/datos-personales/cuarentena").text
        assert case.folio in queue
        assert "1" in officer.get("/").text
        base = f"/datos-personales/cuarentena/{case.folio}/{number}"
        page = officer.get(base).text
        assert SECRET not in page
        assert "Eduviges" not in page
        seen = officer.post(f"{base}/ver", {})
        assert seen.status_code == 200
        assert SECRET in seen.text
        assert "Eduviges" in seen.text
        assert case.entries()[-1].entry.kind is EntryKind.QUARANTINE_VIEWED
        assert "Lo vio para decidir" in officer.get(base).text
        form = {"reason": "Ya se cambió la contraseña.", "folio": "otro"}
        assert officer.post(f"{base}/destruir", form).status_code == 422
        place.clock.offset += timedelta(minutes=20)
        late = officer.post(f"{base}/destruir", {**form, "folio": case.folio})
        assert late.status_code == 303
        assert case.entries()[-1].entry.kind is EntryKind.QUARANTINE_VIEWED, (
            "a factor of long ago decides nothing"
        )
        assert officer.post("/cuenta/comprobar", {"codigo": code_of(place, secret)}).status_code == 303
        done = officer.post(f"{base}/destruir", {**form, "folio": case.folio.lower()})
        assert done.status_code == 303
        assert case.entries()[-1].entry.kind is EntryKind.QUARANTINE_DESTROYED
        assert "Destruido" in officer.get(base).text
        assert officer.post(f"{base}/devolver", form).status_code == 409
    finally:
        place.close()


def test_the_form_reports_and_the_entry_says_so(case: Case) -> None:
    """From the entry's page; what is wrong is told where it was typed, and nothing is sealed then."""
    specialist = case.place.client()
    entry = f"/casos/{case.folio}/entradas/{case.seq}"
    assert f"{entry}/reportar" in specialist.get(entry).text
    assert "su acceso.eml" in specialist.get(f"{entry}/reportar").text
    length = len(case.entries())
    told = {"ground": "contrasena", "reason": "La contraseña: tortuga-azul-42", "file": "0"}
    refused = specialist.post_form(f"{entry}/reportar", told)
    assert refused.status_code == 422
    assert "Dónde se ve: parece contener una contraseña" in refused.text
    bad = specialist.post_form(f"{entry}/reportar", {"ground": "contrasena", "reason": WHY})
    assert bad.status_code == 422
    assert "Marca un archivo" in bad.text
    assert len(case.entries()) == length
    good = {"ground": "contrasena", "reason": WHY, "file": "0"}
    assert specialist.post_form(f"{entry}/reportar", good).status_code == 303
    [blob] = case.entries()[case.seq - 1].entry.objects
    for way in (case.house.blobs.open(blob).__enter__, lambda: read_blob(case.house.blobs, blob)):
        with pytest.raises(BlobWithheld):  # whoever forgets to ask is given nothing all the same
            way()
    page = specialist.get(entry).text
    assert "En cuarentena desde el" in page
    assert SECRET not in page
    assert specialist.get("/datos-personales/cuarentena").status_code == 403


def test_the_api_says_what_is_withheld_and_gives_nothing(case: Case) -> None:
    """A field of the entry and of the object; the file itself is refused."""
    case.reported()
    view = case.house.cases.view(case.folio).as_json()
    entry = view["entries"][case.seq - 1]  # type: ignore[index]
    assert entry["objects"][0]["quarantine"]["outcome"] == "waiting"  # type: ignore[index]
    assert entry["quarantine"] is None  # type: ignore[index]


def test_auditors_report_what_they_see_and_see_what_was_reported(tmp_path: Path) -> None:
    """From their room, of cases of their engagement alone; afterwards neither they nor others get the file."""
    place = Installation(tmp_path / "data")
    try:
        room = Room(place)
        address = room.open()
        folio = room.folios[0]
        entry = f"{address}/casos/{folio}/entradas/2"
        assert f"{entry}/reportar" in room.out.get(entry).text
        assert room.other.get(f"{entry}/reportar").status_code == 404
        form = {"ground": "contrasena", "reason": WHY, "file": "0"}
        assert room.other.post_form(f"{entry}/reportar", form).status_code == 404
        assert room.out.get(f"{entry}/archivos/0/vista").status_code == 200
        assert room.out.post_form(f"{entry}/reportar", form).status_code == 303
        placed = place.house.ledger.history(folio)[-1].entry
        assert (placed.kind, placed.role) == (EntryKind.QUARANTINE_PLACED, "auditor_externo")
        page = room.out.get(entry).text
        assert "En cuarentena desde el" in page
        for end in ("", "/vista"):
            assert room.out.get(f"{entry}/archivos/0{end}").status_code == 404
            assert room.desk.get(f"/casos/{folio}/entradas/2/archivos/0{end}").status_code == 409
    finally:
        place.close()


def test_a_case_goes_on_without_the_words_of_its_opening(case: Case) -> None:
    """Lists, every step's form and the next step are there when the first entry's text was destroyed."""
    house, folio = case.house, case.folio
    case.destroyed(case.reported_typed(1))
    specialist = case.place.client()
    view = house.cases.view(folio)
    for code in view.definition.by_step:
        assert specialist.get(f"/casos/{folio}?paso={code}").status_code == 200, code
    for path in ("/", "/casos", f"/casos/{folio}/entradas/1", "/tablero"):
        assert specialist.get(path).status_code in {200, 403}, path
    assert DATA["rfc"] not in specialist.get(f"/casos/{folio}").text
    shot = (Upload("pendiente.png", io.BytesIO(png("pendiente"))),)
    data = {"sin_contrasenas": "si"}
    receipt = house.cases.record(RecordStep(folio, "3", case.actor, shot, data=data))
    assert receipt.state.step("3").entries
    assert not house.cases.rebuild().differences
    other = OpenCase("MA-001", case.actor, DATA)
    assert house.cases.open_case(other).folio != folio, "what is not known any more is not compared"
