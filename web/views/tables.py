"""Tables that are sorted and paged by links, so that they work without a script and every view of one has an address.

A table names its columns once: what a cell is worth to sort by, and what it says in a spreadsheet. `arrange` puts rows
in the order an address asks for and gives the page of it that begins after a key, so that rows which appear meanwhile
neither repeat nor shift what follows.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Key = str | int
PAGE_ROWS = 100


class BadPlace(ValueError):
    """A place that no page of this table gave."""


@dataclass(frozen=True, slots=True)
class Column(Generic[Item]):
    """A column: ``cell`` is what a spreadsheet says, ``key`` what rows are sorted by (the cell, where none is given).

    ``code`` is the column's word in addresses; ``title`` heads it in the spreadsheet, where that says more than the
    page's ``heading`` (times are in UTC there); ``shown`` is false for what stands in the spreadsheet only, ``sorts``
    for what has no order worth asking for.
    """

    code: str
    heading: str
    width: int
    cell: Callable[[Item], Key]
    key: Callable[[Item], Key] | None = None
    number: bool = False
    shown: bool = True
    sorts: bool = True
    title: str = ""

    def worth(self, item: Item) -> Key:
        """What an item is sorted by."""
        return (self.key or self.cell)(item)


@dataclass(frozen=True, slots=True)
class Head:
    """A heading: the address that sorts by it (``""``: it does not sort), and ``aria-sort`` where it does now."""

    text: str
    href: str
    sort: str
    number: bool


@dataclass(frozen=True, slots=True)
class Arranged(Generic[Item]):
    """A page of a table; ``every`` are all its rows in order, ``first`` and ``next`` addresses (``""``: none)."""

    rows: Sequence[Item]
    every: Sequence[Item]
    heads: tuple[Head, ...]
    total: int
    first: str
    next: str


Link = Callable[..., str]
"""Makes the address of the same page with members changed; an empty member is left out."""


def arrange(
    items: Iterable[Item],
    columns: Sequence[Column[Item]],
    name: Callable[[Item], str],
    asked: Mapping[str, str],
    link: Link,
    *,
    natural: str,
    prefix: str = "",
    rows: int = PAGE_ROWS,
) -> Arranged[Item]:
    """The page that ``asked`` names: ``orden`` (a column's code, ``-`` before it for falling) and ``desde``.

    ``prefix`` stands before both, where a page has two tables. ``name`` tells items apart and decides between equal
    ones; ``natural`` is the order where none is asked for.

    Raises:
        BadPlace: a place that no page of this table gave.
    """
    order, known = asked.get(f"{prefix}orden", ""), {item.code: item for item in columns if item.sorts}
    if order.removeprefix("-") not in known:
        order = natural
    column, falling = known[order.removeprefix("-")], order.startswith("-")
    ordered = sorted(items, key=lambda item: (column.worth(item), name(item)), reverse=falling)
    place = _place(asked.get(f"{prefix}desde", ""))
    left = ordered if place is None else _after(ordered, column, name, place, falling=falling)
    kept = {f"{prefix}orden": "" if order == natural else order}
    more = _told(column.worth(left[rows - 1]), name(left[rows - 1])) if len(left) > rows else ""
    return Arranged(
        rows=left[:rows],
        every=ordered,
        heads=heads(columns, order, link, prefix=prefix, natural=natural),
        total=len(ordered),
        first=link(**kept, **{f"{prefix}desde": ""}) if place is not None else "",
        next=link(**kept, **{f"{prefix}desde": more}) if more else "",
    )


def heads(
    columns: Sequence[Column[Item]], order: str, link: Link, *, natural: str, prefix: str = ""
) -> tuple[Head, ...]:
    """The headings: the column sorted by turns round, any other sorts by itself; both begin at the first page."""

    def head(column: Column[Item]) -> Head:
        if not column.sorts:
            return Head(column.heading, "", "", column.number)
        here, falling = order.removeprefix("-") == column.code, order.startswith("-")
        wanted = f"-{column.code}" if here and not falling else column.code
        if not here and natural == f"-{column.code}":
            wanted = natural
        changed = {f"{prefix}orden": "" if wanted == natural else wanted, f"{prefix}desde": ""}
        sort = ("descending" if falling else "ascending") if here else ""
        return Head(column.heading, link(**changed), sort, column.number)

    return tuple(head(column) for column in columns if column.shown)


def headings(columns: Sequence[Column[Item]]) -> list[tuple[str, int]]:
    """The headings of a spreadsheet, with the columns' widths."""
    return [(column.title or column.heading, column.width) for column in columns]


def _after(
    ordered: Sequence[Item],
    column: Column[Item],
    name: Callable[[Item], str],
    place: tuple[Key, str],
    *,
    falling: bool,
) -> Sequence[Item]:
    try:
        return [
            item
            for item in ordered
            if (
                (column.worth(item), name(item)) < place
                if falling
                else (column.worth(item), name(item)) > place
            )
        ]
    except TypeError as error:
        raise BadPlace("a place in another order") from error


def _told(key: Key, name: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([key, name]).encode()).decode().rstrip("=")


def _place(raw: str) -> tuple[Key, str] | None:
    if not raw:
        return None
    try:
        padded = raw + "=" * (-len(raw) % 4)
        key, name = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadPlace("not a place of a table") from error
    if not isinstance(key, str | int) or isinstance(key, bool) or not isinstance(name, str):
        raise BadPlace("not a place of a table")
    return key, name
