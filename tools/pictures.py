"""Take the pictures of README.md: the demo desk in a temporary folder, served on loopback, seen by Chromium.

``.venv/bin/python tools/pictures.py`` rewrites docs/pictures/*.png (256 colours, so that a picture stays small).
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers.processes import free_ports

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "pictures"
FLASK = Path(sys.executable).with_name("flask")
CHROMIUM = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
READY_SECONDS = 30
LINK = re.compile(r"https?://[^\s/]+/s/[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: where, seen by whom, on what; ``press`` is a button to push first, ``follow`` a link to go on by.

    ``{words}`` in the path is the folio of the case whose description holds them: folios move as the demo grows.
    """

    name: str
    path: str
    email: str
    width: int = 1280
    height: int = 800
    scheme: str = "light"
    press: str = ""
    follow: str = ""


SPECIALIST, AUDITOR = "rodrigo.pena@mesa.example", "veronica.salcedo@mesa.example"
SUPERVISOR = "abraham@mesa.example"
OUTSIDER = "ignacio.barrera@mesa.example"
SHOTS = (
    Shot("bandeja", "/", SPECIALIST),
    Shot("caso", "/casos/{rechazó dos veces}", SPECIALIST),
    Shot("entrada", "/casos/{se registró tarde}/entradas/9", SPECIALIST, scheme="dark"),
    Shot("telefono", "/casos/{El respaldo}", SPECIALIST, width=360, height=800, scheme="dark"),
    Shot("tablero", "/tablero", SUPERVISOR, height=1000),
    Shot("campana", "/casos/{Recertificación}/filas", SPECIALIST),
    Shot("auditoria", "/auditoria", OUTSIDER, follow="main a[href^='/auditoria/2']"),
    Shot(
        "verificar", "/bitacora", AUDITOR, height=520, press="Verificar también el contenido de cada archivo"
    ),
)


@contextmanager
def demo(data: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The demo desk served from ``data``; gives its address and what the command told of it."""
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    env = {**os.environ, "CONSTANCIA_DATA": str(data), "CONSTANCIA_PUBLIC_URL": address}
    made = subprocess.run(
        [FLASK, "demo", "--no-serve", "--json"], env=env, cwd=ROOT, capture_output=True, check=True
    )
    server = subprocess.Popen(
        [FLASK, "serve", "--port", str(port)],
        env=env,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(address)
        yield address, json.loads(made.stdout)
    finally:
        server.terminate()
        server.wait(READY_SECONDS)


def _wait(address: str) -> None:
    limit = time.monotonic() + READY_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=2).close()
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.2)
        else:
            return


def place(shot: Shot, told: dict[str, Any]) -> str:
    """The path with the folios of the cases it means."""

    def folio(words: re.Match[str]) -> str:
        [found] = [case["folio"] for case in told["cases"] if words[1] in case["about"]]
        return str(found)

    return re.sub(r"\{([^}]+)\}", folio, shot.path)


def take(browser: Browser, shot: Shot, address: str, told: dict[str, Any]) -> Image.Image:
    """Sign in, go there, press what is to be pressed, wait until the page is still, and look."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme="dark" if shot.scheme == "dark" else "light",
        locale="es-MX",
        timezone_id="America/Mexico_City",
        device_scale_factor=1.5 if shot.width < 500 else 1,
    )
    page = context.new_page()
    page.goto(f"{address}/entrar")
    page.fill("#email", shot.email)
    page.fill("#password", told["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/entrar" not in url)
    page.goto(address + place(shot, told))
    if shot.follow:
        page.locator(shot.follow).first.click()
    if shot.press:
        page.get_by_role("button", name=shot.press).click()
        page.wait_for_selector(".verdict")
    page.wait_for_load_state("networkidle")
    found = seen(page)
    context.close()
    return found


def seen(page: Page) -> Image.Image:
    """What the page shows now."""
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(256, dither=Image.Dither.NONE)


def sign(browser: Browser, address: str, told: dict[str, Any], data: Path) -> None:
    """A letter is asked for, signed on a telephone behind the mailed link, and checked by a stranger: two pictures."""
    env = {**os.environ, "CONSTANCIA_DATA": str(data)}

    def flask(*arguments: str) -> dict[str, Any]:
        done = subprocess.run([FLASK, *arguments], env=env, cwd=ROOT, capture_output=True, check=True)
        return dict(json.loads(done.stdout))

    folio = next(
        str(case["folio"])
        for case in told["cases"]
        if str(case["folio"]).startswith("MA-001")
        and {"8", "9"} & set(flask("cases", "show", str(case["folio"]), "--json")["open_steps"])
    )
    flask("signatures", "request", folio, "9", "--actor", SPECIALIST, "--note", "Para el alta de hoy.")
    context = browser.new_context(
        viewport={"width": 360, "height": 800}, locale="es-MX", timezone_id="America/Mexico_City",
        device_scale_factor=1.5,
    )  # fmt: skip
    page = context.new_page()
    page.goto(mailed(data))
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url("**/enlace/**")
    page.wait_for_load_state("networkidle")
    seen(page).save(OUT / "firmar.png", optimize=True)
    page.get_by_role("button", name="Firmar", exact=True).click()
    page.get_by_role("heading", name="Firmada").wait_for()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Descargar la carta firmada").click()
    letter = waiting.value.path().read_bytes()
    context.close()
    stranger = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="es-MX", timezone_id="America/Mexico_City"
    )
    page = stranger.new_page()
    page.goto(f"{address}/verificar/{folio}")
    page.locator("[data-file]").set_input_files(
        {"name": "carta firmada.pdf", "mimeType": "application/pdf", "buffer": letter}
    )
    page.get_by_text("Es exactamente este archivo").wait_for()
    seen(page).save(OUT / "comprobar.png", optimize=True)
    stranger.close()


def mailed(data: Path) -> str:
    """The link in the newest mail, once the steward has sent it."""
    limit = time.monotonic() + READY_SECONDS
    while time.monotonic() < limit:
        for path in sorted((data / "outbox").rglob("*.eml"), key=lambda item: -item.stat().st_mtime_ns):
            body = message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("plain",))
            found = LINK.search(body.get_content() if body else "")
            if found:
                return found[0]
        time.sleep(0.5)
    raise TimeoutError("no link was mailed")


def main() -> int:
    """Take every picture; 0 when all are written."""
    chromium = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    if chromium is None:
        sys.stderr.write("Chromium is not installed; nothing was changed\n")
        return 1
    with (
        tempfile.TemporaryDirectory(prefix="pictures-") as folder,
        demo(Path(folder) / "var") as (address, told),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        for shot in SHOTS:
            take(browser, shot, address, told).save(OUT / f"{shot.name}.png", optimize=True)
        sign(browser, address, told, Path(folder) / "var")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
