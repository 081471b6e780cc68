"""Sending: by a folder and by a real SMTP server that takes, refuses, postpones and dies."""

from __future__ import annotations

import email
import stat
from collections.abc import Callable
from email.policy import default
from pathlib import Path

import pytest

from notifications.desk import MailDesk
from notifications.outbox import MailState, mail_id
from notifications.sender import DELAYS, Sender
from notifications.smtp import SmtpServer, SmtpTransport
from notifications.templates import UnknownTemplate
from notifications.transports import Envelope, FolderTransport, Taken
from storage.outbox import SqlOutbox
from tests.notifications.conftest import Told, Watch
from tests.servers.smtp import Post, smtp_server
from workflows.mailing import Addressee, MailRequest

TOKEN = "Zk3_secreto-9aQ"
WORDS = {"asunto": "Valida tu acceso", "mensaje": "Hola, Ana:\n\n¿Ya puedes entrar?"}


def ask(desk: MailDesk, key: str = "k1", **more: object) -> str:
    """Ask for a mail with a secret in it."""
    given = {"case": "MA-006-2026-000001", "step": "14", **more}
    return desk.enqueue("mensaje", "ana@example.org", WORDS, key=key, **given)  # type: ignore[arg-type]


def over(post: Post) -> SmtpTransport:
    """A transport to the test's server."""
    return SmtpTransport(SmtpServer("127.0.0.1", post.port, "none"), hello="desk.example", seconds=5)


def test_a_folder_gets_each_mail_once_for_its_owner_only(
    desk: MailDesk, make_sender: Callable[..., Sender], tmp_path: Path, told: Told
) -> None:
    """The file is the mail, readable by its owner alone, and a second round adds nothing."""
    folder = tmp_path / "outbox"
    sender = make_sender(FolderTransport(folder))
    ask(desk)
    ask(desk)
    assert (sender.run().sent, sender.run().sent) == (1, 0)
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    mail = email.message_from_bytes(file.read_bytes(), policy=default)
    assert mail["Subject"] == "Valida tu acceso [MA-006-2026-000001]"
    assert mail["Message-ID"] == f"<{mail_id('k1')}@desk.example>"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert [mail.state for mail, _copy in told.mails] == [MailState.SENT]


def test_no_secret_outlives_its_mail(
    desk: MailDesk, plain_outbox: SqlOutbox, make_sender: Callable[..., Sender], tmp_path: Path, told: Told
) -> None:
    """A link's secret is in the mail; not in the database before, not after, and not in the copy its case keeps."""
    database = tmp_path / "constancia.sqlite"
    hidden = {"mensaje": f"https://desk.example/s/{TOKEN}"}
    wanted = desk.enqueue(
        "mensaje", "a@example.org", {"asunto": "Firma"}, key="k", case="MA-1", secrets=hidden
    )
    before = plain_outbox.get(wanted)
    assert before is not None
    assert before.sealed
    assert TOKEN.encode() not in _dump(database)
    make_sender(FolderTransport(tmp_path / "outbox")).run()
    (file,) = (tmp_path / "outbox").iterdir()
    assert TOKEN in _text(file.read_bytes())
    ((_mail, copy),) = told.mails
    assert TOKEN not in _text(copy.content)
    assert "no se conserva" in _text(copy.content)
    assert TOKEN.encode() not in _dump(database)
    after = plain_outbox.get(wanted)
    assert after is not None
    assert after.sealed == b""


def test_the_server_gets_exactly_the_bytes_with_their_dots(
    desk: MailDesk, make_sender: Callable[..., Sender], told: Told
) -> None:
    """What the server took is the mail byte for byte, a line that is a dot included."""
    with smtp_server(Post()) as post:
        desk.enqueue("mensaje", "a@example.org", {"asunto": "x", "mensaje": ".\n..\nfin"}, key="k")
        assert make_sender(over(post)).run().sent == 1
    ((_mail, copy),) = told.mails
    assert post.taken == [copy.content]


def test_a_dead_server_loses_nothing(
    desk: MailDesk, plain_outbox: SqlOutbox, make_sender: Callable[..., Sender], watch: Watch
) -> None:
    """Nobody listens: the mail waits, a little longer each time, and goes as soon as somebody does."""
    wanted = ask(desk)
    closed = SmtpTransport(SmtpServer("127.0.0.1", 9, "none"), hello="desk.example", seconds=2)
    assert make_sender(closed).run().waiting == 1
    assert make_sender(closed).run().waiting == 0
    watch.now += DELAYS[0]
    with smtp_server(Post()) as post:
        assert make_sender(over(post)).run().sent == 1
        assert len(post.taken) == 1
    mail = plain_outbox.get(wanted)
    assert mail is not None
    assert (mail.state, mail.attempts) == (MailState.SENT, 1)


def test_after_the_last_attempt_it_is_given_up_aloud(
    desk: MailDesk, plain_outbox: SqlOutbox, make_sender: Callable[..., Sender], watch: Watch, told: Told
) -> None:
    """A server that always says 'later' is asked so many times, then the case is told that nobody tries any more."""
    wanted = ask(desk)
    with smtp_server(Post(answer="451 4.3.0 later")) as post:
        sender = make_sender(over(post))
        for delay in DELAYS:
            assert sender.run().waiting == 1
            watch.now += delay
        assert sender.run().failed == 1
    mail = plain_outbox.get(wanted)
    assert mail is not None
    assert (mail.state, mail.trouble) == (MailState.FAILED, "451")
    assert [item.state for item, _copy in told.mails] == [MailState.FAILED]


def test_a_refusal_for_good_is_not_repeated(
    desk: MailDesk, make_sender: Callable[..., Sender], told: Told
) -> None:
    """5xx, of the recipient or of the mail: given up at once, with the server's words."""
    with smtp_server(Post(rcpt={"ana@example.org": "550 5.1.1 no such user"})) as post:
        ask(desk)
        assert make_sender(over(post)).run().failed == 1
    with smtp_server(Post(answer="554 5.7.1 refused")) as post:
        ask(desk, "k2")
        assert make_sender(over(post)).run().failed == 1
    assert [mail.detail for mail, _copy in told.mails] == ["550 5.1.1 no such user", "554 5.7.1 refused"]
    assert [mail.trouble for mail, _copy in told.mails] == ["550", "554"]


def test_a_server_that_dies_before_the_mail_leaves_no_doubt(
    desk: MailDesk, plain_outbox: SqlOutbox, make_sender: Callable[..., Sender]
) -> None:
    """Nothing had been handed over: the mail simply waits."""
    wanted = ask(desk)
    with smtp_server(Post(die_early=True)) as post:
        assert make_sender(over(post)).run().waiting == 1
    mail = plain_outbox.get(wanted)
    assert mail is not None
    assert (mail.state, mail.doubt) == (MailState.WAITING, False)


def test_a_server_that_dies_after_the_mail_leaves_a_doubt_and_gets_the_same_bytes_again(
    desk: MailDesk, plain_outbox: SqlOutbox, make_sender: Callable[..., Sender], watch: Watch
) -> None:
    """No answer after the final dot: the mail is handed over again, byte for byte, and the doubt stays told."""
    wanted = ask(desk)
    with smtp_server(Post(die=True)) as post:
        sender = make_sender(over(post))
        sender.run()
        mail = plain_outbox.get(wanted)
        assert mail is not None
        assert (mail.state, mail.doubt, mail.trouble) == (MailState.HANDING, True, "no_answer")
        post.die = False
        watch.pass_by(minutes=1)
        assert sender.run().sent == 1
        assert post.taken[0] == post.taken[1]
    mail = plain_outbox.get(wanted)
    assert mail is not None
    assert (mail.state, mail.doubt) == (MailState.SENT, True)


class Crashing:
    """A transport whose process dies at a given moment."""

    def __init__(self, inner: FolderTransport, *, after: bool) -> None:
        self._inner, self._after = inner, after

    def deliver(self, mail: Envelope, handing: Callable[[], None]) -> Taken:
        """Die before or after the mail is there."""
        handing()
        if self._after:
            self._inner.deliver(mail, lambda: None)
        raise KeyboardInterrupt

    def seen(self, message_id: str) -> bool | None:
        """As the folder says."""
        return self._inner.seen(message_id)


def test_what_is_handed_over_again_is_to_the_same_person_in_the_same_language(
    desk: MailDesk, make_sender: Callable[..., Sender], watch: Watch, told: Told
) -> None:
    """Who holds the post, and their language, change while nobody knows whether the mail went: the bytes do not."""
    holder = Addressee("ana@example.org", "Ana", "en")
    request = MailRequest(
        "acuse", (Addressee("post:recertificacion"),), {}, "k", case="MA-006-2026-000001", step="2"
    )
    desk.ask(request)
    with smtp_server(Post(die=True)) as post:
        sender = make_sender(over(post), resolve=lambda _who: (holder,))
        sender.run()
        post.die = False
        holder = Addressee("luis@example.org", "Luis", "es")
        watch.pass_by(minutes=1)
        assert sender.run().sent == 1
        assert post.taken[0] == post.taken[1]
    ((_mail, copy),) = told.mails
    assert (copy.content, copy.to) == (post.taken[0], ("ana@example.org",))
    assert copy.subject.startswith("We received")


@pytest.mark.parametrize("after", [False, True])
def test_a_sender_that_dies_while_handing_is_followed_by_another(
    desk: MailDesk, make_sender: Callable[..., Sender], watch: Watch, tmp_path: Path, told: Told, after: bool
) -> None:
    """Whether the mail was there or not: the next sender finds out, and there is one file and one word to the case."""
    folder = FolderTransport(tmp_path / "outbox")
    ask(desk)
    with pytest.raises(KeyboardInterrupt):
        make_sender(Crashing(folder, after=after)).run()
    assert make_sender(folder).run().sent == 0
    watch.pass_by(minutes=5)
    assert make_sender(folder).run().sent == 1
    assert len(list((tmp_path / "outbox").iterdir())) == 1
    assert len(told.mails) == 1


def test_a_case_that_cannot_be_told_is_told_later(
    desk: MailDesk,
    make_sender: Callable[..., Sender],
    tmp_path: Path,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The mail has gone; its case learns of it as soon as the ledger answers, and the mail is not sent again."""
    sender = make_sender(FolderTransport(tmp_path / "outbox"))
    ask(desk)

    def unavailable(*_args: object) -> None:
        raise OSError("the ledger is away")

    with monkeypatch.context() as patch:
        patch.setattr(told, "tell", unavailable)
        with pytest.raises(OSError, match="away"):
            sender.run()
    done = sender.run()
    assert (done.sent, done.told) == (0, 1)


def test_an_unknown_template_is_refused_when_asked_for(desk: MailDesk) -> None:
    """A mail nobody could word is not queued."""
    with pytest.raises(UnknownTemplate):
        desk.enqueue("../web/base", "a@example.org", {}, key="k")


def test_the_address_of_a_server_says_how_it_is_reached() -> None:
    """TLS is the rule: plain goes only to the machine itself, and never with a password."""
    found = SmtpServer.from_url("smtps://mesa%40x:s%3Acreto@mail.example")
    assert (found.port, found.tls, found.user, found.password) == (465, "implicit", "mesa@x", "s:creto")
    assert SmtpServer.from_url("smtp://mail.example").tls == "starttls"
    assert SmtpServer.from_url("smtp://127.0.0.1:25?tls=none").tls == "none"
    assert "creto" not in repr(found)
    for bad in (
        "smtp://mail.example?tls=none",
        "smtp://u:p@127.0.0.1?tls=none",
        "http://x",
        "smtp://x/y",
        "smtp:",
    ):
        with pytest.raises(ValueError, match=r"\w"):
            SmtpServer.from_url(bad)


def _text(raw: bytes) -> str:
    mail = email.message_from_bytes(raw, policy=default)
    return " ".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")


def _dump(database: Path) -> bytes:
    return b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
