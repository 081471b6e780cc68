"""Settings: one frozen value from the environment over a file, with every problem told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from web.settings import PREFIX, SETTINGS_FILE, SPECS, Settings, SettingsInvalid, settings_table


def test_nothing_set_means_the_embedded_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite and files under ./var, no secret by default, and not initialised."""
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env({})
    assert settings.data == tmp_path / "var"
    assert settings.database == f"sqlite:///{tmp_path / 'var' / 'constancia.sqlite3'}"
    assert (settings.secret_key, settings.origin, settings.initialised) == ("", "", False)
    assert settings.tz.key == "America/Mexico_City"


def test_every_problem_is_told_at_once_and_no_secret_is_shown(tmp_path: Path) -> None:
    """Nine mistakes are nine lines; a bad secret's value is in none of them."""
    env = {
        "CONSTANCIA_DATA": str(tmp_path),
        "CONSTANCIA_DATABASE_URL": "mysql://x",
        "CONSTANCIA_S3_ENDPOINT": "localhost:1",
        "CONSTANCIA_S3_SECURE": "perhaps",
        "CONSTANCIA_ORIGIN": "has spaces",
        "CONSTANCIA_PUBLIC_URL": "https://desk.example/path",
        "CONSTANCIA_SECRET_KEY": "tooshortsecret",
        "CONSTANCIA_MAX_UPLOAD_MB": "-3",
        "CONSTANCIA_TRUSTED_PROXIES": "many",
        "CONSTANCIA_TZ": "Mars/Olympus",
    }
    with pytest.raises(SettingsInvalid) as told:
        Settings.from_env(env)
    text = "\n".join(told.value.problems)
    for name in env.keys() - {"CONSTANCIA_DATA", "CONSTANCIA_S3_ENDPOINT"}:
        assert f"{name} " in text
    assert "CONSTANCIA_S3_ACCESS_KEY is needed" in text
    assert "CONSTANCIA_S3_SECRET_KEY is needed" in text
    assert "tooshortsecret" not in text
    assert len(told.value.problems) == 10


def test_the_environment_wins_over_the_file_variable_by_variable(tmp_path: Path) -> None:
    """Commands in an initialised directory need nothing else, and may still be told otherwise."""
    (tmp_path / SETTINGS_FILE).write_text(
        "# comment\n\nCONSTANCIA_ORIGIN=a.example/x\nCONSTANCIA_MAX_FILES=7\n", encoding="utf-8"
    )
    settings = Settings.from_env({"CONSTANCIA_DATA": str(tmp_path), "CONSTANCIA_MAX_FILES": "9"})
    assert (settings.origin, settings.max_files) == ("a.example/x", 9)


def test_a_line_of_the_file_that_is_no_setting_is_told(tmp_path: Path) -> None:
    """With its number, so that it can be found."""
    (tmp_path / SETTINGS_FILE).write_text("CONSTANCIA_ORIGIN=a\nORIGIN a\n", encoding="utf-8")
    with pytest.raises(SettingsInvalid, match="line 2"):
        Settings.from_env({"CONSTANCIA_DATA": str(tmp_path)})


def test_variables_that_mean_nothing_are_remembered_not_refused(tmp_path: Path) -> None:
    """A slip of the pen is named by `serve`; a variable of a later version stops nobody."""
    settings = Settings.from_env({"CONSTANCIA_DATA": str(tmp_path), "CONSTANCIA_DATABSE_URL": "x"})
    assert settings.unknown == ("CONSTANCIA_DATABSE_URL",)


def test_settings_are_frozen_and_do_not_show_secrets(tmp_path: Path) -> None:
    """Neither changed by accident nor printed by one."""
    secret = "s" * 40
    settings = Settings.from_env({"CONSTANCIA_DATA": str(tmp_path), "CONSTANCIA_SECRET_KEY": secret})
    assert secret not in repr(settings)
    with pytest.raises(AttributeError):
        settings.origin = "other"  # type: ignore[misc]  # the point of the test


def test_the_documented_table_names_every_setting() -> None:
    """One row a setting, with its default; the operations page is compared with it."""
    table = settings_table()
    for spec in SPECS:
        assert f"| `{PREFIX}{spec.name}` |" in table
    assert len(table.splitlines()) == len(SPECS) + 2


def test_the_operations_page_shows_the_same_table() -> None:
    """What is documented is what is read."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert settings_table() in page


@pytest.mark.parametrize(
    "host", ["s3:8333", "10.0.0.7:8333", "s3.example", "127.0.0.1.example:80", "[2001:db8::1]:80"]
)
def test_a_store_on_another_machine_is_not_spoken_to_in_plain_by_mistake(tmp_path: Path, host: str) -> None:
    """Refused at start with what to do; said in words, or on this machine, or over TLS, it is taken."""
    env = {
        "CONSTANCIA_DATA": str(tmp_path),
        "CONSTANCIA_S3_ENDPOINT": host,
        "CONSTANCIA_S3_ACCESS_KEY": "a",
        "CONSTANCIA_S3_SECRET_KEY": "s",
        "CONSTANCIA_S3_SECURE": "false",
    }
    with pytest.raises(SettingsInvalid, match="CONSTANCIA_S3_PLAIN_INSIDE=true"):
        Settings.from_env(env)
    meant = (
        {"S3_PLAIN_INSIDE": "true"},
        {"S3_SECURE": "true"},
        {"S3_ENDPOINT": "127.0.0.1:8333"},
        {"S3_ENDPOINT": "[::1]:1"},
    )
    for more in meant:
        Settings.from_env(env | {f"CONSTANCIA_{name}": value for name, value in more.items()})
