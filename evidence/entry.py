"""The evidence entry: the only thing that is hashed into the ledger.

An entry is a small JSON object in canonical form (RFC 8785). Its bytes are made once, by `seal`, and from then on
stored, exported and verified exactly as they are. ``docs/formats/entry.md`` is the normative text.

Two places carry what happened:

* ``facts``: what state is derived from. Closed vocabulary, never personal data, in the entry for ever.
* the payload: everything else (what people typed, file names, mail headers). It lives beside the entry, which holds
  only a salted commitment to it, so that payload and salt can be destroyed and the chain still verifies.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import cast

from evidence.canonical import Json, NotCanonical, canonical_bytes, parse_canonical
from evidence.kinds import EntryKind as EntryKind  # noqa: PLC0414 - part of what an entry is, to its readers
from evidence.tree import leaf_hash

ENTRY_VERSION = 1
MAX_ENTRY_BYTES = 32 * 1024
SALT_BYTES = 32
SYSTEM = "system"

_GENESIS_TAG = "constancia/v1/genesis\n"
_PAYLOAD_TAG = b"constancia/v1/payload\n"
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_FIELDS = frozenset("v log case seq prev at actor role kind process step objects refs facts payload".split())
_TEXTS = ("log", "case", "prev", "at", "actor", "role", "kind", "process", "step", "payload")
_texts_of: Callable[[Mapping[str, Json]], tuple[str, ...]] = itemgetter(*_TEXTS)
_OBJECT_TEXTS = ("sha256", "media", "key", "version", "retain_until")
_OBJECT_FIELDS = frozenset({*_OBJECT_TEXTS, "size"})
_ENCRYPTED_FIELDS = _OBJECT_FIELDS | {"enc"}
_ENC = re.compile(r"age-v1:[0-9a-f]{32}")
_object_texts_of: Callable[[Mapping[str, Json]], tuple[str, ...]] = itemgetter(*_OBJECT_TEXTS)


_KINDS = {kind.value: kind for kind in EntryKind}


class MalformedEntry(ValueError):
    """Bytes that are not an entry of this format; ``field`` names the first offending member."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


@dataclass(frozen=True, slots=True)
class BlobRef:
    """Where the stored bytes of one file lie, and what they are.

    ``sha256`` (hex) and ``size`` (bytes) are of the plain file; ``version`` is the object store's version id, or
    ``""`` where the store has none; ``retain_until`` is a ledger time (`format_time`), or ``""`` where no lock applies.
    ``enc`` is ``""`` where the file lies as it is; else how it is encrypted and to which key, and then ``key`` is the
    address of the encrypted bytes (`evidence.atrest`).
    """

    sha256: str
    size: int
    media: str
    key: str
    version: str = ""
    retain_until: str = ""
    enc: str = ""

    def as_json(self) -> dict[str, Json]:
        """The member of ``objects`` in the entry."""
        found: dict[str, Json] = {name: getattr(self, name) for name in (*_OBJECT_TEXTS, "size")}
        return {**found, "enc": self.enc} if self.enc else found


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """What the writer wants to say, before the ledger gives it its place and time."""

    actor: str
    role: str
    kind: EntryKind
    process: str = ""
    step: str = ""
    objects: tuple[BlobRef, ...] = ()
    refs: tuple[str, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)
    payload: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """The parsed members of an entry; see ``docs/formats/entry.md`` for each."""

    log: str
    case: str
    seq: int
    prev: str
    at: str
    actor: str
    role: str
    kind: EntryKind
    process: str
    step: str
    objects: tuple[BlobRef, ...]
    refs: tuple[str, ...]
    facts: Mapping[str, Json]
    payload: str


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry as the exact bytes that were hashed, with what is stored beside them.

    ``leaf`` is the hex leaf hash (chain link and Merkle leaf alike). ``payload_bytes`` and ``salt`` are ``None`` once
    erased. ``index`` is the position in the log, ``None`` until sequenced. The bytes rule: `entry` is read from them.
    """

    entry_bytes: bytes
    leaf: str
    payload_bytes: bytes | None
    salt: bytes | None
    index: int | None = None
    parsed: Entry | None = field(default=None, repr=False, compare=False)
    said: Mapping[str, Json] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def entry(self) -> Entry:
        """The members, parsed once on demand (``parsed`` spares it to whoever has them from these very bytes).

        Raises:
            MalformedEntry: the bytes are not an entry.
        """
        if self.parsed is None:
            object.__setattr__(self, "parsed", parse_entry(self.entry_bytes))
        return cast("Entry", self.parsed)

    def payload(self) -> Mapping[str, Json]:
        """The payload's members, empty when erased; parsed once (``said`` holds them), and never to be changed.

        A copy by `dataclasses.replace` parses its own bytes.
        """
        if self.payload_bytes is None:
            return {}
        if self.said is None:
            value = parse_canonical(self.payload_bytes)
            if not isinstance(value, dict):
                raise MalformedEntry("payload", "is not an object")
            object.__setattr__(self, "said", value)
        return cast("Mapping[str, Json]", self.said)

    def saying(self, value: Json) -> SealedEntry:
        """This entry, for whoever has parsed these very bytes of its payload already; no object: nothing changes."""
        if isinstance(value, dict):
            object.__setattr__(self, "said", value)
        return self


def genesis_hash(log: str, case: str) -> str:
    """The ``prev`` of a case's first entry: binds the chain to its log and case (hex)."""
    return hashlib.sha256((_GENESIS_TAG + log + "\n" + case).encode()).hexdigest()


def payload_commitment(salt: bytes, payload_bytes: bytes) -> str:
    """Hex commitment to a payload; the 32 random bytes of salt make guessing its content useless."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"salt must be {SALT_BYTES} bytes, got {len(salt)}")
    return hashlib.sha256(_PAYLOAD_TAG + salt + payload_bytes).hexdigest()


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC with exactly six fraction digits and ``Z``; refuses naive times."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone has no place in the ledger")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_time(text: str) -> datetime:
    """The inverse of `format_time`; refuses any other spelling."""
    if not _AT.fullmatch(text):
        raise ValueError(f"not a ledger time: {text!r}")
    return datetime.fromisoformat(text)


def seal(draft: EntryDraft, *, log: str, case: str, seq: int, prev: str, at: str, salt: bytes) -> SealedEntry:
    """Make the one and only bytes of an entry.

    Args:
        draft: what happened.
        log: the log's origin.
        case: the case's folio.
        seq: position in the case, from 1.
        prev: hex leaf hash of entry ``seq - 1``, or `genesis_hash` for the first.
        at: the ledger's clock, as `format_time` writes it.
        salt: 32 random bytes, used once.

    Raises:
        MalformedEntry: a member is out of range or the entry is over 32 KiB.
        NotCanonical: facts or payload hold a float, an unpaired surrogate or an integer beyond 2^53.
    """
    payload_bytes = canonical_bytes(dict(draft.payload))
    document: dict[str, Json] = {
        "v": ENTRY_VERSION,
        "log": log,
        "case": case,
        "seq": seq,
        "prev": prev,
        "at": at,
        "actor": draft.actor,
        "role": draft.role,
        "kind": str(draft.kind),
        "process": draft.process,
        "step": draft.step,
        "objects": [blob.as_json() for blob in draft.objects],
        "refs": list(draft.refs),
        "facts": dict(draft.facts),
        "payload": payload_commitment(salt, payload_bytes),
    }
    entry_bytes = canonical_bytes(document)
    entry = _entry_of(document, len(entry_bytes))
    return SealedEntry(entry_bytes, leaf_hash(entry_bytes).hex(), payload_bytes, salt, parsed=entry)


def parse_entry(entry_bytes: bytes) -> Entry:
    """Read an entry from its exact bytes.

    Raises:
        MalformedEntry: not canonical, unknown or missing members, or a member out of range.
    """
    try:
        document = parse_canonical(entry_bytes)
    except NotCanonical as error:
        raise MalformedEntry("entry", str(error)) from error
    if not isinstance(document, dict):
        raise MalformedEntry("entry", "is not an object")
    return _entry_of(document, len(entry_bytes))


def _entry_of(document: Mapping[str, Json], size: int) -> Entry:
    """The members, each checked; ``size`` is that of the entry's bytes."""
    if size > MAX_ENTRY_BYTES:
        raise MalformedEntry("entry", f"{size} bytes, more than {MAX_ENTRY_BYTES}")
    _check_members(document)
    log, case, prev, at, actor, role, kind, process, step, payload = _texts_of(document)
    seq = document["seq"]
    if type(seq) is not int or seq < 1:
        raise MalformedEntry("seq", "is not a positive integer")
    facts = document["facts"]
    if not isinstance(facts, dict):
        raise MalformedEntry("facts", "is not an object")
    known_kind = _KINDS.get(kind)
    if known_kind is None:
        raise MalformedEntry("kind", f"unknown kind {kind!r}")
    return Entry(
        log=log,
        case=case,
        seq=seq,
        prev=_hex(prev, "prev"),
        at=_time(at, "at"),
        actor=actor,
        role=role,
        kind=known_kind,
        process=process,
        step=step,
        objects=tuple([_object(item) for item in _list(document, "objects")]),
        refs=tuple([_hex(item, "refs") for item in _list(document, "refs")]),
        facts=facts,
        payload=_hex(payload, "payload"),
    )


def _check_members(document: Mapping[str, Json]) -> None:
    if document.keys() != _FIELDS:
        odd = sorted(document.keys() ^ _FIELDS)
        raise MalformedEntry(odd[0], "unknown or missing member")
    if type(document["v"]) is not int or document["v"] != ENTRY_VERSION:
        raise MalformedEntry("v", "unknown version")
    for name in _TEXTS:
        if not isinstance(document[name], str):
            raise MalformedEntry(name, "is not a string")
    for name in ("log", "case", "actor", "role"):
        if not document[name]:
            raise MalformedEntry(name, "is empty")


def _list(document: Mapping[str, Json], name: str) -> Sequence[Json]:
    value = document[name]
    if not isinstance(value, list):
        raise MalformedEntry(name, "is not a list")
    return value


def _hex(value: Json, name: str) -> str:
    if not isinstance(value, str) or _HEX64.fullmatch(value) is None:
        raise MalformedEntry(name, "is not 64 lower-case hex digits")
    return value


def _time(text: str, name: str) -> str:
    try:
        parse_time(text)
    except ValueError as error:
        raise MalformedEntry(name, str(error)) from error
    return text


def _object(value: Json) -> BlobRef:
    if not isinstance(value, dict) or value.keys() not in (_OBJECT_FIELDS, _ENCRYPTED_FIELDS):
        raise MalformedEntry("objects", "unknown or missing member")
    enc = value.get("enc", "")
    if not isinstance(enc, str) or ("enc" in value and _ENC.fullmatch(enc) is None):
        raise MalformedEntry("objects", "enc is no encryption known here")
    size = value["size"]
    if type(size) is not int or size < 0:
        raise MalformedEntry("objects", "size is not a natural number")
    for name in _OBJECT_TEXTS:
        if not isinstance(value[name], str):
            raise MalformedEntry("objects", f"{name} is not a string")
    sha256, media, key, version, retain_until = _object_texts_of(value)
    if retain_until:
        _time(retain_until, "objects")
    return BlobRef(_hex(sha256, "objects"), size, media, key, version, retain_until, enc)
