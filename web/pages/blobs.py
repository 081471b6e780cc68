"""Sealed bytes on their way to a person: read to the end and compared with the seal before any of them is used."""

from __future__ import annotations

import shutil
import tempfile
from typing import BinaryIO, cast

from evidence.entry import BlobRef
from evidence.ports import BlobStore

_IN_MEMORY = 4 * 1024 * 1024


def checked_copy(blobs: BlobStore, ref: BlobRef) -> BinaryIO:
    """A private copy of the object, at its start, whose digest and size are those sealed.

    Raises:
        BlobMissing, BlobCorrupt, StoreUnavailable: nothing was handed out.
    """
    copy = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - the caller closes it
    try:
        with blobs.open(ref) as stream:
            shutil.copyfileobj(stream, copy)
        copy.seek(0)
    except BaseException:
        copy.close()
        raise
    return copy
