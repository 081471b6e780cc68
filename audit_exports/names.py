"""Names of files inside a package: what is safe to unpack anywhere, and how a file's own name becomes one.

A path is refused, never repaired, when it is read; it is made safe when it is written.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from audit_exports.codes import Code

MAX_NAME_BYTES = 100
MAX_PATH_BYTES = 240

_KNOWN_SUFFIXES = frozenset(
    ".bmp .csv .doc .docx .eml .gif .heic .jpeg .jpg .msg .ods .odt .p7m .p7s .pdf .png .pptx .tif .tiff .txt "
    ".webp .xls .xlsx .zip".split()
)

_WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))]
)
_FORBIDDEN = frozenset('<>:"/\\|?*%')
_ODD = re.compile(r'[<>:"/\\|?*%]')
# Parts of ASCII letters, digits and a few signs that begin and end well: what nearly every path of a package is. No
# device of Windows' can be among them (a part's first letters are looked at), and ASCII needs no normal form.
_PLAIN_PART = (
    r"(?!(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:[./]|\Z))[a-z0-9_](?:[a-z0-9_.,() +=@-]*[a-z0-9_)-])?"
)
_PLAIN = re.compile(_PLAIN_PART, re.ASCII | re.IGNORECASE)
_PLAIN_FOLDER = re.compile(rf"(?:{_PLAIN_PART}/)*", re.ASCII | re.IGNORECASE)
_MEDIA = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "message/rfc822": "eml",
    "text/plain": "txt",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}


def path_problem(path: str) -> str:
    """Why a path must not be unpacked: a `Code`, or ``""`` when nothing is wrong with it."""
    last = path.rfind("/") + 1
    plain = len(path) <= MAX_PATH_BYTES and _PLAIN.fullmatch(path, last) and _plain_folder(path[:last])
    return "" if plain else _problem(path)


@lru_cache(maxsize=256)
def _plain_folder(folder: str) -> bool:
    """Many files lie in each folder, and their names follow one another."""
    return _PLAIN_FOLDER.fullmatch(folder) is not None


def _problem(path: str) -> str:
    if not path or len(path.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES:
        return Code.NAME_LENGTH
    if path.startswith("/") or path[1:2] == ":":
        return Code.NAME_ABSOLUTE
    if "\\" in path:
        return Code.NAME_BACKSLASH
    if any(part in {"", ".", ".."} for part in path.split("/")):
        return Code.NAME_TRAVERSAL
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in path):
        return Code.NAME_CONTROL
    if unicodedata.normalize("NFC", path) != path:
        return Code.NAME_NOT_NFC
    if any(not _portable(part) for part in path.split("/")):
        return Code.NAME_NOT_PORTABLE
    return ""


def collision_key(path: str) -> str:
    """Two paths with the same key overwrite each other on some file system (Windows, macOS)."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", path).casefold())


def evidence_name(seq: int, position: int, name: str, extension: str = "bin") -> str:
    """A readable, safe and unique file name for object ``position`` (from 1) of entry ``seq``.

    The prefix makes it unique within its case whatever the letters' case; letters such as ñ stay. ``name`` is what the
    file was called by its owner, or ``""`` when that is not known (any more); then ``extension`` is used. A name that a
    double click would run or render as a page (``.html``, ``.svg``, ``.js``) ends in ``.bin``.
    """
    prefix = f"{seq:03d}-{position}_"
    stem, suffix = _split(_clean(name))
    if not stem:
        stem, suffix = "archivo", suffix or f".{extension}"
    if suffix.lower() not in _KNOWN_SUFFIXES:
        suffix += ".bin"
    room = MAX_NAME_BYTES - len(prefix) - len(suffix.encode())
    return prefix + _cut(stem, room) + suffix


def media_extension(media: str) -> str:
    """A file extension for a media type when the file's own name is not known."""
    return _MEDIA.get(media.partition(";")[0].strip().lower(), "bin")


def _clean(name: str) -> str:
    if name.isprintable() and not _ODD.search(
        name
    ):  # nothing to replace: no control, and no space but the plain one
        return unicodedata.normalize("NFC", " ".join(name.split())).strip(" .")
    return _cleaned(name)


def _cleaned(name: str) -> str:
    normal = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    kept = "".join(
        " " if unicodedata.category(c)[0] in "CZ" else "_" if c in _FORBIDDEN else c for c in normal
    )
    return unicodedata.normalize("NFC", " ".join(kept.split())).strip(" .")


def _split(name: str) -> tuple[str, str]:
    """Stem and suffix; only a short plain suffix counts as one."""
    stem, dot, suffix = name.rpartition(".")
    if dot and stem and 0 < len(suffix) <= 8 and suffix.isascii() and suffix.isalnum():
        return stem.rstrip(" ."), "." + suffix
    return name, ""


def _cut(text: str, room: int) -> str:
    """The longest prefix of ``text`` of at most ``room`` UTF-8 bytes, ending neither in a space nor a dot."""
    return text.encode()[:room].decode(errors="ignore").rstrip(" .") or "archivo"


def _portable(part: str) -> bool:
    device = part.partition(".")[0].casefold() in _WINDOWS_DEVICES
    return not (device or part[-1] in " ." or any(char in _FORBIDDEN for char in part))
