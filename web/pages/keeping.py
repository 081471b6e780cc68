"""What is decided about the data of a case: holds, block, erasure by two people; each an entry of the case."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Callable

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evidence.shredding import Shredded
from identity.accounts import ANSWERABLE, Role
from web import erasing
from web.acting import actor_for
from web.downloads import download
from web.errors import Answer, answer_for, house_answer
from web.i18n import gettext as _
from web.i18n import ngettext
from web.pages.context import answers_for_data, lens
from web.pages.forms import MENDABLE, key_posted
from web.security import fresh, person, roles
from web.views.keeping import keeping_card
from web.views.lens import Lens
from web.views.trouble import trouble_of
from web.wiring import current_house
from workflows.casefile import CaseView
from workflows.commands import Actor, Receipt
from workflows.keepdesk import ANSWERABLE as ANSWERABLE_ROLES
from workflows.keepdesk import ASKERS, HOLDERS
from workflows.keepingacts import (
    ApproveErasure,
    BlockData,
    LiftHold,
    PlaceHold,
    RequestErasure,
    UnblockData,
    WithdrawErasure,
)
from workflows.retention import GROUNDS

page = Blueprint("keeping", __name__, url_prefix="/casos/<folio>/datos")
holders = roles(*(Role(role) for role in HOLDERS))
answerable = roles(*ANSWERABLE)
officers = roles(Role.DATOS_PERSONALES)


@page.get("")
@holders
def show(folio: str) -> Response:
    """How the data of the case stands, and what the person looking may do about it."""
    return _show(folio)


@page.post("/retener")
@holders
def place(folio: str) -> Response:
    """Place a legal hold."""

    def act() -> Receipt:
        command = PlaceHold(folio, _actor(HOLDERS), _text("reason"), key_posted(""))
        return current_house().cases.keeping.place(command)

    return _done(folio, act, _("Retención legal sellada: nada de este caso se borra hasta que se levante."))


@page.post("/levantar/<int:seq>")
@answerable
def lift(folio: str, seq: int) -> Response:
    """Lift one."""

    def act() -> Receipt:
        command = LiftHold(folio, seq, _actor(ANSWERABLE_ROLES), _text("reason"), key_posted(""))
        return current_house().cases.keeping.lift(command)

    return _done(folio, act, _("Retención legal levantada."))


@page.post("/bloquear")
@officers
def block(folio: str) -> Response:
    """Keep the data and use it no more."""

    def act() -> Receipt:
        command = BlockData(folio, _actor(ASKERS), _text("reason"), key_posted(""))
        return erasing.block(current_house(), command)

    return _done(folio, act, _("Datos bloqueados: se conservan y ya no se usan."))


@page.post("/desbloquear")
@answerable
def unblock(folio: str) -> Response:
    """Use them again."""

    def act() -> Receipt:
        command = UnblockData(folio, _actor(ANSWERABLE_ROLES), _text("reason"), key_posted(""))
        return current_house().cases.keeping.unblock(command)

    return _done(folio, act, _("Bloqueo levantado."))


@page.post("/borrado")
@officers
@fresh
def ask(folio: str) -> Response:
    """Ask that the data be erased: a second person decides."""

    def act() -> Receipt:
        actor, ground = _actor(ASKERS), _text("ground")
        command = RequestErasure(folio, actor, ground, _text("reason"), key_posted(""))
        return erasing.request(current_house(), command)

    return _done(folio, act, _("Solicitud de borrado sellada: falta que otra persona la autorice."))


@page.post("/borrado/retirar")
@answerable
def withdraw(folio: str) -> Response:
    """Take the request back, or turn it down."""

    def act() -> Receipt:
        command = WithdrawErasure(folio, _actor(ANSWERABLE_ROLES), _text("reason"), key_posted(""))
        return current_house().cases.keeping.withdraw(command)

    return _done(folio, act, _("Solicitud de borrado retirada: nada se borra."))


@page.post("/borrado/<int:seq>/autorizar")
@answerable
@fresh
def approve(folio: str, seq: int) -> Response:
    """Approve: the entry is sealed, and what it names is destroyed. Only with a second factor, proved just now."""
    house = current_house()
    house.cases.view(folio)  # an unknown case answers at once
    if not house.second.has(person().id):
        flash(_("Autorizar pide un segundo factor"), "warn")
        return redirect(url_for("session.account", _anchor="segundo"), 303)
    if _text("folio").upper() != folio.upper():
        return _show(folio, house_answer("erasure_unconfirmed", {"folio": folio}))

    told: list[str] = []

    def act() -> Receipt:
        command = ApproveErasure(folio, seq, _actor(ANSWERABLE_ROLES), key_posted(""))
        receipt, gone = erasing.approve(house, command)
        told.append(_gone(gone))
        return receipt

    answer = _done(folio, act, _("Borrado autorizado y sellado."))
    for text in told:
        flash(text, "ok")
    return answer


def _gone(found: Shredded | None) -> str:
    """What became of the data, as far as it is known now."""
    if found is None:
        return _("Un almacén no respondió: lo borrado ya no se muestra, y se destruye en cuanto responda.")
    if found.plain:
        return ngettext(
            "%(num)d archivo se guardó sin cifrar y sigue en el almacén: avisa a quien administra.",
            "%(num)d archivos se guardaron sin cifrar y siguen en el almacén: avisa a quien administra.",
            found.plain,
        )
    return _("Los datos de este caso ya no existen.")


@page.get("/constancia")
@answerable
def receipt(folio: str) -> Response:
    """The receipt of the erasure, for the file: who asked, who approved, when, what; not a word of what it was."""
    found = erasing.receipt_of(current_house().ledger.history(folio))
    if found is None:
        abort(404)
    text = json.dumps(found.as_json(), ensure_ascii=False, indent=2)
    return download(io.BytesIO(text.encode()), f"{folio}-borrado.json")


def _actor(allowed: tuple[str, ...]) -> Actor:
    return actor_for(person(), allowed)


def _text(name: str) -> str:
    return request.form.get(name, "").strip()


def _done(folio: str, act: Callable[[], Receipt], said: str) -> Response:
    """Seal and come back; what can be mended is told on the page, with what was typed."""
    try:
        receipt = act()
    except MENDABLE as error:
        answer = answer_for(error)
        if answer is None or answer.status == 404:
            raise
        return _show(folio, answer)
    flash(_("%(said)s Entrada %(n)s.", said=said, n=receipt.seq), "ok")
    return redirect(url_for("keeping.show", folio=folio), 303)


def _show(folio: str, answer: Answer | None = None) -> Response:
    house, eyes = current_house(), lens()
    view = house.cases.view(folio, answerable=answers_for_data())
    row = house.index.get(folio)
    text = render_template(
        "pages/keeping.html",
        folio=folio,
        title=row.title if row else folio,
        keeping=keeping_card(house, view, eyes),
        receipt=_receipt(view, eyes),
        grounds=[(code, eyes.say(text)) for code, text in GROUNDS.items()],
        second=house.second.has(person().id),
        key=secrets.token_hex(16),
        typed=request.form if answer else {},
        trouble=trouble_of(answer, {"note": _("Motivo")}, eyes) if answer else None,
    )
    return make_response(text, answer.status if answer else 200)


def _receipt(view: CaseView, eyes: Lens) -> list[tuple[str, str]]:
    """The receipt in words, where there was an erasure."""
    found = erasing.receipt_of(current_house().ledger.history(view.state.folio))
    if found is None:
        return []
    ground = GROUNDS.get(found.ground)
    return [
        (_("Solicitó"), eyes.who(found.requested_by)),
        (_("Autorizó"), eyes.who(found.approved_by)),
        (_("Cuándo"), eyes.moment(found.at).text),
        (_("Causa"), eyes.say(ground) if ground else found.ground),
        (_("Contenidos borrados"), str(found.payloads)),
        (_("Archivos borrados"), str(found.files)),
        (_("Entradas"), ", ".join(map(str, found.seqs))),
        (_("Por destruir todavía"), str(found.pending)),
    ]
