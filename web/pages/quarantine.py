"""Quarantine on the pages: anybody reports what an entry shows, and one who answers for the data decides."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from documents.isolation import WorkerFailed
from documents.refusals import FileRefused
from evidence.quarantine import Outcome, Quarantine
from evidence.shredding import ShreddedParts
from identity.accounts import ANSWERABLE, AUDITORS, STAFF, Role
from web import quarantining
from web.acting import actor_for
from web.errors import Answer, answer_for, house_answer
from web.i18n import gettext as _
from web.i18n import ngettext
from web.pages.auditvisit import visit
from web.pages.blobs import checked_copy
from web.pages.context import lens
from web.pages.forms import MENDABLE, key_posted
from web.security import anyone, fresh, person, roles, signed_in
from web.views.entries import EntryLine, entry_line
from web.views.lens import Moment
from web.views.previews import PREVIEW_WIDTH, Shown, rendered
from web.views.quarantine import ground_words, quarantine_line, queue
from web.views.trouble import trouble_of
from web.wiring import House, current_house
from workflows.casefile import CaseView, entry_files
from workflows.commands import Actor, Receipt
from workflows.keepingacts import DestroyQuarantined, ReleaseQuarantine, ReportQuarantine, ViewQuarantined
from workflows.quarantinedesk import DECIDERS
from workflows.withholding import GROUNDS

page = Blueprint("quarantine", __name__)
officers = roles(Role.DATOS_PERSONALES)
answerable = roles(*ANSWERABLE)
_QUEUE = "/datos-personales/cuarentena"
_REPORTERS = tuple(sorted(str(role) for role in STAFF - AUDITORS))
_AUDITORS = tuple(sorted(str(role) for role in AUDITORS))


@dataclass(frozen=True, slots=True)
class Seen:
    """What whoever decides looks at: a file as a picture or in words, or what was typed."""

    name: str
    shown: Shown | None
    picture: str = ""
    line: EntryLine | None = None


@page.get("/casos/<folio>/entradas/<int:seq>/reportar")
@signed_in
def report_form(folio: str, seq: int) -> Response:
    """The form by which anybody says that an entry shows what must not be here."""
    return _form(folio, seq, url_for("evidence.entry", folio=folio, seq=seq))


@page.post("/casos/<folio>/entradas/<int:seq>/reportar")
@signed_in
def report(folio: str, seq: int) -> Response:
    """Withhold it from everybody, from this entry on."""
    return _report(folio, seq, url_for("evidence.entry", folio=folio, seq=seq))


@page.get("/auditoria/<eid>/casos/<folio>/entradas/<int:seq>/reportar")
@anyone
def audit_form(eid: str, folio: str, seq: int) -> Response:
    """The same for the auditors of an engagement, about what they see there."""
    return _form(folio, seq, _visited(eid, folio, seq))


@page.post("/auditoria/<eid>/casos/<folio>/entradas/<int:seq>/reportar")
@anyone
def audit_report(eid: str, folio: str, seq: int) -> Response:
    """Withhold it from everybody, auditors included."""
    return _report(folio, seq, _visited(eid, folio, seq))


@page.get(_QUEUE)
@answerable
@fresh
def waiting() -> str:
    """What waits for a decision, the oldest first."""
    return render_template("pages/quarantines.html", lines=queue(current_house(), lens()))


@page.get(f"{_QUEUE}/<folio>/<int:seq>")
@answerable
@fresh
def decide(folio: str, seq: int) -> Response:
    """One quarantine: what it is about, who may have it outside, and the two decisions."""
    return _decide(folio, seq)


@page.post(f"{_QUEUE}/<folio>/<int:seq>/ver")
@officers
@fresh
def look(folio: str, seq: int) -> Response:
    """Look at it in order to decide: that somebody does is sealed first."""
    house = current_house()
    found = _standing(house, folio, seq)
    if found.outcome is not Outcome.WAITING:
        return _decide(folio, seq)
    answer = _sealed(
        lambda: house.cases.quarantine.view(ViewQuarantined(folio, seq, _officer(), key_posted("")))
    )
    if isinstance(answer, Answer):
        return _decide(folio, seq, answer)
    return _decide(folio, seq, seen=tuple(_seen(house, folio, found)))


@page.post(f"{_QUEUE}/<folio>/<int:seq>/devolver")
@officers
@fresh
def release(folio: str, seq: int) -> Response:
    """A false alarm: everybody sees it again."""
    house = current_house()
    command = ReleaseQuarantine(folio, seq, _officer(), _text("reason"), key_posted(""))
    answer = _sealed(lambda: quarantining.release(house, command))
    if isinstance(answer, Answer):
        return _decide(folio, seq, answer)
    flash(_("Falsa alarma: se devolvió y todos lo ven otra vez. Entrada %(n)s.", n=answer.seq), "ok")
    return redirect(url_for("quarantine.waiting"), 303)


@page.post(f"{_QUEUE}/<folio>/<int:seq>/destruir")
@officers
@fresh
def destroy(folio: str, seq: int) -> Response:
    """It was true: destroyed for good. Only with a second factor, proved just now."""
    house = current_house()
    house.cases.view(folio)  # an unknown case answers at once
    if not house.second.has(person().id):
        flash(_("Destruir pide un segundo factor"), "warn")
        return redirect(url_for("session.account", _anchor="segundo"), 303)
    if _text("folio").upper() != folio.upper():
        return _decide(folio, seq, house_answer("erasure_unconfirmed", {"folio": folio}))
    command = DestroyQuarantined(folio, seq, _officer(), _text("reason"), key_posted(""))
    told: list[ShreddedParts | None] = []

    def act() -> Receipt:
        receipt, gone = quarantining.destroy(house, command)
        told.append(gone)
        return receipt

    answer = _sealed(act)
    if isinstance(answer, Answer):
        return _decide(folio, seq, answer)
    flash(_("Destruido en cuarentena. Entrada %(n)s.", n=answer.seq), "ok")
    flash(_gone(told[0]), "ok" if told[0] is not None and not told[0].plain else "warn")
    return redirect(url_for("quarantine.decide", folio=folio, seq=seq), 303)


def _gone(found: ShreddedParts | None) -> str:
    """What became of it, as far as it is known now."""
    if found is None:
        return _("Un almacén no respondió: ya nadie lo ve, y se destruye en cuanto responda.")
    if found.plain:
        return ngettext(
            "%(num)d archivo se guardó sin cifrar y sigue en el almacén: avisa a quien administra.",
            "%(num)d archivos se guardaron sin cifrar y siguen en el almacén: avisa a quien administra.",
            found.plain,
        )
    return _("Ya nadie puede leerlo, aunque sus bytes cifrados sigan en el almacén.")


def _visited(eid: str, folio: str, seq: int) -> str:
    """The entry's page in an engagement whose auditor the person is and where they see its content; else 404."""
    found = visit(eid)
    seen = found.room.chain.in_scope(found.state, folio) or found.state.shown(folio, seq)
    if not seen or not found.opens(folio, seq):
        abort(404)
    return url_for("auditcases.entry", eid=eid, folio=folio, seq=seq)


def _report(folio: str, seq: int, back: str) -> Response:
    house = current_house()
    files = tuple(number for text in request.form.getlist("file") if (number := _number(text)) is not None)
    actor = actor_for(person(), (*_REPORTERS, *_AUDITORS))
    payload = bool(request.form.get("payload"))
    command = ReportQuarantine(
        folio, seq, files, payload, actor, _text("ground"), _text("reason"), key_posted("")
    )
    answer = _sealed(lambda: quarantining.report(house, command))
    if isinstance(answer, Answer):
        return _form(folio, seq, back, answer)
    flash(
        _(
            "En cuarentena: desde ahora nadie lo ve. Lo decide quien responde de los datos personales. Entrada %(n)s.",
            n=answer.seq,
        ),
        "ok",
    )
    return redirect(back, 303)


def _form(folio: str, seq: int, back: str, answer: Answer | None = None) -> Response:
    house, eyes = current_house(), lens()
    view = house.cases.view(folio)
    if not 1 <= seq <= len(view.entries):
        abort(404)
    sealed = view.entries[seq - 1]
    text = render_template(
        "pages/quarantine_report.html",
        folio=folio,
        seq=seq,
        back=back,
        files=[
            (number, str(item.get("name", "")) or blob.sha256[:12])
            for number, (blob, item) in enumerate(zip(sealed.entry.objects, entry_files(sealed), strict=True))
            if view.withheld.file(seq, blob.sha256) is None
        ],
        payload=sealed.payload_bytes is not None,
        grounds=[(code, eyes.say(text)) for code, text in GROUNDS.items()],
        key=secrets.token_hex(16),
        typed=request.form if answer else {},
        chosen=request.form.getlist("file") if answer else [],
        trouble=trouble_of(answer, {"note": _("Dónde se ve")}, eyes) if answer else None,
    )
    return make_response(text, answer.status if answer else 200)


def _decide(folio: str, seq: int, answer: Answer | None = None, seen: tuple[Seen, ...] = ()) -> Response:
    house, eyes = current_house(), lens()
    found, row = _standing(house, folio, seq), house.index.get(folio)
    view = house.cases.view(folio, answerable=True)
    text = render_template(
        "pages/quarantine.html",
        folio=folio,
        line=quarantine_line(folio, found, eyes, row.title if row else folio),
        ground=ground_words(found.reason, eyes),
        said=_reason(view, found.seq),
        outcome=_reason(view, found.decided) if found.decided else "",
        looks=_looks(view, found),
        left=[
            (item, eyes.moment(item.at), eyes.who(item.actor))
            for item in quarantining.packages_with(house, folio, found)
        ],
        holds=view.keeping.holds,
        officer=person().has_any(frozenset({Role.DATOS_PERSONALES})),
        second=house.second.has(person().id),
        seen=seen,
        key=secrets.token_hex(16),
        typed=request.form if answer else {},
        trouble=trouble_of(answer, {"note": _("Motivo")}, eyes) if answer else None,
    )
    return make_response(text, answer.status if answer else 200)


def _looks(view: CaseView, found: Quarantine) -> list[tuple[int, Moment, str]]:
    """Who looked at it, and when."""
    eyes = lens()
    looked = [view.entries[seq - 1].entry for seq in found.viewed]
    return [(entry.seq, eyes.moment(entry.at), eyes.who(entry.actor)) for entry in looked]


def _seen(house: House, folio: str, found: Quarantine) -> list[Seen]:
    """The parts themselves, read past the doors that keep everybody else out."""
    entries = house.ledger.unwithheld(folio)
    definition = house.cases.view(folio).definition
    told: list[Seen] = []
    shown: set[str] = set()
    for seq, part in found.parts.items():
        sealed = entries[seq - 1]
        if part.payload:
            told.append(
                Seen(
                    _("Lo escrito en la entrada %(n)s", n=seq),
                    None,
                    line=entry_line(sealed, definition, lens()),
                )
            )
        names = entry_files(sealed)
        for blob, item in zip(sealed.entry.objects, names, strict=True):
            if blob.sha256 in part.files and blob.sha256 not in shown:
                shown.add(blob.sha256)
                name = str(item.get("name", "")) or blob.sha256[:12]
                with checked_copy(house.unwithheld, blob) as stream:
                    try:
                        drawn = house.reader.preview(stream, name=name, page=1, width=PREVIEW_WIDTH)
                    except (FileRefused, WorkerFailed):
                        told.append(Seen(name, Shown(trouble=_("Este archivo no se puede mostrar aquí"))))
                        continue
                if drawn.form == "picture":
                    told.append(Seen(name, None, base64.b64encode(drawn.png).decode()))
                else:
                    told.append(Seen(name, rendered(drawn, {}, lens())))
    return told


def _standing(house: House, folio: str, seq: int) -> Quarantine:
    view = house.cases.view(folio, answerable=True)
    found = next((item for item in view.withheld.all if item.seq == seq), None)
    return found if found is not None else abort(404)


def _reason(view: CaseView, seq: int) -> str:
    return str(view.entries[seq - 1].payload().get("note", ""))


def _sealed(act: Callable[[], Receipt]) -> Receipt | Answer:
    """What was sealed; or, of what can be mended, what is to be told on the page."""
    try:
        return act()
    except MENDABLE as error:
        answer = answer_for(error)
        if answer is None or answer.status == 404:
            raise
        return answer


def _officer() -> Actor:
    return actor_for(person(), DECIDERS)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _text(name: str) -> str:
    return request.form.get(name, "").strip()
