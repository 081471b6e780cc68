"""Addresses made by rule: always an address, always the same, never somebody else's."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.identifiers import is_email
from tests.workflows.replays import Play, Walk, begin
from workflows.computed import LOCAL_LENGTH, RULES, Given, NotComputable, plain
from workflows.errors import FieldInvalid
from workflows.state import ExceptionCode

PARTS = st.text(max_size=60)
DOMAIN = "tuagente.example"
RUIZ = {"usuario": "asistente", "nombre": "María", "apellido": "Ruiz", "promotoria": "Promotoría Norte"}


def _compute(rule: str, values: Mapping[str, str], taken: frozenset[str] = frozenset()) -> tuple[str, int]:
    found = RULES[rule](Given(values, lambda _code: (DOMAIN,), lambda value: value in taken))
    return found.value, found.homonym


@pytest.mark.parametrize(
    ("name", "surname", "agency", "address"),
    [
        ("María Fernanda", "Ruiz", "Norte", "maria.ruiz.norte"),
        ("Íñigo", "Muñoz", "Peña Güera", "inigo.munoz.penaguera"),
        ("José", "de la O", "Promotoría del Sur", "jose.o.promotoriasur"),
        ("María de los Ángeles", "De León", "La Paz", "maria.leon.paz"),
        ("Ana-Lucía", "O'Farrill", "Río/Bravo 2", "ana.ofarrill.riobravo2"),
        ("Zoë", "Straßer", "Łódź", "zoe.strasser.lodz"),
        ("de", "la", "del", "de.la.del"),
        ("  MARÍA  ", "RUIZ ORTEGA", "N.O.R.T.E.", "maria.ruiz.norte"),
    ],
)
def test_names_as_addresses(name: str, surname: str, agency: str, address: str) -> None:
    """Accents, ñ, blanks, particles and signs each become what the process says."""
    values = {"nombre": name, "apellido": surname, "promotoria": agency}
    assert _compute("mailbox_assistant", values) == (f"{address}@{DOMAIN}", 0)


@given(st.sampled_from(sorted(RULES)), PARTS, PARTS, PARTS, PARTS)
def test_always_an_address_and_always_the_same(
    rule: str, key: str, name: str, surname: str, agency: str
) -> None:
    """Whatever is typed gives no address at all, or a valid one (RFC 5321) that computing again repeats."""
    values = {"clave": key, "nombre": name, "apellido": surname, "promotoria": agency}
    try:
        value, _ = _compute(rule, values)
    except NotComputable:
        return
    local, _, domain = value.partition("@")
    assert is_email(value)
    assert 1 <= len(local) <= LOCAL_LENGTH
    assert domain == DOMAIN
    assert _compute(rule, values) == (value, 0)
    assert plain(local.replace(".", " ")) == local.replace(".", " ")


@given(st.lists(st.tuples(PARTS, PARTS, PARTS), max_size=12))
def test_no_two_people_share_an_address(people: list[tuple[str, str, str]]) -> None:
    """However alike their names, everybody's address is their own, and its number says that it had to be."""
    taken: set[str] = set()
    for name, surname, agency in people:
        values = {"nombre": name, "apellido": surname, "promotoria": agency}
        try:
            value, homonym = _compute("mailbox_assistant", values, frozenset(taken))
        except NotComputable:
            continue
        assert value not in taken
        assert (homonym > 1) == (_compute("mailbox_assistant", values)[0] in taken)
        assert len(value.partition("@")[0]) <= LOCAL_LENGTH
        taken.add(value)


def test_a_domain_must_be_in_force() -> None:
    """Neither a domain nobody published nor an empty list gives an address."""
    values = {"clave": "AG1", "dominio": "otra.example"}
    with pytest.raises(NotComputable, match="dominio"):
        _compute("mailbox_agent", values)
    with pytest.raises(NotComputable, match="dominio"):
        RULES["mailbox_agent"](Given({"clave": "AG1"}, lambda _code: (), lambda _value: False))


def _assistant(walk: Walk | None = None) -> Walk:
    """A case of MA-003 up to the assistant's address, on the desk of another one where given."""
    found = begin(Play("MA-003", opening={"flujo": "alta", **RUIZ}))
    if walk is not None:
        found.desk = walk.desk
    found.open()
    found.go("2 4")
    return found


def test_a_homonym_is_numbered_and_shown() -> None:
    """The second María Ruiz of one agency gets a number; the fact is in the entry, the name is not."""
    first = _assistant()
    second = _assistant(first)
    address = second.desk.cases.view(second.folio).data()["4"]["direccion"]
    assert address == f"maria.ruiz2.promotorianorte@{DOMAIN}"
    entry = second.entries[-1]
    assert entry.facts["homonyms"] == {"direccion": "2"}
    assert b"ruiz" not in second.desk.ledger.history(second.folio)[-1].entry_bytes
    assert [item.code for item in second.state.exceptions] == [ExceptionCode.HOMONYM]
    assert first.state.exceptions == ()


def test_another_address_is_refused() -> None:
    """What the rule does not give cannot be typed, and the refusal says what it gives."""
    walk = begin(Play("MA-003", opening={"flujo": "alta", **RUIZ}))
    walk.open()
    walk.go("2")
    data = {"direccion": f"mruiz@{DOMAIN}", "revisada": "si"}
    with pytest.raises(FieldInvalid) as refused:
        walk.record("4", data=data)
    (problem,) = refused.value.problems
    assert (problem.problem, problem.expected) == ("computed", f"maria.ruiz.promotorianorte@{DOMAIN}")
    walk.record("4", data={**data, "direccion": f"MARIA.RUIZ.promotorianorte@{DOMAIN}"})
