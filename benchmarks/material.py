"""What is measured with: entries and files like those of a working desk, the same in every run."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence

from evidence.entry import BlobRef, EntryDraft, EntryKind, SealedEntry
from evidence.ports import Composition

PROCESS = "MA-001@2025-12-15"


def draft(number: int) -> EntryDraft:
    """A recorded step with one file: about 900 bytes of entry and 500 of payload."""
    digest = hashlib.sha256(number.to_bytes(8, "big")).hexdigest()
    return EntryDraft(
        actor=digest[:16],
        role="especialista",
        kind=EntryKind.EVIDENCE_RECORDED,
        process=PROCESS,
        step=str(1 + number % 27),
        objects=(BlobRef(digest, 48_213, "application/pdf", f"sha256/{digest[:2]}/{digest}"),),
        facts={
            "occurred_at": "2026-02-03T16:45:12.000000Z",
            "evidence": [{"slot": "captura", "type": "SCR", "object": 0}],
            "actor_class": "person",
            "via": "web",
        },
        payload={
            "files": [
                {
                    "name": f"captura {number}.pdf",
                    "slot": "captura",
                    "about": {"pages": 1, "producer": "prueba"},
                }
            ],
            "data": {"sistema": "CAM Pegasus", "observaciones": "Se adjunta la captura del estatus. " * 4},
            "note": "Sin novedad.",
        },
    )


def add(number: int) -> Callable[[Sequence[SealedEntry]], Composition]:
    """A `Compose` that adds one such step, whatever the history."""
    return lambda _history: Composition((draft(number),))


def noise(size: int, seed: int = 1) -> bytes:
    """``size`` bytes that do not compress, the same for the same seed."""
    return random.Random(seed).randbytes(size)  # noqa: S311  # material, not a secret
