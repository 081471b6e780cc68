"""Memory stays constant: measured in own processes by their peak, on packages of very different sizes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

EXPORT = """
import json, sys
from pathlib import Path
from benchmarks.peak import peak_bytes
from contextlib import contextmanager
import hashlib, io
from evidence.entry import BlobRef
from tests.audit_exports.sample_desk import Desk

class Endless(io.RawIOBase):
    "A file of that many zeros that takes no room."
    def __init__(self, size): self.left = size
    def readable(self): return True
    def read(self, size=-1):
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        return bytes(size)

class Blobs:
    "Holds nothing: every object is its size in zeros."
    def put(self, source, *, media, retain_until=None, case=""):
        size = int(source.read())
        digest, left = hashlib.sha256(), size
        while left:
            digest.update(bytes(min(left, 1 << 20))); left -= min(left, 1 << 20)
        return BlobRef(digest.hexdigest(), size, media, "k")
    @contextmanager
    def open(self, ref):
        yield Endless(ref.size) if ref.media != "image/png" else io.BytesIO(self.png)

desk = Desk()
store, files, size = Blobs(), int(sys.argv[2]), sys.argv[3].encode()
real = desk.blobs
class Both:
    def put(self, source, *, media, retain_until=None, case=""):
        return (store if media == "application/zip" else real).put(source, media=media)
    def open(self, ref):
        return store.open(ref) if ref.media == "application/zip" else real.open(ref)
desk.blobs = Both()
folio = desk.open()
desk.record(folio, "2", [(f"{n}.zip", size, "application/zip") for n in range(files)])
desk.publish()
desk.export(Path(sys.argv[1]))
print(json.dumps([desk.vkey, peak_bytes()]))
"""

VERIFY = """
import json, sys
from benchmarks.peak import peak_bytes
from audit_exports.verify import main
status = main([sys.argv[1], "--vkey", sys.argv[2], "--json"])
print(json.dumps([status, peak_bytes()]))
"""


def run(code: str, *arguments: str) -> list[object]:
    """The last line a program prints, as JSON."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=240)
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, list)
    return found


def test_memory_does_not_grow_with_the_package(tmp_path: Path) -> None:
    """200 MB of evidence are exported and verified in the memory that 2 MB take, give or take 24 MB."""
    peaks = []
    for name, size in (("chico", 1_000_000), ("grande", 100_000_000)):
        path = tmp_path / f"{name}.zip"
        vkey, exporting = run(EXPORT, str(path), "2", str(size))
        assert path.stat().st_size > 2 * size
        status, verifying = run(VERIFY, str(path), str(vkey))
        assert status == 0
        path.unlink()
        peaks.append((int(str(exporting)), int(str(verifying))))
    (small_export, small_verify), (big_export, big_verify) = peaks
    assert big_export - small_export < 24_000_000
    assert big_verify - small_verify < 24_000_000
    assert big_export < 150_000_000
