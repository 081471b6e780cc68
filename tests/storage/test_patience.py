"""A store that hangs: noticed once, refused at once, tried now and then, and taken back when it answers."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pytest

from evidence.entry import BlobRef
from evidence.ports import BlobMissing, StoreSlow, StoreUnavailable
from storage.patience import PatientStore
from tests.fakes.memory import MemoryBlobStore


class Seconds:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Where it stands."""
        return self.now


class Moody(MemoryBlobStore):
    """A store that may be silent for a while before it fails, or for good until it is told to go on."""

    def __init__(self, clock: Seconds) -> None:
        super().__init__()
        self.clock = clock
        self.silent = 0.0
        self.calls = 0
        self.hangs = threading.Event()
        self.hangs.set()

    def put(self, source: BinaryIO, **more: object) -> BlobRef:
        """Hang, be silent, fail or store."""
        self.calls += 1
        assert self.hangs.wait(30)
        self._silence()
        return super().put(source, **more)  # type: ignore[arg-type]

    @contextmanager
    def open(self, ref: BlobRef) -> Iterator[BinaryIO]:
        """Be silent and fail, or give the bytes."""
        self.calls += 1
        self._silence()
        with super().open(ref) as stream:
            yield stream

    def _silence(self) -> None:
        self.clock.now += self.silent
        if self.silent:
            raise StoreUnavailable("read timed out")


@pytest.fixture
def clock() -> Seconds:
    """Seconds."""
    return Seconds()


@pytest.fixture
def moody(clock: Seconds) -> Moody:
    """The store behind."""
    return Moody(clock)


@pytest.fixture
def watched(moody: Moody, clock: Seconds) -> PatientStore:
    """The store in front."""
    return PatientStore(moody, patience=8, pause=5, monotonic=clock)


def put(store: PatientStore, data: bytes = b"evidencia") -> BlobRef:
    """Store some bytes."""
    return store.put(io.BytesIO(data), media="text/plain")


def test_a_store_that_answers_is_passed_through(watched: PatientStore) -> None:
    """Contents, looks and absences are the store's own."""
    ref = put(watched)
    with watched.open(ref) as stream:
        assert stream.read() == b"evidencia"
    assert watched.stat(ref).size == 9
    assert [stored.key for stored in watched.list()] == [ref.key]
    with pytest.raises(BlobMissing):
        watched.stat(BlobRef("0" * 64, 0, "", "sha256/00/" + "0" * 64))
    assert not watched.slow


def test_after_a_long_silence_others_are_refused_at_once(
    watched: PatientStore, moody: Moody, clock: Seconds
) -> None:
    """Nothing is sent to a slow store but one trial every few seconds; the first success ends it."""
    ref = put(watched)
    moody.silent = 20
    with pytest.raises(StoreUnavailable, match="timed out"):
        put(watched, b"uno")
    assert watched.slow
    assert not watched.answers()
    calls = moody.calls
    for _ in range(10):
        with pytest.raises(StoreSlow):
            put(watched, b"dos")
        with pytest.raises(StoreSlow), watched.open(ref):
            pass
    assert moody.calls == calls
    clock.now += 6
    with pytest.raises(StoreUnavailable, match="timed out"):
        put(watched, b"tres")
    with pytest.raises(StoreSlow):
        put(watched, b"cuatro")
    moody.silent = 0
    clock.now += 6
    put(watched, b"cinco")
    assert not watched.slow
    put(watched, b"seis")


def test_a_failure_without_silence_is_no_slowness(watched: PatientStore, moody: Moody) -> None:
    """A refused connection, or a full disk, keeps nobody waiting: each caller gets its own words."""
    moody.silent = 0.1
    for _ in range(3):
        with pytest.raises(StoreUnavailable, match="timed out"):
            put(watched)
    assert not watched.slow


def test_one_that_hangs_is_enough(watched: PatientStore, moody: Moody, clock: Seconds) -> None:
    """While a call is silent for too long, others are not sent after it; once it ends well, all is well."""
    moody.hangs.clear()
    thread = threading.Thread(target=put, args=(watched,))
    thread.start()
    while not moody.calls:
        time.sleep(0.01)
    assert not watched.slow
    clock.now += 9
    assert watched.slow
    watched._let_through = clock.now
    with pytest.raises(StoreSlow):
        put(watched, b"otro")
    moody.hangs.set()
    thread.join(30)
    assert not watched.slow


def test_a_long_upload_is_not_a_silent_one(watched: PatientStore, clock: Seconds) -> None:
    """As long as its bytes are being taken, an upload may last: others are not refused for it."""

    class Slow(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            clock.now += 7
            assert not watched.slow
            return super().read(3)

    watched.store = _Piecewise()
    assert watched.put(Slow(b"x" * 30), media="text/plain").size == 30


class _Piecewise(MemoryBlobStore):
    """Reads as stores do: piece by piece to the end."""

    def put(self, source: BinaryIO, **more: object) -> BlobRef:
        data = b"".join(iter(lambda: source.read(4), b""))
        return super().put(io.BytesIO(data), **more)  # type: ignore[arg-type]


def test_who_asks_whether_it_answers_never_waits(clock: Seconds) -> None:
    """Where the last answer is old the store is asked beside; the asker gets what is known."""

    class Hanging(MemoryBlobStore):
        asked = threading.Event()
        resumed = threading.Event()

        def stat(self, ref: BlobRef) -> object:  # type: ignore[override]
            self.asked.set()
            assert self.resumed.wait(30)
            raise BlobMissing(ref.key)

    store = Hanging()
    watched = PatientStore(store, patience=8, monotonic=clock)
    assert watched.answers()
    assert store.asked.wait(10)
    clock.now += 9
    assert not watched.answers()
    store.resumed.set()
    limit = time.monotonic() + 10
    while not watched.answers() and time.monotonic() < limit:
        time.sleep(0.01)
    assert watched.answers()
