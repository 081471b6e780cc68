"""HTML made of parts: text is escaped because it is text, not because somebody remembered."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from urllib.parse import quote

# Controls but tab and newline; marks, overrides and isolates of direction; the byte order mark.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_PLAIN = re.compile(r"[A-Za-z0-9_.~/ -]*")
_ODD = re.compile(rf"[&<>\"'{_HIDDEN.pattern[1:]}")
_REMEMBERED, _MOST = 100, 8192
_VOID = frozenset({"meta", "link", "img", "input", "br", "hr"})


class Markup(str):
    """Text that already is HTML; only this module and constants of ours make it."""

    __slots__ = ()


Content = str | int | None | Iterable["Content"]


def render(content: Content) -> Markup:
    """Text escaped, markup as it is, lists joined, ``None`` dropped."""
    if type(content) is Markup:
        return content
    if content is None:
        return _NOTHING
    if isinstance(content, str):
        return _escaped(content)
    if isinstance(content, int):
        return Markup(str(content))
    return Markup(_joined(content))


def tag(name: str, /, *content: Content, **attributes: str | bool | None) -> Markup:
    """An element. ``class_`` is ``class``, other underscores become hyphens; ``True`` is an attribute without value."""
    head = name
    for key, value in attributes.items():
        if value is True:
            head += f" {_attribute(key)}"
        elif value is not None and value is not False:
            head += f' {_attribute(key)}="{_KNOWN.get(value) or _escaped(value)}"'
    return Markup(f"<{head}>") if name in _VOID else Markup(f"<{head}>{_joined(content)}</{name}>")


HOLE = "\ue000"
"""A sign for private use, which stands in a `Shape` for what comes later."""


class Shape:
    """Markup made once and filled many times, such as the rows of a table.

    Its holes are `HOLE`, in content or attributes; what fills them, in their order, is escaped as `tag` would.
    """

    __slots__ = ("_text",)

    def __init__(self, markup: Markup) -> None:
        self._text = markup.replace("%", "%%").replace(HOLE, "%s")

    def fill(self, *contents: Content) -> Markup:
        """The markup with its holes filled."""
        written: list[str] = []
        known = _KNOWN.get
        for content in contents:  # told apart here, without a call for each
            kind = type(content)
            if kind is Markup:
                written.append(content)  # type: ignore[arg-type]  # it is text
            elif kind is str:
                written.append(known(content) or _escaped(content))  # type: ignore[arg-type]
            elif content is not None:
                written.append(str(content) if kind is int else render(content))
            else:
                written.append("")
        return Markup(self._text % tuple(written))


@lru_cache(maxsize=1024)
def both(spanish: str, english: str) -> Markup:
    """The same text in the two languages of the page; the reader shows one of them."""
    return Markup(tag("span", spanish, lang="es") + tag("span", english, lang="en"))


def href(path: str) -> str:
    """A relative path as a link; every character that could mean something else is percent-encoded."""
    return path.replace(" ", "%20") if _PLAIN.fullmatch(path) else quote(path)


@lru_cache(maxsize=16)
def source_hash(code: str) -> str:
    """What a Content-Security-Policy calls an inline script or style it allows."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() + "'"


def _joined(parts: Iterable[Content]) -> str:
    """The parts as one text; what most parts are is told apart here, without a call for each."""
    written: list[str] = []
    for part in parts:
        kind = type(part)
        if kind is Markup:
            written.append(part)  # type: ignore[arg-type]  # it is text
        elif kind is str:
            written.append(_KNOWN.get(part) or _escaped(part))  # type: ignore[arg-type]
        elif kind is list:
            written.append(_joined(part))  # type: ignore[arg-type]
        elif part is not None:
            written.append(render(part))
    return "".join(written)


def _escaped(text: str) -> Markup:
    """Text as HTML, in an element or an attribute; short text, which pages repeat a lot, is remembered."""
    if text.isalnum():  # digests, among others: no sign in them means anything
        return Markup(text)
    shown = _fresh(text) if _ODD.search(text) else Markup(text)
    if len(text) <= _REMEMBERED:
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        _KNOWN[text] = shown
    return shown


def _fresh(text: str) -> Markup:
    """Control characters and direction overrides as a replacement sign, so that no name can disguise itself."""
    return Markup(escape(_HIDDEN.sub("\ufffd", text)))


_KNOWN: dict[str, Markup] = {}
"""Short texts as HTML."""


@lru_cache(maxsize=256)
def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


_NOTHING = Markup("")
