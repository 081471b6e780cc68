"""The counts behind a board or a report, asked once, and how a number is linked to its cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from web.i18n import gettext as _
from web.views.kinds import exception_word
from web.views.lens import Lens
from web.views.period import day_text, span_of
from workflows.board import ANY, BANDS, Band, Board, CaseSet, Count, Span, Which
from workflows.definition import Definition

COUNTED = ("cuenta", "codigo", "desde", "hasta")
"""The filters that name a number of the board."""
FIGURED = (Which.EXCEPTION, Which.ROUTE, Which.REFUSAL)
"""Kinds of which one case may have several codes: their total is asked for, not added up."""


class Tallies:
    """Every count of a span, by kind, process and code. ``process`` ``""`` is all of them together."""

    def __init__(self, board: Board, span: Span, process: str = "") -> None:
        self.span = span
        self.process = process
        found = board.every_count(span, process)
        self._each, self._whole = found.each, found.whole

    def of(self, which: Which, process: str = "", code: str = ANY) -> Count:
        """One number; zero where there is nothing."""
        known = self._whole[which] if code == ANY and which in FIGURED else self._each[which]
        found = [count for count in known if process in {"", count.process} and code in {ANY, count.code}]
        return _sum(process, code, found)

    def processes(self, which: Which, code: str) -> list[str]:
        """The processes whose cases have a code."""
        return sorted({count.process for count in self._each[which] if count.code == code})

    def codes(self, which: Which, process: str = "") -> list[Count]:
        """The codes that a kind has here: the bands in their order, others by how many cases they have."""
        if which in BANDS:
            return [self.of(which, process, band.code) for band in BANDS[which]]
        codes = {count.code for count in self._each[which] if process in {"", count.process}}
        found = [self.of(which, process, code) for code in codes]
        return sorted(found, key=lambda count: (-count.cases, count.code))


def _sum(process: str, code: str, counts: list[Count]) -> Count:
    return Count(
        process,
        code,
        sum(count.cases for count in counts),
        sum(count.days for count in counts),
        max((count.most for count in counts), default=0),
    )


@dataclass(frozen=True, slots=True)
class Days:
    """The local days of a span, both included, as addresses have them."""

    first: date
    last: date


def filters_of(which: Which, days: Days, process: str = "", code: str = ANY) -> dict[str, str]:
    """The filters of the list whose length a number is."""
    asked = {"cuenta": str(which), "desde": days.first.isoformat(), "hasta": days.last.isoformat()}
    if process:
        asked["proceso"] = process
    if code != ANY:
        asked["codigo"] = code or "-"
    return asked


def counted_of(asked: Mapping[str, str], lens: Lens) -> tuple[CaseSet, Days] | None:
    """The set an address asks for; ``None`` where it asks for none that makes sense."""
    try:
        which = Which(asked.get("cuenta", ""))
        days = Days(date.fromisoformat(asked.get("desde", "")), date.fromisoformat(asked.get("hasta", "")))
        span = span_of(days.first, days.last, lens)
    except (ValueError, OverflowError):
        return None
    code = asked.get("codigo", ANY)
    return CaseSet(which, span, "" if code == "-" else code), days


def set_words(wanted: CaseSet, days: Days, names: Names) -> str:
    """A set in one line, for the list it leads to."""
    what = which_word(wanted.which)
    if wanted.code != ANY:
        what = f"{what}: {names.code(wanted.which, wanted.code)}"
    if wanted.which is Which.WAITING:
        return what
    if wanted.which in {Which.STANDING, Which.AGE, Which.OVERDUE}:
        return _("%(what)s · al %(moment)s", what=what, moment=names.lens.moment(wanted.span.at).text)
    return _(
        "%(what)s · del %(first)s al %(last)s",
        what=what,
        first=day_text(days.first),
        last=day_text(days.last),
    )


def which_word(which: Which) -> str:
    """What a kind of set counts."""
    return {
        Which.OPENED: _("Abiertos"),
        Which.CLOSED: _("Cerrados"),
        Which.OUTCOME: _("Resultado"),
        Which.ON_TIME: _("Cerrados a tiempo"),
        Which.LATE: _("Cerrados tarde"),
        Which.NO_DEADLINE: _("Cerrados sin plazo"),
        Which.STANDING: _("Pendientes"),
        Which.AGE: _("Pendientes por antigüedad"),
        Which.OVERDUE: _("Con un plazo vencido"),
        Which.WAITING: _("En espera"),
        Which.EXCEPTION: _("Con excepciones"),
        Which.ROUTE: _("Turnados"),
        Which.REFUSAL: _("Rechazados"),
        Which.MEASURE: _("Con tiempo medido"),
    }[which]


class Names:
    """Codes in words, by the definitions in force; ``process`` is looked at first."""

    def __init__(self, definitions: tuple[Definition, ...], lens: Lens, process: str = "") -> None:
        self.lens = lens
        self._definitions = sorted(definitions, key=lambda one: (one.process != process, one.process))

    def process(self, code: str) -> str:
        """A process's name, the code where there is none."""
        return next((self.lens.say(one.name) for one in self._definitions if one.process == code), code)

    def code(self, which: Which, code: str) -> str:
        """A code of a kind of set."""
        if which in BANDS:
            return band_words(next((one for one in BANDS[which] if one.code == code), None), code)
        if which is Which.EXCEPTION:
            return exception_word(code)
        if which is Which.WAITING:
            return self._role(code) if code else _("nadie: le toca a la mesa")
        if which is Which.OUTCOME:
            return self._outcome(code)
        if which is Which.REFUSAL:
            return self._ground(code)
        return self._measure(code) if which is Which.MEASURE else self._place(code)

    def _role(self, code: str) -> str:
        known = (one for one in self._definitions if code in one.by_role)
        return self.lens.role(next(known, None), code)

    def _outcome(self, code: str) -> str:
        found = (one.by_outcome[code].name for one in self._definitions if code in one.by_outcome)
        return next(map(self.lens.say, found), code)

    def _ground(self, code: str) -> str:
        found = (one.by_ground[code].name for one in self._definitions if code in one.by_ground)
        return next(map(self.lens.say, found), code)

    def _measure(self, code: str) -> str:
        found = (span.name for one in self._definitions for span in one.spans if span.code == code)
        return next(map(self.lens.say, found), code)

    def _place(self, code: str) -> str:
        """Where work was sent: a process of the house, or an area that a definition names."""
        if any(one.process == code for one in self._definitions):
            return f"{code} · {self.process(code)}"
        grounds = (ground for one in self._definitions for ground in one.grounds)
        found = (ground.destination_name for ground in grounds if ground.destination == code)
        named = next(map(self.lens.say, found), "")
        return named or self._role(code)


def band_words(band: Band | None, code: str) -> str:
    """A band of days in words."""
    if band is None:
        return code
    if band.upto is None:
        return _("más de %(days)s días", days=band.over)
    if band.over < 1:
        return _("hasta 1 día") if band.upto == 1 else _("hasta %(days)s días", days=band.upto)
    return _("de %(first)s a %(last)s días", first=band.over + 1, last=band.upto)
