"""What a quarantine in a case means for the rest of it: files that are not used again, copies that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evidence.entry import EntryDraft, SealedEntry
from evidence.ports import Reference
from evidence.quarantine import Withheld, quarantine_of
from workflows.keeping import MARK
from workflows.keepingerrors import Quarantined
from workflows.step import Text

WAITING, DESTROYED, COPY_OWED = "cuarentena", "destruido", "copia_testada"
"""Values of the references of kind `MARK` by which such cases are found."""

OBJECT = "objeto_en_cuarentena"
"""Kind of the references by which the object store's door finds that nobody is given a file."""

PLACE = "archivo_en_cuarentena"
"""Kind of the references by which a search finds that a file is not to be quoted: ``seq/number``."""


GROUNDS: Mapping[str, Text] = {
    "contrasena": Text("Muestra una contraseña, un NIP o un código", "Shows a password, a PIN or a code"),
    "llave": Text("Muestra una llave o un token de acceso", "Shows a key or an access token"),
    "dato_ajeno": Text("Trae datos de alguien ajeno al caso", "Has data of somebody foreign to the case"),
    "dato_sensible": Text(
        "Trae un dato sensible que no hacía falta", "Has sensitive data that nobody needed"
    ),
}
"""Why something is put in quarantine; the first two are about secrets, which then must be changed."""

SECRETS = frozenset({"contrasena", "llave"})


@dataclass(frozen=True, slots=True)
class Owed:
    """A step whose evidence has no readable file left: a copy with the secret blacked out is asked for.

    ``seq`` and ``since`` are of the entry that had it destroyed, ``entry`` is the one whose file it was.
    """

    step: str
    seq: int
    since: str
    entry: int


def quarantine_marks(entries: Sequence[SealedEntry], told: Withheld) -> Iterator[Reference]:
    """The references of a case whose quarantines are ``told``."""
    if not told.all:
        return
    stands = ((WAITING, told.waiting), (DESTROYED, told.destroyed), (COPY_OWED, owed(entries, told)))
    for value, there in stands:
        if there:
            yield Reference(MARK, value)
    places = frozenset(told.places())
    found = [
        (item.entry.seq, number, blob)
        for item in entries
        for number, blob in enumerate(item.entry.objects)
        if (item.entry.seq, blob.sha256) in places
    ]
    for seq, number, _blob in found:
        yield Reference(PLACE, f"{seq}/{number}")
    for key in dict.fromkeys(blob.key for _seq, _number, blob in found if blob.enc):
        yield Reference(OBJECT, key)


def refuse_withheld(entries: Sequence[SealedEntry], drafts: Sequence[EntryDraft]) -> None:
    """Refuse to bring, or to use again, a file that stands in quarantine in this case. Raises `Quarantined`."""
    objects = {blob.sha256 for draft in drafts for blob in draft.objects}
    if not objects or not entries:
        return
    told = quarantine_of(entries)
    for seq, sha256 in told.places():
        found = told.file(seq, sha256)
        if sha256 in objects and found is not None:
            raise Quarantined(folio=entries[0].entry.case, seq=found.seq)


def refuse_file(entries: Sequence[SealedEntry], seq: int, sha256: str) -> None:
    """Refuse to use a file of an entry that stands in quarantine. Raises `Quarantined`."""
    found = quarantine_of(entries).file(seq, sha256)
    if found is not None:
        raise Quarantined(folio=entries[0].entry.case, seq=found.seq)


def unused_sheet(entries: Sequence[SealedEntry]) -> bool:
    """Whether the rows of a campaign's case are not to be read: a workbook of it stands in quarantine."""
    told = quarantine_of(entries)
    return any(told.file(item.entry.seq, str(item.entry.facts.get("sheet", ""))) for item in entries)


def owed(entries: Sequence[SealedEntry], told: Withheld) -> tuple[Owed, ...]:
    """Steps for which a copy without the secret is asked: a file of theirs was destroyed, and none can be read now.

    Any later file of the step ends it; the step itself stays done, since its entry stands.
    """
    asked: dict[str, Owed] = {}
    for gone in told.destroyed:
        for seq, part in gone.parts.items():
            step = entries[seq - 1].entry.step
            if part.files and step:
                asked[step] = Owed(step, gone.decided, gone.decided_at, seq)
    readable = {
        item.entry.step
        for item in entries
        for blob in item.entry.objects
        if told.file(item.entry.seq, blob.sha256) is None
    }
    return tuple(found for step, found in asked.items() if step not in readable)
