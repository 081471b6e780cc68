"""One entry: its facts, files with previews, its place in the chain, its proof, its exact bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, render_template, request, url_for

from documents.isolation import WorkerFailed
from documents.refusals import FileRefused
from evidence.entry import SealedEntry, parse_time
from evidence.ports import BlobCorrupt, BlobMissing
from evidence.proofs import prove_entry
from evidence.quarantine import NOTHING as UNTOUCHED
from evidence.quarantine import Withheld
from web.downloads import download as send
from web.errors import answer_for
from web.i18n import gettext as _
from web.logs import LOG
from web.pages.blobs import checked_copy
from web.pages.context import answers_for_data, lens
from web.security import signed_in
from web.views.entries import EntryLine, FileLine, entry_line, entry_lines
from web.views.lens import Lens
from web.views.papers import PaperLine, is_signed, judged_lines, sealed_lines
from web.views.previews import PREVIEW_WIDTH, Shown, about_lines, picture, rendered
from web.views.quarantine import quarantine_lines
from web.views.standing import mending
from web.wiring import current_house
from workflows.definition import Definition
from workflows.keeping import NOTHING, Keeping, require_usable
from workflows.keepingerrors import Quarantined
from workflows.state import CaseState

page = Blueprint("evidence", __name__, url_prefix="/casos/<folio>/entradas/<int:seq>")


@dataclass(frozen=True, slots=True)
class Found:
    """An entry in its case; a chain of the system has no definition."""

    sealed: SealedEntry
    line: EntryLine
    entries: Sequence[SealedEntry]
    definition: Definition | None
    title: str
    state: CaseState | None = None
    keeping: Keeping = NOTHING
    withheld: Withheld = UNTOUCHED


@page.get("")
@signed_in
def entry(folio: str, seq: int) -> str:
    """The page of an entry."""
    eyes = lens()
    found = find(folio, seq, eyes)
    definition, shut = found.definition, _shut(found)
    return render_template(
        "pages/entry.html",
        folio=folio,
        title=found.title,
        line=found.line,
        prev=found.sealed.entry.prev,
        files=[(file, shut or show_file(found.sealed, file, eyes)) for file in found.line.files],
        quarantines=quarantine_lines(found.withheld, found.sealed.entry, eyes),
        reportable=definition is not None and not found.keeping.erased,
        shut=shut,
        keeping=found.keeping,
        papers=sealed_lines(current_house(), folio, seq, found.entries) if definition and not shut else {},
        judged={} if shut else _judged(found),
        signed=[file.number for file in found.line.files if is_signed(file.about) and not file.withheld],
        own_files=[
            url_for("evidence.download", folio=folio, seq=seq, number=number)
            for number in range(len(found.sealed.entry.objects))
            if not shut and not found.line.files[number].withheld
        ],
        vkey=current_house().vkey.text,
        pretty=json.dumps(json.loads(found.sealed.entry_bytes), ensure_ascii=False, indent=2),
        before=seq - 1,
        after=seq + 1 if seq < len(found.entries) else 0,
        mending=mending(definition, found.state, found.entries, seq, eyes)
        if definition is not None and found.state is not None and not found.keeping.shut
        else None,
    )


@page.get("/archivos/<int:number>")
@signed_in
def download(folio: str, seq: int, number: int) -> Response:
    """A sealed file, checked against its seal before the first byte leaves."""
    sealed, file = _file(folio, seq, number)
    blob = sealed.entry.objects[number]
    return send(checked_copy(current_house().blobs, blob), file.name, size=blob.size)


@page.get("/archivos/<int:number>/vista")
@signed_in
def preview(folio: str, seq: int, number: int) -> Response:
    """A page of a PDF or a picture, drawn anew as PNG."""
    sealed, file = _file(folio, seq, number)
    house = current_house()
    shown_page = max(1, request.args.get("pagina", 1, type=int))
    with checked_copy(house.blobs, sealed.entry.objects[number]) as stream:
        drawn = house.reader.preview(stream, name=file.name, page=shown_page, width=PREVIEW_WIDTH)
    if drawn.form != "picture":
        abort(404)
    response = Response(drawn.png, mimetype="image/png")
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@page.get("/prueba")
@signed_in
def proof(folio: str, seq: int) -> Response:
    """The C2SP inclusion proof of the entry under the latest signed head."""
    found = find(folio, seq, lens())
    ledger = current_house().ledger
    latest, index = ledger.latest_checkpoint(), found.sealed.index
    if latest is None or index is None or latest[0] <= index:
        abort(404)
    return send(io.BytesIO(prove_entry(ledger, index, latest[1]).text()), f"{folio}-{seq:04}.tlog-proof")


@page.get("/bytes")
@signed_in
def exact(folio: str, seq: int) -> Response:
    """The exact bytes that were hashed."""
    found = find(folio, seq, lens())
    return send(io.BytesIO(found.sealed.entry_bytes), f"{folio}-{seq:04}.json")


def find(folio: str, seq: int, eyes: Lens) -> Found:
    """The entry, or 404."""
    house = current_house()
    if folio.startswith("system:"):
        history = house.ledger.history(folio)
        if not 1 <= seq <= len(history):
            abort(404)
        return Found(history[seq - 1], entry_line(history[seq - 1], None, eyes), history, None, folio)
    if ":" in folio:  # the auditors' chains are shown in their room
        abort(404)
    view = house.cases.view(folio, answerable=answers_for_data())
    if not 1 <= seq <= len(view.entries):
        abort(404)
    lines = entry_lines(view.entries, view.definition, view.state, eyes)
    row = house.index.get(folio)
    title = row.title if row else folio
    entries = view.entries
    return Found(
        entries[seq - 1],
        lines[seq - 1],
        entries,
        view.definition,
        title,
        view.state,
        view.keeping,
        view.withheld,
    )


def _shut(found: Found) -> Shown | None:
    """What stands in a file's place where its entry is not to be shown, or is gone."""
    keeping = found.keeping
    if found.sealed.payload_bytes is not None or not keeping.shut:
        return None
    if found.sealed.leaf in keeping.gone:
        said = _("Borrado, véase la entrada %(n)s.", n=keeping.erased)
        return Shown(trouble=said, advice=_("Su huella y su tamaño quedan; el contenido ya no existe."))
    said = _("Bloqueado, véase la entrada %(n)s.", n=keeping.blocked)
    return Shown(trouble=said, advice=_("Lo ve quien responde de los datos personales."))


def _judged(found: Found) -> dict[int, tuple[PaperLine, ...]]:
    """The digital signatures of the file that was asked for (``?firmas=N``), judged anew."""
    number = request.args.get("firmas", -1, type=int)
    wanted = [
        file
        for file in found.line.files
        if file.number == number and is_signed(file.about) and not file.withheld
    ]
    house = current_house()
    told = {}
    for file in wanted:
        with checked_copy(house.blobs, found.sealed.entry.objects[file.number]) as stream:
            told[file.number] = judged_lines(
                house.judged(stream, name=file.name, known=parse_time(found.sealed.entry.at), ask=True)
            )
    return told


def _file(folio: str, seq: int, number: int) -> tuple[SealedEntry, FileLine]:
    found = find(folio, seq, lens())
    if number >= len(found.line.files):
        abort(404)
    if _shut(found) is not None:
        require_usable(found.entries, keepers=False)
    held = found.withheld.file(seq, found.sealed.entry.objects[number].sha256)
    if held is not None:
        raise Quarantined(folio=folio, seq=held.seq)
    return found.sealed, found.line.files[number]


def show_file(sealed: SealedEntry, file: FileLine, eyes: Lens) -> Shown:
    """What can be shown of a file; what is wrong with it where nothing can."""
    if file.withheld:
        return Shown(
            trouble=file.withheld,
            advice=_("Nadie lo ve. Su huella y su tamaño quedan, y la cadena se verifica como antes."),
        )
    seen = picture(file.about, file.media)
    if seen is not None:
        return seen
    house = current_house()
    try:
        with checked_copy(house.blobs, sealed.entry.objects[file.number]) as stream:
            return rendered(house.reader.preview(stream, name=file.name), file.about, eyes)
    except (BlobMissing, BlobCorrupt) as error:
        answer = answer_for(error)
        return Shown(
            trouble=answer.message if answer else "", advice=answer.advice if answer else "", grave=True
        )
    except (FileRefused, WorkerFailed) as error:
        if isinstance(error, WorkerFailed):
            LOG.error("preview", exc_info=error)
        return Shown(
            trouble=_("Este archivo no se puede mostrar aquí"),
            advice=_("Descárgalo para verlo."),
            about=about_lines(file.about),
        )
