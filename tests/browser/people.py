"""A person at a browser: signs in, opens cases, brings evidence by clicking, and notices every error of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from tests.fakes.installation import PASSWORD

_EXPECTED = "Failed to load resource"


@dataclass(frozen=True)
class Act:
    """What a person does in one step: files by slot, fields by name, ticks, and the choice among its options."""

    step: str
    files: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    picks: Mapping[str, str] = field(default_factory=dict)
    ticks: Sequence[str] = ()
    choice: str = ""
    reuse: bool = False


class Person:
    """One signed-in person with one tab."""

    def __init__(self, context: BrowserContext, address: str, email: str) -> None:
        self.context = context
        self.address = address
        self.errors: list[str] = []
        self.page = self.tab()
        self.enter(email)

    def tab(self) -> Page:
        """Another tab, watched for errors."""
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        # Chromium reports answers above 399 as console errors; the tests look at what the page says instead.
        if message.type in {"error", "warning"} and _EXPECTED not in message.text:
            self.errors.append(message.text)

    def enter(self, email: str) -> None:
        """Sign in by the form."""
        self.go("/entrar")
        self.page.get_by_label("Correo").fill(email)
        self.page.get_by_label("Contraseña").fill(PASSWORD)
        self.page.get_by_role("button", name="Entrar").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(re.compile("Mi bandeja|Auditoría"))

    def go(self, path: str) -> Page:
        """Open a page of the house."""
        self.page.goto(self.address + path)
        return self.page

    def open_case(self, person: Mapping[str, str], kind: str = "alta", ticket: str = "TK-48213") -> str:
        """Open a MA-001 case from the inbox's menu; returns its folio."""
        page = self.go("/")
        page.locator("summary", has_text="Abrir caso").click()
        page.get_by_role("link", name="MA-001 Cuentas MET").click()
        page.get_by_label("Qué se solicita").select_option(kind)
        for name in ("nombre", "rfc", "correo", "zona", "promotoria"):
            page.locator(f'[name="d.{name}"]').fill(person[name])
        if kind == "alta":
            page.locator('[name="d.paquete"]').select_option(person["paquete"])
        page.locator('[name="d.ticket"]').fill(ticket)
        page.get_by_role("button", name="Abrir y sellar").click()
        expect(page.locator("#recibo")).to_be_visible()
        found = re.search(r"MA-001-\d{4}-\d{6}", page.url)
        assert found
        return found[0]

    def show(self, folio: str, step: str) -> Page:
        """Open the form of a step and wait until its draft is known."""
        with self.page.expect_response(re.compile(r"/borradores/")):
            self.go(f"/casos/{folio}?paso={step}")
        return self.page

    def attach(self, step: str, slot: str, paths: Sequence[Path]) -> None:
        """Choose files with the slot's picker and wait until they are staged."""
        before = self.page.locator(f"#f-{step} [data-files] li[data-id]").count()
        self.page.locator(f'#f-{step} input[name="file.{slot}"]').set_input_files(list(paths))
        expect(self.page.locator(f"#f-{step} [data-files] li[data-id]")).to_have_count(before + len(paths))

    def fill(self, act: Act) -> None:
        """Everything of an act but the last click."""
        form = self.page.locator(f"#f-{act.step}")
        if act.choice:
            form.locator(f'input[name=choice][value="{act.choice}"]').check()
        for slot, paths in act.files.items():
            self.attach(act.step, slot, paths)
        for name, value in act.fields.items():
            form.locator(f'[name="d.{name}"]').fill(value)
        for name, value in act.picks.items():
            form.locator(f'[name="d.{name}"]').select_option(value)
        for name in act.ticks:
            form.locator(f'[name="d.{name}"]').check()
        if act.reuse:
            form.locator("input[name=reuse]").first.check()

    def seal(self, step: str) -> int:
        """Click the button; returns the number of the sealed entry."""
        button = self.page.locator(f"#f-{step} [data-seal]")
        expect(button).to_have_attribute("aria-disabled", "false")
        button.click()
        title = self.page.locator("#recibo-t")
        expect(title).to_contain_text("sellada")
        found = re.search(r"\d+", title.inner_text())
        assert found
        return int(found[0])

    def do(self, folio: str, act: Act) -> int:
        """One whole step."""
        self.show(folio, act.step)
        self.fill(act)
        return self.seal(act.step)
