"""Configuration: environment variables `CONSTANCIA_*`, read once into a frozen value; every problem is told at once.

``flask init`` writes a settings file into the data directory; the environment wins over it, variable by variable.
`web.settinglist` is the one list of settings: parsing, the documentation's table and its test all come from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from identity.accounts import Role
from notifications.imap import Mailbox
from notifications.smtp import SmtpServer
from web import settingreaders
from web.settingchecks import PREFIX, contradictions, file_values
from web.settinglist import SPECS, Spec
from workflows.mailing import Addressee

__all__ = ["PREFIX", "SPECS", "Settings", "SettingsInvalid", "Spec", "file_values", "settings_table"]

SETTINGS_FILE = "settings.env"
KEY_FILE = "keys/log.key"
MASTER_KEY_FILE = "keys/master.key"
SEAL_KEY_FILE, SEAL_CHAIN_FILE, SEAL_ROOT_KEY_FILE = "keys/seal.key", "keys/seal.pem", "keys/seal-root.key"
DEMO_LOGS = "constancia.demo/"


class SettingsInvalid(click.UsageError):
    """The environment does not describe an installation; ``problems`` lists everything wrong, in plain words."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("the configuration has problems:\n" + "\n".join(f"  - {line}" for line in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation, as configured. Paths are absolute; `__repr__` leaves secrets out.

    ``unknown`` are variables with our prefix that mean nothing here: perhaps a slip of the pen, so `serve` names them.
    """

    data: Path
    database_url: str
    guard_url: str
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str
    s3_bucket: str
    s3_secure: bool
    s3_plain_inside: bool
    definitions: Path | None
    origin: str
    public_url: str
    organisation: str
    place: str
    secret_key: str
    encryption: bool
    master_key_file: Path | None
    master_key: str
    master_key_command: str
    master_key_unwrap: str
    master_key_life: int
    tsa_url: tuple[str, ...]
    tsa_chain: Path | None
    seal_pkcs12: Path | None
    seal_pkcs11: str
    seal_password: str
    seal_chain: Path | None
    signature_roots: Path | None
    efirma_ocsp: tuple[str, ...]
    inside_hosts: frozenset[str]
    policy: Path | None
    log_entries: bool
    public_requests: bool | None
    smtp_url: SmtpServer | None
    mail_from: Addressee
    imap_url: Mailbox | None
    mail_authserv: str
    mail_dkim: bool
    desk_phone: str
    clamd: str
    ocr: str
    max_upload_mb: int
    max_files: int
    max_draft_mb: int
    draft_days: int
    metrics: str
    retention_years: int
    api_rate: int
    page_rate: int
    sessions_each: int
    webhook_hosts: frozenset[str]
    second_factor_roles: frozenset[Role]
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: str
    oidc_name: str
    oidc_strong: frozenset[str]
    oidc_only_roles: frozenset[Role]
    session_idle_minutes: int
    session_hours: int
    trusted_proxies: int
    tz: ZoneInfo
    unknown: tuple[str, ...] = ()

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read the environment over the settings file of its data directory.

        Raises:
            SettingsInvalid: with everything that is wrong.
        """
        problems: list[str] = []
        data = settingreaders.path(env.get(PREFIX + "DATA") or "./var")
        merged = {**file_values(data / SETTINGS_FILE, problems), **env}
        merged[PREFIX + "DATA"] = str(data)
        known = {PREFIX + spec.name for spec in SPECS}
        values = {spec.name.lower(): _value(spec, merged, problems) for spec in SPECS}
        problems += contradictions(values)
        if problems:
            raise SettingsInvalid(problems)
        unknown = tuple(sorted(name for name in merged if name.startswith(PREFIX) and name not in known))
        return cls(**values, unknown=unknown)  # type: ignore[arg-type]  # each value was read by its own Spec

    @property
    def initialised(self) -> bool:
        """Whether `flask init` has been here."""
        return bool(self.origin and self.secret_key and self.key_file.is_file())

    @property
    def key_file(self) -> Path:
        """The log's signing key."""
        return self.data / KEY_FILE

    @property
    def master_file(self) -> Path:
        """Where the master key is, unless the environment or a command gives it."""
        return self.master_key_file or self.data / MASTER_KEY_FILE

    @property
    def seal_key_file(self) -> Path:
        """The key of the seal made here."""
        return self.data / SEAL_KEY_FILE

    @property
    def seal_chain_file(self) -> Path:
        """Its certificate and its authority's."""
        return self.data / SEAL_CHAIN_FILE

    @property
    def database(self) -> str:
        """The database's URL, the embedded default resolved."""
        return self.database_url or f"sqlite:///{self.data / 'constancia.sqlite3'}"

    @property
    def staging(self) -> Path:
        """Where drafts' files wait."""
        return self.data / "staging"

    @property
    def demo(self) -> bool:
        """Whether this is the demonstration: its people and papers are invented, and pages and letters say so."""
        return self.origin.startswith(DEMO_LOGS)

    @property
    def https(self) -> bool:
        """Whether people reach this over TLS."""
        return self.public_url.startswith("https://")

    def __repr__(self) -> str:
        return f"Settings(data={str(self.data)!r}, origin={self.origin!r})"


def _value(spec: Spec, merged: Mapping[str, str], problems: list[str]) -> object:
    raw = merged.get(PREFIX + spec.name, "").strip() or spec.default
    try:
        return spec.read(raw)
    except ValueError as error:
        shown = "" if spec.secret else f" (found {raw!r})"
        problems.append(f"{PREFIX}{spec.name} {error}{shown}")
        return None


def settings_table() -> str:
    """The documentation's table, in markdown."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for spec in SPECS:
        default = f"`{spec.default}`" if spec.default else ""
        rows.append(f"| `{PREFIX}{spec.name}` | {default} | {spec.meaning} |")
    return "\n".join(rows) + "\n"
