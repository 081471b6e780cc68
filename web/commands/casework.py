"""What the commands about one case share: their options, how files and texts are read, and the receipt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import click

from evidence.canonical import Json
from web.commands import console
from web.errors import answer_for
from web.wiring import House, HouseError
from workflows.commands import Part, Receipt, Upload
from workflows.definition import Definition
from workflows.errors import NoSeries
from workflows.many import Outcome

actor_option = click.option(
    "--actor", required=True, metavar="EMAIL", help="Who acts; recorded as claimed from the console."
)
role_option = click.option("--role", default="", help="The role acted in, where the person has several.")
files_option = click.option(
    "--file", "files", multiple=True, metavar="[SLOT=]PATH", help="Evidence; several files make one entry."
)
system_option = click.option("--system", default="", help="Which system the screenshots show.")
taken_option = click.option(
    "--taken", default="", metavar="YYYY-MM-DD", help="Of which date the screenshots are."
)
data_option = click.option(
    "--data", type=console.JsonObject(), default=dict, help="JSON object, or @FILE; see `schema`."
)
occurred_option = click.option(
    "--occurred-at", type=console.Moment(), default=None, help="When it happened, as claimed."
)
key_option = click.option("--key", default="", help="Idempotency key: the same key never records twice.")

set_option = click.option(
    "--set",
    "parts",
    type=console.JsonObject(),
    default=dict,
    help="JSON object, or @FILE, with `parts`: steps to record with it; see `schema --set`.",
)


def set_data(given: Mapping[str, Json]) -> dict[str, str]:
    """The opening's values in a set."""
    data = given.get("data", {})
    if not isinstance(data, dict) or given.keys() - {"data", "parts"}:
        raise HouseError("not_allowed_here", detail="--set")
    return texts_of(data)


def set_parts(given: Mapping[str, Json], occurred_at: datetime | None) -> tuple[Part, ...]:
    """The steps of a set, in their order."""
    parts = given.get("parts", [])
    if not isinstance(parts, list):
        raise HouseError("not_allowed_here", detail="--set parts")
    return tuple(_part(item, occurred_at) for item in parts)


def _part(item: Json, occurred_at: datetime | None) -> Part:
    if not isinstance(item, dict) or item.keys() - {"step", "data", "choice", "note"}:
        raise HouseError("not_allowed_here", detail="--set parts")
    data, step = item.get("data", {}), item.get("step")
    choice, note = item.get("choice", ""), item.get("note", "")
    if not isinstance(data, dict) or not all(isinstance(text, str) for text in (step, choice, note)):
        raise HouseError("not_allowed_here", detail="--set parts")
    return Part(str(step), data=texts_of(data), choice=str(choice), note=str(note), occurred_at=occurred_at)


def texts_of(data: Mapping[str, Json]) -> dict[str, str]:
    """Values as texts: numbers and ticks may be written as JSON has them."""
    texts = {}
    for name, value in data.items():
        if isinstance(value, dict | list) or value is None:
            raise HouseError("not_allowed_here", detail=f"--data {name}")
        texts[name] = ("si" if value else "") if isinstance(value, bool) else str(value)
    return texts


def besides(texts: dict[str, str], name: str, own: set[str]) -> str:
    """Take ``name`` out of the typed data, unless the step has a field of its own by that name."""
    return "" if name in own else texts.pop(name, "")


@contextmanager
def opened(
    files: tuple[str, ...], slots: tuple[str, ...] = (), *, system: str = "", taken: str = ""
) -> Iterator[tuple[Upload, ...]]:
    """The files, opened; ``SLOT=PATH`` says which evidence a file is, ``system`` and ``taken`` what shots show."""
    with ExitStack() as stack:
        uploads = []
        for given in files:
            slot, equals, rest = given.partition("=")
            named = bool(equals) and slot in slots
            path = Path(rest if named else given)
            if not path.is_file():
                raise click.BadParameter(f"{path} is not a file", param_hint="--file")
            stream = stack.enter_context(path.open("rb"))
            uploads.append(Upload(path.name, stream, slot if named else "", system, taken))
        yield tuple(uploads)


def done(house: House, receipt: Receipt, *, as_json: bool, plain: str = "") -> None:
    """Sign what was recorded where that can be done now, and print the receipt."""
    console.settled(house)
    if as_json:
        console.emit(receipt.as_json())
    else:
        click.echo(plain or f"{receipt.folio} {receipt.seq} {receipt.leaf} {receipt.recorded_at}")


def done_many(house: House, outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    """Sign what was recorded, tell each case's receipt or refusal, and exit with 1 where any refused."""
    console.settled(house)
    recorded = [item.receipt.as_json() for item in outcomes if item.receipt is not None]
    refused: list[dict[str, Json]] = [
        {"folio": item.folio, "error": answer.as_json() if answer is not None else {}}
        for item in outcomes
        if item.error is not None
        for answer in (answer_for(item.error),)
    ]
    if as_json:
        console.emit({"recorded": recorded, "refused": refused})
    else:
        for receipt in recorded:
            click.echo(f"{receipt['folio']} {receipt['seq']} {receipt['leaf']} {receipt['recorded_at']}")
        for item in refused:
            error = item["error"]
            console.say(f"{item['folio']}: {error['message'] if isinstance(error, dict) else error}")
    if refused:
        raise click.exceptions.Exit(1)


def only_series(definition: Definition) -> str:
    """The one periodic control of a process.

    Raises:
        NoSeries: it has none, or several and one must be named.
    """
    if len(definition.series) != 1:
        raise NoSeries(process=definition.process, series="")
    return definition.series[0].code
