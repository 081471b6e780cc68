"""What a document of Word says, as text, for the search for passwords and nothing else."""

from __future__ import annotations

import re
import zipfile
from typing import IO, BinaryIO
from xml.parsers import expat

from documents.limits import Limits
from documents.refusals import Refuse

_PARTS = re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml\Z")
_CHUNK = 64 * 1024
_BREAKS = {"p": "\n", "br": "\n", "tab": "\t", "tc": "\t", "tr": "\n"}


def word_text(stream: BinaryIO, limits: Limits) -> str:
    """Paragraphs on lines of their own, cells of tables after tabs; at most ``limits.searchable_chars``.

    Raises:
        Refuse: xml_declarations, over_limit (members, unpacked_bytes).
    """
    with zipfile.ZipFile(stream) as package:
        members = package.infolist()
        unpacked = sum(member.file_size for member in members)
        for what, found, limit in (
            ("members", len(members), limits.zip_members),
            ("unpacked_bytes", unpacked, limits.unpacked_bytes),
        ):
            if found > limit:
                raise Refuse("over_limit", family="docx", what=what, found=found, limit=limit)
        reader = _Words(limits.searchable_chars)
        for member in members:
            if _PARTS.match(member.filename):
                with package.open(member) as part:
                    reader.read(part)
    return "".join(reader.said)


class _Words:
    def __init__(self, room: int) -> None:
        self.said: list[str] = []
        self._room = room
        self._cells = 0

    def read(self, part: IO[bytes]) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = _declared
        parser.StartElementHandler = self._opened
        parser.EndElementHandler = self._closed
        parser.CharacterDataHandler = self._add
        while self._room > 0 and (piece := part.read(_CHUNK)):
            parser.Parse(piece, False)
        self._add("\n")

    def _opened(self, name: str, _attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if tag in ("br", "tab"):
            self._add(_BREAKS[tag])
        self._cells += tag == "tc"

    def _closed(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        self._cells -= tag == "tc"
        if tag in ("tc", "tr") or (tag == "p" and not self._cells):
            self._add(_BREAKS[tag])
        elif tag == "p":
            self._add(" ")

    def _add(self, text: str) -> None:
        if self._room > 0:
            self.said.append(text[: self._room])
            self._room -= len(text)


def _declared(*_declaration: object) -> None:
    raise Refuse("xml_declarations", family="docx")
