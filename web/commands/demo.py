"""`flask demo`: the main job on the embedded default, with invented people and cases."""

from __future__ import annotations

import os

import click
from demo.seed import seed
from flask.cli import with_appcontext

from web import inception, server
from web.commands import console
from web.settings import PREFIX, Settings

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
    house = inception.initialise(settings, settings.origin or ORIGIN, os.environ, console.os_user())
    try:
        told = seed(house)
        inception.settle(house)
    finally:
        house.close()
    url = f"http://127.0.0.1:{port}"
    if as_json:
        console.emit({"url": url, **told})
    else:
        _tell(url, told)
    if not no_serve:
        server.serve(Settings.from_env({**os.environ, PREFIX + "PUBLIC_URL": ""}), "127.0.0.1", port, 1, 8)


def _tell(url: str, told: dict[str, object]) -> None:
    click.echo(f"{told}")
    click.echo(url)
