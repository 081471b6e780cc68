"""How every command speaks: one JSON object or plain lines on stdout, messages on stderr, exit codes 0, 1 and 2.

0 is done; 1 is refused (``{"error": {"code", "message", ...}}`` where JSON was asked for, or is the command's only
form); 2 is wrong usage, which Click reports.
"""

from __future__ import annotations

import functools
import getpass
import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn, ParamSpec
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import ScriptInfo

from evidence.canonical import Json
from identity.accounts import UnknownUser, User, normalise_email
from web.errors import Answer, answer_for, house_answer
from web.inception import settle
from web.logs import failure
from web.wiring import House, HouseHolder, current_house

Parameters = ParamSpec("Parameters")

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
always_json = click.option(
    "--json", "as_json", is_flag=True, default=True, hidden=True, expose_value=False, help="Always so here."
)
wrapped_json = click.option(
    "--json", "wrapped", is_flag=True, help="Print one JSON object that holds the text as a member."
)
"""For commands whose product is a text that others read as it stands; their refusals are JSON either way."""


def command(function: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Tell refusals and faults in the way of the house, instead of a traceback."""

    @functools.wraps(function)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        as_json = bool(kwargs.get("as_json", "as_json" not in function.__annotations__))
        _require_text(kwargs)
        try:
            function(*args, **kwargs)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # the last: whoever read our output has gone (`| head`); Click ends quietly
        except Exception as error:  # noqa: BLE001 - the outermost border of a process: told, and exit code 1
            answer = answer_for(error)
            if answer is None:
                say("\n".join(failure(error)))
                answer = house_answer("internal")
            refuse(answer, as_json=as_json)

    return run


def _require_text(arguments: Mapping[str, object]) -> None:
    """Bytes of the command line that are no UTF-8 reach us as lone surrogates, which no store can take."""
    for name, value in arguments.items():
        if isinstance(value, str) and not _encodes(value):
            raise click.BadParameter("not UTF-8", param_hint=name)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def refuse(answer: Answer, *, as_json: bool, status: int = 1) -> NoReturn:
    """Say why not, and exit with ``status``."""
    if as_json:
        emit({"error": answer.as_json()})
    say(f"{answer.message} {answer.advice}".strip())
    for problem in answer.problems:
        row = f" (renglón {problem['row']})" if problem.get("row") else ""
        say(f"  {problem['field']}{row}: {problem['message']}")
    raise click.exceptions.Exit(status)


def emit(value: Mapping[str, Any]) -> None:
    """The one JSON object of a command."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def table(rows: Sequence[Sequence[object]]) -> None:
    """Lines for people, their columns under each other; nothing for no rows."""
    texts = [[" ".join(str(cell).split()) or "-" for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def say(text: str) -> None:
    """A message for people."""
    click.echo(text, err=True)


def house() -> House:
    """The house of this installation; refuses where `flask init` has not been."""
    return current_house()


def settled(house: House) -> bool:
    """Index and sign what a command has just recorded; whether that was done.

    What was recorded is durable already: whatever keeps it from being signed now (a lost key, a restored database) is
    told on stderr and never looks like a refusal, which would invite to record the same thing twice.
    """
    try:
        settle(house)
    except Exception as error:  # noqa: BLE001 - see above; the steward and `flask ledger checkpoint` try again
        answer = answer_for(error)
        say(f"recorded, but not yet signed: {answer.code if answer else type(error).__name__}")
        if answer is not None:
            say(f"{answer.message} {answer.advice}".strip())
        return False
    return True


def holder() -> HouseHolder:
    """The settings, and the house once it is open; for commands that run before `flask init`."""
    found: HouseHolder = current_app.extensions["constancia"]
    return found


def os_user() -> str:
    """Who runs this process, as the operating system knows it; behind ``sudo`` also who called."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = f"uid {os.getuid()}"
    caller = os.environ.get("SUDO_USER", "")
    return f"{name} ({caller})" if caller and caller != name else name


def account(email: str) -> User:
    """The account a command names.

    Raises:
        UnknownUser: there is none, or it is shut.
    """
    found = house().accounts.by_email(normalise_email(email), house().clock())
    if found is None or not found.user.active:
        raise UnknownUser(email)
    return found.user


class Moment(click.ParamType[datetime]):
    """An ISO 8601 moment; without a zone it is the house's; a bare date is its first moment."""

    name = "iso"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it, or fail as wrong usage."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=_zone(ctx))
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):  # the latter: outside the calendar once it is told in UTC
            self.fail(
                f"{value!r} is not an ISO 8601 date and time such as 2026-03-04T09:30-06:00", param, ctx
            )


def _zone(ctx: click.Context | None) -> ZoneInfo:
    """The house's zone; options are read before Flask opens the application's context."""
    info = ctx.find_object(ScriptInfo) if ctx is not None else None
    app = current_app if info is None else info.load_app()
    found: HouseHolder = app.extensions["constancia"]
    return found.settings.tz


class JsonObject(click.ParamType[dict[str, Json]]):
    """A JSON object, or ``@FILE`` that holds one."""

    name = "json"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, Json]:
        """Read it, or fail as wrong usage."""
        if isinstance(value, dict):
            return value
        text = str(value)
        try:
            if text.startswith("@"):
                with click.open_file(text[1:], encoding="utf-8") as stream:
                    text = stream.read()
            found = json.loads(text)
        except (OSError, ValueError, RecursionError) as error:
            self.fail(f"not JSON: {error}", param, ctx)
        if not isinstance(found, dict):
            self.fail("expected a JSON object", param, ctx)
        return found
