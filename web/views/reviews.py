"""Reviews of this system's own users, as pages and spreadsheets show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from identity.recertification import Campaign, Row, RowState
from web.i18n import gettext as _
from web.i18n import ngettext
from web.views.kinds import Sign
from web.views.lens import Due, Lens, Moment, role_name


@dataclass(frozen=True, slots=True)
class RowLine:
    """One role of one person. ``who``, ``when`` and ``seq`` are the decision's, ``silent`` when silence ended it."""

    role: str
    name: str
    sign: Sign
    open: bool
    who: str
    when: Moment | None
    seq: int
    reason: str
    silent: Moment | None


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person with their roles; ``may``: whether the person looking decides on them."""

    id: str
    name: str
    email: str
    rows: tuple[RowLine, ...]
    may: bool

    @property
    def waits(self) -> bool:
        """Whether one of the roles is still to be decided."""
        return any(row.open for row in self.rows)


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A review. ``say`` is its consequence, or what came of it; ``people`` those that wait first."""

    id: str
    owner: str
    opened: Moment
    due: Due
    open: bool
    expired: bool
    closed: Moment | None
    done: int
    total: int
    say: str
    people: tuple[PersonLine, ...]
    seq: int


def state_sign(state: RowState) -> Sign:
    """How a row stands, in words, colour and mark."""
    return {
        RowState.PENDING: Sign(_("por decidir"), "wait", "clock"),
        RowState.KEPT: Sign(_("se conserva"), "ok", "check"),
        RowState.REMOVED: Sign(_("retirada"), "idle", "dash"),
        RowState.SUSPENDED: Sign(_("suspendida por silencio"), "late", "stop"),
        RowState.GONE: Sign(_("terminó por otra vía"), "idle", "dash"),
    }[state]


def review_view(campaign: Campaign, eyes: Lens, emails: dict[str, str], *, decides: bool) -> ReviewView:
    """A review as a page; ``emails`` by person, empty where they are withheld."""
    people = [
        PersonLine(
            subject,
            eyes.who(subject),
            emails.get(subject, ""),
            tuple(_row(row, eyes) for row in rows),
            decides and campaign.open and subject != eyes.actor,
        )
        for subject, rows in campaign.people().items()
    ]
    waiting = len(campaign.undecided)
    return ReviewView(
        id=campaign.id,
        owner=eyes.who(campaign.owner),
        opened=eyes.moment(campaign.opened_at),
        due=eyes.due(campaign.due_at),
        open=campaign.open,
        expired=bool(campaign.expired_at),
        closed=eyes.maybe(campaign.closed_at),
        done=len(campaign.rows) - waiting,
        total=len(campaign.rows),
        say=consequence(campaign, eyes),
        people=tuple(sorted(people, key=lambda one: (not one.waits, one.name.casefold()))),
        seq=campaign.seq,
    )


def consequence(campaign: Campaign, eyes: Lens) -> str:
    """What happens to what is not decided, or happened."""
    pending, silent = campaign.count(RowState.PENDING), campaign.count(RowState.SUSPENDED)
    if silent:
        return ngettext(
            "%(num)d función se suspendió porque nadie decidió a tiempo; decidir que se conserva la devuelve.",
            "%(num)d funciones se suspendieron porque nadie decidió a tiempo; decidir que se conservan las devuelve.",
            silent,
        )
    if campaign.open and pending:
        day = eyes.moment(campaign.due_at).text
        return ngettext(
            "Falta %(num)d función. Si nadie decide antes del %(day)s, se suspende sola.",
            "Faltan %(num)d funciones. Las que nadie decida antes del %(day)s se suspenden solas.",
            pending,
            day=day,
        )
    return ""


def table_heads() -> list[tuple[str, int]]:
    """The spreadsheet's columns."""
    return [
        (_("Revisión"), 14), (_("Persona"), 34), (_("Identificador"), 34), (_("Función"), 22), (_("Estado"), 26),
        (_("Decidió"), 34), (_("Cuándo (UTC)"), 24), (_("Motivo"), 50), (_("Suspendida (UTC)"), 24), (_("Entrada"), 10),
    ]  # fmt: skip


def table_rows(campaigns: Sequence[Campaign], eyes: Lens, *, masked: bool) -> list[list[str | int]]:
    """Every row of the reviews; what people typed is withheld where personal data is."""
    return [
        [
            one.id,
            eyes.who(row.subject),
            row.subject,
            role_name(str(row.role)),
            state_sign(row.state).word,
            eyes.who(row.by) if row.by else "",
            row.at,
            "" if masked else row.reason,
            row.suspended_at,
            row.seq or "",
        ]
        for one in campaigns
        for row in one.rows.values()
    ]


def _row(row: Row, eyes: Lens) -> RowLine:
    return RowLine(
        str(row.role),
        role_name(str(row.role)),
        state_sign(row.state),
        row.state in {RowState.PENDING, RowState.SUSPENDED},
        eyes.who(row.by) if row.by else "",
        eyes.maybe(row.at),
        row.seq,
        row.reason,
        eyes.maybe(row.suspended_at),
    )
