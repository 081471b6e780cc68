"""Configuration: environment variables `CONSTANCIA_*`, read once into a frozen value; every problem is told at once.

``flask init`` writes a settings file into the data directory; the environment wins over it, variable by variable.
``SPECS`` is the one list of settings: parsing, the documentation's table and its test all come from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from notifications.smtp import SmtpServer
from workflows.mailing import Addressee

PREFIX = "CONSTANCIA_"
SETTINGS_FILE = "settings.env"
KEY_FILE = "keys/log.key"


class SettingsInvalid(click.UsageError):
    """The environment does not describe an installation; ``problems`` lists everything wrong, in plain words."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("the configuration has problems:\n" + "\n".join(f"  - {line}" for line in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Spec:
    """One variable: its name without the prefix, its default as text, how it is read and what it means."""

    name: str
    default: str
    read: Callable[[str], object]
    meaning: str
    secret: bool = False


def _text(raw: str) -> str:
    return raw.strip()


def _path(raw: str) -> Path:
    return Path(raw).expanduser().absolute()


def _optional_path(raw: str) -> Path | None:
    return _path(raw) if raw else None


def _addresses(raw: str) -> tuple[str, ...]:
    found = tuple(raw.split())
    if any(urlsplit(item).scheme not in {"http", "https"} or not urlsplit(item).hostname for item in found):
        raise ValueError("must be addresses beginning with http:// or https://, separated by blanks")
    return found


def _natural(low: int, high: int) -> Callable[[str], int]:
    def read(raw: str) -> int:
        value = int(raw) if raw.isascii() and raw.isdigit() else -1
        if not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return read


def _switch(raw: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if raw.lower() not in words:
        raise ValueError("must be true or false")
    return words[raw.lower()]


def _perhaps(raw: str) -> bool | None:
    return _switch(raw) if raw else None


def _zone(raw: str) -> ZoneInfo:
    try:
        return ZoneInfo(raw)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not a time zone of the tz database, such as America/Mexico_City") from error


def _public_url(raw: str) -> str:
    if not raw:
        return ""
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be scheme and host alone, such as https://constancia.example")
    return f"{parts.scheme}://{parts.netloc}"


def _database_url(raw: str) -> str:
    if raw and not raw.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError("must start with sqlite:/// or postgresql://")
    return raw


def _origin(raw: str) -> str:
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/")
    if len(raw) > 120 or not set(raw) <= allowed:
        raise ValueError("may hold letters, digits and . - _ / only, at most 120, such as desk.example/log")
    return raw


def _secret(raw: str) -> str:
    if raw and len(raw) < 32:
        raise ValueError("is shorter than 32 characters; `flask init` generates one")
    return raw


def _smtp(raw: str) -> SmtpServer | None:
    return SmtpServer.from_url(raw) if raw else None


def _mailbox(raw: str) -> Addressee:
    name, address = parseaddr(raw)
    if raw and (not address.isascii() or address.count("@") != 1 or " " in address):
        raise ValueError("must be an address such as Mesa de ayuda <mesa@example.org>")
    return Addressee(address, name)


SPECS: tuple[Spec, ...] = (
    Spec("DATA", "./var", _path, "Data directory: database, objects, keys, staging and settings file."),
    Spec("DATABASE_URL", "", _database_url, "Database; empty means SQLite in the data directory."),
    Spec(
        "GUARD_URL",
        "",
        _database_url,
        "Where the last signed tree head is kept, outside the main database; "
        "empty means its own SQLite file in the data directory. Put it on another volume or server.",
    ),
    Spec("S3_ENDPOINT", "", _text, "Object store, `host:port`; empty means files in the data directory."),
    Spec("S3_ACCESS_KEY", "", _text, "Object store access key.", secret=True),
    Spec("S3_SECRET_KEY", "", _text, "Object store secret key.", secret=True),
    Spec("S3_BUCKET", "constancia", _text, "Bucket with versioning and Object Lock."),
    Spec("S3_SECURE", "true", _switch, "Whether the object store is reached over TLS."),
    Spec(
        "DEFINITIONS",
        "",
        _optional_path,
        "Directory of the installation's own process definitions, `<process>/<version>.toml`; "
        "checked at start and published in the ledger. Empty: only the program's.",
    ),
    Spec("ORIGIN", "", _origin, "Name of the log, fixed at inception by `flask init --origin NAME`."),
    Spec(
        "PUBLIC_URL",
        "",
        _public_url,
        "Address people use. Host headers other than its host are refused; "
        "with https cookies are Secure and HSTS is sent. Empty: loopback names only.",
    ),
    Spec("SECRET_KEY", "", _secret, "Signs cookies and form tokens; generated by `flask init`.", secret=True),
    Spec(
        "TSA_URL",
        "",
        _addresses,
        "Time-stamping authorities (RFC 3161) to anchor checkpoints with, separated by blanks.",
    ),
    Spec(
        "TSA_CHAIN",
        "",
        _optional_path,
        "PEM file with the certificates by which their stamps are judged; at least the roots.",
    ),
    Spec(
        "POLICY",
        "",
        _optional_path,
        "Policy file (C2SP tlog-policy): witnesses with an address are asked to cosign, and `ledger verify` "
        "asks for its quorum.",
    ),
    Spec(
        "LOG_ENTRIES",
        "true",
        _switch,
        "Whether anybody may read the log's entries (they hold no personal data) at /log/tile/entries; "
        "checkpoint and tree are always there to be followed.",
    ),
    Spec(
        "PUBLIC_REQUESTS",
        "",
        _perhaps,
        "Whether people without an account may send requests at /solicitar. Empty: in the demonstration only.",
    ),
    Spec(
        "SMTP_URL",
        "",
        _smtp,
        "Server by which mail leaves: `smtps://user:password@host:465`, or `smtp://user:password@host:587` (STARTTLS, "
        "required); `?ca=FILE` trusts a private authority. Empty: mails are files in `outbox` of the data directory.",
        secret=True,
    ),
    Spec(
        "MAIL_FROM",
        "Mesa de ayuda <mesa-de-ayuda@localhost>",
        _mailbox,
        "Who mails come from; the server must be allowed to send for that address.",
    ),
    Spec(
        "DESK_PHONE",
        "",
        _text,
        "Telephone of the help desk, as signatories see it in mails and on pages: to confirm a request, and for codes.",
    ),
    Spec("MAX_UPLOAD_MB", "50", _natural(1, 10_000), "Largest single file, in MiB."),
    Spec("MAX_FILES", "20", _natural(1, 200), "Most files in one entry."),
    Spec("MAX_DRAFT_MB", "200", _natural(1, 100_000), "Most bytes in one draft, in MiB."),
    Spec("DRAFT_DAYS", "14", _natural(1, 365), "Days an untouched draft is kept."),
    Spec("RETENTION_YEARS", "10", _natural(0, 100), "Years the object lock is set to; 0 sets none."),
    Spec("SESSION_IDLE_MINUTES", "120", _natural(5, 1440), "A session ends after so long without a request."),
    Spec("SESSION_HOURS", "12", _natural(1, 168), "A session ends after so long, busy or not."),
    Spec(
        "TRUSTED_PROXIES", "0", _natural(0, 10), "How many proxies in front set X-Forwarded-For and -Proto."
    ),
    Spec(
        "TZ",
        "America/Mexico_City",
        _zone,
        "Time zone of what people see; business days have that of their calendar.",
    ),
)
"""Every setting, in the order the documentation shows them."""


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
    definitions: Path | None
    origin: str
    public_url: str
    secret_key: str
    tsa_url: tuple[str, ...]
    tsa_chain: Path | None
    policy: Path | None
    log_entries: bool
    public_requests: bool | None
    smtp_url: SmtpServer | None
    mail_from: Addressee
    desk_phone: str
    max_upload_mb: int
    max_files: int
    max_draft_mb: int
    draft_days: int
    retention_years: int
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
        data = _path(env.get(PREFIX + "DATA") or "./var")
        merged = {**_file_values(data / SETTINGS_FILE, problems), **env}
        merged[PREFIX + "DATA"] = str(data)
        known = {PREFIX + spec.name for spec in SPECS}
        values = {spec.name.lower(): _value(spec, merged, problems) for spec in SPECS}
        problems += _contradictions(values)
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
    def database(self) -> str:
        """The database's URL, the embedded default resolved."""
        return self.database_url or f"sqlite:///{self.data / 'constancia.sqlite3'}"

    @property
    def staging(self) -> Path:
        """Where drafts' files wait."""
        return self.data / "staging"

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


def _contradictions(values: Mapping[str, object]) -> list[str]:
    problems = []
    if values["s3_endpoint"]:
        problems += [
            f"{PREFIX}{name.upper()} is needed when {PREFIX}S3_ENDPOINT is set"
            for name in ("s3_access_key", "s3_secret_key", "s3_bucket")
            if not values[name]
        ]
    if values["tsa_url"] and not values["tsa_chain"]:
        problems.append(f"{PREFIX}TSA_CHAIN is needed when {PREFIX}TSA_URL is set")
    file_mb, draft_mb = values["max_upload_mb"], values["max_draft_mb"]
    if isinstance(file_mb, int) and isinstance(draft_mb, int) and file_mb > draft_mb:
        problems.append(f"{PREFIX}MAX_UPLOAD_MB is larger than {PREFIX}MAX_DRAFT_MB")
    return problems


def _file_values(path: Path, problems: list[str]) -> dict[str, str]:
    """``NAME=value`` lines; blank lines and ``#`` comments are skipped."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path} cannot be read: {error.__class__.__name__}")
        return {}
    values = {}
    for number, line in enumerate(lines, 1):
        name, equals, value = line.strip().partition("=")
        if not name or name.startswith("#"):
            continue
        if not equals or not name.startswith(PREFIX):
            problems.append(f"{path}, line {number}: expected {PREFIX}NAME=value")
        else:
            values[name] = value
    return values


def settings_table() -> str:
    """The documentation's table, in markdown."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for spec in SPECS:
        default = f"`{spec.default}`" if spec.default else ""
        rows.append(f"| `{PREFIX}{spec.name}` | {default} | {spec.meaning} |")
    return "\n".join(rows) + "\n"
