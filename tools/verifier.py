"""Build the offline verifier as one file: ``python constancia-verify.pyz PACKAGE`` on any machine with Python 3.11.

It is the very code of this checkout: the modules that ``audit_exports.verify`` needs, their calendars and page scripts,
in a zip that Python runs. The same sources give the same bytes, so that whoever has the checkout can make it again and
compare digests instead of trusting ours.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "constancia-verify.pyz"
DATA = (
    "workflows/calendars/*.toml",
    "auditing/attributes/*.toml",
    "audit_exports/norms/*.toml",
    "audit_exports/reader/*",
)
PACKAGES = ("evidence", "workflows", "auditing", "audit_exports")

_MAIN = b"""import sys
from audit_exports.verify import main
sys.exit(main())
"""
_LIST = (
    "import sys; import audit_exports.verify; print(*sorted(name for name in sys.modules "
    f"if name.split('.')[0] in {PACKAGES!r}))"
)


def modules() -> list[str]:
    """What importing the verifier brings in, asked of a Python without anything installed."""
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {_LIST}"]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return [name for name in found if not name.startswith("audit_exports.verify.")]


def sources() -> dict[str, bytes]:
    """Path in the archive to bytes, sorted."""
    files = {"__main__.py": _MAIN}
    for name in modules():
        path = ROOT / Path(*name.split("."))
        inside = path / "__init__.py"
        path = inside if inside.is_file() else path.with_suffix(".py")
        files[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    for pattern in DATA:
        files |= {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in ROOT.glob(pattern)}
    files["LICENSE"] = (ROOT / "LICENSE").read_bytes()
    return dict(sorted(files.items()))


def build(out: Path) -> str:
    """Write the file; returns its SHA-256 (hex)."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("wb") as stream:
        stream.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for name, data in sources().items():
                member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                member.create_system = 3
                member.external_attr = 0o100644 << 16
                archive.writestr(member, data)
    out.chmod(0o755)
    return hashlib.sha256(out.read_bytes()).hexdigest()


if __name__ == "__main__":
    target = ROOT / "dist" / NAME
    sys.stdout.write(f"{build(target)}  {target.relative_to(ROOT)}\n")
