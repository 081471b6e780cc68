"""`flask directory`, as a person at the console has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.canonical import Json
from identity.access import ACCESS_CASE
from tests.fakes.installation import Installation
from tests.servers.openid import CLIENT, SECRET, OpenId, openid_provider


@pytest.fixture
def provider() -> Iterator[OpenId]:
    """An honest provider."""
    with openid_provider() as told:
        yield told


@pytest.fixture
def place(provider: OpenId, tmp_path: Path) -> Iterator[Installation]:
    """An installation that knows it."""
    env = {
        "CONSTANCIA_PUBLIC_URL": "http://localhost:5000",
        "CONSTANCIA_OIDC_ISSUER": provider.issuer,
        "CONSTANCIA_OIDC_CLIENT_ID": CLIENT,
        "CONSTANCIA_OIDC_CLIENT_SECRET": SECRET,
        "CONSTANCIA_INSIDE_HOSTS": provider.host,
    }
    made = Installation(tmp_path / "data", env)
    yield made
    made.close()


def _run(place: Installation, *arguments: str, code: int = 0) -> dict[str, Json]:
    found = place.app.test_cli_runner().invoke(args=["directory", *arguments])
    assert found.exit_code == code, found.output
    told = json.loads(found.stdout)
    assert isinstance(told, dict)
    return told


def test_from_check_to_release(place: Installation, provider: OpenId) -> None:
    """The directory is looked at; an account is bound, listed, released; each change is an entry, told once."""
    user = place.user()
    assert _run(place, "check") == {
        "issuer": provider.issuer,
        "authorization": provider.issuer + "/authorize",
        "ends_sessions": True,
        "keys": 1,
    }
    _run(place, "bind", "--email", user.email, "--subject", "abc")
    _run(place, "bind", "--email", user.email, "--subject", "abc")
    told = _run(place, "bind", "--email", user.email, "--subject", "otra", code=1)
    assert told["error"]["code"] == "directory_taken"  # type: ignore[index,call-overload]  # an error's object
    (bound,) = _run(place, "list")["bindings"]  # type: ignore[misc,union-attr]  # a list of objects
    assert bound["account"] == user.id  # type: ignore[index,call-overload]
    assert _run(place, "release", "--email", user.email, "--reason", "cambió de empresa")["released"]
    assert not _run(place, "release", "--email", user.email)["released"]
    kinds = [
        str(one.entry.kind)
        for one in place.house.ledger.history(ACCESS_CASE)
        if one.entry.facts.get("factor") == "directory"
    ]
    assert kinds == ["access.granted", "access.revoked"]


def test_an_invitation_is_mailed(place: Installation) -> None:
    """Its link is in the mail and not on the console."""
    user = place.user()
    told = _run(place, "invite", "--email", user.email)
    assert set(told) == {"invitation", "account", "until"}
    (mail,) = place.house.outbox.latest(10)
    assert [one.address for one in mail.request.to] == [user.email]


def test_without_a_directory_it_says_so(tmp_path: Path) -> None:
    """Refused, with what to do."""
    place = Installation(tmp_path / "data")
    told = _run(place, "check", code=1)
    assert told["error"]["code"] == "directory_off"  # type: ignore[index,call-overload]
    place.close()
