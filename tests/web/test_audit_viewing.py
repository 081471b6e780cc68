"""Everything an auditor is shown is a view: every address of the room, every page of the desk they may read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.audit_room import Room
from tests.fakes.installation import Installation
from web.viewing import _SILENT, _SILENT_GROUPS
from web.views.auditwords import view_word


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A fresh one."""
    place = Installation(tmp_path / "data")
    yield Room(place)
    place.close()


def test_every_address_of_the_room_is_logged_and_has_a_word(room: Room) -> None:
    """Each answer that shows something adds exactly one row, of that page, person and engagement."""
    address = room.open()
    assert room.freeze(address).status_code == 303
    assert room.draw(address).status_code == 303
    told = {"severity": "minor", "title": "Falta", "text": "Falta", "entries": f"{room.folios[0]}/1"}
    assert room.out.post_form(f"{address}/hallazgos", told).status_code == 303
    eid, views, walked = address.rsplit("/", 1)[1], room.place.house.room.views, set()
    parts = {"eid": eid, "folio": room.folios[0], "seq": "2", "number": "0", "pid": "P1", "sid": "S1", "fid": "F1",
             "form": "xlsx", "which": "pruebas"}  # fmt: skip
    for rule in room.place.app.url_map.iter_rules():
        if not rule.rule.startswith("/auditoria") or "GET" not in (rule.methods or set()):
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: parts.get(found[1], "x"), rule.rule)
        before = list(views.all())
        answer = room.out.get(path)
        rows = list(views.all())[len(before) :]
        if answer.status_code != 200:
            assert rows == [], path
            continue
        assert [(row.what, row.actor, row.engagement) for row in rows] == [
            (rule.endpoint, room.id_of("out@audit.example"), eid if "<eid>" in rule.rule else "")], path  # fmt: skip
        walked.add(rule.endpoint)
        assert view_word(rule.endpoint) != rule.endpoint
    assert len(walked) >= 24


def test_every_page_of_the_desk_that_an_internal_auditor_reads_is_logged(room: Room) -> None:
    """Whatever page is added later: who audits from inside is logged there too. The API's callers log themselves."""
    views, read = room.place.house.room.views, 0
    for rule in room.place.app.url_map.iter_rules():
        if rule.arguments or "GET" not in (rule.methods or set()):
            continue
        if rule.endpoint in _SILENT or rule.endpoint.partition(".")[0] in {*_SILENT_GROUPS, "api"}:
            continue
        before = len(list(views.all()))
        if room.inside.get(rule.rule).status_code == 200:
            rows = list(views.all())[before:]
            assert [(row.what, row.engagement) for row in rows] == [(rule.endpoint, "")], rule.rule
            read += 1
    assert read >= 10
    assert len(list(views.all())) >= read


def test_what_is_silent_shows_nothing_of_cases() -> None:
    """The list of what is not logged is written out here: an addition is somebody's deliberate act."""
    assert {"static", "jobs.show", "look.theme", "look.style_guide"} == _SILENT
    assert {"session", "health", "tlog", "requesting"} == _SILENT_GROUPS
