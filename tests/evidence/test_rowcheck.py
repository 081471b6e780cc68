"""The quick way through a row lets nothing pass that the long way finds fault with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import canonical_bytes, parse_canonical
from evidence.checks import check_entry_bytes
from evidence.entry import (
    BlobRef,
    EntryDraft,
    EntryKind,
    MalformedEntry,
    SealedEntry,
    genesis_hash,
    parse_entry,
    payload_commitment,
    seal,
)
from evidence.findings import Code
from evidence.grammar import quick_entry
from evidence.rowcheck import COLUMNS, Checked, RowCheck
from evidence.rows import Row
from evidence.runs import Named, Run
from evidence.tree import leaf_hash

LOG, CASE, SALT = "constancia.example/prueba", "MA-001-2026-000001", bytes(range(32))
CHECK = RowCheck(LOG, objects=False)
TEXTS = st.text(alphabet='aé😀"\\\n\x7f,:{}]', min_size=1, max_size=6)
FACTS = st.dictionaries(
    TEXTS, st.one_of(TEXTS, st.integers(-9, 2**53 - 1), st.lists(TEXTS, max_size=2)), max_size=3
)
TIMES = ["2026-02-28T23:59:59.999999Z", "2024-02-29T00:00:00.000000Z", "2026-12-31T10:00:00.000000Z",
         "2026-02-30T10:00:00.000000Z", "2026-04-31T10:00:00.000000Z", "2026-01-01T24:00:00.000000Z",
         "0000-01-01T10:00:00.000000Z"]  # fmt: skip
BLOB = BlobRef("a" * 64, 7, "application/pdf", "sha256/aa/" + "a" * 64)


def sealed(**changes: object) -> SealedEntry:
    """The first entry of a case; ``changes`` are of its draft."""
    draft = EntryDraft(
        "u-1", "especialista", EntryKind.EVIDENCE_RECORDED, "MA-001@2025-12-15", "2", payload={"n": "á"}
    )
    at = "2026-03-31T10:00:00.000000Z"
    prev = genesis_hash(LOG, CASE)
    return seal(replace(draft, **changes), log=LOG, case=CASE, seq=1, prev=prev, at=at, salt=SALT)  # type: ignore[arg-type]


def row_of(entry: SealedEntry, **changes: object) -> Row:
    """The row a store keeps of it."""
    told = entry.entry
    columns = (
        told.case,
        told.seq,
        told.prev,
        told.at,
        told.actor,
        told.role,
        str(told.kind),
        told.process,
        told.step,
    )
    row = Row(0, entry.leaf, entry.entry_bytes, entry.payload_bytes, entry.salt, *columns)
    return row._replace(**changes)  # type: ignore[arg-type]


def quiet(row: Row) -> bool:
    """Whether the quick way has nothing to tell."""
    (told,) = CHECK.many([tuple(row)])
    return isinstance(told, Run)


def test_an_ordinary_row_is_quiet() -> None:
    """With and without files, references and facts; signs beyond ASCII included."""
    assert quiet(row_of(sealed()))
    assert quiet(
        row_of(sealed(objects=(BLOB, replace(BLOB, retain_until=TIMES[0], version="v")), refs=("b" * 64,)))
    )
    assert quiet(row_of(sealed(facts={"via": "web", "é": ["ñ"], "count": 3})))


def test_an_ordinary_entry_is_read_quickly() -> None:
    """And is what the long way reads, objects and references included."""
    locked = replace(BLOB, media="text/plain; charset=utf-8", retain_until=TIMES[0], version="v/1")
    entry = sealed(objects=(BLOB, locked), refs=("b" * 64, "c" * 64), facts={"via": "web", "ñ": [1, True]})
    assert quick_entry(entry.entry_bytes) == parse_entry(entry.entry_bytes)
    assert quick_entry(sealed().entry_bytes) == parse_entry(sealed().entry_bytes)


@pytest.mark.parametrize(
    "kind", [EntryKind.HEADS_COMMITTED, EntryKind.ANCHOR_RECORDED, EntryKind.ERASURE_EXECUTED]
)
def test_what_tells_of_the_log_itself_is_told(kind: EntryKind) -> None:
    """Such an entry comes back whole, without a finding."""
    (told,) = CHECK.many([row_of(sealed(kind=kind))])
    assert isinstance(told, Checked)
    assert (told.entry and told.entry.kind, told.findings) == (kind, ())


def test_objects_are_named_to_whoever_wants_them() -> None:
    """Just those of the entry, in order; to nobody else."""
    locked = replace(BLOB, media="text/plain; charset=utf-8", retain_until=TIMES[0], version="v/1")
    row = row_of(sealed(objects=(BLOB, locked)))
    for check, named in ((RowCheck(LOG, objects=True), (Named(f"{CASE}/1", (BLOB, locked)),)), (CHECK, ())):
        (told,) = check.many([row])
        assert isinstance(told, Run)
        assert told.named == named


def test_an_erased_payload_is_told() -> None:
    """Somebody else has to say whether that was recorded."""
    (told,) = CHECK.many([row_of(sealed(), payload_bytes=None, salt=None)])
    assert isinstance(told, Checked)
    assert told.findings == ()


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_counts(column: str) -> None:
    """R5: one that says something else than the bytes is a finding by its name."""
    (told,) = CHECK.many([row_of(sealed(), **{column: "otra" if column != "case_seq" else 2})])
    assert isinstance(told, Checked)
    assert [(item.code, item.subject.rpartition(" ")[2]) for item in told.findings] == [
        (Code.ENTRY_COLUMN, column)
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"leaf": "0" * 64}, Code.ENTRY_LEAF),
        ({"leaf": 7}, Code.ENTRY_LEAF),
        ({"payload_bytes": b'{"n":"b"}'}, Code.PAYLOAD_DIFFERS),
        ({"salt": bytes(32)}, Code.PAYLOAD_DIFFERS),
        ({"salt": bytes(31)}, Code.PAYLOAD_DIFFERS),
        ({"salt": None}, Code.PAYLOAD_DIFFERS),
        ({"payload_bytes": None}, Code.PAYLOAD_DIFFERS),
    ],
)
def test_what_lies_beside_the_bytes_counts(changes: dict[str, object], code: Code) -> None:
    """Leaf, payload and salt."""
    (told,) = CHECK.many([row_of(sealed(), **changes)])
    assert isinstance(told, Checked)
    assert {item.code for item in told.findings} == {code}


def test_a_payload_that_was_committed_to_and_is_not_canonical_is_found() -> None:
    """R5: whoever sealed it wrote other bytes than the one spelling."""
    payload = b'{ "n": 1 }'
    entry = sealed()
    data = entry.entry_bytes.replace(entry.entry.payload.encode(), payload_commitment(SALT, payload).encode())
    row = row_of(SealedEntry(data, leaf_hash(data).hex(), payload, SALT))
    (told,) = CHECK.many([row])
    assert isinstance(told, Checked)
    assert {item.code for item in told.findings} == {Code.PAYLOAD_MALFORMED}


def test_another_log_is_found() -> None:
    """R9: an entry belongs to the log that its bytes name."""
    (told,) = RowCheck("constancia.example/otra", objects=False).many([row_of(sealed())])
    assert isinstance(told, Checked)
    assert {item.code for item in told.findings} == {Code.ENTRY_LOG}


def agrees(data: bytes) -> None:
    """Whatever the quick way lets pass is an entry without a finding, with just these members."""
    quickly = quick_entry(data)
    try:
        entry = parse_entry(data)
    except MalformedEntry:
        entry = None
    assert quickly in (None, entry)
    _, findings = check_entry_bytes(data, leaf_hash(data).hex(), log=LOG)
    if entry is None:
        assert not quiet(row_of(sealed(), entry_bytes=data, leaf=leaf_hash(data).hex()))
        return
    payload = b"{}"
    fits = SealedEntry(data, leaf_hash(data).hex(), payload, SALT)
    assert quiet(row_of(fits)) <= (not findings and entry.payload == payload_commitment(SALT, payload))


def spelled(change: Callable[[dict[str, object]], object]) -> bytes:
    """Canonical bytes of an entry with other members; its payload is ``{}``."""
    document = parse_canonical(sealed(objects=(BLOB,), payload={}).entry_bytes)
    assert isinstance(document, dict)
    change(document)  # type: ignore[arg-type]
    return canonical_bytes(document)


@given(st.sampled_from(["actor", "case", "log", "process", "role", "step", "kind"]), TEXTS | st.just(""))
def test_both_ways_agree_on_texts(name: str, text: str) -> None:
    """Quotes, escapes, controls and signs of every width in each member."""
    agrees(spelled(lambda document: document.update({name: text})))


@given(FACTS)
def test_both_ways_agree_on_facts(facts: dict[str, object]) -> None:
    """Whatever facts hold, such as text that looks like the members that follow."""
    agrees(spelled(lambda document: document.update({"facts": facts})))


@pytest.mark.parametrize("at", TIMES)
def test_both_ways_agree_on_times(at: str) -> None:
    """Of entries and of retention: days that there are, days that there are not."""
    agrees(spelled(lambda document: document.update({"at": at})))
    agrees(spelled(lambda document: document["objects"][0].update({"retain_until": at})))  # type: ignore[index]


@pytest.mark.parametrize("seq", [0, 1, 10, 999_999_999_999_999, 2**53 - 1, "1", True])
def test_both_ways_agree_on_numbers(seq: object) -> None:
    """From 1 on, integers only."""
    agrees(spelled(lambda document: document.update({"seq": seq})))


def test_no_byte_can_be_changed() -> None:
    """Each byte in turn, three ways: a row of such bytes, leaf made to fit, is never quiet under the old columns."""
    row = row_of(sealed(objects=(BLOB,), refs=("b" * 64,), facts={"via": "web"}))
    told_apart = 0
    for place, byte in enumerate(row.entry_bytes):
        for other in (byte ^ 1, 0x20, 0x22):
            data = row.entry_bytes[:place] + bytes([other]) + row.entry_bytes[place + 1 :]
            if data == row.entry_bytes:
                continue
            leaf = hashlib.sha256(b"\x00" + data).hexdigest()
            agrees(data)
            assert not quiet(row._replace(entry_bytes=data))
            told_apart += not quiet(row._replace(entry_bytes=data, leaf=leaf))
    assert told_apart > 1000
