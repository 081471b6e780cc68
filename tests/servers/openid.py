"""A small OpenID provider on loopback: honest unless told otherwise. Its tokens are made by `cryptography` alone.

It knows one client and whoever ``sub`` says has signed in; it checks what a provider must check (redirect, PKCE, client
secret, one use of each code), so that a client which leaves something out fails here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT, SECRET = "constancia", "secreto del cliente"


def b64(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclass
class Key:
    """A signing key with its id."""

    kid: str
    private: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def jwk(self) -> dict[str, str]:
        """Its public half."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": _number(numbers.n),
            "e": _number(numbers.e),
        }

    def public_pem(self) -> bytes:
        """As an attacker has it who signs with HMAC under the public key."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, text: str) -> bytes:
        """RS256."""
        return self.private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())


@dataclass
class OpenId:
    """The provider, and how it is told to behave.

    ``change`` is laid over the claims, ``drop`` taken out of them; ``alg`` and ``header`` are those of the token;
    ``says_issuer`` whether RFC 9207's parameter is announced, and ``answers_as`` what it says.
    """

    sub: str = "persona-1"
    amr: tuple[str, ...] = ("pwd", "mfa")
    key: Key = field(default_factory=lambda: Key("uno"))
    published: list[Key] = field(default_factory=list)
    alg: str = "RS256"
    header: dict[str, Any] = field(default_factory=dict)
    change: dict[str, Any] = field(default_factory=dict)
    drop: set[str] = field(default_factory=set)
    says_issuer: bool = True
    answers_as: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    refuses: bool = False
    down: bool = False
    clock: Any = time.time
    issuer: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.issuer).netloc

    def configuration(self) -> dict[str, Any]:
        """What discovery says."""
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": self.issuer + "/authorize",
            "token_endpoint": self.issuer + "/token",
            "jwks_uri": self.issuer + "/jwks",
            "end_session_endpoint": self.issuer + "/leave",
            "authorization_response_iss_parameter_supported": self.says_issuer,
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
        return {**told, **self.metadata}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to, with a code."""
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        self.asked.append(asked)
        told = {"state": asked["state"], "iss": self.answers_as or self.issuer}
        if not self.says_issuer and not self.answers_as:
            del told["iss"]
        if self.refuses:
            return f"{asked['redirect_uri']}?{urlencode({**told, 'error': 'access_denied'})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({**told, 'code': code})}"

    def claims(self, asked: dict[str, str]) -> dict[str, Any]:
        """What an ID Token of that sign-in says."""
        now = int(self.clock())
        told = {
            "iss": self.issuer, "sub": self.sub, "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "auth_time": now, "amr": list(self.amr), "sid": "sesión-1",
        }  # fmt: skip
        return {name: value for name, value in {**told, **self.change}.items() if name not in self.drop}

    def token(self, claims: dict[str, Any], typ: str = "JWT") -> str:
        """Signed as ``alg`` says, however wrong that is."""
        header = {"alg": self.alg, "typ": typ, "kid": self.key.kid, **self.header}
        text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        if self.alg == "none":
            return text + "."
        if self.alg == "HS256":
            return f"{text}.{b64(hmac.new(self.key.public_pem(), text.encode(), hashlib.sha256).digest())}"
        return f"{text}.{b64(self.key.sign(text))}"

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """A code for tokens: once, for its client, its redirect and its verifier."""
        wanted = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()).decode()
        if authorization != f"Basic {wanted}":
            return 401, {"error": "invalid_client"}
        asked = self.codes.get(form.get("code", ""))
        if asked is None or form["code"] in self.used or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest()) != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        self.used.add(form["code"])
        answer = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer"}
        return 200, {**answer, "id_token": self.token(self.claims(asked))}

    def logout_token(self, **change: Any) -> str:
        """Back-Channel Logout 1.0, section 2.4."""
        now = int(self.clock())
        told = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": secrets.token_urlsafe(8),
            "sub": self.sub, "sid": "sesión-1",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }  # fmt: skip
        said = {name: value for name, value in {**told, **change}.items() if value is not None}
        return self.token(said, "logout+jwt")


def _handler(provider: OpenId) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.fetched.append(parts.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if provider.down:
                self._send(503, {})
            elif parts.path == "/.well-known/openid-configuration":
                self._send(200, provider.configuration())
            elif parts.path == "/jwks":
                keys = provider.published or [provider.key]
                self._send(200, {"keys": [key.jwk() for key in keys]})
            elif parts.path == "/authorize":
                where = provider.authorize(asked).replace("&", "&amp;")
                self._page(f"<h1>Directorio</h1><a id=go href='{where}'>Soy yo</a>")
            elif parts.path == "/leave":
                self._page(
                    f"<h1>Saliste del directorio</h1><a href='{asked['post_logout_redirect_uri']}'>Volver</a>"
                )
            else:
                self._send(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._send(*provider.redeem(form, self.headers.get("Authorization", "")))

        def _send(self, status: int, told: dict[str, Any]) -> None:
            self._answer(status, "application/json", json.dumps(told).encode())

        def _page(self, body: str) -> None:
            text = f"<!doctype html><html lang=es><title>Directorio</title><body>{body}</body></html>"
            self._answer(200, "text/html; charset=utf-8", text.encode())

        def _answer(self, status: int, media: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Nothing: the tests look at what was asked."""

    return Handler


@contextmanager
def openid_provider(provider: OpenId | None = None) -> Iterator[OpenId]:
    """Serve a provider on a free port of loopback."""
    told = provider or OpenId()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(told))
    told.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
