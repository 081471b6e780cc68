"""An auditor from outside who wants more than the engagement opens: other cases, other work, files."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.adversaries.walking import sealed, worked
from tests.fakes.audit_room import Room

QUERIES = (
    "proceso=MA-001",
    "proceso=MA-001&proceso=MA-006",
    "q=MA-001",
    "q=%25",
    "q='+OR+1%3D1--",
    "orden=folio%3B+DROP+TABLE+log_entry",
    "orden=-opened&pagina=99999999999999999999",
    "eid=2026-000001&alcance=todo",
)


def test_no_parameter_widens_the_scope(desk: Room) -> None:
    """An engagement over another process: whatever is asked of its lists and tables, no folio of ours is in them."""
    address = desk.open(process="MA-006")
    for page in ("/casos", "/casos/tabla.xlsx", "/poblaciones", "/bitacora", "/papeles.xlsx"):
        for query in QUERIES:
            answer = desk.out.get(f"{address}{page}?{query}")
            assert answer.status_code == 200, (page, query)
            told = _unpacked(answer.data)
            for folio in desk.folios:
                assert folio.encode() not in told, (page, query)
    for folio in desk.folios:
        for path in ("", "/entradas/1", "/entradas/2/archivos/0", "/entradas/2/bytes"):
            assert desk.out.get(f"{address}/casos/{folio}{path}").status_code == 404, path


def test_the_same_lists_name_what_the_scope_holds(desk: Room) -> None:
    """An engagement over their process: the list and both workbooks have the folios that are looked for above."""
    address = desk.open()
    assert desk.freeze(address).status_code == 303
    for page in ("/casos", "/casos/tabla.xlsx", "/poblaciones/P1"):
        told = _unpacked(desk.out.get(address + page).data)
        assert all(folio.encode() in told for folio in desk.folios), page


def _unpacked(answer: bytes) -> bytes:
    """A page as it is; of a workbook, whose members are compressed, what they say."""
    if not answer.startswith(b"PK"):
        return answer
    with zipfile.ZipFile(io.BytesIO(answer)) as book:
        return b"\n".join(book.read(name) for name in book.namelist())


def test_work_smuggled_into_another_engagement_stays_out(desk: Room) -> None:
    """Fields that name another engagement are not listened to: its chain is as long as before."""
    theirs = desk.open("other@audit.example").rsplit("/", 1)[1]
    mine = desk.open("out@audit.example")
    parts = worked(desk, mine, desk.out)
    ledger = desk.place.house.ledger
    before = len(ledger.history(f"audit:{theirs}"))
    form = {
        "eid": theirs,
        "engagement": theirs,
        "case": f"audit:{theirs}",
        "actor": desk.id_of("other@audit.example"),
    }
    finding = {
        **form,
        "severity": "minor",
        "title": "X",
        "text": "Un texto",
        "entries": f"{desk.folios[0]}/1",
    }
    assert desk.out.post_form(f"{mine}/hallazgos", finding).status_code == 303
    assert len(ledger.history(f"audit:{theirs}")) == before
    own = ledger.history(f"audit:{parts['eid']}")[-1].entry
    assert own.actor == desk.id_of("out@audit.example")


@pytest.mark.parametrize(
    "headers", [{}, {"Range": "bytes=0-9"}, {"If-None-Match": "*"}, {"X-Original-URL": "/bitacora"}]
)
def test_files_that_are_withheld_come_by_no_other_request(desk: Room, headers: dict[str, str]) -> None:
    """Without downloads: no range, conditional request, HEAD or header of a proxy brings a byte of one."""
    address = desk.open(downloads="")
    path = f"{address}/casos/{desk.folios[0]}/entradas/2/archivos/0"
    for method in ("GET", "HEAD"):
        answer = desk.out.client.open(path, method=method, headers=headers, buffered=True)
        assert answer.status_code == 403, (method, headers)
        assert b"\x89PNG" not in answer.data


def test_a_header_that_rewrites_the_address_is_not_listened_to(desk: Room) -> None:
    """What some proxies pass on opens nothing: the page asked for is the page judged."""
    for name in ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Forwarded-Uri"):
        answer = desk.out.client.get("/bitacora", headers={name: "/auditoria", "Accept": "application/json"})
        assert answer.status_code == 403, name
        answer = desk.out.client.get("/auditoria", headers={name: "/bitacora"})
        assert "Bitácora del registro" not in answer.text


def test_a_package_and_a_task_of_others_are_not_there(desk: Room) -> None:
    """The supervisor's export, by its task's number, in one's own engagement and outside it."""
    mine = desk.open("out@audit.example")
    asked = {"what": "engagement", "engagement": mine.rsplit("/", 1)[1]}
    job = desk.boss.post_form("/exportar", asked).headers["Location"].rsplit("/", 1)[1].split("?")[0]
    for path in (f"/exportar/{job}", f"/exportar/{job}/paquete"):
        assert desk.out.get(path).status_code == 403
        assert desk.out.get(f"{mine}{path}").status_code == 404
        assert desk.other.get(f"{mine}{path}").status_code == 404
    assert desk.out.get(f"/tareas/{job}").status_code == 404


def test_what_was_looked_at_is_told_whatever_the_auditor_does_with_it(desk: Room) -> None:
    """Cut off, by HEAD, in part or conditional: each is a look, and in the book before the answer leaves."""
    address = desk.open()
    eid, views = address.rsplit("/", 1)[1], desk.place.house.room.views
    path = f"{address}/casos/{desk.folios[0]}/entradas/2/archivos/0"
    for number, (method, headers) in enumerate(
        (("GET", {}), ("HEAD", {}), ("GET", {"Range": "bytes=0-0"}), ("GET", {"If-Modified-Since": "x"})),
        start=1,
    ):
        answer = desk.out.client.open(path, method=method, headers=headers)
        answer.close()
        told = [view for view in views.all(engagement=eid) if view.what == "auditcases.download"]
        assert len(told) == number, (method, headers)


def test_closing_reopening_and_new_terms_are_not_the_auditors(desk: Room) -> None:
    """The office's forms, with fields that would widen the terms: refused, sealed nowhere."""
    address = desk.open()
    before = sealed(desk)
    for path in ("/condiciones", "/cerrar", "/abrir", "/invitar"):
        form = {
            "downloads": "si",
            "expires": "2099-12-31",
            "process": "MA-006",
            "email": "x@audit.example",
            "reason": "x",
        }
        assert desk.out.post_form(address + path, form).status_code == 403
    assert sealed(desk) == before
