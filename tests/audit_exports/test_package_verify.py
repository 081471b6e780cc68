from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from audit_exports import layout
from audit_exports.codes import WORDS, Code
from audit_exports.exportlog import NotCovered, export_receipt
from audit_exports.verify import main
from evidence.entry import EntryKind
from evidence.findings import Code as CoreCode
from evidence.findings import Verdict
from evidence.note import SigningKey
from tests.audit_exports.resealing import codes, contents, reseal, unpack, verify_bytes
from tests.audit_exports.sample_desk import NAME, ORIGIN, Desk

ROOT = Path(__file__).resolve().parents[2]
CASE = "ZZ-001-2026-000001"


def test_a_package_with_a_pinned_key_is_valid(package: bytes, vkey: str) -> None:
    """Everything adds up: verdict, level and what was counted."""
    report = verify_bytes(package, vkey)
    assert (report.verdict, report.level, report.findings) == (Verdict.VALID, "A0", ())
    assert (report.cases_checked, report.entries_checked, report.objects_checked) == (2, 8, 10)
    assert (report.size, report.log, report.complete_as_of) == (8, ORIGIN, 7)


def test_an_unpacked_package_is_as_good(package: bytes, vkey: str, tmp_path: Path) -> None:
    """A folder verifies like the zip it came from."""
    assert main([str(unpack(package, tmp_path)), "--vkey", vkey]) == 0


def test_without_a_key_nothing_is_valid(package: bytes) -> None:
    """R10: all is consistent, and still nobody we know has signed it."""
    report = verify_bytes(package)
    assert (report.verdict, report.level, codes(report)) == (Verdict.UNVERIFIABLE, "none", {"key.none"})


def test_a_key_of_somebody_else_does_not_make_it_valid(package: bytes) -> None:
    """R10: a package re-signed, or checked with another log's key, is not trusted."""
    same_name = SigningKey.generate(ORIGIN).verifier.text
    other_log = SigningKey.generate("constancia.example/otra").verifier.text
    assert verify_bytes(package, same_name).verdict is Verdict.UNVERIFIABLE
    assert verify_bytes(package, other_log).verdict is Verdict.UNVERIFIABLE


def test_exit_codes_and_json_tell_the_verdicts_apart(
    sample: tuple[Desk, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """R19: 0 valid, 1 invalid, 2 unverifiable, 3 wrong usage; the JSON says the same."""
    desk, path = sample
    tampered = tmp_path / "t.zip"
    tampered.write_bytes(path.read_bytes().replace(b"Segunda", b"segunda"))
    seen = []
    for arguments in ([str(path), "--vkey", desk.vkey], [str(tampered), "--vkey", desk.vkey], [str(path)]):
        status = main([*arguments, "--json"])
        found = json.loads(capsys.readouterr().out)
        seen.append((status, found["verdict"], sorted({item["code"] for item in found["findings"]})))
    assert seen[0] == (0, "valid", [])
    assert seen[1][:2] == (1, "invalid")
    assert seen[2] == (2, "unverifiable", ["key.none"])
    for wrong in ([], [str(tmp_path / "no.zip")], [str(path), "--vkey", "x"], [str(path), "--nope"]):
        with pytest.raises(SystemExit) as stopped:
            main(wrong)
        assert stopped.value.code == 3


def test_a_package_older_than_the_auditor_allows_is_unverifiable(
    sample: tuple[Desk, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """The sample was signed in March 2026: hours since then tell, and nonsense is wrong usage."""
    desk, out = sample
    arguments = [str(out), "--vkey", desk.vkey, "--json", "--max-age"]
    assert main([*arguments, "1000000"]) == 0
    capsys.readouterr()
    assert main([*arguments, "1"]) == 2
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert (found["code"], found["found"][:7]) == ("checkpoint.stale", "2026-03")
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "-1"])
    assert ended.value.code == 3


def test_the_report_for_people_speaks_both_languages(
    package: bytes, vkey: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Verdict, level, what would raise it, and each finding in plain words."""
    path = tmp_path / "p.zip"
    path.write_bytes(package)
    main([str(path), "--vkey", vkey])
    good = capsys.readouterr().out
    assert "VÁLIDO / VALID" in good
    assert "A0" in good
    path.write_bytes(package[:-1])
    main([str(path), "--vkey", vkey])
    assert "INVÁLIDO / INVALID" in capsys.readouterr().out


def test_every_code_has_words_in_both_languages() -> None:
    """No finding is shown as a bare code: the package's own, and those of the log that its modules name."""
    assert {str(code) for code in Code} <= {str(code) for code in WORDS}
    rooms = [*(ROOT / "audit_exports").glob("*.py"), ROOT / "evidence/checks.py"]
    named = {
        name
        for path in rooms
        for name in re.findall(r"\bCore(?:Code)?\.([A-Z_]+)\b", path.read_text("utf-8"))
    } | set(re.findall(r"\bCode\.([A-Z_]+)\b", (ROOT / "evidence/checks.py").read_text("utf-8")))
    assert {"OBJECT_ERASED", "QUORUM_UNMET"} <= named
    assert {str(CoreCode[name]) for name in named if name in CoreCode.__members__} <= {*WORDS}
    assert all(spanish and english for spanish, english in WORDS.values())


def test_the_verifier_runs_on_the_standard_library_alone(sample: tuple[Desk, Path]) -> None:
    """No installed package is needed, nor any of ours beyond evidence and the pure part of workflows."""
    desk, path = sample
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from audit_exports.verify import main; "
        "status = main(sys.argv[2:]); "
        "ours = sorted(name for name in sys.modules if name.split('.')[0] in "
        "{'storage','web','identity','documents','demo','evidence','workflows'}); print(ours); sys.exit(status)"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(ROOT), str(path), "--vkey", desk.vkey]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ}
    )
    assert result.returncode == 0, result.stdout + result.stderr
    modules = result.stdout.splitlines()[-1]
    assert "evidence.ed25519" in modules
    assert not any(
        name in modules for name in ("storage", "'web", "identity", "documents", "demo", "workflows.cases")
    )


def test_a_policy_file_names_the_trusted_logs(sample: tuple[Desk, Path], tmp_path: Path) -> None:
    """A C2SP tlog-policy without witnesses is as good as --vkey; one without a log proves nothing."""
    desk, path = sample
    policy = tmp_path / "policy"
    policy.write_text(f"# confianza\nlog {desk.vkey} https://log.example\n\nquorum none\n")
    assert main([str(path), "--policy", str(policy)]) == 0
    for bad in (
        f"log {desk.vkey}\nquorum w1\n",
        f"witness w1 {desk.vkey}\nlog {desk.vkey}\nquorum none\n",
        f"log {desk.vkey}\n",
        "x\n",
    ):
        policy.write_text(bad)
        with pytest.raises(SystemExit) as usage:
            main([str(path), "--policy", str(policy)])
        assert usage.value.code == 3
    policy.write_text("quorum none\n")
    assert main([str(path), "--policy", str(policy)]) == 2


RESEALED = {
    "an entry": (f"data/casos/{CASE}/entries/2.json", b'"step":"2"', b'"step":"3"'),
    "a payload": (f"data/casos/{CASE}/payloads/2.json", b"Segunda", b"Tercera"),
    "a salt": (f"data/casos/{CASE}/payloads/2.salt", b"", b""),
    "an evidence file": (f"data/casos/{CASE}/archivos/002-1_Autorización año 2026.pdf", b"1.4", b"1.5"),
    "a proof": (f"data/cadena/proofs/{CASE}-2.tlog-proof", b"index 3", b"index 2"),
    "the checkpoint": ("data/cadena/checkpoint", b"\n8\n", b"\n9\n"),
    "the definition": ("data/procesos/ZZ-001/2026-01-02.toml", b"Cerrar", b"Borrar"),
    "the calendar": ("data/calendario/mx-2026-1.toml", b'closing = "18:00"', b'closing = "17:00"'),
    "the claimed state": (f"data/casos/{CASE}/state.json", b'"closed":true', b'"closed":false'),
    "the timeline": (f"data/casos/{CASE}/linea-de-tiempo.csv", b"Segunda", b"Tercera"),
    "a case page": (f"data/casos/{CASE}/index.html", b"Segunda", b"Tercera"),
    "the index": ("data/index.html", b"Beatriz", b"Patricia"),
    "the workbook": ("data/workbook.xlsx", b"Beatriz", b"Patricia"),
    "the instructions": ("data/LEEME.html", b"openssl", b"opensss"),
    "an entry of access": (
        "data/personas/entries/1.json",
        b'"role":"especialista"',
        b'"role":"supervisores"',
    ),
    "a name": ("data/personas/payloads/1.json", NAME.encode(), "Lucía Peña Ornelas".encode()),
    "a name's salt": ("data/personas/payloads/1.salt", b"", b""),
    "a proof of access": ("data/cadena/proofs/system-access-1.tlog-proof", b"index 0", b"index 1"),
    "the page of people": ("data/personas/index.html", NAME.encode(), "Lucía Peña Ornelas".encode()),
    "the scope's date": ("data/alcance.json", b'"as_of":"2026-03-02', b'"as_of":"2026-03-03'),
    "the scope's totals": ("data/alcance.json", b'"entries":5', b'"entries":6'),
    "the scope's processes": ("data/alcance.json", b'"processes":[]', b'"processes":["MA-001"]'),
}


@pytest.mark.parametrize("what", RESEALED)
def test_a_changed_file_is_found_though_all_manifests_fit(
    files: dict[str, bytes], vkey: str, what: str
) -> None:
    """Manifests are not what is trusted: every file is either under the checkpoint or made again."""
    path, old, new = RESEALED[what]
    changed = files[path].replace(old, new) if old else bytes(32)
    assert changed != files[path]
    assert verify_bytes(reseal(files, {path: changed}), vkey).verdict is Verdict.INVALID


@pytest.mark.parametrize("what", sorted({path for path, _, _ in RESEALED.values()}))
def test_a_removed_file_is_found_though_all_manifests_fit(
    files: dict[str, bytes], vkey: str, what: str
) -> None:
    """No file of a package is optional."""
    assert verify_bytes(reseal(files, {what: None}), vkey).verdict is Verdict.INVALID


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("an entry", {"chain.prev_differs", "proof.invalid"}),
        ("a payload", {"payload.differs"}),
        ("a salt", {"payload.differs"}),
        ("an evidence file", {"object.differs"}),
        ("a proof", {"proof.invalid"}),
        ("the checkpoint", {"checkpoint.signature_invalid", "proof.other_checkpoint", "scope.differs"}),
        ("the definition", {"definition.differs"}),
        ("the calendar", {"calendar.differs"}),
        ("the index", {"derived.differs"}),
        ("the scope's totals", {"scope.differs"}),
        ("the scope's processes", {"case.out_of_scope"}),
    ],
)
def test_each_change_is_told_for_what_it_is(
    files: dict[str, bytes], vkey: str, what: str, expected: set[str]
) -> None:
    """The findings name the broken thing, and what is wholly another matter is not among them."""
    path, old, new = RESEALED[what]
    changed = files[path].replace(old, new) if old else bytes(32)
    found = codes(verify_bytes(reseal(files, {path: changed}), vkey))
    assert expected <= found
    assert "payload.missing" not in found


def test_an_added_file_is_found_though_all_manifests_fit(files: dict[str, bytes], vkey: str) -> None:
    """What has no place in a package does not travel in it."""
    report = verify_bytes(reseal(files, {"data/verificador.py": b"print('VALID')"}), vkey)
    assert codes(report) == {"file.unexpected"}
    hidden = f"data/casos/{CASE}/archivos/002-9_otro.pdf"
    assert codes(verify_bytes(reseal(files, {hidden: b"x"}), vkey)) == {"file.unexpected"}


def test_nothing_resealed_over_an_untouched_package_is_still_valid(
    files: dict[str, bytes], vkey: str
) -> None:
    """The resealing of these tests is itself faithful: without a change the package stays valid."""
    assert verify_bytes(reseal(files, {}), vkey).verdict is Verdict.VALID


def test_a_case_cut_short_is_found(files: dict[str, bytes], vkey: str) -> None:
    """The last entry removed with all that belongs to it: the claimed totals and pages betray it."""
    gone = [name for name in files if f"{CASE}-4." in name or "/004-" in name]
    gone += [
        f"data/casos/{CASE}/entries/4.json",
        f"data/casos/{CASE}/payloads/4.json",
        f"data/casos/{CASE}/payloads/4.salt",
    ]
    report = verify_bytes(reseal(files, dict.fromkeys(gone)), vkey)
    assert report.verdict is Verdict.INVALID
    assert "derived.differs" in codes(report)


def test_a_gap_in_a_case_is_found(files: dict[str, bytes], vkey: str) -> None:
    """An entry taken from the middle breaks the chain."""
    gone = [name for name in files if f"{CASE}-3." in name or "/003-" in name]
    gone += [f"data/casos/{CASE}/{kind}" for kind in ("entries/3.json", "payloads/3.json", "payloads/3.salt")]
    report = verify_bytes(reseal(files, dict.fromkeys(gone)), vkey)
    assert {"chain.seq_not_dense", "chain.prev_differs"} <= codes(report)


def test_entries_swapped_between_cases_are_found(files: dict[str, bytes], vkey: str) -> None:
    """R9: an entry of another case does not stand in for this one's."""
    other = files["data/casos/ZZ-001-2026-000002/entries/1.json"]
    report = verify_bytes(reseal(files, {f"data/casos/{CASE}/entries/1.json": other}), vkey)
    assert "case.misfiled" in codes(report)


def test_a_package_without_cases_is_not_valid(files: dict[str, bytes], vkey: str) -> None:
    """Empty input is never "valid"."""
    keep = {name: data for name, data in files.items() if "/casos/" not in name and "/proofs/" not in name}
    report = verify_bytes(reseal(keep, {}), vkey)
    assert report.verdict is Verdict.INVALID
    assert "package.empty" in codes(report)


def test_a_package_of_another_reader_version_is_unverifiable(files: dict[str, bytes], vkey: str) -> None:
    """Pages that cannot be made again are not vouched for; claiming another version is no way around the check."""
    info = files["bag-info.txt"].replace(b"Constancia-Reader: 1", b"Constancia-Reader: 0")
    pages = {"bag-info.txt": info, "data/index.html": b"<h1>todo bien</h1>"}
    report = verify_bytes(reseal(files, pages), vkey)
    assert (report.verdict, codes(report)) == (Verdict.UNVERIFIABLE, {"derived.other_version"})


def test_an_erased_payload_still_verifies(desk: Desk, tmp_path: Path) -> None:
    """R18: the chain holds and the report says which entry erased what; an unexplained hole is invalid."""
    target = desk.ledger.history(CASE)[1]
    erase(desk, target.leaf)
    desk.record(CASE, "", kind=EntryKind.ERASURE_EXECUTED, refs=(target.leaf,), note="solicitud ARCO")
    desk.publish()
    desk.export(tmp_path / "p.zip")
    package = (tmp_path / "p.zip").read_bytes()
    report = verify_bytes(package, desk.vkey)
    assert (report.verdict, codes(report)) == (Verdict.VALID, {"payload.erased"})
    whole = contents(package)
    assert b"Segunda" not in package
    hole = dict.fromkeys([f"data/casos/{CASE}/payloads/3.json", f"data/casos/{CASE}/payloads/3.salt"])
    assert "payload.missing" in codes(verify_bytes(reseal(whole, hole), desk.vkey))


def erase(desk: Desk, leaf: str) -> None:
    """Destroy a payload as an erasure does."""
    for row in desk.ledger.rows:
        if row.sealed.leaf == leaf:
            row.sealed = replace(row.sealed, payload_bytes=None, salt=None)


def test_a_receipt_proves_that_this_package_was_exported(desk: Desk, tmp_path: Path) -> None:
    """The logged digest vouches for every byte, the scope included; a receipt of another package does not."""
    one = desk.export(tmp_path / "1.zip")
    with pytest.raises(NotCovered):
        export_receipt(desk.ledger, one.seq)
    desk.open("Otra")
    desk.publish()
    two = desk.export(tmp_path / "2.zip")
    desk.publish()
    acuse = tmp_path / "acuse.tlog-proof"
    acuse.write_bytes(export_receipt(desk.ledger, one.seq))
    report = verify_bytes((tmp_path / "1.zip").read_bytes(), desk.vkey, receipt=acuse.read_bytes())
    assert (report.verdict, report.receipt) == (Verdict.VALID, True)
    assert main([str(tmp_path / "1.zip"), "--vkey", desk.vkey, "--receipt", str(acuse)]) == 0
    wrong = verify_bytes((tmp_path / "2.zip").read_bytes(), desk.vkey, receipt=acuse.read_bytes())
    assert (wrong.receipt, codes(wrong)) == (False, {"receipt.differs"})
    assert two.seq == 2
    forged = verify_bytes(
        (tmp_path / "1.zip").read_bytes(),
        desk.vkey,
        receipt=acuse.read_bytes().replace(b"index 8", b"index 7"),
    )
    assert codes(forged) == {"receipt.invalid"}
    junk = verify_bytes((tmp_path / "1.zip").read_bytes(), desk.vkey, receipt=b"acuse")
    assert codes(junk) == {"receipt.malformed"}


def test_a_receipt_stands_in_for_a_reader_of_another_version(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old packages keep verifying under newer programs when the export itself is proved."""
    done = desk.export(tmp_path / "1.zip")
    desk.publish()
    acuse = export_receipt(desk.ledger, done.seq)
    monkeypatch.setattr(layout, "READER_VERSION", "2")
    package = (tmp_path / "1.zip").read_bytes()
    assert verify_bytes(package, desk.vkey).verdict is Verdict.UNVERIFIABLE
    assert verify_bytes(package, desk.vkey, receipt=acuse).verdict is Verdict.VALID
