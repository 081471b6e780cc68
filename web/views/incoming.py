"""A mail that arrived, in words: who says they wrote it, what is known of that, where it may belong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from notifications.answers import own_words
from notifications.cleaning import one_line, several_lines
from notifications.inbox import Inbox, IncomingMail, IncomingState
from web.i18n import gettext as _
from web.views.kinds import Sign
from web.views.lens import Lens, Moment, size_text
from web.views.mail_entries import dkim_word
from workflows.casefile import CaseView
from workflows.errors import Refusal

_MOST_ADDRESSES = 20


class Cases(Protocol):
    """What is asked of the case service here."""

    def view(self, folio: str) -> CaseView: ...  # noqa: D102 - `workflows.cases.CaseService.view`


class Casebook(Protocol):
    """A house with cases."""

    @property
    def cases(self) -> Cases: ...  # noqa: D102 - described by its type


class Mailhouse(Casebook, Protocol):
    """A house with cases and mails."""

    @property
    def inbox(self) -> Inbox: ...  # noqa: D102 - described by its type


@dataclass(frozen=True, slots=True)
class MatchView:
    """A case the mail may belong to, and why in words."""

    folio: str
    why: str


@dataclass(frozen=True, slots=True)
class ProposalView:
    """What software proposes, for a person to confirm: a step and how it turned out, and the words it rests on."""

    folio: str
    step: str
    name: str
    choice: str
    choice_name: str
    phrase: str


@dataclass(frozen=True, slots=True)
class IncomingView:
    """A mail as its pages show it."""

    id: str
    subject: str
    name: str
    address: str
    to: str
    sent: Moment | None
    arrived: Moment
    text: str
    excerpt: str
    attachments: tuple[tuple[str, str], ...]
    dkim: Sign
    origin: str
    authserv: str
    matches: tuple[MatchView, ...]
    proposal: ProposalView | None
    waiting: bool
    state: Sign
    case: str
    note: str
    refused: str
    twin: str
    size: str


def mail_view(mail: IncomingMail, eyes: Lens, house: Casebook) -> IncomingView:
    """The mail in words."""
    first = (mail.addresses("from") or (("", ""),))[0]
    text = mail.text("text")
    return IncomingView(
        id=mail.id,
        subject=one_line(mail.text("subject")) or _("(sin asunto)"),
        name=one_line(first[0]),
        address=one_line(first[1]),
        to=", ".join(one_line(address) for _name, address in mail.addresses("to")[:_MOST_ADDRESSES]),
        sent=_sent(mail, eyes),
        arrived=eyes.moment(mail.arrived_at),
        text=several_lines(text),
        excerpt=own_words(text)[:280],
        attachments=_attachments(mail),
        dkim=_dkim(mail),
        origin=dkim_word(mail.facts.get("dkim", "none"), mail.facts.get("domain", "")),
        authserv=mail.facts.get("authserv", ""),
        matches=tuple(MatchView(item.folio, why_word(item.why)) for item in mail.matches),
        proposal=proposal_of(mail, eyes.say, house),
        waiting=mail.state is IncomingState.WAITING,
        state=_state(mail.state),
        case=mail.case if mail.state is not IncomingState.WAITING else "",
        note=mail.note,
        refused=mail.text("refused"),
        twin=mail.twin if mail.state is IncomingState.WAITING else "",
        size=size_text(mail.size),
    )


def arrived_in(house: Mailhouse, folio: str, eyes: Lens) -> tuple[IncomingView, ...]:
    """Mails that seem to belong to a case and that nobody has filed."""
    return tuple(mail_view(mail, eyes, house) for mail in house.inbox.of_case(folio))


def proposal_of(mail: IncomingMail, say: Callable[..., str], house: Casebook) -> ProposalView | None:
    """The proposal, as long as its step still waits; only one that names how the step turned out."""
    if mail.answer is None or mail.state is not IncomingState.WAITING:
        return None
    try:
        view = house.cases.view(mail.answer.folio)
    except Refusal:
        return None
    step = view.definition.by_step.get(mail.answer.step)
    if step is None or mail.answer.step not in view.state.open_steps:
        return None
    branch = step.branch(mail.answer.choice) if mail.answer.choice else None
    return ProposalView(
        folio=mail.answer.folio,
        step=step.code,
        name=say(step.name),
        choice=mail.answer.choice,
        choice_name=say(branch.name) if branch is not None else "",
        phrase=mail.answer.phrase,
    )


def why_word(why: str) -> str:
    """By what a mail was matched."""
    words = {
        "references": _("responde a un correo de ese caso"),
        "subject": _("el folio está en el asunto"),
        "body": _("el folio está en el texto"),
        "address": _("el caso tiene esa dirección"),
    }
    return words.get(why, why)


def _sent(mail: IncomingMail, eyes: Lens) -> Moment | None:
    raw = mail.text("date")
    return eyes.moment(f"{raw[:19]}.000000Z") if len(raw) >= 19 else None


def _attachments(mail: IncomingMail) -> tuple[tuple[str, str], ...]:
    listed = mail.about.get("attachments", [])
    found = []
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict):
            size = item.get("size", 0)
            told = size_text(size if isinstance(size, int) else 0)
            if item.get("refused"):
                told = f"{told} · {_('por sí solo no se admitiría')}"
            found.append((str(item.get("name", "")), told))
    return tuple(found)


def _dkim(mail: IncomingMail) -> Sign:
    return {
        "pass": Sign(_("firma DKIM válida"), "ok", "check"),
        "fail": Sign(_("firma DKIM que no coincide"), "late", "warn"),
        "unknown": Sign(_("firma DKIM sin comprobar"), "idle", "info"),
    }.get(mail.facts.get("dkim", ""), Sign(_("sin firma DKIM"), "idle", "info"))


def _state(state: IncomingState) -> Sign:
    return {
        IncomingState.WAITING: Sign(_("por clasificar"), "wait", "clock"),
        IncomingState.FILED: Sign(_("en su caso"), "ok", "check"),
        IncomingState.DISCARDED: Sign(_("descartado"), "idle", "dash"),
        IncomingState.BOUNCE: Sign(_("aviso de devolución"), "late", "mail"),
        IncomingState.REPEATED: Sign(_("repetido"), "idle", "dash"),
    }[state]
