"""`flask engagements`: audit engagements from the console."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import click
from flask.cli import AppGroup

from auditing.chain import AUDITOR_ROLES, By
from auditing.desk import Opening
from auditing.fieldwork import Draw
from auditing.model import Engagement, Kind, Method, Population, Sample, Terms
from auditing.sampling import FREQUENCIES, new_seed, reproduces
from evidence.canonical import Json
from identity.accounts import User
from web.commands import console
from web.inception import settle
from web.pages.auditvisit import office_role

group = AppGroup(
    "engagements", help="Audit engagements: who audits which cases until when, and what they did."
)
_day = click.DateTime(["%Y-%m-%d"])


def _by(user: User, role: str) -> By:
    return By(user.id, role, "console", console.os_user())


@group.command("open")
@click.option("--title", required=True, help="What the engagement is called.")
@click.option("--auditor", "auditors", multiple=True, required=True, metavar="EMAIL", help="Who audits.")
@click.option(
    "--kind", type=click.Choice([str(kind) for kind in Kind]), default="external", show_default=True
)
@click.option("--process", "processes", multiple=True, help="Only these processes; none: all.")
@click.option("--from", "start", type=_day, required=True, help="Cases opened on or after this day.")
@click.option("--to", "end", type=_day, required=True, help="Cases opened on or before this day.")
@click.option("--expires", type=_day, required=True, help="Last day of access.")
@click.option("--firm", default="", help="Firm or department that audits.")
@click.option("--purpose", default="", help="What for.")
@click.option("--downloads/--no-downloads", default=False, help="Whether files and tables may be taken.")
@click.option("--masked", is_flag=True, help="Withhold what people wrote, and files.")
@click.option("--actor", required=True, metavar="EMAIL", help="A supervisor or administrator.")
@console.json_option
@console.command
def open_one(  # noqa: PLR0913 - one parameter an option
    title: str,
    auditors: tuple[str, ...],
    kind: str,
    processes: tuple[str, ...],
    start: datetime,
    end: datetime,
    expires: datetime,
    firm: str,
    purpose: str,
    downloads: bool,
    masked: bool,
    actor: str,
    as_json: bool,
) -> None:
    """Open an engagement."""
    house, user = console.house(), console.account(actor)
    terms = Terms(
        Kind(kind),
        tuple(processes),
        f"{start:%Y-%m-%d}",
        f"{end:%Y-%m-%d}",
        f"{expires:%Y-%m-%d}",
        downloads,
        masked,
        tuple(console.account(email).id for email in auditors),
    )
    opening = Opening(title, firm, purpose, terms)
    state = house.room.engagements.open(_by(user, office_role(user)), opening)
    console.settled(house)
    _tell(state, as_json=as_json)


@group.command("list")
@console.json_option
@console.command
def listing(as_json: bool) -> None:
    """Every engagement, the newest first."""
    room = console.house().room
    states = room.register.all()
    if as_json:
        told: list[Json] = [{**_summary(state), "live": room.live(state)} for state in states]
        console.emit({"engagements": told})
        return
    for state in states:
        word = "cerrada" if state.closed else "vigente" if room.live(state) else "vencida"
        click.echo(f"{state.id}  {word:8}  {', '.join(state.terms.processes) or 'todos':30}  {state.title}")


@group.command("show")
@click.argument("engagement")
@console.json_option
@console.command
def show(engagement: str, as_json: bool) -> None:
    """One engagement, with its populations, samples, findings, requests and the digest of what was viewed."""
    room = console.house().room
    state = room.register.get(engagement)
    if not as_json:
        _tell(state, as_json=False)
        return
    seal = room.views_seal(engagement)
    console.emit(
        {
            **_summary(state),
            "live": room.live(state),
            "populations": [_population(item) for item in state.populations],
            "samples": [_sample(item) for item in state.samples],
            "tests": len(state.tests),
            "findings": [
                {"finding": item.id, "severity": str(item.severity), "standing": str(item.standing)}
                for item in state.findings
            ],
            "items": [{"item": item.id, "state": str(item.state), "due": item.due} for item in state.items],
            "views": {"count": seal.count, "digest": seal.digest},
        }
    )


@group.command("close")
@click.argument("engagement")
@click.option("--note", default="", help="Why, or with what result.")
@click.option("--actor", required=True, metavar="EMAIL", help="A supervisor or administrator.")
@console.json_option
@console.command
def close(engagement: str, note: str, actor: str, as_json: bool) -> None:
    """End an engagement; what was viewed is sealed with it."""
    house, user = console.house(), console.account(actor)
    seal = house.room.views_seal(engagement)
    state = house.room.engagements.close(_by(user, office_role(user)), engagement, note, seal)
    console.settled(house)
    _tell(state, as_json=as_json)


@group.command("population")
@click.argument("engagement")
@click.argument("process")
@click.option("--from", "start", type=_day, required=True, help="Cases opened on or after this day.")
@click.option("--to", "end", type=_day, required=True, help="Cases opened on or before this day.")
@click.option("--title", default="")
@click.option("--actor", required=True, metavar="EMAIL", help="One of the engagement's auditors.")
@console.json_option
@console.command
def population(
    engagement: str, process: str, start: datetime, end: datetime, title: str, actor: str, as_json: bool
) -> None:
    """Freeze a population from the log as it stands."""
    house, user = console.house(), console.account(actor)
    settle(house)
    by = _by(user, AUDITOR_ROLES[house.room.register.get(engagement).terms.kind])
    days = f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}"
    told = house.room.field.freeze(by, engagement, process, *days, title=title)
    console.settled(house)
    if as_json:
        console.emit(_population(told))
    else:
        click.echo(
            f"{told.id}: {told.rows} casos, {told.first} a {told.last}, {told.gaps} huecos, {told.digest}"
        )


@group.command("sample")
@click.argument("engagement")
@click.argument("population")
@click.option(
    "--method", type=click.Choice([str(item) for item in Method]), default="size", show_default=True
)
@click.option("--n", default=0, type=click.IntRange(0), help="How many, with the method size.")
@click.option(
    "--frequency", type=click.Choice(sorted(FREQUENCIES)), default=None, help="With the method frequency."
)
@click.option(
    "--seed", default="", help="Text that makes the sample reproducible by anyone; none: a fresh one."
)
@click.option("--pick", "picks", multiple=True, metavar="FOLIO", help="With the method targeted.")
@click.option("--reason", default="", help="Why those were picked.")
@click.option("--actor", required=True, metavar="EMAIL", help="One of the engagement's auditors.")
@console.json_option
@console.command
def sample(  # noqa: PLR0913 - one parameter an option
    engagement: str,
    population: str,
    method: str,
    n: int,
    frequency: str | None,
    seed: str,
    picks: tuple[str, ...],
    reason: str,
    actor: str,
    as_json: bool,
) -> None:
    """Draw a sample from a frozen population."""
    house, user = console.house(), console.account(actor)
    state = house.room.register.get(engagement)
    by = _by(user, AUDITOR_ROLES[state.terms.kind])
    wanted = Draw(Method(method), seed or new_seed(), n, frequency or "", picks, reason)
    told = house.room.field.draw(by, engagement, population, wanted)
    frozen = [row.folio for row in house.room.field.rows(house.room.register.get(engagement), population)]
    console.settled(house)
    if as_json:
        console.emit({**_sample(told), "reproduced": reproduces(told, frozen)})
    else:
        click.echo("\n".join(told.folios))


def _tell(state: Engagement, *, as_json: bool) -> None:
    if as_json:
        console.emit(_summary(state))
    else:
        click.echo(f"{state.id}  {state.title}")
        named = [item.id for item in state.populations] + [item.id for item in state.samples]
        named += [item.id for item in state.findings] + [item.id for item in state.items]
        click.echo("\n".join(f"  {name}" for name in named))


def _summary(state: Engagement) -> dict[str, Json]:
    terms = asdict(state.terms)
    return {
        "engagement": state.id,
        "title": state.title,
        "firm": state.firm,
        **{name: list(value) if isinstance(value, tuple) else value for name, value in terms.items()},
        "closed": state.closed is not None,
        "entries": state.entries,
        "head": state.head,
    }


def _population(told: Population) -> dict[str, Json]:
    return {
        "population": told.id,
        "process": told.process,
        "start": told.start,
        "end": told.end,
        "zone": told.zone,
        "size": told.size,
        "rows": told.rows,
        "first": told.first,
        "last": told.last,
        "gaps": told.gaps,
        "digest": told.digest,
    }


def _sample(told: Sample) -> dict[str, Json]:
    return {
        "sample": told.id,
        "population": told.population,
        "method": str(told.method),
        "seed": told.seed,
        "of": told.of,
        "n": told.n,
        "folios": list(told.folios),
    }
