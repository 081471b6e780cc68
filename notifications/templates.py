"""The wording of mails: a folder for each with ``subject.txt``, ``body.txt``, ``body.html``; English as ``*.en.*``.

Every value is cleaned before it is filled in (`notifications.cleaning`): one line, unless its name is in `LONG`. HTML
is escaped by the template engine. A value that a template asks for and nobody gave is an error, not a gap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from notifications.cleaning import one_line, several_lines

if TYPE_CHECKING:
    from jinja2 import Environment

LONG = frozenset({"mensaje"})
"""Values that keep their line breaks."""

DEFAULT_LOCALE = "es"
_PARTS = ("subject.txt", "body.txt", "body.html")


class UnknownTemplate(LookupError):
    """No template of that name, or one without all its parts."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A mail's words, filled: one line of subject, the text part, the HTML part; and the digest of its template."""

    subject: str
    text: str
    html: str
    digest: str


class MailTemplates:
    """The templates of a directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """Every template there is."""
        found = (item for item in self._folder.iterdir() if item.is_dir() and not item.name.startswith("_"))
        return tuple(sorted(item.name for item in found))

    def require(self, name: str) -> None:
        """Raise `UnknownTemplate` where there is no such template, or not all of it."""
        for part in _PARTS:
            self._part(name, part, DEFAULT_LOCALE)

    def render(self, name: str, values: Mapping[str, str], locale: str = DEFAULT_LOCALE) -> Wording:
        """The words of a mail; a value named with the language (``paso_en``) stands in for the one without.

        Raises:
            UnknownTemplate: no such template. jinja2.UndefinedError: it asks for a value that ``values`` lacks.
        """
        files = [self._part(name, part, locale) for part in _PARTS]
        clean = {
            key: several_lines(value) if key in LONG else one_line(value)
            for key, value in _in_language(values, locale).items()
        }
        subject, text, html = (self._engine.get_template(file).render(clean) for file in files)
        return Wording(one_line(subject, 200), text.strip() + "\n", html.strip() + "\n", self._digest(files))

    def _part(self, name: str, part: str, locale: str) -> str:
        if not name.replace("_", "").isalnum() or not (self._folder / name).is_dir():
            raise UnknownTemplate(name)
        stem, _, suffix = part.rpartition(".")
        other = f"{name}/{stem}.{locale}.{suffix}"
        chosen = other if locale != DEFAULT_LOCALE and (self._folder / other).is_file() else f"{name}/{part}"
        if not (self._folder / chosen).is_file():
            raise UnknownTemplate(chosen)
        return chosen

    def _digest(self, files: list[str]) -> str:
        """SHA-256 over the parts that were used and the frame around them: which wording a mail had."""
        frame = sorted(item.relative_to(self._folder).as_posix() for item in self._folder.glob("_*"))
        found = hashlib.sha256()
        for file in (*files, *frame):
            data = (self._folder / file).read_bytes()
            found.update(f"{file}\n{len(data)}\n".encode() + data)
        return found.hexdigest()

    @cached_property
    def _engine(self) -> Environment:
        # most commands send nothing, and need not wait for the engine
        from jinja2 import (  # noqa: PLC0415
            Environment,
            FileSystemLoader,
            StrictUndefined,
            select_autoescape,
        )

        return Environment(
            loader=FileSystemLoader(self._folder),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )


def _in_language(values: Mapping[str, str], locale: str) -> Mapping[str, str]:
    """The values, those in that language in place of the ones without."""
    end = f"_{locale}"
    own = {name.removesuffix(end): value for name, value in values.items() if name.endswith(end) and value}
    return {**values, **own}
