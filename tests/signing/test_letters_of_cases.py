"""Letters of cases: filled from what the case and the directory say on the day, and from nothing else."""

from __future__ import annotations

import io
from typing import BinaryIO

import pytest

from documents.inspection import Inspection, inspect
from signing.letters import Letter
from signing.letters_desk import LetterDesk
from tests.signing.letter_house import HEAD, TYPESETTER
from tests.signing.test_letters import text_of
from tests.workflows import campaign_play
from tests.workflows.desk import ALTA, ANA, DIRECTOR, Desk
from tests.workflows.quick import QuickReader
from tests.workflows.replays import Path, Play, Table, Walk
from tests.workflows.test_ma005_paths import REVIEWED
from workflows.campaigncommands import CheckLetter
from workflows.commands import Actor, RecordStep, Supersede, Upload
from workflows.errors import LetterChanged, LetterIncomplete, LetterNotOffered, UnknownStep
from workflows.facts import facts_of

NAMES = {DIRECTOR: "Jesús Quiriarte", "u-nueva": "Elena Sáenz"}


def letters(desk: Desk) -> LetterDesk:
    """The letters of a desk in memory."""
    return LetterDesk(
        desk.cases, desk.directory, lambda actor: NAMES.get(actor, ""), desk.clock, HEAD, TYPESETTER
    )


def alta(until: str) -> tuple[Desk, str]:
    """An alta recorded up to a step."""
    desk = Desk(reader=QuickReader())
    folio = desk.open()
    desk.walk(folio, *ALTA[: ALTA.index(until) + 1])
    return desk, folio


def said(made: Letter) -> str:
    """The text of a letter."""
    return text_of(made.pdf)


def test_the_authorisation_says_what_the_case_says() -> None:
    """Person, package by its name, ticket, folio, today's date, and the director of the day by name and post."""
    desk, folio = alta("6")
    made, slot = letters(desk).compose(folio, "7")
    assert slot == "carta"
    assert made.name == f"carta_autorizacion_{folio}.pdf"
    text = said(made)
    for words in (
        "María Fernanda Ruiz Ortega", "RUOM900215AB1", "Promotoría Norte", "Paquete 1", "TK-48213", folio,
        "Jesús Quiriarte Director General", f"{desk.cases.calendar.local(desk.clock()).day} de enero de 2026",
    ):  # fmt: skip
        assert words in text


def test_the_director_is_who_holds_the_post_that_day() -> None:
    """Another holder, another name; without one, or one without a name, the letter is refused and says so."""
    desk, folio = alta("6")
    desk.directory.posts["director_general"] = "u-nueva"
    assert "Elena Sáenz" in said(letters(desk).compose(folio, "7")[0])
    empty: dict[str, str] = {}
    for nobody in (empty, {"director_general": "u-sin-nombre"}):
        desk.directory.posts = nobody
        with pytest.raises(LetterIncomplete) as refused:
            letters(desk).compose(folio, "7")
        assert refused.value.fields["why"] == "director"


def test_the_same_day_gives_the_same_bytes() -> None:
    """Asked again at another hour of the same day, the letter is the same file; after a change of data it is not."""
    desk, folio = alta("6")
    first, _slot = letters(desk).compose(folio, "7")
    desk.clock.advance(hours=2)
    again, _slot = letters(desk).compose(folio, "7")
    assert again.pdf == first.pdf
    letters(desk).stands(folio, "7", first.filled)
    step = next(sealed for sealed in desk.cases.view(folio).entries if sealed.entry.step == "6")
    correction = Supersede(
        folio, step.entry.seq, ANA, "Era el otro paquete, según el correo", data={"paquete": "2"}
    )
    desk.cases.supersede(correction)
    with pytest.raises(LetterChanged):
        letters(desk).stands(folio, "7", first.filled)
    assert "Paquete 2" in said(letters(desk).compose(folio, "7")[0])


def test_custody_names_user_and_applications_and_no_secret() -> None:
    """The user name of step 20, the package, the commitment; before step 20 it is refused, naming it."""
    desk, folio = alta("19")
    with pytest.raises(LetterIncomplete) as refused:
        letters(desk).compose(folio, "22")
    assert refused.value.fields == {"why": "step", "step": "20"}
    desk, folio = alta("20")
    text = said(letters(desk).compose(folio, "22")[0])
    assert desk.cases.view(folio).data()["20"]["usuario_metlife"] in text
    assert "Recibo y me comprometo" in text
    assert "no contiene contraseñas" in text


def test_only_steps_with_a_letter_offer_one() -> None:
    """Other steps, and steps there are none of, are refused."""
    desk, folio = alta("6")
    with pytest.raises(LetterNotOffered):
        letters(desk).compose(folio, "8")
    with pytest.raises(UnknownStep):
        letters(desk).compose(folio, "99")


def test_the_entry_names_the_template() -> None:
    """Facts hold the template's digest by slot, the payload its name and version; an own PDF has neither."""
    desk, folio = alta("6")
    made, slot = letters(desk).compose(folio, "7")
    own = Upload(made.name, io.BytesIO(made.pdf), slot, template=made.template)
    receipt = desk.cases.record(RecordStep(folio, "7", ANA, (own,)))
    sealed = desk.cases.view(folio).entries[receipt.seq - 1]
    assert sealed.entry.objects[0].sha256 == made.sha256
    assert facts_of(sealed.entry).templates == {"carta": made.template.sha256}
    files = sealed.payload()["files"]
    assert isinstance(files, list)
    assert isinstance(files[0], dict)
    assert files[0]["template"] == {
        "name": "autorizacion", "version": "1", "sha256": made.template.sha256,
    }  # fmt: skip
    other, folio2 = alta("7")
    theirs = other.cases.view(folio2).entries[-1]
    assert "templates" not in theirs.entry.facts


class ReadingReader(QuickReader):
    """Reads PDF in earnest: what a letter says is the point of it."""

    def inspect(self, stream: BinaryIO, *, name: str) -> Inspection:
        """As the door does."""
        return inspect(stream, name=name) if name.endswith(".pdf") else super().inspect(stream, name=name)


def campaign(*moves: str) -> Walk:
    """A campaign that got so far."""
    play = Play(
        "MA-005",
        opening=campaign_play.OPENING | {"aplicacion": "belife"},
        act=campaign_play.act,
        people={"director": Actor(DIRECTOR, "director"), "especialista": ANA},
        reader=ReadingReader,
    )
    return Table(play, ()).walk(Path("so far", (*REVIEWED, *moves)))


def test_the_responsiva_agrees_with_the_final_file() -> None:
    """What the letter says is read back without a doubt: its figures are proposed, and the check finds them right."""
    walk = campaign("8 14 16 15")
    desk, folio = walk.desk, walk.folio
    made, slot = letters(desk).compose(folio, "18")
    final = next(s for s in reversed(desk.cases.view(folio).entries) if s.entry.step == "15")
    assert final.entry.objects[0].sha256 in said(made)
    own = Upload(made.name, io.BytesIO(made.pdf), slot, template=made.template)
    desk.cases.record(RecordStep(folio, "18", ANA, (own,)))
    day = desk.cases.calendar.local_day(desk.clock()).isoformat()
    figures = {"fecha": day, "aplicativo": "belife", "cantidad": "6"}
    assert desk.cases.proposed(folio, "19") == figures
    assert desk.cases.proposed(folio, "17") == {}
    desk.cases.record(RecordStep(folio, "19", ANA, data=figures))
    reading = desk.cases.campaigns.letter(folio)
    assert (reading.found, reading.unread, reading.differs) == (figures, (), ())
    receipt = desk.cases.campaigns.check(CheckLetter(folio, ANA))
    facts = facts_of(desk.cases.view(folio).entries[receipt.seq - 1].entry)
    assert facts.choice == "cuadra"
    assert set(facts.check.values()) == {"read"}


def test_without_a_final_file_there_is_no_responsiva() -> None:
    """It is refused, naming the step."""
    walk = campaign("8")
    with pytest.raises(LetterIncomplete) as refused:
        letters(walk.desk).compose(walk.folio, "18")
    assert refused.value.fields["step"] == "15"
