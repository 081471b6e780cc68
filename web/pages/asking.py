"""The desk's forms that ask for an answer by personal link, and that leave a secret for one person.

What is typed as the secret goes nowhere but into the encrypted row; a form that comes back refused has it no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from flask import Blueprint, abort, make_response, render_template, request, url_for
from flask import redirect as to
from werkzeug.wrappers import Response

from identity.accounts import RECORDERS
from signing.errors import LinkError
from signing.kinds.asking import Ask
from signing.kinds.onetime import Left
from signing.ports import Person
from web.acting import actor_for
from web.errors import Answer, answer_for
from web.pages.casepage import field_labels
from web.pages.context import lens
from web.pages.personal import place
from web.security import person, roles
from web.views.fields import FormField, step_fields, typed
from web.views.trouble import trouble_of
from web.wiring import House, current_house
from workflows.answering import answers_of, left_fields, likely, secret_slot
from workflows.casefile import CaseView
from workflows.definition import Step
from workflows.errors import Refusal

page = Blueprint("asking", __name__, url_prefix="/casos/<folio>/pasos/<step>")
recorders = roles(*RECORDERS)
MOST_DAYS = 60


@dataclass(frozen=True, slots=True)
class AskForm:
    """What the form offers: people, with the one proposed, the answers there are, and fields of the delivery."""

    secret: bool
    people: tuple[Person, ...]
    proposed: str = ""
    answers: tuple[str, ...] = ()
    fields: tuple[FormField, ...] = ()
    provable: frozenset[str] = frozenset()


@page.get("/preguntar")
@recorders
def question(folio: str, step: str) -> Response:
    """The form that asks for an answer."""
    return _page(folio, step, secret=False)


@page.post("/preguntar")
@recorders
def ask(folio: str, step: str) -> Response:
    """Ask for an answer by link."""
    house = current_house()
    view, found = _place(house, folio, step, secret=False)
    try:
        made = house.links.answers.ask(
            house.links.desk, _ask(house, view, found), actor_for(person(), found.roles), place()
        )
    except (LinkError, Refusal) as error:
        return _page(folio, step, secret=False, answer=answer_for(error))
    return to(url_for("signing.show", folio=folio, enviada=made.id), 303)


@page.get("/entregar")
@recorders
def delivery(folio: str, step: str) -> Response:
    """The form that leaves a secret."""
    return _page(folio, step, secret=True)


@page.post("/entregar")
@recorders
def leave(folio: str, step: str) -> Response:
    """Leave a secret for one person."""
    house = current_house()
    view, found = _place(house, folio, step, secret=True)
    left = Left(_ask(house, view, found), request.form.get("secreto", ""))
    try:
        made = house.links.onetime.leave(house.links.desk, left, actor_for(person(), found.roles), place())
    except (LinkError, Refusal) as error:
        return _page(folio, step, secret=True, answer=answer_for(error))
    return to(url_for("signing.show", folio=folio, enviada=made.id), 303)


def _ask(house: House, view: CaseView, step: Step) -> Ask:
    days = request.form.get("dias", "5")
    term = int(days) if days.isascii() and days.isdigit() else 0
    row = house.index.get(view.state.folio)
    return Ask(
        view.state.folio,
        step.code,
        request.form.get("persona", ""),
        house.clock() + timedelta(days=min(term, 10 * MOST_DAYS)),
        data=typed(request.form),
        factor=request.form.get("factor", ""),
        note=request.form.get("nota", ""),
        about=row.title if row else "",
    )


def _place(house: House, folio: str, step: str, *, secret: bool) -> tuple[CaseView, Step]:
    view = house.cases.view(folio)
    found = view.definition.by_step.get(step)
    fits = found is not None and bool(secret_slot(found) if secret else answers_of(found))
    if found is None or not fits:
        abort(404)
    return view, found


def first_choice(house: House, folio: str, people: Sequence[Person]) -> str:
    """Who is chosen before anybody chooses: the likeliest, where it can be asked; else nobody, and the form asks."""
    likeliest = next(iter(likely(house.cases.requests.situation(folio))), "")
    return likeliest if any(who.id == likeliest for who in people) else ""


def _page(folio: str, step: str, *, secret: bool, answer: Answer | None = None) -> Response:
    house, eyes = current_house(), lens()
    view, found = _place(house, folio, step, secret=secret)
    desk = house.links.onetime if secret else house.links.answers
    contacts = tuple(item.id for item in house.directory.contacts() if item.email)
    trouble = trouble_of(answer, field_labels(view.definition, eyes), eyes) if answer else None
    fields = left_fields(found) if secret else ()
    errors = (trouble.errors if trouble else None) or {}
    people = tuple(who for who in desk.people(folio, contacts) if who.id != person().id)
    form = AskForm(
        secret=secret,
        people=people,
        provable=house.links.desk.provable(people),
        proposed=first_choice(house, folio, people),
        answers=() if secret else tuple(eyes.say(branch.name) for branch in answers_of(found)),
        fields=tuple(
            replace(item, required=True)  # a delivery counts with all that its slot asks for
            for item in step_fields(
                fields, view.definition, eyes, view.state.params, typed(request.form), errors
            )
        ),
    )
    row = house.index.get(folio)
    text = render_template(
        "pages/ask_link.html",
        folio=folio,
        title=row.title if row else folio,
        step=found.code,
        step_name=eyes.say(found.name),
        form=form,
        said=request.form if request.method == "POST" else {},
        trouble=trouble,
        reachable=bool(house.settings.public_url),
        open=found.code in desk.steps(folio),
        most=MOST_DAYS,
    )
    return make_response(text, answer.status if answer else 200)
