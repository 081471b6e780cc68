"""Every parser of the house as a target: bytes in, an answer or one of its documented refusals out, nothing else.

Used by `test_fuzz_parsers` (hypothesis, short), and by ``tools/fuzz.py`` (atheris, long). ``seeds`` are good inputs or
nearly, from which both begin; what once broke something lies under ``corpus/`` and is played every time.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from audit_exports.containers import Unreadable, open_container
from audit_exports.packagecheck import check_package
from audit_exports.trust import Trust
from documents import FileRefused, Limits, inspect
from documents.agent_list import read_agent_list
from documents.markup import plain_text
from documents.preview import preview
from documents.refusals import Refuse, hostile
from documents.request_form import read_account_requests
from documents.row_sheets import FORMS, read_rows
from documents.secrets_scan import scan
from documents.wordtext import word_text
from evidence.canonical import NotCanonical, canonical_bytes, parse_canonical
from evidence.checkpoint import peek_checkpoint
from evidence.entry import MalformedEntry, parse_entry
from evidence.note import NoteError, split_note
from evidence.policy import MalformedPolicy, parse_policy
from evidence.tiles import MalformedTile, decode_bundle, parse_path
from evidence.tlog_proof import parse_proof
from evidence.tree import InvalidProof
from identity.tokens import looks_like_token
from signing.efirma_certificate import EfirmaRefused, _read
from signing.tokens import is_token
from tests.fakes.papers import eml, pdf, png
from web.security import safe_next
from workflows.calendar import BusinessCalendar
from workflows.loader import load
from workflows.tables import DefinitionInvalid

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).with_name("corpus")
SMALL = Limits(
    rows=2_000, cells=20_000, pdf_objects=2_000, unpacked_bytes=4 << 20, pixels=400_000, pdf_pages=20
)


@dataclass(frozen=True, slots=True)
class Target:
    """A parser: what it is called, how it is run on bytes, what it may raise, and inputs to begin from."""

    run: Callable[[bytes], object]
    refuses: tuple[type[Exception], ...]
    seeds: Callable[[], tuple[bytes, ...]]
    slow: bool = False

    @property
    def examples(self) -> int:
        """How many inputs every run of the tests makes up for it."""
        return 15 if self.slow else 60


def _entry(data: bytes) -> None:
    """An entry that is read is the bytes that it was read from."""
    parse_entry(data)
    assert canonical_bytes(parse_canonical(data)) == data


def _canonical(data: bytes) -> None:
    assert canonical_bytes(parse_canonical(data)) == data


def _tile_path(data: bytes) -> None:
    text = data.decode("latin-1")
    assert parse_path(text).path == text


def _proof(data: bytes) -> None:
    assert parse_proof(data).text() == data


def _url_parts(data: bytes) -> None:
    """What comes out of an address: a token, a link's secret, a place to go on to."""
    text = data.decode("utf-8", "surrogateescape")
    if looks_like_token(text):
        assert text.isascii()
    if is_token(text):
        assert len(text) == 43
    onward = safe_next(text)
    assert onward.startswith("/")
    assert onward[1:2] not in {"/", "\\"}
    assert not set(onward) & set("\r\n\\")


def _package(data: bytes) -> None:
    """A package from anywhere: a verdict, whatever it is, and never *valid* without a key."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "p.zip"
        file.write_bytes(data)
        container = open_container(file)
        try:
            assert str(check_package(container, Trust(())).verdict) != "valid"
        finally:
            container.close()


def _inspected(name: str) -> Callable[[bytes], object]:
    return lambda data: inspect(io.BytesIO(data), name=name, limits=SMALL)


def _previewed(name: str) -> Callable[[bytes], object]:
    return lambda data: preview(io.BytesIO(data), name=name, width=64, limits=SMALL)


def _secrets(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for between in ("", "\t", ";"):
        assert all(finding.word == finding.word.lower() for finding in scan(text, between=between))


def _word(data: bytes) -> None:
    with hostile("docx"):
        word_text(io.BytesIO(data), SMALL)


def _docx() -> bytes:
    said = b'<w:document xmlns:w="w"><w:p><w:t>Hola</w:t><w:tab/></w:p><w:tbl><w:tc><w:p/></w:tc></w:tbl></w:document>'
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("word/document.xml", said)
    return stream.getvalue()


def _rows(data: bytes) -> None:
    for form in FORMS:
        for name in ("lista.xlsx", "lista.csv"):
            try:
                read_rows(io.BytesIO(data), form=form, name=name, limits=SMALL)
            except FileRefused:
                continue


def _agents(data: bytes) -> None:
    for name in ("lista.xlsx", "lista.csv"):
        try:
            read_agent_list(io.BytesIO(data), name=name, limits=SMALL)
        except FileRefused:
            continue


@cache
def _xlsx() -> bytes:
    import openpyxl  # noqa: PLC0415 - only this seed needs it

    book, stream = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in (("DES", "Nombre", "RFC", "Correo"), ("1234", "Ana Ruiz", "MERL850101AB1", "a@desk.example")):
        sheet.append(row)
    book.save(stream)
    return stream.getvalue()


def _definition() -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted((ROOT / "workflows/definitions").glob("*/*.toml"))[:2])


_NOTE = (
    b"constancia.example/x\n3\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 constancia.example/x " + b"A" * 92 + b"=\n"
)
_CSV = "DES;Nombre;RFC;Correo\r\n1234;Ana Ruiz;MERL850101AB1;a@desk.example\r\n".encode("latin-1")
_POLICY = b"log constancia.example/x+00000000+AAAA\nwitness w w+0+AAAA\ngroup g 1 w\nquorum g\n"
_PROOF = b"c2sp.org/tlog-proof@v1\nextra AAAA\nindex 1\n" + b"A" * 43 + b"=\n\n" + _NOTE
_ENTRY = (
    b'{"actor":"u-1","at":"2026-01-02T15:04:05.678901Z","case":"MA-001-2026-000001","facts":{},"kind":"case.opened",'
    b'"log":"constancia.example/x","objects":[],"payload":"'
    + b"0" * 64
    + b'","prev":"'
    + b"0" * 64
    + b'","seq":1,"v":1}'
)

TARGETS: dict[str, Target] = {
    "entry": Target(_entry, (MalformedEntry, NotCanonical), lambda: (_ENTRY,)),
    "canonical": Target(
        _canonical, (NotCanonical,), lambda: (_ENTRY, b'{"a":[1,true,null,"\\u0000"]}', b"[" * 3000)
    ),
    "note": Target(split_note, (NoteError,), lambda: (_NOTE,)),
    "checkpoint": Target(peek_checkpoint, (NoteError,), lambda: (_NOTE,)),
    "tile_path": Target(_tile_path, (MalformedTile,), lambda: (b"tile/0/x001/234.p/5", b"tile/entries/000")),
    "bundle": Target(decode_bundle, (MalformedTile,), lambda: (b"\x00\x03abc\x00\x00",)),
    "tlog_proof": Target(_proof, (InvalidProof, NoteError), lambda: (_PROOF,)),
    "policy": Target(parse_policy, (MalformedPolicy,), lambda: (_POLICY,)),
    "definition": Target(load, (DefinitionInvalid,), _definition, slow=True),
    "calendar": Target(
        BusinessCalendar.load,
        (DefinitionInvalid,),
        lambda: tuple(
            path.read_bytes() for path in sorted((ROOT / "workflows/calendars").glob("*.toml"))[:1]
        ),
    ),
    "url_parts": Target(
        _url_parts, (), lambda: (b"/casos?x=1", b"//evil", b"constancia_" + b"A" * 46, b"A" * 43)
    ),
    "certificate": Target(_read, (EfirmaRefused,), lambda: (b"0\x82\x01\x000\x81\xf0", b"0\x03\x02\x01\x01")),
    "package": Target(
        _package, (Unreadable, OSError), lambda: (b"PK\x05\x06" + bytes(18), _xlsx()), slow=True
    ),
    "eml": Target(
        _inspected("x.eml"), (FileRefused,), lambda: (eml(), eml() + b"\n--x\nContent-Type: a/b\n\n--x--")
    ),
    "msg": Target(
        _inspected("x.msg"), (FileRefused,), lambda: (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),)
    ),
    "pdf": Target(_inspected("x.pdf"), (FileRefused,), lambda: (pdf(), pdf(2)), slow=True),
    "xlsx": Target(_inspected("x.xlsx"), (FileRefused,), lambda: (_xlsx(),), slow=True),
    "picture": Target(_inspected("x.png"), (FileRefused,), lambda: (png(),)),
    "preview": Target(_previewed("x.pdf"), (FileRefused,), lambda: (pdf(), png(), eml(), _xlsx()), slow=True),
    "docx": Target(_word, (Refuse,), lambda: (_docx(),)),
    "html": Target(
        lambda data: plain_text(data.decode("utf-8", "replace")),
        (),
        lambda: (b"<p>a<script>b</script>&amp;<td>c",),
    ),
    "secrets": Target(
        _secrets, (), lambda: ("Contraseña: Verano2026!\nNIP\t4821\npwd => x es 1".encode(), _CSV)
    ),
    "text": Target(_inspected("x.txt"), (FileRefused,), lambda: (_CSV, "contraseña: x".encode())),
    "rows": Target(_rows, (), lambda: (_xlsx(), _CSV), slow=True),
    "agents": Target(_agents, (), lambda: (_xlsx(), _CSV), slow=True),
    "requests": Target(
        lambda data: read_account_requests(io.BytesIO(data)), (FileRefused,), lambda: (_xlsx(),), slow=True
    ),
}
