"""What people and machines ask of a case, and what they get back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from evidence.canonical import Json
from evidence.entry import SYSTEM
from workflows.errors import Refusal
from workflows.state import CaseState


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an opaque id, the role acted in, and through which door.

    ``via`` is web, console, api, system or timer; ``os_user`` is the operating-system user of a console command, by
    whom the named actor is only claimed; ``token`` is the id of the token by which another system called (it opens
    nothing); ``kind`` is person, machine, system or unknown.
    """

    id: str
    role: str
    via: str = "web"
    os_user: str = ""
    kind: str = "person"
    token: str = ""

    def channel(self) -> dict[str, Json]:
        """The payload's member ``via``, for what came by a console or by a token; nothing for what came by a page."""
        more = {"os_user": self.os_user, "token": self.token}
        told: dict[str, Json] = {name: value for name, value in more.items() if value}
        return {"via": {"channel": self.via, **told}} if told else {}


UNIDENTIFIED = "unidentified"
"""The actor of what comes from somebody without an account, whom nobody has identified."""

UNKNOWN = "unknown"
"""The class of that actor."""

SYSTEM_ACTOR = Actor(id=SYSTEM, role=SYSTEM, via="timer", kind="system")


@dataclass(frozen=True, slots=True)
class UsedTemplate:
    """The template by which the program itself made a file; ``sha256`` (hex) as ``docs/formats/letters.md`` counts."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came. ``stream`` is seekable and binary; an empty ``slot`` lets the rules find its place.

    ``system`` and ``taken`` (yyyy-mm-dd) are what the person says a screenshot shows; see `workflows.shots`.
    ``template`` is never what somebody says: only what made the file sets it.
    """

    name: str
    stream: BinaryIO
    slot: str = ""
    system: str = ""
    taken: str = ""
    template: UsedTemplate | None = None


@dataclass(frozen=True, slots=True)
class Reuse:
    """A file sealed before in the same case (entry ``seq``, index ``object``) that also serves here as ``slot``."""

    slot: str
    seq: int
    object: int


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Open a case of ``process`` under the definition in force.

    ``requester`` is the actor id of who asked, where that is somebody with an account and not the one typing.
    ``parent`` is the folio of the case this one comes from, ``refs`` leaves of the entries there that it answers.
    """

    process: str
    actor: Actor
    data: Mapping[str, str]
    uploads: tuple[Upload, ...] = ()
    occurred_at: datetime | None = None
    requester: str = ""
    parent: str = ""
    refs: tuple[str, ...] = ()
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class RecordControl:
    """Record the periodic control ``series`` of a process for a day (``""``: today), with how many findings it had.

    Without ``data`` the values that the definition lets every quick recording declare are taken.
    """

    process: str
    series: str
    actor: Actor
    findings: int = 0
    day: str = ""
    uploads: tuple[Upload, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class OpenChild:
    """Open the case that goes on from a step of ``parent``, and record that step with the new folio.

    ``actor`` opens; ``recorder`` records the step, where that takes another role. ``data`` and ``uploads`` are the new
    case's, ``told`` what the step takes. Without ``step`` the parent only gets the link (`LinkCase`). An empty
    ``process`` is the one that the step, or its branch ``choice``, names.
    """

    parent: str
    actor: Actor
    step: str = ""
    choice: str = ""
    process: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    uploads: tuple[Upload, ...] = ()
    occurred_at: datetime | None = None
    requester: str = ""
    told: Mapping[str, str] = field(default_factory=dict)
    told_uploads: tuple[Upload, ...] = ()
    note: str = ""
    recorder: Actor | None = None
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class LinkCase:
    """Say in a case, open or closed, that it goes together with case ``link``; ``step`` is where work left for it."""

    folio: str
    link: str
    actor: Actor
    step: str = ""
    note: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class NoticeRefusal:
    """Say that a refusal was seen by who it is told to; ``note`` may say what follows."""

    folio: str
    actor: Actor
    note: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class OpenFindings:
    """Record a day's control with the list of what was found, and open a case for every good row of it."""

    process: str
    series: str
    actor: Actor
    listing: Upload
    day: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class RecordStep:
    """Record evidence of a step: all files, texts and the choice make one entry, or none."""

    folio: str
    step: str
    actor: Actor
    uploads: tuple[Upload, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    choice: str = ""
    note: str = ""
    reuse: tuple[Reuse, ...] = ()
    occurred_at: datetime | None = None
    acting_for: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class NoteMail:
    """Note in a case what became of a mail: ``kind`` is ``mail.sent`` and its like.

    ``mail`` are facts (`docs/formats/entry.md`, *Mails*), ``told`` what the payload says beside them: addresses, the
    subject, a server's words. ``note`` is a person's reason or remark.
    """

    folio: str
    kind: str
    actor: Actor
    step: str = ""
    uploads: tuple[Upload, ...] = ()
    mail: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    occurred_at: datetime | None = None
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One step of a set; its members are those of `RecordStep`."""

    step: str
    uploads: tuple[Upload, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    choice: str = ""
    note: str = ""
    reuse: tuple[Reuse, ...] = ()
    occurred_at: datetime | None = None
    acting_for: str = ""


@dataclass(frozen=True, slots=True)
class OpenSet:
    """Open a case and record steps of it by the same actor, all or nothing, under the opening's idempotency key."""

    opening: OpenCase
    parts: tuple[Part, ...]

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.opening.actor

    @property
    def idempotency_key(self) -> str:
        """One for the whole set."""
        return self.opening.idempotency_key


@dataclass(frozen=True, slots=True)
class RecordSet:
    """Record several steps of a case by one actor, all or nothing."""

    folio: str
    actor: Actor
    parts: tuple[Part, ...]
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class Supersede:
    """Correct entry ``seq`` with a reason; both stay visible.

    With ``annul`` nothing takes its place. Otherwise the new entry carries the step's whole evidence: new ``uploads``
    and the files of the old entry whose indices are in ``keep``.
    """

    folio: str
    seq: int
    actor: Actor
    reason: str
    uploads: tuple[Upload, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    choice: str = ""
    note: str = ""
    keep: tuple[int, ...] = ()
    reuse: tuple[Reuse, ...] = ()
    annul: bool = False
    occurred_at: datetime | None = None
    acting_for: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class WaiveStep:
    """Do without a step, or let one person hold two duties in it (``rule="duties"``), with a reason: an exception."""

    folio: str
    step: str
    actor: Actor
    reason: str
    rule: str = "step"
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class RefuseRequest:
    """Refuse a request on a ground the definition lists: an open case (``folio``) or one at the door (``process``)."""

    actor: Actor
    refusal: str
    folio: str = ""
    process: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    uploads: tuple[Upload, ...] = ()
    occurred_at: datetime | None = None
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class SealedObject:
    """One file of a receipt: digest and size of the stored bytes, and the safe name it was given."""

    sha256: str
    size: int
    name: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was sealed. ``leaf`` (hex) is the entry's place in chain and tree; ``state`` is derived after it.

    Of several entries it is the last that a person made; ``first`` and ``last`` are the ``seq`` of all of them, and
    ``step`` and ``role`` those of the entry told.
    """

    folio: str
    seq: int
    leaf: str
    recorded_at: str
    objects: tuple[SealedObject, ...]
    state: CaseState
    step: str = ""
    role: str = ""
    first: int = 0
    last: int = 0

    def as_json(self) -> dict[str, Json]:
        """The object that ``cases record --json`` prints."""
        objects: list[Json] = [
            {"sha256": item.sha256, "size": item.size, "name": item.name} for item in self.objects
        ]
        return {
            "folio": self.folio,
            "seq": self.seq,
            "leaf": self.leaf,
            "recorded_at": self.recorded_at,
            "objects": objects,
            "state": dict(self.state.machine_values()),
        }


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that goes on from another: what was sealed in it, and in the one it comes from.

    ``refused`` says why the parent's step was not recorded, where somebody else recorded it at the same moment: then
    ``parent`` is the entry that names the child all the same.
    """

    child: Receipt
    parent: Receipt
    refused: Refusal | None = None

    def as_json(self) -> dict[str, Json]:
        """The child's receipt with the parent's beside it."""
        return {**self.child.as_json(), "parent": self.parent.as_json()}
