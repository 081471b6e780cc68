"""Commands for lists, days off, contacts, posts with papers and backups: the same services as the pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfWriter

from identity.accounts import Role
from tests.fakes.installation import Installation


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


def run(place: Installation, *args: str, code: int = 0) -> Any:
    """A command's JSON."""
    result = place.app.test_cli_runner().invoke(args=args)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_lists_and_days_off_by_command(place: Installation) -> None:
    """Published, shown at a moment, refused when stale; a day off comes and goes while it is to come."""
    codes = [row["catalogue"] for row in run(place, "catalogues", "list")["catalogues"]]
    assert {"paquetes", "zonas", "dias_inhabiles"} <= set(codes)
    items = json.dumps({"items": [{"code": "3", "name": "Paquete 3", "note": "lo pidió Ana"}]})
    assert run(place, "catalogues", "publish", "paquetes", "--items", items)["version"] == "2"
    shown = run(place, "catalogues", "show", "paquetes")
    assert [(item["code"], item["note"]) for item in shown["items"]] == [("3", "lo pidió Ana")]
    stale = run(
        place, "catalogues", "publish", "paquetes", "--items", items, "--based-on", "2025-12-15", code=1
    )
    assert stale["error"]["code"] == "catalogue_stale"
    assert run(place, "catalogues", "show", "nada", code=1)["error"]["code"] == "no_such_catalogue"
    table = place.house.calendar
    day = table.next_business_day(table.local_day(place.clock()) + timedelta(days=3)).isoformat()
    assert (
        run(place, "calendar", "add-holiday", "--date", day, "--name", "Fiesta")["calendar"] == "mx-2026-1-r2"
    )
    assert {"date": day, "name": "Fiesta", "company": True} in run(place, "calendar", "show")["days"]
    assert run(place, "calendar", "remove-holiday", "--date", day)["version"] == "3"
    assert run(place, "calendar", "remove-holiday", "--date", day, code=1)["error"]["code"] == "no_such_day"


def test_contacts_hold_posts_and_deciders_need_papers_by_command(place: Installation, tmp_path: Path) -> None:
    """Added, corrected, appointed by address; a delegate with a document; a backup that ends."""
    contact = run(place, "contacts", "add", "--name", "Marcela Rios", "--email", "m@zona.example")
    changed = run(place, "contacts", "change", "--id", contact["id"], "--name", "Marcela Ríos")
    assert changed == {**contact, "name": "Marcela Ríos"}
    assert run(place, "contacts", "list", "--json")["contacts"] == [changed]
    run(place, "posts", "appoint", "--post", "asistente_acapulco", "--email", "m@zona.example")
    director, ana = place.user(Role.DIRECTOR).email, place.user().email
    run(place, "posts", "appoint", "--post", "director_general", "--email", director)
    backup = ("posts", "backup", "--email", ana, "--for", director)
    assert run(place, *backup, code=1)["error"]["code"] == "paper_missing"
    paper = tmp_path / "nombramiento.pdf"
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(paper)
    run(place, *backup, "--file", str(paper))
    listed = run(place, "posts", "list", "--json")
    assert ("asistente_acapulco", "Marcela Ríos") in [(row["post"], row["name"]) for row in listed["posts"]]
    assert [bool(row["paper"]) for row in listed["backups"]] == [True]
    end = ("posts", "end-backup", "--email", ana, "--for", director)
    run(place, *end)
    assert run(place, *end, code=1)["error"]["code"] == "no_such_backup"
