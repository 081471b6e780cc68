"""Where a mail comes from: read in a confined process, keys asked for with bounds; what cannot be known is unknown."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from documents.isolation import WorkerFailed
from documents.limits import DEFAULT_LIMITS, Limits
from documents.refusals import FileRefused
from notifications import authenticity
from notifications.authenticity import LookupFailed
from notifications.isolation import OriginReader
from notifications.keylookup import LONGEST_RECORD, KeyLookups
from tests.fakes.installation import Installation
from tests.notifications.test_mail_reading import MAIL, record, signed
from tests.servers.imap import ImapServer
from web.mailroom import MailRoom

NAME = "s1._domainkey.x.example"


@pytest.fixture
def place(tmp_path: Path, imap: ImapServer) -> Iterator[Installation]:
    """An installation with a mailbox."""
    made = Installation(tmp_path / "data", {"CONSTANCIA_IMAP_URL": imap.url})
    yield made
    made.close()


def origin(raw: bytes, known: dict[str, str | None]) -> tuple[dict[str, str], tuple[str, ...]]:
    """As the confined process tells it."""
    reader = OriginReader(DEFAULT_LIMITS)
    return reader.origin(io.BytesIO(raw), results=(), sender="ana@x.example", known=known, authserv="")


def facts(place: Installation) -> dict[str, str]:
    """Of the one mail that waits."""
    (mail,) = place.house.inbox.waiting()
    return dict(mail.facts)


def test_the_process_says_which_keys_it_needs_and_judges_by_those_it_is_given() -> None:
    """Without the key nothing is known; with it the signature passes; where the domain has none it fails."""
    assert origin(signed(), {}) == ({"dkim": "unknown", "domain": "x.example"}, (NAME,))
    key = record(b"").decode()
    assert origin(signed(), {NAME: key}) == ({"dkim": "pass", "domain": "x.example"}, ())
    changed = signed().replace(b"Si, adelante.", b"No, detenlo.")
    assert origin(changed, {NAME: key})[0]["dkim"] == "fail"
    assert origin(signed(), {NAME: None})[0]["dkim"] == "fail"
    assert origin(MAIL, {}) == ({"dkim": "none"}, ())


def test_a_mail_is_judged_outside_of_the_server(
    place: Installation, imap: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checker of this process would raise: the poll never calls it, and the mail has its verdict all the same."""

    def here(*_args: object) -> None:
        raise AssertionError("read in the server's process")

    monkeypatch.setattr(authenticity, "_verified", here)
    monkeypatch.setattr(authenticity, "dkim_of", here)
    place.house.mailroom = MailRoom(place.house, dns=lambda _name: record(b""))
    imap.put(signed())
    assert place.house.mailroom.poll().new == 1
    assert facts(place) == {"dkim": "pass", "domain": "x.example"}


def test_a_name_server_that_cannot_be_had_leaves_it_unknown(place: Installation, imap: ImapServer) -> None:
    """No answer is no verdict: the mail waits with an unknown signature, never a failed one."""

    def down(_name: bytes) -> bytes:
        raise LookupFailed("timeout")

    place.house.mailroom = MailRoom(place.house, dns=down)
    imap.put(signed())
    place.house.mailroom.poll()
    assert facts(place) == {"dkim": "unknown", "domain": "x.example"}


def test_a_house_may_ask_nobody(tmp_path: Path, imap: ImapServer) -> None:
    """With the setting off no name leaves, and signatures stay unknown."""
    env = {"CONSTANCIA_IMAP_URL": imap.url, "CONSTANCIA_MAIL_DKIM": "false"}
    place = Installation(tmp_path / "data", env)
    asked: list[bytes] = []
    place.house.mailroom = MailRoom(place.house, dns=lambda name: asked.append(name) or record(name))
    imap.put(signed())
    place.house.mailroom.poll()
    assert (facts(place)["dkim"], asked) == ("unknown", [])
    place.close()


def test_each_name_is_asked_once_a_round_and_within_its_time() -> None:
    """A slow name server costs one round so many seconds, however many mails name it; then nobody is asked any more."""
    moments = iter(range(0, 1_000, 4))
    asked: list[bytes] = []

    def slow(name: bytes) -> bytes:
        asked.append(name)
        raise LookupFailed("timeout")

    keys = KeyLookups(slow, seconds=10, watch=lambda: next(moments))
    for number in range(9):
        assert keys.records((f"s{number}._domainkey.x.example",)) == {}
    assert len(asked) == 3
    known = KeyLookups(lambda name: asked.append(name) or b"v=DKIM1")
    asked.clear()
    for _turn in range(3):
        assert known.records((NAME,)) == {NAME: "v=DKIM1"}
    assert asked == [NAME.encode()]


@pytest.mark.parametrize(
    "name",
    ["", "x", "a b._domainkey.x", "../../etc", "s._domainkey.x\x00.example", "s._domainkey." + "a" * 300, "s.ñ"],
)  # fmt: skip
def test_what_is_no_name_is_not_asked(name: str) -> None:
    """No host can be called so: nobody publishes a key there, and the name server never sees it."""

    def never(_name: bytes) -> bytes:
        raise AssertionError("asked")

    assert KeyLookups(never).records((name,)) == {name: None}


def test_an_endless_record_is_not_taken() -> None:
    """Nothing is known by a record of a length that no key has."""
    assert KeyLookups(lambda _name: b"x" * (LONGEST_RECORD + 1)).records((NAME,)) == {}


def test_a_mail_that_eats_its_reader_is_unknown(place: Installation, imap: ImapServer) -> None:
    """The process that judged it died of its bounds: that says nothing of the signature."""

    class Dying(OriginReader):
        def origin(self, *_args: object, **_more: object) -> tuple[dict[str, str], tuple[str, ...]]:
            raise FileRefused("too_costly", "correo.eml", {"family": "file"})

    room = MailRoom(place.house, dns=None)
    room._receiver._origins = Dying(DEFAULT_LIMITS)
    imap.put(signed())
    room.poll()
    assert facts(place) == {"dkim": "unknown"}


def test_a_mail_our_reader_does_not_survive_keeps_no_other_from_coming(
    place: Installation, imap: ImapServer
) -> None:
    """It waits for a person, with its headers and the reason; the mail after it is read as ever."""
    room = MailRoom(place.house, dns=None)
    inspect = place.house.reader.inspect

    class Failing:
        def inspect(self, stream: io.BytesIO, *, name: str) -> object:
            if b"veneno" in stream.getvalue():
                raise WorkerFailed(1, "ValueError")
            return inspect(stream, name=name)

        def bounce(self, *_args: object, **_more: object) -> None:
            return None

    room._receiver._reader = Failing()  # type: ignore[assignment]  # what the receiver asks of a reader
    imap.put(MAIL.replace(b"adelante", b"veneno"))
    imap.put(MAIL)
    assert room.poll().new == 2
    first, second = place.house.inbox.waiting()
    assert (first.text("refused"), first.sender) == ("damaged", "ana@x.example")
    assert second.text("refused") == ""


def test_memory_is_bounded() -> None:
    """A mail of many megabytes on little memory is too costly, and not a crash of the house."""
    reader = OriginReader(Limits(memory_bytes=120 * 1024 * 1024))
    raw = signed(MAIL + b"a" * 60_000 + b"\r\n" * 10_000_000)
    with pytest.raises(FileRefused):
        reader.origin(io.BytesIO(raw), results=(), sender="", known={NAME: record(b"").decode()}, authserv="")
