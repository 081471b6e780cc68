"""Laws of names and identifiers, and: no bytes make the door do anything but answer or refuse."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents import FileRefused, Inspection, Limits, inspect
from documents.identifiers import (
    check_rfc,
    fold,
    is_email,
    normalise_dsn,
    normalise_email,
    normalise_rfc,
    rfc_check_digit,
)
from documents.names import MAX_NAME_BYTES, safe_name, split_extension, with_extension
from documents.preview import preview
from documents.secrets_scan import scan
from evidence.canonical import canonical_bytes

ANY_TEXT = st.text(st.characters(), max_size=300)
SMALL = Limits(rows=5_000, cells=50_000, pdf_objects=5_000, unpacked_bytes=8 << 20, pixels=1_000_000)
QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(ANY_TEXT)
def test_safe_names_are_harmless(raw: str) -> None:
    """Whatever a file is called, what leaves is one short NFC component without control or direction characters."""
    name = safe_name(raw)
    assert name
    assert safe_name(name) == name
    assert unicodedata.normalize("NFC", name) == name
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert not any(unicodedata.category(c)[0] == "C" for c in name)
    assert not set(name) & set('<>:"/\\|?*')
    assert name not in {".", ".."}
    assert name.strip(" .") == name


@given(ANY_TEXT, st.sampled_from(["pdf", "xlsx", "png"]))
def test_extension_survives_shortening(stem: str, extension: str) -> None:
    """However long the name, the extension stays."""
    component = stem.replace("/", "").replace("\\", "")
    assert split_extension(safe_name(f"a{component}.{extension}"))[1] == extension
    assert split_extension(with_extension(stem, extension))[1] == extension


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\carta.pdf", "carta.pdf"),
        ("carta\u202efdp.exe", "cartafdp.exe"),
        ("a\r\nb\0c.pdf", "a bc.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("lpt1", "_lpt1"),
        ("..", "archivo"),
        ("   ", "archivo"),
        ("ano\u0303.pdf", "anõ.pdf"),
        ("con.carta", "_con.carta"),
        ("a:b*c?.pdf", "a_b_c_.pdf"),
        ("\u200b", "archivo"),
        ("x" * 400 + ".pdf", "x" * 176 + ".pdf"),
    ],
)
def test_safe_names_of_known_tricks(raw: str, expected: str) -> None:
    """Paths, direction overrides, control characters, device names and very long names."""
    assert safe_name(raw) == expected


@given(ANY_TEXT)
def test_normalisation_is_idempotent(raw: str) -> None:
    """A normalised identifier is its own normal form, so that comparing normal forms is enough."""
    for normalise in (normalise_rfc, normalise_dsn, normalise_email, fold):
        once = normalise(raw)
        assert normalise(once) == once


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" dsn 2026/000 123 ", "DSN-2026-000-123"),
        ("dsn-2026-000-123", "DSN-2026-000-123"),
        ("DSN–2026_000.123", "DSN-2026-000-123"),
        ("\u200bDSN1\u202e", "DSN1"),
        ("---", ""),
    ],
)
def test_spellings_of_a_reference_meet(raw: str, expected: str) -> None:
    """The same DSN typed in other ways is the same DSN."""
    assert normalise_dsn(raw) == expected


def test_fold_is_for_search() -> None:
    """Search does not mind case, accents, ñ or blanks."""
    assert fold("  Ñandú\tÁÉÍ  Straße ") == "nandu aei strasse"


@pytest.mark.parametrize(
    ("raw", "value", "problem", "warning"),
    [
        ("GODE561231GR8", "GODE561231GR8", "", ""),
        (" gode-561231-gr8 ", "GODE561231GR8", "", ""),
        ("GODE561231GR7", "GODE561231GR7", "", "check_digit"),
        ("GODE561331GR8", "GODE561331GR8", "bad_date", ""),
        ("GODE560230GR8", "GODE560230GR8", "bad_date", ""),
        ("ABC010101AB1", "ABC010101AB1", "company", ""),
        ("XAXX010101000", "XAXX010101000", "generic", ""),
        ("GODE561231", "GODE561231", "malformed", ""),
        ("", "", "empty", ""),
        ("ÑAÑE000229AA0", "ÑAÑE000229AA0", "", "check_digit"),
        ("GÓDE561231GR8", "GODE561231GR8", "", ""),
    ],
)
def test_rfc_of_a_person(raw: str, value: str, problem: str, warning: str) -> None:
    """Thirteen characters with a date that exists; companies and generic ones are named; the check digit only warns."""
    verdict = check_rfc(raw)
    assert (verdict.value, verdict.problem, verdict.warning) == (value, problem, warning)


@given(
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZÑ&", min_size=4, max_size=4),
    st.dates(date(1930, 1, 1), date(2010, 12, 31)),
    st.text("ABCDEFGHIJKLMNPQRSTUVWXYZ123456789", min_size=2, max_size=2),
    st.integers(0, 11).filter(lambda position: position != 2),
    st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
)
def test_check_digit_catches_one_wrong_character(
    letters: str, born: date, key: str, position: int, other: str
) -> None:
    """An RFC with its own check digit passes; one changed letter or digit almost always shows.

    The rule is modulo 11, so a change shows unless the two values differ by a multiple of 11; the third character
    weighs 11 and is never noticed.
    """
    body = f"{letters}{born:%y%m%d}{key}"
    assert check_rfc(body + rfc_check_digit(body)).warning == ""
    changed = body[:position] + other + body[position + 1 :]
    order = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
    if (order.index(other) - order.index(body[position])) % 11:
        assert rfc_check_digit(changed) != rfc_check_digit(body)


@pytest.mark.parametrize(
    ("raw", "fine"),
    [
        ("Ana.Perez@Promotoria.example", True),
        ("<mailto:ana@x.example>", True),
        ("ana@x", False),
        ("ana@@x.example", False),
        ("a b@x.example", False),
        ("ana..b@x.example", False),
        (".ana@x.example", False),
        ("ana@-x.example", False),
        ("", False),
    ],
)
def test_addresses(raw: str, fine: bool) -> None:
    """An address has one at sign, a plain local part and a dotted domain."""
    assert is_email(normalise_email(raw)) is fine


@pytest.mark.parametrize(
    "text",
    [
        "Contraseña: Abc123",
        "contrasena=Abc123",
        "Su PASSWORD : hola",
        "pwd=x1",
        "NIP: 4821",
        "PIN:0000",
        "Contraseña de acceso: Verano",
        "contraseña (temporal): Verano",
        "Contraseña:\nVerano2026",
        "usuario: ana password: Abc",
        "con\u200btraseña: Abc123",
        "pass\u00adword: Abc123",
        "contrasen\u0303a: Abc123",
    ],
)
def test_announced_secrets_are_found(text: str) -> None:
    """A word that announces a secret, a sign, and a token."""
    assert [finding.blocks for finding in scan(text)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "Contraseña: ********",
        "Contraseña: ______",
        "password: [testado]",
        "Contraseña: se entrega por separado",
        "La contraseña se cambia al primer acceso.",
        "Cambie su contraseña:\nsaludos cordiales",
        "opinión: buena",
        "shipping: 12",
        "Nunca comparta su contraseña",
        "contraseña no compartida: véase abajo",
        "pines: 3",
    ],
)
def test_harmless_mentions_pass(text: str) -> None:
    """Masks, remarks, prose and other words are no secrets."""
    assert list(scan(text)) == []


@given(st.text(st.sampled_from("pin :=\n(a)x"), max_size=2_000))
def test_scan_ends(text: str) -> None:
    """No text makes the scan run away; findings lie inside the text and hold only the word."""
    for finding in scan(text):
        assert text[finding.offset :].lower().startswith(finding.word)


def _door(data: bytes, name: str) -> Inspection | None:
    try:
        return inspect(io.BytesIO(data), name=name, limits=SMALL)
    except FileRefused:
        return None


@QUICK
@given(st.data())
@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow tells of odd EXIF by a warning
def test_truncated_files_are_answered(good: Mapping[str, bytes], data: st.DataObject) -> None:
    """A file cut anywhere is read or refused, never anything else."""
    name = data.draw(st.sampled_from(sorted(good)))
    cut = data.draw(st.integers(0, len(good[name]) - 1))
    found = _door(good[name][:cut], name)
    if found is not None:
        canonical_bytes(dict(found.about))


@settings(QUICK, max_examples=200)
@given(st.data())
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_flipped_bytes_are_answered(good: Mapping[str, bytes], data: st.DataObject) -> None:
    """A file with some bytes changed is read or refused; what is read can be sealed and shown."""
    name = data.draw(st.sampled_from(sorted(good)))
    changed = bytearray(good[name])
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    found = _door(bytes(changed), name)
    if found is not None:
        canonical_bytes(dict(found.about))
    try:
        preview(io.BytesIO(bytes(changed)), name=name, width=64, limits=SMALL)
    except FileRefused as refusal:
        assert refusal.name == name  # noqa: PT017 - a refusal is one of two right answers


@QUICK
@given(st.binary(max_size=400), st.sampled_from(["a.pdf", "a.xlsx", "a.png", "a.eml", "a.msg", "a.txt", "a"]))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_any_bytes_are_answered(data: bytes, name: str) -> None:
    """Bytes of any kind under any name are read or refused."""
    for start in (
        b"",
        b"%PDF-1.7\n",
        b"PK\x03\x04",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"RIFF\0\0\0\0WEBP",
    ):
        _door(start + data, name)
