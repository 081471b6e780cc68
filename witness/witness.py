"""The decision: what is cosigned, and how everything else is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from http import HTTPStatus

from evidence.checkpoint import Checkpoint, open_checkpoint, peek_checkpoint
from evidence.note import NoteError, SigningKey, VerifierKey, cosign
from evidence.tree import EMPTY_ROOT, InvalidProof, verify_consistency
from witness.book import Book
from witness.protocol import SIZE_MEDIA, AddCheckpoint, MalformedRequest, parse_request

TEXT_MEDIA = "text/plain; charset=utf-8"


class Refused(Exception):
    """A request that is not cosigned: the status and body that the specification asks for."""

    def __init__(self, status: HTTPStatus, body: str, media: str = TEXT_MEDIA) -> None:
        super().__init__(f"{status.value} {body}")
        self.status = status
        self.body = f"{body}\n"
        self.media = media


class Witness:
    """Cosigns the checkpoints of the logs it was told of.

    Args:
        key: its own; the name tells witnesses apart.
        logs: keys of the logs; a key's name is its log's origin, and a log may have several while it rotates them.
        book: its memory.
        clock: gives the time that a cosignature states.
    """

    def __init__(
        self, key: SigningKey, logs: Iterable[VerifierKey], book: Book, clock: Callable[[], datetime]
    ) -> None:
        self._key = key
        self._logs = tuple(logs)
        self._book = book
        self._clock = clock

    def add_checkpoint(self, body: bytes) -> bytes:
        """The signature line for a request.

        The head is in the book before the cosignature leaves; two requests at once cannot take it back.

        Raises:
            Refused: malformed (400), an unknown log (404), not signed by it (403), not from the last size or another
                root at the same size (409), no proof that it continues (422).
        """
        try:
            request = parse_request(body)
        except MalformedRequest as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error
        checkpoint = self._opened(request.note)
        if request.old > checkpoint.size:
            raise Refused(HTTPStatus.BAD_REQUEST, "the old size is above the checkpoint's")
        last = self._book.last(checkpoint.origin)
        self._check(request, checkpoint, last)
        head = checkpoint.size, checkpoint.root
        if last != head and not self._book.advance(checkpoint.origin, last, head):
            raise self._conflict(checkpoint.origin)
        return cosign(checkpoint.body(), self._key, int(self._clock().timestamp()))

    def _opened(self, note: bytes) -> Checkpoint:
        try:
            origin = peek_checkpoint(note).origin
        except NoteError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error
        keys = [key for key in self._logs if key.name == origin]
        if not keys:
            raise Refused(HTTPStatus.NOT_FOUND, "not a log of this witness")
        try:
            return open_checkpoint(note, keys, origin)
        except NoteError as error:
            raise Refused(HTTPStatus.FORBIDDEN, f"not signed by the log: {error}") from error

    def _check(self, request: AddCheckpoint, checkpoint: Checkpoint, last: tuple[int, bytes] | None) -> None:
        size, root = last if last is not None else (0, EMPTY_ROOT)
        if request.old != size:
            raise self._conflict(checkpoint.origin)
        if size == checkpoint.size and root != checkpoint.root:
            raise self._conflict(checkpoint.origin)
        try:
            if size:
                verify_consistency(size, checkpoint.size, root, checkpoint.root, request.proof)
            elif request.proof:
                raise InvalidProof("a proof from nothing is empty")
        except InvalidProof as error:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error

    def _conflict(self, origin: str) -> Refused:
        last = self._book.last(origin)
        return Refused(HTTPStatus.CONFLICT, str(last[0] if last is not None else 0), SIZE_MEDIA)
