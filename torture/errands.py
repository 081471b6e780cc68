"""What is delivered at least once must be sealed exactly once: a job for many cases, and mails, under kills."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from email import message_from_bytes

from evidence.entry import EntryKind
from notifications.outbox import MailState, QueuedMail
from torture.blow import Blow
from torture.clients import Browser, Told, mail, opening
from torture.clock import write_clock
from torture.servers import Workers
from web.settings import Settings
from web.wiring import House
from workflows.mailing import Addressee, MailRequest

_CASES = 24
_JOB_KILLS = 2
"""A job whose workers died three times is lost, by design: twice is what it must survive."""
_LEASE = timedelta(minutes=6)
"""Longer than a sender's lease of a mail."""
_WAIT_SECONDS = 120


def errands(blow: Blow) -> None:
    """Workers are killed with a job for many cases under way, then after a mail server took a mail, unanswered."""
    workers = blow.workers
    assert workers is not None
    house = House(Settings.from_env(blow.place.env))
    person = blow.place.visitor
    browser = Browser(blow.web.port, person, person.jars[0], blow.crowd.journal)
    try:
        opened = [told for _ in range(_CASES) if (told := _opened(blow, browser)) is not None]
        _job(blow, house, workers, browser, opened)
        _mails(blow, house, workers, [told.folio for told in opened])
    finally:
        write_clock(blow.place.clock, timedelta(0))
        house.close()


def _opened(blow: Blow, browser: Browser) -> Told | None:
    return blow.crowd.write([browser], "/casos/nuevo/MA-001", *opening())


def _job(blow: Blow, house: House, workers: Workers, browser: Browser, opened: Sequence[Told]) -> None:
    """One mail as evidence of all cases; every worker is killed while it is under way, twice."""
    mark, fields, file = mail()
    cases = [("caso", told.folio) for told in opened]
    posted = [*cases, *fields.items(), ("idempotency_key", secrets.token_hex(16))]
    where = browser.post("/casos/varios/MA-001/pasos/2", posted, file)
    blow.crowd.journal.sent[file[2]] = opened[0].mark
    job, killed = where.rpartition("/")[2], 0

    def ended() -> bool:
        nonlocal killed
        found = house.jobs.get(job)
        assert found is not None
        if found.state == "running" and found.done and killed < _JOB_KILLS:
            time.sleep(blow.chance.uniform(0, 0.3))
            blow.kills["worker"] += workers.kill_all()
            killed += 1
        return found.state not in {"waiting", "running"}

    blow.expect(_within(ended), "the job did not end")
    found = house.jobs.get(job)
    state = found.state if found is not None else "gone"
    blow.expect(state == "done", f"the job is {state}")
    times = Counter(
        sum(mark.encode() in (sealed.payload_bytes or b"") for sealed in house.ledger.history(told.folio))
        for told in opened
    )
    blow.expect(times == {1: len(opened)}, f"the job's evidence is in cases so many times: {dict(times)}")
    blow.notes.append(f"a job for {len(opened)} cases, its workers killed {killed} times: once in each")


def _mails(blow: Blow, house: House, workers: Workers, folios: Sequence[str]) -> None:
    """A mail for each case, by workers who die after the server took one; then a clock past every lease."""
    workers.heal("clock,mail.taken")
    before, said = workers.deaths, {"asunto": "Tu solicitud", "mensaje": "Quedó recibida."}
    ids = [
        house.outbox.enqueue(MailRequest("mensaje", (Addressee("ana@example.org"),), said, f"torture/{folio}", folio))
        for folio in folios
    ]  # fmt: skip
    blow.expect(_within(lambda: all(_begun(_mail(house, item)) for item in ids)), "mails were not begun")
    deaths = (
        workers.deaths - before + workers.heal("clock")
    )  # who lived until then may die with a mail in hand
    blow.kills["worker"] += deaths
    write_clock(blow.place.clock, _LEASE)
    blow.expect(_within(lambda: all(_settled(_mail(house, item)) for item in ids)), "mails were not settled")
    copies: dict[str, list[bytes]] = {}
    for content in tuple(blow.place.post.taken):
        copies.setdefault(str(message_from_bytes(content)["Message-ID"]), []).append(content)
    twice = sum(len(found) - 1 for found in copies.values())
    blow.expect(len(copies) == len(ids), f"{len(copies)} mails of {len(ids)} arrived")
    blow.expect(
        all(len(set(found)) == 1 for found in copies.values()), "a mail came twice, and was not the same"
    )
    blow.expect(twice <= deaths, f"{twice} mails came again, though only {deaths} senders died")
    for folio in folios:
        noted = [sealed for sealed in house.ledger.history(folio) if sealed.entry.kind == EntryKind.MAIL_SENT]
        blow.expect(len(noted) == 1, f"the mail of {folio} is noted {len(noted)} times")
        for ref in noted[0].entry.objects if noted else ():  # a copy of a try that died may lie beside it
            with house.blobs.open(ref) as stream:
                blow.crowd.journal.sent[stream.read()] = blow.crowd.journal.acknowledged[0].mark
    blow.notes.append(
        f"{len(ids)} mails, {deaths} senders killed after handing one over: {twice} came again byte for byte, "
        "each is noted once"
    )


def _mail(house: House, wanted: str) -> QueuedMail:
    found = house.outbox.get(wanted)
    assert found is not None
    return found


def _begun(found: QueuedMail) -> bool:
    return found.state is not MailState.WAITING


def _settled(found: QueuedMail) -> bool:
    return found.state is MailState.SENT and found.told


def _within(true: Callable[[], bool]) -> bool:
    limit = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < limit:
        if true():
            return True
        time.sleep(0.05)
    return False
