"""The one door for a file: is it what it says, may we keep it, and what does it say?

Pure: reads a seekable binary stream, touches nothing else. Everything comes out as an `Inspection` or as a
`FileRefused`; no other exception leaves, whatever the bytes are.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import BinaryIO

from documents import secrets_scan
from documents.limits import DEFAULT_LIMITS, Limits
from documents.names import safe_name, split_extension, with_extension
from documents.reading import Reading, clean
from documents.refusals import FileRefused, Refuse, hostile
from documents.sniffing import BY_EXTENSION, Kind, identify
from evidence.canonical import Json

Reader = Callable[[BinaryIO, Kind, Limits], Reading]

_READERS: Mapping[str, str] = {
    "pdf": "documents.pdf",
    "xlsx": "documents.spreadsheet",
    "image": "documents.images",
    "eml": "documents.mail",
    "msg": "documents.outlook",
    "text": "documents.text",
}
"""Module whose ``read`` reads a family. Loaded when needed: who reads one file pays for one parser only."""
_PARTS: Mapping[str, tuple[str, ...]] = {
    "image": ("PIL.PngImagePlugin", "PIL.JpegImagePlugin", "PIL.WebPImagePlugin", "PIL.GifImagePlugin"),
    "pdf": ("pypdf.filters",),
    "eml": (
        "documents.enclosed",
        "documents.pdf",
        "documents.spreadsheet",
        "documents.images",
        "pypdf.filters",
    ),
    "msg": (
        "documents.enclosed",
        "documents.pdf",
        "documents.spreadsheet",
        "documents.images",
        "pypdf.filters",
    ),
}
"""What a reader itself loads only when it meets a file."""

TEXT_CHARS = 200_000
"""How much of a file's text can be searched: some hundred pages."""

_ZIPPED = frozenset({"xlsx"})
_GUESSED = 2048
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|svg|iframe)[\s>/]|<\?php\b", re.IGNORECASE)
_CARRIES_FILES_OPENLY = frozenset({"eml", "msg", "text"})


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file is and says.

    ``family`` is pdf, xlsx, image, eml, msg or text; ``extension`` has no dot; ``about`` holds facts of the family as
    `docs/formats/files.md` lists them (strings, integers, booleans, lists, objects); ``warnings`` are codes of
    `documents.refusals.WARNING_CODES`; ``name`` is the safe name, with the extension the content deserves.
    """

    media: str
    family: str
    extension: str
    about: Mapping[str, Json]
    warnings: tuple[str, ...]
    name: str


def load_reader(name: str) -> None:
    """Load what will read a file of that name, if it is what it claims: for processes that are to be forked."""
    kind = BY_EXTENSION.get(split_extension(safe_name(name))[1])
    if kind is not None:
        for module in (_READERS[kind.family], *_PARTS.get(kind.family, ())):
            import_module(module)


def inspect(stream: BinaryIO, *, name: str, limits: Limits = DEFAULT_LIMITS) -> Inspection:
    """Recognise, check and read a file; leaves the stream at its start.

    Args:
        stream: seekable, binary; read several times.
        name: what its sender calls it; a claim.
        limits: bounds of the work.

    Raises:
        FileRefused: the only way to fail; see `documents.refusals.REFUSAL_FIELDS` for codes and fields.
    """
    safe = safe_name(name)
    try:
        kind, naming = _recognise(stream, safe, limits)
        with hostile(kind.family):
            _refuse_polyglot(stream, kind)
            stream.seek(0)
            reading = _reader(kind.family)(stream, kind, limits)
        secrets = _refuse_secrets(reading, limits)
        about, enclosed = _enclosed(reading, limits)
    except Refuse as refusal:
        raise _named(refusal, safe) from refusal
    finally:
        stream.seek(0)
    warnings = [*(["name_changed"] if safe != name else []), *naming, *reading.warnings, *secrets, *enclosed]
    return Inspection(
        media=kind.media,
        family=kind.family,
        extension=kind.extension,
        about=about,
        warnings=tuple(dict.fromkeys(warnings)),
        name=with_extension(safe, _kept_extension(safe, kind)),
    )


def text_of(stream: BinaryIO, *, name: str, limits: Limits = DEFAULT_LIMITS, most: int = TEXT_CHARS) -> str:
    """What a file says, for searching: its pages, cells or body one after another, at most ``most`` characters.

    Of a file that was taken at the door; nothing is refused for what it says.

    Raises:
        FileRefused: the content is not read (any more).
    """
    safe = safe_name(name)
    try:
        kind, _naming = _recognise(stream, safe, limits)
        with hostile(kind.family):
            stream.seek(0)
            reading = _reader(kind.family)(stream, kind, limits)
    except Refuse as refusal:
        raise _named(refusal, safe) from refusal
    finally:
        stream.seek(0)
    return clean("\n".join(passage.text for passage in reading.passages if passage.text), most)


def _reader(family: str) -> Reader:
    reader: Reader = import_module(_READERS[family]).read
    return reader


def _recognise(stream: BinaryIO, name: str, limits: Limits) -> tuple[Kind, list[str]]:
    size = stream.seek(0, 2)
    if size == 0:
        raise Refuse("empty")
    if size > limits.file_bytes:
        raise Refuse("too_large", size=size, limit=limits.file_bytes)
    extension = split_extension(name)[1]
    kind = identify(stream, extension)
    return kind, _agreement(extension, kind)


def _named(refusal: Refuse, name: str) -> FileRefused:
    """The refusal with the file's name; of a foreign content under one of our extensions it says both."""
    extension = split_extension(name)[1]
    if refusal.code == "type_not_allowed" and extension in BY_EXTENSION:
        fields = {"extension": extension, "found": refusal.fields["found"]}
        return FileRefused("content_mismatch", name, fields)
    return FileRefused(refusal.code, name, refusal.fields)


def _agreement(extension: str, kind: Kind) -> list[str]:
    """Warnings about a name that does not say what the content is.

    Between image formats the name is corrected: phones and mail programs do this by themselves, and all are read in the
    same way. Between families it is refused: a "letter" that is a picture, or a "PDF" that is a workbook, was either
    chosen by mistake or disguised, and the person should look.
    """
    claimed = BY_EXTENSION.get(extension)
    if claimed is kind:
        return []
    if claimed is None:
        if extension in _FOREIGN:
            raise Refuse("content_mismatch", extension=extension, found=kind.extension)
        return ["extension_added"]
    if claimed.family == kind.family == "image":
        return ["extension_corrected"]
    raise Refuse("content_mismatch", extension=extension, found=kind.extension)


_FOREIGN = frozenset(
    "exe dll com bat cmd ps1 js vbs scr msi jar sh py html htm svg xml zip rar 7z gz tar tgz bz2 xz iso doc docx docm "
    "xls xlsm xlsb ppt pptx gif tif tiff bmp heic avif mp3 mp4 mov".split()
)
"""Extensions of types we do not take: such a name on an allowed content is refused, others are part of the stem."""


def _kept_extension(name: str, kind: Kind) -> str:
    extension = split_extension(name)[1]
    return extension if BY_EXTENSION.get(extension) is kind else kind.extension


def _refuse_polyglot(stream: BinaryIO, kind: Kind) -> None:
    """Refuse bytes that a second program would open as something else.

    Text and mail may lawfully quote anything; of the others none needs to be a ZIP, a PDF or a page as well. (Programs
    that guess by content look for a page no further than the head.)
    """
    if kind.family in _CARRIES_FILES_OPENLY:
        return
    if kind.family not in _ZIPPED and _opens_as_zip(stream):
        raise Refuse("polyglot", family=kind.family, also="zip")
    stream.seek(0)
    head = stream.read(_GUESSED)
    if kind.family != "pdf" and b"%PDF-" in head[:1024]:
        raise Refuse("polyglot", family=kind.family, also="pdf")
    if _PAGE.search(head):
        raise Refuse("polyglot", family=kind.family, also="html")


def _opens_as_zip(stream: BinaryIO) -> bool:
    stream.seek(0)
    if not zipfile.is_zipfile(stream):
        return False
    try:
        with zipfile.ZipFile(stream) as package:
            return bool(package.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        return False


def _enclosed(reading: Reading, limits: Limits) -> tuple[Mapping[str, Json], list[str]]:
    """The facts with ``refused`` beside each file inside that would not be taken by itself, and warnings of it."""
    if not reading.files:
        return reading.about, []
    enclosed = import_module("documents.enclosed")  # it judges by `inspect`
    codes, warnings = enclosed.screen(reading.files, limits)
    told = reading.about["attachments"]
    listed: list[Json] = [
        {**item, "refused": codes[number]} if number in codes and isinstance(item, dict) else item
        for number, item in enumerate(told if isinstance(told, list) else [])
    ]
    return {**reading.about, "attachments": listed}, sorted(warnings)


def _refuse_secrets(reading: Reading, limits: Limits) -> list[str]:
    """Stop a password before it is sealed (the entry would keep it for ever); a bare «clave» only warns."""
    warnings: list[str] = []
    room = limits.searchable_chars
    for passage in reading.passages:
        for finding in secrets_scan.scan(passage.text[:room], between=passage.between):
            if finding.blocks:
                raise Refuse("secret_found", word=finding.word, place=passage.place)
            warnings.append("word_clave")
        room -= len(passage.text)
        if room <= 0:
            warnings.append("text_cut")
            break
    return warnings
