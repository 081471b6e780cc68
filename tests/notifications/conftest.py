"""An outbox on every database, a folder, and a sender over them."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from notifications.desk import MailDesk
from notifications.message import Letterhead
from notifications.outbox import QueuedMail
from notifications.secretbox import SecretBox
from notifications.sender import Sender, SentCopy
from notifications.templates import MailTemplates
from notifications.transports import Transport
from storage.database import connect
from storage.outbox import SqlOutbox
from tests.servers.imap import ImapServer, imap_server
from tests.servers.imap import binary as imap_binary
from workflows.mailing import Addressee

TEMPLATES = Path(__file__).parents[2] / "templates" / "email"
HEAD = Letterhead(Addressee("mesa@desk.example", "Mesa de ayuda"), "desk.example")


class Watch:
    """A clock that is told when it is."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 15, 16, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **much: float) -> None:
        """Let time pass."""
        self.now += timedelta(**much)


class Told:
    """Remembers what cases were told."""

    def __init__(self) -> None:
        self.mails: list[tuple[QueuedMail, SentCopy]] = []

    def tell(self, mail: QueuedMail, copy: SentCopy) -> None:
        """See `notifications.sender.Teller`."""
        self.mails.append((mail, copy))


@pytest.fixture
def watch() -> Watch:
    """The present."""
    return Watch()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def outbox(request: pytest.FixtureRequest, watch: Watch) -> Iterator[SqlOutbox]:
    """An empty outbox on each database."""
    engine = connect(request.getfixturevalue(f"migrated_{request.param}_url"))
    yield SqlOutbox(engine, watch)
    engine.dispose()


@pytest.fixture
def plain_outbox(migrated_sqlite_url: str, watch: Watch) -> Iterator[SqlOutbox]:
    """An empty outbox on SQLite."""
    engine = connect(migrated_sqlite_url)
    yield SqlOutbox(engine, watch)
    engine.dispose()


@pytest.fixture
def templates() -> MailTemplates:
    """The product's templates."""
    return MailTemplates(TEMPLATES)


@pytest.fixture
def box() -> SecretBox:
    """Keeps secrets."""
    return SecretBox("una frase larga que nadie conoce, de prueba")


@pytest.fixture
def told() -> Told:
    """What cases were told."""
    return Told()


@pytest.fixture
def desk(plain_outbox: SqlOutbox, templates: MailTemplates, box: SecretBox) -> MailDesk:
    """Where mails are asked for."""
    return MailDesk(plain_outbox, templates, box)


@pytest.fixture
def make_sender(
    plain_outbox: SqlOutbox, templates: MailTemplates, box: SecretBox, watch: Watch, told: Told
) -> Callable[..., Sender]:
    """A sender over a transport."""

    def make(
        transport: Transport,
        values: Mapping[str, str] | None = None,
        resolve: Callable[[Addressee], tuple[Addressee, ...]] | None = None,
    ) -> Sender:
        return Sender(
            outbox=plain_outbox,
            transport=transport,
            templates=templates,
            head=HEAD,
            clock=watch,
            teller=told,
            box=box,
            resolve=resolve,
            values={"casa": "Mesa de ayuda", **(values or {})},
        )

    return make


@pytest.fixture(scope="session")
def imap_process() -> Iterator[ImapServer]:
    """A running IMAP server; skips where there is none to run. Its folder is one that its own user may enter."""
    program = imap_binary()
    if program is None:
        pytest.skip("dovecot is not installed (Debian: apt-get install dovecot-imapd)")
    with (
        tempfile.TemporaryDirectory(
            prefix="constancia-imap-", dir="/tmp", ignore_cleanup_errors=True
        ) as folder,
        imap_server(program, Path(folder)) as server,
    ):
        yield server


@pytest.fixture
def imap(imap_process: ImapServer) -> ImapServer:
    """An empty mailbox."""
    return ImapServer(imap_process.folder, imap_process.port, f"m{uuid.uuid4().hex[:12]}")
