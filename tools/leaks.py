"""Looks for keys and passwords in the tree and in its history, by detect-secrets, against what was looked at before.

``make leaks`` reads the tree and the commits since ``supply/history-read``; ``ARGS=--history`` reads all of them. What
is found and is not in ``supply/strings-looked-at.json`` is told. Somebody looks, and either takes the secret
back (a secret that was committed counts as known to everybody: change it first) or accepts: ``ARGS=--accept`` writes
both files again. Where there is no history to read (a copy without it, a shallow clone, another user's), that is said
and the tree is read alone; ``ARGS=--strict`` ends with 3 then.

What has the form of a key (a private key, a token of a known service, a password in an address) ends it with 1. What
is only guessed, from a name or from how even a string's letters are, is told, and ends it with 1 under ``--strict``
alone: a constant that names a cookie must not stop everybody's check, and whoever releases looks at all of them.

Tests are full of invented passwords and published vectors: there only what has the form of a real key counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from detect_secrets.core.baseline import format_for_output
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings, get_settings

ROOT = Path(__file__).resolve().parents[1]
KNOWN, READ = Path("supply/strings-looked-at.json"), Path("supply/history-read")
_GUESSING = ("KeywordDetector", "Base64HighEntropyString", "HexHighEntropyString", "IPPublicDetector")
_NOT_TEXT = {".png", ".pdf", ".zip", ".po", ".svg", ".xlsx", ".docx", ".eml", ".msg", ".der", ".age"}
_MADE = {"var", "dist", "build", "node_modules", "__pycache__"}
"""Folders that no checkout has, beside those whose name begins with a point."""
_LOCKS = ("requirements.txt", "requirements-dev.txt", "supply/constancia.cdx.json", str(KNOWN), str(READ))
_GUESSES = ("Secret Keyword", "Base64 High Entropy String", "Hex High Entropy String", "Public IP (ipv4)")
_ADDED = ">"
"""What git is told to put before an added line: no line of a diff's heads begins so, and an added ``++ x`` is none."""
Found = dict[str, list[dict[str, Any]]]


class NoHistory(RuntimeError):
    """There is no repository here, or not all of it."""


def tree(root: Path) -> list[str]:
    """Paths of the tree that are read, relative to ``root``: what git knows or would, else every file there is."""
    try:
        names = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    except NoHistory:
        names = [str(path.relative_to(root)) for path in _walk(root)]
    return [name for name in sorted(set(names)) if _is_read(name) and (root / name).is_file()]


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            if path.name not in _MADE and (not path.name.startswith(".") or path.name == ".ci"):
                yield from _walk(path)
        else:
            yield path


def added_lines(root: Path, since: str) -> Iterator[tuple[str, str]]:
    """Path and text of each line that a commit after ``since`` added (empty: any commit of any branch)."""
    span = [f"{since}..HEAD"] if since else ["--all"]
    told = _git(
        root,
        "log",
        "--reverse",
        "-p",
        "-U0",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        f"--output-indicator-new={_ADDED}",
        "--no-color",
        "--no-ext-diff",
        "--no-renames",
        "--format=",
        *span,
    )
    name = ""
    for line in told.split("\n"):  # what else ends a line for Python is within one for git
        if line.startswith("+++ "):
            name = line.removeprefix("+++ ").strip('"\t').removeprefix("b/")
        elif line.startswith(_ADDED) and _is_read(name):
            yield name, line[1:]


def scan(root: Path, names: Iterable[str]) -> Found:
    """What detect-secrets sees in these files, in its own form, without line numbers' dates."""
    found: Found = {}
    listed = sorted(names)
    for strict in (False, True):
        with default_settings():
            if not strict:
                get_settings().disable_plugins(*_GUESSING)
            chosen = [name for name in listed if name.startswith("tests/") is not strict]
            secrets = SecretsCollection(root=str(root))
            secrets.scan_files(*chosen)
            found |= format_for_output(secrets)["results"]
    return found


def in_history(root: Path, since: str) -> Found:
    """The same for lines that were added once, each file's together."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        names: dict[str, dict[str, None]] = {}
        for name, line in added_lines(root, since):
            names.setdefault(name, {})[line] = None
        for name, lines in names.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text("\n".join(lines) + "\n")
        return scan(place, names)


def unknown(found: Found, known: Found) -> list[str]:
    """One line for each finding that nobody has looked at; a file's name does not matter, what was found does."""
    seen = {(item["type"], item["hashed_secret"]) for items in known.values() for item in items}
    return [
        f"{name}:{item['line_number']}: {item['type']}"
        for name, items in sorted(found.items())
        for item in items
        if (item["type"], item["hashed_secret"]) not in seen
    ]


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Look, tell, and answer with 0 (nothing new), 1 (look at it) or, strictly, 3 (history could not be read)."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--history", action="store_true", help="every commit, not only those since the last reading"
    )
    parser.add_argument("--accept", action="store_true", help="somebody has looked: write the findings down")
    parser.add_argument(
        "--strict", action="store_true", help="guesses and a missing history are failures, too"
    )
    asked = parser.parse_args(arguments)
    names = tree(root)
    found, before, read = scan(root, names), Found(), True
    since = "" if asked.history or asked.accept else _since(root)
    try:
        before = in_history(root, since)
    except NoHistory as trouble:
        print(f"HISTORY NOT LOOKED AT: {trouble}", file=sys.stderr)
        if asked.strict or asked.accept:
            return 3
        read = False
    if asked.accept:
        _accept(root, found, before)
        return 0
    known: Found = json.loads((root / KNOWN).read_text()) if (root / KNOWN).exists() else {}
    new = [f"tree     {line}" for line in unknown(found, known)]
    new += [f"history  {line}" for line in unknown(before, known | found)]
    print(
        "\n".join(new)
        or f"nothing new in {len(names)} files"
        + (f" and the history since {since[:12] or 'its beginning'}" if read else "")
    )
    if new:
        print(
            "Look at each. A real secret is changed first; otherwise: make leaks ARGS=--accept",
            file=sys.stderr,
        )
    certain = [line for line in new if not line.endswith(_GUESSES)]
    return 1 if certain or (new and asked.strict) else 0


def _accept(root: Path, found: Found, before: Found) -> None:
    """Write what was looked at, by file, and how far history was read."""
    gone: Found = {}
    tree_keys = {(item["type"], item["hashed_secret"]) for items in found.values() for item in items}
    for name, items in before.items():
        if left := [item for item in items if (item["type"], item["hashed_secret"]) not in tree_keys]:
            gone[f"history: {name}"] = left
    (root / KNOWN).parent.mkdir(exist_ok=True)
    kept = {
        name: [{key: item[key] for key in ("type", "hashed_secret", "line_number")} for item in items]
        for name, items in sorted((found | gone).items())
    }
    (root / KNOWN).write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    (root / READ).write_text(_git(root, "rev-parse", "HEAD"))


def _since(root: Path) -> str:
    """How far history was read; empty where that commit is not among HEAD's."""
    if not (root / READ).exists():
        return ""
    commit = (root / READ).read_text().strip()
    try:
        _git(root, "merge-base", "--is-ancestor", commit, "HEAD")
    except NoHistory:
        return ""
    return commit


def _is_read(name: str) -> bool:
    return bool(name) and name not in _LOCKS and Path(name).suffix not in _NOT_TEXT and name != "/dev/null"


def _git(root: Path, *arguments: str) -> str:
    """What git says.

    Raises:
        NoHistory: it is not installed, this is no repository, or only its newest commits are here.
    """
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    except FileNotFoundError as trouble:
        raise NoHistory("git is not installed") from trouble
    if done.returncode != 0:
        raise NoHistory(done.stderr.decode(errors="replace").strip())
    if (root / ".git" / "shallow").exists():
        raise NoHistory("this clone is shallow")
    return done.stdout.decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
