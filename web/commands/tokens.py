"""`flask tokens`: how other systems may call the API; every token given or taken is an entry of system:access."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from evidence.canonical import Json
from evidence.entry import format_time
from identity.access import Granter
from identity.accounts import Role
from identity.tokens import MOST_DAYS, SERVICE_ROLES, Scope, Service, Token, scopes_of
from web.commands import console
from web.wiring import House
from workflows.errors import UnknownProcess

group = AppGroup("tokens", help="Tokens of the API, and the service accounts that act by them.")


@group.command("add")
@click.option(
    "--service", required=True, metavar="ID|NAME", help="An open service by id, or a new one by name."
)
@click.option(
    "--role",
    default="",
    type=click.Choice(["", *sorted(str(role) for role in SERVICE_ROLES)]),
    help="Of a new service.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([str(scope) for scope in Scope]),
    help="May be given several times.",
)
@click.option("--process", "processes", multiple=True, help="Only for these processes.")
@click.option(
    "--days", default=90, type=click.IntRange(1, MOST_DAYS), help="The token ends after so many days."
)
@console.always_json
@console.command
def add(service: str, role: str, scopes: tuple[str, ...], processes: tuple[str, ...], days: int) -> None:
    """Make a token. It is printed once, and nowhere else."""
    house, wanted = console.house(), scopes_of(scopes)
    for process in processes:
        if process not in {item.process for item in house.definitions.processes()}:
            raise UnknownProcess(process=process)
    found = _service(house, service, role)
    issued = house.tokens.issue(found.id, scopes=wanted, processes=processes, days=days, by=_console())
    console.settled(house)
    console.say("The token is shown this once.")
    console.emit({**token_json(issued.token, issued.service), "text": issued.text})


@group.command("list")
@console.always_json
@console.command
def everything() -> None:
    """Every token with its service, its scopes, its end and its last use."""
    house = console.house()
    services = {item.id: item for item in house.tokens.store.services()}
    told: list[Json] = [
        token_json(item, services[item.service], alive=item.alive(house.clock()))
        for item in house.tokens.store.tokens()
    ]
    console.emit({"tokens": told})


@group.command("revoke")
@click.argument("token_id", metavar="ID")
@console.always_json
@console.command
def revoke(token_id: str) -> None:
    """End a token now; with the id of a service (s-…), the service and all its tokens."""
    house = console.house()
    if token_id.startswith("s-"):
        closed = house.tokens.close(token_id, _console())
        console.settled(house)
        console.emit({"service": closed.id, "name": closed.name, "closed": True})
        return
    token = house.tokens.revoke(token_id, _console())
    console.settled(house)
    console.emit({"id": token.id, "service": token.service, "alive": False})


def _service(house: House, named: str, role: str) -> Service:
    if named.startswith("s-"):
        return house.tokens.open_service(named)
    if not role:
        raise click.BadParameter("a new service needs a role", param_hint="--role")
    return house.tokens.add_service(named, Role(role), _console())


def _console() -> Granter:
    return Granter(via="console", os_user=console.os_user())


def token_json(token: Token, service: Service, *, alive: bool = True) -> dict[str, Json]:
    """A token as commands print it: everything but the token."""
    return {
        "id": token.id,
        "service": service.id,
        "name": service.name,
        "role": str(service.role),
        "scopes": [str(scope) for scope in sorted(token.scopes)],
        "processes": list[Json](sorted(token.processes)),
        "created_at": format_time(token.created_at),
        "expires_at": format_time(token.expires_at),
        "used_at": format_time(token.used_at) if token.used_at else "",
        "alive": alive,
    }
