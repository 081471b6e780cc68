"""File names that are safe to show, to store in a payload, to send in a header and to write into a zip.

Original names are people's text. What leaves here is NFC, one path component, free of control and direction
characters, not a reserved device name, and at most `MAX_NAME_BYTES` UTF-8 bytes with its extension kept.
"""

from __future__ import annotations

import re
import unicodedata

MAX_NAME_BYTES = 180
NAMELESS = "archivo"

_FORBIDDEN = frozenset('<>:"/\\|?*')
_RESERVED = re.compile(r"\A(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\Z", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_EXTENSION = re.compile(r"\A[A-Za-z0-9]{1,10}\Z")


def safe_name(raw: str) -> str:
    r"""One harmless name for a file; idempotent and never empty.

    The last component of either kind of path is taken, so ``..\..\boot.ini`` gives ``boot.ini``. Control, format
    (zero-width, right-to-left overrides), surrogate and private characters disappear, separators and characters that
    Windows forbids become ``_``, and device names such as ``CON.pdf`` get a leading ``_``.
    """
    component = re.split(r"[/\\]", raw)[-1]
    cleaned = "".join(_harmless(character) for character in component)
    cleaned = unicodedata.normalize("NFC", _SPACES.sub(" ", cleaned)).strip(" .")
    if not cleaned:
        return NAMELESS
    if _RESERVED.match(cleaned.partition(".")[0].rstrip()):
        cleaned = "_" + cleaned
    return _shorten(cleaned)


def split_extension(name: str) -> tuple[str, str]:
    """``(stem, extension)`` of a name; the extension is lower case, without its dot, ``""`` where there is none."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or not _EXTENSION.match(extension):
        return name, ""
    return stem, extension.lower()


def with_extension(name: str, extension: str) -> str:
    """The name with its extension replaced, or added, so that it says what the content is; still safe."""
    stem, _ = split_extension(safe_name(name))
    return safe_name(f"{stem}.{extension}")


def _harmless(character: str) -> str:
    category = unicodedata.category(character)
    if category.startswith("Z") or character in "\t\n\r\v\f":
        return " "
    if category.startswith("C"):
        return ""
    return "_" if character in _FORBIDDEN else character


def _shorten(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, extension = split_extension(name)
    tail = f".{extension}" if extension else ""
    room = MAX_NAME_BYTES - len(tail.encode())
    kept = stem.encode()[:room].decode(errors="ignore")
    while kept and unicodedata.combining(kept[-1]):
        kept = kept[:-1]
    return (kept.rstrip(" .") or NAMELESS) + (f".{name.rpartition('.')[2]}" if extension else "")
