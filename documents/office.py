"""What the parts of an Office package are to each other: macros, programs, files inside, and what would be fetched.

Names of parts are only a custom; what a part is for is said by relationships and content types (ECMA-376, part 2), and
these are read here, each as XML of its own and before any other reader.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from xml.parsers import expat

from documents.refusals import Refuse

_CHUNK = 64 * 1024
_MACROS = frozenset({"vbaproject", "xlmacrosheet", "xlintlmacrosheet", "wordvbadata", "attachedtoolbars"})
_INSIDE = frozenset({"oleobject", "package", "control", "activexcontrolbinary", "afchunk"})
_ADD_INS = frozenset({"webextension", "webextensiontaskpanes"})
_MACRO_TYPES = re.compile(
    rb"macroEnabled|vbaProject|ms-office\.activeX|ms-excel\.(?:intl)?macrosheet", re.IGNORECASE
)
_FETCHED = ("xl/connections.xml", "xl/querytables/")
_DDE = re.compile(r"[=+\-@]\s*[\w.]{1,40}\|")
_PLAIN = (".xml", ".rels", ".vml")
_PROGRAMS = (
    b"MZ",
    b"PK\3\4",
    b"\xd0\xcf\x11\xe0",
    b"\x7fELF",
    b"Rar!",
    b"7z\xbc\xaf",
    b"%PDF-",
    b"\x1f\x8b",
    b"{\\rtf",
)
_LONGEST_TYPES = 1024 * 1024


def check_parts(package: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], family: str) -> bool:
    """Judge every part; whether the package refers to other files, which are never followed.

    Links that somebody must click are no more than text. Workbooks that take values from others are taken, and said.

    Raises:
        Refuse: macros; active_content (embedded_files, external_content, dde).
    """
    if _MACRO_TYPES.search(_head(package, "[Content_Types].xml", _LONGEST_TYPES)):
        raise Refuse("macros", family=family)
    outside = False
    for member in members:
        name = member.filename.lower()
        if name.endswith(".rels"):
            outside = _judge_relations(package, member, family) or outside
        elif name.startswith("xl/externallinks/"):
            outside = True
            _refuse_elements(package, member, frozenset({"ddelink", "olelink"}), family)
        elif name.startswith(_FETCHED):
            outside = True
        elif not name.endswith(_PLAIN) and _head(package, member.filename, 8).startswith(_PROGRAMS):
            raise _active("embedded_files", family)
    return outside


def is_dde(cell: str) -> bool:
    """Whether a cell's text is a formula that starts a program: ``=cmd|'/C calc'!A0``."""
    return bool(_DDE.match(cell))


def _judge_relations(package: zipfile.ZipFile, member: zipfile.ZipInfo, family: str) -> bool:
    outside = False
    for attributes in _elements(package, member, frozenset({"relationship"})):
        kind = attributes.get("Type", "").rstrip("/").rpartition("/")[2].lower()
        if kind in _MACROS:
            raise Refuse("macros", family=family)
        if kind in _INSIDE:
            raise _active("embedded_files", family)
        if kind in _ADD_INS:
            raise _active("external_content", family)
        if attributes.get("TargetMode", "").lower() == "external":
            if kind != "hyperlink" and "externallink" not in kind and not kind.startswith("xl"):
                raise _active("external_content", family)
            outside = outside or kind != "hyperlink"
    return outside


def _refuse_elements(
    package: zipfile.ZipFile, member: zipfile.ZipInfo, names: frozenset[str], family: str
) -> None:
    for _found in _elements(package, member, names):
        raise _active("dde", family)


def _elements(
    package: zipfile.ZipFile, member: zipfile.ZipInfo, names: frozenset[str]
) -> Iterator[dict[str, str]]:
    """The attributes of each element of those local names."""
    found: list[dict[str, str]] = []

    def started(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2].lower() in names:
            found.append(attributes)

    for _piece in _parsed(package, member, started):
        yield from found
        found.clear()


def _parsed(
    package: zipfile.ZipFile, member: zipfile.ZipInfo, started: Callable[[str, dict[str, str]], None]
) -> Iterator[None]:
    parser = expat.ParserCreate()
    parser.StartElementHandler = started
    with package.open(member) as part:
        while piece := part.read(_CHUNK):
            parser.Parse(piece, False)
            yield
        parser.Parse(b"", True)
        yield


def _head(package: zipfile.ZipFile, name: str, size: int) -> bytes:
    with package.open(name) as part:
        return part.read(size)


def _active(what: str, family: str) -> Refuse:
    return Refuse("active_content", family=family, what=what)
