"""Take the pictures of README.md: the demo desk in a temporary folder, served on loopback, seen by Chromium.

``.venv/bin/python tools/pictures.py`` rewrites docs/pictures/*.png (256 colours, so that a picture stays small).
"""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "pictures"
FLASK = Path(sys.executable).with_name("flask")
CHROMIUM = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
READY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: where, seen by whom, on what; ``press`` is a button to push first."""

    name: str
    path: str
    email: str
    width: int = 1280
    height: int = 800
    scheme: str = "light"
    press: str = ""


SPECIALIST, AUDITOR = "rodrigo.pena@mesa.example", "veronica.salcedo@mesa.example"
SHOTS = (
    Shot("bandeja", "/", SPECIALIST),
    Shot("caso", "/casos/MA-001-2026-000011", SPECIALIST),
    Shot("entrada", "/casos/MA-001-2026-000003/entradas/9", SPECIALIST, scheme="dark"),
    Shot("telefono", "/casos/MA-001-2026-000018", SPECIALIST, width=360, height=800, scheme="dark"),
    Shot(
        "verificar", "/bitacora", AUDITOR, height=520, press="Verificar también el contenido de cada archivo"
    ),
)


@contextmanager
def demo(data: Path) -> Iterator[tuple[str, str]]:
    """The demo desk served from ``data``; gives its address and the password of every account."""
    env = {**os.environ, "CONSTANCIA_DATA": str(data)}
    made = subprocess.run(
        [FLASK, "demo", "--no-serve", "--json"], env=env, cwd=ROOT, capture_output=True, check=True
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [FLASK, "serve", "--port", str(port)],
        env=env,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(address)
        yield address, json.loads(made.stdout)["password"]
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


def take(browser: Browser, shot: Shot, address: str, password: str) -> Image.Image:
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
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/entrar" not in url)
    page.goto(address + shot.path)
    if shot.press:
        page.get_by_role("button", name=shot.press).click()
        page.wait_for_selector(".verdict")
    page.wait_for_load_state("networkidle")
    data = page.screenshot()
    context.close()
    return Image.open(io.BytesIO(data)).convert("RGB").quantize(256, dither=Image.Dither.NONE)


def main() -> int:
    """Take every picture; 0 when all are written."""
    chromium = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    if chromium is None:
        sys.stderr.write("Chromium is not installed; nothing was changed\n")
        return 1
    with (
        tempfile.TemporaryDirectory(prefix="pictures-") as folder,
        demo(Path(folder) / "var") as (address, password),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        for shot in SHOTS:
            take(browser, shot, address, password).save(OUT / f"{shot.name}.png", optimize=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
