"""docs/authorization.md as data: which group each address is in, and which roles each group lets in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Flask

from identity.accounts import Role

PAGE = Path(__file__).resolve().parents[2] / "docs" / "authorization.md"
COLUMNS = (
    Role.ESPECIALISTA,
    Role.CAPTURISTA,
    Role.CPANEL,
    Role.SUPERVISOR,
    Role.DIRECTOR,
    Role.ADMINISTRADOR,
    Role.AUDITOR_INTERNO,
    Role.AUDITOR_EXTERNO,
    Role.DATOS_PERSONALES,
)
NO_ACCOUNT = frozenset({"public", "link", "invitation"})
_ROW = re.compile(r"^\| \[([\w-]+)\]\(#[\w-]+\) \|([●·| ]+)\|$", re.MULTILINE)
_LINE = re.compile(r"^- `([A-Z,]+) (/\S*)`$")


@dataclass(frozen=True, slots=True)
class Line:
    """One address of the page: its group, its methods, and for systems the scope (``any``: every living token)."""

    group: str
    methods: tuple[str, ...]
    rule: str
    scope: str = ""


@cache
def roles() -> dict[str, frozenset[Role]]:
    """Group to the roles it lets in."""
    rows = _ROW.findall(PAGE.read_text())
    return {
        name: frozenset(
            role for role, cell in zip(COLUMNS, cells.replace("|", " ").split(), strict=True) if cell == "●"
        )
        for name, cells in rows
    }


@cache
def lines() -> tuple[Line, ...]:
    """Every address of the page, in its order."""
    found, group, scope = [], "", ""
    for text in PAGE.read_text().splitlines():
        if text.startswith("### scope "):
            group, scope = "api", text.removeprefix("### scope ")
        elif text.startswith("## "):
            group, scope = text.removeprefix("## "), ""
        elif line := _LINE.match(text):
            found.append(Line(group, tuple(line[1].split(",")), line[2], scope))
    return tuple(found)


def of_the_application(app: Flask) -> set[tuple[str, tuple[str, ...]]]:
    """Every address that the application has, with its methods."""
    return {
        (rule.rule, tuple(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})))
        for rule in app.url_map.iter_rules()
    }


def of_the_page() -> set[tuple[str, tuple[str, ...]]]:
    """Every address that the page has, with its methods."""
    return {(line.rule, line.methods) for line in lines()}
