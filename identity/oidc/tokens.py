"""Which tokens of a provider are believed: ID Tokens, and the Logout Tokens of its back channel.

OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725 (best practice for JWTs); OpenID Connect Back-Channel Logout 1.0,
section 2.6. A token is read, judged and forgotten; nothing here keeps one or says what stood in it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from identity.oidc.errors import DirectoryRefused
from identity.oidc.provider import ALGORITHMS, Provider

LEEWAY_SECONDS = 120
"""By how much the provider's clock and ours may differ."""
OLDEST_SECONDS = 600
"""An ID Token is used at once; one issued longer ago than a sign-in may last is somebody's old one."""
_LONGEST = 64 * 1024
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in at the provider: ``sub`` is theirs for ever, ``sid`` this session's there (``""``: it has none).

    ``auth_time`` is when they proved who they are (0: the provider does not say); ``strong`` whether by a second
    factor.
    """

    sub: str
    sid: str = ""
    auth_time: int = 0
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that ended at the provider: by ``sid``, by ``sub``, or by both; ``id`` is the message's own."""

    sub: str
    sid: str
    id: str


def person_of(token: str, provider: Provider, nonce: str, now: datetime) -> Person:
    """Who an ID Token says has signed in. Raises `DirectoryRefused` with the check that failed."""
    claims = _claims(token, provider, now)
    client = provider.client
    told = claims.get("nonce")
    if not isinstance(told, str) or not hmac.compare_digest(told.encode(), nonce.encode()):
        raise DirectoryRefused("nonce")
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") is None:
        raise DirectoryRefused("azp")
    if claims.get("azp", client.id) != client.id:
        raise DirectoryRefused("azp")
    auth_time = claims.get("auth_time", 0)
    if not isinstance(auth_time, int) or isinstance(auth_time, bool) or auth_time < 0:
        raise DirectoryRefused("auth_time")
    return Person(_sub(claims), _text(claims, "sid"), auth_time, _strong(claims, client.strong))


def ended_by(token: str, provider: Provider, now: datetime) -> Ended:
    """Which session a Logout Token ends (Back-Channel Logout, section 2.6). Raises `DirectoryRefused`."""
    claims = _claims(token, provider, now, kinds=frozenset({"logout+jwt", "jwt", ""}))
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict):
        raise DirectoryRefused("events")
    if "nonce" in claims:
        raise DirectoryRefused("nonce")
    sub, sid, told = _text(claims, "sub"), _text(claims, "sid"), _text(claims, "jti")
    if not (sub or sid) or not told:
        raise DirectoryRefused("sub")
    return Ended(sub, sid, told)


def _claims(
    token: str, provider: Provider, now: datetime, kinds: frozenset[str] = frozenset({"jwt", ""})
) -> Mapping[str, Any]:
    """Signature, issuer, audience and times; what both kinds of token have in common."""
    header, claims = _signed(token, provider)
    if str(header.get("typ", "")).lower() not in kinds:
        raise DirectoryRefused("typ")
    client = provider.client
    if claims.get("iss") != client.issuer:
        raise DirectoryRefused("iss")
    audience = claims.get("aud")
    known = [audience] if isinstance(audience, str) else audience
    if not isinstance(known, list) or client.id not in known:
        raise DirectoryRefused("aud")
    moment, issued = now.timestamp(), _time(claims, "iat")
    if _time(claims, "exp") <= moment - LEEWAY_SECONDS:
        raise DirectoryRefused("exp")
    if issued > moment + LEEWAY_SECONDS or issued < moment - OLDEST_SECONDS - LEEWAY_SECONDS:
        raise DirectoryRefused("iat")
    if "nbf" in claims and _time(claims, "nbf") > moment + LEEWAY_SECONDS:
        raise DirectoryRefused("nbf")
    return claims


def _signed(token: str, provider: Provider) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims of a token signed by one of the provider's keys with an algorithm of `ALGORITHMS`."""
    from joserfc import jws, jwt  # noqa: PLC0415 - loaded when somebody signs in
    from joserfc.errors import JoseError  # noqa: PLC0415 - the same

    if len(token) > _LONGEST:
        raise DirectoryRefused("token")
    try:
        header = jws.extract_compact(token.encode()).headers()
        if header.get("alg") not in ALGORITHMS or "crit" in header:
            raise DirectoryRefused("alg")
        kid = header.get("kid")
        keys = provider.keys(kid if isinstance(kid, str) else "")
        return header, jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise DirectoryRefused("signature") from error


def _time(claims: Mapping[str, Any], name: str) -> float:
    """A NumericDate (RFC 7519, section 2), which must be there."""
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise DirectoryRefused(name)
    return float(value)


def _sub(claims: Mapping[str, Any]) -> str:
    """Core, section 2: at most 255 ASCII characters, case sensitive."""
    sub = _text(claims, "sub")
    if not sub:
        raise DirectoryRefused("sub")
    return sub


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str) or len(value) > 255 or not value.isprintable():
        raise DirectoryRefused(name)
    return value


def _strong(claims: Mapping[str, Any], wanted: frozenset[str]) -> bool:
    """Whether ``amr`` (RFC 8176) or ``acr`` (Core, section 2) has one of the values that mean a second factor."""
    methods = claims.get("amr")
    told = {item for item in methods if isinstance(item, str)} if isinstance(methods, list) else set()
    level = claims.get("acr")
    return bool(wanted & (told | ({level} if isinstance(level, str) else set())))
