"""The publisher: when it signs, when it refuses, and what survives a death between two steps."""

from __future__ import annotations

import copy
import io
from dataclasses import replace
from datetime import datetime, timedelta
from typing import BinaryIO

import pytest

from evidence.checkpoint import Checkpoint, OtherLog, open_checkpoint, peek_checkpoint, sign_checkpoint
from evidence.entry import BlobRef
from evidence.note import NoteError, SigningKey
from evidence.ports import BlobCorrupt, BlobMissing, RolledBack, StoreUnavailable, blob_key
from evidence.publisher import Publisher, restore_guard
from evidence.tree import leaf_hash
from tests.fakes.house import CASES, ORIGIN, House, empty_house, small_house
from tests.fakes.memory import MemoryBlobStore, MemoryGuard


def again(house: House, **changes: object) -> Publisher:
    """A second publisher over the same parts, as after a restart."""
    parts: dict[str, object] = {
        "ledger": house.ledger,
        "guard": house.guard,
        "key": house.key,
        "blobs": house.blobs,
    }
    return Publisher(**(parts | {"clock": lambda: house.now[0]} | changes))  # type: ignore[arg-type]


def test_an_empty_log_is_not_signed() -> None:
    """Nothing is published before the first entry."""
    house = empty_house()
    assert house.publisher.publish() is None
    assert house.guard.last() is None


def test_growth_is_signed_saved_guarded_and_copied_under_lock() -> None:
    """A grown log gives a note that opens, is kept, is in the guard, and lies locked in the object store."""
    house = empty_house()
    house.record(CASES[0])
    note = house.settle()
    assert note is not None
    checkpoint = open_checkpoint(note, [house.key.verifier], ORIGIN)
    assert (checkpoint.size, checkpoint.root) == (1, house.ledger.root()) == house.guard.last()
    assert house.ledger.latest_checkpoint() == (1, note)
    [(stored, data)] = house.blobs.objects.values()
    assert data == note
    assert datetime.fromisoformat(stored.retain_until) - house.now[0] > timedelta(days=3650)


def test_an_idle_log_is_silent_until_its_heartbeat(house: House) -> None:
    """Without growth nothing is published, and after the heartbeat the same note is given again."""
    assert house.publisher.publish() is None
    latest = house.ledger.latest_checkpoint()
    assert latest is not None
    house.now[0] += timedelta(hours=1)
    assert house.publisher.publish() == latest[1]
    assert house.publisher.publish() is None
    assert len(house.ledger.notes) == 3


def test_entries_that_wait_are_not_covered(house: House) -> None:
    """A note covers what is sequenced; the next one covers the rest."""
    house.record(CASES[0])
    assert house.publisher.publish() is None
    assert house.settle() is not None
    assert house.guard.last() == (13, house.ledger.root())


def test_yesterday_s_database_is_not_signed(house: House) -> None:
    """R17: a restored backup, also when it has grown again past the signed size, is refused."""
    backup = copy.deepcopy(house.ledger.__dict__ | {"_lock": None})
    lock = house.ledger._lock
    for case in CASES:
        house.record(case)
    house.settle()
    house.ledger.__dict__.update(backup | {"_lock": lock})
    for publisher in (house.publisher, again(house)):
        with pytest.raises(RolledBack) as caught:
            publisher.publish()
        assert (caught.value.signed_size, caught.value.found_size) == (15, 12)
    for _ in range(2):
        for case in CASES:
            house.record(case, payload={"otra": "historia"})
    while house.ledger.sequence():
        pass
    assert house.ledger.tree_size() > 15
    with pytest.raises(RolledBack):
        house.publisher.publish()
    assert house.guard.last() is not None
    assert house.guard.last()[0] == 15  # type: ignore[index]


def test_the_same_size_with_another_root_is_not_signed(house: House) -> None:
    """R2: a rewritten log of the signed size is refused by its root."""
    other = small_house()
    other.ledger.rows[5].sealed = replace(other.ledger.rows[5].sealed, leaf=leaf_hash(b"otro").hex())
    signed = house.guard.last()
    assert signed is not None
    house.guard.signed = signed[0], bytes(32)
    with pytest.raises(RolledBack, match="not a continuation"):
        house.publisher.publish()


def test_a_lost_guard_is_not_a_fresh_start(house: House) -> None:
    """A database with checkpoints and an empty guard is refused until the guard is restored from a known note."""
    latest = house.ledger.latest_checkpoint()
    assert latest is not None
    house.guard.signed = None
    with pytest.raises(RolledBack, match="guard is empty"):
        again(house).publish()
    with pytest.raises(NoteError):
        restore_guard(house.ledger, house.guard, latest[1], [SigningKey(ORIGIN, bytes(32)).verifier])
    restored = restore_guard(house.ledger, house.guard, latest[1], [house.key.verifier])
    assert restored == peek_checkpoint(latest[1])
    assert house.guard.last() == (12, house.ledger.root())
    with pytest.raises(RolledBack, match="not empty"):
        restore_guard(house.ledger, house.guard, latest[1], [house.key.verifier])
    house.record(CASES[0])
    assert house.settle() is not None


def test_a_guard_is_not_restored_to_a_past_that_is_not_ours(house: House) -> None:
    """The note must be one that the database continues."""
    house.guard.signed = None
    foreign = sign_checkpoint(Checkpoint(ORIGIN, 7, bytes(32)), house.key)
    with pytest.raises(RolledBack, match="not a continuation"):
        restore_guard(house.ledger, house.guard, foreign, [house.key.verifier])
    ahead = sign_checkpoint(Checkpoint(ORIGIN, 13, bytes(32)), house.key)
    with pytest.raises(RolledBack, match="behind"):
        restore_guard(house.ledger, house.guard, ahead, [house.key.verifier])
    assert house.guard.last() is None


def test_a_flipped_bit_in_a_tile_is_caught_before_signing(house: House) -> None:
    """R16: tiles that disagree with the stored frontier, or with what was signed, are never signed."""
    house.record(CASES[0])
    house.ledger.sequence()
    tile = house.ledger.tiles[0, 0]
    house.ledger.tiles[0, 0] = tile[:-1] + bytes([tile[-1] ^ 1])
    with pytest.raises(BlobCorrupt):
        house.publisher.publish()
    house.ledger.tiles[0, 0] = tile[:-7]
    with pytest.raises(BlobMissing):
        house.publisher.publish()
    assert house.guard.last()[0] == 12  # type: ignore[index]


def test_a_flipped_bit_in_an_entry_is_caught_before_it_enters_the_tree(house: House) -> None:
    """R16: the sequencer hashes again what it places."""
    house.record(CASES[0])
    row = house.ledger.rows[-1]
    row.sealed = replace(row.sealed, entry_bytes=row.sealed.entry_bytes.replace(b'"seq":5', b'"seq":4'))
    with pytest.raises(BlobCorrupt):
        house.ledger.sequence()
    assert house.ledger.tree_size() == 12


class _Down(MemoryBlobStore):
    """A store that refuses the first write."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 1

    def put(
        self,
        source: BinaryIO,
        *,
        media: str,
        retain_until: datetime | None = None,
        case: str = "",  # noqa: ARG002
    ) -> BlobRef:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("down")
        return super().put(source, media=media, retain_until=retain_until)


def test_a_publication_cut_short_is_finished_later() -> None:
    """Killed after the guard moved, or with the object store down, the same note is saved and copied the next time."""
    house = empty_house()
    house.record(CASES[0])
    house.ledger.sequence()
    house.guard.advance(None, (1, house.ledger.root()))  # as if it died right after this step
    note = again(house).publish()
    assert house.ledger.latest_checkpoint() == (1, note)
    house.record(CASES[0])
    house.ledger.sequence()
    down = _Down()
    publisher = again(house, blobs=down)
    with pytest.raises(StoreUnavailable):
        publisher.publish()
    assert not down.objects
    second = publisher.publish()
    assert second == house.ledger.notes[2][0]
    assert [data for _, data in down.objects.values()] == [second]


def test_signing_does_not_wait_for_the_copy() -> None:
    """The head is signed and saved with the object store away; the newest note is copied once it is back."""
    house = empty_house()
    down = _Down()
    publisher = again(house, blobs=down)
    for size in (1, 2):
        house.record(CASES[0])
        house.ledger.sequence()
        note = publisher.sign()
        assert house.ledger.latest_checkpoint() == (size, note)
        assert house.guard.last() == (size, house.ledger.root())
    with pytest.raises(StoreUnavailable):
        publisher.copy()
    assert publisher.copy() == note
    assert publisher.copy() is None
    assert [data for _, data in down.objects.values()] == [note]


class _Raced(MemoryGuard):
    """A guard that another signer always advances first."""

    def advance(self, expected: tuple[int, bytes] | None, new: tuple[int, bytes]) -> bool:
        super().advance(expected, new)
        return False


def test_the_slower_of_two_signers_gives_way() -> None:
    """Where the compare-and-swap is lost nothing is saved by the loser."""
    house = empty_house()
    house.record(CASES[0])
    house.ledger.sequence()
    assert again(house, guard=_Raced()).publish() is None
    assert house.ledger.latest_checkpoint() is None


def test_a_key_of_another_name_signs_nothing(house: House) -> None:
    """The log's key is called like the log."""
    house.record(CASES[0])
    house.ledger.sequence()
    with pytest.raises(OtherLog):
        again(house, key=SigningKey("otro.example", bytes(32))).publish()
    assert house.guard.last()[0] == 12  # type: ignore[index]


def test_copies_lie_under_their_digest(house: House) -> None:
    """Each kept note has its copy under the key of its content."""
    for _, note in house.ledger.checkpoints():
        ref = house.blobs.put(io.BytesIO(note), media="text/plain")
        assert ref.key == blob_key(ref.sha256)
        assert ref.retain_until, "it was there before, under lock"
