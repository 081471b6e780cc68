"""Numbers for operators: true, of all workers together, and for nobody whom the setting does not name."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from evidence.ports import StoreUnavailable
from tests.fakes.installation import Installation
from tests.fakes.writers import write_case
from web.inception import settle
from web.jobs import Steward
from web.settings import Settings, SettingsInvalid

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "una-ficha-larga-para-medir"


@pytest.fixture
def measured(tmp_path: Path) -> Installation:
    """An installation whose numbers a token opens."""
    return Installation(tmp_path / "data", {"CONSTANCIA_METRICS": TOKEN})


def scrape(place: Installation, token: str = TOKEN) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Samples by name and labels."""
    answer = place.app.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return samples(answer.text)


def samples(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """The exposition as Prometheus reads it."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def only(values: Mapping[Any, float]) -> float:
    """The one value of a metric without labels."""
    (value,) = values.values()
    return value


def test_nobody_reads_them_unless_the_setting_says_who(place: Installation, measured: Installation) -> None:
    """By default, with another token or with none there is no such address."""
    assert place.app.test_client().get("/metrics").status_code == 404
    client = measured.app.test_client()
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer otra"}).status_code == 404
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    measured.close()


def test_loopback_is_this_machine_and_no_proxy_on_it(tmp_path: Path) -> None:
    """A request that a proxy passes on comes from elsewhere, whatever address it has."""
    place = Installation(tmp_path / "data", {"CONSTANCIA_METRICS": "loopback"})
    client = place.app.test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "::1"}).status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404
    for header in ("X-Forwarded-For", "Forwarded", "Via"):
        assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404
    place.close()


@pytest.mark.parametrize("value", ["corta", "con un blanco que no se puede", "ñ" * 30])
def test_a_weak_token_is_no_setting(value: str) -> None:
    """Refused at start, and never shown."""
    with pytest.raises(SettingsInvalid) as refused:
        Settings.from_env({"CONSTANCIA_METRICS": value})
    assert value not in str(refused.value)


def test_the_log_s_numbers_are_those_of_the_log(measured: Installation) -> None:
    """Entries, those without index, those unsigned; after the steward's round none are left."""
    write_case(measured, 1)
    before = scrape(measured)
    waiting = len(list(measured.house.ledger.unsequenced()))
    assert only(before["constancia_unsequenced_entries"]) == waiting > 0
    assert only(before["constancia_unsigned_entries"]) == waiting
    assert only(before["constancia_appends_total"]) == measured.house.ledger.tree_size() + waiting
    settle(measured.house)
    after = scrape(measured)
    assert only(after["constancia_unsequenced_entries"]) == only(after["constancia_unsigned_entries"]) == 0
    assert only(after["constancia_log_size"]) == only(before["constancia_appends_total"])
    assert (
        only(
            after["constancia_disk_free_bytes"]
            and {0: after["constancia_disk_free_bytes"][(("place", "data"),)]}
        )
        > 0
    )
    measured.close()


def test_requests_and_refusals_are_counted_by_closed_words(measured: Installation) -> None:
    """By route, never by address; a folio, a query or a token is in no label."""
    client = measured.client()
    assert client.get("/casos/MA-001-2026-999999?q=secreto").status_code == 404
    assert measured.app.test_client().get("/no/hay/nada/aqui").status_code == 404
    answer = measured.app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    found = samples(answer.text)
    assert found["constancia_refusals_total"][(("code", "unknown_case"),)] == 1
    route = (("method", "GET"), ("route", "/casos/<folio>"), ("status", "404"))
    assert found["constancia_request_seconds_count"][route] == 1
    for private in ("999999", "secreto", "/no/hay", TOKEN):
        assert private not in answer.text
    measured.close()


def test_storage_and_duties_tell_their_failures(
    measured: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object store that fails and a duty that fails are numbers before anybody calls."""
    scrape(measured)
    write_case(measured, 1)
    found = scrape(measured)
    assert found["constancia_storage_seconds_count"][(("operation", "put"),)] >= 1

    def away(*_given: object, **_more: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(measured.house.blobs.store, "_store", type("Away", (), {"put": away})())
    with pytest.raises(StoreUnavailable):
        write_case(measured, 2)
    steward = Steward(measured.house)
    for moment in (0.0, 2.0):  # a copy of what was signed is made beside; the next turn tells how it went
        steward.run_due(moment)
        steward.copies.wait(10)
    found = scrape(measured)
    assert (
        found["constancia_storage_errors_total"][(("error", "StoreUnavailable"), ("operation", "put"))] >= 1
    )
    assert found["constancia_duty_failures_total"][(("duty", "copies"),)] == 1
    measured.close()


def test_numbers_are_given_while_the_database_is_away(
    measured: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can be told is told: the part that does not answer, and what was counted."""

    def away(*_given: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(measured.house.vitals, "read", away)
    monkeypatch.setattr(measured.house.ledger, "tree_size", away)
    found = scrape(measured)
    assert found["constancia_ready"][(("part", "database"),)] == 0
    assert found["constancia_ready"][(("part", "guard"),)] == 1
    assert "constancia_log_size" not in found
    measured.close()


def test_every_metric_of_an_alert_exists(measured: Installation) -> None:
    """deploy/alerts.yml names nothing that /metrics does not give, and each rule says what to do."""
    write_case(measured, 1)
    measured.client().get("/casos/X")
    answer = measured.app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    given = set(samples(answer.text))
    types = re.findall(r"^# TYPE (\S+) (\S+)", answer.text, re.MULTILINE)
    for name, kind in types:
        base = name.removesuffix("_total")
        given |= {f"{base}_total"} if kind == "counter" else {name}
        given |= {f"{name}_bucket", f"{name}_count"} if kind == "histogram" else set()
    rules = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())["groups"][0]["rules"]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 10
    for rule in rules:
        named = set(re.findall(r"constancia_[a-z_]+", rule["expr"]))
        assert named <= given, rule["alert"]
        assert named or rule["expr"].startswith("up{")
        assert rule["annotations"]["action"]
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_counters_of_several_processes_are_one_number(tmp_path: Path) -> None:
    """Two processes count into the same folder; a third, which counted nothing, answers for both."""
    count = "from web.meters import Meters\nMeters().refusals.labels('busy').inc()\n"
    read = (
        "from prometheus_client import CollectorRegistry, generate_latest, multiprocess\n"
        "shared = CollectorRegistry(); multiprocess.MultiProcessCollector(shared)\n"
        "print(generate_latest(shared).decode())\n"
    )
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", count], cwd=ROOT, env=env, check=True)
    told = subprocess.run(
        [sys.executable, "-c", read], cwd=ROOT, env=env, check=True, capture_output=True, text=True
    )
    assert samples(told.stdout)["constancia_refusals_total"][(("code", "busy"),)] == 2
