"""The fault table: killed at each point of the way, what is persisted, and that the next run finishes the work (R21).

Each line: the point, then what must be there afterwards: objects of the evidence, entries, sequenced entries, the size
the guard remembers, kept checkpoints, and copies of checkpoints among the objects.
"""

from __future__ import annotations

import io
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from evidence.entry import BlobRef
from evidence.findings import Finding, Verdict
from evidence.note import SigningKey
from evidence.objects import ObjectChecker
from evidence.verify import verify_ledger
from storage.database import connect, reading
from storage.ledger import start_log
from tests.storage import crashing, crowd
from tests.storage.crashing import CASE, CONTENT, Journey, Place
from tests.storage.support import ORIGIN, check_whole, draft, notes, writes

FAULTS = {
    "put.reading": (0, 0, 0, 0, 0, 0),
    "put.stored": (1, 0, 0, 0, 0, 0),
    "put.done": (1, 0, 0, 0, 0, 0),
    "append.composed": (1, 0, 0, 0, 0, 0),
    "append.before_commit": (1, 0, 0, 0, 0, 0),
    "append.done": (1, 2, 0, 0, 0, 0),
    "sequence.before_commit": (1, 2, 0, 0, 0, 0),
    "sequence.done": (1, 2, 2, 0, 0, 0),
    "publish.signed": (1, 2, 2, 0, 0, 0),
    "publish.guarded": (1, 2, 2, 2, 0, 0),
    "publish.saved": (1, 2, 2, 2, 1, 0),
    "publish.done": (1, 2, 2, 2, 1, 1),
}

KNOWN = {"known.composed": 2, "known.before_write": 2, "known.before_commit": 2, "known.written": 3}
"""The same for what is added to a case that the process knows: the entries of the case afterwards."""


@pytest.fixture(
    params=[
        ("sqlite", "filesystem"),
        pytest.param(("postgresql", "s3"), marks=[pytest.mark.postgresql, pytest.mark.s3]),
    ],
    ids=["sqlite and files", "postgresql and s3"],
)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A log that has just begun, and an empty object store."""
    database, blobs = request.param
    url = request.getfixturevalue(f"migrated_{database}_url")
    engine = connect(url)
    start_log(engine, ORIGIN)
    engine.dispose()
    bucket = None
    if blobs == "s3":
        server = request.getfixturevalue("object_server")
        bucket = (
            server.endpoint,
            server.access_key,
            server.secret_key,
            request.getfixturevalue("bucket_name"),
        )
    key = SigningKey.generate(ORIGIN).text
    return Place(url, str(tmp_path / "guard.sqlite"), key, str(tmp_path / "blobs"), bucket)


@pytest.fixture
def journey(place: Place) -> Iterator[Journey]:
    """Another process at the same place."""
    with closing(Journey(place)) as made:
        yield made


def persisted(journey: Journey) -> tuple[int, ...]:
    """What there is, in the order of the table."""
    last = journey.guard.last()
    sizes = [stored.size for stored in journey.blobs.list()]
    evidence = sum(size == len(CONTENT) for size in sizes)
    return (
        evidence,
        len(check_whole(journey.ledger)),
        journey.ledger.tree_size(),
        0 if last is None else last[0],
        len(list(journey.ledger.checkpoints())),
        len(sizes) - evidence,
    )


@pytest.mark.parametrize("point", FAULTS)
def test_killed_at(point: str, place: Place, journey: Journey) -> None:
    """Kill -9 there leaves exactly what the table says, a whole ledger, and a retry that completes it once."""
    (wait,) = crowd.run([(crashing.travel, (place, point))])
    assert wait() == -signal.SIGKILL
    assert persisted(journey) == FAULTS[point]
    assert _caches(journey.engine) == ((1, 1, 1) if FAULTS[point][1] else (0, 0, 0))

    journey.put_and_append(io.BytesIO(CONTENT), "")
    journey.ledger.sequence()
    journey.publisher.publish()
    assert persisted(journey) == FAULTS["publish.done"]
    assert notes(journey.ledger.history(CASE)) == ["uno", "dos"]
    key = SigningKey.from_text(place.key).verifier
    report = verify_ledger(journey.ledger, journey.blobs, keys=[key], full=True)
    assert (report.verdict, report.findings) == (Verdict.VALID, ())


@pytest.mark.parametrize("point", KNOWN)
def test_killed_while_adding_to_a_known_case(point: str, place: Place, journey: Journey) -> None:
    """Without a reading first, the entry and all beside it are there, or nothing is; asked again, it is there once."""
    if point == "known.before_commit" and place.bucket is not None:
        pytest.skip("on PostgreSQL this way is one statement, which commits itself")
    (wait,) = crowd.run([(crashing.travel_twice, (place, point))])
    assert wait() == -signal.SIGKILL
    assert len(check_whole(journey.ledger)) == KNOWN[point]
    assert _caches(journey.engine) == (1, 1, KNOWN[point] - 1)

    if KNOWN[point] == 2:
        journey.append_again("")
    again = journey.ledger.append(CASE, writes(draft("cuatro")), idempotency_key="k3", request_digest="d3")
    assert notes(again) == ["tres"]
    assert notes(journey.ledger.history(CASE)) == ["uno", "dos", "tres"]
    assert not list(journey.ledger.cache_discrepancies())


def _caches(engine: Engine) -> tuple[int, ...]:
    """Rows beside the entries: all or none, as the entries."""
    with reading(engine) as connection:
        return tuple(
            connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608 - our own names
            for table in ("projection", "reference", "idempotency")
        )


def test_the_way_without_a_fault(place: Place, journey: Journey) -> None:
    """The same process, not killed, arrives: the table is about the kills."""
    (wait,) = crowd.run([(crashing.travel, (place, ""))])
    assert wait() == 0
    assert persisted(journey) == FAULTS["publish.done"]


def test_the_check_of_objects_in_four_directions(place: Place, journey: Journey) -> None:
    """R15: a row without its object, an object without a row, other bytes; versions and locks where there are any."""
    (sealed, _) = journey.put_and_append(io.BytesIO(CONTENT), "")
    (ref,) = sealed.entry.objects
    orphan = journey.blobs.put(io.BytesIO(b"nadie me nombra"), media="text/plain")
    checker = ObjectChecker(journey.blobs, full=True)
    assert _found(checker, ref) == []
    assert [stored.key for stored in checker.leftovers()] == [orphan.key]
    if place.bucket is None:
        _damage_files(Path(place.folder), ref.key, checker, ref)
    else:
        _damage_bucket(journey, checker, ref)


def _found(checker: ObjectChecker, ref: BlobRef) -> list[Finding]:
    """All that is found of one object."""
    return checker.check(ref, "x") + checker.settle()


def _damage_files(folder: Path, key: str, checker: ObjectChecker, ref: BlobRef) -> None:
    path = folder / key
    path.chmod(0o644)
    path.write_bytes(b"x" + CONTENT[1:])
    assert [finding.code for finding in _found(checker, ref)] == ["object.differs"]
    path.write_bytes(CONTENT[:-1])
    assert {finding.code for finding in _found(checker, ref)} == {"object.differs"}
    path.unlink()
    assert [finding.code for finding in _found(checker, ref)] == ["object.missing"]


def _damage_bucket(journey: Journey, checker: ObjectChecker, ref: BlobRef) -> None:
    elsewhere = replace(ref, version="0" * 32)
    assert [finding.code for finding in _found(checker, elsewhere)] == ["object.version_differs"]
    longer = replace(ref, retain_until="2099-01-01T00:00:00.000000Z")
    assert [finding.code for finding in _found(checker, longer)] == ["object.retention_shortened"]
    never = replace(ref, sha256="ab" * 32, key=f"sha256/ab/{'ab' * 32}")
    assert [finding.code for finding in _found(checker, never)] == ["object.missing"]
    assert isinstance(journey.blobs, crashing.S3BlobStore)
    client, bucket = journey.blobs._client, journey.blobs._bucket
    forged = client.put_object(
        bucket_name=bucket, object_name=ref.key, data=io.BytesIO(b"x" + CONTENT[1:]), length=len(CONTENT)
    )
    assert _found(checker, ref) == []
    other = replace(ref, version=forged.version_id, retain_until="")
    assert [finding.code for finding in _found(checker, other)] == ["object.differs"]
