"""What a put asks of the service, and what it does with each answer to its condition."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import urllib3
from minio.error import S3Error

from evidence.entry import BlobRef, parse_time
from evidence.ports import StoreUnavailable
from storage.s3 import S3BlobStore
from storage.s3client import DigestClient, KeyTaken
from tests.servers.seaweedfs import ObjectServer

pytestmark = pytest.mark.s3
Requests = list[str]
MONTH = timedelta(days=30)
Answer = Callable[[str, Any], urllib3.HTTPResponse | None]


@pytest.fixture
def blobs(object_server: ObjectServer, bucket_name: str) -> Iterator[S3BlobStore]:
    """A store that is ready: its bucket is there."""
    store = S3BlobStore(
        object_server.endpoint,
        object_server.access_key,
        object_server.secret_key,
        bucket_name,
        secure=False,
        retention=MONTH,
    )
    with closing(store):
        store.prepare()
        yield store


@pytest.fixture
def client(object_server: ObjectServer, bucket_name: str, blobs: S3BlobStore) -> DigestClient:  # noqa: ARG001
    """The client of a store, by itself."""
    keys = (object_server.access_key, object_server.secret_key)
    return DigestClient(
        object_server.endpoint, access_key=keys[0], secret_key=keys[1], secure=False, region="us-east-1"
    )


def listening(monkeypatch: pytest.MonkeyPatch, instead: Answer = lambda _method, _headers: None) -> Requests:
    """The methods of all requests from now on; where ``instead`` has an answer, the service is not asked."""
    asked: Requests = []
    sent = urllib3.PoolManager.urlopen

    def urlopen(pool: urllib3.PoolManager, method: str, url: str, **given: Any) -> urllib3.BaseHTTPResponse:
        conditional = "If-None-Match" in given["headers"]
        asked.append(f"{method} if new" if conditional else method)
        return instead(method, given["headers"]) or sent(pool, method, url, **given)

    monkeypatch.setattr(urllib3.PoolManager, "urlopen", urlopen)
    return asked


def put(blobs: S3BlobStore, content: bytes, **more: Any) -> BlobRef:
    """Store some bytes."""
    return blobs.put(io.BytesIO(content), media="text/plain", **more)


def refused(status: int, code: str) -> Answer:
    """A service that answers so to each condition."""

    def answer(_method: str, headers: Any) -> urllib3.HTTPResponse | None:
        if "If-None-Match" not in headers:
            return None
        said = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode() if code else b""
        kind = {"Content-Type": "application/xml"} if code else {}
        return urllib3.HTTPResponse(io.BytesIO(said), kind, status)

    return answer


def test_new_content_takes_two_requests(blobs: S3BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service looks itself whether the key is new, and is asked once what it holds, and until when."""
    asked = listening(monkeypatch)
    ref = put(blobs, b"contenido")
    assert asked == ["PUT if new", "HEAD"]
    assert parse_time(ref.retain_until) > datetime.now(UTC) + MONTH - timedelta(minutes=5)


def test_content_that_is_there_is_used_again(blobs: S3BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """No second version: the service refuses it, and the one it has is looked at, and locked for longer."""
    first = put(blobs, b"contenido" * 100_000)
    later = datetime.now(UTC) + 2 * MONTH
    asked = listening(monkeypatch)
    again = put(blobs, b"contenido" * 100_000, retain_until=later)
    assert asked == ["PUT if new", "HEAD", "HEAD", "PUT", "HEAD"], (
        "what is there, its lock, a longer one, and that"
    )
    assert again.version == first.version
    assert parse_time(again.retain_until) >= later
    assert len(list(blobs.list())) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [(409, "ConditionalRequestConflict"), (412, "PreconditionFailed"), (501, "NotImplemented"), (304, "")],
)
def test_a_service_that_refuses_the_condition_is_given_the_content(
    blobs: S3BlobStore, monkeypatch: pytest.MonkeyPatch, status: int, code: str
) -> None:
    """One that knows no conditions, and one where somebody wrote and is gone: looked at, and stored without any."""
    asked = listening(monkeypatch, refused(status, code))
    ref = put(blobs, b"contenido")
    assert asked == ["PUT if new", "HEAD", "PUT", "HEAD"]
    assert put(blobs, b"contenido").version == ref.version
    with blobs.open(ref) as stream:
        assert stream.read() == b"contenido"


def test_any_other_refusal_is_unavailability(blobs: S3BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not about the condition is not tried without it."""
    asked = listening(monkeypatch, refused(403, "AccessDenied"))
    with pytest.raises(StoreUnavailable, match="AccessDenied"):
        put(blobs, b"contenido")
    assert asked == ["PUT if new"]
    assert list(blobs.list()) == []


def test_the_service_refuses_bytes_that_are_not_of_the_digest(
    client: DigestClient, bucket_name: str, blobs: S3BlobStore
) -> None:
    """The digest is signed and checked by the service: nothing comes to lie under the address of something else."""
    for send in (client.put_new, client.put_known):
        with pytest.raises(S3Error):
            send(bucket_name, "sha256/clave", b"contenido", "0" * 64, media="text/plain", until=None)
    assert list(blobs.list()) == []


def test_a_key_that_has_a_version_is_told(client: DigestClient, bucket_name: str) -> None:
    """Only what is new is stored by `put_new`."""
    digest = "d1b2a59fbea7e20077af9f91b27e95e865061b270be03ff539ab3b73587882e8"
    wanted = (bucket_name, "sha256/clave", b"contents", digest)
    assert client.put_new(*wanted, media="text/plain", until=None)
    with pytest.raises(KeyTaken):
        client.put_new(*wanted, media="text/plain", until=None)


def test_the_service_that_says_it_holds_other_bytes_is_not_believed(
    blobs: S3BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read back has the size and the digest that were sent, or nothing is acknowledged."""
    head = S3BlobStore._head

    def lying(store: S3BlobStore, key: str, version: str) -> Any:
        from dataclasses import replace  # noqa: PLC0415

        return replace(head(store, key, version), checksum="AAAA")

    monkeypatch.setattr(S3BlobStore, "_head", lying)
    with pytest.raises(StoreUnavailable, match="other bytes"):
        put(blobs, b"contenido")
