"""HTTP to addresses that may not be what they seem: resolved once, public, over TLS, or not spoken to at all.

Addresses come from the configuration, and some (where revocation of a certificate is told) from certificates that
strangers bring. None may reach what only this machine or its network can: every address that a name resolves to must be
public, and the connection goes to the address that was looked at, so that a name cannot change its mind in between.
Hosts that the operator names are excepted: the desk's own authority may well stand inside.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from anchoring.transport import MAX_ANSWER_BYTES, TIMEOUT_SECONDS, Answer, Unreachable

Resolve = Callable[[str, int], list[str]]
"""From a host and a port to its addresses; raises `OSError`."""

_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("2002::/16"))
"""IPv6 addresses that stand for IPv4 ones (NAT64, 6to4): where they lead is decided elsewhere."""

_PORTS = {"https": 443, "http": 80}


class Forbidden(Unreachable):
    """The address is not one to be spoken to; nothing was sent."""


def resolve(host: str, port: int) -> list[str]:
    """See `Resolve`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(item[4][0]) for item in found]


def is_public(address: str) -> bool:
    """Whether an address is of the public Internet: not private, local, shared (100.64/10), mapped or reserved."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None or found.teredo is not None:
            return False
        if any(found in network for network in _TRANSLATED):
            return False
    assert isinstance(found, IPv4Address | IPv6Address)  # noqa: S101 - what ip_address makes
    return found.is_global and not found.is_multicast


@dataclass(frozen=True, slots=True)
class Guarded:
    """Speaks HTTP to public addresses only.

    Args:
        inside: ``host:port`` of what the operator allows to lie inside, and to be spoken to without TLS.
        plain: whether ``http://`` is taken from public hosts: for data that is signed itself, such as revocation lists.
        look_up: how names become addresses.
        deadline_seconds: how long a request may take once names are resolved, head and body of the answer together.
    """

    inside: frozenset[str] = frozenset()
    plain: bool = False
    look_up: Resolve = resolve
    deadline_seconds: int = field(default=3 * TIMEOUT_SECONDS)

    def post(self, url: str, body: bytes, media: str) -> Answer:
        """`anchoring.transport.Post`; raises also `Forbidden`, which is an `Unreachable`."""
        return self._ask("POST", url, body, {"Content-Type": media})

    def send(self, url: str, body: bytes, media: str, headers: Mapping[str, str]) -> Answer:
        """The same with headers of the caller's own."""
        return self._ask("POST", url, body, {"Content-Type": media, **headers})

    def check(self, url: str) -> None:
        """Whether this address would be spoken to now; sends nothing. Raises as `post` does."""
        parts = _split(url)
        self._connection(parts.scheme, *_target(parts)).close()

    def get(self, url: str) -> Answer:
        """Fetch; raises as `post` does."""
        return self._ask("GET", url, None, {})

    def _ask(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        parts = _split(url)
        host, port = _target(parts)
        connection = self._connection(parts.scheme, host, port)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            with connection.ending(self.deadline_seconds):
                connection.request(method, path, body, {"Connection": "close", **headers})
                with connection.getresponse() as found:
                    content = _content(found, host)
                connection.check()
            return Answer(found.status, found.headers.get_content_type(), content)
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(f"{host}: {'took too long' if connection.late else error}") from error
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int) -> _Pinned:
        allowed = f"{host}:{port}" in self.inside
        if scheme != "https" and not (scheme == "http" and (self.plain or allowed)):
            raise Forbidden(f"{host}: only https is spoken")
        try:
            addresses = self.look_up(host, port)
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"{host}: {error}") from error
        if not addresses:
            raise Unreachable(f"{host}: has no address")
        if not allowed and not all(is_public(address) for address in addresses):
            raise Forbidden(f"{host}: not a public address")
        return _Pinned(host, port, addresses[0], tls=scheme == "https")


class _Pinned(HTTPConnection):
    """Goes to the address that was looked at; the name is for the Host header and the certificate."""

    def __init__(self, host: str, port: int, address: str, *, tls: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self._address = address
        self._tls = tls
        self._line: socket.socket | None = None
        self.late = False
        self.default_port = _PORTS["https" if tls else "http"]

    @contextmanager
    def ending(self, seconds: float) -> Iterator[None]:
        """Shut the line after so long, whatever is being read: the time-out of a socket begins anew with each byte."""
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def check(self) -> None:
        """Refuse what was cut by `ending`: to a reader it is an answer that is over. Raises `TimeoutError`."""
        if self.late:
            raise TimeoutError

    def connect(self) -> None:
        """Open the socket, and TLS over it."""
        line = socket.create_connection((self._address, self.port), TIMEOUT_SECONDS)
        try:
            if self._tls:
                context = ssl.create_default_context()
                line = context.wrap_socket(line, server_hostname=self.host, do_handshake_on_connect=False)
            self._line = line
            self.check()
            if isinstance(line, ssl.SSLSocket):
                line.do_handshake()
        except BaseException:
            line.close()
            raise
        self.sock = line

    def _end(self) -> None:
        self.late = True
        if self._line is not None:
            with suppress(OSError):  # it may be shut already
                socket.socket.shutdown(self._line, socket.SHUT_RDWR)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:  # such as a bracket that is never closed
        raise Forbidden("not an address") from error


def _target(parts: SplitResult) -> tuple[str, int]:
    try:
        port = parts.port
    except ValueError as error:
        raise Forbidden("not an address") from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise Forbidden("not an address to speak to")
    return parts.hostname, port or _PORTS[parts.scheme]


def _content(found: HTTPResponse, host: str) -> bytes:
    """The body, within size."""
    content = b""
    while block := found.read1(1 << 16):
        content += block
        if len(content) > MAX_ANSWER_BYTES:
            raise Unreachable(f"{host}: an answer of more than {MAX_ANSWER_BYTES} bytes")
    return content
