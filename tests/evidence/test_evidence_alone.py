"""The core by itself: its documented example, and verification on the standard library alone."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from pathlib import Path

import pytest

import evidence
import evidence.tree
from evidence.note import SigningKey, sign_note
from tests.fakes.house import ORIGIN, small_house

ROOT = Path(evidence.__file__).parents[1]

CHILD = """
import json, sys

for name in ("cryptography", "rfc8785"):
    sys.modules[name] = None  # importing it now raises ImportError

import evidence.publisher, evidence.proofs  # the whole core imports
from evidence.ed25519 import Ed25519PublicKey
from evidence.note import VerifierKey
from evidence.tlog_proof import parse_proof
from evidence.verify import verify_ledger
from tests.fakes.house import ORIGIN
from tests.fakes.memory import MemoryLedger, Row
from evidence.entry import SealedEntry

assert Ed25519PublicKey is None
given = json.load(sys.stdin)
key = VerifierKey.from_text(given["vkey"])
ledger = MemoryLedger(ORIGIN)
for case, seq, data, leaf, payload, salt in given["rows"]:
    sealed = SealedEntry(bytes.fromhex(data), leaf, bytes.fromhex(payload), bytes.fromhex(salt))
    ledger.rows.append(Row(case, seq, sealed))
ledger.sequence()
notes = [bytes.fromhex(note) for note in given["notes"]]
report = verify_ledger(ledger, keys=[key], known_checkpoints=notes)
covered = parse_proof(bytes.fromhex(given["proof"])).verify(bytes.fromhex(given["rows"][5][3]), [key], ORIGIN)
loaded = {name.partition(".")[0] for name, module in sys.modules.items() if module is not None}
outside = loaded - set(sys.stdlib_module_names)
print(json.dumps({"report": report.as_json(), "covered": covered.size, "outside": sorted(outside)}))
"""


def _run(document: dict[str, object]) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-S", "-c", CHILD],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        timeout=60,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return dict(json.loads(done.stdout))


def test_the_documented_example_holds() -> None:
    """Every line of the package's worked example gives what it shows; so does the frontier's."""
    for module, least in ((evidence, 20), (evidence.tree, 1)):
        result = doctest.testmod(module)
        assert result.failed == 0
        assert result.attempted >= least


def test_verification_needs_the_standard_library_alone() -> None:
    """Without `cryptography` and `rfc8785` a ledger and a proof reach their verdict, and a bad signature is seen."""
    from evidence.proofs import prove_entry  # noqa: PLC0415  beside the only use

    house = small_house()
    notes = [note for _, note in house.ledger.checkpoints()]
    rows = [
        [
            row.case,
            row.seq,
            row.sealed.entry_bytes.hex(),
            row.sealed.leaf,
            (row.sealed.payload_bytes or b"").hex(),
            (row.sealed.salt or b"").hex(),
        ]
        for row in house.ledger.rows
    ]
    document: dict[str, object] = {
        "vkey": house.key.verifier.text,
        "rows": rows,
        "notes": [note.hex() for note in notes],
        "proof": prove_entry(house.ledger, 5, notes[-1]).text().hex(),
    }
    answer = _run(document)
    report = answer["report"]
    assert isinstance(report, dict)
    assert (report["verdict"], report["level"], report["entries_checked"]) == ("valid", "A0", 12)
    assert answer["covered"] == 12
    assert answer["outside"] == ["__main__", "evidence", "tests"]
    line = notes[0].decode().splitlines()[-1]
    forged = notes[1].decode().rsplit("\n", 2)[0] + "\n" + line + "\n"
    answer = _run(document | {"notes": [note.hex() for note in (notes[0], forged.encode(), notes[2])]})
    report = answer["report"]
    assert isinstance(report, dict)
    assert [finding["code"] for finding in report["findings"]] == ["checkpoint.signature_invalid"]


def test_signing_without_the_library_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing is the one thing that needs `cryptography`; without it there is an ImportError and no signature."""
    key = SigningKey(ORIGIN, bytes(32))
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    with pytest.raises(ImportError):
        sign_note("hola\n", key)
