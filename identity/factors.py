"""Second factors of a person's own are accesses: `system:access` says when each came and went, never its secret."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from evidence.canonical import Json
from evidence.entry import EntryDraft, EntryKind, SealedEntry
from evidence.ports import Composition, LedgerStore
from identity.access import ACCESS_CASE, Granter, via_json


class FactorLog:
    """Writes the entries; telling the same thing twice writes one."""

    def __init__(self, ledger: LedgerStore) -> None:
        self._ledger = ledger

    def enrolled(
        self,
        subject: str,
        factor: str,
        factor_id: str,
        by: Granter,
        private: Mapping[str, Json] | None = None,
    ) -> None:
        """Somebody has a second factor of a kind from now on; ``private`` goes into the payload."""
        self._append(EntryKind.ACCESS_GRANTED, subject, factor, factor_id, by, private or {})

    def revoked(
        self,
        subject: str,
        factor: str,
        factor_id: str,
        by: Granter,
        private: Mapping[str, Json] | None = None,
    ) -> None:
        """They have it no more."""
        self._append(EntryKind.ACCESS_REVOKED, subject, factor, factor_id, by, private or {})

    def _append(
        self,
        kind: EntryKind,
        subject: str,
        factor: str,
        factor_id: str,
        by: Granter,
        private: Mapping[str, Json],
    ) -> None:
        draft = EntryDraft(
            actor=by.id,
            role=by.role,
            kind=kind,
            facts={"subject": subject, "factor": factor, "device": factor_id, "via": by.via},
            payload={"via": via_json(by), **private},
        )

        def compose(_history: Sequence[SealedEntry]) -> Composition:
            return Composition((draft,))

        key = f"factor:{kind}:{factor_id}"
        digest = hashlib.sha256(key.encode()).hexdigest()
        self._ledger.append(ACCESS_CASE, compose, idempotency_key=key, request_digest=digest)
