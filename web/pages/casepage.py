"""The response that shows a case: asked for plainly, after sealing, after a refusal, or as of a date."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from notifications.outbox import MailState
from web.composing import mail_slot
from web.drafts import DraftDesk
from web.errors import Answer
from web.i18n import gettext as _
from web.lettering import Offer, offer_of
from web.pages.campaignface import face_of, own_page
from web.pages.context import answers_for_data, lens, may_export, may_record
from web.pages.forms import draft_view, occurred_at
from web.security import person
from web.views.case_page import CasePage, case_page
from web.views.entries import EntryLine
from web.views.incoming import arrived_in
from web.views.keeping import keeping_card
from web.views.kin import KinView, kin_view
from web.views.lens import Lens, Moment
from web.views.mail_entries import trouble_word
from web.views.quarantine import case_owed, case_quarantines
from web.views.requestlist import signing_card
from web.views.returned import return_address, returned_lines
from web.views.standing import answering_options, principals
from web.views.step_form import StepForm, step_form
from web.views.trouble import Trouble, trouble_of
from web.wiring import Draft, House, current_house
from workflows import shots
from workflows.answering import answers_of, secret_slot
from workflows.casefile import CaseView
from workflows.definition import Definition, Ground
from workflows.state import CaseState


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was just sealed."""

    folio: str
    seq: int
    step: str
    recorded: Moment
    leaf: str
    words: tuple[str, ...]
    files: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """A mail that has not left: of which step, since when, why not, and whether it seals the step when it does."""

    step: str
    asked: Moment
    due: Moment | None
    why: str
    seals: bool


@dataclass(frozen=True, slots=True)
class GroundView:
    """A ground for refusing, in words."""

    code: str
    name: str
    message: str
    destination: str


def show_case(folio: str, *, step: str = "", answer: Answer | None = None) -> Response:
    """The page of a case. ``step`` is the one whose form is open; ``answer`` a refusal to explain."""
    house = current_house()
    with house.catalogues.steady():
        return _shown(house, folio, step, answer)


def _shown(house: House, folio: str, step: str, answer: Answer | None) -> Response:
    eyes = lens()
    raw = request.args.get("a_la_fecha", "")
    as_of = occurred_at(raw) if raw else None
    view = house.cases.view(folio, as_of=as_of, answerable=answers_for_data())
    row = house.index.get(folio)
    page = case_page(view.definition, view.state, view.entries, eyes, row.title if row else "")
    trouble = trouble_of(answer, field_labels(view.definition, eyes), eyes) if answer else None
    form, draft = (
        (None, None) if as_of else _form(house, view.definition, view.state, page, eyes, step, trouble)
    )
    return _told(
        render_template(
            "pages/case.html",
            page=page,
            form=form,
            key=_key(draft),
            folio=folio,
            trouble=trouble,
            receipt=_receipt(page),
            descending=request.args.get("orden") != "asc",
            as_of=eyes.moment(as_of) if as_of else None,
            as_of_raw=raw,
            may_export=may_export(),
            keeping=keeping_card(house, view, eyes),
            quarantines=case_quarantines(view, eyes),
            copies=() if as_of else case_owed(view, eyes),
            kin=_kin(house, view, form, eyes),
            grounds=grounds(view.definition, eyes) if _may_refuse(view.definition, eyes) else (),
            refuse_action=url_for("recording.refuse", folio=folio),
            draft_url=_draft_url,
            letter=_letter(house, view.definition, form, draft),
            elsewhere=own_page(view.definition, folio, form.code) if form else "",
            compose=_compose(view.definition, folio, form) if form else "",
            **({"post": (), "arrived": ()} if as_of else _today(house, folio, view, eyes)),
            **_by_link(view.definition, folio, form),
        ),
        answer.status if answer else 200,
    )


def _kin(house: House, view: CaseView, form: StepForm | None, eyes: Lens) -> KinView:
    """Cases that belong together with this one, and those that its open step may open."""
    folio = view.state.folio
    return kin_view(
        view.definition,
        view.state,
        house.index,
        house.definitions,
        eyes,
        _case_url,
        _opening_url(folio),
        form.code if form is not None and not form.barred else "",
    )


def _told(text: str, status: int) -> Response:
    """The page; where a store did not answer, with when to send the form again."""
    return make_response(text, status, {"Retry-After": "15"} if status == 503 else {})


def _today(house: House, folio: str, view: CaseView, eyes: Lens) -> dict[str, object]:
    """What a page shows of the case as it is now, and not as it was."""
    return {
        "post": _post(house, folio, eyes),
        "arrived": arrived_in(house, folio, eyes) if may_record() else (),
        "signing": signing_card(house.links, folio, view, eyes) if may_record() else None,
        "returned": returned_lines(view, eyes) if may_record() else (),
        **face_of(house, folio, view, eyes),
    }


def _form(
    house: House,
    definition: Definition,
    state: CaseState,
    page: CasePage,
    eyes: Lens,
    wanted: str,
    trouble: Trouble | None,
) -> tuple[StepForm | None, Draft | None]:
    """The open form and the draft that fills it, an empty one where nothing has been begun."""
    asked = wanted or request.args.get("paso", "")
    step = definition.by_step.get(asked) or definition.by_step.get(page.next_step)
    if step is None:
        return None, None
    desk = DraftDesk(house)
    draft = desk.find(desk.key(person().id, page.folio, step.code))
    errors = trouble.errors if trouble else None
    view = draft_view(draft, errors)
    repeats = definition.roster is not None and step.code == definition.roster.variables
    if repeats or any(field.same_as or field.begins_as or field.compute for field in step.fields):
        view = replace(view, values={**house.cases.proposed(page.folio, step.code), **view.values})
    stand_for = principals(definition, step, eyes, house.directory, house.clock())
    people = {
        name: answering_options(found, eyes)
        for name, found in house.cases.answering(page.folio, step).items()
    }
    offered = house.cases.with_lists(definition)
    return step_form(step, offered, state, page.lines, eyes, view, stand_for, people), draft


def _key(draft: Draft | None) -> str:
    """The idempotency key of a form: its draft's where there is one."""
    if draft is None:
        return ""
    return f"draft:{draft.id}" if draft.id else f"form:{secrets.token_hex(16)}"


def _compose(definition: Definition, folio: str, form: StepForm) -> str:
    """Where the mail of a step is written, if it offers one and can be sealed now."""
    offered = not form.barred and mail_slot(definition, definition.by_step[form.code]) is not None
    return url_for("composing.write", folio=folio, step=form.code) if offered else ""


def _post(house: House, folio: str, eyes: Lens) -> tuple[WaitingMail, ...]:
    """Mails of the case that have not left yet."""
    waiting = (
        mail for mail in house.outbox.of_case(folio) if mail.state in {MailState.WAITING, MailState.HANDING}
    )
    return tuple(
        WaitingMail(
            step=mail.request.step,
            asked=eyes.moment(mail.created_at),
            due=eyes.moment(mail.due_at) if mail.attempts else None,
            why=trouble_word(mail.trouble),
            seals=bool(mail.request.record),
        )
        for mail in waiting
    )


def _letter(house: House, definition: Definition, form: StepForm | None, draft: Draft | None) -> Offer | None:
    """The letter that the open form can write, and the one that waits in its draft."""
    if form is None or draft is None or form.barred:
        return None
    return offer_of(house, definition.process, draft)


def _receipt(page: CasePage) -> Receipt | None:
    raw = request.args.get("sellada", "")
    line: EntryLine | None = next((item for item in page.lines if str(item.seq) == raw), None)
    if line is None:
        return None
    return Receipt(page.folio, line.seq, line.step, line.recorded, line.leaf, line.words, line.files)


def _may_refuse(definition: Definition, eyes: Lens) -> bool:
    """Whether the person's role refuses requests of an open case."""
    return not eyes.roles.isdisjoint((*definition.opening.roles, *definition.waiver_roles))


def _case_url(folio: str) -> str:
    return url_for("cases.show", folio=folio)


def _opening_url(folio: str) -> Callable[[str, str, str], str]:
    """The form that opens a case from a step of this one."""
    return lambda process, step, choice: url_for(
        "opening.new", process=process, origen=folio, paso=step or None, opcion=choice or None
    )


def _draft_url(folio: str, step: str) -> str:
    return url_for("drafts.show", folio=folio, step=step)


def field_labels(definition: Definition, eyes: Lens) -> dict[str, str]:
    """Names of fields and slots as people read them."""
    found = {shots.SYSTEM: _("Sistema de la captura"), shots.TAKEN: _("Fecha de la captura")}
    found.update({field.name: eyes.say(field.label) for field in definition.opening.fields})
    for step in definition.steps:
        found.update({field.name: eyes.say(field.label) for field in step.fields})
    return found


def grounds(definition: Definition, eyes: Lens) -> tuple[GroundView, ...]:
    """The grounds on which a request is refused, each with where it goes."""
    return tuple(_ground(item, eyes) for item in definition.grounds)


def _ground(item: Ground, eyes: Lens) -> GroundView:
    return GroundView(item.code, eyes.say(item.name), eyes.say(item.message), eyes.say(item.destination_name))


def _by_link(definition: Definition, folio: str, form: StepForm | None) -> dict[str, str]:
    """Where an answer of the step is asked for by link, and where its credentials are left."""
    if form is None or form.barred:
        return {}
    step = definition.by_step[form.code]
    return {
        "ask_link": url_for("asking.question", folio=folio, step=step.code) if answers_of(step) else "",
        "return_link": return_address(definition, folio, step.code),
        "leave_link": url_for("asking.delivery", folio=folio, step=step.code) if secret_slot(step) else "",
    }
