"""The authorization code flow with PKCE: what the browser takes to the provider, and the code it brings back.

OpenID Connect Core 1.0, section 3.1; RFC 7636 (PKCE, S256 alone); RFC 9207 (which issuer answers); RFC 9700 (best
practice). Everything that must be secret about one sign-in follows from one secret in the browser's cookie by HMAC, so
that no worker, and no row of the database, holds anything by which somebody else could finish it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from identity.oidc.errors import DirectoryDenied, DirectoryRefused, DirectoryUnreachable
from identity.oidc.provider import Metadata, Provider, json_object
from identity.oidc.tokens import Person, person_of

_LONGEST_CODE = 4096


@dataclass(frozen=True, slots=True)
class Secrets:
    """What one sign-in shows to the provider and to nobody else."""

    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        """RFC 7636, section 4.2: S256."""
        return _b64(hashlib.sha256(self.verifier.encode()).digest())


def secrets_of(token: str, key: bytes) -> Secrets:
    """The values of the sign-in whose secret the browser keeps; ``key`` is the installation's."""

    def derived(what: str) -> str:
        return _b64(hmac.new(key, f"{what}\n{token}".encode(), hashlib.sha256).digest())

    return Secrets(derived("state"), derived("nonce"), derived("verifier"))


def address(
    provider: Provider, secrets: Secrets, redirect: str, *, again: bool = False, language: str = ""
) -> str:
    """Where the browser goes. ``again``: the person must prove who they are now, whatever session they have there.

    Core, section 3.1.2.1; with ``max_age`` the provider must say when that was (``auth_time``).
    """
    asked = {
        "response_type": "code",
        "client_id": provider.client.id,
        "redirect_uri": redirect,
        "scope": "openid",
        "state": secrets.state,
        "nonce": secrets.nonce,
        "code_challenge": secrets.challenge,
        "code_challenge_method": "S256",
    }
    if again:
        asked |= {"prompt": "login", "max_age": "0"}
    if language:
        asked["ui_locales"] = language
    where = provider.metadata().authorization
    return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"


def code_of(told: Mapping[str, str], provider: Provider, secrets: Secrets) -> str:
    """The code of an authorization response (Core, section 3.1.2.5), if it answers this very sign-in.

    Raises:
        DirectoryRefused: ``state``, ``iss`` (RFC 9207, section 2.4: another provider's answer) or ``code``.
        DirectoryDenied: the provider, or the person there, said no.
    """
    if not hmac.compare_digest(told.get("state", "").encode(), secrets.state.encode()):
        raise DirectoryRefused("state")
    issuer = told.get("iss")
    if issuer is None and provider.metadata().says_issuer:
        raise DirectoryRefused("iss")
    if issuer is not None and issuer != provider.client.issuer:
        raise DirectoryRefused("iss")
    if "error" in told:
        raise DirectoryDenied("denied")
    code = told.get("code", "")
    if not 0 < len(code) <= _LONGEST_CODE or not code.isprintable():
        raise DirectoryRefused("code")
    return code


def redeem(provider: Provider, secrets: Secrets, code: str, redirect: str, now: datetime) -> Person:
    """Change a code for the ID Token (Core, section 3.1.3) and believe what it says, if it may be believed.

    The access token that comes with it is for nothing here: it is not looked at.

    Raises:
        DirectoryRefused: ``code`` where the provider does not take it (used, expired, another's), or a check's name.
        DirectoryUnreachable.
    """
    metadata = provider.metadata()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "client_id": provider.client.id,
        "code_verifier": secrets.verifier,
    }
    status, body = provider.http.post(metadata.token, *_authenticated(provider, metadata, form))
    if 400 <= status < 500:
        raise DirectoryRefused("code")
    if status != 200:
        raise DirectoryUnreachable(f"answered {status}")
    answer = json_object(body)
    kind, token = answer.get("token_type"), answer.get("id_token")
    if not isinstance(token, str) or not isinstance(kind, str) or kind.lower() != "bearer":
        raise DirectoryRefused("token")
    return person_of(token, provider, secrets.nonce, now)


def end_session(provider: Provider, back: str, language: str = "") -> str:
    """Where the browser goes to end the provider's session too (RP-Initiated Logout 1.0, section 2), or ``""``.

    No ID Token is kept, so none is given as a hint: the provider asks the person, as that section has it.
    """
    where = provider.metadata().end_session
    if not where:
        return ""
    asked = {"client_id": provider.client.id, "post_logout_redirect_uri": back}
    if language:
        asked["ui_locales"] = language
    return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"


def _authenticated(
    provider: Provider, metadata: Metadata, form: dict[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """RFC 6749, section 2.3.1; a client without a secret is a public one, held by PKCE."""
    client = provider.client
    if not client.secret:
        return form, {}
    if not metadata.basic:
        return {**form, "client_secret": client.secret}, {}
    told = f"{quote(client.id, safe='')}:{quote(client.secret, safe='')}"
    return form, {"Authorization": "Basic " + base64.b64encode(told.encode()).decode()}


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
