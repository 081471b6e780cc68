"""What sealed PDFs and mails say is found: after sealing, from the ledger alone, for whoever may see the case."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

from demo.letters import authorisation
from demo.people import Applicant
from evidence.entry import SYSTEM, EntryDraft, EntryKind
from evidence.ports import Composition
from identity.accounts import Role
from tests.fakes.installation import Installation
from tests.fakes.papers import eml, png
from tests.workflows.desk import PERSON
from web.inception import settle
from web.jobs import TEXTS_AT_ONCE, Steward
from workflows.commands import Actor, OpenCase, RecordStep, Upload
from workflows.texts import catch_up

WHO = Applicant("Inés", "Ugalde", "Ríos", "1990-02-15", "CDMX", "Promotoría Norte")
MAIL = "Adjunto la relación de equipos: el ornitorrinco de la sucursal Mérida sigue sin acceso."


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


def sealed(place: Installation, *bodies: str, files: tuple[tuple[str, bytes], ...] = ()) -> str:
    """A case whose acknowledgement are mails with these bodies, and files; its ticket is a screenshot."""
    ana = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    opened = OpenCase("MA-001", ana, PERSON, (Upload("ticket.png", io.BytesIO(png())),))
    folio = place.house.cases.open_case(opened).folio
    uploads = tuple(Upload(f"respuesta{n}.eml", io.BytesIO(eml(body=body))) for n, body in enumerate(bodies))
    uploads += tuple(Upload(name, io.BytesIO(content)) for name, content in files)
    place.house.cases.record(RecordStep(folio, "2", ana, uploads))
    settle(place.house)
    return folio


def search(place: Installation, query: str) -> list[dict[str, object]]:
    """What a signed-in person finds inside files."""
    answer = place.client(Role.AUDITOR_INTERNO).get_json(f"/buscar?q={query}")
    groups = {group["kind"]: group["items"] for group in json.loads(answer.text)["groups"]}
    found: list[dict[str, object]] = groups.get("file", [])
    return found


def run(place: Installation, *arguments: str) -> dict[str, int]:
    """A command's answer."""
    result: Result = place.app.test_cli_runner().invoke(args=list(arguments))
    assert result.exit_code == 0, result.output
    told: dict[str, int] = json.loads(result.stdout)
    return told


def test_words_inside_a_sealed_mail_lead_to_its_entry(place: Installation) -> None:
    """The steward makes a mail searchable after it was sealed; a hit shows the passage and leads to the entry."""
    folio = sealed(place, MAIL)
    assert search(place, "ornitorrinco") == []
    Steward(place.house).run_due(10.0**9)
    (hit,) = search(place, "ornitorrinco+merida")
    assert hit["href"] == f"/casos/{folio}/entradas/2"
    assert ["Mérida", True] in hit["text"]  # type: ignore[operator]
    assert place.client().get(str(hit["href"])).status_code == 200


def test_words_inside_a_sealed_letter_are_found(place: Installation) -> None:
    """A PDF's text is read in the confined process: its own sentences find it, whatever the file is called."""
    letter = authorisation(WHO, "MA-001-2026-000001", datetime(2026, 3, 2, tzinfo=UTC), "La Directora")
    folio = sealed(place, files=(("x.pdf", letter),))
    run(place, "texts", "index")
    (hit,) = search(place, "autorizacion+intransferible")
    assert hit["href"] == f"/casos/{folio}/entradas/2"


def test_it_is_all_filled_again_from_the_ledger(place: Installation) -> None:
    """Deleting the file, or asking for it, reads every file again; running twice reads nothing."""
    sealed(place, MAIL)
    first = run(place, "texts", "index")
    assert (first["files"], first["unread"]) == (1, 0)
    assert run(place, "texts", "index")["files"] == 0
    assert run(place, "texts", "index", "--anew")["files"] == 1
    place.house.texts.clear()
    assert search(place, "ornitorrinco") == []
    run(place, "texts", "index")
    assert len(search(place, "ornitorrinco")) == 1


def test_the_steward_reads_a_few_at_a_time(place: Installation) -> None:
    """Many files at once never keep the steward from signing: it reads a few and goes on in its next round."""
    sealed(place, *(f"carta número {n}" for n in range(TEXTS_AT_ONCE + 2)))
    house = place.house
    caught = catch_up(house.ledger, house.blobs, house.texts, house.reader, most_files=TEXTS_AT_ONCE)
    assert caught.files >= TEXTS_AT_ONCE
    rest = catch_up(house.ledger, house.blobs, house.texts, house.reader)
    assert (rest.done, caught.files + rest.files) == (True, TEXTS_AT_ONCE + 2)


def test_what_was_erased_is_found_no_more(place: Installation) -> None:
    """An entry whose payload is destroyed takes what its files say out of the search."""
    folio = sealed(place, MAIL)
    run(place, "texts", "index")
    leaf = place.house.ledger.history(folio)[1].leaf
    draft = EntryDraft(actor=SYSTEM, role=SYSTEM, kind=EntryKind.ERASURE_EXECUTED, refs=(leaf,))
    place.house.ledger.append(folio, lambda _history: Composition((draft,)))
    settle(place.house)
    run(place, "texts", "index")
    assert search(place, "ornitorrinco") == []


@pytest.mark.embedded("a file of the object store is overwritten")
def test_a_file_that_cannot_be_read_stops_nobody(place: Installation) -> None:
    """A missing or changed file counts as without text; the others are read, and the verification tells."""
    folio = sealed(place, MAIL)
    mail = place.settings.data / "objects" / place.house.ledger.history(folio)[1].entry.objects[0].key
    mail.chmod(0o600)
    mail.write_bytes(mail.read_bytes()[:-1] + b"?")
    told = run(place, "texts", "index")
    assert (told["files"], told["unread"]) == (1, 1)
    assert search(place, "ornitorrinco") == []
