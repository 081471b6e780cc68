"""`flask keys`: the key that opens the keys of cases."""

from __future__ import annotations

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
    """Whether there is one and opens what it must, and how many keys of cases there are. Never the key itself."""
    house = console.house()
    encrypting = house.case_keys.check()
    count, waiting = house.case_keys.waiting()
    recipient = house.case_keys.master().recipient if encrypting or count else None
    console.emit(
        {"encrypting": encrypting, "recipient": recipient, "case_keys": count, "for_another": waiting}
    )


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
