"""Entering by somebody else's OpenID provider (oidc-provider-mock, on Authlib's server), a program of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from identity.access import Granter
from tests.fakes.installation import Installation
from tests.servers.processes import die_with_parent, free_ports, stop, wait_until


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object) -> None:
        """A redirect is the answer that is looked at."""


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[str]:
    """The provider's address."""
    (port,) = free_ports(1)
    log = tmp_path / "provider.log"
    claims = '{"sub": "ana", "amr": ["pwd", "mfa"]}'
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "-n", "true"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--user-claims", claims],
            stdout=out,
            stderr=out,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one line, before any thread
            env={**os.environ, "NO_COLOR": "1"},
        )
    issuer = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        with suppress(OSError), urllib.request.urlopen(issuer + "/jwks"):  # noqa: S310 - loopback
            return True
        return False

    wait_until(ready, process, log, 60)
    yield issuer
    stop(process, signal.SIGTERM)


def _agree(where: str) -> str:
    """Press the provider's button; where it leads."""
    opener = urllib.request.build_opener(_Stay)
    with pytest.raises(urllib.error.HTTPError) as sent:
        opener.open(where, urlencode({"sub": "ana"}).encode())
    assert sent.value.code == 302
    where = sent.value.headers["Location"]
    sent.value.close()
    return where


def test_the_whole_way_through_a_provider_that_is_not_ours(provider: str, tmp_path: Path) -> None:
    """Discovery, key set, code with PKCE, an ID Token believed; not bound, then bound, then replayed."""
    env = {
        "CONSTANCIA_PUBLIC_URL": "http://localhost:5000",
        "CONSTANCIA_OIDC_ISSUER": provider,
        "CONSTANCIA_OIDC_CLIENT_ID": "constancia",
        "CONSTANCIA_OIDC_CLIENT_SECRET": "cualquiera",
        "CONSTANCIA_INSIDE_HOSTS": urlsplit(provider).netloc,
    }
    place = Installation(tmp_path / "data", env)
    user, browser = place.user(), place.stranger()

    def back() -> str:
        away = browser.post_form("/entrar/directorio", {"next": "/cuenta"})
        assert away.status_code == 200, away.text
        parts = urlsplit(_agree(re.sub(r"^0; url=", "", away.headers["Refresh"])))
        return f"{parts.path}?{parts.query}"

    assert browser.get(back()).status_code == 403
    place.house.openid.identities.bind(user.id, provider, "ana", Granter())
    answer = back()
    assert browser.get(answer).headers["Location"] == "/cuenta"
    assert browser.get("/sesion").get_json()["signed_in"]
    assert browser.get(answer).status_code == 401
    place.close()
