"""The sources of the pages hold what the content policy and the style promise."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates" / "web").rglob("*.html"))
STATIC = ROOT / "web" / "static"
SHEETS = sorted((STATIC / "css").glob("*.css"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
ICONS = set(re.findall(r'symbol id="([^"]+)"', (STATIC / "img" / "icons.svg").read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_inline_style_handler_or_script(path: Path) -> None:
    """What the policy forbids is not written; the one script without a source is data."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", text)
    assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script\b[^>]*>", text))
    assert not re.search(r"(?:src|href)=[\"']https?:", text)


def test_every_icon_that_is_named_is_drawn() -> None:
    """Templates, view models and scripts name only icons of the sprite."""
    named: set[str] = set()
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r'(?:ui\.)?icon\("([a-z-]+)"', text))
        named |= set(re.findall(r'ui\.chip\([^\n{}]*?, "[a-z]+", "([a-z-]+)"\)', text))
    kinds = (ROOT / "web" / "views" / "kinds.py").read_text(encoding="utf-8")
    named |= set(re.findall(r'Sign\([^\n]*?, "[a-z]+", "([a-z-]+)"\)', kinds))
    for path in SCRIPTS:
        named |= set(re.findall(r'icon\("([a-z-]+)"', path.read_text(encoding="utf-8")))
    assert len(named) > 30
    assert named - ICONS == set()


def _tokens() -> dict[str, tuple[str, str]]:
    text = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    return {
        name: (light, dark)
        for name, light, dark in re.findall(r"--([a-z0-9-]+): light-dark\((#\w+), (#\w+)\)", text)
    }


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


INKS = ("ink", "ink-2", "ink-3", "brand", "ok", "wait", "warn", "late", "idle", "seal")
GROUNDS = ("paper", "surface", "raised")
PAIRS = [
    *product(INKS, GROUNDS),
    *((name, f"{name}-soft") for name in ("ok", "wait", "warn", "late", "idle", "brand")),
    ("on-brand", "brand"),
    ("on-brand", "brand-strong"),
    ("on-bar", "bar"),
    ("on-bar-2", "bar"),
    ("on-bar-2", "bar-field"),
    ("ink-3", "sunken"),
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_has_the_contrast_it_needs(dark: bool) -> None:
    """Every ink on every ground it stands on reaches 4.5:1, lines of controls and focus 3:1 (WCAG 1.4.3, 1.4.11)."""
    tokens = {name: pair[dark] for name, pair in _tokens().items()}
    weak = [
        (a, b, round(_contrast(tokens[a], tokens[b]), 2))
        for a, b in PAIRS
        if _contrast(tokens[a], tokens[b]) < 4.5
    ]
    weak += [
        (line, ground, round(_contrast(tokens[line], tokens[ground]), 2))
        for line, ground in product(("line-strong", "focus"), GROUNDS)
        if _contrast(tokens[line], tokens[ground]) < 3
    ]
    assert weak == []


def test_colours_live_in_the_tokens_alone() -> None:
    """No other sheet writes a colour of its own, save white paper under pictures and print."""
    found = {
        (path.name, colour)
        for path in SHEETS
        if path.name != "tokens.css"
        for colour in re.findall(r"#[0-9a-fA-F]{3,8}\b", path.read_text(encoding="utf-8"))
    }
    assert {colour for name, colour in found if name != "print.css"} <= {"#fff"}


def test_every_class_in_templates_is_styled_or_a_hook() -> None:
    """A class that no sheet knows is a slip of the pen."""
    styled = {
        name
        for path in SHEETS
        for name in re.findall(r"\.(-?[a-zA-Z_][\w-]*)", path.read_text(encoding="utf-8"))
    }
    used = {
        name
        for path in TEMPLATES
        for value in re.findall(r'class="([^"{}]*)"', path.read_text(encoding="utf-8"))
        for name in value.split()
    }
    assert (
        used - styled - {"step", "camera", "others", "file", "num", "case-cols", "slot__pick", "book-head"}
        == set()
    )
