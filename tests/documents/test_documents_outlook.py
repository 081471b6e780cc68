"""Outlook messages as they should not be: without what every mail has, with names that lie, with text that acts."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import SimpleNamespace

import pytest

from documents.inspection import inspect, text_of
from documents.refusals import FileRefused

TURN = "\u202e"
HTML = b'<html><head><script>fetch("https://malo.example")</script></head><body>Hola <img src="https://malo.example/p">Ana</body></html>'


def about(raw: bytes) -> Mapping[str, object]:
    """What is read of it."""
    return inspect(io.BytesIO(raw), name="raro.msg").about


def test_a_message_without_anything_is_still_read(make: SimpleNamespace) -> None:
    """No subject, sender, text nor date, and an attachment without name or bytes: empty, and no error."""
    found = about(make.msg({}, {}))
    assert (found["subject"], found["text"], found["date"], found["from"]) == ("", "", "", [])
    (file,) = found["attachments"]  # type: ignore[misc]
    assert (file["name"], file["size"]) == ("adjunto", 0)  # type: ignore[has-type]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("..\\..\\windows\\system32\\cmd.exe", "cmd.exe"),
        (f"carta{TURN}fdp.exe", "cartafdp.exe"),
        ("NUL.pdf", "_NUL.pdf"),
        ("a" * 500 + ".pdf", "a" * 176 + ".pdf"),
        ("\x00\x01", "archivo"),
    ],
)
def test_names_of_attachments_are_harmless(make: SimpleNamespace, name: str, shown: str) -> None:
    """Paths, letters turned around, device names and endless names, as in every mail."""
    (found,) = about(make.msg(None, {0x3707: name, 0x3701: b"MZ"}))["attachments"]  # type: ignore[misc, has-type]
    assert found["name"] == shown


def test_html_is_text_and_does_nothing(make: SimpleNamespace) -> None:
    """A message that has HTML alone: its words, without script, picture or address."""
    raw = make.msg({0x0037: "x", 0x1013: HTML})
    text = text_of(io.BytesIO(raw), name="raro.msg")
    assert ("Hola" in text, "Ana" in text, "malo.example" in text, "<" in text) == (True, True, False, False)


def test_a_password_in_it_stops_it(make: SimpleNamespace) -> None:
    """Screened as every mail is."""
    with pytest.raises(FileRefused) as refused:
        about(make.msg({0x0037: "Datos", 0x1000: "Tu contraseña: Verano2026!"}))
    assert refused.value.code == "secret_found"


@pytest.mark.parametrize("cut", [600, 1_200, 2_000])
def test_one_that_ends_in_the_middle_is_damaged(make: SimpleNamespace, cut: int) -> None:
    """Cut off anywhere: refused as damaged, or as no file we take."""
    with pytest.raises(FileRefused) as refused:
        about(make.msg()[:cut])
    assert refused.value.code in {"damaged", "type_not_accepted", "unknown_type"}
