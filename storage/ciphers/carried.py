"""Files of a case that outlived its former key: the headers that count in place of their own (decision 0221)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from evidence.atrest import key_of
from evidence.entry import BlobRef
from evidence.ports import StoreUnavailable
from storage.ciphers.tables import case_header, case_key_gone

_HEADER = select(case_header.c.key_id, case_header.c.header).where(
    case_header.c.object == bindparam("wanted")
)


def header_of(connection: Connection, ref: BlobRef) -> tuple[str, bytes] | None:
    """The id of the key and the header that open a file whose own key is gone; ``None``: it went with that key."""
    row = connection.execute(_HEADER, {"wanted": ref.key}).first()
    return None if row is None else (row.key_id, bytes(row.header))


def require_readable(connection: Connection, brought: Sequence[BlobRef]) -> None:
    """Refuse files whose key was destroyed between their storing and this append, under the case's lock.

    Raises:
        StoreUnavailable: to be tried again, which stores them under the key that followed.
    """
    put = {key_of(blob.enc) for blob in brought}
    wanted = select(case_key_gone.c.key_id).where(case_key_gone.c.key_id.in_(put))
    gone = set(connection.execute(wanted).scalars())
    lost = {blob.key for blob in brought if key_of(blob.enc) in gone}
    if not lost:
        return
    held = select(case_header.c.object).where(case_header.c.object.in_(lost))
    if lost - set(connection.execute(held).scalars()):
        raise StoreUnavailable("the case got another key meanwhile; store its files again")
