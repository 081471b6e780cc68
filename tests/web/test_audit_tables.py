"""The lists of the auditors' room: sorted and paged by links, exported as they were filtered, on any date."""

from __future__ import annotations

import html
import io
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from evidence.entry import parse_time
from tests.fakes.audit_room import NAME, YEAR, Room
from tests.fakes.installation import Browser, Installation
from web.pages import auditscope, auditsheets
from web.views import tables
from workflows.ports import CaseQuery, CaseRow, Page


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A fresh one."""
    place = Installation(tmp_path / "data")
    yield Room(place)
    place.close()


def worked(room: Room) -> str:
    """An engagement with something in every list."""
    address = room.open()
    assert room.freeze(address).status_code == 303
    assert room.draw(address).status_code == 303
    for n, severity in enumerate(("minor", "major")):
        told = {
            "severity": severity,
            "title": f"Falta {n}",
            "text": "Falta",
            "entries": f"{room.folios[n]}/1",
        }
        assert room.out.post_form(f"{address}/hallazgos", told).status_code == 303
    for n in range(2):
        asked = {
            "owner": room.id_of("laura@desk.example"),
            "due": f"{YEAR}-12-{10 + n}",
            "title": f"Acuse {n}",
        }
        assert room.out.post_form(f"{address}/solicitudes", asked).status_code == 303
    test = {"r.datos": "ok", "n.datos": "", "r.firma": "exception", "n.firma": "No está"}
    for folio in room.folios[:2]:
        assert room.out.post_form(f"{address}/muestras/S1/{folio}/pruebas", test).status_code == 303
    return address


def column(browser: Browser, address: str, number: int = 0, table: int = 0) -> list[str]:
    """A column of the first table of a page, or of another, as text."""
    bodies = browser.get(address).text.split("<tbody>")[1:]
    body = bodies[table].partition("</tbody>")[0] if len(bodies) > table else ""
    cells = [
        re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)
        for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    ]
    return [" ".join(re.sub(r"<[^>]+>", " ", html.unescape(row[number])).split()) for row in cells]


def sheet(browser: Browser, address: str) -> list[tuple[object, ...]]:
    """The rows of a spreadsheet, without its heading."""
    answer = browser.get(address)
    assert answer.status_code == 200, address
    rows = openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True)
    return list(rows)[1:]


LISTS = ("/casos", "/poblaciones", "/poblaciones/P1", "/muestras/S1", "/pruebas", "/hallazgos", "/solicitudes",
         "/bitacora", "/casos/{folio}/entradas", "/consultas")  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_every_list_sorts_by_links_and_exports(room: Room, path: str) -> None:
    """Each heading that is a link sorts by its column, then turns it round; the same rows come, and Excel has all."""
    address = worked(room) + path.format(folio=room.folios[0])
    room.out.get(address.replace("/consultas", ""))
    browser = room.boss if "consultas" in path else room.out
    page = browser.get(address).text
    links = re.findall(r'<a class="sorts" href="([^"]+)"', page)
    assert len(links) >= 2
    rows = sorted(column(browser, address, 1)) if "consultas" not in path else []
    for link in links:
        there = html.unescape(link)
        once = browser.get(there).text
        assert once.count("aria-sort=") == page.count("aria-sort="), there
        assert rows == [] or sorted(column(browser, there, 1)) == rows, there
        if rows:
            again = html.unescape(
                next(iter(re.findall(r'aria-sort="\w+"><a class="sorts" href="([^"]+)"', once)))
            )
            turned = browser.get(again).text
            assert re.findall('aria-sort="(\\w+)"', turned)[:1] != re.findall('aria-sort="(\\w+)"', once)[:1]
    excel = html.unescape(re.findall(r'href="([^"]+xlsx[^"]*)"', page)[0])
    total = len(column(browser, address))
    assert len(sheet(browser, excel)) in {total, total + 1}  # the page that was just read is a view as well


def test_a_spreadsheet_holds_what_was_filtered_in_the_order_seen(room: Room) -> None:
    """Filter and order go along: cases, tests, findings, requests and views."""
    address = worked(room)
    excel = f"{address}/casos/tabla.xlsx?orden=folio&q=nadie"
    assert sheet(room.out, excel) == []
    assert [row[0] for row in sheet(room.out, f"{address}/casos/tabla.xlsx?orden=-folio")] == room.folios[
        ::-1
    ]
    failed = sheet(room.out, f"{address}/tablas/pruebas.xlsx?resultado=exception&orden=-folio")
    assert [(row[1], row[3]) for row in failed] == [(folio, "excepción") for folio in room.folios[1::-1]]
    assert [row[0] for row in sheet(room.out, f"{address}/tablas/hallazgos.xlsx?orden=-gravedad")] == [
        "F2",
        "F1",
    ]
    assert [row[0] for row in sheet(room.out, f"{address}/tablas/hallazgos.xlsx?gravedad=minor")] == ["F1"]
    assert [row[0] for row in sheet(room.out, f"{address}/tablas/solicitudes.xlsx?orden=-para")] == [
        "R2",
        "R1",
    ]
    assert sheet(room.out, f"{address}/tablas/solicitudes.xlsx?ver=aceptadas") == []
    drawn = sheet(room.out, f"{address}/muestras/S1/tabla.xlsx?resultado=excepcion&orden=folio")
    assert [row[1] for row in drawn] == room.folios[:2]
    kinds = {row[1] for row in sheet(room.out, f"{address}/tablas/bitacora.xlsx?que=finding.raised")}
    assert len(kinds) == 1
    views = sheet(room.boss, f"{address}/consultas.xlsx?que=auditscope.table&orden=cuando")
    assert [row[0] for row in views] == sorted(row[0] for row in views)
    assert len(views) == 2


def test_pages_are_cut_by_key_and_a_place_that_is_none_is_refused(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With two rows a page the links lead through all of them once, whatever they are sorted by."""
    address = worked(room)
    monkeypatch.setattr(auditscope, "_ROWS", 2)
    short = lambda *parts, **named: tables.arrange(*parts, **named, rows=2)  # noqa: E731
    monkeypatch.setattr(auditsheets, "arrange", short)
    for path, order, expected in (
        ("/casos", "-folio", room.folios[::-1]),
        ("/poblaciones/P1", "-abierto", room.folios[::-1]),
        ("/bitacora", "numero", [str(n) for n in range(1, 12)]),
    ):
        table = 1 if path.endswith("P1") else 0  # samples come first there
        found, there = list[str](), f"{address}{path}?orden={order}"
        while there:
            found += column(room.out, there, table=table)
            onward = re.findall(r'rel="next" href="([^"#]+)', room.out.get(there).text)
            there = html.unescape(onward[0]) if onward else ""
        assert [cell.split()[0] for cell in found] == expected, path
        assert room.out.get(f"{address}{path}?orden={order}&desde=zzz").status_code == 400
    assert room.boss.get(f"{address}/consultas?desde=zzz").status_code == 400


def test_addresses_with_members_of_no_page_are_harmless(room: Room) -> None:
    """What somebody adds to an address neither breaks a page nor leads its links elsewhere."""
    address = worked(room)
    for path in LISTS:
        there = f"{address}{path.format(folio=room.folios[0])}?eid=otra&_external=1&_scheme=ftp&_anchor=x&folio=x&pid=x"
        page = room.boss.get(there)
        assert page.status_code == 200, path
        assert "ftp://" not in page.text


def test_a_case_is_shown_as_of_any_date_wherever_it_is_shown(room: Room) -> None:
    """Lists, the frozen population, the sample, the walk, the table of entries and an entry agree on the date."""
    address, folio = worked(room), room.folios[0]
    history = room.place.house.ledger.history(folio)
    zone = room.place.house.settings.tz
    opened = parse_time(history[0].entry.at).astimezone(zone)
    between = (opened + (parse_time(history[1].entry.at) - parse_time(history[0].entry.at)) / 2).astimezone(
        zone
    )
    when = between.replace(tzinfo=None).isoformat()
    ago = (opened - timedelta(days=1)).replace(tzinfo=None).isoformat()[:16]
    assert column(room.out, f"{address}/casos?a_la_fecha={ago}") == []
    assert "todavía no se abría" in room.out.get(f"{address}/poblaciones/P1?a_la_fecha={ago}").text
    assert "todavía no se abría" in room.out.get(f"{address}/muestras/S1?a_la_fecha={ago}").text
    assert room.out.get(f"{address}/casos/{folio}?a_la_fecha={ago}").status_code == 404
    assert room.out.get(f"{address}/casos/{folio}/entradas/1?a_la_fecha={ago}").status_code == 404
    assert len(column(room.out, f"{address}/casos/{folio}/entradas")) == 2
    assert len(column(room.out, f"{address}/casos/{folio}/entradas?a_la_fecha={when}")) == 1
    assert room.out.get(f"{address}/casos/{folio}/entradas/2?a_la_fecha={when}").status_code == 404
    assert room.out.get(f"{address}/casos/{folio}/entradas/1?a_la_fecha={when}").status_code == 200
    now = {row[0]: row for row in sheet(room.out, f"{address}/poblaciones/P1/lista.xlsx")}[folio]
    then = {row[0]: row for row in sheet(room.out, f"{address}/poblaciones/P1/lista.xlsx?a_la_fecha={when}")}[
        folio
    ]
    assert now[:3] == then[:3]
    assert now[6] != then[6]
    walk = room.out.get(f"{address}/casos/{folio}?a_la_fecha={when}&muestra=S1").text
    onward = [
        html.unescape(link) for link in re.findall(r'data-go="(?:next|previous)-case" href="([^"]+)"', walk)
    ]
    assert onward
    assert all("a_la_fecha=" in link for link in onward)


def test_filters_by_state_are_of_the_date_too(room: Room) -> None:
    """What is closed today was open then: the filter asks what was so on the date, not what is so today."""
    address = worked(room)
    index = room.place.house.index

    class Closed:
        """An index that has every case closed today."""

        def find(self, query: CaseQuery) -> Page[CaseRow]:
            found = index.find(query)
            return replace(found, rows=tuple(replace(row, closed=True) for row in found.rows))

        def get(self, folio: str) -> CaseRow | None:
            row = index.get(folio)
            return replace(row, closed=True) if row else None

    room.place.house.__dict__["index"] = Closed()
    then = (room.place.clock().astimezone(room.place.house.settings.tz)).replace(tzinfo=None).isoformat()[:16]
    later = f"{int(then[:4]) + 1}{then[4:]}"
    assert len(column(room.out, f"{address}/casos?estado=abiertos&a_la_fecha={later}")) == 3
    assert column(room.out, f"{address}/casos?estado=cerrados&a_la_fecha={later}") == []


def test_what_a_refused_form_and_a_part_of_a_file_show_is_logged(room: Room) -> None:
    """A page shown again after a refusal, and the rest of a broken download, are views like any other."""
    address = worked(room)
    eid = address.rsplit("/", 1)[1]
    views = room.place.house.room.views

    def told() -> list[tuple[str, str]]:
        return [(view.what, view.subject) for view in views.all(engagement=eid)]

    folio = room.folios[0]
    before = len(told())
    refused = room.out.post_form(
        f"{address}/muestras/S1/{folio}/pruebas", {"r.datos": "exception", "n.datos": ""}
    )
    assert (refused.status_code, NAME in refused.text) == (422, True)
    assert told()[before:] == [("auditfield.test", f"{folio}/S1")]
    room.out.get(f"{address}/casos/{folio}/entradas/2/archivos/0/vista?pagina=1")
    assert told()[-1] == ("auditcases.preview", f"{folio}/2/0/1")


def test_a_broken_download_of_a_package_goes_on_and_is_logged(room: Room) -> None:
    """The rest of the file is had by a range; both requests are views."""
    address = worked(room)
    place = str(room.out.post_form(f"{address}/exportar", {"sample": "encargo"}).headers["Location"])
    for _try in range(600):
        if f"{place}/paquete" in room.out.get(place).text:
            break
        time.sleep(0.1)
    whole = room.out.get(f"{place}/paquete")
    rest = room.out.client.get(
        f"{place}/paquete", headers={"Range": "bytes=100-", "If-Range": whole.headers["ETag"]}
    )
    assert (rest.status_code, rest.data) == (206, whole.data[100:])
    taken = [v for v in room.place.house.room.views.all() if v.what == "auditlog.package"]
    assert len(taken) == 2


def test_without_downloads_no_list_is_taken_out(room: Room) -> None:
    """No list shows its button, and its address refuses."""
    address = room.open(downloads="")
    room.freeze(address)
    room.draw(address)
    for path in ("/casos", "/poblaciones", "/bitacora", "/muestras/S1", "/poblaciones/P1"):
        assert "xlsx" not in room.out.get(address + path).text, path
    for which in ("poblaciones", "muestras", "pruebas", "hallazgos", "solicitudes", "bitacora"):
        assert room.out.get(f"{address}/tablas/{which}.xlsx").status_code == 403
    assert room.out.get(f"{address}/casos/{room.folios[0]}/entradas.xlsx").status_code == 403
    assert room.boss.get(f"{address}/tablas/nada.xlsx").status_code == 404
