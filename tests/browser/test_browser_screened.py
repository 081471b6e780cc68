"""What a stranger's mail would fetch is fetched by nobody, in a real browser beside a server that listens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.papers import PERSON
from tests.browser.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

HTML = """<html><head><base href="{away}/"><meta http-equiv="refresh" content="0;url={away}/refresh">
<link rel="stylesheet" href="{away}/a.css"><link rel="prefetch" href="{away}/prefetch">
<style>@import url("{away}/import"); @font-face {{ font-family: x; src: url({away}/font) }}
body {{ background: url({away}/css) }}</style>
</head><body background="{away}/body" onload="fetch('{away}/load')">
<p style="background-image:url({away}/style)">Aviso con formato de tu cuenta</p>
<img src="{away}/pixel.png" srcset="{away}/1x 1x, {away}/2x 2x" onerror="fetch('{away}/error')"><img src="cid:logo@x">
<picture><source srcset="{away}/source"></picture><video poster="{away}/poster" src="{away}/film" autoplay></video>
<audio src="{away}/sound" autoplay></audio><object data="{away}/object"></object><embed src="{away}/embed">
<iframe src="{away}/frame" srcdoc="<img src='{away}/inner'>"></iframe>
<svg><image href="{away}/svg"/><use href="{away}/use#x"/><script>fetch('{away}/svgscript')</script></svg>
<form action="{away}/form"><input type="image" src="{away}/button"></form>
<script>new Image().src = "{away}/script"; document.title = "tomada"</script>
<table background="{away}/table"><tr><td>Saldo: 10</td></tr></table></body></html>"""


@pytest.fixture
def away() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine, and the paths it was asked for."""
    asked: list[str] = []

    class Listens(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_told: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Listens) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


def test_a_mail_fetches_nothing_and_shows_both_of_its_texts(
    person: Callable[..., Person], away: tuple[str, list[str]], tmp_path: Path
) -> None:
    """Pictures, styles, frames, scripts, refreshes of an HTML mail: no request; its words are there, as words."""
    address, asked = away
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@x.example", "mesa@desk.example", "Aviso"
    message["Date"] = "Mon, 30 Nov 2026 10:00:00 -0600"
    message.set_content("Aviso sin formato.\n")
    message.add_alternative(HTML.format(away=address), subtype="html")
    paper = tmp_path / "aviso.eml"
    paper.write_bytes(message.as_bytes())
    laura = person()
    folio = laura.open_case({**PERSON, "nombre": "Persona Correo", "rfc": "PENC900101AB1"}, ticket="TK-7001")
    laura.show(folio, "2")
    laura.attach("2", "correo", [paper])
    seq = laura.seal("2")
    page = laura.go(f"/casos/{folio}/entradas/{seq}")
    expect(page.get_by_text("Aviso sin formato.")).to_be_visible()
    page.get_by_text("La versión con formato dice otra cosa").click()
    expect(page.get_by_role("region", name="Versión con formato, como texto")).to_contain_text("Saldo: 10")
    page.wait_for_load_state("networkidle")
    assert page.locator("iframe, object, embed, video, audio").count() == 0
    assert "tomada" not in page.title()
    assert address.removeprefix("http://") not in page.content()
    assert asked == []
