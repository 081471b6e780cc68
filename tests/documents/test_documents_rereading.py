"""A file is read by one child between its coming and its sealing, and never taken for another."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from documents import isolation
from documents.isolation import SeparateReader
from documents.refusals import FileRefused
from documents.rereading import MOST, OnceReader


def _picture(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (40, 30), shade).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files for which a child was asked."""
    seen: list[str] = []
    call = isolation._call

    def counted(worker: str, job: bytes, stream: io.BytesIO, limits: object, name: str) -> bytes:
        seen.append(name)
        return call(worker, job, stream, limits, name)  # type: ignore[arg-type]

    monkeypatch.setattr(isolation, "_call", counted)
    return seen


def test_the_same_file_is_read_once_for_two_questions(children: list[str]) -> None:
    """At the draft and at the sealing: one child, the answer a reader without memory gives; then it is forgotten."""
    reader, stream = OnceReader(), io.BytesIO(_picture(10))
    first = reader.inspect(stream, name="captura.png")
    second = reader.inspect(stream, name="captura.png")
    assert first == second == SeparateReader().inspect(stream, name="captura.png")
    assert children == ["captura.png"] * 2
    reader.inspect(stream, name="captura.png")
    assert children == ["captura.png"] * 3
    assert stream.tell() == 0


def test_other_bytes_names_or_limits_are_other_files(children: list[str]) -> None:
    """What is kept answers for exactly these bytes under exactly this name."""
    reader = OnceReader()
    reader.inspect(io.BytesIO(_picture(10)), name="captura.png")
    reader.inspect(io.BytesIO(_picture(11)), name="captura.png")
    reader.inspect(io.BytesIO(_picture(10)), name="otra.png")
    assert children == ["captura.png", "captura.png", "otra.png"]


def test_a_refusal_is_said_each_time(children: list[str]) -> None:
    """Nothing of a file that is not taken is kept."""
    reader = OnceReader()
    for _ in range(2):
        with pytest.raises(FileRefused):
            reader.inspect(io.BytesIO(b"\x7fELF" + bytes(100)), name="captura.png")
    assert len(children) == 2
    assert not reader._kept


def test_what_nobody_asks_for_again_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, the oldest go first."""
    found = SeparateReader().inspect(io.BytesIO(_picture(1)), name="a.png")
    monkeypatch.setattr(SeparateReader, "inspect", lambda _self, _stream, **_asked: found)
    reader = OnceReader()
    for n in range(MOST + 5):
        reader.inspect(io.BytesIO(b"%d" % n), name="a.png")
    assert len(reader._kept) == MOST
