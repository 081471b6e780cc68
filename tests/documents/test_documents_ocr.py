"""Pictures and scans read for passwords by an optional program: what is found, what is not, and what is kept."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pypdfium2
import pytest
from PIL import Image

from documents import FileRefused
from documents.isolation import SeparateReader
from documents.limits import DEFAULT_LIMITS
from documents.ocr import PictureProgram, announced_in, find_program

REAL = find_program("auto")
real = pytest.mark.skipif(
    REAL is None or REAL.language != "spa",
    reason="no tesseract with Spanish: apt-get install tesseract-ocr-spa",
)
SECRET = "= Acceso al portal\nUsuario: ana.perez\n\nContraseña: Verano2026!"
HONEST = (
    "= Acceso al portal\nUsuario: ana.perez\n\nContraseña: se entrega por teléfono\n\nClave de agente: 104233"
)


def _picture(make: SimpleNamespace, text: str, form: str = "PNG") -> bytes:
    page = pypdfium2.PdfDocument(make.pdf(text))[0]
    buffer = io.BytesIO()
    page.render(scale=2.0).to_pil().convert("RGB").save(buffer, form)
    return buffer.getvalue()


def _scan(make: SimpleNamespace, *texts: str) -> bytes:
    pages = [Image.open(io.BytesIO(_picture(make, text))) for text in texts]
    buffer = io.BytesIO()
    pages[0].save(buffer, "PDF", save_all=True, append_images=pages[1:])
    return buffer.getvalue()


def _reader(program: PictureProgram | None = REAL) -> SeparateReader:
    return SeparateReader(pictures=program)


SHOWN: dict[str, tuple[Callable[[SimpleNamespace], bytes], str, str]] = {
    "screenshot": (lambda m: _picture(m, SECRET), "a.png", "picture"),
    "photo": (lambda m: _picture(m, SECRET, "JPEG"), "a.jpg", "picture"),
    "scan, second page": (lambda m: _scan(m, HONEST, SECRET), "a.pdf", "page 2"),
}


@real
@pytest.mark.parametrize("case", SHOWN)
def test_a_password_that_a_picture_shows_is_stopped(make: SimpleNamespace, case: str) -> None:
    """A screenshot, a photo and a page of a scan; the refusal says where, and never what."""
    maker, name, place = SHOWN[case]
    with pytest.raises(FileRefused) as caught:
        _reader().inspect(io.BytesIO(maker(make)), name=name)
    assert (caught.value.code, caught.value.fields["place"]) == ("secret_found", place)
    assert "erano" not in str(caught.value)


@real
def test_an_honest_picture_is_taken_and_what_was_read_is_nowhere(
    make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """How many pages were looked at is a fact of the file; its words are in no fact and in no file left behind."""
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(tmp_path))
    for data, name in ((_picture(make, HONEST), "a.png"), (_scan(make, HONEST), "a.pdf")):
        found = _reader().inspect(io.BytesIO(data), name=name)
        assert found.about["ocr"] == 1
        assert "ocr_unread" not in found.warnings
        assert "104233" not in str(found)
        assert list(tmp_path.iterdir()) == []


@real
def test_more_pages_than_are_read_are_told(make: SimpleNamespace) -> None:
    """Five pages of a scan are read; a longer one says that its rest was not."""
    found = _reader().inspect(io.BytesIO(_scan(make, *[HONEST] * 6)), name="a.pdf")
    assert found.about["ocr"] == 5
    assert "text_cut" in found.warnings


def test_a_program_that_fails_stops_nobody(make: SimpleNamespace) -> None:
    """Away, broken, or not such a program at all: the picture is taken, and that nobody read it is said."""
    for path in ("/nowhere/tesseract", "/bin/false", "/bin/cat"):
        found = _reader(PictureProgram(path, "spa")).inspect(io.BytesIO(_picture(make, HONEST)), name="a.png")
        assert found.warnings == ("ocr_unread",)
        assert "ocr" not in found.about


def test_without_a_program_nothing_is_read(make: SimpleNamespace) -> None:
    """As before there was one; and a PDF that says its text is never drawn for it."""
    assert "ocr" not in _reader(None).inspect(io.BytesIO(_picture(make, SECRET)), name="a.png").about
    wrong = PictureProgram("/nowhere/tesseract", "spa")
    assert _reader(wrong).inspect(io.BytesIO(make.pdf()), name="a.pdf").warnings == ()


def test_a_program_is_found_by_its_name_or_not_at_all(tmp_path: Path) -> None:
    """`no` is none, and so is a path where nothing starts, and a program that knows no language of ours."""
    assert find_program("no") is None
    assert find_program(os.fspath(tmp_path / "none")) is None
    assert find_program("/bin/true") is None
    known = tmp_path / "stand-in"
    known.write_text("#!/bin/sh\necho 'List of available languages (3):'\necho eng\necho osd\n")
    known.chmod(0o700)
    assert find_program(os.fspath(known)) == PictureProgram(os.fspath(known), "eng")


@pytest.mark.parametrize(
    ("read", "word"),
    [
        ("Contraseña: Verano2026!", "contraseña"),
        ("NIP: 4821", "nip"),
        ("Contrasefia: Verano2026!", "contrasefia"),
        ("Contraseña: eeeeeee", ""),
        ("Contraseña: 00000000", ""),
        ("Contraseña: ecoceco", ""),
        ("Contraseña ••••••••", ""),
        ("clave: 104233", ""),
    ],
)
def test_masks_read_as_letters_alarm_nobody(read: str, word: str) -> None:
    """Dots are read as letters and zeros: only what looks like a secret counts in a picture."""
    assert announced_in(read, DEFAULT_LIMITS) == word
