"""Where encrypted secrets wait: the port, with its contract written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class SecretStore(Protocol):
    """Durable rows beside the requests of `signing.store.LinkStore`, which empties them when a request ends.

    Errors: `evidence.ports.StoreUnavailable`, then nothing has changed.
    """

    def keep(self, request_id: str, sealed: bytes) -> None:
        """Keep the encrypted secret of a request that is kept already."""
        ...

    def sealed(self, request_id: str) -> bytes:
        """The encrypted secret of a request; empty where there is none, or none any more."""
        ...

    def destroyed(self) -> Sequence[str]:
        """Requests whose secret was destroyed, and whose case may not say so yet."""
        ...

    def forget(self, request_id: str) -> None:
        """Remove what is left of a destroyed secret: the case says that it was."""
        ...
