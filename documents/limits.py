"""How much of a file we are willing to read.

Every figure is a bound on work done for a stranger's bytes, checked before the work. The defaults suit the desk's
files (letters, screenshots, mails, request sheets); the house's configuration may change any of them.
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for inspection and preview.

    Sizes are bytes, ``pixels`` is width times height of the decoded image, ``ratio`` is unpacked over packed size of a
    zip member, ``cpu_seconds``, ``wall_seconds`` and ``memory_bytes`` bind the separate process that reads a file.
    ``searchable_chars`` is how much text is scanned for secrets, ``excerpt_chars`` how much is kept for search.
    """

    file_bytes: int = 50 * MIB
    pdf_pages: int = 1_000
    pdf_objects: int = 100_000
    pixels: int = 50_000_000
    zip_members: int = 2_000
    unpacked_bytes: int = 128 * MIB
    ratio: int = 200
    sheets: int = 200
    rows: int = 100_000
    columns: int = 1_000
    cells: int = 2_000_000
    mail_headers: int = 1_000
    mail_header_bytes: int = 256 * 1024
    mail_parts: int = 200
    mail_depth: int = 20
    searchable_chars: int = 2_000_000
    excerpt_chars: int = 4_000
    cpu_seconds: int = 20
    wall_seconds: int = 30
    memory_bytes: int = 1024 * MIB


DEFAULT_LIMITS = Limits()
