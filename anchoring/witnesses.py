"""Asking a witness to cosign a checkpoint (C2SP ``tlog-witness``), and believing only what verifies."""

from __future__ import annotations

import re
from http import HTTPStatus

from anchoring.transport import Answer, Post, Unreachable, post
from evidence.checkpoint import Checkpoint, peek_checkpoint
from evidence.note import NoteError, Signature, VerifierKey, open_note
from evidence.policy import Witness
from evidence.ports import LedgerStore
from evidence.tiles import TileHashReader
from evidence.tree import consistency_proof
from witness.protocol import PATH, SIZE_MEDIA, AddCheckpoint

_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
_ATTEMPTS = 3


class WitnessRefuses(Exception):
    """A witness does not cosign; ``status`` and its words. A thing to look into, not to retry blindly."""

    def __init__(self, name: str, status: int, detail: str) -> None:
        super().__init__(f"{name}: {status} {detail}")
        self.name = name
        self.status = status
        self.detail = detail


class WitnessAhead(WitnessRefuses):
    """A witness has cosigned more entries than this log has: the log was cut, or an old copy is running."""


class WitnessClient:
    """Speaks to one witness.

    Args:
        witness: name, key (`evidence.note.COSIGNATURE`) and address, as in a policy.
        send: how a request is made.
    """

    def __init__(self, witness: Witness, send: Post = post) -> None:
        if not witness.url:
            raise ValueError(f"the witness {witness.name!r} has no address")
        self._witness = witness
        self._send = send
        self._last = 0

    @property
    def name(self) -> str:
        """The name of its key."""
        return self._witness.key.name

    def cosign(self, ledger: LedgerStore, note: bytes) -> tuple[bytes, Signature]:
        """The note with the witness's line added, and that line's signature, verified.

        Raises:
            WitnessAhead, WitnessRefuses: see there.
            Unreachable: try again later.
            StoreError: the ledger cannot give the proof.
        """
        checkpoint = peek_checkpoint(note)
        for _ in range(_ATTEMPTS):
            answer = self._ask(ledger, checkpoint, note)
            if answer.status == HTTPStatus.OK:
                self._last = checkpoint.size
                return self._opened(note, answer.body)
            size = self._told(answer)
            if size is None or size == self._last:
                raise WitnessRefuses(self.name, answer.status, answer.body[:200].decode("utf-8", "replace"))
            if size > checkpoint.size:
                raise WitnessAhead(
                    self.name, answer.status, f"has cosigned {size}, this is {checkpoint.size}"
                )
            self._last = size
        raise Unreachable(f"{self.name}: another log of this name keeps moving it")

    def _ask(self, ledger: LedgerStore, checkpoint: Checkpoint, note: bytes) -> Answer:
        old = min(self._last, checkpoint.size)
        read = TileHashReader(checkpoint.size, ledger.tile)
        proof = consistency_proof(old, checkpoint.size, read) if old else ()
        body = AddCheckpoint(old, tuple(proof), note).body()
        return self._send(self._witness.url.rstrip("/") + PATH, body, "text/plain; charset=utf-8")

    def _told(self, answer: Answer) -> int | None:
        """The size the witness is at, where it says so."""
        if answer.status != HTTPStatus.CONFLICT or answer.media != SIZE_MEDIA:
            return None
        found = _SIZE.fullmatch(answer.body)
        return int(found[1]) if found else None

    def _opened(self, note: bytes, lines: bytes) -> tuple[bytes, Signature]:
        key: VerifierKey = self._witness.key
        try:
            opened = open_note(note + lines, [key])
        except NoteError as error:
            raise WitnessRefuses(self.name, HTTPStatus.OK, f"its answer does not verify: {error}") from error
        signature = opened.verified[0]
        return note + signature.line, signature  # what else a witness sends along is not kept
