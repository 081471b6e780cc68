"""What was recorded of a signed paper's validation, in words: what the verifier's own look adds is in its report."""

from __future__ import annotations

from audit_exports.record import EntryRow, FileItem

_STAMPS = {
    "made": "con sello de tiempo",
    "pending": "el sello de tiempo se agregó o se agregará después",
    "none": "",
}
_FLAGS = {
    "same_address": "se firmó desde la dirección que la pidió",
    "same_device": "se firmó en el equipo que la pidió",
}


def signature_words(row: EntryRow, item: FileItem | None) -> tuple[str | int, ...]:
    """Cells: the validation as recorded, level, method, signatures counted, profile, stamp, certificate, flags."""
    found = row.signing
    count: str | int = item.signatures if item is not None and item.signatures >= 0 else ""
    if found is None:
        return _said(item), "", "", count, "", "", "", ""
    said = "validada al sellarse: firma íntegra que cubre todo el archivo" if found.profile else ""
    stamp = _STAMPS.get(found.stamp, found.stamp)
    return (
        "; ".join(text for text in (said, stamp) if text),
        found.level,
        found.method,
        count,
        found.profile,
        found.stamped_at or found.stamp,
        found.certificate,
        "; ".join(_FLAGS.get(flag, flag) for flag in found.flags),
    )


def _said(item: FileItem | None) -> str:
    """Of a paper that somebody brought: software counted its signatures, and judged none."""
    if item is None:
        return ""
    if item.withheld or item.signatures < 0:
        return "sin validación registrada"
    if not item.signatures:
        return "sin firma digital: papel o imagen, juzgado por una persona"
    return "trae firmas digitales, contadas y no juzgadas al sellarse"
