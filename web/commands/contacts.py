"""`flask contacts`: people without an account who hold posts."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from identity.access import Granter
from identity.accounts import LOCALES, UnknownUser
from identity.contacts import Contact
from web.commands import console

group = AppGroup("contacts", help="People without an account; every change is an entry of system:access.")
_LOCALES = click.Choice(["", *LOCALES])


@group.command("list")
@console.json_option
@console.command
def everyone(as_json: bool) -> None:
    """Every contact, by name."""
    found = console.house().directory.contacts()
    if as_json:
        console.emit({"contacts": [_json(contact) for contact in found]})
    else:
        console.table([[one.name, one.email, one.phone, one.locale or "es", one.id] for one in found])


@group.command("add")
@click.option("--name", required=True)
@click.option("--email", default="")
@click.option("--phone", default="")
@click.option("--locale", default="", type=_LOCALES, help="The language of mails to them.")
@console.always_json
@console.command
def add(name: str, email: str, phone: str, locale: str) -> None:
    """Add somebody; an address that is known already corrects the contact who has it."""
    house = console.house()
    contact = house.contacts.add(name, _console(), email=email, phone=phone, locale=locale)
    console.settled(house)
    console.emit(_json(contact))


@group.command("change")
@click.option("--id", "contact_id", required=True)
@click.option("--name", default=None)
@click.option("--email", default=None)
@click.option("--phone", default=None)
@click.option("--locale", default=None, type=_LOCALES)
@console.always_json
@console.command
def change(
    contact_id: str, name: str | None, email: str | None, phone: str | None, locale: str | None
) -> None:
    """Correct what is known of somebody."""
    house = console.house()
    known = house.directory.contact(contact_id)
    if known is None:
        raise UnknownUser(contact_id)
    wanted = Contact(
        known.id,
        known.name if name is None else name,
        known.email if email is None else email,
        known.phone if phone is None else phone,
        known.locale if locale is None else locale,
    )
    contact = house.contacts.change(wanted, _console())
    console.settled(house)
    console.emit(_json(contact))


def _json(contact: Contact) -> dict[str, Json]:
    return {
        "id": contact.id,
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "locale": contact.locale,
    }


def _console() -> Granter:
    return Granter(via="console", os_user=console.os_user())
