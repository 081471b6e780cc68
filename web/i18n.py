"""Languages: Spanish in the source, English from `templates/i18n/en/messages.po`, dates in the house's zone.

``python -m web.i18n extract`` brings the catalogue up to date with every ``_()`` in code and templates: new messages
are added without a translation (a test then asks for one), obsolete ones leave.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, wraps
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from babel.numbers import format_decimal
from flask import current_app, g, has_request_context, request
from flask_login import current_user  # type: ignore[import-untyped]  # publishes no types

from evidence.entry import parse_time

Words = TypeVar("Words")

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "templates" / "i18n" / "en" / "messages.po"
LANGUAGES = {"es": "Español", "en": "English"}
COOKIE = "idioma"
_KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "N_n": (1, 2),
}
_METHODS = [("web/**.py", "python"), ("templates/web/**.html", "jinja2"), ("web/**.html", "jinja2")]


_HEADER = b"""# English translations of Constancia; Spanish is the source. Kept by "python -m web.i18n extract".
msgid ""
msgstr ""
"Language: en\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def N_(message: str) -> str:  # noqa: N802 - the name every gettext tool knows
    """Mark a message for extraction where it is translated only later."""
    return message


@dataclass(frozen=True, slots=True)
class Translations:
    """A catalogue in memory; ``plurals`` maps the Spanish singular to English singular and plural."""

    messages: Mapping[str, str]
    plurals: Mapping[str, tuple[str, str]]


@cache
def english() -> Translations:
    """The English catalogue, read once; an absent file is an empty catalogue."""
    if not CATALOGUE.is_file():
        return Translations({}, {})
    with CATALOGUE.open("rb") as stream:
        catalog = read_po(stream, locale="en")
    messages: dict[str, str] = {}
    plurals: dict[str, tuple[str, str]] = {}
    for message in catalog:
        if isinstance(message.id, str) and isinstance(message.string, str):
            if message.id and message.string:
                messages[message.id] = message.string
        elif isinstance(message.string, tuple | list) and all(message.string):
            one, many = message.string
            plurals[message.id[0]] = (one, many)
    return Translations(messages, plurals)


def locale() -> str:
    """The language of this request: the person's setting, else the cookie, else the browser, else Spanish."""
    if not has_request_context():
        return "es"
    chosen = g.get("locale")
    if chosen is None:
        chosen = g.locale = _choose()
    return str(chosen)


def _choose() -> str:
    chosen = getattr(getattr(current_user, "user", None), "locale", "") or request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return str(chosen)
    # Not `best_match`: to it "es-MX" is no "es", and an exact "en" of lower quality would win.
    wanted = (tag.lower().partition("-")[0] for tag in request.accept_languages.values())
    return next((tag for tag in wanted if tag in LANGUAGES), "es")


def gettext(message: str, /, **fields: object) -> str:
    """The message in the request's language, its ``%(name)s`` fields filled in."""
    text = english().messages.get(message, message) if locale() == "en" else message
    return text % fields if fields else text


_ = gettext


def ngettext(singular: str, plural: str, number: int, /, **fields: object) -> str:
    """Singular for exactly one, plural otherwise; ``%(num)d`` is the number."""
    one, many = singular, plural
    if locale() == "en":
        one, many = english().plurals.get(singular, (singular, plural))
    return (one if number == 1 else many) % {"num": number, **fields}


def by_language(make: Callable[[], Words]) -> Callable[[], Words]:
    """For a table of words that never changes: made once for each language, and not at each row that reads it."""
    made: dict[str, Words] = {}

    @wraps(make)
    def found() -> Words:
        language = locale()
        if language not in made:
            made[language] = make()
        return made[language]

    return found


def zone() -> ZoneInfo:
    """The house's time zone."""
    found = current_app.config["CONSTANCIA_TZ"]
    assert isinstance(found, ZoneInfo)  # noqa: S101 - written by create_app from Settings
    return found


def local(moment: datetime | str) -> datetime:
    """An aware datetime, or a ledger time, in the house's zone."""
    return (parse_time(moment) if isinstance(moment, str) else moment).astimezone(zone())


def format_moment(moment: datetime | str | None) -> str:
    """``dd/mm/aaaa HH:mm`` in the house's zone; empty for nothing."""
    return f"{local(moment):%d/%m/%Y %H:%M}" if moment else ""


def format_day(day: date | datetime | str | None) -> str:
    """``dd/mm/aaaa``."""
    if not day:
        return ""
    if isinstance(day, str):
        day = local(day) if "T" in day else date.fromisoformat(day)
    elif isinstance(day, datetime):
        day = local(day)
    return f"{day:%d/%m/%Y}"


def format_utc(moment: datetime | str) -> str:
    """RFC 3339 in UTC to the second, for ``datetime`` attributes and exports."""
    found = parse_time(moment) if isinstance(moment, str) else moment
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_number(number: int) -> str:
    """A whole number with separators of the request's language."""
    return str(format_decimal(number, locale="en" if locale() == "en" else "es_MX"))


def format_size(size: int) -> str:
    """Bytes as people read them: ``512 B``, ``1.4 MB`` (powers of 1000, as file managers do)."""
    value, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"


FILTERS = {
    "moment": format_moment,
    "day": format_day,
    "utc": format_utc,
    "number": format_number,
    "filesize": format_size,
}


def extracted() -> Catalog:
    """Every message of code and templates."""
    catalog = Catalog(locale="en", project="Constancia", charset="utf-8", fuzzy=False)
    for name, line, message, comments, context in _found():
        catalog.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return catalog


def _found() -> Iterator[tuple[str, int, str | tuple[str, ...], list[str], str | None]]:
    options = {"jinja2": {"extensions": "jinja2.ext.do", "silent": "false", "encoding": "utf-8"}}
    by_pattern = {pattern: options.get(method, {}) for pattern, method in _METHODS}
    for folder in ("templates/web", "web"):
        found = extract_from_dir(
            ROOT / folder,
            method_map=[(pattern.removeprefix(folder + "/"), method) for pattern, method in _METHODS],
            options_map={pattern.removeprefix(folder + "/"): value for pattern, value in by_pattern.items()},
            keywords=_KEYWORDS,
        )
        for name, line, message, comments, context in sorted(found, key=lambda item: (item[0], item[1])):
            yield f"{folder}/{name}", line, message, comments, context


def update_catalogue(path: Path = CATALOGUE) -> tuple[int, int]:
    """Rewrite the catalogue; returns how many messages it has and how many lack a translation."""
    fresh, old = extracted(), Catalog(locale="en")
    if path.is_file():
        with path.open("rb") as stream:
            old = read_po(stream, locale="en")
    for message in fresh:
        known = old.get(message.id, message.context)
        # A text that has come to have a plural is another message: one form does not translate two.
        if message.id and known is not None and known.string and type(known.id) is type(message.id):
            message.string = known.string
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.write(_HEADER)  # without dates and authors: the same messages give the same bytes
        write_po(stream, fresh, width=110, omit_header=True, sort_output=True, include_lineno=False)
    missing = sum(1 for message in fresh if message.id and not _complete(message.string))
    return len(fresh), missing


def _complete(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


def main(arguments: list[str]) -> int:
    """``extract`` is the one verb."""
    if arguments != ["extract"]:
        sys.stderr.write("usage: python -m web.i18n extract\n")
        return 2
    total, missing = update_catalogue()
    sys.stderr.write(f"{total} messages, {missing} without English\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
