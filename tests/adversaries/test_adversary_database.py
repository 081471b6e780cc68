"""Whoever rules the database. What entries are is attacked in tests/storage/test_tampering.py; here is all the rest."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from identity.access import ACCESS_CASE
from identity.accounts import Role
from identity.sessions import digest
from tests.fakes.audit_room import Room
from tests.fakes.calling import System
from tests.fakes.dumps import dump
from tests.fakes.installation import PASSWORD
from tests.fakes.signing_room import SigningRoom

pytestmark = pytest.mark.embedded("it writes into the database files")


def _databases(data: Path) -> Iterator[sqlite3.Connection]:
    for path in sorted(data.rglob("*.sqlite3")):
        with closing(sqlite3.connect(path)) as database:
            yield database


def test_no_row_opens_a_door(letters: SigningRoom) -> None:
    """Passwords, session cookies, tokens, links and keys: of none is the text in any table, though each is in use."""
    place = letters.place
    letters.ask(letters.case())
    link = letters.token()
    system = System.of(place)
    client = place.app.test_client()
    token = client.get("/sesion", base_url="https://constancia.example").get_json()["csrf_token"]
    form = {"email": letters.specialist.email, "password": PASSWORD, "csrf_token": token}
    assert client.post("/entrar", data=form, base_url="https://constancia.example").status_code == 303
    session = place.house.sessions.start(letters.specialist.id)
    told = dump(place.settings.data)
    assert letters.specialist.email in told, "the dump is of this installation"
    assert digest(session) in told, "a session is a row"
    secrets = {
        "password": PASSWORD,
        "session": session,
        "token of the API": system.text,
        "link": link,
        "installation's secret": place.settings.secret_key,
        "signing key": place.settings.key_file.read_text().strip(),
    }
    assert [name for name, text in secrets.items() if text in told] == []


def test_a_role_written_into_the_table_is_in_no_entry(desk: Room) -> None:
    """It opens pages (whoever rules the tables rules who enters), and the log, which has no grant of it, says so."""
    accounts, mallory = desk.place.house.accounts, desk.id_of("laura@desk.example")
    for database in _databases(desk.place.settings.data):
        if database.execute("SELECT name FROM sqlite_master WHERE name = 'role_grant'").fetchone():
            columns = [row[1] for row in database.execute("PRAGMA table_info(role_grant)")]
            row = dict(
                zip(
                    columns,
                    database.execute("SELECT * FROM role_grant WHERE user_id = ?", (mallory,)).fetchone(),
                    strict=True,
                )
            )
            row |= {"role": str(Role.ADMINISTRADOR)}
            row.pop("id", None)
            marks = ", ".join("?" for _ in row)
            database.execute(
                f"INSERT INTO role_grant ({', '.join(row)}) VALUES ({marks})",  # noqa: S608 - the table's columns
                tuple(row.values()),
            )
            database.commit()
    assert desk.desk.get("/administracion/tokens").status_code == 200
    held = {
        (grant.user_id, str(grant.role))
        for user in accounts.everyone(desk.place.clock())
        for grant in accounts.grants(user.id)
    }
    granted = {
        (str(entry.entry.facts["subject"]), str(entry.entry.facts["role"]))
        for entry in desk.place.house.ledger.history(ACCESS_CASE)
        if str(entry.entry.kind) == "access.granted" and "role" in entry.entry.facts
    }
    assert held - granted == {(mallory, "administrador")}


def test_a_digest_put_in_the_place_of_a_session_names_its_victim_and_shows_on_their_page(desk: Room) -> None:
    """A session may be written into the table: it works until its account ends it, on the page where it is listed."""
    victim, listed = desk.id_of("boss@desk.example"), desk.boss.get("/cuenta").text.count("/cuenta/sesiones/")
    forged = desk.place.house.sessions.start(victim, "Navegador ajeno")
    assert desk.place.house.sessions.user(forged) is not None
    assert desk.boss.get("/cuenta").text.count("/cuenta/sesiones/") > listed, "the page lists it, to be ended"
    assert desk.boss.post_form("/cuenta/sesiones/cerrar").status_code == 303
    assert desk.place.house.sessions.user(forged) is None
    assert desk.boss.get_json("/sesion").get_json()["signed_in"] is True


def test_the_database_refuses_the_careless(desk: Room) -> None:
    """Without taking the triggers away no row of the log changes or goes, in whichever table of it."""
    assert desk.out.get(f"{desk.open()}/casos/{desk.folios[0]}").status_code == 200, "a look, to be a row"
    refused = []
    for database in _databases(desk.place.settings.data):
        for table in ("log_entry", "audit_view"):
            if not database.execute("SELECT name FROM sqlite_master WHERE name = ?", (table,)).fetchone():
                continue
            for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET rowid = rowid + 1000000"):  # noqa: S608
                try:
                    database.execute(statement)
                except sqlite3.DatabaseError:
                    refused.append(table)
    assert sorted(refused) == ["audit_view", "audit_view", "log_entry", "log_entry"]
