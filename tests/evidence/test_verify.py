"""Verification: the honest ledger is valid, and every tampering is found and named."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.anchors import copy_of
from evidence.checkpoint import Checkpoint, sign_checkpoint
from evidence.checks import check_chain
from evidence.entry import BlobRef, EntryDraft, EntryKind, SealedEntry, genesis_hash, seal
from evidence.findings import NOTICES, UNVERIFIABLE, Code, Finding, Verdict, verdict_of, weights
from evidence.note import SigningKey
from evidence.ports import Composition, StoredBlob
from evidence.tree import Frontier, leaf_hash
from evidence.verify import verify_ledger, verify_objects
from tests.fakes.house import CASES, ORIGIN, House, codes, empty_house, small_house


def rebuild(house: House) -> None:
    """What a skilful tamperer does afterwards: recompute leaves, links, indices, frontier and tiles."""
    heads: dict[str, tuple[int, str]] = {}
    for row in house.ledger.rows:
        entry = row.sealed.entry
        seq, prev = heads.get(entry.case, (0, genesis_hash(ORIGIN, entry.case)))
        document = json.loads(row.sealed.entry_bytes) | {"seq": seq + 1, "prev": prev}
        data = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        leaf = leaf_hash(data).hex()
        row.seq = seq + 1
        row.sealed = SealedEntry(data, leaf, row.sealed.payload_bytes, row.sealed.salt)
        heads[entry.case] = seq + 1, leaf
    house.ledger.frontier = Frontier()
    house.ledger.tiles.clear()
    house.ledger.sequence(10_000)


def test_an_honest_ledger_is_valid(house: House) -> None:
    """Everything is checked, nothing is found, and the locked copy of the checkpoint gives level A1."""
    report = house.verify(full=True)
    assert report.findings == ()
    assert (report.verdict, report.level) == (Verdict.VALID, "A1")
    assert (report.size, report.root) == (12, house.ledger.root().hex())
    assert (report.entries_checked, report.objects_checked, report.checkpoint_size) == (12, 12, 12)
    assert report.bytes_checked == sum(len(f"{case} {turn}") for case in CASES for turn in range(4))


def test_without_object_store_or_lock_the_level_is_a0(house: House) -> None:
    """A signed checkpoint alone is A0; so is a copy whose lock has run out."""
    report = verify_ledger(house.ledger, keys=[house.key.verifier])
    assert (report.verdict, report.level, report.objects_checked) == (Verdict.VALID, "A0", 0)
    house.now[0] += timedelta(days=4000)
    assert house.verify().level == "A0"


def test_waiting_entries_are_checked_and_counted(house: House) -> None:
    """Entries without an index count apart; damage in them is found as well."""
    house.record(CASES[0], payload={"x": "y"})
    report = house.verify()
    assert (report.verdict, report.unsequenced, report.entries_checked, report.size) == (
        Verdict.VALID,
        1,
        13,
        12,
    )
    row = house.ledger.rows[-1]
    row.sealed = replace(row.sealed, payload_bytes=b"{}")
    assert codes(house.verify()) == {Code.PAYLOAD_DIFFERS}


def test_progress_is_told() -> None:
    """The callback hears of every batch and of the end."""
    house = empty_house()
    for _ in range(300):
        house.record(CASES[0])
    house.settle()
    told: list[tuple[int, int]] = []
    verify_ledger(
        house.ledger, keys=[house.key.verifier], progress=lambda done, total: told.append((done, total))
    )
    assert told[0] == (256, 300)
    assert told[-1] == (300, 300)


def test_appends_meanwhile_are_no_finding(house: House) -> None:
    """Entries appended, sequenced and signed while the verification runs do not confuse it."""

    def meddle(_done: int, _total: int) -> None:
        house.record(CASES[1])
        house.settle()

    house.record(CASES[0])
    report = verify_ledger(house.ledger, house.blobs, keys=[house.key.verifier], full=True, progress=meddle)
    assert report.findings == ()
    assert report.size == 12
    assert house.ledger.tree_size() > 12


def test_growth_between_any_two_readings_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries that get their index, and notes that appear, just before a reading are seen once and accuse nobody."""
    house = small_house()
    house.record(CASES[0])
    size, checkpoints = house.ledger.tree_size, house.ledger.checkpoints

    def grown_size() -> int:
        house.ledger.sequence()
        return size()

    def grown_checkpoints(since: int = 0) -> Iterator[tuple[int, bytes]]:
        monkeypatch.undo()
        house.record(CASES[1])
        house.settle()
        return checkpoints(since)

    monkeypatch.setattr(house.ledger, "tree_size", grown_size)
    monkeypatch.setattr(house.ledger, "checkpoints", grown_checkpoints)
    report = house.verify()
    assert report.findings == ()
    assert (report.size, report.entries_checked, report.unsequenced) == (13, 13, 0)
    assert house.ledger.tree_size() == 14


# Nothing proved -----------------------------------------------------------------------------------------------------


def test_an_empty_log_is_never_valid() -> None:
    """R1: no entries is 'unverifiable', and 'invalid' against any checkpoint one has kept."""
    house = empty_house()
    report = house.verify()
    assert report.verdict is Verdict.UNVERIFIABLE
    assert codes(report) == {Code.LOG_EMPTY, Code.CHECKPOINT_NONE}
    assert report.level == "none"
    known = small_house().ledger.latest_checkpoint()
    assert known is not None
    assert house.verify(known=(known[1],)).verdict is Verdict.INVALID


def test_without_the_right_key_nothing_is_valid(house: House) -> None:
    """No key, or another one, is 'unverifiable' however sound the ledger is; damage is 'invalid' even so."""
    none = verify_ledger(house.ledger, keys=[])
    assert (none.verdict, codes(none)) == (Verdict.UNVERIFIABLE, {Code.KEY_NONE})
    stranger = SigningKey(ORIGIN, bytes(32)).verifier
    other = verify_ledger(house.ledger, keys=[stranger])
    assert (other.verdict, codes(other)) == (
        Verdict.UNVERIFIABLE,
        {Code.CHECKPOINT_KEY, Code.CHECKPOINT_NONE},
    )
    row = house.ledger.rows[3]
    row.sealed = replace(row.sealed, payload_bytes=b"{}")
    assert verify_ledger(house.ledger, keys=[]).verdict is Verdict.INVALID


def test_without_a_checkpoint_nothing_is_valid(house: House) -> None:
    """A chain without any anchor proves nothing; one brought along does."""
    latest = house.ledger.latest_checkpoint()
    assert latest is not None
    house.ledger.notes.clear()
    report = house.verify()
    assert (report.verdict, codes(report)) == (Verdict.UNVERIFIABLE, {Code.CHECKPOINT_NONE})
    assert house.verify(known=(latest[1],)).verdict is Verdict.VALID


# Truncation and rewriting -------------------------------------------------------------------------------------------


def _drop_tail(house: House) -> None:
    del house.ledger.rows[9:]


def _drop_case(house: House) -> None:
    house.ledger.rows = [row for row in house.ledger.rows if row.case != CASES[1]]


def _drop_all(house: House) -> None:
    house.ledger.rows.clear()


def _rewrite_suffix(house: House) -> None:
    for row in house.ledger.rows[8:]:
        row.sealed = replace(
            row.sealed, entry_bytes=row.sealed.entry_bytes.replace(b"u-1", b"u-2"), parsed=None
        )


@pytest.mark.parametrize("tamper", [_drop_tail, _drop_case, _drop_all, _rewrite_suffix])
@pytest.mark.parametrize("hide", [False, True], ids=["notes kept", "notes removed"])
def test_consistent_rewriting_fails_against_an_earlier_checkpoint(
    tamper: Callable[[House], None], hide: bool
) -> None:
    """R1, R2: with everything recomputed, the log is still not the one that was signed, by size and root."""
    house = small_house()
    exported = house.ledger.latest_checkpoint()
    assert exported is not None
    tamper(house)
    rebuild(house)
    if hide:
        house.ledger.notes = {size: kept for size, kept in house.ledger.notes.items() if size < 4}
        house.blobs.objects.clear()
        assert house.verify().verdict is not Verdict.VALID or tamper in (_drop_tail, _rewrite_suffix)
    report = verify_ledger(house.ledger, keys=[house.key.verifier], known_checkpoints=[exported[1]])
    assert report.verdict is Verdict.INVALID
    assert codes(report) & {Code.LOG_TRUNCATED, Code.CHECKPOINT_ROOT}


def test_a_full_rewrite_signed_with_the_live_key_is_caught_by_the_locked_copy(house: House) -> None:
    """R3: notes, guard and database replaced and re-signed; the copies under lock tell, and the report says which."""
    _rewrite_suffix(house)
    rebuild(house)
    house.ledger.notes.clear()
    house.guard.signed = None
    forged = house.publisher.publish() or house.settle()
    if forged is None:  # the publisher remembers the size; a tamperer uses the key directly
        forged = sign_checkpoint(Checkpoint(ORIGIN, 12, house.ledger.root()), house.key)
        house.ledger.save_checkpoint(12, forged, "")
    assert verify_ledger(house.ledger, keys=[house.key.verifier]).verdict is Verdict.VALID, (
        "a database alone cannot tell"
    )
    report = house.verify(full=True)
    assert report.verdict is Verdict.INVALID
    assert {Code.CHECKPOINT_ROOT, Code.LOG_FORKED} <= codes(report)
    assert any(finding.subject.startswith("locked copy sha256/") for finding in report.findings)


def test_a_changed_copy_of_a_checkpoint_is_found_and_a_missing_one_is_not_held_against_the_log(
    house: House,
) -> None:
    """R15: copies are objects too. A publisher that was killed leaves none, which is no damage."""
    _, note = next(iter(house.ledger.checkpoints()))
    key = copy_of(note).key
    stored, data = house.blobs.objects[key]
    house.blobs.objects[key] = stored, data[:-1] + b"x"
    report = house.verify(full=True)
    assert report.verdict is Verdict.INVALID
    assert [
        found.subject.rpartition(" ")[2] for found in report.findings if found.code == Code.OBJECT_DIFFERS
    ] == [key]
    found, _ = verify_objects(house.ledger, house.blobs)
    assert [item.code for item in found] == [Code.OBJECT_DIFFERS]
    del house.blobs.objects[key]
    assert house.verify(full=True).verdict is Verdict.VALID


def test_two_contradicting_checkpoints_are_reported_with_both_notes(house: House) -> None:
    """R11: a second signed history is misbehaviour of the log, and both notes are in the finding."""
    ours = house.ledger.notes[12][0]
    theirs = sign_checkpoint(Checkpoint(ORIGIN, 6, leaf_hash(b"otra historia")), house.key)
    report = house.verify(known=(theirs,))
    forks = [finding for finding in report.findings if finding.code == Code.LOG_FORKED]
    assert report.verdict is Verdict.INVALID
    assert [(fork.expected, fork.found) for fork in forks] == [(ours.decode(), theirs.decode())]


def test_contradicting_checkpoints_of_one_size_are_a_fork_even_where_the_log_agrees_with_neither(
    house: House,
) -> None:
    """R11: two notes of one size with two roots suffice."""
    house.ledger.notes.clear()
    notes = [sign_checkpoint(Checkpoint(ORIGIN, 6, leaf_hash(text)), house.key) for text in (b"una", b"otra")]
    report = house.verify(known=tuple(notes))
    forks = {
        (finding.expected.encode(), finding.found.encode())
        for finding in report.findings
        if finding.code == "log.forked"
    }
    assert (notes[0], notes[1]) in forks or (notes[1], notes[0]) in forks


def test_a_forged_known_checkpoint_accuses_nobody(house: House) -> None:
    """A note by an unknown key is said to be unknown; it makes nothing invalid and nothing valid."""
    forged = sign_checkpoint(Checkpoint(ORIGIN, 6, bytes(32)), SigningKey(ORIGIN, bytes(32)))
    report = house.verify(known=(forged,))
    assert (report.verdict, codes(report)) == (Verdict.UNVERIFIABLE, {Code.CHECKPOINT_KEY})
    assert codes(house.verify(known=(b"nonsense",))) == {Code.CHECKPOINT_MALFORMED}


def test_kept_notes_that_are_not_what_they_should_be() -> None:
    """A bent signature, another origin, another size, and no note at all each have their code."""
    bent = small_house()
    note, at = bent.ledger.notes[6]
    middle = note.rindex(b" ") + 20
    letter = b"A" if note[middle : middle + 1] != b"A" else b"B"
    bent.ledger.notes[6] = note[:middle] + letter + note[middle + 1 :], at
    assert codes(bent.verify()) == {Code.CHECKPOINT_SIGNATURE}
    foreign = small_house()
    key = SigningKey("otro.example", bytes(32))
    foreign.ledger.notes[6] = sign_checkpoint(Checkpoint("otro.example", 6, bytes(32)), key), at
    report = verify_ledger(foreign.ledger, keys=[foreign.key.verifier, key.verifier])
    assert codes(report) == {Code.CHECKPOINT_LOG}
    moved = small_house()
    moved.ledger.notes[5] = moved.ledger.notes.pop(6)
    assert codes(moved.verify()) == {Code.CHECKPOINT_MISFILED}
    garbage = small_house()
    garbage.ledger.notes[6] = b"nonsense", at
    assert codes(garbage.verify()) == {Code.CHECKPOINT_MALFORMED}


# Single entries -----------------------------------------------------------------------------------------------------


def _replaced(house: House, place: int, **changes: object) -> House:
    row = house.ledger.rows[place]
    row.sealed = replace(row.sealed, parsed=None, **changes)
    return house


def test_changed_bytes_are_found(house: House) -> None:
    """R5: bytes that do not hash to their leaf, and so not to the tree."""
    data = house.ledger.rows[4].sealed.entry_bytes.replace(b"u-1", b"u-2")
    report = _replaced(house, 4, entry_bytes=data).verify()
    assert {Code.ENTRY_LEAF, Code.TREE_TILE, Code.TREE_ROOT, Code.CHECKPOINT_ROOT} <= codes(report)
    assert report.verdict is Verdict.INVALID
    assert any(finding.subject == f"{CASES[1]}/2" for finding in report.findings)


def test_bytes_that_are_no_entry_are_found(house: House) -> None:
    """Broken bytes are named by their place and stop nothing else from being checked."""
    report = _replaced(house, 4, entry_bytes=b"{}", leaf=leaf_hash(b"{}").hex()).verify()
    malformed = [finding for finding in report.findings if finding.code == Code.ENTRY_MALFORMED]
    assert [finding.subject for finding in malformed] == ["index 4"]
    assert report.entries_checked == 12


def test_changed_columns_are_found(house: House) -> None:
    """R5: an edit of an index column alone."""
    house.ledger.rows[4].case = CASES[2]
    report = house.verify()
    assert (report.verdict, codes(report)) == (Verdict.INVALID, {Code.ENTRY_COLUMN})


def test_changed_payloads_and_salts_are_found() -> None:
    """A payload or salt that is not the committed one, or half of the two."""
    assert codes(_replaced(small_house(), 4, payload_bytes=b'{"note":"otro"}').verify()) == {
        Code.PAYLOAD_DIFFERS
    }
    assert codes(_replaced(small_house(), 4, salt=bytes(32)).verify()) == {Code.PAYLOAD_DIFFERS}
    assert codes(_replaced(small_house(), 4, salt=bytes(31)).verify()) == {Code.PAYLOAD_DIFFERS}
    assert codes(_replaced(small_house(), 4, salt=None).verify()) == {Code.PAYLOAD_DIFFERS}
    assert codes(_replaced(small_house(), 4, payload_bytes=None).verify()) == {Code.PAYLOAD_DIFFERS}


def test_a_missing_payload_needs_an_erasure_entry() -> None:
    """A payload may be absent only where an entry says that it was erased; then the ledger stays valid and says so."""
    house = _replaced(small_house(), 4, payload_bytes=None, salt=None)
    report = house.verify()
    assert (report.verdict, codes(report)) == (Verdict.INVALID, {Code.PAYLOAD_MISSING})
    erased = house.ledger.rows[4].sealed
    own = house.record(CASES[1], kind=EntryKind.ERASURE_EXECUTED, refs=(erased.leaf,)).entry.seq
    house.settle()
    report = house.verify()
    assert report.verdict is Verdict.VALID
    assert [(item.code, item.subject, item.found) for item in report.findings] == [
        (Code.PAYLOAD_ERASED, f"{CASES[1]}/2", f"erased by {CASES[1]}/{own}")
    ]


def test_a_chain_moved_to_another_case_or_log_is_found() -> None:
    """R9: links are bound to case and log by the genesis hash, so a moved or copied chain does not hang together."""
    house = small_house()
    chain = house.ledger.history(CASES[0])
    moved = [_resealed(item, case="MA-001-2026-000999", prev=item.entry.prev) for item in chain]
    assert Code.CHAIN_PREV in {finding.code for finding in check_chain(moved, ORIGIN)}
    assert {finding.code for finding in check_chain(chain, "otro.example")} == {
        Code.ENTRY_LOG,
        Code.CHAIN_PREV,
    }
    assert list(check_chain(chain, ORIGIN)) == []


def test_two_beginnings_of_one_case_are_found(house: House) -> None:
    """R9: a second entry with seq 1 and the genesis hash is a break of the chain."""
    first = house.ledger.history(CASES[0])[0]
    second = _resealed(first, prev=first.entry.prev, actor="u-9")
    found = list(check_chain([first, second], ORIGIN))
    assert {finding.code for finding in found} == {Code.CHAIN_SEQ, Code.CHAIN_PREV}


def test_gaps_in_a_chain_and_in_the_log_are_found(house: House) -> None:
    """An entry left out shows as a gap of seq, of links and of the index, in the size and against the checkpoints."""
    del house.ledger.rows[4]
    found = codes(house.verify())
    assert {Code.CHAIN_SEQ, Code.CHAIN_PREV, Code.INDEX_GAP, Code.TREE_SIZE, Code.CHECKPOINT_ROOT} <= found


def test_two_entries_swapped_are_found(house: House) -> None:
    """The order of the log is that of the tree."""
    one, other = house.ledger.rows[3], house.ledger.rows[4]
    one.sealed, other.sealed = replace(one.sealed, index=4), replace(other.sealed, index=3)
    assert {Code.TREE_TILE, Code.CHECKPOINT_ROOT} <= codes(house.verify())


def test_a_clock_set_back_is_a_notice() -> None:
    """R13: order is by index; a clock set back is told, a few seconds between writers are not; neither is invalid."""
    house = empty_house()
    house.record(CASES[0])
    house.now[0] -= timedelta(seconds=40)
    house.record(CASES[0])
    house.settle()
    assert house.verify().findings == ()
    house.now[0] -= timedelta(days=365)
    late = house.record(CASES[0])
    house.settle()
    report = house.verify()
    assert report.verdict is Verdict.VALID
    assert [(item.code, item.subject, item.found) for item in report.findings] == [
        (Code.TIME_BACKWARDS, f"{CASES[0]}/3", late.entry.at)
    ]


def _resealed(item: SealedEntry, *, prev: str, case: str = "", actor: str = "") -> SealedEntry:
    entry = item.entry
    draft = EntryDraft(actor or entry.actor, entry.role, entry.kind, payload=item.payload())
    return seal(
        draft,
        log=ORIGIN,
        case=case or entry.case,
        seq=entry.seq,
        prev=prev,
        at=entry.at,
        salt=item.salt or bytes(32),
    )


# Tree and caches ----------------------------------------------------------------------------------------------------


def test_damaged_tiles_and_frontier_are_found() -> None:
    """A stored tile or root that is not the recomputed one is named."""
    bent = small_house()
    bent.ledger.tiles[0, 0] = bytes(32) + bent.ledger.tiles[0, 0][32:]
    assert codes(bent.verify()) == {Code.TREE_TILE}
    gone = small_house()
    del gone.ledger.tiles[0, 0]
    assert codes(gone.verify()) == {Code.TREE_TILE}
    root = small_house()
    root.ledger.frontier.hashes[0] = bytes(32)
    assert codes(root.verify()) == {Code.TREE_ROOT}


def test_tiles_of_every_level_are_compared() -> None:
    """With more than one full tile, damage in a level-1 tile and in a full level-0 tile is found."""
    for place in ((0, 0), (0, 1), (1, 0)):
        house = empty_house()
        for _ in range(600):
            house.record(CASES[0])
        house.settle()
        assert house.verify().findings == ()
        data = house.ledger.tiles[place]
        house.ledger.tiles[place] = data[:40] + bytes([data[40] ^ 1]) + data[41:]
        assert codes(house.verify()) == {Code.TREE_TILE}


def test_projections_are_not_evidence(house: House) -> None:
    """Whatever the projections say, the verdict is about entries."""
    house.ledger.projections.clear()
    assert house.verify(full=True).verdict is Verdict.VALID


# Objects ------------------------------------------------------------------------------------------------------------


def _first_object(house: House) -> BlobRef:
    return house.ledger.history(CASES[0])[0].entry.objects[0]


def test_a_row_without_its_object_is_found(house: House) -> None:
    """R15: an object that is gone."""
    ref = _first_object(house)
    del house.blobs.objects[ref.key]
    assert codes(house.verify()) == {Code.OBJECT_MISSING}
    assert {finding.code for finding in verify_objects(house.ledger, house.blobs)[0]} == {Code.OBJECT_MISSING}


def test_an_object_without_a_row_is_a_notice(house: House) -> None:
    """R15: an orphan is listed and harmless; copies of checkpoints are no orphans."""
    house.blobs.put(io.BytesIO(b"nadie"), media="text/plain")
    report = house.verify(full=True)
    assert (report.verdict, codes(report)) == (Verdict.VALID, {Code.OBJECT_UNREFERENCED})
    findings, checker = verify_objects(house.ledger, house.blobs)
    assert [finding.code for finding in findings] == [Code.OBJECT_UNREFERENCED]
    assert checker.objects_checked == 12


def test_an_object_with_other_bytes_is_found(house: House) -> None:
    """R15: the same length shows when the bytes are read, another length at once."""
    ref = _first_object(house)
    stored, data = house.blobs.objects[ref.key]
    house.blobs.objects[ref.key] = stored, bytes(len(data))
    assert codes(house.verify()) == set()
    assert codes(house.verify(full=True)) == {Code.OBJECT_DIFFERS}
    house.blobs.objects[ref.key] = replace(stored, size=stored.size + 1), data
    assert codes(house.verify()) == {Code.OBJECT_DIFFERS}


def test_another_version_or_a_shorter_retention_is_found() -> None:
    """R15: the referenced version is gone, or its lock was shortened or lifted."""
    for change, code in (
        ({"retain_until": ""}, Code.OBJECT_RETENTION),
        ({"retain_until": "2026-02-01T00:00:00.000000Z"}, Code.OBJECT_RETENTION),
    ):
        house = small_house()
        ref = _first_object(house)
        stored, data = house.blobs.objects[ref.key]
        house.blobs.objects[ref.key] = replace(stored, **change), data
        report = house.verify()
        assert (report.verdict, codes(report)) == (Verdict.INVALID, {code})
    house = empty_house()
    ref = house.blobs.put(io.BytesIO(b"uno"), media="text/plain")
    house.blobs.objects[ref.key] = StoredBlob(ref.key, "v2", ref.size, ""), b"uno"
    draft = EntryDraft("u", "r", EntryKind.EVIDENCE_RECORDED, objects=(replace(ref, version="v1"),))
    house.ledger.append(CASES[0], lambda _history: Composition((draft,)))
    house.settle()
    assert codes(house.verify()) == {Code.OBJECT_VERSION}


# Whole-ledger properties --------------------------------------------------------------------------------------------


def test_every_flipped_byte_is_found() -> None:
    """Entries, payloads, salts, leaves, tiles, notes and objects: never 'valid' with one byte changed."""
    house = small_house()
    for place, row in enumerate(house.ledger.rows):
        sealed = row.sealed
        for name in ("entry_bytes", "payload_bytes", "salt"):
            data = getattr(sealed, name)
            for at in range(0, len(data), 1 if place == 5 else 37):
                row.sealed = replace(
                    sealed, parsed=None, **{name: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]}
                )
                assert house.verify().verdict is Verdict.INVALID, (place, name, at)
        row.sealed = replace(sealed, leaf=sealed.leaf.translate(str.maketrans("01", "10")))
        assert sealed.leaf == row.sealed.leaf or house.verify().verdict is Verdict.INVALID
        row.sealed = sealed
    tile = house.ledger.tiles[0, 0]
    for at in range(len(tile)):
        house.ledger.tiles[0, 0] = tile[:at] + bytes([tile[at] ^ 1]) + tile[at + 1 :]
        assert house.verify().verdict is Verdict.INVALID
    house.ledger.tiles[0, 0] = tile
    for size, (note, published) in list(house.ledger.notes.items()):
        for at in range(len(note)):
            house.ledger.notes[size] = note[:at] + bytes([note[at] ^ 1]) + note[at + 1 :], published
            assert house.verify().verdict is not Verdict.VALID
        house.ledger.notes[size] = note, published
    for key, (stored, data) in list(house.blobs.objects.items()):
        if data.startswith(b"MA-001"):
            for at in range(len(data)):
                house.blobs.objects[key] = stored, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
                assert house.verify(full=True).verdict is Verdict.INVALID
            house.blobs.objects[key] = stored, data
    assert house.verify(full=True).verdict is Verdict.VALID


def test_reports_distinguish_the_verdicts(house: House) -> None:
    """R19: exit codes 0, 1, 2 and JSON that says the same."""
    assert [verdict.exit_code for verdict in (Verdict.VALID, Verdict.INVALID, Verdict.UNVERIFIABLE)] == [
        0,
        1,
        2,
    ]
    document = json.loads(json.dumps(house.verify(full=True).as_json()))
    assert document["verdict"] == "valid"
    assert {
        "level",
        "size",
        "root",
        "entries_checked",
        "objects_checked",
        "bytes_checked",
        "findings",
    } <= set(document)
    house.ledger.rows[0].case = "otro"
    document = json.loads(json.dumps(house.verify().as_json()))
    assert document["verdict"] == "invalid"
    assert set(document["findings"][0]) == {"code", "subject", "expected", "found"}


def test_findings_weigh_as_documented() -> None:
    """Invalid outweighs unverifiable, notices weigh nothing, and an unknown code is never harmless."""

    def verdict(*found: str) -> Verdict:
        return verdict_of(Finding(code, "", "", "") for code in found)

    assert verdict() is Verdict.VALID
    assert verdict(Code.TIME_BACKWARDS, Code.PAYLOAD_ERASED) is Verdict.VALID
    assert verdict(Code.KEY_NONE, Code.TIME_BACKWARDS) is Verdict.UNVERIFIABLE
    assert verdict(Code.KEY_NONE, Code.TREE_ROOT) is Verdict.INVALID
    assert verdict("package.something_new") is Verdict.INVALID
    assert set(weights()) == set(Code)
    assert not UNVERIFIABLE & NOTICES
    assert set(Code) > UNVERIFIABLE | NOTICES
    assert hashlib.sha256(b"").hexdigest() == house_root_of_nothing()


def house_root_of_nothing() -> str:
    """The root an empty verification reports."""
    return verify_ledger(empty_house().ledger, keys=[]).root
