"""Tables sorted and paged by links: any order, any cut into pages."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.views.tables import Arranged, BadPlace, Column, arrange, headings

Item = tuple[str, str, int]
COLUMNS: list[Column[Item]] = [
    Column("nombre", "Nombre", 10, lambda one: one[0]),
    Column("palabra", "Palabra", 10, lambda one: one[1], title="Palabra (larga)"),
    Column("cuenta", "Cuenta", 10, lambda one: one[2], number=True),
    Column("nota", "Nota", 10, lambda one: one[1], sorts=False),
    Column("oculta", "Oculta", 10, lambda one: one[1], shown=False),
]
ITEMS = st.lists(
    st.tuples(st.text(max_size=4), st.sampled_from("abc"), st.integers(0, 3)), unique_by=lambda one: one[0]
)


def page(items: list[Item], asked: dict[str, str], rows: int = 3) -> Arranged[Item]:
    """A page of a table; its links are their query strings."""

    def link(**changed: str) -> str:
        return urlencode({name: value for name, value in {**asked, **changed}.items() if value})

    return arrange(items, COLUMNS, lambda one: one[0], asked, link, natural="-nombre", rows=rows)


@given(items=ITEMS, order=st.sampled_from(["", "nombre", "-palabra", "cuenta", "-cuenta", "nota", "nadie"]))
def test_following_the_links_gives_every_row_once_in_order(items: list[Item], order: str) -> None:
    """Whatever is equal to what, pages cut by key neither repeat nor lose a row; unknown orders are the natural one."""
    found, asked = list[Item](), {"orden": order}
    while True:
        told = page(items, asked)
        found += told.rows
        if not told.next:
            break
        asked = {"orden": order, "desde": dict(part.split("=") for part in told.next.split("&"))["desde"]}
    key = {"cuenta": 2, "palabra": 1}.get(order.removeprefix("-"), 0)
    falls = order.startswith("-") or order in {"", "nota", "nadie"}
    assert found == sorted(items, key=lambda one: (one[key], one[0]), reverse=falls)
    assert list(told.every) == found


def test_a_row_that_appears_meanwhile_shifts_nothing() -> None:
    """The next page begins after the last key seen, not after a number of rows."""
    items: list[Item] = [(f"{n}", "a", n) for n in range(0, 8, 2)]
    first = page(items, {"orden": "cuenta"}, rows=2)
    place = first.next.partition("desde=")[2]
    more = [*items, ("1", "a", 1), ("5", "a", 5)]
    assert [one[2] for one in page(more, {"orden": "cuenta", "desde": place}, rows=9).rows] == [4, 5, 6]


def test_headings_say_how_the_table_is_sorted_and_turn_it_round() -> None:
    """One column says it, its link turns it round; any other link sorts by that column from the first page on."""
    told = page([("a", "a", 1)], {"orden": "cuenta", "desde": "", "estado": "x"})
    assert [(head.text, head.sort, head.href) for head in told.heads] == [
        ("Nombre", "", "estado=x"),
        ("Palabra", "", "orden=palabra&estado=x"),
        ("Cuenta", "ascending", "orden=-cuenta&estado=x"),
        ("Nota", "", ""),
    ]
    assert headings(COLUMNS)[1] == ("Palabra (larga)", 10)


@pytest.mark.parametrize("place", ["x", "W10", "bnVsbA", "WzEsMV0", "W3RydWUsICJhIl0", "eyJhIjogMX0"])
def test_a_place_that_no_page_gave_is_refused(place: str) -> None:
    """Text that is none, other shapes, and the key of another column."""
    with pytest.raises(BadPlace):
        page([("a", "a", 1)], {"desde": place})
    text = page([(name, "a", 1) for name in "abcd"], {"orden": "palabra"}).next.partition("desde=")[2]
    with pytest.raises(BadPlace):
        page([("a", "a", 1)], {"orden": "cuenta", "desde": text})
