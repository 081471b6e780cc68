"""BagIt 1.0 (RFC 8493) as packages use it: SHA-256 manifests, and one spelling for each tag file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from audit_exports import layout
from audit_exports.record import PackageFacts

_LINE = re.compile(r"([0-9a-f]{64})  ([^\r\n]+)")
_LINES = re.compile(_LINE.pattern + "\n")
_AROUND = 64 + len("  \n")
TAG_FILES = (layout.BAG_INFO, layout.BAGIT, layout.MANIFEST)


class MalformedManifest(ValueError):
    """A manifest with a line that is not ``<64 hex digits>  <path>``, a repeated path, or no final newline."""


@dataclass(frozen=True, slots=True)
class Payload:
    """BagIt's Payload-Oxum: bytes and number of files under ``data/``."""

    size: int
    files: int


def manifest_line(path: str, digest: str) -> bytes:
    """One line. Paths of packages have no CR, LF or percent sign, so that nothing needs BagIt's escapes."""
    return f"{digest}  {path}\n".encode()


def parse_manifest(data: bytes) -> dict[str, str]:
    """Digest (hex) by path, in the file's order. Raises `MalformedManifest`."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise MalformedManifest("not UTF-8") from error
    if not text.endswith("\n"):
        raise MalformedManifest("no final newline")
    lines = _LINES.findall(text)
    found = {path: digest for digest, path in lines}
    if len(found) == len(lines) and sum(map(len, found)) + _AROUND * len(lines) == len(text):
        return found  # every sign belongs to a line, and no path is there twice
    found = {}
    for number, line in enumerate(text[:-1].split("\n"), 1):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in found:
            raise MalformedManifest(f"line {number}")
        found[match[2]] = match[1]
    return found


def bag_info(facts: PackageFacts, payload: Payload, reader: str = layout.READER_VERSION) -> bytes:
    """``bag-info.txt``: every line follows from the package's facts and size; the date is that of the state."""
    lines = (
        ("Bag-Software-Agent", "Constancia"),
        ("Bagging-Date", facts.as_of[:10]),
        ("External-Identifier", f"{facts.origin} {facts.size} {facts.root}"),
        ("Payload-Oxum", f"{payload.size}.{payload.files}"),
        ("Constancia-Layout", str(layout.LAYOUT_VERSION)),
        ("Constancia-Reader", reader),
    )
    return "".join(f"{label}: {value}\n" for label, value in lines).encode()


def reader_version(info: bytes) -> str:
    """What ``bag-info.txt`` says of the reading pages' version; ``""`` when it says nothing."""
    match = re.search(rb"^Constancia-Reader: ([0-9A-Za-z.]{1,32})$", info, re.MULTILINE)
    return match[1].decode() if match else ""


def tag_manifest(digests: Mapping[str, str]) -> bytes:
    """``tagmanifest-sha256.txt`` over the three other tag files."""
    return b"".join(manifest_line(path, digests[path]) for path in TAG_FILES)
