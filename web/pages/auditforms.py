"""What the forms of the auditors' room have in common: one act, or its refusal with what was typed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import timedelta

from flask import flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from auditing.errors import AuditRefused
from evidence import ports
from identity.accounts import IdentityError
from signing.errors import LinkError
from web.errors import Answer, answer_for
from web.pages.auditvisit import Visit
from web.views.lens import Lens
from web.views.trouble import trouble_of

MENDED = (AuditRefused, IdentityError, LinkError, ports.StoreUnavailable, ports.IdempotencyMismatch)
_ENTRY = re.compile(r"([A-Z]{2}-\d{3}-\d{4}-\d{6})\s*[/·:,]\s*(\d{1,6})")
_FOLIO = re.compile(r"[A-Z]{2}-\d{3}-\d{4}-\d{6}")
Show = Callable[[Answer | None], Response]


def act(work: Callable[[], tuple[str, str]], show: Show) -> Response:
    """Do it and go where it leads, with a word; or show the page again with what was refused and what was typed.

    ``work`` gives the word and the address.
    """
    try:
        said, onward = work()
    except MENDED as error:
        answer = answer_for(error)
        if answer is None or answer.code == "audit_engagement_unknown":
            raise
        return show(answer)
    flash(said, "ok")
    return redirect(onward, 303)


def page(template: str, found: Visit, answer: Answer | None = None, **more: object) -> Response:
    """A page of an engagement."""
    posted = request.form if request.method == "POST" else {}
    text = render_template(
        f"pages/{template}.html",
        visit=found,
        state=found.state,
        eyes=found.eyes,
        today=found.room.chain.today().isoformat(),
        live=found.room.live(found.state),
        trouble=trouble_of(answer, {}, found.eyes) if answer else None,
        typed=posted,
        key=secrets.token_hex(16),
        **more,
    )
    return make_response(text, answer.status if answer else 200)


def form_key() -> str:
    """The idempotency key that the form carries."""
    return request.form.get("idempotency_key", "")[:80]


def moment_asked(at: str, eyes: Lens) -> str:
    """A ledger time as an address asks for it (``a_la_fecha``): to the second, and not before that time."""
    here = eyes.local(at)
    later = here + timedelta(seconds=1) if here.microsecond else here
    return later.replace(tzinfo=None, microsecond=0).isoformat()


def entries_typed(raw: str) -> list[tuple[str, int]]:
    """Sealed entries as people write them, one a line or in a row: ``MA-001-2026-000001/4``.

    Raises:
        AuditRefused: ``entry_unknown``: something that is none.
    """
    found = [(folio, int(seq)) for folio, seq in _ENTRY.findall(raw.upper())]
    left = re.sub(r"[\s,;]+", "", _ENTRY.sub("", raw.upper()))
    if left:
        raise AuditRefused("entry_unknown", folio=left[:40], seq=0)
    return list(dict.fromkeys(found))


def folios_typed(raw: str) -> tuple[str, ...]:
    """Folios in a text, in order, once each."""
    return tuple(dict.fromkeys(_FOLIO.findall(raw.upper())))
