"""D7: what acts, hides or is ambiguous never becomes a letter that somebody is asked to sign."""

from __future__ import annotations

import io
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from pypdf import PdfWriter

from documents.isolation import SeparateReader
from documents.refusals import FileRefused
from signing.errors import DocumentUnsignable
from signing.pades_document import opened
from signing.ports import DocumentUnfit
from tests.documents.test_documents_hostile import ACTIVE, _xfa
from tests.fakes.signing_room import SigningRoom
from workflows.commands import Supersede, Upload


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SigningRoom]:
    """A desk that reads strangers' files as in service."""
    made = SigningRoom.begin(tmp_path_factory.mktemp("letters") / "data")
    yield made
    made.place.close()


@pytest.fixture(scope="module")
def folio(room: SigningRoom) -> str:
    """A case whose letter could be replaced."""
    made = room.case()
    room.place.house.cases._reader = SeparateReader()
    return made


def encrypted(make: SimpleNamespace) -> bytes:
    """Readable without a password, and all the same not to be added to."""
    writer = PdfWriter(clone_from=io.BytesIO(make.pdf()))
    writer.encrypt("", "owner")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("case", ACTIVE)
def test_no_such_letter_is_frozen(room: SigningRoom, folio: str, make: SimpleNamespace, case: str) -> None:
    """Refused by the step's form before anything is written, wherever in the file it hides."""
    content = ACTIVE[case][0](make)
    seq = room.links.desk.choices(folio, "9").letters[0].seq
    before = len(room.entries(folio))
    with pytest.raises(FileRefused) as refused:
        room.place.house.cases.supersede(
            Supersede(folio, seq, room.actor, "Va otra carta", (Upload("carta.pdf", io.BytesIO(content)),))
        )
    assert refused.value.code == "active_content"
    assert len(room.entries(folio)) == before


def test_an_encrypted_letter_is_evidence_and_nobody_is_asked_to_sign_it(
    room: SigningRoom, make: SimpleNamespace
) -> None:
    """It opens without a password, so it is taken; nothing can be added to it, so nobody is asked."""
    folio = room.case(2)
    seq = room.links.desk.choices(folio, "9").letters[0].seq
    uploads = (Upload("carta.pdf", io.BytesIO(encrypted(make))),)
    room.place.house.cases.supersede(Supersede(folio, seq, room.actor, "Va otra carta", uploads))
    with pytest.raises(DocumentUnsignable):
        room.ask(folio)
    assert "signature.requested" not in room.kinds(folio)


def hybrid() -> bytes:
    """Two cross references, a table and a stream, that may disagree (ISO 32000-1, 7.5.8.4)."""
    out = bytearray(b"%PDF-1.5\n")
    places = []
    for number, body in enumerate(
        (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
         b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>"), 1,
    ):  # fmt: skip
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    stream_at = len(out)
    rows = b"".join(b"\x01" + place.to_bytes(3, "big") + b"\x00" for place in (*places, stream_at))
    data = b"\x00\x00\x00\x00\xff" + rows
    out += b"4 0 obj\n<</Type/XRef/Size 5/W[1 3 1]/Root 1 0 R/Length %d>>stream\n%s\nendstream\nendobj\n" % (
        len(data),
        data,
    )
    table_at = len(out)
    out += b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size 5/Root 1 0 R/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n" % (stream_at, table_at)
    return bytes(out)


def test_what_readers_may_see_differently_is_not_sealed(make: SimpleNamespace) -> None:
    """The seal looks once more, whatever the desk took: hybrid cross references, dynamic forms, encryption."""
    for content, code in (
        (hybrid(), "hybrid"),
        (make.edit_pdf(_xfa), "xfa"),
        (encrypted(make), "encrypted"),
    ):
        with pytest.raises(DocumentUnfit) as refused:
            opened(content)
        assert refused.value.code == code
    assert opened(make.pdf()) is not None
