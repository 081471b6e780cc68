"""The file store against what disks and people do to it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evidence.entry import BlobRef
from evidence.ports import BlobCorrupt, BlobMissing, StoreUnavailable
from storage.filesystem import ABANDONED_SECONDS, FileBlobStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the store lives."""
    return tmp_path / "blobs"


@pytest.fixture
def blobs(root: Path) -> FileBlobStore:
    """An empty store."""
    return FileBlobStore(root)


def put(blobs: FileBlobStore, content: bytes) -> BlobRef:
    """Store some bytes."""
    return blobs.put(io.BytesIO(content), media="text/plain")


def read(blobs: FileBlobStore, ref: BlobRef) -> bytes:
    """Read them back."""
    with blobs.open(ref) as stream:
        return stream.read()


def overwrite(path: Path, content: bytes) -> None:
    """What somebody with a shell can do to a read-only file."""
    path.chmod(0o644)
    path.write_bytes(content)


def test_objects_are_read_only_and_nothing_is_left_over(blobs: FileBlobStore, root: Path) -> None:
    """A stored file cannot be written by accident, and the temporary name is gone."""
    ref = put(blobs, b"contenido")
    assert (root / ref.key).stat().st_mode & 0o777 == 0o444
    assert list((root / "incoming").iterdir()) == []


def test_the_file_is_synced_before_and_the_folder_after_the_rename(
    blobs: FileBlobStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that makes a stored file survive a power cut."""
    steps: list[str] = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(handle: int) -> None:
        steps.append("sync folder" if Path(f"/dev/fd/{handle}").resolve().is_dir() else "sync file")
        real_fsync(handle)

    def replace(self: Path, target: Path) -> Path:
        steps.append("rename")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    ref = put(blobs, b"contenido")
    assert steps == ["sync file", "rename", "sync folder"]
    assert (root / ref.key).exists()


@pytest.mark.parametrize(
    "found",
    [b"contenid0", b"", b"conten", b"contenido y algo"],
    ids=["other byte", "emptied", "cut", "longer"],
)
def test_changed_bytes_are_never_handed_out_whole(blobs: FileBlobStore, root: Path, found: bytes) -> None:
    """Whatever was done to the file, reading it to its end fails, and says so again when asked again."""
    ref = put(blobs, b"contenido")
    overwrite(root / ref.key, found)
    with blobs.open(ref) as stream:
        for _ in range(2):
            with pytest.raises(BlobCorrupt):
                stream.read()


def test_the_last_bytes_of_a_changed_file_are_withheld(blobs: FileBlobStore, root: Path) -> None:
    """Reading in pieces, the piece that would complete a changed file is never given."""
    content = bytes(300_000)
    ref = put(blobs, content)
    overwrite(root / ref.key, b"\x01" + content[1:])
    given: list[bytes] = []
    with blobs.open(ref) as stream, pytest.raises(BlobCorrupt):
        given.extend(iter(lambda: stream.read(10_000), b""))
    assert 0 < len(b"".join(given)) < len(content)


def test_a_removed_file_is_missing_and_can_be_put_again(blobs: FileBlobStore, root: Path) -> None:
    """Missing is said plainly; the same upload heals it."""
    ref = put(blobs, b"contenido")
    (root / ref.key).unlink()
    with pytest.raises(BlobMissing):
        blobs.stat(ref)
    with pytest.raises(BlobMissing):
        read(blobs, ref)
    assert put(blobs, b"contenido") == ref
    assert read(blobs, ref) == b"contenido"


@pytest.mark.parametrize("found", [b"contenid0", b"conten"], ids=["same size", "other size"])
def test_a_put_does_not_rely_on_a_file_that_has_rotted(
    blobs: FileBlobStore, root: Path, found: bytes
) -> None:
    """A receipt must not point at bytes that are no longer there, even where the size still fits."""
    ref = put(blobs, b"contenido")
    overwrite(root / ref.key, found)
    with pytest.raises(BlobCorrupt):
        put(blobs, b"contenido")
    assert (root / ref.key).read_bytes() == found


def test_only_old_leftovers_are_cleaned(blobs: FileBlobStore, root: Path) -> None:
    """A crash's temporary file goes after a day; one that another process is writing stays."""
    old, young = root / "incoming" / "old", root / "incoming" / "young"
    for path in (old, young):
        path.write_bytes(b"a medias")
    past = time.time() - ABANDONED_SECONDS - 60
    os.utime(old, (past, past))
    put(blobs, b"contenido")
    assert old.exists()
    FileBlobStore(root)
    assert not old.exists()
    assert young.exists()


def test_strange_files_are_listed(blobs: FileBlobStore, root: Path) -> None:
    """What somebody laid into the store is seen by the check, under the name it has."""
    put(blobs, b"contenido")
    (root / "sha256" / "aa" / "ajeno.txt").write_bytes(b"123")
    assert ("sha256/aa/ajeno.txt", 3) in [(stored.key, stored.size) for stored in blobs.list()]


def test_a_full_disk_is_unavailability_and_leaves_no_trace(small_disk: Path) -> None:
    """ENOSPC on a real file system: the upload fails, its temporary file is gone, and smaller ones still go."""
    blobs = FileBlobStore(small_disk / "blobs")
    with pytest.raises(StoreUnavailable, match="No space left"):
        put(blobs, bytes(2_000_000))
    assert list((small_disk / "blobs" / "incoming").iterdir()) == []
    assert list(blobs.list()) == []
    assert read(blobs, put(blobs, b"cabe")) == b"cabe"


LIMITED = """
import io, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from pathlib import Path
from evidence.ports import StoreUnavailable
from storage.filesystem import FileBlobStore
root = Path(sys.argv[1])
blobs = FileBlobStore(root)
try:
    blobs.put(io.BytesIO(bytes(200_000)), media="text/plain")
except StoreUnavailable as error:
    print(error, list((root / "incoming").iterdir()), list(blobs.list()))
"""


def test_a_write_that_stops_half_way_leaves_no_trace(root: Path) -> None:
    """The same where root cannot mount: a limit on file sizes makes the write fail in the middle (EFBIG)."""
    ran = subprocess.run([sys.executable, "-c", LIMITED, root], capture_output=True, text=True, check=True)
    assert ran.stdout == "write: File too large [] []\n"


def test_a_place_that_cannot_be_made_is_unavailability(tmp_path: Path) -> None:
    """A store over a plain file does not pretend."""
    (tmp_path / "blobs").write_bytes(b"")
    with pytest.raises(StoreUnavailable):
        FileBlobStore(tmp_path / "blobs")
