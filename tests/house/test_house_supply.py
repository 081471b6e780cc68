"""What the product is made of: the bill is the locks', silence of an advisory database is told, leaks are found."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools import advisories, bom, leaks

PIN = (
    "harmless==1.0 \\\n    --hash=sha256:"
    + "0" * 64
    + "\nholed==2.0 \\\n    --hash=sha256:"
    + "1" * 64
    + "\n"
)
ADVISORY = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-0001"],
    "summary": "a hole",
    "affected": [
        {
            "package": {"name": "holed", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]}],
        }
    ],
}
ALLOWING = '[[allowed]]\nid = "CVE-2026-0001"\npackage = "holed"\nreason = "{}"\nuntil = {}\n'
SILENT_ADDRESS = "http://127.0.0.1:9/v1/query"


def test_the_bill_is_what_the_locks_say(root: Path) -> None:
    """Made again it is the same bytes: `make bom` was run after `make lock`."""
    assert (root / bom.TARGET).read_text() == bom.bill(root), "run make bom"


def test_the_bill_is_cyclonedx_and_whole(root: Path) -> None:
    """Every pin of both locks once, what runs told from what builds, and the format's own schema holds."""
    text = (root / bom.TARGET).read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    said = {item["purl"]: item["scope"] for item in json.loads(text)["components"]}
    running = {str(pin.purl) for pin in bom.pins((root / bom.RUNTIME).read_text())}
    every = {str(pin.purl) for pin in bom.pins((root / bom.DEVELOPMENT).read_text())}
    assert set(said) == every
    assert {purl for purl, scope in said.items() if scope == "required"} == running


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house with two pins and nothing allowed."""
    (tmp_path / "supply").mkdir()
    (tmp_path / advisories.LOCK).write_text(PIN)
    (tmp_path / advisories.ALLOWED).write_text("")
    return tmp_path


@contextmanager
def database() -> Iterator[str]:
    """An advisory database that speaks OSV's protocol on loopback and knows one hole."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            holed = asked["package"]["name"] == "holed"
            body = json.dumps({"vulns": [ADVISORY]} if holed else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


def test_a_known_hole_fails_until_it_is_allowed_with_a_reason_and_a_date(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hole is named with what mends it; an allowance holds by alias, ends on its day, and needs words."""
    with database() as url:
        assert advisories.main(["--osv-url", url], house) == 1
        assert "holed 2.0: PYSEC-2026-1, mended in 2.1" in capsys.readouterr().out
        for until, answer in (("2999-01-01", 0), ("2026-01-01", 1)):
            (house / advisories.ALLOWED).write_text(ALLOWING.format("no such file is ever parsed", until))
            assert advisories.main(["--osv-url", url], house) == answer
        (house / advisories.ALLOWED).write_text(ALLOWING.format("because", "2999-01-01"))
        with pytest.raises(ValueError, match="CVE-2026-0001"):
            advisories.main(["--osv-url", url], house)


def test_silence_is_told_and_never_a_good_answer(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No database: NOT AUDITED on stderr, a failure when strict; a kept answer counts for these very pins alone."""
    silent = ["--osv-url", SILENT_ADDRESS]
    assert advisories.main(silent, house) == 0
    told = capsys.readouterr()
    assert (told.out, "DEPENDENCIES NOT AUDITED" in told.err) == ("", True)
    assert advisories.main([*silent, "--strict"], house) == 3
    with database() as url:
        assert advisories.main(["--keep", "--osv-url", url], house) == 1
    capsys.readouterr()
    assert advisories.main(silent, house) == 1
    assert "holed 2.0: PYSEC-2026-1" in capsys.readouterr().err
    (house / advisories.LOCK).write_text(PIN.replace("2.0", "2.1"))
    assert advisories.main(silent, house) == 0
    assert "is about other pins" in capsys.readouterr().err


def test_a_database_that_is_slow_holds_nobody_up(house: Path) -> None:
    """Whatever it would have said: after so long it is one that did not answer."""
    with database() as url, pytest.raises(advisories.Unanswered, match=r"not done after 0\.01 s"):
        advisories.ask(house / advisories.LOCK, "osv", url, longest=0.01)


def test_the_allow_list_of_the_house_can_be_read(root: Path) -> None:
    """Every allowance has its reason and its date, and none is for a package that is no longer pinned."""
    pinned = {pin.name for pin in bom.pins((root / bom.DEVELOPMENT).read_text())}
    assert all(item.package in pinned for item in advisories.allowances(root))


def test_a_key_is_found_in_the_tree_and_in_a_commit_that_took_it_out_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that was committed and removed is found in history; looked at once, it is not told again."""

    def git(*arguments: str) -> None:
        named = ["-c", "user.name=x", "-c", "user.email=x@desk.example", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *named, *arguments], check=True, capture_output=True)

    git("init", "-q")
    source = tmp_path / "settings.py"
    for text in ("key = 'AKIA" + "IOSFODNN7QXAMPLE'\n", "key = None\n"):
        source.write_text(text)
        git("add", ".")
        git("commit", "-qm", "x")
    assert leaks.main([], tmp_path) == 1
    assert capsys.readouterr().out.strip() == "history  settings.py:1: AWS Access Key"
    assert leaks.main(["--accept"], tmp_path) == 0
    assert leaks.main([], tmp_path) == 0
    source.write_text("password = 'una-inventada'\n")
    assert leaks.main([], tmp_path) == 0
    assert "tree     settings.py:1: Secret Keyword" in capsys.readouterr().out
    assert leaks.main(["--strict"], tmp_path) == 1
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(
        "-----BEGIN " + "PRIVATE KEY-----\npassword = 'una inventada'\n"
    )
    assert leaks.main([], tmp_path) == 1
    assert "tests/test_x.py:1: Private Key" in capsys.readouterr().out


def test_added_lines_are_read_whole_whatever_they_look_like_and_git_is_set_to(tmp_path: Path) -> None:
    """A line that looks like a head of a diff, one with another separator in it, a name with an accent, no prefixes."""

    def git(*arguments: str) -> None:
        named = ["-c", "user.name=x", "-c", "user.email=x@desk.example", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *named, *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("config", "diff.mnemonicPrefix", "true")
    added = ["++ b/dibujo.png", "detrás", "uno\u2028dos\x0ctres", "> cita"]
    (tmp_path / "guía.md").write_text("\n".join(added) + "\n")
    git("add", ".")
    git("commit", "-qm", "x")
    told = list(leaks.added_lines(tmp_path, ""))
    assert [line for _name, line in told] == added
    assert len({name for name, _line in told}) == 1
    assert not told[0][0].startswith(("b/", '"'))


def test_without_a_history_the_tree_is_searched_and_the_rest_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy without a repository: no failure unless strict, never a good answer about history, and keys are found."""
    (tmp_path / "settings.py").write_text("key = None\n")
    assert leaks.main([], tmp_path) == 0
    told = capsys.readouterr()
    assert "HISTORY NOT LOOKED AT" in told.err
    assert told.out == "nothing new in 1 files\n"
    assert leaks.main(["--strict"], tmp_path) == 3
    (tmp_path / "settings.py").write_text("key = 'AKIA" + "IOSFODNN7QXAMPLE'\n")
    assert leaks.main([], tmp_path) == 1


def test_what_was_looked_at_holds_no_string(root: Path) -> None:
    """The list of findings has digests alone, and the commit it was read up to."""
    for items in json.loads((root / leaks.KNOWN).read_text()).values():
        assert all(set(item) == {"type", "hashed_secret", "line_number"} for item in items)
    assert len((root / leaks.READ).read_text().strip()) == 40
