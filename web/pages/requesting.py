"""The request page: a ticket from somebody without an account, written down as coming from nobody the house knows.

Nothing about accounts is said here, whatever is typed: who writes an address that has an account gets the same answer
as anybody. Attempts are counted by address of the network and of mail, in the database, and texts alone are taken.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta

from flask import (
    Blueprint,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response

from identity.login import LoginThrottled
from identity.throttle import Limit, LoginThrottle
from web.errors import Answer, answer_for
from web.pages.casepage import field_labels
from web.pages.context import lens
from web.pages.forms import MENDABLE, key_posted
from web.security import public
from web.views.fields import form_field, typed
from web.views.trouble import trouble_of
from web.wiring import House, current_house
from workflows.commands import UNIDENTIFIED, UNKNOWN, Actor, OpenCase
from workflows.definition import Definition

page = Blueprint("requesting", __name__, url_prefix="/solicitar")
MOST_BYTES = 64 * 1024
"""A form of texts; whatever is larger is not looked at."""

BY_MAIL = Limit(free=5, first=timedelta(minutes=1), longest=timedelta(hours=1), memory=timedelta(hours=6))
BY_ADDRESS = Limit(free=10, first=timedelta(minutes=1), longest=timedelta(hours=1), memory=timedelta(hours=6))
SENT, RECEIPT = "solicitud", "acuse"
"""Where the session keeps the folio of the ticket just sent, and that of the one whose receipt it may take."""


@page.get("")
@public
def form() -> Response:
    """The form, empty."""
    return _form(_definition(), {})


@page.post("")
@public
def send() -> Response:
    """Open the ticket, if the sender has not been too quick; then show the folio once."""
    definition = _definition()
    if (request.content_length or 0) > MOST_BYTES or request.files:
        abort(413)
    values = typed(request.form)
    house = current_house()
    try:
        _count(house, values.get("correo") or values.get("telefono") or "")
        receipt = house.cases.open_case(
            OpenCase(
                process=definition.process,
                actor=Actor(UNIDENTIFIED, definition.opening.public["role"], kind=UNKNOWN),
                data={**values, **_fixed(definition)},
                idempotency_key=key_posted(secrets.token_hex(16)),
            )
        )
    except (*MENDABLE, LoginThrottled) as error:
        return _form(definition, values, answer_for(error))
    session[SENT] = receipt.folio
    return redirect(url_for("requesting.sent"), 303)


@page.get("/enviada")
@public
def sent() -> Response:
    """The acknowledgement, to the browser that sent the request and to nobody else."""
    folio = session.pop(SENT, "")
    if not folio:
        return redirect(url_for("requesting.form"), 303)
    session[RECEIPT] = folio
    view = current_house().cases.view(str(folio))
    said = next((step for step in view.definition.steps if step.message is not None), None)
    text = lens().say(said.message).replace("{folio}", str(folio)) if said and said.message else ""
    return make_response(render_template("pages/request_sent.html", folio=folio, text=text))


def requests_open() -> bool:
    """Whether the page is there: as the setting says; where it says nothing, in the demonstration only."""
    settings = current_app.extensions["constancia"].settings
    if settings.public_requests is None:
        return bool(settings.demo)
    return bool(settings.public_requests)


def _definition() -> Definition:
    """The process that takes requests from the public."""
    found = next((item for item in current_house().definitions.processes() if item.opening.public), None)
    if found is None or not requests_open():
        abort(404)
    return found


def _fixed(definition: Definition) -> dict[str, str]:
    return {name: value for name, value in definition.opening.public.items() if name != "role"}


def _count(house: House, contact: str) -> None:
    """Count the attempt before anything is done with it. Raises `LoginThrottled`."""
    secret = hashlib.sha256(b"request\n" + house.settings.secret_key.encode()).digest()
    throttle = LoginThrottle(house.throttle, secret, account=BY_MAIL, address=BY_ADDRESS)
    until = throttle.attempt(contact.strip().lower()[:320], request.remote_addr or "", house.clock())
    if until is not None:
        raise LoginThrottled(until)


def _form(definition: Definition, values: Mapping[str, str], answer: Answer | None = None) -> Response:
    eyes, fixed = lens(), definition.opening.public
    trouble = trouble_of(answer, field_labels(definition, eyes), eyes) if answer else None
    errors = (trouble.errors or {}) if trouble else {}
    asked = (*definition.opening.fields, *definition.by_step[definition.opening.step].fields)
    fields = [
        form_field(field, definition, eyes, values.get(field.name, ""), errors.get(field.name, ""))
        for field in asked
        if field.name not in fixed
    ]
    text = render_template(
        "pages/request.html",
        fields=fields,
        trouble=trouble,
        instruction=eyes.say(definition.by_step[definition.opening.step].instruction),
        excludes=[eyes.say(item) for item in definition.document.excludes],
        key=request.form.get("idempotency_key", "")[:80] or f"solicitud:{secrets.token_hex(16)}",
    )
    return make_response(text, answer.status if answer else 200)
