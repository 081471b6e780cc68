"""A provider's metadata and keys, fetched when they are needed and kept for a while by each process.

OpenID Connect Discovery 1.0, sections 4.1 to 4.3; RFC 7517 for the key set; OpenID Connect Core 1.0, section 10.1.1
for the rotation of keys: a key that is not known is looked for once more, and no oftener than once a minute, so that
made-up key ids cannot make this house ask without end.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from evidence.canonical import Json
from identity.oidc.errors import DirectoryRefused, DirectoryUnreachable

WELL_KNOWN = "/.well-known/openid-configuration"
KEEP_SECONDS = 3600.0
LOOK_AGAIN_SECONDS = 60.0
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Signatures taken: asymmetric alone, never ``none`` or an HMAC (RFC 8725, sections 2.1 and 3.1)."""
_MOST_KEYS = 40


class Http(Protocol):
    """How the directory is spoken to. Bounded in time and size, redirects not followed.

    Raises:
        DirectoryUnreachable: nobody answered, or the address is not one to be spoken to.
    """

    def get(self, url: str) -> tuple[int, bytes]:
        """Status and body."""
        ...

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a form; status and body."""
        ...


@dataclass(frozen=True, slots=True)
class Client:
    """This house as the provider knows it. ``strong``: values of ``amr`` or ``acr`` that mean a second factor."""

    issuer: str
    id: str
    secret: str = ""
    strong: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is used of a provider's configuration (Discovery, section 3; RFC 9207, section 3)."""

    issuer: str
    authorization: str
    token: str
    jwks: str
    end_session: str = ""
    says_issuer: bool = False
    basic: bool = True


class Provider:
    """One provider, seen by one process; any number of threads. ``monotonic``: seconds that only grow."""

    def __init__(self, client: Client, http: Http, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.client = client
        self.http = http
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._metadata: Metadata | None = None
        self._metadata_at = 0.0
        self._keys: Any = None
        self._keys_at = 0.0

    def metadata(self) -> Metadata:
        """The provider's configuration.

        Raises:
            DirectoryUnreachable: it cannot be had. DirectoryRefused: it is another issuer's (Discovery, section 4.3).
        """
        with self._lock:
            kept = self._metadata
            if kept is None or self._monotonic() - self._metadata_at > KEEP_SECONDS:
                kept = self._metadata = _metadata(self._json(self._configuration()), self.client.issuer)
                self._metadata_at = self._monotonic()
        return kept

    def keys(self, kid: str) -> Any:
        """The key set (`joserfc.jwk.KeySet`), fetched again where it does not know ``kid`` or is old.

        Raises:
            DirectoryUnreachable, DirectoryRefused: ``keys`` where it is none.
        """
        address = self.metadata().jwks
        with self._lock:
            age = self._monotonic() - self._keys_at
            known = self._keys is not None and (not kid or any(key.kid == kid for key in self._keys.keys))
            if self._keys is None or age > KEEP_SECONDS or (not known and age > LOOK_AGAIN_SECONDS):
                self._keys = _key_set(self._json(address))
                self._keys_at = self._monotonic()
            return self._keys

    def _configuration(self) -> str:
        return self.client.issuer.rstrip("/") + WELL_KNOWN

    def _json(self, url: str) -> Mapping[str, Json]:
        status, body = self.http.get(url)
        if status != 200:
            raise DirectoryUnreachable(f"answered {status}")
        return json_object(body)


def json_object(body: bytes) -> Mapping[str, Json]:
    """A JSON object that somebody sent. Raises `DirectoryUnreachable` for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DirectoryUnreachable("not JSON") from error
    if not isinstance(found, dict):
        raise DirectoryUnreachable("not an object")
    return found


def _metadata(found: Mapping[str, Json], issuer: str) -> Metadata:
    if found.get("issuer") != issuer:
        raise DirectoryRefused("issuer")
    methods = found.get("token_endpoint_auth_methods_supported")
    return Metadata(
        issuer,
        _address(found, "authorization_endpoint"),
        _address(found, "token_endpoint"),
        _address(found, "jwks_uri"),
        _address(found, "end_session_endpoint", needed=False),
        found.get("authorization_response_iss_parameter_supported") is True,
        not isinstance(methods, list) or "client_secret_basic" in methods,
    )


def _address(found: Mapping[str, Json], name: str, *, needed: bool = True) -> str:
    value = found.get(name)
    if isinstance(value, str) and value.startswith(("https://", "http://")) and value.isprintable():
        return value
    if needed:
        raise DirectoryUnreachable(f"no {name}")
    return ""


def _key_set(found: Mapping[str, Json]) -> Any:
    """Public keys to verify signatures with; what is of a kind nobody asked for is left out, not complained of."""
    from joserfc.errors import JoseError  # noqa: PLC0415 - loaded when somebody signs in
    from joserfc.jwk import KeySet, import_key  # noqa: PLC0415 - the same

    told, kept = found.get("keys"), []
    if not isinstance(told, list) or len(told) > _MOST_KEYS:
        raise DirectoryRefused("keys")
    for item in told:
        if not isinstance(item, dict) or item.get("kty") not in {"RSA", "EC", "OKP"}:
            continue  # symmetric keys among public ones would let anybody sign
        if item.get("use", "sig") != "sig" or "d" in item:
            continue
        try:
            kept.append(import_key(_plain(item)))
        except (JoseError, ValueError, TypeError, KeyError):
            continue  # a curve or size this library does not know
    if not kept:
        raise DirectoryRefused("keys")
    return KeySet(kept)


def _plain(item: Mapping[str, Json]) -> dict[str, str | list[str]]:
    """A key's members that are texts: what a key may be used for is judged here, not by what it says of itself."""
    return {name: value for name, value in item.items() if isinstance(value, str)}
