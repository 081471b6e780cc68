"""What is checked of settings beyond each one by itself: the file they may come from, and how they go together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

PREFIX = "CONSTANCIA_"


def contradictions(values: Mapping[str, object]) -> list[str]:
    """What cannot be set together, or not without something else."""
    problems = []
    if values["s3_endpoint"]:
        problems += [
            f"{PREFIX}{name.upper()} is needed when {PREFIX}S3_ENDPOINT is set"
            for name in ("s3_access_key", "s3_secret_key", "s3_bucket")
            if not values[name]
        ]
        host = (urlsplit(f"//{values['s3_endpoint']}").hostname or "").lower()
        if values["s3_secure"] is False and not values["s3_plain_inside"] and not _is_here(host):
            problems.append(
                f"{PREFIX}S3_SECURE=false sends keys and files in the clear to {host}: "
                f"use TLS, or say {PREFIX}S3_PLAIN_INSIDE=true where the network between is nobody else's"
            )
    if values["tsa_url"] and not values["tsa_chain"]:
        problems.append(f"{PREFIX}TSA_CHAIN is needed when {PREFIX}TSA_URL is set")
    if values["seal_pkcs12"] and values["seal_pkcs11"]:
        problems.append(f"{PREFIX}SEAL_PKCS12 and {PREFIX}SEAL_PKCS11 exclude each other")
    if values["seal_pkcs11"] and not values["seal_chain"]:
        problems.append(f"{PREFIX}SEAL_CHAIN is needed when {PREFIX}SEAL_PKCS11 is set")
    problems += _directory(values)
    known = ("master_key_file", "master_key", "master_key_command", "master_key_unwrap")
    sources = [name for name in known if values[name]]
    if len(sources) > 1:
        problems.append(" and ".join(f"{PREFIX}{name.upper()}" for name in sources) + " exclude each other")
    file_mb, draft_mb = values["max_upload_mb"], values["max_draft_mb"]
    if isinstance(file_mb, int) and isinstance(draft_mb, int) and file_mb > draft_mb:
        problems.append(f"{PREFIX}MAX_UPLOAD_MB is larger than {PREFIX}MAX_DRAFT_MB")
    return problems


def _is_here(host: str) -> bool:
    """Whether a name or address is of this machine."""
    return host in {"localhost", "::1"} or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


def _directory(values: Mapping[str, object]) -> list[str]:
    """What the company's directory needs, and that its secrets do not travel in the clear without being told to."""
    issuer = str(values["oidc_issuer"] or "")
    if not issuer:
        lone = [name for name in ("oidc_client_id", "oidc_only_roles") if values[name]]
        return [f"{PREFIX}OIDC_ISSUER is needed when {PREFIX}{name.upper()} is set" for name in lone]
    problems = [
        f"{PREFIX}{name.upper()} is needed when {PREFIX}OIDC_ISSUER is set"
        for name in ("oidc_client_id", "public_url")
        if not values[name]
    ]
    parts, inside = urlsplit(issuer), values["inside_hosts"]
    known = isinstance(inside, frozenset) and f"{parts.hostname}:{parts.port or 80}" in inside
    if parts.scheme != "https" and not known:
        problems.append(
            f"{PREFIX}OIDC_ISSUER must begin with https://, or its host:port be in {PREFIX}INSIDE_HOSTS"
        )
    return problems


def file_values(path: Path, problems: list[str]) -> dict[str, str]:
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
