"""A case's entries as a table that opens in any spreadsheet."""

from __future__ import annotations

import csv
import io

from audit_exports.masking import STAND_INS
from audit_exports.record import CaseRecord
from audit_exports.sheet import neutral
from audit_exports.words import kind_words

_HEADINGS = (
    "clave seq indice registrada ocurrio tipo que paso nombre_del_paso actor nombre_del_actor rol rol_otorgado "
    "por_cuenta_de nombre_de_quien_representa via motivo nota archivos hoja"
).split()


def timeline(record: CaseRecord) -> bytes:
    """CSV (RFC 4180, UTF-8 with byte order mark, times in UTC), one row an entry, cells neutralised."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_HEADINGS)
    for row in record.entries:
        step = record.definition.by_step.get(row.step)
        files = "; ".join(item.path.removeprefix(record.folder + "/") or item.name for item in row.files)
        cells = [f"{record.folio}/{row.seq}", str(row.seq), str(row.index), row.at, row.occurred_at, row.kind]
        cells += [
            kind_words(row.kind)[0],
            row.step,
            step.name.es if step else "",
            row.actor,
            record.name_of(row.actor),
            row.role,
            "sí" if row.role_held else "no",
            row.acting_for,
            record.name_of(row.acting_for),
        ]
        note = STAND_INS.get(row.payload, row.note)
        cells += [row.via, row.reason, note, files, row.leaf]
        writer.writerow([neutral(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig", "replace")
