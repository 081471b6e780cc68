"""What a file is, from its own bytes; the name and the client's media type are never asked.

Recognition is an allow-list of a few signatures of our own. `puremagic` is asked only to give a refused file a name
("this is an exe"), never to admit one.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from documents.refusals import Refuse

HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file we take: its reader's family, canonical extension and media type."""

    family: str
    extension: str
    media: str
    aliases: tuple[str, ...] = ()


PDF = Kind("pdf", "pdf", "application/pdf")
XLSX = Kind("xlsx", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
PNG = Kind("image", "png", "image/png")
JPEG = Kind("image", "jpg", "image/jpeg", ("jpeg", "jpe", "jfif"))
WEBP = Kind("image", "webp", "image/webp")
EML = Kind("eml", "eml", "message/rfc822")
MSG = Kind("msg", "msg", "application/vnd.ms-outlook")
TXT = Kind("text", "txt", "text/plain", ("log", "text"))
CSV = Kind("text", "csv", "text/csv", ("tsv",))

KINDS: tuple[Kind, ...] = (PDF, XLSX, PNG, JPEG, WEBP, EML, MSG, TXT, CSV)
"""Everything we take; `docs/formats/files.md` lists the same."""

BY_EXTENSION = {extension: kind for kind in KINDS for extension in (kind.extension, *kind.aliases)}

_MAIN_TYPES = (
    (b"spreadsheetml.sheet.main+xml", "xlsx"),
    (b"ms-excel.sheet.macroEnabled.main+xml", "xlsm"),
    (b"spreadsheetml.template.main+xml", "xltx"),
    (b"ms-excel.template.macroEnabled.main+xml", "xltm"),
    (b"ms-excel.sheet.binary.macroEnabled.main", "xlsb"),
    (b"wordprocessingml.document.main+xml", "docx"),
    (b"ms-word.document.macroEnabled.main+xml", "docm"),
    (b"presentationml.presentation.main+xml", "pptx"),
)
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAX_CONTENT_TYPES = 1024 * 1024
_MARKUP = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body|script|svg|\?xml|!--|!doctype)", re.IGNORECASE
)
_HTML_INSIDE = re.compile(rb"<(html|script|svg|iframe)[\s>]", re.IGNORECASE)
_HEADER_LINE = re.compile(rb"\A([!-9;-~]+):[ \t]?")
_MAIL_HEADERS = frozenset(
    b"from to cc date subject message-id received return-path delivered-to mime-version reply-to".split()
)
_BRANDS = {
    b"heic": "heic", b"heix": "heic", b"mif1": "heic", b"msf1": "heic", b"hevc": "heic", b"avif": "avif",
    b"qt  ": "mov", b"M4A ": "m4a",
}  # fmt: skip
_SIGNATURES = (
    (b"GIF8", "gif"), (b"II*\0", "tiff"), (b"MM\0*", "tiff"), (b"BM", "bmp"), (b"MZ", "exe"), (b"\x7fELF", "exe"),
    (b"Rar!", "rar"), (b"7z\xbc\xaf", "7z"), (b"\x1f\x8b", "gz"), (b"{\\rtf", "rtf"), (b"#!", "script"),
    (b"%!PS", "ps"), (b"ID3", "mp3"), (b"OggS", "ogg"), (b"\0asm", "wasm"),
)  # fmt: skip


def identify(stream: BinaryIO, extension: str) -> Kind:
    """The kind of the file's content; the stream may stand anywhere, before and after.

    ``extension`` only chooses between kinds that are all plain text (txt, csv, eml).

    Raises:
        Refuse: ``type_not_allowed``, ``encrypted`` (an encrypted workbook), ``macros``, ``content_mismatch``.
    """
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    kind = _by_signature(head)
    if kind is not None:
        return kind
    if head.startswith(b"PK"):
        return _package(stream)
    if head.startswith(_COMPOUND):
        return _compound(stream)
    _refuse_known(head)
    if head[257:262] == b"ustar":
        raise Refuse("type_not_allowed", found="tar")
    if b"%PDF-" in head[:1024] and not _mail(head):
        return PDF  # readers accept a header within the first 1,024 bytes; our PDF reader judges what stands before it
    return _plain(head, extension)


def _by_signature(head: bytes) -> Kind | None:
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    return None


def _package(stream: BinaryIO) -> Kind:
    """A ZIP: a workbook, or something we do not take."""
    found = "zip"
    try:
        with zipfile.ZipFile(stream) as package:
            found = _main_type(package)
    except Exception as error:  # zipfile raises nearly anything on hostile bytes
        raise Refuse("damaged", family="zip") from error
    if found == "xlsx":
        return XLSX
    if found in ("xlsm", "xltm", "docm", "xlsb"):
        raise Refuse("macros", family=found)
    raise Refuse("type_not_allowed", found=found)


def _main_type(package: zipfile.ZipFile) -> str:
    names = set(package.namelist())
    if "[Content_Types].xml" in names:
        if package.getinfo("[Content_Types].xml").flag_bits & 1:
            return "zip"
        with package.open("[Content_Types].xml") as part:
            declared = part.read(_MAX_CONTENT_TYPES)
        return next((name for mark, name in _MAIN_TYPES if mark in declared), "zip")
    if "mimetype" in names:
        return "odf"
    return "apk" if "AndroidManifest.xml" in names else "jar" if "META-INF/MANIFEST.MF" in names else "zip"


def _compound(stream: BinaryIO) -> Kind:
    """An OLE compound file: an Outlook message, an encrypted workbook, or an old Office file."""
    import olefile  # noqa: PLC0415 - few files need it, and the separate process starts quicker without

    stream.seek(0)
    try:
        with olefile.OleFileIO(stream) as compound:
            names = {"/".join(path) for path in compound.listdir()}
            claimed = sum(compound.get_size(name) for name in names)
    except Exception as error:  # olefile raises nearly anything on hostile bytes
        raise Refuse("damaged", family="ole") from error
    if claimed > stream.seek(0, 2):
        raise Refuse("damaged", family="ole")  # streams that share sectors: more would come out than is there
    if "EncryptedPackage" in names:
        raise Refuse("encrypted", family="xlsx")
    if "__properties_version1.0" in names:
        return MSG
    if names & {"Workbook", "Book"}:
        raise Refuse("type_not_allowed", found="xls")
    raise Refuse("type_not_allowed", found="doc" if "WordDocument" in names else "ole")


def _refuse_known(head: bytes) -> None:
    if head[4:8] == b"ftyp":
        raise Refuse("type_not_allowed", found=_BRANDS.get(head[8:12], "mp4"))
    for signature, found in _SIGNATURES:
        if head.startswith(signature):
            raise Refuse("type_not_allowed", found=found)
    markup = _MARKUP.match(head)
    if markup:
        raise Refuse("type_not_allowed", found=_markup_name(head, markup.group(1).lower()))


def _markup_name(head: bytes, opening: bytes) -> str:
    inside = _HTML_INSIDE.search(head)
    if inside and inside.group(1).lower() == b"svg":
        return "svg"
    if inside or opening in (b"html", b"head", b"body", b"script", b"!doctype html"):
        return "html"
    return "svg" if opening == b"svg" else "xml"


def _plain(head: bytes, extension: str) -> Kind:
    """Mail or text; anything with control characters is neither."""
    if not looks_like_text(head):
        raise Refuse("type_not_allowed", found=_puremagic_name(head))
    claimed = BY_EXTENSION.get(extension)
    if claimed is not None and claimed.family == "text":
        return claimed
    if _mail(head):
        return EML
    if claimed is EML:
        raise Refuse("content_mismatch", extension=extension, found="txt")
    return TXT


def looks_like_text(head: bytes) -> bool:
    """Whether bytes are text in UTF-8, UTF-16 with its mark, or an 8-bit code page."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return not any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head) and b"\x7f" not in head


def _mail(head: bytes) -> bool:
    """Whether the first lines are mail headers: at least two known ones before anything that is not a header."""
    known = set()
    lines = head.removeprefix(b"\xef\xbb\xbf").splitlines()
    if lines and lines[0].startswith(b"From "):
        del lines[0]
    for line in lines:
        if line.startswith((b" ", b"\t")):
            continue
        match = _HEADER_LINE.match(line)
        if not match:
            break
        if match.group(1).lower() in _MAIL_HEADERS:
            known.add(match.group(1).lower())
    return len(known) >= 2


def _puremagic_name(head: bytes) -> str:
    import puremagic  # noqa: PLC0415 - it reads a table of all signatures when imported

    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError, IndexError):
        return "unknown"
    extension = str(matches[0].extension).lstrip(".").lower() if matches else ""
    return extension if re.fullmatch(r"[a-z0-9]{1,10}", extension) else "unknown"
