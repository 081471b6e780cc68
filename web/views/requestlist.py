"""Requests of a case as the desk follows them, and what a form to ask for one offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.entry import EntryKind
from evidence.words import digest_words
from signing.desk import RequestDesk
from signing.ports import Person
from signing.records import Request
from web.i18n import gettext as _
from web.linkroom import LinkRoom
from web.views.kinds import Sign, kind_sign
from web.views.lens import Lens, Moment
from workflows.casefile import CaseView
from workflows.definition import Definition
from workflows.errors import Refusal
from workflows.requests import ASKING, RequestState

STEPS = (
    "signature.requested",
    "answer.requested",
    "secret.left",
    "return.requested",
    "review.requested",
    "link.issued",
    "link.resent",
    "link.fetched",
    "link.opened",
    "code.issued",
    "code.failed",
    "code.verified",
    "document.downloaded",
    "document.differed",
    "signature.delegated",
)
"""What can have happened on the way, in the order in which it is told."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who waits for a code on the telephone."""

    visit: str
    reference: str
    since: Moment


@dataclass(frozen=True, slots=True)
class Happened:
    """One kind of event: how often, and when last."""

    sign: Sign
    times: int
    last: Moment


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request."""

    id: str
    purpose: str
    step: str
    step_name: str
    letter: str
    who: str
    principal: str
    status: Sign
    waits: bool
    factor: bool
    level: str
    stamp: str
    expires: Moment
    seq: int
    ended_seq: int
    words: tuple[str, ...]
    digest: str
    happened: tuple[Happened, ...]
    callers: tuple[Caller, ...]


@dataclass(frozen=True, slots=True)
class Asking:
    """What can be asked for in one step."""

    step: str
    name: str
    signatories: tuple[Person, ...]
    letters: tuple[tuple[str, str], ...]
    provable: frozenset[str]


@dataclass(frozen=True, slots=True)
class SigningCard:
    """What the case page says of it: the requests, and whether one can be made now."""

    lines: tuple[RequestLine, ...]
    can: bool


def signing_card(room: LinkRoom, folio: str, view: CaseView, lens: Lens) -> SigningCard | None:
    """The card, where a step of the case takes a signed letter at all."""
    lines = request_lines(room, folio, view.definition, lens)
    waits = {line.step for line in lines if line.waits}
    open_now = () if view.state.closed else room.desk.steps(folio)
    can = any(step not in waits for step in open_now)
    return SigningCard(lines, can) if lines or can else None


def status_sign(status: str) -> Sign:
    """How a request stands, in words."""
    return {
        "pending": Sign(_("en espera"), "wait", "clock"),
        "signed": Sign(_("firmada"), "ok", "check"),
        "answered": Sign(_("respondida"), "ok", "check"),
        "returned": Sign(_("llegó la carta"), "ok", "tray"),
        "shown": Sign(_("abierta y destruida"), "ok", "lock"),
        "declined": Sign(_("rechazada"), "late", "stop"),
        "expired": Sign(_("venció sin respuesta"), "late", "clock"),
        "withdrawn": Sign(_("retirada"), "idle", "undo"),
        "reported": Sign(_("no la reconoce"), "late", "warn"),
    }.get(status, Sign(status, "idle", "info"))


def stamp_word(stamp: str) -> str:
    """How it stands with a letter's time stamp: never a bare time where there is none."""
    return {
        "made": _("con sello de tiempo"),
        "pending": _("sello de tiempo pendiente: se reintenta"),
        "none": _("sin sello de tiempo"),
    }.get(stamp, "")


def request_lines(room: LinkRoom, folio: str, definition: Definition, lens: Lens) -> tuple[RequestLine, ...]:
    """The requests of a case, the newest first."""
    rows = {row.id: row for row in room.office.store.of_case(folio)}
    states = room.office.cases.requests.of_case(folio)
    return tuple(_line(state, rows.get(state.request), room, definition, lens) for state in reversed(states))


def asking(desk: RequestDesk, view: CaseView, lens: Lens, contacts: Sequence[str]) -> tuple[Asking, ...]:
    """The steps whose signature can be asked for now."""
    found = []
    for code in desk.steps(view.state.folio):
        try:
            choices = desk.choices(view.state.folio, code, contacts)
        except Refusal:
            continue
        if not choices.letters:
            continue
        letters = tuple(
            (f"{item.seq}.{item.object}", _letter(item.name, item.seq)) for item in choices.letters
        )
        name = lens.say(view.definition.by_step[code].name)
        found.append(Asking(code, name, choices.signatories, letters, desk.provable(choices.signatories)))
    return tuple(found)


def _letter(name: str, seq: int) -> str:
    return _("%(name)s (entrada %(n)s)", name=name, n=seq)


def _line(
    state: RequestState, row: Request | None, room: LinkRoom, definition: Definition, lens: Lens
) -> RequestLine:
    step = definition.by_step.get(state.step)
    told = {str(ASKING.get(state.purpose, EntryKind.SIGNATURE_REQUESTED)): (state.at, 1)} | {
        kind: (at, state.counts.get(kind, 1)) for kind, at in state.marks.items()
    }
    callers = room.codes.callers(state.request) if state.waits else ()
    return RequestLine(
        id=state.request,
        purpose=state.purpose,
        step=state.step,
        step_name=lens.say(step.name) if step else "",
        letter=row.title if row else "",
        who=lens.who(state.signatory),
        principal=lens.who(state.principal) if state.principal else "",
        status=status_sign(state.status),
        waits=state.waits,
        factor=state.factor == "code",
        level=state.level,
        stamp=stamp_word(state.seal.get("stamp", "")),
        expires=lens.moment(state.expires_at),
        seq=state.seq,
        ended_seq=state.ended_seq,
        words=digest_words(state.digest),
        digest=state.digest,
        happened=tuple(
            Happened(kind_sign(kind), told[kind][1], lens.moment(told[kind][0]))
            for kind in STEPS
            if kind in told
        ),
        callers=tuple(Caller(item.id, item.call, lens.moment(item.opened_at)) for item in callers),
    )
