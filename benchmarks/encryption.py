"""What encryption at rest costs: the same uploads, appends and histories with keys of cases beside without them.

Both sides are ours, on stores of the same kind, by turns in the same run. Beside them, what was weighed in decision
0195: the library for age and ours, and age beside AES-GCM for payloads.
"""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from PIL import Image

from benchmarks import submitting
from benchmarks.appends import ORIGIN, new_ledger
from benchmarks.material import add, noise
from benchmarks.measure import Figure, SectionUnavailable, compare, per_second
from evidence.ports import BlobStore
from identity.accounts import Role
from storage.ciphers import age, payloads
from storage.ciphers.blobs import EncryptedBlobs
from storage.ciphers.keys import CaseKeys
from storage.database import connect
from storage.filesystem import FileBlobStore
from storage.ledger import SqlLedger
from storage.s3 import S3BlobStore
from tests.fakes.installation import Installation
from tests.servers import postgresql, seaweedfs
from tests.servers.processes import free_ports
from workflows.commands import Actor

KIB, MIB = 1024, 1024 * 1024
CASE = "MA-001-2026-000001"
_SIZES = ((100 * KIB, 60), (MIB, 16), (16 * MIB, 3))
_APPENDS, _READS, _POSTS = 300, 100, 8


def run(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Files in a folder, appends and histories on SQLite, and the ciphers by themselves."""
    url = f"sqlite:///{scratch / 'encrypted.sqlite3'}"
    ledger = _encrypted_ledger(url)
    assert ledger.keys is not None  # noqa: S101 - just given
    ours = EncryptedBlobs(FileBlobStore(scratch / "encrypted"), ledger.keys)
    yield from _uploads("files", ours, FileBlobStore(scratch / "plain"), None, rounds)
    yield from _ledgers("SQLite", ledger, new_ledger(f"sqlite:///{scratch / 'plain.sqlite3'}"), rounds)
    yield from _ciphers(rounds)


def run_s3(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Files in SeaweedFS through S3, with versioning and a lock."""
    weed = seaweedfs.binary()
    if weed is None:
        raise SectionUnavailable("SeaweedFS is not installed (it is in requirements-dev.txt)")
    ledger = _encrypted_ledger(f"sqlite:///{scratch / 'encrypted.sqlite3'}")
    assert ledger.keys is not None  # noqa: S101 - just given
    until = datetime.now(UTC) + timedelta(days=1)
    with seaweedfs.seaweedfs_server(weed) as server:
        stores = [
            S3BlobStore(server.endpoint, server.access_key, server.secret_key, bucket, secure=False)
            for bucket in ("encrypted", "plain")
        ]
        yield from _uploads("S3", EncryptedBlobs(stores[0], ledger.keys), stores[1], until, rounds)


def run_postgresql(_scratch: Path, rounds: int) -> Iterator[Figure]:
    """Appends and histories on PostgreSQL."""
    binaries = postgresql.binaries()
    if binaries is None:
        raise SectionUnavailable("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with (
        postgresql.postgresql_server(binaries) as server,
        server.database() as encrypted,
        server.database() as plain,
    ):
        yield from _ledgers("PostgreSQL", _encrypted_ledger(encrypted), new_ledger(plain), rounds)


def run_http(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Whole uploads, as people make them: a POST with a picture of 1 MB, inspected, stored, sealed and answered."""
    with ExitStack() as stack:
        rates = []
        for name, switch in (("encrypted", "true"), ("plain", "false")):
            place = Installation(scratch / name, {"CONSTANCIA_ENCRYPTION": switch})
            stack.callback(place.close)
            user = place.user(Role.ESPECIALISTA)
            (port,) = free_ports(1)
            stack.enter_context(submitting.server(place, port, scratch / f"{name}.log"))
            rates.append(_posting(place, submitting.Person(port, user.email), user.id))
        yield compare(
            "upload 1 MB over HTTP, encrypted",
            rates[0],
            "the same installation in plain",
            rates[1],
            unit="MB/s",
            rounds=rounds,
        )


def _posting(place: Installation, person: submitting.Person, actor: str) -> Callable[[], float]:
    def rate() -> float:
        folio = submitting.ticket(place.house, Actor(actor, "especialista"))
        pictures = [_picture() for _ in range(_POSTS)]
        return per_second(sum(map(len, pictures)), lambda: person.submit(folio, pictures)) / 1e6

    return rate


def _picture() -> bytes:
    """A new PNG of about 1 MB."""
    shown = io.BytesIO()
    Image.frombytes("RGB", (590, 590), os.urandom(590 * 590 * 3)).save(shown, "PNG", compress_level=1)
    return shown.getvalue()


def _encrypted_ledger(url: str) -> SqlLedger:
    """An empty ledger whose payloads are under keys of their cases."""
    new_ledger(url)
    engine, master = connect(url), CaseKeys.new_master()
    return SqlLedger(engine, ORIGIN, clock=lambda: datetime.now(UTC), keys=CaseKeys(engine, lambda: master))


def _uploads(
    where: str, ours: BlobStore, plain: BlobStore, until: datetime | None, rounds: int
) -> Iterator[Figure]:
    numbers = itertools.count()
    for size, count in _SIZES:
        body = noise(size - 8)

        def each(store: BlobStore, body: bytes = body, count: int = count) -> None:
            for _ in range(count):
                data = next(numbers).to_bytes(8, "big") + body
                store.put(io.BytesIO(data), media="application/pdf", retain_until=until, case=CASE)

        def rate(store: BlobStore, size: int = size, count: int = count) -> Callable[[], float]:
            return lambda: per_second(size * count, lambda: each(store)) / 1e6

        name = f"{size // MIB} MiB" if size >= MIB else f"{size // KIB} KiB"
        yield compare(
            f"upload {name}, {where}, encrypted",
            rate(ours),
            "the same store in plain",
            rate(plain),
            unit="MB/s",
            rounds=rounds,
        )


def _ledgers(where: str, ours: SqlLedger, plain: SqlLedger, rounds: int) -> Iterator[Figure]:
    numbers = itertools.count()

    def append(ledger: SqlLedger) -> float:
        base = next(numbers)
        return per_second(
            _APPENDS, lambda: [ledger.append(f"C-{base}-{n // 30:04}", add(n)) for n in range(_APPENDS)]
        )

    def history(ledger: SqlLedger, name: str) -> float:
        def read() -> None:
            for _ in range(_READS):
                ledger.forget(name)
                ledger.history(name)

        return per_second(30 * _READS, read)

    yield compare(
        f"append, {where}, encrypted",
        lambda: append(ours),
        "the same ledger in plain",
        lambda: append(plain),
        unit="entries/s",
        rounds=rounds,
    )
    for ledger in (ours, plain):
        for n in range(30):
            ledger.append("C-read", add(n))
    yield compare(
        f"read a history of 30 entries, {where}, encrypted",
        lambda: history(ours, "C-read"),
        "the same ledger in plain",
        lambda: history(plain, "C-read"),
        unit="entries/s",
        rounds=rounds,
    )


def _ciphers(rounds: int) -> Iterator[Figure]:
    from pyrage import decrypt, encrypt, encrypt_io, x25519  # type: ignore[import-untyped]  # noqa: PLC0415

    identity, secret = age.new_secret()
    key = X25519PrivateKey.from_private_bytes(secret)
    public, theirs = key.public_key().public_bytes_raw(), x25519.Identity.from_str(identity)
    body, small, cipher = noise(16 * MIB), noise(1000), payloads.payload_cipher(identity)

    def pulled() -> None:
        stream = age.EncryptedStream(io.BytesIO(body), public)
        while stream.read(MIB):
            pass

    yield compare(
        "encrypt 16 MiB as age v1, and hash it, ours",
        lambda: per_second(len(body), pulled) / 1e6,
        "pyrage.encrypt_io, without the hash",
        lambda: (
            per_second(len(body), lambda: encrypt_io(io.BytesIO(body), io.BytesIO(), [theirs.to_public()]))
            / 1e6
        ),
        unit="MB/s",
        rounds=rounds,
    )

    def gcm() -> None:
        for _ in range(200):
            payloads.unlock(cipher, "0" * 64, payloads.lock(cipher, "0" * 32, "0" * 64, bytes(32), small))

    def aged() -> None:
        for _ in range(200):
            decrypt(encrypt(bytes(32) + small, [theirs.to_public()]), [theirs])

    yield compare(
        "lock and unlock a payload of 1 KB, AES-GCM under the case's key",
        lambda: per_second(200, gcm),
        "an age file each (pyrage)",
        lambda: per_second(200, aged),
        unit="payloads/s",
        rounds=rounds,
    )
