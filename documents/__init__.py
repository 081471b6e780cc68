"""What a file is and what it says: pure functions over seekable binary streams.

`inspect` is the one door: it gives an `Inspection` or raises `FileRefused`. `documents.isolation` does the same in a
separate short-lived process, for bytes that come from outside. The rest are instruments: `names` (safe file names),
`identifiers` (RFC, e-mail, DSN, `fold`), `secrets_scan`, `request_form` (MA-001's spreadsheet), `preview`.
The accepted files and every refusal are listed in ``docs/formats/files.md``.
"""

from documents.inspection import Inspection, inspect
from documents.limits import DEFAULT_LIMITS, Limits
from documents.refusals import REFUSAL_FIELDS, WARNING_CODES, FileRefused

__all__ = [
    "DEFAULT_LIMITS",
    "REFUSAL_FIELDS",
    "WARNING_CODES",
    "FileRefused",
    "Inspection",
    "Limits",
    "inspect",
]
