"""`flask init`, `flask db`, `flask serve`."""

from __future__ import annotations

import os
from datetime import timedelta

import click
from flask.cli import AppGroup, with_appcontext

from web import inception, server, workshop
from web.commands import console
from web.crew import MOST_JOBS
from web.sealtelling import tell_seal_if_any
from web.settings import Settings
from web.wiring import House, require_ready, upgrade

database = AppGroup("db", help="The database's tables.")


@click.command("init")
@click.option("--origin", required=True, help="Name of the log for ever, such as desk.example/mesa-de-ayuda.")
@console.always_json
@with_appcontext
@console.command
def init(origin: str) -> None:
    """Begin: data directory, keys, generated secret, log and definitions. Repeating it completes or changes nothing."""
    settings = console.holder().settings
    house = inception.initialise(settings, origin, os.environ, console.os_user())
    try:
        console.emit(
            {
                "origin": origin,
                "data": str(settings.data),
                "vkey": house.vkey.text,
                "size": house.ledger.tree_size(),
            }
        )
    finally:
        house.close()
    console.say("Give the verifier key (vkey) to your auditors by another way than the packages.")


@database.command("upgrade")
@console.always_json
@console.command
def upgrade_database() -> None:
    """Bring the tables to this program's version, publish new definitions, fill what is new."""
    house = console.house()
    upgrade(house.engine)
    inception.make_seal_files(house.settings, house.clock())
    published = inception.publish_definitions(house, console.os_user())
    _tell_seal(house)
    inception.settle(house)
    rebuilt = house.cases.rebuild().cases if house.index.untallied() else 0
    console.emit({"upgraded": True, "definitions": published, "rebuilt": rebuilt})


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 256), help="Threads of each.")
@click.option(
    "--pages-only", is_flag=True, help="Leave index, checkpoints, timers, mail and jobs to `flask worker`."
)
@with_appcontext
@console.command
def serve(host: str, port: int, workers: int, threads: int, pages_only: bool) -> None:
    """Serve the pages with gunicorn; each worker also keeps the house (index, checkpoints, timers) and runs jobs."""
    holder = console.holder()
    require_ready(holder.settings)
    for name in holder.settings.unknown:
        console.say(f"{name} is not a setting of this program")
    _publish_own(console.house())
    server.serve(Settings.from_env(os.environ), host, port, workers, threads, works=not pages_only)


@click.command("worker")
@click.option(
    "--jobs", default=MOST_JOBS, show_default=True, type=click.IntRange(1, 64), help="Jobs at once."
)
@click.option(
    "--lease", default=60, show_default=True, type=click.IntRange(4, 3600),
    help="Seconds after which a job of a worker that fell silent is another's.",
)  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of --port.")
@click.option("--port", type=click.IntRange(1, 65535), help="Answer /healthz, /readyz and /metrics there.")
@with_appcontext
@console.command
def worker(jobs: int, lease: int, host: str, port: int | None) -> None:
    """Keep the house and run its jobs, apart from the pages; any number may run. SIGTERM ends it."""
    holder = console.holder()
    require_ready(holder.settings)
    address = (host, port) if port is not None else None
    workshop.work(Settings.from_env(os.environ), most=jobs, lease=timedelta(seconds=lease), address=address)


def _publish_own(house: House) -> None:
    """Release the installation's own definitions, and the seal configured, before any worker uses them.

    A seal that cannot be read keeps letters from being signed, and nobody from working: it is said and served without.
    """
    if house.settings.definitions is not None:
        inception.publish_definitions(house, console.os_user())
    _tell_seal(house)
    console.settled(house)
    house.close()


def _tell_seal(house: House) -> None:
    if problem := tell_seal_if_any(house, console.os_user()):
        console.say(problem)
