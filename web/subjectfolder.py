"""What is handed to a person who asks for their data: one zip with a page, a workbook and the files of their cases."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import BinaryIO, cast

from audit_exports.exportlog import EXPORTS
from audit_exports.markup import Markup, href, tag
from audit_exports.sheet import Cell, Column, Sheet, write_workbook
from audit_exports.zipwriter import CHUNK, ZipWriter
from documents.names import safe_name
from evidence.canonical import Json
from evidence.entry import EntryDraft, EntryKind, SealedEntry
from evidence.ports import BlobMissing, Composition
from web.i18n import gettext as _
from web.subjects import Dossier, Finding, FoundFile, Person, in_order
from web.views.lens import Lens
from web.views.subjects import source_word, what_word
from web.wiring import House
from workflows.commands import Actor

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b2326}"
    "h1,h2{font-family:Georgia,serif}table{border-collapse:collapse;width:100%;font-size:.9rem}"
    "th,td{border:1px solid #9aa;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
)


def log_subject(house: House, dossier: Dossier, actor: Actor) -> SealedEntry:
    """Append ``subject.exported``: how much was handed over, by whom; whose, only by an id the log has."""
    counts: dict[str, Json] = dict(dossier.counts())
    facts: dict[str, Json] = {"counts": counts, "actor_class": actor.kind, "via": actor.via}
    if dossier.actors:
        facts["subject"] = dossier.actors[0]
    draft = EntryDraft(actor.id, actor.role, EntryKind.SUBJECT_EXPORTED, facts=facts, payload=actor.channel())

    def compose(_history: Sequence[SealedEntry]) -> Composition:
        return Composition((draft,))

    return house.ledger.append(EXPORTS, compose)[-1]


def folder(house: House, person: Person, dossier: Dossier, eyes: Lens) -> BinaryIO:
    """The zip, at its start, in a temporary file that has no name and is gone when it is closed.

    Raises:
        BlobCorrupt, StoreUnavailable: a file of a case cannot be vouched for; nothing is handed over.
    """
    out = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    try:
        archive = ZipWriter(out)
        names, missing = _put_files(house, archive, dossier.files)
        archive.add("LEEME.html", _page(person, dossier, names, missing, eyes).encode())
        book = io.BytesIO()
        _workbook(book, dossier, names, eyes)
        archive.add("lista.xlsx", book.getvalue())
        archive.close()
        out.seek(0)
    except BaseException:
        out.close()
        raise
    return out


def _put_files(
    house: House, archive: ZipWriter, files: Sequence[FoundFile]
) -> tuple[dict[FoundFile, str], list[FoundFile]]:
    """Every file under a name of its own; those the store has no more are told instead."""
    names: dict[FoundFile, str] = {}
    missing: list[FoundFile] = []
    for item in files:
        name = f"archivos/{item.folio}/{item.seq:04}-{item.number + 1}-{safe_name(item.name)}"
        try:
            with house.blobs.open(item.ref) as stream:
                archive.add_stream(name, item.ref.size, iter(lambda: stream.read(CHUNK), b""))
        except BlobMissing:
            missing.append(item)
        else:
            names[item] = name
    return names, missing


def _page(
    person: Person, dossier: Dossier, names: dict[FoundFile, str], missing: Sequence[FoundFile], eyes: Lens
) -> str:
    asked = ", ".join(value for value in asdict(person).values() if value)
    body: list[Markup] = [
        tag("h1", _("Lo que este sistema guarda de una persona")),
        tag(
            "p",
            _("Se buscó: %(asked)s. Preparado el %(when)s.", asked=asked, when=eyes.moment(eyes.now).text),
        ),
        tag("p", _("Antes de entregarlo, revisa que no lleve datos de otras personas.")),
    ]
    for heading, note, rows in _groups(dossier):
        body += [tag("h2", f"{heading} ({len(rows)})"), tag("p", note), _table(rows, eyes)]
    body.append(tag("h2", _("Archivos (%(n)s)", n=len(names))))
    links = [tag("li", tag("a", name, href=href(name))) for name in names.values()]
    body.append(tag("ul", *links))
    if missing:
        told = [tag("li", f"{item.folio} · {item.seq} · {item.name}") for item in missing]
        body += [tag("h2", _("Archivos que el almacén ya no tiene")), tag("ul", *told)]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("title", _("Datos de una persona")),
        tag("style", Markup(_STYLE)),
    )
    return "<!doctype html>" + tag("html", head, tag("body", *body), lang="es-MX")


def _groups(dossier: Dossier) -> Iterator[tuple[str, str, list[Finding]]]:
    ordered = in_order(dossier.findings)
    for source in dict.fromkeys(item.source for item in ordered):
        word = source_word(source)
        yield word.word, word.note, [item for item in ordered if item.source == source]


def _table(rows: Sequence[Finding], eyes: Lens) -> Markup:
    heads = (_("Caso o cadena"), _("Entrada"), _("Fecha"), _("Qué"), _("Valor"))
    lines = [tag("tr", *(tag("td", text) for text in _cells(item, eyes))) for item in rows]
    return tag("table", tag("tr", *(tag("th", text) for text in heads)), *lines)


def _cells(item: Finding, eyes: Lens) -> tuple[str, str, str, str, str]:
    when = eyes.maybe(item.at)
    return (
        item.folio,
        str(item.seq) if item.seq else "",
        when.text if when else "",
        what_word(item.what),
        item.value,
    )


def _workbook(sink: BinaryIO, dossier: Dossier, names: dict[FoundFile, str], eyes: Lens) -> None:
    columns = [Column(_("Dónde"), 26), Column(_("Caso o cadena"), 24), Column(_("Entrada"), 9)]
    columns += [Column(_("Fecha"), 18), Column(_("Qué"), 26), Column(_("Valor"), 70)]
    found = Sheet(_("Datos"), columns)
    for item in in_order(dossier.findings):
        found.add(source_word(item.source).word, *_cells(item, eyes))
    files = Sheet(_("Archivos"), [Column(_("Caso"), 24), Column(_("Entrada"), 9), Column(_("Archivo"), 70)])
    for file, name in names.items():
        files.add(file.folio, file.seq, Cell(file.name or name, link=name))
    created = f"{eyes.moment(eyes.now).iso}"
    write_workbook(sink, [found, files], title="Constancia", created=created)
