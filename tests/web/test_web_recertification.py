"""The quarterly review of this system's own users: its page, inbox, commands, spreadsheet, and the auditors' view."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from audit_exports.verify import main as verify_main
from evidence.canonical import Json
from identity.accounts import Role, User
from identity.recertification import RowState
from tests.fakes.audit_room import Room
from tests.fakes.installation import Browser, Installation, MovingClock
from web.jobs import Steward, keep_access

PAGE = "/revision-de-accesos"


class Desk:
    """Two who review and one who is reviewed."""

    def __init__(self, place: Installation) -> None:
        self.place = place
        self.admin = place.client(Role.ADMINISTRADOR)
        self.boss = place.client(Role.DIRECTOR)
        self.ana = place.user(Role.ESPECIALISTA, name="Ana Peña")

    def open(self, days: int = 10) -> None:
        """A review of the administrator's."""
        day = (self.place.clock() + timedelta(days=days)).date().isoformat()
        owner = self.place.user(Role.ADMINISTRADOR)
        answer = self.admin.post_form(PAGE + "/abrir", {"owner": owner.id, "due": day})
        assert answer.status_code == 303, answer.text

    def decide(self, browser: Browser, whom: User, what: str, reason: str = "sigue en su puesto") -> int:
        """The form of one person's row."""
        (review,) = [one.id for one in self.place.house.reviews.all()][-1:]
        role = min(str(grant.role) for grant in self.place.house.accounts.grants(whom.id))
        form = {"subject": whom.id, f"role-{role}": what, "reason": reason}
        return browser.post_form(f"{PAGE}/{review}/decidir", form).status_code


@pytest.fixture
def desk(place: Installation) -> Desk:
    """See the class."""
    return Desk(place)


def test_from_opening_to_the_last_decision(desk: Desk) -> None:
    """The page names everybody and the consequence; each decision shows who, why and its entry; then it is over."""
    assert "Todavía no hay ninguna revisión" in desk.admin.get(PAGE).text
    desk.open()
    page = desk.admin.get(PAGE).text
    assert "Ana Peña" in page
    assert "se suspenden solas" in page
    assert desk.decide(desk.admin, desk.ana, "keep") == 303
    page = desk.admin.get(PAGE).text
    assert "sigue en su puesto" in page
    assert "/casos/system:access/entradas/" in page.replace("%3A", ":")
    assert desk.decide(desk.admin, desk.place.user(Role.DIRECTOR), "keep") == 303
    assert desk.decide(desk.boss, desk.place.user(Role.ADMINISTRADOR), "keep") == 303
    assert "terminada" in desk.admin.get(PAGE).text
    assert not desk.place.house.reviews.all()[-1].open


def test_who_decides_on_themselves_is_told_and_what_was_typed_stays(desk: Desk) -> None:
    """The page again, 403; without a reason 422; nothing is sealed."""
    desk.open()
    assert desk.decide(desk.admin, desk.place.user(Role.ADMINISTRADOR), "keep") == 403
    assert desk.decide(desk.admin, desk.ana, "remove", " ") == 422
    assert "La decide otra persona" in desk.admin.get(PAGE).text
    assert desk.place.house.reviews.all()[-1].count(RowState.PENDING) == 3


def test_a_person_removed_is_out_at_once(desk: Desk) -> None:
    """Their session opens nothing from then on."""
    ana = desk.place.client(Role.ESPECIALISTA)
    assert ana.get("/casos").status_code == 200
    desk.open()
    assert desk.decide(desk.admin, desk.ana, "remove", "dejó la empresa") == 303
    assert ana.get("/casos").status_code == 403


def test_the_steward_suspends_what_nobody_decided(desk: Desk) -> None:
    """By itself, visibly, with the way back on the page."""
    desk.open(days=1)
    desk.decide(desk.admin, desk.place.user(Role.DIRECTOR), "keep")
    desk.decide(desk.boss, desk.place.user(Role.ADMINISTRADOR), "keep")
    desk.place.clock.offset += timedelta(days=3)
    steward = Steward(desk.place.house)
    (duty,) = [one for one in steward.duties if one.name == "access"]
    duty.work(desk.place.house)
    boss, admin = desk.place.client(Role.DIRECTOR), desk.place.client(Role.ADMINISTRADOR)
    page = admin.get(PAGE).text
    assert "suspendida por silencio" in page
    assert desk.place.house.accounts.get(desk.ana.id, desk.place.clock()).roles == frozenset()  # type: ignore[union-attr]
    assert "Revisión de accesos" in boss.get("/").text
    assert desk.decide(boss, desk.ana, "keep") == 303
    assert desk.place.house.accounts.get(desk.ana.id, desk.place.clock()).roles == {Role.ESPECIALISTA}  # type: ignore[union-attr]


def test_the_inbox_says_what_waits_and_what_is_owed(desk: Desk) -> None:
    """To who decides, and to nobody else; a quarter without a review is said, too."""
    assert "Ir a la revisión" not in desk.admin.get("/").text
    desk.open()
    assert "Ir a la revisión" in desk.admin.get("/").text
    assert "Ir a la revisión" not in desk.place.client(Role.ESPECIALISTA).get("/").text
    for whom, by in ((desk.ana, desk.admin), (desk.place.user(Role.DIRECTOR), desk.admin)):
        desk.decide(by, whom, "keep")
    assert "Ir a la revisión" not in desk.admin.get("/").text
    assert "Ir a la revisión" in desk.boss.get("/").text
    desk.decide(desk.boss, desk.place.user(Role.ADMINISTRADOR), "keep")
    desk.place.clock.offset += timedelta(days=95)
    assert "Falta abrir la revisión trimestral" in desk.place.client(Role.ADMINISTRADOR).get("/").text


def to_noon(clock: MovingClock) -> None:
    """To the next noon of the desk: a deadline ends with a day there, and days are counted back from it."""
    here = clock().astimezone(ZoneInfo("America/Mexico_City"))
    noon = datetime.combine(here.date() + timedelta(days=1), time(12), here.tzinfo)
    clock.offset += noon - here


def test_mails_come_once_a_mark_and_at_the_end_to_everybody_who_decides(tmp_path: Path) -> None:
    """Seven days and two before it to who answers; on the last day, and when it is over, to the others, too."""
    place = Installation(tmp_path / "data", {"CONSTANCIA_PUBLIC_URL": "http://localhost:5000"})
    to_noon(place.clock)
    desk = Desk(place)

    def asked() -> list[str]:
        keep_access(place.house)
        keep_access(place.house)
        found = [mail.request for mail in place.house.outbox.latest(20)]
        assert {one.template for one in found} <= {"revision_accesos"}
        return sorted(one.key.split("/", 2)[2].split("/")[0] for one in found)

    desk.open()
    assert asked() == []
    for days, wanted in ((4, ["7"]), (5, ["2", "7"]), (1, ["1", "1", "2", "7"])):
        place.clock.offset += timedelta(days=days)
        assert asked() == wanted
    place.clock.offset += timedelta(days=2)
    assert asked() == ["0", "1", "1", "2", "7"]  # who answers; the others' roles were suspended with the rest
    place.close()


@pytest.mark.parametrize("role", [Role.ESPECIALISTA, Role.SUPERVISOR, Role.AUDITOR_EXTERNO, Role.CAPTURISTA])
def test_others_see_nothing_of_it(desk: Desk, role: Role) -> None:
    """403; an internal auditor reads and decides nothing."""
    assert desk.place.client(role).get(PAGE).status_code == 403
    desk.open()
    auditor = desk.place.client(Role.AUDITOR_INTERNO)
    assert auditor.get(PAGE).status_code == 200
    assert desk.decide(auditor, desk.ana, "keep") == 403


def test_the_spreadsheet_has_every_decision(desk: Desk) -> None:
    """One row a role: state, who, when, why, entry."""
    desk.open()
    desk.decide(desk.admin, desk.ana, "keep", "=sigue en la mesa")
    content = desk.admin.get(PAGE + "/tabla.xlsx", buffered=True).data
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    (mine,) = [row for row in rows if row[1] == "Ana Peña"]
    assert mine[4] == "se conserva"
    assert str(mine[7]).endswith("=sigue en la mesa")
    assert sheet.cell(rows.index(mine) + 1, 8).data_type == "s"
    assert len([row for row in rows if row[4] == "por decidir"]) == 2


def test_auditors_find_it_in_their_room(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Those of an engagement read it, logged as all they see; names and reasons are withheld where the terms say."""
    place = Installation(tmp_path_factory.mktemp("room") / "data")
    room = Room(place)
    desk = Desk(place)
    desk.open()
    desk.decide(desk.admin, desk.ana, "keep", "motivo muy particular")
    address = room.open("out@audit.example")
    page = room.out.get(f"{address}/accesos")
    assert page.status_code == 200
    assert "motivo muy particular" in page.text
    assert room.other.get(f"{address}/accesos").status_code == 404
    assert room.out.get(f"{address}/accesos.xlsx", buffered=True).status_code == 200
    page = room.out.get(f"{room.open('out@audit.example', masked='si')}/accesos").text
    assert "motivo muy particular" not in page
    assert "Ana Peña" not in page
    assert desk.ana.id in page
    place.close()


def _run(place: Installation, *arguments: str, code: int = 0) -> dict[str, Json]:
    found = place.app.test_cli_runner().invoke(args=["recertification", *arguments])
    assert found.exit_code == code, found.output
    told = json.loads(found.stdout)
    assert isinstance(told, dict)
    return told


def test_the_same_from_the_console(desk: Desk) -> None:
    """Opened, decided, refused, shown and run; who acted is a claim and said to be one."""
    place, admin, boss = desk.place, desk.place.user(Role.ADMINISTRADOR), desk.place.user(Role.DIRECTOR)
    day = (place.clock() + timedelta(days=9)).date().isoformat()
    none = _run(place, "show", code=1)["error"]
    assert isinstance(none, dict)
    assert (none["code"], "flask recertification open" in str(none["advice"])) == ("review_none", True)
    made = _run(place, "open", "--owner", admin.email, "--due", day)
    assert made["pending"] == 3
    words = ["decide", "--actor", admin.email, "--reason", "sigue en su puesto"]
    _run(place, *words, "--email", desk.ana.email, "--keep", "especialista")
    _run(place, *words, "--email", admin.email, "--keep", "administrador", code=1)
    _run(place, *words, "--email", boss.email, "--keep", "director")
    assert _run(place, "run") == {"ended": 0}
    assert _run(place, "show")["pending"] == 1


def test_a_role_given_until_a_day_from_the_console(desk: Desk) -> None:
    """`users grant --until`: held to the end of that day, then over by itself and told by `recertification run`."""
    place = desk.place
    day = (place.clock() + timedelta(days=2)).date().isoformat()
    words = ["users", "grant", "--email", desk.ana.email, "--role", "cpanel"]
    runner = place.app.test_cli_runner()
    assert runner.invoke(args=[*words, "--until", day]).exit_code == 0
    assert runner.invoke(args=[*words, "--until", day]).exit_code == 0
    again = runner.invoke(args=[*words, "--until", "2099-01-01"])
    assert json.loads(again.stdout)["error"]["code"] == "role_held"
    past = runner.invoke(
        args=["users", "grant", "--email", desk.ana.email, "--role", "capturista", "--until", "2020-01-01"]
    )
    assert json.loads(past.stdout)["error"]["code"] == "term_invalid"
    place.clock.offset += timedelta(days=4)
    assert Role.CPANEL not in place.house.accounts.get(desk.ana.id, place.clock()).roles  # type: ignore[union-attr]
    assert _run(place, "run") == {"ended": 1}


def test_a_package_with_reviewed_accesses_verifies(tmp_path: Path) -> None:
    """The chain travels whole: decisions and silence are among its entries, and the offline verdict is valid."""
    place = Installation(tmp_path / "data")
    room, desk = Room(place), Desk(place)
    desk.open(days=1)
    desk.decide(desk.admin, desk.ana, "keep", "motivo muy particular")
    place.clock.offset += timedelta(days=3)
    assert place.house.reviews.run() > 3
    out, runner = tmp_path / "caso.zip", place.app.test_cli_runner()
    made = runner.invoke(args=["packages", "export", "--case", room.folios[0], "--out", str(out)])
    assert made.exit_code == 0, made.output
    report = verify_main([str(out), "--vkey", place.house.vkey.text, "--json"])
    assert report == 0
    with zipfile.ZipFile(out) as package:
        inside = b"".join(package.read(name) for name in package.namelist() if "/personas/" in name)
    assert b"recertification.expired" in inside
    assert b"motivo muy particular" not in inside
    place.close()
