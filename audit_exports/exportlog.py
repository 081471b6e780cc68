"""The log's memory of exports: the entry made before a package is handed over, and the receipt that proves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from audit_exports.record import PackageFacts, Totals
from evidence.canonical import Json
from evidence.entry import EntryDraft, EntryKind, SealedEntry
from evidence.ports import Composition, LedgerStore
from evidence.proofs import prove_entry
from workflows.commands import Actor

EXPORTS = "system:exports"


class NotCovered(Exception):
    """No signed checkpoint reaches that entry yet, or there is no such entry."""


@dataclass(frozen=True, slots=True)
class Written:
    """A finished package before it is logged; ``tag_manifest`` is the SHA-256 (hex) of its tag manifest."""

    tag_manifest: str
    facts: PackageFacts
    totals: Totals


def log_export(ledger: LedgerStore, written: Written, actor: Actor, name: str) -> SealedEntry:
    """Append ``package.exported``: the digest as a fact, scope and file name (which may name people) as payload."""
    facts: dict[str, Json] = {
        "tag_manifest": written.tag_manifest,
        "size": written.facts.size,
        "actor_class": actor.kind,
        "via": actor.via,
    }
    scope = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(written.facts.scope).items()
    }
    payload: dict[str, Json] = {
        "scope": scope,
        "totals": dict(asdict(written.totals)),
        "root": written.facts.root,
        "file": name,
        "via": {
            "channel": actor.via,
            "os_user": actor.os_user,
            **({"token": actor.token} if actor.token else {}),
        },
    }
    draft = EntryDraft(actor.id, actor.role, EntryKind.PACKAGE_EXPORTED, facts=facts, payload=payload)

    def compose(_history: Sequence[SealedEntry]) -> Composition:
        return Composition((draft,))

    return ledger.append(EXPORTS, compose)[-1]


def export_receipt(ledger: LedgerStore, seq: int) -> bytes:
    """The receipt of export ``seq``: a C2SP tlog-proof whose ``extra`` is the entry itself.

    It exists as soon as a checkpoint covers the entry, and proves that the package with that tag manifest is the one
    that was exported then.

    Raises:
        NotCovered: no such export, or no checkpoint reaches it yet.
    """
    found = next((item for item in ledger.history(EXPORTS) if item.entry.seq == seq), None)
    latest = ledger.latest_checkpoint()
    if found is None or found.index is None or latest is None or latest[0] <= found.index:
        raise NotCovered(f"{EXPORTS}/{seq}")
    proof = prove_entry(ledger, found.index, latest[1])
    return type(proof)(proof.index, proof.hashes, proof.checkpoint_note, found.entry_bytes).text()
