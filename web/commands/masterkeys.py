"""`flask keys`: the key that opens the keys of cases."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from web import inception, masterrotation
from web.commands import console
from web.masterkey import master_text
from web.wiring import HouseError

group = AppGroup("keys", help="The key that opens the keys of cases.")


@group.command("show")
@console.always_json
@console.command
def show() -> None:
    """Which there is, by its public half, and for which the keys of cases are wrapped; 1 where one is missing.

    Never the key itself. ``missing``: public halves of master keys that keys of cases need and that are not there.
    """
    house = console.house()
    present, wrapped = house.case_keys.recipients(), house.case_keys.wrapped_for()
    missing = [recipient for recipient in wrapped if recipient not in present]
    console.emit(
        {
            "encrypting": house.settings.encryption and bool(present),
            "recipients": list(present),
            "case_keys": sum(wrapped.values()),
            "wrapped_for": wrapped,
            "missing": missing,
        }
    )
    if missing:
        console.say(
            "A master key is missing: put back the one with that public half, from where its copy is kept."
        )
        click.get_current_context().exit(1)
    house.case_keys.check()


@group.command("create")
@console.always_json
@console.command
def create() -> None:
    """Make one where there is none: what cases bring from then on is encrypted; what is there stays as it is."""
    house = console.house()
    if not house.settings.encryption:
        raise HouseError("not_allowed_here", detail="CONSTANCIA_ENCRYPTION=false")
    made = inception.make_master_key(house)
    console.emit({"created": made, "file": str(house.settings.master_file)})
    if made:
        console.say("Keep a copy apart from the backups. Restart every process of the installation.")


@group.command("rotate")
@console.always_json
@console.command
def rotate() -> None:
    """Begin to use a new one and wrap every case's key for it; the former one still opens until `finish`."""
    console.emit({"rewrapped": masterrotation.begin_rotation(console.house())})


@group.command("finish")
@console.always_json
@console.command
def finish() -> None:
    """Forget the former one: old copies of wrapped keys, in backups or in the database's log, open no more."""
    house = console.house()
    masterrotation.finish_rotation(house)
    console.emit({"finished": True, "from_file": master_text(house.settings) is not None})
