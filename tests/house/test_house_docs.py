"""The pages say what is so: links lead somewhere, and what they list is what the code has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

from evidence.entry import EntryKind
from tests.fakes.authorization import of_the_application, of_the_page
from web.app import create_app
from web.settings import PREFIX, SPECS, Settings, settings_table

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_MAKE = re.compile(r"(?:`|^|&& )make ([a-z]+)", re.MULTILINE)
_TARGET = re.compile(r"^([a-z]+):.*?(## .+)?$", re.MULTILINE)
_FLASK = re.compile(r"(?:`|^|\bbin/)flask ([a-z]+(?: [a-z]+(?:-[a-z]+)*)?)", re.MULTILINE)
_VARIABLE = re.compile(PREFIX + r"([A-Z][A-Z0-9_]+)")
_UI = re.compile(r"«([^»]+)»")
_KIND = re.compile(r"`([a-z]+\.[a-z]+)`")


def slug(heading: str) -> str:
    """The anchor that code forges give a heading: lower case, no punctuation, dashes for spaces."""
    words = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
    return words.strip().replace(" ", "-")


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Local links of a page, code blocks apart: the file meant and the anchor in it."""
    for target in _LINK.findall(_FENCE.sub("", page.read_text())):
        if "://" not in target and not target.startswith("mailto:"):
            name, _, anchor = target.partition("#")
            yield ((page.parent / name).resolve() if name else page), anchor


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application as the `flask` command makes it, on an empty data directory."""
    return create_app(Settings.from_env({PREFIX + "DATA": str(tmp_path_factory.mktemp("var"))}))


def commands(group: click.Group, context: click.Context, before: str = "") -> dict[str, click.Command]:
    """Every runnable command by its full name, such as ``cases show``."""
    found: dict[str, click.Command] = {}
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            found |= commands(command, context, f"{before}{name} ")
        elif command is not None:
            found[before + name] = command
    return found


def own_commands(app: Flask) -> dict[str, click.Command]:
    """Commands of the product; those that Flask brings along (run, shell, routes) are not ours to document."""
    with app.app_context():
        return commands(app.cli, click.Context(app.cli))


def test_every_address_has_a_line_that_says_who_may_call_it(app: Flask) -> None:
    """docs/authorization.md is what the matrix of `tests/adversaries` expects, address by address."""
    missing, gone = of_the_application(app) - of_the_page(), of_the_page() - of_the_application(app)
    assert not missing, (
        f"add a line to docs/authorization.md (and to the counts of docs/security.md) for {sorted(missing)}"
    )
    assert not gone, f"no such address any more: {sorted(gone)}"


def test_every_link_leads_somewhere(pages: list[Path], root: Path) -> None:
    """Each relative link names a file of the tree, and each anchor a heading in it."""
    broken = []
    for page in pages:
        for target, anchor in links(page):
            headings = (
                _HEADING.findall(target.read_text()) if target.suffix == ".md" and target.is_file() else []
            )
            if not target.exists() or (anchor and anchor not in map(slug, headings)):
                broken.append(f"{page.relative_to(root)}: {target.name}#{anchor}")
    assert not broken, "\n".join(broken)


def test_a_broken_link_would_be_found(tmp_path: Path) -> None:
    """The reader of links sees files and anchors, and leaves code blocks alone."""
    page = tmp_path / "page.md"
    page.write_text("[a](gone.md) ![b](x.png#part)\n```\n[c](code.md)\n```\n")
    assert [(target.name, anchor) for target, anchor in links(page)] == [("gone.md", ""), ("x.png", "part")]


def test_every_target_named_exists_and_is_explained(pages: list[Path], root: Path) -> None:
    """`make X` in a page is a target of the Makefile, and each target says in the list what it does."""
    targets = dict(_TARGET.findall((root / "Makefile").read_text()))
    assert all(targets.values()), targets
    named = {name for page in pages for name in _MAKE.findall(page.read_text())}
    assert {"demo", "test", "check"} <= named
    assert named <= targets.keys()


def test_the_settings_table_is_the_code(root: Path) -> None:
    """docs/operations.md holds the table that the settings themselves print."""
    assert settings_table() in (root / "docs" / "operations.md").read_text()


def test_every_variable_named_exists(pages: list[Path]) -> None:
    """A page never speaks of a setting that the program would refuse."""
    known = {spec.name for spec in SPECS}
    named = {name for page in pages for name in _VARIABLE.findall(page.read_text())}
    assert named <= known


def test_every_command_is_documented(app: Flask, root: Path) -> None:
    """docs/operations.md names each command of the product."""
    text = (root / "docs" / "operations.md").read_text()
    assert not [name for name in own_commands(app) if f"`flask {name}" not in text]


def test_every_command_named_exists(app: Flask, pages: list[Path]) -> None:
    """A page never speaks of a command that is not there."""
    known = own_commands(app)
    groups = {" ".join(name.split()[:depth]) for name in known for depth in range(1, len(name.split()))}
    for page in pages:
        for named in _FLASK.findall(page.read_text()):
            first = named.split()[0]
            assert named in known or first in known or named in groups, f"{page.name}: flask {named}"


def test_entry_kinds_are_the_code(root: Path) -> None:
    """docs/formats/entry.md lists every kind of entry, and no kind that does not exist."""
    kinds = {str(kind) for kind in EntryKind}
    subjects = {kind.split(".")[0] for kind in kinds}
    named = set(_KIND.findall((root / "docs" / "formats" / "entry.md").read_text()))
    assert kinds <= named
    assert {name for name in named if name.split(".")[0] in subjects} <= kinds


def test_every_decision_is_in_the_index(root: Path) -> None:
    """docs/decisions/README.md links each decision once, in the order of their numbers, which are used once."""
    folder = root / "docs" / "decisions"
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    index = (folder / "README.md").read_text()
    assert re.findall(r"\(([0-9]{4}-[^)]+\.md)\)", index) == pages
    assert len({name[:4] for name in pages}) == len(pages)


def test_the_tree_in_the_architecture_page_is_the_tree(files: list[Path], root: Path) -> None:
    """The annotated tree of docs/architecture.md names each top-level folder that has files, and no other."""
    block = re.search(
        r"^## The tree\n+```\n(.*?)^```",
        (root / "docs" / "architecture.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    assert block
    named = set(re.findall(r"^([a-z_]+)/", block[1], re.MULTILINE))
    folders = {path.relative_to(root).parts[0] for path in files if len(path.relative_to(root).parts) > 1}
    assert named == {name for name in folders if not name.startswith(".")}


def test_guides_use_the_words_on_the_screen(root: Path) -> None:
    """What a guide puts between « » is on a page or in the code that writes one, letter by letter."""
    sources = [
        *root.glob("templates/web/**/*.html"),
        *root.glob("templates/email/**/*.html"),
        *root.glob("web/**/*.py"),
        *root.glob("web/static/js/*.js"),
    ]
    sources += [
        *root.glob("workflows/**/*.toml"),
        *root.glob("audit_exports/**/*.py"),
        *root.glob("audit_exports/**/*.html"),
    ]
    screen = " ".join(" ".join(path.read_text().split()) for path in sources)
    guides = list((root / "docs" / "guias").glob("*.md"))
    assert len(guides) >= 5
    missing = [
        f"{page.name}: {word}"
        for page in guides
        for word in map(" ".join, map(str.split, _UI.findall(page.read_text())))
        if word not in screen
    ]
    assert not missing, "\n".join(missing)
