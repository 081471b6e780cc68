"""The supervisor's board: numbers of a period, each a link to the list of exactly its cases."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request, url_for

from identity.accounts import EXPORTERS
from web.downloads import download
from web.i18n import gettext as _
from web.pages.context import in_force, lens
from web.reporting import report_sources
from web.security import roles
from web.views.board import BoardView, Line, ProcessRow, Section
from web.views.lens import Lens
from web.views.listing import Group, Option
from web.views.monthly import report_name, write_monthly
from web.views.period import QUARTER, YEAR, Period, month_name, period_name, period_of, shifted, span_of
from web.views.periodic import CampaignLine, ControlMonth, campaigns, control_months
from web.views.plots import Plot
from web.views.tallies import Days, Names, Tallies
from web.views.volume import VolumeRow, volume_of, volume_plot
from web.wiring import House, current_house

page = Blueprint("board", __name__, url_prefix="/tablero")
readers = roles(*EXPORTERS)
"""Who may take figures out may see them."""


@dataclass(frozen=True, slots=True)
class BoardPage:
    """The page. ``month`` is the one whose report is offered."""

    title: str
    period: str
    standing: str
    summary: tuple[Line, ...]
    filters: tuple[Group, ...]
    plot: Plot
    volume: tuple[VolumeRow, ...]
    processes: tuple[ProcessRow, ...]
    sections: tuple[Section, ...]
    campaigns: tuple[CampaignLine, ...]
    controls: tuple[ControlMonth, ...]
    month: str
    month_name: str


@page.get("")
@readers
def overview() -> str:
    """The board of a process or of all, in a period."""
    house, eyes = current_house(), lens()
    process = request.args.get("proceso", "")
    process = process if any(one.process == process for one in in_force(house)) else ""
    period = period_of(request.args.get("periodo", YEAR), eyes.today())
    return render_template("pages/board.html", board=_page(house, eyes, process, period))


@page.get("/informe")
@readers
def report() -> Response:
    """The monthly report as a workbook, the same that the command writes."""
    house, eyes = current_house(), lens()
    period = period_of(request.args.get("mes", ""), eyes.today())
    if period.code in {YEAR, QUARTER} or period.first > eyes.today():
        abort(404)
    sink = io.BytesIO()  # some dozens of kilobytes
    write_monthly(sink, report_sources(house), period)
    size = sink.tell()
    sink.seek(0)
    return download(sink, report_name(period), size=size)


def _page(house: House, eyes: Lens, process: str, period: Period) -> BoardPage:
    known = in_force(house)
    codes = [one.process for one in known]
    span = span_of(period.first, period.last, eyes)
    names = Names(known, eyes, process)
    view = BoardView(Tallies(house.board, span, process), Days(period.first, period.last), names, cases_link)
    volume = volume_of(house.board, period, process, eyes, cases_link)
    shown = tuple(one for one in known if process in {"", one.process})
    month = min(period.last, eyes.today()).replace(day=1)
    return BoardPage(
        title=f"{process} · {names.process(process)}" if process else _("Todos los procesos"),
        period=period_name(period),
        standing=eyes.moment(span.at).text,
        summary=view.summary(process),
        filters=_filters(codes, process, period, eyes),
        plot=volume_plot(volume),
        volume=volume,
        processes=()
        if process
        else view.by_process(codes, lambda asked: board_link({**asked, "periodo": period.code})),
        sections=view.sections(process, now=span.at < span.until),
        campaigns=campaigns(house.index, shown, eyes),
        controls=control_months(house.index, shown, month, month, eyes),
        month=f"{month:%Y-%m}",
        month_name=month_name(month),
    )


def cases_link(filters: Mapping[str, str]) -> str:
    """The list of a number's cases."""
    return f"{url_for('cases.listing')}?{urlencode(filters)}"


def board_link(asked: Mapping[str, str]) -> str:
    """The board with some filters."""
    kept = {name: value for name, value in asked.items() if value}
    return f"{url_for('board.overview')}?{urlencode(kept)}" if kept else url_for("board.overview")


def _filters(codes: list[str], process: str, period: Period, eyes: Lens) -> tuple[Group, ...]:
    """Process and period, as links that keep each other."""
    processes = [("", _("Todos los procesos")), *((code, code) for code in codes)]
    this = eyes.today().replace(day=1)
    months = [shifted(this, -n) for n in range(2, -1, -1)]
    if period.code not in {YEAR, QUARTER, *(f"{month:%Y-%m}" for month in months)}:
        months.insert(0, period.first)
    periods = [
        (YEAR, _("12 meses")),
        (QUARTER, _("13 semanas")),
        *((f"{month:%Y-%m}", month_name(month)) for month in months),
    ]
    steps = _steps(period, process, eyes)
    return (
        Group(
            _("Proceso"),
            tuple(
                Option(text, board_link({"proceso": code, "periodo": period.code}), code == process)
                for code, text in processes
            ),
        ),
        Group(
            _("Periodo"),
            tuple(
                Option(text, board_link({"proceso": process, "periodo": code}), code == period.code)
                for code, text in periods
            )
            + steps,
        ),
    )


def _steps(period: Period, process: str, eyes: Lens) -> tuple[Option, ...]:
    """A month further back, and one further on where there is one."""
    if period.code in {YEAR, QUARTER}:
        return ()
    found = [Option(_("← mes anterior"), _month_link(period, process, -1), current=False)]
    if period.last < eyes.today():
        found.append(Option(_("mes siguiente →"), _month_link(period, process, 1), current=False))
    return tuple(found)


def _month_link(period: Period, process: str, months: int) -> str:
    return board_link({"proceso": process, "periodo": f"{shifted(period.first, months):%Y-%m}"})
