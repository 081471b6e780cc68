"""Why a file is not taken, as facts: a code and its fields, from which a page says in Spanish what to do.

The tables are closed: a code that is not listed here cannot be raised, and ``docs/formats/files.md`` lists the same
codes (a test compares them).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

Field = str | int

REFUSAL_FIELDS: Mapping[str, tuple[str, ...]] = {
    "empty": (),
    "too_large": ("size", "limit"),
    "type_not_allowed": ("found",),
    "content_mismatch": ("extension", "found"),
    "truncated": ("family",),
    "damaged": ("family",),
    "encrypted": ("family",),
    "macros": ("family",),
    "active_content": ("family", "what"),
    "polyglot": ("family", "also"),
    "xml_declarations": ("family",),
    "over_limit": ("family", "what", "found", "limit"),
    "secret_found": ("word", "place"),
    "too_costly": ("family",),
    "malware": ("found",),
}
"""Code of a refusal and the names of its fields, always all present.

``found`` of ``type_not_allowed`` is a short type name (``docx``, ``html``, ``zip``, ``exe``, ``unknown``).
``what`` of ``active_content``: javascript, launch, embedded_files, xfa, remote_action, external_content, dde.
``what`` of ``over_limit``: pages, objects, pixels, frames, members, unpacked_bytes, ratio, sheets, rows, columns,
cells, headers, header_bytes, parts, depth. ``found`` is what was counted, at least one more than ``limit``.
``place`` of ``secret_found``: ``text``, or ``page 3``, ``cell Hoja1!B4``, ``body``, ``attachment 2``, ``picture``. The
secret itself is in no field.
``found`` of ``malware`` is the antivirus' own name for what it recognised.
"""

WARNING_CODES: Mapping[str, str] = {
    "name_changed": "the name held characters, or a length, that no file may have here",
    "extension_added": "the name had no known extension; the one of the content was added",
    "extension_corrected": "the name's extension was of another image format",
    "restricted": "the PDF opens without a password but forbids some uses",
    "repaired": "the PDF's index was damaged and had to be rebuilt",
    "no_text": "the PDF holds no text (a scan): it cannot be searched; see that it shows no password",
    "ocr_unread": "the program that reads pictures could not read this one: see that it shows no password",
    "trailing_data": "bytes follow the end of the image",
    "external_links": "the workbook refers to other files",
    "hidden_sheets": "the workbook has hidden sheets",
    "formulas": "the workbook has formulas; they were not calculated",
    "text_cut": "only the first part of the text was scanned",
    "word_clave": "the word «clave» stands before a value: check that it is not a password",
    "attachment_type": "the mail brings attachments of types that would be refused on their own",
    "attachment_refused": (
        "an attachment of the mail would be refused on its own: it acts, is locked, damaged or hides something"
    ),
    "not_utf8": "the text is not UTF-8; it was read as Windows-1252",
}
"""Codes of warnings (the file is taken, and the person is told), with what each says."""


class FileRefused(Exception):
    """The file is not taken; the person can mend it.

    ``code`` is a key of `REFUSAL_FIELDS`, ``name`` the file's safe name, ``fields`` what the message is made from.
    """

    def __init__(self, code: str, name: str, fields: Mapping[str, Field] | None = None) -> None:
        self.code = code
        self.name = name
        self.fields: Mapping[str, Field] = dict(fields or {})
        if tuple(sorted(self.fields)) != tuple(sorted(REFUSAL_FIELDS[code])):
            raise ValueError(f"refusal {code} has fields {REFUSAL_FIELDS[code]}, not {tuple(self.fields)}")
        super().__init__(f"{name}: {code} {self.fields}")


class Refuse(Exception):
    """Raised inside the readers, which do not know the file's name; `documents.inspection` makes it a `FileRefused`."""

    def __init__(self, code: str, **fields: Field) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields


@contextmanager
def hostile(family: str) -> Iterator[None]:
    """Whatever a third-party parser does with a stranger's bytes becomes one refusal: damaged.

    Parsers raise nearly anything on hostile input (KeyError, struct.error, RecursionError, MemoryError ...), so this is
    the one place where everything is caught; a refusal made inside passes unchanged, and the cause stays chained.
    """
    try:
        yield
    except Refuse:
        raise
    except MemoryError as error:
        raise Refuse("too_costly", family=family) from error
    except Exception as error:
        raise Refuse("damaged", family=family) from error
