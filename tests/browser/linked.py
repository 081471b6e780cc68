"""A desk served on the very address that its mailed links lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from tests.browser.serving import serving
from tests.fakes.installation import Installation
from tests.servers.processes import free_ports

PHONE = {"width": 360, "height": 740}


class Room(Protocol):
    """One of `tests.fakes`' rooms."""

    @property
    def place(self) -> Installation:
        """The installation."""
        ...


Made = TypeVar("Made", bound=Room)


@contextmanager
def at_its_address(begin: Callable[[dict[str, str]], Made], host: str = "127.0.0.1") -> Iterator[Made]:
    """Begin a room with its public address, and serve it there, on a port that is known beforehand.

    ``localhost`` as ``host`` is a name that browsers bind passkeys to.
    """
    (port,) = free_ports(1)
    made = begin({"CONSTANCIA_PUBLIC_URL": f"http://{host}:{port}"})
    try:
        with serving(made.place.app, port):
            yield made
    finally:
        made.place.close()
