"""A letter as a file: declared PDF/A, the same bytes everywhere, one sheet, data never markup, a findable room."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest
import typst
import zxingcpp
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from documents.inspection import inspect
from signing.letters import SignatureBox, Typesetter, signature_boxes
from signing.letters_templates import Templates
from signing.pades_place import free_place
from tests.signing.letter_house import DAY, FOLIO, HEAD, NAMES, TYPESETTER, content, letter
from workflows.errors import LetterUnfit

ROOT = Path(__file__).parents[2]


def text_of(pdf: bytes) -> str:
    """What a reader of PDF finds written in it, in one line.

    PDFium takes a dash at the end of a line for a hyphen, and gives U+FFFE for it.
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [document[number].get_textpage().get_text_range() for number in range(len(document))]
    finally:
        document.close()
    return " ".join(" ".join(pages).replace("\u200b", "").replace("\ufffe", "-").split())


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_is_one_sheet_that_declares_pdf_a(name: str) -> None:
    """Every letter is one page of letter size, says PDF/A-2b of itself, and the door takes it without a warning."""
    made = letter(name).pdf
    reader = PdfReader(io.BytesIO(made))
    assert [(float(p.mediabox.width), float(p.mediabox.height)) for p in reader.pages] == [(612, 792)]
    metadata = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in metadata
    found = inspect(io.BytesIO(made), name="carta.pdf")
    assert (found.family, found.warnings) == ("pdf", ())
    said = text_of(made)
    assert FOLIO in said
    assert "30 de noviembre de 2026" in said
    assert "María Núñez" in said


@pytest.mark.parametrize("name", NAMES)
def test_only_fonts_of_the_typesetter_are_used(name: str) -> None:
    """All fonts are embedded, and none comes from this machine."""
    fonts = {
        str(font.get_object()["/BaseFont"]).partition("+")[2]
        for page in PdfReader(io.BytesIO(letter(name).pdf)).pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert fonts
    assert all(font.startswith(("LibertinusSerif", "DejaVuSansMono")) for font in fonts)


def test_the_same_letter_has_the_same_bytes_in_another_process() -> None:
    """Same template, data and day give the same file, whoever sets it; another day another one that says the same."""
    script = "from tests.signing.letter_house import letter; print(letter().sha256)"
    other = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )
    mine = letter()
    assert other.stdout.strip() == mine.sha256
    template = TYPESETTER.templates.newest("autorizacion")
    later = TYPESETTER.set(template, HEAD, content(), FOLIO, DAY.replace(month=12, day=1))
    assert later.sha256 != mine.sha256
    assert later.filled == mine.filled
    assert letter(filled=content(signatory="Otra Persona")).filled != mine.filled


def test_the_room_for_the_signature_is_found_in_the_file() -> None:
    """The rectangle above the signatory's name, in points from the lower left corner; other PDFs have none."""
    (box,) = signature_boxes(letter().pdf)
    assert (box.page, round(box.width), round(box.height)) == (1, 276, 92)
    assert box.x > 70
    assert box.x + box.width < 540
    assert box.y > 70
    assert box == signature_boxes(letter("custodia", content(signatory="Ana Ñ")).pdf)[0]
    (unaddressed,) = signature_boxes(letter(head=replace(HEAD, public_url="")).pdf)
    assert isinstance(unaddressed, SignatureBox)
    from tests.documents.conftest import make_pdf  # noqa: PLC0415 - a maker of other PDFs

    assert signature_boxes(make_pdf()) == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_mark_of_a_signature_goes_into_its_room(name: str) -> None:
    """The visible mark is placed exactly in the room, at full size; where the room is not empty, elsewhere."""
    made = letter(name).pdf
    (box,) = signature_boxes(made)
    place = free_place(io.BytesIO(made), page=0, size=(612, 792))
    assert place is not None
    assert (place.left, place.bottom) == (box.x, box.y)
    assert (round(place.width), round(place.height)) == (276, 92)
    source = (
        '#place(dx: 50pt, dy: 300pt, link("#firma-1", box(width: 276pt, height: 92pt)[Aquí ya se firmó]))'
    )
    taken = typst.compile(source.encode(), timestamp=1)
    (room,) = signature_boxes(taken)
    other = free_place(io.BytesIO(taken), page=0, size=(595, 842))
    assert other is not None
    assert (other.left, other.bottom) != (room.x, room.y)


@pytest.mark.parametrize(
    ("url", "says"),
    [("https://constancia.example", f"https://constancia.example/verificar/{FOLIO}"), ("", FOLIO)],
)
def test_the_code_leads_to_the_public_check(url: str, says: str) -> None:
    """A camera reads the check page's address off the printed letter; where no address is configured, the folio."""
    document = pypdfium2.PdfDocument(letter(head=replace(HEAD, public_url=url)).pdf)
    picture = document[0].render(scale=2).to_pil()
    document.close()
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [says]


MARKUP = st.sampled_from(
    ["#", "$", "*", "_", "@", "<x>", "[", "]", "`", "\\", "//", "/*", "= ", "#set page()", '#read("/etc/passwd")',
     "ñ", "Ñ", "á", "ü", "'", '"', "&", "<script>", "{{", "~", "---", "a", "Z", "9", " "]
)  # fmt: skip


@example('##############read("/etc/passwd")---')
@given(st.lists(MARKUP, min_size=1, max_size=40).map("".join).map(str.strip).filter(bool))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_data_is_never_markup(value: str) -> None:
    """Whatever is typed stands in the letter as it was typed, and nothing of it acts."""
    made = letter("autorizacion", content((("Nombre", value),), signatory=value))
    squeezed = "".join(value.split())
    assert "".join(text_of(made.pdf).split()).count(squeezed) >= 2


@given(st.text(min_size=1, max_size=60))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_set_or_refused(value: str) -> None:
    """Controls, overrides of direction, private and unknown characters are refused with the field; nothing crashes."""
    outcome = "set"
    try:
        letter("custodia", content((("Usuario", value),)))
    except LetterUnfit as refusal:
        outcome = str(refusal.fields["why"])
    assert outcome in {"set", "characters", "glyph", "secret"}


@pytest.mark.parametrize(
    "odd", ["\x00", "\x07", "\u202e", "\u2066", "\u200b", "\ue000", "\ud800", "\U000e0041"]
)
def test_characters_that_deceive_are_refused(odd: str) -> None:
    """A name that would read otherwise than it is stored does not come under a signature; the field is named."""
    with pytest.raises(LetterUnfit) as refused:
        letter("autorizacion", content((("Nombre", f"Ana{odd}Ruiz"),)))
    assert refused.value.fields["why"] == "characters"
    assert refused.value.fields["field"] == "Nombre"


def test_what_the_fonts_lack_is_refused() -> None:
    """A character without a shape is never a blank box on a signed letter."""
    with pytest.raises(LetterUnfit) as refused:
        letter("autorizacion", content((("Nombre", "王 Ruiz"),)))
    assert (refused.value.fields["why"], refused.value.fields["value"]) == ("glyph", "王")


def test_long_values_stay_on_the_sheet() -> None:
    """A very long name is broken, not cut and not run off the paper; one that is no name any more is refused."""
    long = "MaríaFernandaNúñez" * 16
    made = letter("custodia", content((("Nombre", long), ("Correo", "x" * 300))))
    assert long in text_of(made.pdf).replace(" ", "")
    document = pypdfium2.PdfDocument(made.pdf)
    for number in range(len(document)):
        page = document[number].get_textpage()
        boxes = [page.get_charbox(at) for at in range(page.count_chars())]
        assert max(right for _left, _low, right, _high in boxes) < 612 - 70
    document.close()
    with pytest.raises(LetterUnfit, match="long"):
        letter("custodia", content((("Nombre", "x" * 301),)))


def test_a_letter_that_grows_keeps_its_signature_whole() -> None:
    """With many rows there is a second page; the room and the name under it stay together on the last one."""
    rows = tuple((f"Dato {n}", "Valor que ocupa un renglón") for n in range(24))
    made = letter("autorizacion", content(rows))
    (box,) = signature_boxes(made.pdf)
    assert (len(PdfReader(io.BytesIO(made.pdf)).pages), box.page) == (2, 2)
    assert "Página 2 de 2" in text_of(made.pdf)


@pytest.mark.parametrize("value", ["Contraseña: Xk9$mQ2!", "mruiz / pwd=Secreto1", "NIP: 4821"])
def test_no_letter_holds_a_password(value: str) -> None:
    """What looks like a secret is refused before anything is set, and the refusal does not repeat it."""
    with pytest.raises(LetterUnfit) as refused:
        letter("custodia", content((("Usuario", value),)))
    assert refused.value.fields == {"why": "secret", "field": "Usuario", "value": ""}


def test_templates_cannot_reach_out_of_their_folder(tmp_path: Path) -> None:
    """A template that reads a file beside its folder fails: the root is a jail."""
    (tmp_path / "secreto.txt").write_text("llave")
    at = tmp_path / "letters" / "mala" / "1"
    at.mkdir(parents=True)
    (at / "carta.toml").write_text('title = "x"\ntitle_en = "x"\nuses = []\nserves = []\n')
    (at / "carta.typ").write_text('#read("../../../secreto.txt")')
    jailed = Typesetter(Templates(tmp_path / "letters"))
    with pytest.raises(RuntimeError, match=r"outside|escape|project root|denied"):
        jailed.set(jailed.templates.newest("mala"), HEAD, content(), FOLIO, DAY)


def test_the_code_of_any_folio_is_read_off_the_page() -> None:
    """One pattern over the data serves every folio: fifty of them, small and large numbers, at the size of a screen."""
    for number in range(0, 1_000_000, 20_011):
        folio = f"MA-001-2026-{number:06}"
        made = TYPESETTER.set(TYPESETTER.templates.newest("baja"), HEAD, content(), folio, DAY)
        picture = pypdfium2.PdfDocument(made.pdf)[0].render(scale=2).to_pil()
        assert [found.text for found in zxingcpp.read_barcodes(picture)] == [
            f"{HEAD.public_url}/verificar/{folio}"
        ]
