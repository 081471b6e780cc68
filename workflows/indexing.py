"""The index of a case: every file its entries brought, by step, with its digest; made by the system at the archive."""

from __future__ import annotations

import io
from collections.abc import Sequence

from documents.row_answers import write_table
from evidence.entry import SealedEntry
from workflows.casefile import entry_files

HEADER = ("Entrada", "Paso", "Sellada", "Archivo", "Tipo", "Bytes", "SHA-256", "Hoja de la entrada")


def index_sheet(entries: Sequence[SealedEntry]) -> tuple[bytes, int]:
    """A workbook with one line for each file of the case, and how many there are."""
    lines = [
        (
            str(sealed.entry.seq),
            sealed.entry.step,
            sealed.entry.at,
            str(about.get("name", "")),
            blob.media,
            str(blob.size),
            blob.sha256,
            sealed.leaf,
        )
        for sealed in entries
        for blob, about in zip(sealed.entry.objects, entry_files(sealed), strict=True)
    ]
    target = io.BytesIO()
    write_table(target, "Indice", [HEADER, *lines])
    return target.getvalue(), len(lines)
