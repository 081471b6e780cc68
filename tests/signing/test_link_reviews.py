"""Reviews of an area's rows through a personal link, on a real installation."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from signing.errors import AlreadyAnswered, DocumentDiffers, FactorNeeded, LinkDead, LinkError, NoAddress
from signing.kinds.review import Invite
from signing.links import Standing
from signing.records import Request
from tests.fakes.review_room import NORTH, REASON, SOUTH, ReviewRoom, press
from tests.fakes.signing_room import BY, DESK_PLACE, PHONE_PLACE
from workflows.answering import question_digest
from workflows.campaigncommands import DecideRows
from workflows.commands import Supersede
from workflows.errors import (
    DecisionUnknown,
    NotSupersedable,
    ReasonMissing,
    Refusal,
    RequestReused,
    RequestWaits,
    RowsDecided,
    RowsHeld,
)
from workflows.reviewerrors import RowsNotYours, WindowOver

Asked = tuple[ReviewRoom, str, Request, Standing]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[ReviewRoom]:
    """A desk with two areas."""
    made = ReviewRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


@pytest.fixture
def asked(room: ReviewRoom) -> Asked:
    """The north asked, and its link opened on a telephone."""
    folio = room.campaign()
    request = room.invite(folio)
    return room, folio, request, room.open(room.token())


def test_asking_by_link_begins_the_areas_days_and_mails_one_link(asked: Asked) -> None:
    """Asking is sealed without a mail of the desk's; the request names the area, and its link outlives the days."""
    room, folio, request, _standing = asked
    kinds = [kind for kind in room.all_kinds(folio) if kind.partition(".")[0] in {"review", "link"}]
    assert kinds == ["review.requested", "link.issued", "link.opened"]
    state = room.place.house.cases.view(folio).state
    assert [state.step(code).status for code in ("8", "10", "11", "12")] == ["hecho"] * 4
    entry = next(item for item in room.entries(folio) if item.entry.kind == "review.requested")
    assert (entry.entry.facts["areas"], entry.entry.facts["signatory"]) == ([NORTH], room.norma.id)
    question = entry.payload()["question"]
    assert isinstance(question, dict)
    assert question_digest(question) == request.digest
    north = next(area for area in room.rows(folio).areas if area.area == NORTH)
    assert north.status == "esperando"
    assert request.expires_at > north.due_at
    mails = [mail for mail in room.mails() if "revis" in mail]
    assert len(mails) == 1
    assert room.norma.email in mails[0]


def test_a_press_is_one_entry_in_the_name_of_the_contact(asked: Asked) -> None:
    """Rows, decision and reason as for the desk; the actor is the contact, and what she was shown."""
    room, folio, request, standing = asked
    rows = room.numbers(folio)
    before = len(room.entries(folio))
    room.links.reviews.decide(standing, request.id, press(request, rows[1]), PHONE_PLACE)
    room.links.reviews.decide(
        standing, request.id, press(request, f"{rows[2]},{rows[3]}", "baja"), PHONE_PLACE
    )
    made = room.entries(folio)[before:]
    assert [str(item.entry.kind) for item in made] == ["evidence.recorded"] * 2
    entry = made[1].entry
    assert (entry.actor, entry.role, entry.step) == (room.norma.id, "area", "14")
    facts = entry.facts
    assert (facts["via"], facts["actor_class"], facts["request"], facts["digest"]) == (
        "link",
        "person",
        request.id,
        request.digest,
    )
    assert facts["rows"] == [{"at": f"{rows[2]},{rows[3]}", "decision": "baja"}]
    for private in (PHONE_PLACE.address, "Norma", REASON):
        assert private.encode() not in made[1].entry_bytes
    found = room.rows(folio).by_number
    assert [found[n].decision for n in rows] == ["", "certifica", "baja", "baja"]
    assert {found[n].by for n in rows[1:]} == {room.norma.id}


def test_a_correction_supersedes_visibly_and_her_own_row_is_flagged(asked: Asked) -> None:
    """The later decision counts, the row says that another stood before; a row of herself is a self-certification."""
    room, folio, request, standing = asked
    row = room.numbers(folio)[0]
    for decision in ("baja", "certifica"):
        room.links.reviews.decide(standing, request.id, press(request, row, decision), PHONE_PLACE)
    found = room.rows(folio).by_number[row]
    assert found.decision == "certifica"
    assert {"changed", "own"} <= set(found.flags)
    with pytest.raises(NotSupersedable):
        room.place.house.cases.supersede(
            Supersede(
                folio, found.seq, room.actor, "La mesa no edita lo de otros", data={"nota": "otra cosa"}
            )
        )


@pytest.mark.parametrize("which", ["other area", "both areas", "unknown", "none", "nonsense"])
def test_rows_of_another_area_are_refused_like_rows_that_do_not_exist(asked: Asked, which: str) -> None:
    """Guessed numbers: one refusal for all, and nothing is written."""
    room, folio, request, standing = asked
    mine, theirs = room.numbers(folio), room.numbers(folio, SOUTH)
    rows = {
        "other area": str(theirs[0]),
        "both areas": f"{mine[0]},{theirs[0]}",
        "unknown": "5000",
        "none": "",
        "nonsense": "x",
    }[which]
    before = len(room.entries(folio))
    with pytest.raises(RowsNotYours):
        room.links.reviews.decide(standing, request.id, press(request, rows), PHONE_PLACE)
    assert len(room.entries(folio)) == before


def test_bad_input_is_refused_and_writes_nothing(asked: Asked) -> None:
    """Another digest, no reason, an unknown decision, a request of nobody: said, and the request waits on."""
    room, folio, request, standing = asked
    row, before = room.numbers(folio)[0], len(room.entries(folio))
    good = press(request, row)
    attempts: list[tuple[str, object, type[Exception]]] = [
        (request.id, replace(good, digest="f" * 64), DocumentDiffers),
        (request.id, replace(good, reason=" "), ReasonMissing),
        (request.id, replace(good, decision="otra"), DecisionUnknown),
        ("r-otra", good, LinkDead),
    ]
    for where, said, error in attempts:
        with pytest.raises(error):
            room.links.reviews.decide(standing, where, said, PHONE_PLACE)  # type: ignore[arg-type]
    assert len(room.entries(folio)) == before


def test_a_discrepancy_is_the_directors_from_then_on(asked: Asked) -> None:
    """She may raise one; who takes it back is the director."""
    room, folio, request, standing = asked
    row = room.numbers(folio)[0]
    room.links.reviews.decide(standing, request.id, press(request, row, "discrepancia"), PHONE_PLACE)
    with pytest.raises(RowsHeld):
        room.links.reviews.decide(standing, request.id, press(request, row), PHONE_PLACE)


def test_what_others_decided_after_the_page_was_shown_is_not_overwritten(asked: Asked) -> None:
    """Decision 0092 behind a link: seen says what she saw."""
    room, folio, request, standing = asked
    row, seen = room.numbers(folio)[0], len(room.entries(folio))
    campaigns = room.place.house.cases.campaigns
    campaigns.decide(DecideRows(folio, str(row), "baja", "Lo dijo por teléfono", room.actor))
    with pytest.raises(RowsDecided):
        room.links.reviews.decide(standing, request.id, press(request, row, seen=seen), PHONE_PLACE)
    room.links.reviews.decide(standing, request.id, press(request, row, seen=seen + 1), PHONE_PLACE)
    assert room.rows(folio).by_number[row].decision == "certifica"


def test_a_link_of_one_campaign_decides_nothing_in_another(asked: Asked) -> None:
    """Two campaigns, the same person, two links: each leads to what it was bound to when it was made."""
    room, folio, _request, standing = asked
    other = room.invite(room.campaign())
    with pytest.raises(LinkDead):
        room.links.reviews.decide(standing, other.id, press(other, room.numbers(folio)[0]), PHONE_PLACE)


def test_concurrent_presses_with_one_key_are_one_entry(asked: Asked) -> None:
    """Twenty presses of one button, one entry; the same key for something else is refused."""
    room, folio, request, standing = asked
    rows, before = room.numbers(folio), len(room.entries(folio))
    said = press(request, rows[1], key="form:uno")
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(
                lambda _n: room.links.reviews.decide(standing, request.id, said, PHONE_PLACE).seq, range(20)
            )
        )
    assert len(set(found)) == 1
    assert len(room.entries(folio)) == before + 1
    with pytest.raises(RequestReused):
        room.links.reviews.decide(standing, request.id, press(request, rows[2], key="form:uno"), PHONE_PLACE)


def test_finishing_is_once_and_ends_the_link(asked: Asked) -> None:
    """An entry with how many were decided; afterwards neither decisions nor another end."""
    room, folio, request, standing = asked
    row = room.numbers(folio)[1]
    room.links.reviews.decide(standing, request.id, press(request, row), PHONE_PLACE)

    def end(_n: int) -> str:
        try:
            room.links.reviews.finish(standing, request.id, request.digest, PHONE_PLACE)
        except LinkError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(end, range(4))) == ["already_answered"] * 3 + ["done"]
    ended = [item.entry for item in room.entries(folio) if item.entry.kind == "review.finished"]
    assert [entry.facts["counts"] for entry in ended] == [{"decided": 1, "rows": 4}]
    fresh = replace(standing, requests=tuple(room.links.office.store.of_case(folio)))
    with pytest.raises(AlreadyAnswered):
        room.links.reviews.decide(fresh, request.id, press(request, row, "baja"), PHONE_PLACE)
    with pytest.raises(LinkDead):
        room.links.links.open(room.token(), PHONE_PLACE)


def test_after_the_window_it_is_refused_in_words_and_later_the_link_is_dead(asked: Asked) -> None:
    """Silence decides by CAM when the days end; the link still says so for a while."""
    room, folio, request, _standing = asked
    token = room.token()
    due = room.window(request)
    room.wait_until(due)
    late = room.open(token)
    row = room.numbers(folio)[1]
    with pytest.raises(WindowOver):
        room.links.reviews.decide(late, request.id, press(request, row), PHONE_PLACE)
    room.wait_until(request.expires_at)
    with pytest.raises(LinkDead):
        room.open(token)
    assert request.id in room.links.sweeper.run(room.place.clock()).expired


def test_withdrawn_reported_and_resent_links_are_dead(room: ReviewRoom) -> None:
    """As for the other kinds; an area is asked again once its link is gone, and never twice at once."""
    folio = room.campaign()
    request = room.invite(folio)
    first = room.token()
    with pytest.raises(RequestWaits):
        room.invite(folio)
    room.links.desk.resend(request.id, room.actor)
    with pytest.raises(LinkDead):
        room.open(first)
    standing = room.open(room.token())
    room.links.desk.withdraw(request.id, room.actor, "Se preguntó a otra persona")
    with pytest.raises((AlreadyAnswered, Refusal)):
        room.links.reviews.decide(standing, request.id, press(request, room.numbers(folio)[0]), PHONE_PLACE)
    again = room.invite(folio)
    standing = room.open(room.token())
    room.links.refusing.report(standing, again.id, "No soy de esa área", PHONE_PLACE)
    with pytest.raises(LinkDead):
        room.links.links.stand(standing.visit.id, "x", PHONE_PLACE)
    assert "evidence.recorded" not in room.all_kinds(folio)[-8:]


def test_nothing_is_written_where_nobody_can_be_asked(room: ReviewRoom) -> None:
    """Somebody without an address: refused before the area counts as asked; the second factor is demanded."""
    folio = room.campaign()
    mute = room.place.house.contacts.add("Sin Correo", BY)
    before = len(room.entries(folio))
    with pytest.raises(NoAddress):
        room.links.reviews.ask(
            room.links.desk, Invite(folio, {NORTH: room.norma.id, SOUTH: mute.id}), room.actor, DESK_PLACE
        )
    assert len(room.entries(folio)) == before
    request = room.invite(folio, factor="code")
    standing = room.open(room.token())
    with pytest.raises(FactorNeeded):
        room.links.reviews.decide(standing, request.id, press(request, room.numbers(folio)[0]), PHONE_PLACE)
