"""`flask engagements`: opened, listed, worked and closed from the console, with refusals that leave nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from auditing.sampling import draw
from identity.accounts import Role
from tests.browser.papers import PERSON
from tests.fakes.installation import Installation
from web.inception import settle

YEAR = date.today().year  # noqa: DTZ011 - the test only needs a period around now
PERIOD = ("--from", f"{YEAR - 1}-01-01", "--to", f"{YEAR + 1}-12-31")
BOSS, OUT, OTHER, DESK = "boss@desk.example", "out@audit.example", "other@audit.example", "laura@desk.example"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """An installation with a supervisor, two external auditors and three cases of MA-001."""
    made = Installation(tmp_path / "data")
    made.user(Role.SUPERVISOR, email=BOSS)
    made.user(Role.AUDITOR_EXTERNO, email=OUT)
    made.user(Role.AUDITOR_EXTERNO, email=OTHER)
    client = made.client(Role.ESPECIALISTA, email=DESK)
    for n in range(3):
        typed = {f"d.{name}": value for name, value in {**PERSON, "tipo": "alta", "ticket": f"T-{n}"}.items()}
        typed["d.rfc"], typed["d.correo"] = f"MERL85010{n + 1}AB{n}", f"persona{n}@correo.example"
        answer = client.post_form("/casos/nuevo/MA-001", typed)
        assert answer.status_code == 303, answer.text
    settle(made.house)
    yield made
    made.close()


def run(place: Installation, *args: str, code: int = 0) -> Any:
    """A command's JSON."""
    result = place.app.test_cli_runner().invoke(args=["engagements", *args, "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def words(place: Installation, *args: str) -> str:
    """A command's text."""
    result = place.app.test_cli_runner().invoke(args=["engagements", *args])
    assert result.exit_code == 0, result.output
    return result.stdout


def opened(place: Installation, *more: str) -> str:
    """An engagement over MA-001; gives its id."""
    told = run(place, "open", "--title", "Anual", "--auditor", OUT, "--process", "MA-001", *PERIOD,
               "--expires", f"{YEAR + 1}-12-31", "--actor", BOSS, *more)  # fmt: skip
    return str(told["engagement"])


def test_an_engagement_is_opened_listed_and_shown(place: Installation) -> None:
    """What was asked for stands in the answer, in the list and in the log, as an entry made at the console."""
    eid = opened(place, "--masked", "--downloads", "--firm", "Despacho")
    (entry,) = place.house.ledger.history(f"audit:{eid}")
    assert entry.entry.facts["masked"] is True
    assert entry.entry.facts["downloads"] is True
    assert entry.entry.facts["via"] == "console"
    (line,) = run(place, "list")["engagements"]
    assert (line["engagement"], line["title"], line["firm"], line["live"]) == (eid, "Anual", "Despacho", True)
    assert line["auditors"] == [place.user(Role.AUDITOR_EXTERNO, email=OUT).id]
    told = run(place, "show", eid)
    assert (told["processes"], told["populations"], told["samples"], told["tests"]) == (["MA-001"], [], [], 0)
    assert told["views"]["count"] == 0
    assert len(told["views"]["digest"]) == 64
    assert f"{eid}  vigente" in words(place, "list")
    assert words(place, "show", eid).startswith(f"{eid}  Anual")


def test_a_population_is_frozen_and_a_sample_drawn_that_anybody_can_draw_again(place: Installation) -> None:
    """The list names every case of the period; the folios follow from the seed; a fresh seed is given where none is."""
    eid = opened(place)
    population = run(place, "population", eid, "MA-001", *PERIOD, "--title", "Altas", "--actor", OUT)
    assert (population["population"], population["rows"], population["gaps"]) == ("P1", 3, 0)
    sample = run(place, "sample", eid, "P1", "--n", "2", "--seed", "semilla", "--actor", OUT)
    folios = [case for case in place.house.ledger.cases() if case.startswith("MA-001-")]
    assert (sample["folios"], sample["reproduced"]) == (list(draw("semilla", sorted(folios), 2)), True)
    fresh = run(place, "sample", eid, "P1", "--n", "1", "--actor", OUT)
    assert fresh["seed"] not in {"", "semilla"}
    picked = run(place, "sample", eid, "P1", "--method", "targeted", "--pick", folios[0], "--reason", "Un aviso",
                 "--actor", OUT)  # fmt: skip
    assert picked["folios"] == [folios[0]]
    told = run(place, "show", eid)
    assert [item["sample"] for item in told["samples"]] == ["S1", "S2", "S3"]
    assert words(place, "population", eid, "MA-001", *PERIOD, "--actor", OUT).startswith("P2: 3 casos, ")
    drawn = words(place, "sample", eid, "P2", "--n", "3", "--seed", "x", "--actor", OUT)
    assert sorted(drawn.split()) == sorted(folios)


def test_closing_seals_what_was_viewed_and_ends_the_work(place: Installation) -> None:
    """The seal is the one that show printed; afterwards nothing is frozen, drawn or closed again."""
    eid = opened(place)
    place.client(Role.AUDITOR_EXTERNO, email=OUT).get(f"/auditoria/{eid}")
    seal = run(place, "show", eid)["views"]
    assert seal["count"] >= 1
    told = run(place, "close", eid, "--note", "Terminó", "--actor", BOSS)
    assert told["closed"] is True
    last = place.house.ledger.history(f"audit:{eid}")[-1].entry
    assert (last.facts["views"], last.facts["views_digest"]) == (seal["count"], seal["digest"])
    assert run(place, "list")["engagements"][0]["live"] is False
    assert "cerrada" in words(place, "list")
    before = len(place.house.ledger.history(f"audit:{eid}"))
    for args in (("close", eid, "--actor", BOSS), ("population", eid, "MA-001", *PERIOD, "--actor", OUT)):
        assert run(place, *args, code=1)["error"]["code"] == "audit_engagement_over", args
    assert len(place.house.ledger.history(f"audit:{eid}")) == before


REFUSED = {
    "audit_not_a_keeper": ("close", "{eid}", "--actor", OUT),
    "audit_engagement_unknown": ("show", "2001-000001"),
    "audit_not_an_auditor": ("population", "{eid}", "MA-001", *PERIOD, "--actor", OTHER),
    "audit_out_of_scope": ("population", "{eid}", "MA-003", *PERIOD, "--actor", OUT),
    "audit_population_unknown": ("sample", "{eid}", "P9", "--n", "1", "--actor", OUT),
    "audit_sample_size": ("sample", "{eid}", "P1", "--n", "99", "--actor", OUT),
    "audit_reason_missing": ("sample", "{eid}", "P1", "--method", "targeted", "--pick", "{folio}", "--actor", OUT),
    "audit_not_in_population": ("sample", "{eid}", "P1", "--method", "targeted", "--pick", "MA-001-1999-000001",
                                "--reason", "x", "--actor", OUT),
}  # fmt: skip


def test_what_is_refused_says_why_and_writes_nothing(place: Installation) -> None:
    """Exit status 1 and the code of the refusal, in Spanish, with the chain as it was."""
    eid = opened(place)
    run(place, "population", eid, "MA-001", *PERIOD, "--actor", OUT)
    folio = next(case for case in place.house.ledger.cases() if case.startswith("MA-001-"))
    before = place.house.ledger.history(f"audit:{eid}")
    for code, args in REFUSED.items():
        told = run(place, *(arg.format(eid=eid, folio=folio) for arg in args), code=1)
        assert told["error"]["code"] == code, (args, told)
    assert place.house.ledger.history(f"audit:{eid}") == before


def test_terms_that_cannot_be_are_refused(place: Installation) -> None:
    """A specialist opens none; nobody audits who may not; nothing internal is masked; no engagement comes about."""
    said = ("--title", "Otra", *PERIOD, "--expires", f"{YEAR + 1}-12-31")
    for code, args in (
        ("audit_not_a_keeper", (*said, "--auditor", OUT, "--actor", DESK)),
        ("audit_auditor_unfit", (*said, "--auditor", DESK, "--actor", BOSS)),
    ):
        assert run(place, "open", *args, code=1)["error"]["code"] == code
    place.user(Role.AUDITOR_INTERNO, email="in@desk.example")
    inside = ("--kind", "internal", "--auditor", "in@desk.example", "--masked", "--actor", BOSS)
    assert run(place, "open", *said, *inside, code=1)["error"]["code"] == "audit_mask_internal"
    turned = (
        "--title",
        "X",
        "--from",
        f"{YEAR}-06-01",
        "--to",
        f"{YEAR}-01-01",
        "--expires",
        f"{YEAR + 1}-01-01",
    )
    assert run(place, "open", *turned, "--auditor", OUT, "--actor", BOSS, code=1)["error"]["code"] == (
        "audit_terms_invalid"
    )
    assert run(place, "list")["engagements"] == []


@pytest.mark.parametrize(
    "args",
    [
        ("open", "--title", "X"),
        ("show",),
        ("population", "2026-000001", "MA-001", "--from", "ayer", "--to", "hoy", "--actor", OUT),
        ("sample", "2026-000001", "P1", "--method", "suerte", "--actor", OUT),
        ("sample", "2026-000001", "P1", "--n", "-1", "--actor", OUT),
    ],
)
def test_wrong_usage_exits_with_two(place: Installation, args: tuple[str, ...]) -> None:
    """What the command line does not understand never reaches a desk."""
    assert place.app.test_cli_runner().invoke(args=["engagements", *args]).exit_code == 2
