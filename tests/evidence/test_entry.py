"""Entries: the golden one, sealing, parsing, refusals and round trips."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import MAX_INTEGER, Json, NotCanonical, canonical_bytes
from evidence.entry import (
    MAX_ENTRY_BYTES,
    BlobRef,
    EntryDraft,
    EntryKind,
    MalformedEntry,
    SealedEntry,
    format_time,
    genesis_hash,
    parse_entry,
    parse_time,
    payload_commitment,
    seal,
)
from evidence.tree import leaf_hash

LOG = "constancia.example/mesa-de-ayuda"
CASE = "MA-001-2026-000123"
SALT = bytes(range(32))

DRAFT = EntryDraft(
    actor="u-7f3a9c",
    role="especialista",
    kind=EntryKind.EVIDENCE_RECORDED,
    process="MA-001@2025-12-15",
    step="12",
    objects=(
        BlobRef(
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
            5,
            "text/plain",
            "sha256/2c/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        ),
    ),
    facts={"evidence": [{"object": 0, "slot": "respuesta", "type": "EML"}], "via": "web"},
    payload={"files": [{"about": {}, "name": "Respuesta de MetLife – Peña.eml", "slot": "respuesta"}]},
)
GOLDEN_PAYLOAD = '{"files":[{"about":{},"name":"Respuesta de MetLife – Peña.eml","slot":"respuesta"}]}'
GOLDEN_BYTES = (
    '{"actor":"u-7f3a9c","at":"2026-01-02T15:04:05.678901Z","case":"MA-001-2026-000123",'
    '"facts":{"evidence":[{"object":0,"slot":"respuesta","type":"EML"}],"via":"web"},"kind":"evidence.recorded",'
    '"log":"constancia.example/mesa-de-ayuda","objects":[{"key":'
    '"sha256/2c/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","media":"text/plain",'
    '"retain_until":"","sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","size":5,'
    '"version":""}],"payload":"PAYLOAD","prev":"PREV","process":"MA-001@2025-12-15","refs":[],'
    '"role":"especialista","seq":1,"step":"12","v":1}'
)


def golden() -> SealedEntry:
    """The entry that ``docs/formats/entry.md`` shows."""
    prev = genesis_hash(LOG, CASE)
    return seal(DRAFT, log=LOG, case=CASE, seq=1, prev=prev, at="2026-01-02T15:04:05.678901Z", salt=SALT)


def test_golden_entry() -> None:
    """One fixed entry has these bytes, this leaf, this genesis and this payload commitment, for ever."""
    sealed = golden()
    prev = hashlib.sha256(f"constancia/v1/genesis\n{LOG}\n{CASE}".encode()).hexdigest()
    payload = hashlib.sha256(b"constancia/v1/payload\n" + SALT + GOLDEN_PAYLOAD.encode()).hexdigest()
    assert sealed.payload_bytes == GOLDEN_PAYLOAD.encode()
    assert sealed.entry_bytes.decode() == GOLDEN_BYTES.replace("PAYLOAD", payload).replace("PREV", prev)
    assert prev == "bb4a559d16a0570215b8acbbf8553e61977d5d2e16ec54343443e66ab42f5272"
    assert payload == "85b5e8cfefc5e18021b98f971ae8acebbc7acb7b61fa91ac4e00fd8bb135351c"
    assert sealed.leaf == hashlib.sha256(b"\x00" + sealed.entry_bytes).hexdigest()
    assert sealed.leaf == "5a37bac7f3f785fcc9f6adae4e52c84661e10b1a4f4c119e7f0556d84417c24b"


def test_golden_entry_is_the_documented_one() -> None:
    """The format's document shows the very bytes of the golden entry."""
    document = (Path(__file__).parents[2] / "docs" / "formats" / "entry.md").read_text(encoding="utf-8")
    assert golden().entry_bytes.decode() in document
    assert golden().leaf in document


def test_parsing_gives_back_what_was_sealed() -> None:
    """Members, objects and payload come back from the bytes alone."""
    sealed = golden()
    again = SealedEntry(sealed.entry_bytes, sealed.leaf, sealed.payload_bytes, sealed.salt)
    assert again.entry == sealed.entry == parse_entry(sealed.entry_bytes)
    assert again.entry.objects == DRAFT.objects
    assert again.payload() == DRAFT.payload
    assert again == sealed


def test_an_erased_payload_is_empty() -> None:
    """Without payload the entry still stands, and its payload reads as empty."""
    sealed = golden()
    assert SealedEntry(sealed.entry_bytes, sealed.leaf, None, None).payload() == {}


def _without(document: dict[str, Json], name: str) -> dict[str, Json]:
    return {key: value for key, value in document.items() if key != name}


def _object(**changes: Json) -> list[Json]:
    return [{**DRAFT.objects[0].as_json(), **changes}]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("v", 2),
        ("v", True),
        ("v", "1"),
        ("log", ""),
        ("log", 1),
        ("case", ""),
        ("seq", 0),
        ("seq", -1),
        ("seq", True),
        ("seq", "1"),
        ("prev", "0" * 63),
        ("prev", "A" * 64),
        ("prev", "0" * 64 + "\n"),
        ("at", "2026-01-02T15:04:05.678Z"),
        ("at", "2026-01-02T15:04:05.678901+00:00"),
        ("at", "2026-13-02T15:04:05.678901Z"),
        ("at", "2026-01-02T15:04:60.000000Z"),
        ("at", "2026-01-02 15:04:05.678901Z"),
        ("at", "٢٠٢٦-01-02T15:04:05.678901Z"),
        ("actor", ""),
        ("role", ""),
        ("kind", "evidence.invented"),
        ("process", None),
        ("step", 12),
        ("objects", {}),
        ("objects", [1]),
        ("objects", [{}]),
        ("objects", _object(size=-1)),
        ("objects", _object(size=True)),
        ("objects", _object(sha256="x")),
        ("objects", _object(media=None)),
        ("objects", _object(extra="")),
        ("objects", _object(enc="")),
        ("objects", _object(enc=None)),
        ("objects", _object(enc="age-v1:" + "0" * 31)),
        ("objects", _object(enc="age-v1:" + "0" * 32 + "\n")),
        ("objects", _object(retain_until="2036-01-01T00:00:00Z")),
        ("refs", "x"),
        ("refs", ["x"]),
        ("refs", [1]),
        ("facts", []),
        ("facts", None),
        ("payload", None),
        ("payload", "0" * 65),
        ("extra", 1),
        ("x", "y"),
    ],
)
def test_a_wrong_member_is_named(member: str, value: Json) -> None:
    """A member that is unknown, missing or out of range is refused, and the refusal names it."""
    document = json.loads(golden().entry_bytes)
    document[member] = value
    with pytest.raises(MalformedEntry) as caught:
        parse_entry(canonical_bytes(document))
    assert caught.value.field == member


def test_where_a_file_is_encrypted_its_object_says_to_which_key() -> None:
    """`enc` is the one member that may be there or not; both are read, and neither is spelled as the other."""
    document = json.loads(golden().entry_bytes)
    for enc in ("", "age-v1:" + "0a" * 16):
        document["objects"] = _object(enc=enc) if enc else _object()
        data = canonical_bytes(document)
        entry = parse_entry(data)
        assert [blob.enc for blob in entry.objects] == [enc]
        assert entry.objects[0].as_json() == document["objects"][0]


@pytest.mark.parametrize("member", sorted(json.loads(GOLDEN_BYTES)))
def test_every_member_is_required(member: str) -> None:
    """Leaving out any member is refused."""
    with pytest.raises(MalformedEntry) as caught:
        parse_entry(canonical_bytes(_without(json.loads(golden().entry_bytes), member)))
    assert caught.value.field == member


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b"{}", b"{", b'{"v":1.0}', golden().entry_bytes + b"\n"])
def test_what_is_no_entry_is_refused(data: bytes) -> None:
    """Other JSON, broken JSON and trailing bytes are not entries."""
    with pytest.raises(MalformedEntry):
        parse_entry(data)


def test_entries_have_a_size_limit() -> None:
    """Over 32 KiB an entry is neither sealed nor parsed; a payload may be of any size."""
    big = EntryDraft("u", "r", EntryKind.CASE_OPENED, facts={"text": "x" * MAX_ENTRY_BYTES})
    with pytest.raises(MalformedEntry):
        seal(big, log=LOG, case=CASE, seq=1, prev="0" * 64, at=format_time(datetime.now(UTC)), salt=SALT)
    document = json.loads(golden().entry_bytes) | {"facts": {"text": "x" * MAX_ENTRY_BYTES}}
    with pytest.raises(MalformedEntry):
        parse_entry(canonical_bytes(document))


@pytest.mark.parametrize(
    "text",
    [
        "Jose\u0301 Pe\u00f1a",
        "Jos\u00e9 Pen\u0303a",
        "😀👩‍👩‍👧",
        "nul \x00 en medio",
        "\u2028\u2029",
        "\ufeff",
        "línea\r\notra",
        "</script>",
        "á" * 5_000_000,
    ],
    ids=["nfd", "nfc", "emoji", "nul", "separators", "bom", "lines", "markup", "ten megabytes"],
)
def test_texts_survive_unchanged(text: str) -> None:
    """R6: what people type comes back code point for code point, with no normalisation, up to 10 MB in a payload."""
    draft = EntryDraft(
        "u", "r", EntryKind.EVIDENCE_RECORDED, facts={"short": text[:20]}, payload={"text": text}
    )
    sealed = seal(
        draft, log=LOG, case=CASE, seq=1, prev="0" * 64, at="2026-01-02T15:04:05.000000Z", salt=SALT
    )
    again = SealedEntry(sealed.entry_bytes, sealed.leaf, sealed.payload_bytes, sealed.salt)
    assert again.payload() == {"text": text}
    assert again.entry.facts == {"short": text[:20]}


@pytest.mark.parametrize("value", [1.5, float("nan"), MAX_INTEGER + 1, "\ud800", {1: 2}])
def test_values_outside_the_domain_are_not_sealed(value: Json) -> None:
    """R6: floats, unpaired surrogates and big integers are refused at the edge, in facts and payload alike."""
    for draft in (
        EntryDraft("u", "r", EntryKind.CASE_OPENED, facts={"x": value}),
        EntryDraft("u", "r", EntryKind.CASE_OPENED, payload={"x": [value]}),
    ):
        with pytest.raises(NotCanonical):
            seal(draft, log=LOG, case=CASE, seq=1, prev="0" * 64, at="2026-01-02T15:04:05.000000Z", salt=SALT)


@given(st.datetimes(timezones=st.timezones()))
def test_times_keep_their_microseconds_in_utc(moment: datetime) -> None:
    """R6: any aware time becomes one text of fixed width in UTC, and comes back as the same instant."""
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        return
    text = format_time(moment)
    assert len(text) == 27
    assert text.endswith("Z")
    assert parse_time(text) == expected


def test_times_order_as_their_texts() -> None:
    """Fixed width makes the order of texts the order of times; other zones are converted, naive times refused."""
    noon = datetime(2026, 6, 1, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=-6)))
    assert format_time(noon) == "2026-06-01T18:00:00.000001Z"
    assert format_time(noon) < format_time(noon + timedelta(microseconds=1))
    with pytest.raises(ValueError, match="zone"):
        format_time(datetime(2026, 6, 1, 12, 0, 0))  # noqa: DTZ001  the naive time is the point


def test_the_commitment_needs_its_whole_salt() -> None:
    """A short salt is refused: it would make guessing the payload cheap."""
    with pytest.raises(ValueError, match="salt"):
        payload_commitment(SALT[:31], b"{}")
    assert payload_commitment(SALT, b"{}") != payload_commitment(bytes(32), b"{}")


def test_the_chain_is_bound_to_log_and_case() -> None:
    """R9: the genesis hash differs for every log and case, also where their names run together."""
    assert genesis_hash("a", "b") != genesis_hash("a", "c")
    assert genesis_hash("a", "b") != genesis_hash("b", "b")
    assert leaf_hash(golden().entry_bytes).hex() == golden().leaf
