"""What stands in quarantine, as pages say it: since when, by whom, why, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.entry import Entry, parse_time
from evidence.quarantine import Outcome, Quarantine, Withheld
from web.i18n import gettext as _
from web.i18n import ngettext
from web.views.lens import Lens, Moment
from web.wiring import House
from workflows.casefile import CaseView
from workflows.keeping import MARK
from workflows.withholding import COPY_OWED, GROUNDS, SECRETS, WAITING, owed


@dataclass(frozen=True, slots=True)
class QuarantineLine:
    """One quarantine. ``what`` counts what it is about; ``own``: the person looking reported it.

    ``decided`` is empty while it waits; ``secret``: what it shows must be changed.
    """

    folio: str
    seq: int
    since: Moment
    days: int
    who: str
    ground: str
    what: str
    entries: tuple[int, ...]
    state: str
    decided: int
    decided_at: Moment | None
    decided_by: str
    looks: int
    own: bool
    secret: bool
    title: str = ""


@dataclass(frozen=True, slots=True)
class OwedLine:
    """A step for which a copy without the secret is asked."""

    folio: str
    step: str
    name: str
    since: Moment
    entry: int


def withheld_words(found: Quarantine | None, lens: Lens) -> str:
    """Why somebody sees nothing; ``""`` where nothing is withheld."""
    if found is None:
        return ""
    ground = ground_words(found.reason, lens)
    if found.outcome is Outcome.DESTROYED:
        when = lens.moment(found.decided_at).text
        return _(
            "Destruido en cuarentena el %(when)s (entrada %(n)s): %(why)s.",
            when=when,
            n=found.decided,
            why=ground,
        )
    return _(
        "En cuarentena desde el %(when)s, por %(who)s (entrada %(n)s): %(why)s.",
        when=lens.moment(found.at).text,
        who=lens.who(found.actor),
        n=found.seq,
        why=ground,
    )


def ground_words(code: str, lens: Lens) -> str:
    """Why, in words; a code nobody knows stays as it is."""
    ground = GROUNDS.get(code)
    said = lens.say(ground) if ground is not None else code
    return said[:1].lower() + said[1:]


def quarantine_line(folio: str, found: Quarantine, lens: Lens, title: str = "") -> QuarantineLine:
    """One quarantine of a case."""
    payloads = sum(part.payload for part in found.parts.values())
    what = [
        *([ngettext("%(num)d archivo", "%(num)d archivos", found.files)] if found.files else []),
        *([_("lo escrito en la entrada")] if payloads else []),
    ]
    return QuarantineLine(
        folio=folio,
        seq=found.seq,
        since=lens.moment(found.at),
        days=max(0, (lens.now - parse_time(found.at)).days),
        who=lens.who(found.actor),
        ground=ground_words(found.reason, lens),
        what=_(" y ").join(what),
        entries=tuple(found.parts),
        state=str(found.outcome),
        decided=found.decided,
        decided_at=lens.moment(found.decided_at) if found.decided_at else None,
        decided_by=lens.who(found.decided_by) if found.decided_by else "",
        looks=len(found.viewed),
        own=found.actor == lens.actor,
        secret=found.reason in SECRETS,
        title=title,
    )


def quarantine_lines(told: Withheld, entry: Entry, lens: Lens) -> tuple[QuarantineLine, ...]:
    """Those that are about an entry, or that it placed or decided."""
    return tuple(
        quarantine_line(entry.case, item, lens)
        for item in told.all
        if entry.seq in {*item.parts, item.seq, item.decided}
    )


def case_quarantines(view: CaseView, lens: Lens) -> tuple[QuarantineLine, ...]:
    """What stands in quarantine in a case, or was destroyed in it; what was given back is told by its entries."""
    return tuple(
        quarantine_line(view.state.folio, item, lens) for item in view.withheld.all if item.withholds
    )


def case_owed(view: CaseView, lens: Lens) -> tuple[OwedLine, ...]:
    """Steps of a case that miss a copy without the secret."""
    definition = view.definition
    return tuple(
        OwedLine(
            view.state.folio,
            item.step,
            lens.say(definition.by_step[item.step].name) if item.step in definition.by_step else item.step,
            lens.moment(item.since),
            item.entry,
        )
        for item in owed(view.entries, view.withheld)
    )


def queue(house: House, lens: Lens) -> tuple[QuarantineLine, ...]:
    """Everything that waits for a decision, the oldest first."""
    found = []
    for folio in house.index.by_reference(MARK, WAITING):
        row = house.index.get(folio)
        view = house.cases.view(folio, answerable=True)
        title = row.title if row is not None else folio
        found += [quarantine_line(folio, item, lens, title) for item in view.withheld.waiting]
    return tuple(sorted(found, key=lambda line: (-line.days, line.since.iso, line.folio)))


def copies_owed(house: House, lens: Lens) -> tuple[OwedLine, ...]:
    """Steps of all cases that miss a copy without the secret."""
    return tuple(
        line
        for folio in house.index.by_reference(MARK, COPY_OWED)
        for line in case_owed(house.cases.view(folio), lens)
    )
