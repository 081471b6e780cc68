"""A search that finds very many says so instead of counting them all; its pages lead through every one."""

from __future__ import annotations

import re

import pytest

from storage import cases
from tests.fakes.installation import Installation
from tests.fakes.writers import write_case
from web.pages import searching
from web.views import listing


def test_a_search_of_very_many_says_more_than_it_counted(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the list and on the page of results; one that finds as many as are counted tells the very number."""
    folios = {write_case(place, number) for number in range(4)}
    monkeypatch.setattr(cases, "MOST_ROWS", 2)
    monkeypatch.setattr(listing, "PAGE_ROWS", 2)
    browser = place.client()
    for most, told in ((3, "Más de 3 casos"), (4, "4 casos")):
        monkeypatch.setattr(listing, "COUNTED_ROWS", most)
        page = browser.get("/casos?q=maria").text
        assert told in page
        following = re.search(r'href="([^"]*despues=[^"]*)"', page)
        assert following
        rest = browser.get(following[1].replace("&amp;", "&")).text
        assert folios == {folio for folio in folios if (folio in page) != (folio in rest)}
    monkeypatch.setattr(searching, "COUNTED_ROWS", 3)
    assert "más de 3" in browser.get("/buscar?q=maria").text
