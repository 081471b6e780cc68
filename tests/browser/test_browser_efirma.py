"""The director signs with an e.firma on a telephone, from the mailed link to the sealed PDF; the key goes nowhere."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from evidence.entry import BlobRef, SealedEntry
from evidence.ports import BlobStore
from signing.records import Request, Status
from tests.browser.linked import at_its_address
from tests.fakes.sat import RFC, Issued, Sat, telling_sat
from tests.fakes.signing_room import SigningRoom

pytestmark = pytest.mark.browser

PASSWORD = "Contraseña ñandú 1"


@dataclass
class Stage:
    """A served installation, SAT, and a folder for the director's files."""

    room: SigningRoom
    sat: Sat
    folder: Path

    def files(self, issued: Issued, name: str) -> tuple[Path, Path]:
        """The .cer and .key files as SAT gives them: the key under triple DES."""
        cer, clear, key = (self.folder / f"{name}.{end}" for end in ("cer", "pem", "key"))
        cer.write_bytes(issued.cer)
        clear.write_bytes(issued.key_pem)
        command = ["openssl", "pkcs8", "-topk8", "-in", str(clear), "-outform", "DER", "-out", str(key)]
        command += ["-v2", "des3", "-v2prf", "hmacWithSHA1", "-passout", "stdin"]
        subprocess.run(command, check=True, input=PASSWORD.encode(), capture_output=True)
        return cer, key


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Served on a port that is known beforehand, since mailed links name it."""
    folder = tmp_path_factory.mktemp("efirma")
    with telling_sat() as sat:
        (folder / "sat.pem").write_bytes(sat.pem)
        more = {
            "CONSTANCIA_SIGNATURE_ROOTS": str(folder / "sat.pem"),
            "CONSTANCIA_INSIDE_HOSTS": urlsplit(sat.url).netloc,
        }
        with at_its_address(lambda env: SigningRoom.begin(folder / "data", {**env, **more})) as room:
            yield Stage(room, sat, folder)


@pytest.fixture(autouse=True)
def nothing_waits(stage: Stage) -> Iterator[None]:
    """What one test leaves waiting for the director is behind no other test's link."""
    yield
    store = stage.room.links.office.store
    for request in store.waiting_for(stage.room.director.id):
        store.move(request.id, [Status.PENDING], Status.WITHDRAWN)


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """A telephone's browser."""
    context = chromium.new_context(viewport={"width": 360, "height": 740}, locale="es-MX")
    yield context.new_page()
    context.close()


def arrive(stage: Stage, page: Page, number: int, **changes: object) -> str:
    """A new letter is asked for and its link opened; gives the folio."""
    folio = stage.room.case(number)
    stage.room.ask(folio, **{"rfc": RFC, **changes})
    page.goto(f"{stage.room.place.settings.public_url}/s/{stage.room.token()}")
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url("**/enlace/**")
    return folio


def fill(page: Page, cer: Path, key: Path, password: str) -> None:
    """Both files, the password, and the button."""
    page.get_by_label("Certificado (.cer)").set_input_files(cer)
    page.get_by_label("Llave privada (.key)").set_input_files(key)
    page.get_by_label("Contraseña de la llave").fill(password)
    page.get_by_role("button", name="Firmar con mi e.firma").click()


def stored(blobs: BlobStore, ref: BlobRef) -> bytes:
    """An object's bytes."""
    copy = io.BytesIO()
    with blobs.open(ref) as stream:
        copy.write(stream.read())
    return copy.getvalue()


def test_a_letter_is_signed_with_an_efirma_whose_key_goes_nowhere(stage: Stage, phone: Page) -> None:
    """N4: the person's signature with the RFC asked for, the seal beside it, SAT's answer on record, one entry."""
    sent: list[bytes] = []
    phone.on("request", lambda request: sent.append((request.post_data_buffer or b"") + request.url.encode()))
    folio = arrive(stage, phone, 1)
    cer, key = stage.files(stage.sat.person(), "erika")
    fill(phone, cer, key, PASSWORD)
    expect(phone.get_by_role("heading", name="Firmada")).to_be_visible()
    entry = next(item for item in stage.room.entries(folio) if item.entry.kind == "document.signed")
    facts = entry.entry.facts
    assert (facts["level"], facts["method"], facts["factor"]) == ("N4", "efirma", "efirma")
    act = entry.payload()["act"]
    assert (act["certificate"]["rfc"], act["certificate"]["revocation"]) == (RFC, "good")
    house = stage.room.place.house
    report = house.signer.report(stored(house.blobs, entry.entry.objects[0]))
    assert report.good
    person, seal = report.signatures
    assert (person.signer.rfc, person.reason[-64:], seal.field_name) == (RFC, facts["act"], "Sello")
    everything = b"".join(sent)
    assert PASSWORD.encode() not in everything
    assert key.read_bytes()[40:90] not in everything


def arrive_at_all(stage: Stage, page: Page, *numbers: int) -> list[Request]:
    """Several letters are asked for; the last mail's link leads to all of them."""
    requests = [stage.room.ask(stage.room.case(number), rfc=RFC) for number in numbers]
    page.goto(f"{stage.room.place.settings.public_url}/s/{stage.room.token()}")
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url("**/enlace/**")
    return requests


def tick(page: Page, request: Request) -> None:
    """The letter was looked at."""
    page.locator(f'input[name="carta"][value="{request.id}"]').check()


def signed(stage: Stage, request: Request) -> list[SealedEntry]:
    """The entries that say that a letter was signed."""
    return [item for item in stage.room.entries(request.folio) if item.entry.kind == "document.signed"]


COUNTING = """() => {
  const real = crypto.subtle.importKey.bind(crypto.subtle);
  crypto.subtle.importKey = (form, ...more) => {
    if (form === "pkcs8") sessionStorage.opened = Number(sessionStorage.opened ?? 0) + 1;
    return real(form, ...more);
  };
}"""


def test_several_letters_are_signed_by_one_opening_of_the_key(stage: Stage, phone: Page) -> None:
    """Those that are ticked: an entry and two signatures each, while the key was opened once."""
    first, left, third = arrive_at_all(stage, phone, 11, 12, 13)
    phone.evaluate(COUNTING)
    fill(phone, *stage.files(stage.sat.person(), "varias"), PASSWORD)
    expect(phone.locator("[data-said]")).to_contain_text("Marca primero las cartas")
    tick(phone, first)
    tick(phone, third)
    phone.get_by_role("button", name="Firmar con mi e.firma").click()
    expect(phone.get_by_role("heading", name="Firmada")).to_have_count(2)
    assert phone.evaluate("sessionStorage.opened") == "1"
    assert not signed(stage, left)
    house = stage.room.place.house
    for request in (first, third):
        (sealed,) = signed(stage, request)
        assert sealed.entry.facts["level"] == "N4"
        report = house.signer.report(stored(house.blobs, sealed.entry.objects[0]))
        assert report.good
        assert [item.signer.rfc for item in report.signatures] == [RFC, ""]


def test_a_letter_that_cannot_be_signed_is_named_and_the_others_are(stage: Stage, phone: Page) -> None:
    """One was withdrawn while the page lay open: the other is signed, and the page says which was not and why."""
    kept, gone = arrive_at_all(stage, phone, 14, 15)
    stage.room.links.office.store.move(gone.id, [Status.PENDING], Status.WITHDRAWN)
    tick(phone, kept)
    tick(phone, gone)
    fill(phone, *stage.files(stage.sat.person(), "parte"), PASSWORD)
    said = phone.locator("[data-said]")
    expect(said).to_contain_text(f"Quedaron firmadas: {kept.title}")
    expect(said).to_contain_text(f"No se firmó {gone.title}")
    assert (len(signed(stage, kept)), len(signed(stage, gone))) == (1, 0)


def test_what_is_wrong_is_said_in_words_and_nothing_is_signed(stage: Stage, phone: Page) -> None:
    """A wrong password in the page, a CSD and another person by the server; then the right one signs all the same."""
    folio = arrive(stage, phone, 2)
    cer, key = stage.files(stage.sat.person(), "buena")
    said = phone.locator("[data-said]")
    fill(phone, cer, key, "otra")
    expect(said).to_contain_text("La contraseña no abre esa llave")
    fill(phone, *stage.files(stage.sat.person(csd=True), "csd"), PASSWORD)
    expect(said).to_contain_text("sello digital (CSD)")
    fill(phone, *stage.files(stage.sat.person(rfc="XAXX010101000"), "ajena"), PASSWORD)
    expect(said).to_contain_text("El RFC del certificado no es el de quien debe firmar")
    fill(phone, cer, stage.files(stage.sat.person(), "otra")[1], PASSWORD)
    expect(said).to_contain_text("no es la de ese certificado")
    assert "document.signed" not in stage.room.kinds(folio)
    fill(phone, cer, key, PASSWORD)
    expect(phone.get_by_role("heading", name="Firmada")).to_be_visible()
    assert stage.room.kinds(folio).count("document.signed") == 1


def test_without_an_rfc_in_the_request_it_is_not_offered(stage: Stage, phone: Page) -> None:
    """Nobody's certificate is expected, so nobody's is taken; every other way to sign is there."""
    arrive(stage, phone, 3, rfc="")
    expect(phone.get_by_role("button", name="Firmar", exact=True)).to_be_visible()
    expect(phone.get_by_role("button", name="Firmar con mi e.firma")).to_have_count(0)
