"""Packages from the page: a sample by its seed, a download that goes on where it broke, and nobody else's."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from identity.accounts import Role
from tests.browser.papers import PERSON
from tests.fakes.installation import Browser, Installation
from web.inception import settle


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation with two cases."""
    made = Installation(tmp_path / "data")
    laura = made.client(Role.ESPECIALISTA)
    for number in (1, 2):
        fields = {**PERSON, "rfc": f"RUOM90021{number}AB1", "tipo": "alta", "ticket": f"TK-{number}"}
        answer = laura.post_form(
            "/casos/nuevo/MA-001", {f"d.{name}": value for name, value in fields.items()}
        )
        assert answer.status_code == 303, answer.text
    settle(made.house)
    yield made
    made.close()


@pytest.fixture
def boss(place: Installation) -> Browser:
    """A signed-in supervisor."""
    return place.client(Role.SUPERVISOR, email="jefa@desk.example")


def ready(browser: Browser, **asked: str) -> str:
    """Ask for a package and wait for it; gives the address of its file."""
    answer = browser.post_form("/exportar", asked)
    assert answer.status_code == 303, answer.text
    page = str(answer.headers["Location"])
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if "Paquete listo" in browser.get(page).text:
            return f"{page}/paquete"
        time.sleep(0.1)
    raise AssertionError("the package was never ready")


def test_a_sample_is_drawn_by_size_and_seed(boss: Browser) -> None:
    """What the form asked for stands in the package."""
    with boss.get(ready(boss, what="all", sample="1", seed="semilla 7")) as answer:
        archive = zipfile.ZipFile(io.BytesIO(answer.data))
    scope = json.loads(archive.read("data/alcance.json"))["scope"]
    assert (scope["sample"], scope["seed"], scope["population"]) == (1, "semilla 7", 2)


def test_a_sample_of_nonsense_is_refused_where_it_was_asked(boss: Browser) -> None:
    """No number, no seed: told in words, what was typed still there, and no job."""
    answer = boss.post_form("/exportar", {"what": "all", "sample": "muchos", "seed": "x"})
    assert answer.status_code == 422
    assert 'value="muchos"' in answer.text
    assert "semilla" in boss.post_form("/exportar", {"what": "all", "sample": "5"}).text


def test_a_broken_download_goes_on_where_it_broke(boss: Browser) -> None:
    """Ranges of the very same bytes by their tag; another tag gets the whole; beyond the end is refused."""
    address = ready(boss, what="all")
    with boss.get(address) as whole:
        data, tag = whole.data, str(whole.headers["ETag"])
        assert whole.headers["Accept-Ranges"] == "bytes"
        assert whole.headers["Content-Length"] == str(len(data))
    assert not tag.startswith("W/")
    with boss.get(address, headers={"Range": "bytes=1000-", "If-Range": tag}) as rest:
        assert rest.status_code == 206
        assert rest.headers["Content-Range"] == f"bytes 1000-{len(data) - 1}/{len(data)}"
        assert data[:1000] + rest.data == data
    with boss.get(address, headers={"Range": "bytes=1000-", "If-Range": '"another"'}) as other:
        assert (other.status_code, other.data) == (200, data)
    with boss.get(address, headers={"Range": f"bytes={len(data)}-"}) as beyond:
        assert beyond.status_code == 416
    with boss.get(address, headers={"If-None-Match": tag}) as same:
        assert (same.status_code, same.data) == (304, b"")


def test_a_package_is_for_whoever_asked_for_it(place: Installation, boss: Browser) -> None:
    """Another person with the same right finds nothing at that address."""
    address = ready(boss, what="all")
    other = place.client(Role.SUPERVISOR, email="otra@desk.example")
    assert other.get(address).status_code == 404


def test_an_engagement_that_is_none_says_so(boss: Browser) -> None:
    """Asked for by its id; the job that cannot be done ends with words, not with a package."""
    answer = boss.post_form("/exportar", {"what": "engagement", "engagement": "2026-000009"})
    assert answer.status_code == 303
    until = time.monotonic() + 60
    while time.monotonic() < until:
        text = boss.get(str(answer.headers["Location"])).text
        if "Ese encargo no se puede exportar" in text:
            break
        time.sleep(0.1)
    assert "Ese encargo no se puede exportar" in text
