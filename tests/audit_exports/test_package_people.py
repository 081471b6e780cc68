"""Who is who in a package: names and roles from system:access, and no data of anybody else."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_exports.builder import ExportRefused
from audit_exports.people import ACCESS, Naming, Roster, people_of
from audit_exports.recount import without_role
from evidence.entry import EntryDraft, EntryKind, SealedEntry, seal
from evidence.findings import Verdict
from tests.audit_exports.resealing import codes, contents, reseal, verify_bytes
from tests.audit_exports.sample_desk import EMAIL, NAME, ORIGIN, STRANGER, Desk, definition_source
from workflows.commands import Actor
from workflows.definition import Definition
from workflows.loader import load

CASE = "ZZ-001-2026-000001"
ELENA = Actor("u_e1e4", "supervisor", via="console", os_user="ops")


def packed(desk: Desk, folder: Path) -> bytes:
    """The desk's package as of now."""
    desk.publish()
    desk.export(folder / "p.zip")
    return (folder / "p.zip").read_bytes()


def table(files: dict[str, bytes], sheet: str) -> list[dict[str, object]]:
    """A sheet of the workbook, rows by heading."""
    book = openpyxl.load_workbook(io.BytesIO(files["data/workbook.xlsx"]))
    heads, *body = [[cell.value for cell in row] for row in book[sheet].iter_rows()]
    return [dict(zip(map(str, heads), row, strict=True)) for row in body]


def timeline(files: dict[str, bytes]) -> list[dict[str, str]]:
    """The first case's timeline, rows by heading."""
    text = files[f"data/casos/{CASE}/linea-de-tiempo.csv"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def readable(files: dict[str, bytes]) -> dict[str, bytes]:
    """What people open: pages, tables, workbook."""
    return {name: data for name, data in files.items() if name.endswith((".html", ".csv", ".xlsx"))}


def erase(desk: Desk, leaf: str) -> None:
    """Destroy a payload."""
    for row in desk.ledger.rows:
        if row.sealed.leaf == leaf:
            row.sealed = replace(row.sealed, payload_bytes=None, salt=None)


def test_names_stand_beside_ids_wherever_people_read(files: dict[str, bytes]) -> None:
    """Case page, index, people page, timeline and sheets say who, and keep the id for whoever follows it."""
    for page in (f"data/casos/{CASE}/index.html", "data/index.html", "data/personas/index.html"):
        assert f'{NAME} · <span class="mono">u_7f2a</span>'.encode() in files[page]
    assert {(row["actor"], row["nombre_del_actor"]) for row in timeline(files)} == {("u_7f2a", NAME)}
    for sheet in ("Cadena", "Evidencias"):
        assert {(row["actor"], row["nombre del actor"]) for row in table(files, sheet)} == {("u_7f2a", NAME)}
    assert {(row["abrió"], row["id de quien abrió"]) for row in table(files, "Casos")} == {(NAME, "u_7f2a")}
    done = [row for row in table(files, "Matriz de pasos") if row["entradas"]]
    assert {row["nombre del actor"] for row in done} == {NAME}


def test_addresses_are_in_no_page_or_table(files: dict[str, bytes]) -> None:
    """An e-mail address travels in the sealed payload, which cannot be cut, and nowhere else: the name suffices."""
    assert EMAIL.encode() in files["data/personas/payloads/1.json"]
    assert [name for name, data in files.items() if EMAIL.encode() in data] == [
        "data/personas/payloads/1.json"
    ]


def test_people_who_do_not_appear_are_withheld(files: dict[str, bytes], package: bytes, vkey: str) -> None:
    """The chain is whole, so that roles can be checked; payload and salt of others stay in the house.

    Only the list of who has which access names their opaque ids: an access review that left people out would be none.
    """
    assert STRANGER.encode() in files["data/personas/entries/2.json"]
    assert "data/personas/payloads/2.json" not in files
    assert "data/personas/payloads/2.salt" not in files
    assert b"Ramiro" not in package
    assert b"ramiro" not in package
    told = {name for name, data in readable(files).items() if STRANGER.encode() in data}
    assert told == {"data/accesos_sistema.csv", "data/workbook.xlsx"}
    assert [row["nombre"] for row in table(files, "Accesos") if row["id"] == STRANGER] == [""]
    assert verify_bytes(package, vkey).verdict is Verdict.VALID


def test_a_payload_about_somebody_else_is_found(
    sample: tuple[Desk, Path], files: dict[str, bytes], vkey: str
) -> None:
    """True as it is, it has no place here."""
    item = sample[0].ledger.history(ACCESS)[1]
    assert item.payload_bytes is not None
    added = {"data/personas/payloads/2.json": item.payload_bytes, "data/personas/payloads/2.salt": item.salt}
    report = verify_bytes(reseal(files, added), vkey)
    assert (report.verdict, codes(report)) == (Verdict.INVALID, {"person.unneeded"})


def test_a_withheld_payload_of_somebody_who_acts_is_found(files: dict[str, bytes], vkey: str) -> None:
    """Who acts cannot be made nameless without an erasure that says so."""
    gone = dict.fromkeys(["data/personas/payloads/1.json", "data/personas/payloads/1.salt"])
    assert "payload.missing" in codes(verify_bytes(reseal(files, gone), vkey))


def test_a_gap_in_the_chain_of_access_is_found(files: dict[str, bytes], vkey: str) -> None:
    """No entry can be left out before another one."""
    gone = [name for name in files if "personas/" in name and "/1." in name]
    gone.append("data/cadena/proofs/system-access-1.tlog-proof")
    assert {"chain.seq_not_dense", "chain.prev_differs"} <= codes(
        verify_bytes(reseal(files, dict.fromkeys(gone)), vkey)
    )


def test_an_end_cut_off_is_found_where_pages_were_not_remade(files: dict[str, bytes], vkey: str) -> None:
    """The commitment to heads says how long the chain is, and so does the page of people."""
    gone = dict.fromkeys(["data/personas/entries/2.json", "data/cadena/proofs/system-access-2.tlog-proof"])
    assert codes(verify_bytes(reseal(files, gone), vkey)) == {"heads.not_whole", "derived.differs"}


def test_whom_one_acts_for_and_parties_to_duties_are_people_too(desk: Desk, tmp_path: Path) -> None:
    """Everybody an entry names is named, and counted apart from who made it."""
    desk.access("u_b055", "director", "Beatriz Jefa")
    desk.access("u_50c1", "especialista", "Tomás Solicitante")
    facts = {"acting_for": "u_b055", "parties": {"solicita": "u_50c1", "autoriza": 7}}
    desk.record(CASE, "3", facts=facts)
    package = packed(desk, tmp_path)
    files = contents(package)
    assert verify_bytes(package, desk.vkey).findings == ()
    people = {row["id"]: row for row in table(files, "Personas")}
    assert [(people[key]["nombre"], people[key]["entradas"], people[key]["entradas que la nombran"])
            for key in sorted(people)] == [
        ("Tomás Solicitante", 0, 1), (NAME, 6, 0), ("Beatriz Jefa", 0, 1)
    ]  # fmt: skip
    assert timeline(files)[-1]["nombre_de_quien_representa"] == "Beatriz Jefa"
    assert "por cuenta de</span>" in files[f"data/casos/{CASE}/index.html"].decode()


def test_roles_are_held_against_the_chain(desk: Desk, tmp_path: Path) -> None:
    """Before the grant, after the revocation, never granted: a notice each, on page and sheet too; never silence."""
    desk.record(CASE, "3", actor=ELENA, facts={"via": "console"})
    desk.access(ELENA.id, ELENA.role, "Elena Ruiz")
    desk.record(CASE, "3", actor=ELENA)
    desk.access(ELENA.id, ELENA.role, "Elena Ruiz", kind=EntryKind.ACCESS_REVOKED)
    desk.record(CASE, "3", actor=ELENA)
    desk.access(ELENA.id, ELENA.role, "Elena Ruiz")
    desk.record(CASE, "3", actor=ELENA)
    desk.record(CASE, "3", actor=replace(ELENA, role="director"))
    package = packed(desk, tmp_path)
    report = verify_bytes(package, desk.vkey)
    assert (report.verdict, codes(report)) == (Verdict.VALID, {"role.not_granted"})
    assert [finding.subject for finding in report.findings] == [f"{CASE}/{seq}" for seq in (5, 7, 9)]
    assert "via console" in report.findings[0].found
    files = contents(package)
    entries = {row["clave"]: row["rol otorgado"] for row in table(files, "Cadena")}
    assert [entries[f"{CASE}/{seq}"] for seq in range(4, 10)] == ["sí", "no", "sí", "no", "sí", "no"]
    assert [row["rol_otorgado"] for row in timeline(files)[4:]] == ["no", "sí", "no", "sí", "no"]
    assert files[f"data/casos/{CASE}/index.html"].count(b'chip bad"><span lang="es">Rol no otorgado') == 3
    row = next(row for row in table(files, "Personas") if row["id"] == ELENA.id)
    assert (row["entradas"], row["entradas sin rol vigente"]) == (5, 3)
    grants = str(row["roles y fechas (UTC)"]).split("; ")
    assert len(grants) == 2
    assert grants[0].startswith("supervisor: 2026-")
    assert grants[1].endswith("vigente")
    assert row["primera concesión"] == f"{ACCESS}/3"


def test_who_was_asked_by_link_needs_no_role_and_nobody_else_may_answer(desk: Desk, tmp_path: Path) -> None:
    """The request names its person, or whom that person delegated to; before it, and of others, it allows nothing."""
    asked, deputy, other = (replace(ELENA, id=name, role="director") for name in ("p-1", "p-2", "p-3"))
    about = {"request": "r-1", "signatory": asked.id}
    desk.record(CASE, "3", actor=asked, facts=about)
    desk.record(CASE, "3", facts=about, kind=EntryKind.SIGNATURE_REQUESTED)
    for actor in (asked, other, deputy):
        desk.record(CASE, "3", actor=actor, facts=about)
    delegated = {"request": "r-1", "signatory": asked.id, "delegate": deputy.id}
    desk.record(CASE, "3", actor=asked, facts=delegated, kind=EntryKind.SIGNATURE_DELEGATED)
    for actor in (deputy, other):
        desk.record(CASE, "3", actor=actor, facts=about)
    desk.record(CASE, "3", actor=deputy, facts={**about, "request": "r-2"})
    files = contents(packed(desk, tmp_path))
    assert [row["rol_otorgado"] for row in timeline(files)[-9:]] == [
        "no", "sí", "sí", "no", "no", "sí", "sí", "no", "no",
    ]  # fmt: skip


def test_nobody_in_particular_may_fetch_a_link_that_was_asked_for(desk: Desk, tmp_path: Path) -> None:
    """A scanner that looked is no irregularity; without the request, in another role or at another act it is one."""
    nobody, about = replace(ELENA, id="unidentified", role="enlace"), {"request": "r-1", "signatory": "p-1"}
    desk.record(CASE, "3", actor=nobody, facts=about, kind=EntryKind.LINK_FETCHED)
    desk.record(CASE, "3", facts=about, kind=EntryKind.SIGNATURE_REQUESTED)
    desk.record(CASE, "3", actor=nobody, facts=about, kind=EntryKind.LINK_FETCHED)
    desk.record(CASE, "3", actor=nobody, facts=about)
    desk.record(CASE, "3", actor=replace(nobody, role="director"), facts=about, kind=EntryKind.LINK_FETCHED)
    desk.record(CASE, "3", actor=replace(nobody, id="p-2"), facts=about, kind=EntryKind.LINK_FETCHED)
    files = contents(packed(desk, tmp_path))
    held = [row["rol_otorgado"] for row in timeline(files)[-6:]]
    assert held == ["no", "sí", "sí", "no", "no", "no"]


def test_a_stranger_opens_only_where_the_definition_lets_strangers(desk: Desk) -> None:
    """In the role it names for them, and no other."""
    opened = desk.ledger.history(CASE)[0]
    definition = load(definition_source())
    public = replace(definition, opening=replace(definition.opening, public={"role": "solicitante"}))

    def excused(role: str, among: Definition, actor: str = "unidentified") -> bool:
        entry = replace(opened.entry, actor=actor, role=role)
        return bool(without_role(among, [replace(opened, parsed=entry)]))

    assert excused("solicitante", public)
    assert not excused("especialista", public)
    assert not excused("solicitante", public, actor="p-1")
    assert not excused("solicitante", definition)


def test_a_grant_later_than_the_checkpoint_does_not_count(desk: Desk, tmp_path: Path) -> None:
    """Names and roles are those of the checkpoint, whatever happened since."""
    desk.record(CASE, "3", actor=ELENA)
    size = desk.publish()
    desk.export(tmp_path / "1.zip")
    desk.access(ELENA.id, ELENA.role, "Elena Ruiz")
    desk.publish()
    desk.export(tmp_path / "2.zip", checkpoint=size)
    package = (tmp_path / "2.zip").read_bytes()
    assert package == (tmp_path / "1.zip").read_bytes()
    assert codes(verify_bytes(package, desk.vkey)) == {"role.not_granted"}
    page = contents(package)[f"data/casos/{CASE}/index.html"].decode()
    assert '<span class="mono">u_e1e4</span> [<span lang="es">la bitácora no da su nombre' in page


def test_an_erased_name_is_its_id_and_says_so(desk: Desk, tmp_path: Path) -> None:
    """The chain, the roles and the verdict survive; the name is nowhere any more."""
    target = desk.ledger.history(ACCESS)[0]
    erase(desk, target.leaf)
    desk.access("", "", kind=EntryKind.ERASURE_EXECUTED, refs=(target.leaf,))
    package = packed(desk, tmp_path)
    report = verify_bytes(package, desk.vkey)
    assert (report.verdict, codes(report)) == (Verdict.VALID, {"payload.erased"})
    assert "system:access/3" in report.findings[0].found
    files = contents(package)
    assert NAME.encode() not in package
    assert '[<span lang="es">nombre borrado</span>' in files[f"data/casos/{CASE}/index.html"].decode()
    assert {row["nombre_del_actor"] for row in timeline(files)} == {"u_7f2a"}
    row = table(files, "Personas")[0]
    assert (row["nombre"], row["de dónde sale el nombre"]) == ("u_7f2a", "nombre borrado")
    assert str(row["roles y fechas (UTC)"]).startswith("especialista: ")


def test_a_name_lost_without_an_erasure_refuses_the_export(desk: Desk, tmp_path: Path) -> None:
    """Of who appears nothing may be missing unexplained; of others the package says nothing anyway."""
    mine, other = desk.ledger.history(ACCESS)
    erase(desk, other.leaf)
    desk.export(tmp_path / "p.zip")
    erase(desk, mine.leaf)
    with pytest.raises(ExportRefused) as caught:
        desk.export(tmp_path / "q.zip")
    assert [item.code for item in caught.value.findings] == ["payload.missing"]


def test_a_changed_name_in_the_ledger_refuses_the_export(desk: Desk, tmp_path: Path) -> None:
    """Somebody renames a person in the database: the commitment notices, also for those who do not appear."""
    for row in desk.ledger.rows:
        if row.case == ACCESS and row.seq == 2:
            row.sealed = replace(row.sealed, payload_bytes=b'{"data":{"name":"Otro"}}')
    with pytest.raises(ExportRefused) as caught:
        desk.export(tmp_path / "p.zip")
    assert [item.code for item in caught.value.findings] == ["payload.differs"]


def test_the_newest_name_counts_and_harms_nobody(desk: Desk, tmp_path: Path) -> None:
    """People change names; whatever they are called is text."""
    desk.access("u_7f2a", "supervisor", '=HYPERLINK("x") <script>')
    package = packed(desk, tmp_path)
    files = contents(package)
    assert verify_bytes(package, desk.vkey).findings == ()
    assert timeline(files)[0]["nombre_del_actor"] == '\'=HYPERLINK("x") <script>'
    assert b"&lt;script&gt; \xc2\xb7" in files["data/personas/index.html"]
    assert NAME.encode() not in b"".join(readable(files).values())


def test_a_log_without_accounts_still_gives_packages(tmp_path: Path) -> None:
    """Ids stay ids, and every role acted in is noted as granted by nobody."""
    desk = Desk()
    desk.access(STRANGER, "supervisor", "Ramiro Ajeno Tercero")
    desk.open()
    package = packed(desk, tmp_path)
    report = verify_bytes(package, desk.vkey)
    assert (report.verdict, codes(report)) == (Verdict.VALID, {"role.not_granted"})
    assert table(contents(package), "Personas")[0]["de dónde sale el nombre"] == "la bitácora no da su nombre"


def link(kind: EntryKind, seq: int, index: int, **facts: object) -> SealedEntry:
    """An entry of the chain at a place of the log."""
    draft = EntryDraft("system", "system", kind, facts=facts, payload={})  # type: ignore[arg-type]
    sealed = seal(
        draft,
        log=ORIGIN,
        case=ACCESS,
        seq=seq,
        prev="0" * 64,
        at="2026-01-01T00:00:00.000000Z",
        salt=bytes(32),
    )
    return replace(sealed, index=index)


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(["a", "b"]), st.sampled_from(["x", "y"])), max_size=12)
)
def test_a_role_is_held_between_its_entries(turns: list[tuple[bool, str, str]]) -> None:
    """At every place of the log the roster says what a replay of the chain up to there says."""
    roster, replayed = Roster(), set[tuple[str, str]]()
    states = [frozenset(replayed)]
    for seq, (given_, who, role) in enumerate(turns, 1):
        kind = EntryKind.ACCESS_GRANTED if given_ else EntryKind.ACCESS_REVOKED
        roster.see(link(kind, seq, 2 * seq, subject=who, role=role))
        (replayed.add if given_ else replayed.discard)((who, role))
        states.append(frozenset(replayed))
    for place, state in enumerate(states):
        for who in "ab":
            for role in "xy":
                assert roster.held(who, role, 2 * place + 1) == ((who, role) in state)


def test_what_has_not_the_expected_shape_says_nothing() -> None:
    """Posts give no roles, other kinds and odd facts nothing; the program needs no grant for its own role alone."""
    roster = Roster()
    roster.see(link(EntryKind.ACCESS_GRANTED, 1, 1, subject="a", post="jefe", since="2026"))
    roster.see(link(EntryKind.ACCESS_GRANTED, 2, 2, subject=7, role="x"))
    roster.see(link(EntryKind.CASE_OPENED, 3, 3, subject="a", role="x"))
    assert (roster.person("a").tenures, roster.person("a").naming) == ((), Naming.UNNAMED)
    assert not roster.held("a", "x", 9)
    assert roster.held("system", "system", 9)
    assert not roster.held("system", "director", 9)
    assert people_of(link(EntryKind.CASE_OPENED, 1, 1, parties=["z"], acting_for="b").entry) == ("b",)
