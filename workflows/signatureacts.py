"""What is told to `workflows.signatures`: a signature is asked for, given, refused, or something happens before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from evidence.canonical import Json
from evidence.entry import EntryKind
from workflows.commands import Actor, Upload
from workflows.facts import Facts


@dataclass(frozen=True, slots=True)
class AskSignature:
    """Ask ``signatory`` to sign object ``object`` of entry ``seq`` for ``step``.

    ``request`` is its opaque id, ``factor`` what is asked for beside the link (``""``: nothing), ``terms`` what else
    was agreed (kept in the payload), ``note`` the words for the signatory.
    """

    folio: str
    step: str
    request: str
    purpose: str
    actor: Actor
    signatory: str
    seq: int
    object: int
    expires_at: datetime
    factor: str = ""
    note: str = ""
    terms: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class RequestNote:
    """Something that happened to a request. ``key`` makes it one entry however often it is told.

    ``facts`` are those beyond request, purpose and actor; ``private`` goes to the payload. With ``open`` the request
    must still wait for its answer.
    """

    folio: str
    kind: EntryKind
    request: str
    actor: Actor
    key: str
    facts: Facts = field(default_factory=Facts)
    private: Mapping[str, Json] = field(default_factory=dict)
    note: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class SignDocument:
    """A signed letter, from whom the link was made for.

    ``uploads`` is the file, ``private`` what is recorded of the act (the payload's member ``act``), whose commitment
    ``facts.act`` stands in the signature. For whom a stand-in signs is read from the directory.
    """

    folio: str
    request: str
    actor: Actor
    uploads: tuple[Upload, ...]
    facts: Facts
    private: Mapping[str, Json]
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class StampDocument:
    """The time stamp of a signed letter, added later by the system: ``uploads`` is the longer file."""

    folio: str
    request: str
    actor: Actor
    uploads: tuple[Upload, ...]
    facts: Facts
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class DeclineSignature:
    """The signatory does not sign, for a reason."""

    folio: str
    request: str
    actor: Actor
    reason: str
    facts: Facts = field(default_factory=Facts)
    private: Mapping[str, Json] = field(default_factory=dict)
    idempotency_key: str = ""


SignatureCommand = AskSignature | SignDocument | StampDocument | DeclineSignature
