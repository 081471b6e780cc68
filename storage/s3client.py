"""`DigestClient`: the SDK's client, which may be told the digest of what it sends.

By itself the SDK hashes each body once more to sign it (SHA-256 without TLS, MD5 with it). Who addresses an object by
its content has the digest already; it is signed as ``x-amz-content-sha256``, so that the service refuses other bytes
under it, with TLS too, and is told as the checksum to keep.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.credentials.credentials import Credentials
from minio.error import S3Error, ServerError
from minio.helpers import DictType
from minio.time import to_iso8601utc

_SIGNED = "x-amz-content-sha256"
_IS_THERE = frozenset({304, 409, 412, 501})
"""The key has a version (older services answer 304); somebody writes one just now; no conditions are known here."""


class DigestClient(Minio):
    """See the module. Raises what the SDK raises."""

    def put_known(
        self, bucket: str, key: str, content: bytes, sha256: str, *, media: str, until: datetime | None
    ) -> str | None:
        """Store ``content``, whose digest (hex) is ``sha256``, locked until then, whatever the key has.

        Gives the version, if the service names one.
        """
        return self._sent(bucket, key, content, _headers(sha256, media, until))

    def put_new(
        self, bucket: str, key: str, content: bytes, sha256: str, *, media: str, until: datetime | None
    ) -> str | None:
        """`put_known` where the key has no current version, as the service itself looks. Raises `KeyTaken`."""
        headers = _headers(sha256, media, until)
        try:
            return self._sent(bucket, key, content, {**headers, "If-None-Match": "*"})
        except (S3Error, ServerError) as error:
            status = error.status_code if isinstance(error, ServerError) else error.response.status
            if status in _IS_THERE:
                raise KeyTaken(key) from error
            raise

    def _sent(self, bucket: str, key: str, content: bytes, headers: DictType) -> str | None:
        answer = self._execute("PUT", bucket, key, body=content, headers=headers, no_body_trace=True)
        return answer.headers.get("x-amz-version-id")

    def _build_headers(
        self,
        host: str,
        headers: DictType | None = None,
        body: bytes | None = None,
        creds: Credentials | None = None,
    ) -> tuple[DictType, datetime]:
        """The SDK's, without hashing a body whose digest was told."""
        known = (headers or {}).get(_SIGNED)
        built, moment = super()._build_headers(host, headers, None if known else body, creds)
        if known:
            built[_SIGNED] = known
        return built, moment


class KeyTaken(Exception):
    """Nothing was stored: the key may have a version, and it has to be looked at."""


def checksum(sha256: str) -> str:
    """A digest (hex) as the service spells it."""
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def _headers(sha256: str, media: str, until: datetime | None) -> dict[str, Any]:
    lock = {
        "x-amz-object-lock-mode": COMPLIANCE,
        "x-amz-object-lock-retain-until-date": to_iso8601utc(until) or "",
    }
    return {
        "Content-Type": media,
        _SIGNED: sha256,
        "x-amz-checksum-sha256": checksum(sha256),
        **(lock if until else {}),
    }
