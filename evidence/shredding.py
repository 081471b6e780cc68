"""Making unreadable what a case keeps beside its entries, once an entry says that it was erased.

Entries stay for ever. What goes is everything that is only committed to by them: payloads with their salts, the keys of
the case, under which its files lie encrypted, and whatever was derived from either. The order is the whole point: the
entry ``erasure.executed`` comes first, so that what is absent is always explained by the log itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from evidence.ports import BlobMissing, StoreError


class NotErased(StoreError):
    """The case has no ``erasure.executed``, or not about everything that would go: nothing was destroyed."""


class BlobErased(BlobMissing):
    """The object may still lie in the store; the key it was encrypted to was destroyed, and nobody can read it."""


class BlobWithheld(BlobMissing):
    """The object is there and can be read; it stands in quarantine, and nobody is given it."""


@dataclass(frozen=True, slots=True)
class Shredded:
    """What one call destroyed; all zero where there was nothing left to do.

    ``payloads`` with their salts, ``files`` that can no longer be read, ``derived`` rows made from either (search,
    texts of files, drafts, copies of mails). ``plain`` are files of erased entries that were stored before encryption
    was on and that no key protects: whoever erases has to be told, and they are told again at every call.
    """

    case: str
    payloads: int = 0
    files: int = 0
    derived: int = 0
    plain: int = 0


@dataclass(frozen=True, slots=True)
class ShreddedParts:
    """What one call destroyed of a case's quarantines; all zero where there was nothing left to do.

    ``plain`` are files that no key protects, stored before encryption was on: nobody is given them, and they stay in
    the store. ``kept`` are files that were carried over to the case's next key.
    """

    case: str
    payloads: int = 0
    files: int = 0
    derived: int = 0
    plain: int = 0
    kept: int = 0


class PartShredder(Protocol):
    """Destroys single files and payloads of a case; as durable, idempotent and atomic as `Shredder`.

    The case gets another key: what is left of it is read by that one, without being written again to the object store,
    and the former one is destroyed as in an erasure. An append to the case waits, or comes first.
    """

    def shred_parts(self, case: str) -> ShreddedParts:
        """Destroy what the ``quarantine.destroyed`` of the case name.

        Raises:
            NotErased: there is none. StoreUnavailable: nothing is known to be destroyed; to be called again.
        """
        ...


class Shredder(Protocol):
    """Destroys what `LedgerStore` and `BlobStore` keep of a case beside its entries.

    Durability: when `shred` returns, what was destroyed stays so after the death of process and machine. Idempotence:
    done again, it finds nothing to do. Atomicity: keys, payloads and derived rows of the database go together.
    Concurrency: any number of callers; an append to the same case waits, or comes first and is spared.
    """

    def shred(self, case: str) -> Shredded:
        """Destroy what the entries of the case that an ``erasure.executed`` names in its ``refs`` brought.

        Payloads of other entries of the case (that of the erasure itself, for one) stay readable.

        Raises:
            NotErased: no ``erasure.executed`` in the case, or a file would become unreadable whose entry none names.
            StoreUnavailable: nothing is known to be destroyed; to be called again.
        """
        ...
