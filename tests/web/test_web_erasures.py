"""An erasure from end to end: two people, a package before and one after, and nothing of the plain text left."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import MetaData, select

from audit_exports.builder import Progress, export
from audit_exports.record import Scope
from audit_exports.verify import as_text
from evidence.entry import EntryKind, format_time
from evidence.findings import Verdict
from evidence.ports import StoreUnavailable
from identity.accounts import Role
from signing.records import Purpose, Request, Status
from tests.audit_exports.resealing import codes, contents, reseal, verify_bytes
from tests.fakes.dumps import dump
from tests.fakes.installation import Browser, Installation
from tests.fakes.papers import eml
from tests.web.test_web_drafts import DATA
from tests.web.test_web_second_factors import ADDRESS, Person
from tests.web.test_web_second_factors import _app as app_of
from tests.web.test_web_second_factors import _code as code_of
from web import erasing
from web.casecheck import verify_case
from web.exporting import made_package, package_args, package_file
from web.proving import before_export
from web.wiring import JobRecord
from workflows.commands import Actor, OpenCase, RecordStep, RefuseRequest, Upload
from workflows.keepingacts import ApproveErasure, BlockData, PlaceHold, RequestErasure
from workflows.keepingerrors import CaseHeld, DataInUse
from workflows.mailing import Addressee, MailRequest
from workflows.readers import DirectReader
from workflows.state import CaseState
from workflows.texts import catch_up

WHY = "Oficio 12/2026 de la autoridad."
NOTE = "La llamó su vecina Eduviges."
NUMBERS = itertools.count(1)
WHO = {
    **DATA,
    "nombre": "Eulogia Zárraga Quintanilla",
    "rfc": "ZAQE910307K29",
    "correo": "eulogia.z@promotoria.example",
}
WORDS = (WHO["rfc"], WHO["correo"], "Zárraga", "Eduviges", "su correo.eml", WHY[:13])


class Case:
    """A closed case with a file and a note, and the people who decide about it."""

    def __init__(self, place: Installation) -> None:
        self.place, self.house = place, place.house
        self.house.cases._reader = DirectReader()
        self.actor = Actor(place.user().id, "especialista")
        olga = place.user(Role.DATOS_PERSONALES, name="Olga Prieto")
        dario = place.user(Role.DIRECTOR, name="Darío Gómez")
        self.officer, self.director = Actor(olga.id, "datos_personales"), Actor(dario.id, "director")
        self.folio = self.house.cases.open_case(OpenCase("MA-001", self.actor, WHO)).folio
        brought = (Upload("su correo.eml", io.BytesIO(eml())),)
        self.house.cases.record(RecordStep(self.folio, "2", self.actor, brought, note=NOTE))
        refusal = RefuseRequest(actor=self.actor, refusal="sin_autorizacion", folio=self.folio, note=NOTE)
        self.house.cases.refuse(refusal)
        catch_up(self.house.ledger, self.house.blobs, self.house.texts, self.house.cases._reader)

    def asked(self) -> int:
        """The number of a request."""
        command = RequestErasure(self.folio, self.officer, "orden_autoridad", WHY)
        return erasing.request(self.house, command).seq

    def erased(self) -> int:
        """Erased by the two of them; the number of the entry."""
        return erasing.approve(self.house, ApproveErasure(self.folio, self.asked(), self.director))[0].seq

    def package(self, out: Path) -> bytes:
        """A package of the case, as it stands."""
        before_export(self.house)
        auditor = Actor(self.place.user(Role.AUDITOR_INTERNO).id, "auditor_interno")
        export(self.house.export_sources, Scope(folios=(self.folio,)), out, actor=auditor)
        return out.read_bytes()

    def pages(self, browser: Browser) -> Iterator[str]:
        """Every page that could tell something of the case."""
        length = len(self.house.ledger.history(self.folio))
        yield browser.get(f"/casos/{self.folio}").text
        for seq in range(1, length + 1):
            yield browser.get(f"/casos/{self.folio}/entradas/{seq}").text
        for asked in (
            "zarraga",
            WHO["rfc"].lower(),
            "recibido",
        ):  # spelled so that an echo of it is told apart
            yield browser.get(f"/buscar?q={asked}").text
        yield browser.get("/casos").text


@pytest.fixture
def either(either_place: Installation) -> Case:
    """The case on each of the two databases."""
    return Case(either_place)


@pytest.fixture
def case(place: Installation) -> Case:
    """The case, ready to be erased."""
    return Case(place)


def everything(place: Installation) -> str:
    """Every row of every database of the installation, as text."""
    lines: list[str] = []
    if place.house.engine.dialect.name == "postgresql":
        tables = MetaData()
        tables.reflect(place.house.engine)
        with place.house.engine.connect() as rows:
            lines += [
                bytes(value).decode("utf-8", "replace")
                if isinstance(value, bytes | memoryview)
                else str(value)
                for table in tables.sorted_tables
                for row in rows.execute(select(table))
                for value in row
            ]
    return "\n".join([*lines, dump(place.settings.data)])


def told(texts: Sequence[str]) -> list[str]:
    """The words of the person that stand somewhere in texts."""
    return [word for word in WORDS if any(word in text for text in texts)]


def story(state: CaseState) -> tuple[object, ...]:
    """What a state says, but for when it was looked at and how long the case is."""
    return (
        state.status,
        state.steps,
        state.closing,
        state.parties,
        state.machines,
        state.exceptions,
        state.complete,
    )


@pytest.mark.embedded("it looks at the files of the object store")
def test_before_and_after(either: Case, tmp_path: Path) -> None:
    """Both packages verify, the state is the same, and of the person nothing is left in package, pages or database."""
    case = either
    place, house, folio = case.place, case.house, case.folio
    state = story(house.cases.view(folio).state)
    first = case.package(tmp_path / "antes.zip")
    specialist = place.client()
    assert told(list(case.pages(specialist))) == [word for word in WORDS if word != WHY[:13]]
    assert told([everything(place)])
    house.cases.keeping.block(BlockData(folio, case.officer, WHY))
    seq = case.erased()
    second = case.package(tmp_path / "despues.zip")
    vkey = house.vkey.text
    assert verify_bytes(first, vkey).verdict is Verdict.VALID
    report = verify_bytes(second, vkey)
    assert report.verdict is Verdict.VALID
    assert [finding.code for finding in report.findings].count("payload.erased") > 1
    assert as_text(report, "despues.zip").count("payload.erased") == 1, "what went together is told once"
    files = contents(second)
    assert not told([data.decode("utf-8", "replace") for data in files.values()])
    assert not [data for data in files.values() if data == eml()]
    assert [data for data in contents(first).values() if data == eml()]
    assert story(house.cases.view(folio).state) == state
    assert not told(list(case.pages(specialist)))
    assert f"Borrado, véase la entrada {seq}." in specialist.get(f"/casos/{folio}").text
    assert f"Borrado, véase la entrada {seq}." in specialist.get(f"/casos/{folio}/entradas/2").text
    assert f"Borrado, véase la entrada {seq}." not in specialist.get(f"/casos/{folio}/entradas/{seq}").text
    assert specialist.get(f"/casos/{folio}/entradas/2/archivos/0").status_code == 409
    assert not told([everything(place)])
    stored = [
        path.read_bytes()
        for path in place.settings.data.rglob("*")
        if path.is_file() and "sha256" in str(path)
    ]
    assert stored
    assert eml() not in stored
    assert not house.cases.rebuild().differences


def test_the_ledger_and_the_files_verify_after_it(case: Case) -> None:
    """`flask ledger verify` and the case's own check are valid, and say what was erased."""
    case.erased()
    run = case.place.app.test_cli_runner()
    whole = run.invoke(args=["ledger", "verify", "--full", "--json"])
    report = json.loads(whole.output)
    assert report["verdict"] == "valid", report["findings"]
    assert {item["code"] for item in report["findings"]} >= {"payload.erased"}
    one = verify_case(case.house.ledger, case.house.blobs, [case.house.vkey], case.folio)
    assert one.verdict is Verdict.VALID
    assert {item.code for item in one.findings} >= {"payload.erased"}


def test_what_was_erased_may_not_come_back_into_a_package(case: Case, tmp_path: Path) -> None:
    """A payload or a file put back behind the entry is found, whatever the manifests say."""
    before = contents(case.package(tmp_path / "antes.zip"))
    case.erased()
    after = contents(case.package(tmp_path / "despues.zip"))
    vkey = case.house.vkey.text
    gone = [name for name in before if name not in after and case.folio in name]
    back = [name for name in gone if "/payloads/2." in name]
    assert len(back) == 2
    again = verify_bytes(reseal(after, {name: before[name] for name in back}), vkey)
    assert again.verdict is Verdict.INVALID
    assert "content.reserved" in codes(again)
    [file] = [name for name in gone if before[name] == eml()]
    assert verify_bytes(reseal(after, {file: before[file]}), vkey).verdict is Verdict.INVALID


def test_the_receipt_names_nobody_but_who_decided(case: Case) -> None:
    """Opaque ids, the ground, how much: on the page, as a file, and at the console."""
    seq = case.erased()
    officer = case.place.client(Role.DATOS_PERSONALES)
    page = officer.get(f"/casos/{case.folio}/datos").text
    assert "Olga Prieto" in page
    assert "Darío Gómez" in page
    answer = officer.get(f"/casos/{case.folio}/datos/constancia")
    receipt = json.loads(answer.data)
    answer.close()
    assert (receipt["requested_by"], receipt["approved_by"]) == (case.officer.id, case.director.id)
    assert (receipt["seqs"], receipt["files"], receipt["pending"]) == ([seq], 1, 0)
    assert not told([json.dumps(receipt, ensure_ascii=False)])
    shown = case.place.app.test_cli_runner().invoke(args=["erasures", "show", case.folio])
    assert json.loads(shown.output) == receipt


def test_a_crash_between_entry_and_destruction_is_completed(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry stands and is heeded at once; the sweep destroys, and finds nothing more to do afterwards."""
    number, house = case.asked(), case.house
    shredder = house.shredder

    class Silent:
        """A store that does not answer."""

        def shred(self, _case: str) -> None:
            """Fail."""
            raise StoreUnavailable("silent")

    monkeypatch.setitem(house.__dict__, "shredder", Silent())
    _receipt, gone = erasing.approve(house, ApproveErasure(case.folio, number, case.director))
    assert gone is None
    assert not told(list(case.pages(case.place.client())))
    assert erasing.sweep(house)[1] == [(case.folio, "StoreUnavailable")]
    monkeypatch.setitem(house.__dict__, "shredder", shredder)
    done, failed = erasing.sweep(house)
    assert (len(done), failed) == (1, [])
    assert done[0].payloads > 0
    assert not told([everything(case.place)])
    assert erasing.sweep(house) == ([], [])
    run = case.place.app.test_cli_runner().invoke(args=["erasures", "run"])
    assert json.loads(run.output)["erasures"][0]["payloads"] == 0


def test_blocked_data_is_shown_to_who_answers_for_it(case: Case, tmp_path: Path) -> None:
    """Pages, search and packages hide it from everybody else; packages still verify and say that it is blocked."""
    case.house.cases.keeping.block(BlockData(case.folio, case.officer, WHY))
    for role in (Role.ESPECIALISTA, Role.SUPERVISOR, Role.AUDITOR_INTERNO):
        browser = case.place.client(role)
        assert not told(list(case.pages(browser)))
        assert browser.get(f"/casos/{case.folio}/entradas/2/archivos/0").status_code == 409
    officer = case.place.client(Role.DATOS_PERSONALES)
    assert WHO["rfc"] in officer.get(f"/casos/{case.folio}").text
    answer = officer.get(f"/casos/{case.folio}/entradas/2/archivos/0")
    assert answer.data == eml()
    answer.close()
    package = case.package(tmp_path / "bloqueado.zip")
    report = verify_bytes(package, case.house.vkey.text)
    assert report.verdict is Verdict.VALID
    assert "content.blocked" in codes(report)
    assert not told([data.decode("utf-8", "replace") for data in contents(package).values()])


@pytest.mark.parametrize("why", ["exports", "audits", "links", "mail"])
def test_what_is_in_use_is_neither_erased_nor_blocked(case: Case, why: str) -> None:
    """A package under way, a link that can be answered, a mail that has not left: refused by name, nothing written."""
    number, house, moment = case.asked(), case.house, case.place.clock()
    before, at = len(house.ledger.history(case.folio)), format_time(moment)
    if why in {"exports", "audits"}:
        kind = "export" if why == "exports" else "audit-export:AUD-1"
        house.jobs.add(JobRecord("j1", kind, case.actor.id, "waiting", 0, 0, {}, at, at))
    elif why == "links":
        paper = house.ledger.history(case.folio)[1].entry.objects[0]
        until = format_time(moment + timedelta(days=1))
        house.links.office.store.add_request(
            Request(
                "r-1",
                Purpose.SIGN,
                case.folio,
                "9",
                case.director.id,
                case.actor.id,
                paper,
                "c",
                until,
                at,
                status=Status.PENDING,
            )
        )
    else:
        house.outbox.enqueue(MailRequest("aviso", (Addressee("a@b.example"),), {}, "k", case.folio))
    for act in (
        lambda: erasing.approve(house, ApproveErasure(case.folio, number, case.director)),
        lambda: erasing.block(house, BlockData(case.folio, case.officer, WHY)),
    ):
        with pytest.raises(DataInUse) as refusal:
            act()
        assert refusal.value.fields["why"] == ("exports" if why == "audits" else why)
    assert len(house.ledger.history(case.folio)) == before


@pytest.mark.parametrize("how", ["erased", "blocked"])
def test_packages_of_other_cases_stay(case: Case, how: str) -> None:
    """What holds the case's data goes; a package of another case, or one made of this case since then, does not go."""
    other = case.house.cases.open_case(OpenCase("MA-001", case.actor, {**DATA, "ticket": "T-999"})).folio
    made = {folio: made_job(case, folio) for folio in (case.folio, other)}
    torn = made[other].with_name("j0.zip")
    torn.write_bytes(made[case.folio].read_bytes()[:-9])
    if how == "erased":
        case.erased()
    else:
        erasing.block(case.house, BlockData(case.folio, case.officer, WHY))
    assert {folio: path.exists() for folio, path in made.items()} == {case.folio: False, other: True}
    assert not torn.exists(), "nobody can say what it holds"
    since = made_job(case, case.folio)
    if how == "erased":
        erasing.sweep(case.house, whole=True)
    assert since.exists()


def test_a_package_that_an_erasure_overtook_is_made_anew(case: Case) -> None:
    """Nobody saw it under way when the erasure was approved: what is handed over heeds the erasure all the same."""
    command = ApproveErasure(case.folio, case.asked(), case.director)
    left = [command]

    def approving(done: int, total: int) -> None:
        if done == total and left:
            case.house.cases.keeping.approve(left.pop())

    package = contents(made_job(case, case.folio, approving).read_bytes())
    assert not left
    assert not told([data.decode("utf-8", "replace") for data in package.values()])


def made_job(case: Case, folio: str, progress: Progress = lambda _done, _total: None) -> Path:
    """Where the package of one case lies that a job has made."""
    auditor = Actor(case.place.user(Role.AUDITOR_INTERNO).id, "auditor_interno")
    args, at = package_args(Scope(folios=(folio,)), auditor), format_time(case.place.clock())
    task = JobRecord(f"j{next(NUMBERS)}", "export", auditor.id, "running", 0, 0, {}, at, at, args=args)
    made_package(case.house, task, progress)
    return package_file(case.house, task.id)


def test_the_pages_lead_from_request_to_refusal(case: Case) -> None:
    """The officer asks by the page; cannot approve it themselves; a hold placed meanwhile stops the director."""
    officer = case.place.client(Role.DATOS_PERSONALES)
    form = {"ground": "plazo_cumplido", "reason": WHY}
    early = officer.post_form(f"/casos/{case.folio}/datos/borrado", form)
    assert early.status_code == 409
    assert re.search(r"se conservan hasta el \d\d/\d\d/20\d\d\.", early.text)
    form["ground"] = "orden_autoridad"
    assert officer.post_form(f"/casos/{case.folio}/datos/borrado", form).status_code == 303
    assert case.folio in officer.get("/datos-personales").text
    seq = len(case.house.ledger.history(case.folio))
    yes = f"/casos/{case.folio}/datos/borrado/{seq}/autorizar"
    assert (
        officer.post_form(yes, {"folio": case.folio}).headers["Location"].startswith("/cuenta")
    )  # no second factor
    assert case.place.client(Role.SUPERVISOR).post_form(yes, {"folio": case.folio}).status_code == 403
    case.house.cases.keeping.place(PlaceHold(case.folio, case.director, WHY))
    with pytest.raises(CaseHeld):
        erasing.approve(case.house, ApproveErasure(case.folio, seq, case.director))
    assert not [
        item
        for item in case.house.ledger.history(case.folio)
        if item.entry.kind is EntryKind.ERASURE_EXECUTED
    ]


def test_the_director_approves_by_a_second_factor_and_the_folio(tmp_path: Path) -> None:
    """Proved just now, or it is asked for first; the folio typed; then the data is gone, and the page says so."""
    place = Installation(tmp_path / "data", {"CONSTANCIA_PUBLIC_URL": ADDRESS})
    case = Case(place)
    seq = case.asked()
    director = Person(place, place.user(Role.DIRECTOR))
    secret = app_of(place, director.user)
    director.enter()
    director.post("/entrar/segundo", {"codigo": code_of(place, secret)})
    place.clock.offset += timedelta(minutes=20)
    yes = f"/casos/{case.folio}/datos/borrado/{seq}/autorizar"
    assert "/cuenta/comprobar" in director.post(yes, {"folio": case.folio}).headers["Location"]
    assert director.post("/cuenta/comprobar", {"codigo": code_of(place, secret)}).status_code == 303
    wrong = director.post(yes, {"folio": "MA-001-2026-999999"})
    assert wrong.status_code == 422
    assert "No escribiste el folio" in wrong.text
    assert director.post(yes, {"folio": case.folio.lower()}).status_code == 303
    page = director.get(f"/casos/{case.folio}/datos").text
    assert "Constancia del borrado" in page
    assert "ya no existen" in page
    place.close()
