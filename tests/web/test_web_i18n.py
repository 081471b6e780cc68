"""Spanish in the source, English complete, dates as the desk writes them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask
from flask.ctx import AppContext

from tests.fakes.installation import Installation
from web import i18n
from web.i18n import (
    CATALOGUE,
    english,
    extracted,
    format_day,
    format_moment,
    format_size,
    format_utc,
    update_catalogue,
)

FIELD = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")


def _fields(text: str) -> list[str]:
    return sorted(first or second for first, second in FIELD.findall(text))


def _ids(path: Path) -> set[object]:
    with path.open("rb") as stream:
        return {message.id for message in read_po(stream, locale="en")}


def test_the_english_catalogue_is_complete_and_has_nothing_left_over(tmp_path: Path) -> None:
    """Every message of code and templates has its English; `python -m web.i18n extract` would change nothing."""
    copy = tmp_path / "messages.po"
    copy.write_bytes(CATALOGUE.read_bytes())
    total, missing = update_catalogue(copy)
    assert missing == 0
    assert total > 300
    assert _ids(copy) == _ids(CATALOGUE)


def test_a_text_that_came_to_have_a_plural_is_to_be_translated_again(tmp_path: Path) -> None:
    """Its one form says nothing of two, and must not be cut into letters."""
    copy = tmp_path / "messages.po"
    entry = 'msgid "%(num)d caso"\nmsgid_plural "%(num)d casos"\nmsgstr[0] "%(num)d case"\nmsgstr[1] "%(num)d cases"\n'
    text = CATALOGUE.read_text()
    assert entry in text
    copy.write_text(text.replace(entry, 'msgid "%(num)d caso"\nmsgstr "%(num)d case"\n'))
    assert update_catalogue(copy)[1] == 1
    assert 'msgstr[0] ""' in copy.read_text()


def test_translations_keep_the_fields_of_their_source() -> None:
    """A placeholder lost or invented would be a fault on the page."""
    with CATALOGUE.open("rb") as stream:
        catalog = read_po(stream, locale="en")
    for message in catalog:
        if not message.id:
            continue
        sources = [message.id] if isinstance(message.id, str) else list(message.id)
        targets = [message.string] if isinstance(message.string, str) else list(message.string)
        for source, target in zip(sources, targets, strict=True):
            assert _fields(source) == _fields(target), source


def test_a_new_message_is_found_in_code_and_templates() -> None:
    """Both kinds of source are read."""
    found = {message.id: {name for name, _ in message.locations} for message in extracted() if message.id}
    assert "web/messages.py" in found["Tu sesión terminó."]
    assert any(name.startswith("templates/web/session") for name in found["Entrar"])


def test_an_unknown_message_stays_spanish_and_plurals_follow_the_number(place: Installation) -> None:
    """Nothing is ever empty."""
    with place.app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert i18n.locale() == "en"
        assert i18n.gettext("no hay tal mensaje %(x)s", x=1) == "no hay tal mensaje 1"
        assert i18n.ngettext("un caso raro", "%(num)d casos raros", 3) == "3 casos raros"
    singular, (one, many) = next(iter(english().plurals.items()), ("", ("", "")))
    if singular:
        assert one
        assert many


@pytest.mark.parametrize(
    ("accept", "cookie", "expected"),
    [
        ("", "", "es"),
        ("fr", "", "es"),
        ("en-GB,en;q=0.9", "", "en"),
        ("es-MX,en;q=0.5", "", "es"),
        ("en", "es", "es"),
        ("es", "en", "en"),
        ("es", "xx", "es"),
    ],
)
def test_the_language_is_chosen_by_cookie_then_browser(
    place: Installation, accept: str, cookie: str, expected: str
) -> None:
    """A choice wins over what the browser asks for; what is unknown is Spanish."""
    headers = {"Accept-Language": accept, "Cookie": f"idioma={cookie}"}
    with place.app.test_request_context("/", headers=headers):
        assert i18n.locale() == expected


def test_the_language_of_an_account_follows_it_to_another_browser(place: Installation) -> None:
    """Chosen once, remembered with the account."""
    place.client().post_form("/idioma", {"idioma": "en"})
    assert '<html lang="en' in place.client().get("/cuenta").text


@pytest.fixture
def context(place: Installation) -> AppContext:
    """An application context."""
    app: Flask = place.app
    return app.app_context()


def test_moments_are_shown_in_the_house_zone_and_exported_in_utc(context: AppContext) -> None:
    """dd/mm/aaaa HH:mm, Mexico City, six hours behind in every month since 2022."""
    with context:
        assert format_moment("2026-03-04T05:07:59.999999Z") == "03/03/2026 23:07"
        assert format_moment(datetime(2026, 7, 4, 18, 0, tzinfo=UTC)) == "04/07/2026 12:00"
        assert format_moment("") == ""
        assert format_day("2026-03-04T05:07:59.000000Z") == "03/03/2026"
        assert format_day("2026-03-04") == format_day(date(2026, 3, 4)) == "04/03/2026"
        assert format_day(None) == ""
    assert format_utc("2026-03-04T05:07:59.999999Z") == "2026-03-04T05:07:59Z"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (52_428_800, "52.4 MB"), (3 * 10**12, "3.0 TB")],
)
def test_sizes_are_shown_as_people_read_them(size: int, text: str) -> None:
    """Powers of a thousand."""
    assert format_size(size) == text
