"""Files that go with a mail written from a step: sealed ones of its case, or brought for it and waiting in a draft.

Each was read and screened before it gets here: a sealed one when it was sealed, a new one by the draft. What a place of
the step takes beside the mail is recorded there too; everything else is sealed inside the mail alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from evidence.canonical import Json
from evidence.entry import BlobRef
from web.drafts import DraftDesk
from web.wiring import Draft, DraftFile, DraftKey, House
from workflows.casefile import CaseView, effective, entry_files
from workflows.definition import FILE_FAMILIES, EvidenceType, Slot, Step
from workflows.errors import FieldInvalid, FieldProblem
from workflows.mailing import Attached
from workflows.values import NO_SECRETS, is_ticked

FILES = "adjuntos"
CHOSEN = "evidencia"
MOST = 10
MOST_MIB = 15
"""Most files of a mail, and MiB of all of them: as many as mail servers take once they are encoded."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A sealed file of the case: ``value`` is what a form posts of it."""

    value: str
    name: str
    step: str
    slot: str
    seq: int
    number: int
    blob: BlobRef


@dataclass(frozen=True, slots=True)
class Attachments:
    """What goes with a mail: the files and their bytes in one order.

    ``fresh`` are the numbers of those whose bytes lie nowhere yet; ``places`` say which of them fill a place of the
    step, ``reuse`` which sealed ones do (place, entry, file).
    """

    files: tuple[Attached, ...] = ()
    content: tuple[bytes, ...] = ()
    fresh: tuple[int, ...] = ()
    places: Mapping[str, Json] = field(default_factory=dict)
    reuse: tuple[tuple[str, int, int], ...] = ()

    def waiting(self) -> dict[int, bytes]:
        """The bytes the outbox has to keep."""
        return {place: self.content[place] for place in self.fresh}


def draft_key(house: House, user: str, folio: str, step: str) -> DraftKey:
    """The draft of a mail, beside that of its step."""
    return DraftDesk(house).key(user, folio, f"correo-{step}")


def case_files(view: CaseView) -> tuple[CaseFile, ...]:
    """Files of the case that count and still have a name, the latest first."""
    return tuple(reversed(list(_sealed(view))))


def attached(
    house: House, view: CaseView, step: Step, slot: Slot, chosen: Sequence[str], draft: Draft
) -> Attachments:
    """The files that were ticked and those that wait in the draft.

    Raises:
        FieldInvalid: too many, too large, or one that is not of the case.
        evidence.ports.StoreUnavailable, BlobMissing, BlobCorrupt.
    """
    known = {item.value: item for item in case_files(view)}
    if any(value not in known for value in chosen):
        raise FieldInvalid((FieldProblem(FILES, "not_an_option"),))
    sealed = [known[value] for value in dict.fromkeys(chosen)]
    _within_limits([item.blob.size for item in sealed] + [item.size for item in draft.files])
    old = [(_of_case(item), house.mail.sealed_file(item.blob)) for item in sealed]
    new = [(_of_draft(item), content) for item, content in _brought(house, draft)]
    places, reuse = _filled(step, slot, sealed, draft.files)
    pairs = (*old, *new)
    return Attachments(
        tuple(file for file, _content in pairs),
        tuple(content for _file, content in pairs),
        tuple(range(len(old), len(pairs))),
        places,
        reuse,
    )


def declared(files: Attachments, data: Mapping[str, str]) -> None:
    """Somebody has looked at pictures and scans brought for the mail. Raises `FieldInvalid`."""
    shown = any(files.files[place].media.startswith("image/") for place in files.fresh)
    if shown and not is_ticked(data.get(NO_SECRETS, "")):
        raise FieldInvalid((FieldProblem(NO_SECRETS, "not_declared"),))


def made(files: Sequence[tuple[str, str, bytes]]) -> Attachments:
    """Files that the program made for the mail: name, media type, bytes."""
    told = tuple(
        Attached(name, media, hashlib.sha256(content).hexdigest(), len(content))
        for name, media, content in files
    )
    return Attachments(told, tuple(content for *_what, content in files), tuple(range(len(told))))


def together(first: Attachments, second: Attachments) -> Attachments:
    """Both, in that order. Raises `FieldInvalid` where that is too much."""
    shift = len(first.files)
    files = (*first.files, *second.files)
    _within_limits([file.size for file in files])
    return Attachments(
        files,
        (*first.content, *second.content),
        (*first.fresh, *(place + shift for place in second.fresh)),
        {**first.places, **{str(int(place) + shift): slot for place, slot in second.places.items()}},
        (*first.reuse, *second.reuse),
    )


def _sealed(view: CaseView) -> Iterator[CaseFile]:
    for sealed in effective(view.entries):
        entry = sealed.entry
        for number, (blob, told) in enumerate(zip(entry.objects, entry_files(sealed), strict=True)):
            name = str(told.get("name", ""))
            if name:
                yield CaseFile(
                    f"{entry.seq}:{number}",
                    name,
                    entry.step,
                    str(told.get("slot", "")),
                    entry.seq,
                    number,
                    blob,
                )


def _within_limits(sizes: Sequence[int]) -> None:
    if len(sizes) > MOST:
        raise FieldInvalid((FieldProblem(FILES, "too_many", 0, str(len(sizes)), str(MOST)),))
    if sum(sizes) > MOST_MIB * 1024 * 1024:
        raise FieldInvalid((FieldProblem(FILES, "files_too_large", 0, str(sum(sizes)), f"{MOST_MIB} MiB"),))


def _of_case(item: CaseFile) -> Attached:
    blob = item.blob
    return Attached(item.name, blob.media, blob.sha256, blob.size, blob.as_json())


def _of_draft(item: DraftFile) -> Attached:
    return Attached(item.name, item.media, item.sha256, item.size)


def _brought(house: House, draft: Draft) -> list[tuple[DraftFile, bytes]]:
    desk, found = DraftDesk(house), []
    with ExitStack() as stack:
        for item in draft.files:
            _same, stream = desk.open_file(draft.key, item.id)
            found.append((item, stack.enter_context(stream).read()))
    return found


def _filled(
    step: Step, slot: Slot, sealed: Sequence[CaseFile], brought: Sequence[DraftFile]
) -> tuple[dict[str, Json], tuple[tuple[str, int, int], ...]]:
    """Which files also fill other places of the step: sealed ones where the place shares that evidence, new by kind."""
    free = [item for item in step.slots if item.code != slot.code and EvidenceType.EML not in item.types]
    places: dict[str, Json] = {}
    reuse: list[tuple[str, int, int]] = []
    for item in sealed:
        place = next((one for one in free if (item.step, item.slot) in one.shares), None)
        if place is not None:
            free.remove(place)
            reuse.append((place.code, item.seq, item.number))
    for number, new in enumerate(brought, len(sealed)):
        fitting = next((one for one in free if new.family in _families(one)), None)
        if fitting is not None:
            free.remove(fitting)
            places[str(number)] = fitting.code
    return places, tuple(reuse)


def _families(slot: Slot) -> set[str]:
    return {family for kind in slot.types for family in FILE_FAMILIES.get(kind, ())}
