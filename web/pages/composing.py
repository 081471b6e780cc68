"""Writing a mail from a step: one press sends it and, once the server has it, seals it as the step's evidence.

What is typed and the files that are brought wait in a draft of their own, so that whatever is refused loses nothing.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from documents.sniffing import XLSX
from evidence.ports import BlobCorrupt, BlobMissing
from identity.accounts import RECORDERS
from notifications.outbox import MailState, QueuedMail
from web import attaching, composing
from web.acting import actor_for
from web.attaching import Attachments
from web.drafts import DraftDesk
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.casepage import field_labels
from web.pages.context import lens
from web.pages.forms import MENDABLE, draft_view, remove_posted, stage_posted
from web.security import person, roles
from web.views.case_page import case_page
from web.views.fields import FormField, typed
from web.views.lens import Lens, size_text
from web.views.mail_entries import trouble_word
from web.views.step_form import Draft as DraftView
from web.views.step_form import step_form
from web.views.trouble import trouble_of
from web.wiring import DraftKey, House, current_house
from workflows.casefile import CaseView
from workflows.definition import Slot, Step
from workflows.values import NO_SECRETS

page = Blueprint("composing", __name__, url_prefix="/casos/<folio>/pasos/<step>/correo")
recorders = roles(*RECORDERS)
_SAID = (composing.TO, composing.SUBJECT, composing.MESSAGE, "choice", "note")


@dataclass(frozen=True, slots=True)
class _Letter:
    """A mail in one request: its step and place, and what was typed and chosen so far."""

    house: House
    view: CaseView
    step: Step
    slot: Slot
    said: Mapping[str, str]
    data: Mapping[str, str] = field(default_factory=dict)
    chosen: Sequence[str] = ()
    areas: Sequence[str] = ()

    @property
    def folio(self) -> str:
        """Of its case."""
        return self.view.state.folio

    @property
    def asks_areas(self) -> bool:
        """Whether it is the mail by which a campaign asks its areas."""
        roster = self.view.definition.roster
        return roster is not None and roster.send == self.step.code

    def files(self) -> Attachments:
        """What goes with it: the areas' sheets, sealed files, files of its draft."""
        desk = DraftDesk(self.house)
        found = attaching.attached(
            self.house, self.view, self.step, self.slot, self.chosen, desk.find(_key(self))
        )
        attaching.declared(found, self.data)
        return attaching.together(attaching.made(self._sheets()), found) if self.asks_areas else found

    def _sheets(self) -> list[tuple[str, str, bytes]]:
        found = []
        for area in self.areas:
            target = io.BytesIO()
            name = self.house.cases.campaigns.export(self.folio, area, target)
            found.append((name, XLSX.media, target.getvalue()))
        return found


@page.get("")
@recorders
def write(folio: str, step: str) -> Response:
    """The mail as it would begin, or as it was left: to whom the case knows, in the words of its step."""
    house = current_house()
    view, found, slot = _place(house, folio, step)
    proposed = composing.propose(house, view, found, person().name)
    to = proposed.addresses[0].address if proposed.addresses else ""
    said = {composing.TO: to, composing.SUBJECT: proposed.subject, composing.MESSAGE: proposed.message}
    letter = _Letter(house, view, found, slot, said)
    draft = DraftDesk(house).find(_key(letter))
    left = {name: value for name, value in draft.fields.items() if isinstance(value, str)}
    if left.get(composing.MESSAGE):
        letter = _Letter(
            house,
            view,
            found,
            slot,
            {name: left.get(name, "") for name in _SAID},
            typed(left),
            _texts(draft.fields.get(attaching.CHOSEN)),
            _texts(draft.fields.get(composing.AREAS)),
        )
    return _form(letter)


@page.post("")
@recorders
def send(folio: str, step: str) -> Response:
    """Judge the step first, then queue the mail and send it at once; what cannot leave now leaves later by itself."""
    house = current_house()
    view, found, slot = _place(house, folio, step)
    letter = _Letter(
        house,
        view,
        found,
        slot,
        {name: request.form.get(name, "").strip() for name in _SAID},
        typed(request.form),
        request.form.getlist(attaching.CHOSEN),
        request.form.getlist(composing.AREAS),
    )
    desk = DraftDesk(house)
    try:
        stage_posted(desk, _key(letter))
        remove_posted(desk, _key(letter))
        if request.form.get("accion") == "adjuntar":
            return _form(letter)
        mail = _sent(letter)
    except (*MENDABLE, BlobMissing, BlobCorrupt) as error:
        return _form(letter, answer_for(error))
    desk.discard(_key(letter))
    return _told(house, folio, step, mail)


def _sent(letter: _Letter) -> QueuedMail | None:
    """Asked for once, however often the form is posted, and sent."""
    house, said = letter.house, letter.said
    composing.checked(said[composing.TO], said[composing.SUBJECT], said[composing.MESSAGE])
    key = request.form.get("idempotency_key", "")[:80] or secrets.token_hex(16)
    actor, areas = actor_for(person(), letter.step.roles), letter.areas if letter.asks_areas else ()
    if letter.asks_areas and not areas:
        composing.area_missing()
    asked = composing.request_of(letter.view, letter.step, letter.slot, actor, said, letter.data, key)
    if house.outbox.get(composing.mail_id(asked.key)) is None:
        files = letter.files()
        asked = composing.request_of(
            letter.view, letter.step, letter.slot, actor, said, letter.data, key, files, areas
        )
        composing.judged(house, asked, files)
        house.mail.desk.ask(asked, files=files.waiting())
    return house.mail.sender.send(composing.mail_id(asked.key))


def _told(house: House, folio: str, step: str, mail: QueuedMail | None) -> Response:
    """Back to the case: with the receipt, or with what became of the mail."""
    if mail is not None and mail.state is MailState.SENT:
        entries = house.cases.view(folio).entries
        mine = (item.entry.seq for item in reversed(entries) if item.entry.step == step)
        return redirect(
            url_for("cases.show", folio=folio, sellada=next(mine, 0) or None, _anchor="recibo"), 303
        )
    why = trouble_word(mail.trouble) if mail is not None else ""
    if mail is not None and mail.state is MailState.FAILED:
        flash(
            _("El correo no salió: %(why)s. No se selló el paso; la falla quedó en el caso.", why=why), "late"
        )
    else:
        flash(
            _(
                "El correo espera en la salida%(why)s. Saldrá solo, y entonces se sella el paso a tu nombre: "
                "no hace falta que lo envíes otra vez.",
                why=f": {why}" if why else "",
            ),
            "warn",
        )
    return redirect(url_for("cases.show", folio=folio), 303)


def _place(house: House, folio: str, step: str) -> tuple[CaseView, Step, Slot]:
    view = house.cases.view(folio)
    found = view.definition.by_step.get(step)
    slot = composing.mail_slot(view.definition, found) if found is not None else None
    if found is None or slot is None:
        abort(404)
    return view, found, slot


def _form(letter: _Letter, answer: Answer | None = None) -> Response:
    house, view, eyes = letter.house, letter.view, lens()
    definition = house.cases.with_lists(view.definition)
    trouble = trouble_of(answer, _labels(view, eyes), eyes) if answer else None
    errors = (trouble.errors if trouble else None) or {}
    row = house.index.get(letter.folio)
    shown = case_page(view.definition, view.state, view.entries, eyes, row.title if row else "")
    said = letter.said
    draft = DraftView(
        values=letter.data, choice=said.get("choice", ""), note=said.get("note", ""), errors=errors
    )
    form = step_form(letter.step, definition, view.state, shown.lines, eyes, draft)
    text = render_template(
        "pages/compose.html",
        folio=letter.folio,
        title=shown.title,
        form=form,
        slot=eyes.say(letter.slot.name),
        others=[other for other in form.slots if other.code != letter.slot.code and other.fields],
        beside=[other.name for other in form.slots if other.code != letter.slot.code and other.accept],
        mail=_words(said, errors),
        to=said[composing.TO],
        to_error=errors.get(composing.TO, ""),
        addresses=composing.propose(house, view, letter.step, person().name).addresses,
        sender=house.settings.mail_from,
        trouble=trouble,
        key=request.form.get("idempotency_key", "") or secrets.token_hex(16),
        **_files_shown(letter, errors),
    )
    return make_response(text, answer.status if answer else 200)


def _files_shown(letter: _Letter, errors: Mapping[str, str]) -> dict[str, object]:
    """What the form says of files: those of the case, those that wait in the draft, the areas' sheets."""
    draft = DraftDesk(letter.house).find(_key(letter))
    known = attaching.case_files(letter.view)
    areas = letter.house.cases.campaigns.roster(letter.folio).areas if letter.asks_areas else ()
    return {
        "sealed": [(item.value, item.name, item.step, item.seq, size_text(item.blob.size)) for item in known],
        "chosen": frozenset(letter.chosen),
        "brought": draft_view(draft).files,
        "pictures": any(item.family == "image" for item in draft.files),
        "no_secrets": letter.data.get(NO_SECRETS, ""),
        "files_error": errors.get(attaching.FILES, ""),
        "most": (attaching.MOST, attaching.MOST_MIB),
        "areas": [(item.area, item.name, bool(item.sent_at)) for item in areas],
        "asked": frozenset(letter.areas),
    }


def _key(letter: _Letter) -> DraftKey:
    return attaching.draft_key(letter.house, person().id, letter.folio, letter.step.code)


def _texts(value: object) -> tuple[str, ...]:
    """What a draft keeps of a field that may be there several times."""
    several = value if isinstance(value, list) else [value]
    return tuple(item for item in several if isinstance(item, str))


def _labels(view: CaseView, eyes: Lens) -> dict[str, str]:
    mine = {
        composing.TO: _("Para"),
        composing.SUBJECT: _("Asunto"),
        composing.MESSAGE: _("Mensaje"),
        composing.AREAS: _("Áreas"),
        attaching.FILES: _("Archivos adjuntos"),
        NO_SECRETS: _("Contraseñas a la vista"),
    }
    return {**field_labels(view.definition, eyes), **mine}


def _words(said: Mapping[str, str], errors: Mapping[str, str]) -> tuple[FormField, ...]:
    """Subject and message as fields of the form."""
    fields = ((composing.SUBJECT, _("Asunto"), "text"), (composing.MESSAGE, _("Mensaje"), "long"))
    return tuple(
        FormField(name, label, kind, said[name], error=errors.get(name, ""), required=True)
        for name, label, kind in fields
    )
