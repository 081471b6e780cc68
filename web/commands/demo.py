"""`flask demo`: the main job on the embedded default, with invented people and cases."""

from __future__ import annotations

import os
import sys

import click
from flask.cli import with_appcontext

from demo.arriving import liven
from demo.diary import DemoClock
from demo.seed import DemoSummary, Progress, begin, seed
from web import inception, server
from web.commands import console
from web.mailroom import MailRoom
from web.settings import PREFIX, Settings
from web.wiring import House, HouseError, now
from workflows.readers import DirectReader

ORIGIN = "constancia.demo/mesa-de-ayuda"


@click.command("demo")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--no-serve", is_flag=True, help="Only set up.")
@console.json_option
@with_appcontext
@console.command
def demo(port: int, no_serve: bool, as_json: bool) -> None:
    """Set up a demonstration in the data directory, print its address and logins, and serve it on loopback."""
    settings = console.holder().settings
    if settings.origin not in {"", ORIGIN}:
        raise HouseError("not_a_demo", origin=settings.origin)
    if not settings.initialised:
        console.say("Preparando la demostración: un año de personas, cartas y casos inventados…")
    summary = prepare(settings, _Told())
    url = f"http://127.0.0.1:{port}"
    _liven(url)
    if as_json:
        console.emit({"url": url, **summary.as_json()})
    else:
        _tell(url, summary)
    if not no_serve:
        os.environ.pop(PREFIX + "TRUSTED_PROXIES", None)  # loopback, whatever the environment is meant for
        os.environ[PREFIX + "PUBLIC_URL"] = url  # where the links in its mails lead
        server.serve_anew(port)


class _Told:
    """Says how far the telling has come, in tenths: on a terminal in one line, else a line each."""

    def __init__(self) -> None:
        self._tenths = 0

    def __call__(self, told: int, everything: int) -> None:
        tenths = 10 * told // everything
        if tenths <= self._tenths:
            return
        self._tenths = tenths
        again = sys.stderr.isatty()
        click.echo(f"{chr(13) if again else ''}  {10 * tenths} %", err=True, nl=not again or tenths == 10)


def prepare(settings: Settings, progress: Progress) -> DemoSummary:
    """Begin and fill the installation, or take up where it was left; the second time nothing changes."""
    clock = begin(settings.data, now())
    house = inception.initialise(
        settings,
        ORIGIN,
        os.environ,
        console.os_user(),
        # its files are of our own making, and its past is mailed to nobody
        make=lambda made: House(made, clock=clock, documents=DirectReader(), mailing=False),
    )
    try:
        return _seeded(house, settings, clock, progress)
    finally:
        house.close()


def _seeded(house: House, settings: Settings, clock: DemoClock, progress: Progress) -> DemoSummary:
    summary = seed(house, settings.data, clock, progress=progress)
    inception.settle(house)
    return summary


def _liven(url: str) -> None:
    """Mail that arrived, came back and asks for a signature; its links lead to where the demonstration is served."""
    house = House(Settings.from_env({**os.environ, PREFIX + "PUBLIC_URL": url}))
    try:
        liven(house, lambda raw: MailRoom(house, dns=None).take(raw, "demo"))
        inception.settle(house)
    finally:
        house.close()


def _tell(url: str, summary: DemoSummary) -> None:
    click.echo(f"Constancia · demostración en {url}")
    click.echo(f"{summary.total} casos, {summary.entries} entradas. Contraseña de todas las cuentas:")
    click.echo(f"\n    {summary.password}\n")
    for login in summary.logins:
        click.echo(f"    {login.email:<36} {login.name} ({', '.join(login.roles)})")
