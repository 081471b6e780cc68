"""The witness: what it cosigns, what it refuses and how, and that its memory never goes back."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.checkpoint import Checkpoint, sign_checkpoint
from evidence.note import SigningKey, open_note
from evidence.policy import parse_policy
from evidence.tree import Frontier, consistency_proof, leaf_hash, root_of
from witness.book import SqliteBook
from witness.protocol import SIZE_MEDIA, AddCheckpoint, MalformedRequest, parse_request
from witness.server import WitnessServer
from witness.witness import Refused, Witness

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "constancia.example/prueba"
LOG = SigningKey(ORIGIN, bytes(32))
KEY = SigningKey("testigo.example/w1", bytes([7]) * 32)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Tree:
    """A log's tree in memory; ``salt`` makes another log of the same size."""

    salt: bytes = b""
    leaves: list[bytes] = field(default_factory=list)

    def grow(self, size: int) -> None:
        """Until there are ``size`` leaves."""
        self.leaves += [leaf_hash(self.salt + bytes([n % 256])) for n in range(len(self.leaves), size)]

    def request(self, old: int, size: int, *, key: SigningKey = LOG, origin: str = ORIGIN) -> AddCheckpoint:
        """A truthful request."""
        self.grow(size)
        note = sign_checkpoint(Checkpoint(origin, size, root_of(self.leaves[:size])), key)
        proof = consistency_proof(old, size, self._read) if 0 < old <= size else []
        return AddCheckpoint(old, tuple(proof), note)

    def _read(self, level: int, index: int) -> bytes:
        frontier = Frontier()
        frontier.extend(self.leaves[index << level : (index + 1) << level])
        return frontier.root()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """A witness with an empty book that knows one log."""
    return Witness(KEY, [LOG.verifier], SqliteBook(tmp_path / "book"), lambda: NOW)


def refusal(witness: Witness, body: bytes) -> Refused:
    """How a request is refused."""
    with pytest.raises(Refused) as refused:
        witness.add_checkpoint(body)
    return refused.value


def test_a_growing_log_is_cosigned_at_every_step(witness: Witness) -> None:
    """From nothing, by proofs, and again at the same size; each line verifies and states the time."""
    tree = Tree()
    for old, size in [(0, 1), (1, 2), (2, 7), (7, 7), (7, 300)]:
        request = tree.request(old, size)
        opened = open_note(request.note + witness.add_checkpoint(request.body()), [KEY.cosigner])
        assert [item.seconds for item in opened.verified] == [int(NOW.timestamp())]


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda tree: tree.request(0, 5), HTTPStatus.CONFLICT),
        (lambda tree: tree.request(9, 12), HTTPStatus.CONFLICT),
        (lambda tree: tree.request(4, 5), HTTPStatus.CONFLICT),
        (lambda tree: replace(tree.request(8, 12), proof=()), HTTPStatus.UNPROCESSABLE_ENTITY),
        (lambda _tree: Tree(b"x").request(8, 12), HTTPStatus.UNPROCESSABLE_ENTITY),
        (lambda _tree: Tree(b"x").request(8, 8), HTTPStatus.CONFLICT),
        (lambda tree: replace(tree.request(8, 8), proof=(bytes(32),)), HTTPStatus.UNPROCESSABLE_ENTITY),
        (lambda tree: replace(tree.request(8, 12), old=13), HTTPStatus.BAD_REQUEST),
        (lambda tree: tree.request(8, 12, key=SigningKey(ORIGIN, bytes([1]) * 32)), HTTPStatus.FORBIDDEN),
        (
            lambda tree: tree.request(8, 12, key=SigningKey("otra", bytes(32)), origin="otra"),
            HTTPStatus.NOT_FOUND,
        ),
    ],
)
def test_what_does_not_continue_is_refused_as_specified(witness: Witness, make, status: HTTPStatus) -> None:  # type: ignore[no-untyped-def]
    """A shorter, other, unproved, unsigned or unknown tree gets its status, and the book stays."""
    tree = Tree()
    witness.add_checkpoint(tree.request(0, 8).body())
    refused = refusal(witness, make(tree).body())
    assert refused.status is status
    if status is HTTPStatus.CONFLICT:
        assert (refused.body, refused.media) == ("8\n", SIZE_MEDIA)
    witness.add_checkpoint(tree.request(8, 9).body())


def test_a_first_proof_must_be_empty(witness: Witness) -> None:
    """There is nothing to be consistent with yet."""
    request = replace(Tree().request(0, 3), proof=(bytes(32),))
    assert refusal(witness, request.body()).status is HTTPStatus.UNPROCESSABLE_ENTITY


def test_two_requests_at_once_never_take_the_book_back(witness: Witness, tmp_path: Path) -> None:
    """Of many from one old size all but the first are told the new one; the book ends at a cosigned head."""
    tree = Tree()
    witness.add_checkpoint(tree.request(0, 4).body())
    bodies = [tree.request(4, size).body() for size in range(5, 21)]

    def ask(body: bytes) -> HTTPStatus:
        try:
            witness.add_checkpoint(body)
        except Refused as refused:
            return refused.status
        return HTTPStatus.OK

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(ask, bodies))
    accepted = [5 + n for n, status in enumerate(statuses) if status is HTTPStatus.OK]
    assert sorted(set(statuses)) == [HTTPStatus.OK, HTTPStatus.CONFLICT]
    assert len(accepted) == 1
    assert SqliteBook(tmp_path / "book").last(ORIGIN) == (accepted[0], root_of(tree.leaves[: accepted[0]]))


@given(st.integers(0, 2**63 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_requests_read_back(old: int, proof: list[bytes]) -> None:
    """What the log writes is what the witness reads."""
    request = AddCheckpoint(old, tuple(proof), b"nota\n\n\xe2\x80\x94 x AAAAAAA=\n")
    assert parse_request(request.body()) == request


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 1\n",
        b"old 01\n\nx",
        b"old -1\n\nx",
        b"old 9223372036854775808\n\nx",
        b"old 1\r\n\nx",
        b"old 1\nAAAA\n\nx",
        b"old 1\n" + b"A" * 44 + b"\n\nx",
        b"old 1\n" + (b"A" * 43 + b"=\n") * 64 + b"\nx",
        b"new 1\n\nx",
        "old １\n\nx".encode(),
    ],
)
def test_other_bytes_are_no_request(witness: Witness, body: bytes) -> None:
    """Every other spelling is refused before anything is looked at."""
    with pytest.raises(MalformedRequest):
        parse_request(body)
    assert refusal(witness, body).status is HTTPStatus.BAD_REQUEST


@pytest.fixture
def address(witness: Witness) -> Iterator[tuple[str, int]]:
    """The witness behind HTTP on a free port."""
    server = WitnessServer(("127.0.0.1", 0), witness, KEY.cosigner)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield "127.0.0.1", server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_over_http(address: tuple[str, int]) -> None:
    """Statuses and bodies arrive as decided, one connection serves several requests, and nothing else is there."""
    connection = http.client.HTTPConnection(*address, timeout=5)
    tree = Tree()
    seen = []
    for method, path, body in [
        ("GET", "/", None),
        ("POST", "/add-checkpoint", tree.request(0, 3).body()),
        ("POST", "/add-checkpoint", tree.request(0, 4).body()),
        ("GET", "/key", None),
        ("POST", "/add-checkpoint", b"x" * 70_000),
        ("POST", "/other", b"x"),
        ("DELETE", "/", None),
    ]:
        connection.request(method, path, body)
        answer = connection.getresponse()
        seen.append((answer.status, answer.getheader("Content-Type", ""), answer.read()))
    connection.close()
    assert [status for status, _, _ in seen] == [200, 200, 409, 404, 413, 404, 501]
    assert seen[0][2].decode().strip() == KEY.cosigner.text
    assert seen[1][2].startswith("— testigo.example/w1 ".encode())
    assert seen[2][1:] == (SIZE_MEDIA, b"3\n")


def test_one_command_starts_a_witness_that_remembers(tmp_path: Path) -> None:
    """It prints its line for a policy, cosigns, and after a kill -9 still refuses to go back."""
    command = [sys.executable, "-m", "witness", "--name", "testigo.example/w9", "--log", LOG.verifier.text]
    command += ["--dir", str(tmp_path / "w"), "--port", "0"]
    tree, lines = Tree(), []
    for old, size, expected in [(0, 6, 200), (0, 5, 409)]:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            assert process.stdout is not None
            lines.append(process.stdout.readline().strip())
            port = int(lines[-1].rpartition(":")[2])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("POST", "/add-checkpoint", tree.request(old, size).body())
            assert connection.getresponse().status == expected
            connection.close()
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()
    keys = {re.sub(r" http://.*", "", line) for line in lines}
    assert len(keys) == 1
    found = parse_policy(f"{keys.pop()}\nquorum w9\n".encode())
    assert found.witnesses[0].key.name == "testigo.example/w9"
    assert (tmp_path / "w" / "key").stat().st_mode & 0o777 == 0o600
