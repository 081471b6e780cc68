"""Letters that come back: codes read off bad scans, pages counted, earlier revisions recognised, no more claimed."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable

import pytest
import segno
import typst
from PIL import Image, ImageFilter

from documents.isolation import SeparateReader
from documents.paper import read_paper
from documents.preview import page_png
from documents.refusals import FileRefused
from workflows.paper import CONFIRMED, DIFFERS, PERSON, Sent, paper_findings

FOLIO = "MA-001-2026-000123"
ADDRESS = f"https://desk.example/verificar/{FOLIO}"


def letter(address: str = ADDRESS, pages: int = 1) -> bytes:
    """A letter with its code in the corner, as ours have it."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=2, xmldecl=False)
    code = drawn.getvalue().decode()
    body = "#pagebreak()\n".join(["#lorem(220)\n"] * pages)
    source = f"#place(bottom + right, image(bytes({_quoted(code)}), width: 56pt))\n{body}"
    made = typst.compile(source.encode(), timestamp=1)
    assert isinstance(made, bytes)
    return made


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def scan(
    pdf: bytes, *, turn: float = 0.0, width: int = 1275, blur: float = 0.0, noise: int = 0, quality: int = 60
) -> bytes:
    """What a scanner makes of the first page: turned, small, blurred, noisy, as JPEG in a PDF."""
    picture = Image.open(io.BytesIO(page_png(io.BytesIO(pdf), 1, 2000))).convert("L")
    picture = picture.rotate(turn, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    picture = picture.resize((width, round(picture.height * width / picture.width)))
    picture = picture.filter(ImageFilter.GaussianBlur(blur)) if blur else picture
    if noise:
        chance = random.Random(7)  # noqa: S311 - noise
        picture.putdata(
            [max(0, min(255, value + chance.randint(-noise, noise))) for value in picture.tobytes()]
        )
    out = io.BytesIO()
    picture.save(out, "PDF", resolution=width / 8.5, quality=quality)
    return out.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"turn": 2.5},
        {"turn": 90},
        {"turn": 183},
        {"width": 850},
        {"width": 850, "turn": -3, "blur": 0.6, "noise": 25, "quality": 35},
    ],
    ids=["plain", "skew", "sideways", "upside-down", "100-dpi", "all-of-it"],
)
def test_the_code_is_read_off_bad_scans(options: dict[str, float]) -> None:
    """Skewed, turned, at a hundred dots an inch, blurred and noisy: the folio is there."""
    found = read_paper(io.BytesIO(scan(letter(), **options)), name="carta.pdf")
    assert found.codes == ((1, ADDRESS),)
    assert (found.pages, found.looked_at) == (1, 1)


def test_a_photograph_of_the_page_is_read_too() -> None:
    """A JPEG from a telephone; a page without a code has none, and that is said as nothing."""
    out = io.BytesIO()
    Image.open(io.BytesIO(page_png(io.BytesIO(letter()), 1, 1600))).convert("RGB").save(
        out, "JPEG", quality=70
    )
    assert read_paper(io.BytesIO(out.getvalue()), name="carta.jpg").codes == ((1, ADDRESS),)
    blank = io.BytesIO()
    Image.new("RGB", (800, 1000), "white").save(blank, "PNG")
    assert read_paper(io.BytesIO(blank.getvalue()), name="x.png").codes == ()


def test_a_hopeless_scan_gives_nothing_rather_than_something() -> None:
    """At thirty dots an inch there is no code to read, and none is made up."""
    assert read_paper(io.BytesIO(scan(letter(), width=255, blur=1.5)), name="carta.pdf").codes == ()


def test_what_is_no_letter_is_refused() -> None:
    """A text, rubbish called PDF."""
    for content, name in ((b"hola a todos, esto es un texto", "x.txt"), (b"%PDF-1.7 rubbish", "x.pdf")):
        with pytest.raises(FileRefused):
            read_paper(io.BytesIO(content), name=name)


def test_it_is_read_in_a_process_that_dies() -> None:
    """The confined process gives the same as this one."""
    content = scan(letter())
    told = SeparateReader().paper(io.BytesIO(content), name="carta.pdf")
    assert told == read_paper(io.BytesIO(content), name="carta.pdf").as_json()


def test_an_earlier_revision_is_recognised_byte_for_byte() -> None:
    """A file that grew by an increment begins with the letter, and says so by size and digest."""
    sent = letter()
    grown = sent + b"\n1 0 obj\n<<>>\nendobj\nstartxref\n0\n%%EOF\n"
    revisions = read_paper(io.BytesIO(grown), name="carta.pdf").revisions
    assert (len(sent), hashlib.sha256(sent).hexdigest()) in revisions


def judged(content: bytes, sent: bytes, *, signed: int = 0, pages: int = 1) -> dict[str, str]:
    """The states of the findings, by code."""
    about = {
        "paper": read_paper(io.BytesIO(content), name="carta.pdf").as_json(),
        "signatures": {"count": signed},
    }
    letter_sent = Sent(hashlib.sha256(sent).hexdigest(), len(sent), pages)
    return {item.code: item.state for item in paper_findings(about, FOLIO, letter_sent)}


def test_a_scan_is_confirmed_by_software_as_far_as_it_goes() -> None:
    """Folio and pages; the letter's words, the signature and whose hand it is are a person's to see."""
    sent = letter()
    assert judged(scan(sent, turn=1), sent) == {
        "letter": PERSON,
        "folio": CONFIRMED,
        "pages": CONFIRMED,
        "signature": PERSON,
        "hand": PERSON,
    }


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda _sent: scan(letter("https://desk.example/verificar/MA-001-2026-000999")), "folio"),
        (lambda _sent: letter(pages=3), "pages"),
    ],
    ids=["another-letter", "more-pages"],
)
def test_another_letter_or_more_pages_differ(make: Callable[[bytes], bytes], code: str) -> None:
    """Read by software, and not what was sent."""
    sent = letter()
    assert judged(make(sent), sent)[code] == DIFFERS


def test_a_letter_signed_elsewhere_begins_with_the_one_sent() -> None:
    """Then letter, folio and pages are confirmed; a signed file that begins otherwise differs."""
    sent = letter()
    increment = b"\n1 0 obj\n<<>>\nendobj\nstartxref\n0\n%%EOF\n"
    assert judged(sent + increment, sent, signed=1) == {
        "letter": CONFIRMED,
        "folio": CONFIRMED,
        "pages": CONFIRMED,
        "signature": CONFIRMED,
        "hand": PERSON,
    }
    other = letter(pages=1, address=ADDRESS + "?")
    assert judged(other + increment, sent, signed=1)["letter"] == DIFFERS


def test_nothing_is_said_of_a_file_that_was_never_read() -> None:
    """An entry from before, or a mail."""
    assert paper_findings({"pages": 1}, FOLIO, None) == ()


def test_without_the_sent_letter_its_pages_are_for_a_person() -> None:
    """A letter that was made outside: only the folio can be read."""
    about = {"paper": read_paper(io.BytesIO(letter()), name="carta.pdf").as_json()}
    states = {item.code: item.state for item in paper_findings(about, FOLIO, None)}
    assert (states["pages"], states["letter"], states["folio"]) == (PERSON, PERSON, CONFIRMED)
