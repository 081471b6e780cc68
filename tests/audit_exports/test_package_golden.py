from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit_exports.record import Scope
from evidence.entry import payload_commitment
from evidence.tree import leaf_hash
from tests.audit_exports.resealing import contents
from tests.audit_exports.sample_desk import LONG_NAME, PDF, Desk, two_cases

ROOT = Path(__file__).resolve().parents[2]
CASE = "ZZ-001-2026-000001"


def test_the_sample_package_is_byte_for_byte_the_known_one(files: dict[str, bytes]) -> None:
    """Nothing in a package depends on the day, the machine or the run.

    A change of a page, a table or the derived state shows here as a changed line. When it is wanted, raise
    `layout.READER_VERSION` (once the format is released) and write the new manifest into ``sample-manifest.txt``.
    """
    known = (Path(__file__).parent / "sample-manifest.txt").read_text(encoding="utf-8")
    assert files["manifest-sha256.txt"].decode() == known


def test_the_same_scope_at_the_same_checkpoint_gives_the_same_bytes(desk: Desk, tmp_path: Path) -> None:
    """Later entries, later checkpoints and earlier exports change nothing in a package of an older checkpoint."""
    size = desk.ledger.tree_size()
    desk.export(tmp_path / "uno.zip")
    desk.record(CASE, "3", note="más tarde")
    desk.open("Otra persona")
    desk.publish()
    desk.export(tmp_path / "dos.zip", checkpoint=size)
    desk.export(tmp_path / "tres.zip")
    assert (tmp_path / "uno.zip").read_bytes() == (tmp_path / "dos.zip").read_bytes()
    assert (tmp_path / "uno.zip").read_bytes() != (tmp_path / "tres.zip").read_bytes()


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Mexico_City"])
def test_bytes_do_not_depend_on_zone_locale_or_hash_seed(package: bytes, tmp_path: Path, zone: str) -> None:
    """Another process with other settings writes the same package."""
    code = (
        "import sys; from pathlib import Path; from tests.audit_exports.sample_desk import two_cases; "
        "two_cases().export(Path(sys.argv[1]))"
    )
    settings = {**os.environ, "TZ": zone, "PYTHONHASHSEED": "7", "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
    out = tmp_path / "otro.zip"
    subprocess.run([sys.executable, "-c", code, str(out)], cwd=ROOT, env=settings, check=True, timeout=120)
    assert out.read_bytes() == package


def test_a_package_has_its_documented_files(files: dict[str, bytes]) -> None:
    """The tree is the one of docs/formats/package.md."""
    names = {name for name in files if "/archivos/" not in name}
    expected = {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"}
    shared = (
        "alcance.json index.html LEEME.html workbook.xlsx report.pdf ocel2.json poblacion-integridad.json "
        "cadena/cabezas/series/todas.json "
        "cadena/checkpoint cadena/entradas.csv procesos/ZZ-001/2026-01-02.toml procesos/ZZ-001/2026-01-02.html "
        "procesos/raci.csv procesos/kpi.csv normas/2026-2.toml normas/normas.csv poblacion.csv muestra.csv casos.csv "
        "atributos.csv evidencias.csv excepciones.csv sla.csv recertificacion/renglones.csv recertificacion/areas.csv "
        "firmas/firmas.csv accesos_sistema.csv personas/personas.csv catalogos.csv calendario.csv"
    )
    expected |= {f"data/{path}" for path in [*shared.split(), "calendario/mx-2026-1.toml"]}
    for folio, count in ((CASE, 4), ("ZZ-001-2026-000002", 1)):
        expected |= {
            f"data/casos/{folio}/{name}"
            for name in "state.json linea-de-tiempo.csv matriz-de-pasos.csv caratula.pdf index.html".split()
        }
        for seq in range(1, count + 1):
            expected |= {f"data/casos/{folio}/entries/{seq}.json", f"data/casos/{folio}/payloads/{seq}.json"}
            expected |= {
                f"data/casos/{folio}/payloads/{seq}.salt",
                f"data/cadena/proofs/{folio}-{seq}.tlog-proof",
            }
    expected |= {f"data/personas/{name}" for name in ("index.html", "payloads/1.json", "payloads/1.salt")}
    for seq in (1, 2):
        expected |= {
            f"data/personas/entries/{seq}.json",
            f"data/cadena/proofs/system-access-{seq}.tlog-proof",
        }
    heads = ["entries/1.json", "system-access.json", "system-catalogues.json", f"{CASE}.json"]
    expected |= {f"data/cadena/cabezas/{name}" for name in [*heads, "ZZ-001-2026-000002.json"]}
    expected.add("data/cadena/proofs/system-heads-1.tlog-proof")
    assert names == expected


def test_entries_payloads_and_salts_are_the_exact_bytes(
    sample: tuple[Desk, Path], files: dict[str, bytes]
) -> None:
    """What was hashed is what is exported, so that leaf and commitment can be recomputed from the files."""
    desk, _ = sample
    for item in desk.ledger.history(CASE):
        seq = item.entry.seq
        assert files[f"data/casos/{CASE}/entries/{seq}.json"] == item.entry_bytes
        assert leaf_hash(files[f"data/casos/{CASE}/entries/{seq}.json"]).hex() == item.leaf
        payload, salt = (files[f"data/casos/{CASE}/payloads/{seq}.{kind}"] for kind in ("json", "salt"))
        assert payload_commitment(salt, payload) == item.entry.payload


def test_evidence_keeps_readable_names_and_its_bytes(files: dict[str, bytes]) -> None:
    """Accents and ñ stay, long names are cut, dangerous ones made harmless, no two collide whatever the case."""
    prefix = f"data/casos/{CASE}/archivos/"
    found = {name.removeprefix(prefix): data for name, data in files.items() if name.startswith(prefix)}
    assert found["002-1_Autorización año 2026.pdf"] == PDF
    assert {name for name in found if name.startswith("002-")} >= {
        "002-3_captura.PNG",
        "002-4_CAPTURA.png",
        "002-5_passwd.bin",
        "002-6_página.html.bin",
    }
    cut = next(name for name in found if name.startswith("002-2_"))
    assert LONG_NAME.startswith(cut.removeprefix("002-2_").removesuffix(".pdf"))
    assert cut.endswith(".pdf")
    assert len(cut.encode()) <= 100


def test_the_claimed_state_is_the_derived_one(files: dict[str, bytes]) -> None:
    """state.json says what the entries say, as of the newest entry under the checkpoint."""
    state = json.loads(files[f"data/casos/{CASE}/state.json"])
    assert (state["closed"], state["complete"], state["missing"]) == (True, True, [])
    assert state["state"] == {"ticket": "Cerrado"}
    assert json.loads(files["data/casos/ZZ-001-2026-000002/state.json"])["missing"] == ["2", "3", "4"]


def test_the_tables_neutralise_formulas(files: dict[str, bytes]) -> None:
    """A note that begins like a formula is text in the timeline."""
    table = files[f"data/casos/{CASE}/linea-de-tiempo.csv"].decode("utf-8-sig")
    assert "'=HYPERLINK" in table
    assert "\n=HYPERLINK" not in table.replace('"', "\n")


def test_the_scope_is_written_down(desk: Desk, tmp_path: Path) -> None:
    """alcance.json holds what was asked for, so that a reader knows what the package does not contain."""
    scope = Scope(processes=("ZZ-001",), start="2026-03-02", end="2026-03-02", sample=1, seed="abc")
    receipt = desk.export(tmp_path / "p.zip", scope)
    assert receipt.totals.cases == 1
    found = json.loads(contents((tmp_path / "p.zip").read_bytes())["data/alcance.json"])
    assert found["scope"] == {
        "processes": ["ZZ-001"],
        "from": "2026-03-02",
        "to": "2026-03-02",
        "folios": [],
        "sample": 1,
        "seed": "abc",
        "engagement": "",
        "population": 2,
        "members": ["ZZ-001-2026-000001", "ZZ-001-2026-000002"],
    }


def test_two_desks_alike_export_alike(package: bytes, tmp_path: Path) -> None:
    """The ledger's content decides, nothing else."""
    two_cases().export(tmp_path / "p.zip")
    assert (tmp_path / "p.zip").read_bytes() == package
