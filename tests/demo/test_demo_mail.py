"""Mail in the demonstration: answers that are proposed, one of nobody, one that came back, and a letter to sign."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.arriving import liven
from evidence.entry import EntryKind
from tests.demo.conftest import Demonstration
from web.mailroom import MailRoom
from web.settings import Settings
from web.wiring import House


@pytest.fixture(scope="module")
def lively(demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A copy of the demonstration with its mail, told twice."""
    folder = tmp_path_factory.mktemp("lively") / "data"
    shutil.copytree(demonstration.folder, folder)
    env = {"CONSTANCIA_DATA": str(folder), "CONSTANCIA_PUBLIC_URL": "http://127.0.0.1:8000"}
    for _turn in range(2):
        house = House(Settings.from_env(env), clock=demonstration.house.clock)
        liven(house, lambda raw, house=house: MailRoom(house, dns=None).take(raw, "demo"))  # type: ignore[misc]
        if _turn == 0:
            house.close()
    yield house
    house.close()


def test_answers_wait_with_a_proposal_and_one_is_nobodys(lively: House) -> None:
    """Each answer is proposed with the words it rests on; the mail of nobody matches no case; none is there twice."""
    waiting = lively.inbox.waiting()
    proposed = [mail for mail in waiting if mail.answer is not None and mail.answer.choice]
    unmatched = [mail for mail in waiting if not mail.matches]
    assert proposed
    assert [mail.text("subject") for mail in unmatched] == ["La impresora no imprime"]
    assert len({mail.text("subject") for mail in waiting}) == len(waiting)


def test_one_of_our_mails_came_back(lively: House) -> None:
    """The report is filed by itself in the case whose mail it is about."""
    kinds = [
        item.entry.kind
        for mail in lively.outbox.latest(10)
        if mail.request.template == "mensaje"
        for item in lively.ledger.history(mail.request.case)
    ]
    assert kinds.count(EntryKind.MAIL_SENT) == kinds.count(EntryKind.MAIL_BOUNCED) == 1


def test_a_letter_waits_for_the_director(lively: House) -> None:
    """Its mail is in the outbox's folder, with a link that leads to where the demonstration is served."""
    (asked,) = [mail for mail in lively.outbox.latest(10) if mail.request.template == "firma_solicitada"]
    raw = lively.mail.folder.read(asked.message_id(lively.mail.head.domain))
    assert raw is not None
    assert b"http://127.0.0.1:8000/s/" in raw.replace(b"=\r\n", b"")
    assert Path(lively.settings.data / "outbox").is_dir()
