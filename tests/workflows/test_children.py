"""Cases that go on from others: opened once, named from both sides, found again after whatever broke."""

from __future__ import annotations

import pytest

from evidence.entry import EntryKind
from evidence.ports import StoreUnavailable
from tests.workflows.desk import pdf
from tests.workflows.small_process import CLERK, Small, branch, step
from workflows.children import kin, prefilled
from workflows.commands import Actor, LinkCase, OpenChild, Receipt, Supersede
from workflows.errors import (
    ChildNotOffered,
    EvidenceMissing,
    FieldInvalid,
    GuardUnmet,
    LinkNotPossible,
    RequestReused,
    RoleNotAllowed,
    StepNotOpen,
    UnknownCase,
)
from workflows.rebuild import RebuildReport

OPENS = 'link_field = "liga"\nopens = { process = "XX-001", fields = { persona = "nota" } }'
GOES_ON = step("2", OPENS)
BY_BRANCH = step("2", parts=branch("aqui") + branch("alla", f"done = false\n{OPENS}"))
BOSS = Actor("u-9", "jefa")


def _child(case: Small, **members: object) -> OpenChild:
    values = {
        "step": "2",
        "data": {"persona": "Eva"},
        "uploads": (pdf("hija.pdf"),),
        "told": {"nota": "sigue allá"},
        "idempotency_key": "k",
        **members,
    }
    return OpenChild(case.folio, CLERK, **values)  # type: ignore[arg-type]


def _cases(case: Small) -> list[str]:
    return list(case.desk.ledger.cases())


def _sound(case: Small) -> RebuildReport:
    report = case.desk.cases.rebuild()
    assert (report.differences, report.failures) == ((), ())
    return report


def test_a_child_is_named_from_both_sides() -> None:
    """The child's first entry names its parent, the parent's step the child; either finds the other by the index."""
    case = Small(GOES_ON)
    opened = case.desk.cases.open_child(_child(case))
    child = opened.child.folio
    assert case.desk.ledger.history(child)[0].entry.facts["parent"] == case.folio
    assert opened.child.state.parent == case.folio
    assert [(r.destination, r.step, r.link) for r in opened.parent.state.routes] == [("XX-001", "2", child)]
    parents = kin(case.desk.cases.view(child).state, case.desk.index)
    assert [(item.how, item.folio) for item in parents] == [("parent", case.folio)]
    (known,) = kin(case.desk.cases.view(case.folio).state, case.desk.index)
    assert (known.how, known.folio, known.step, known.seq) == ("child", child, "2", 2)
    _sound(case)


def test_one_click_is_one_child() -> None:
    """The same request again gives the same child and the same entry of the parent."""
    case = Small(GOES_ON)
    first, again = case.desk.cases.open_child(_child(case)), case.desk.cases.open_child(_child(case))
    assert (first.child.folio, first.parent.seq) == (again.child.folio, again.parent.seq)
    assert len(_cases(case)) == 2


@pytest.mark.parametrize("key", ["k", ""])
def test_a_crash_between_the_two_appends_leaves_no_second_child(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """After the child was opened and the parent not told, asking again, with a key or without, tells the parent."""
    case = Small(GOES_ON)

    def broken(*_: object, **__: object) -> None:
        raise StoreUnavailable("power")

    with monkeypatch.context() as patch:
        patch.setattr(case.desk.cases, "record", broken)
        with pytest.raises(StoreUnavailable):
            case.desk.cases.open_child(_child(case, idempotency_key=key))
    assert len(_cases(case)) == 2
    (orphan,) = kin(case.desk.cases.view(case.folio).state, case.desk.index)
    assert (orphan.how, orphan.seq) == ("child", 0)
    opened = case.desk.cases.open_child(_child(case, idempotency_key=key))
    assert opened.child.folio == orphan.folio
    assert len(_cases(case)) == 2
    assert opened.parent.state.routes[0].link == orphan.folio
    _sound(case)


@pytest.mark.parametrize(
    ("members", "refusal"),
    [
        ({"told": {}}, EvidenceMissing),
        ({"told": {"nada": "x"}}, FieldInvalid),
        ({"step": "3"}, GuardUnmet),
        ({"step": "4"}, ChildNotOffered),
        ({"process": "MA-001"}, ChildNotOffered),
        ({"recorder": Actor("u-5", "nadie")}, RoleNotAllowed),
    ],
)
def test_what_the_step_would_refuse_opens_nothing(
    members: dict[str, object], refusal: type[Exception]
) -> None:
    """The parent's step is tried first: what it would refuse leaves no child behind."""
    case = Small(GOES_ON, step("3", f'requires = ["2"]\n{OPENS}'), step("4"))
    with pytest.raises(refusal):
        case.desk.cases.open_child(_child(case, **members))
    assert _cases(case) == [case.folio]


def test_a_step_taken_meanwhile_opens_nothing() -> None:
    """Somebody recorded the step first: the second is refused before a case is opened."""
    case = Small(GOES_ON)
    case.do("2")
    with pytest.raises(StepNotOpen):
        case.desk.cases.open_child(_child(case))
    assert _cases(case) == [case.folio]


def test_a_step_taken_at_the_same_instant_leaves_no_orphan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded by somebody else after the trial: the parent names the child that is there, and who asked is told."""
    case = Small(GOES_ON)
    record, quicker = case.desk.cases.record, []

    def late(*given: object, **named: object) -> Receipt:
        if not quicker:
            quicker.append(True)
            case.do("2")
        return record(*given, **named)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(case.desk.cases, "record", late)
    opened = case.desk.cases.open_child(_child(case))
    assert isinstance(opened.refused, StepNotOpen)
    assert opened.parent.state.routes[-1].link == opened.child.folio
    assert case.desk.ledger.history(case.folio)[-1].entry.kind is EntryKind.CASE_LINKED
    again = case.desk.cases.open_child(_child(case))
    assert (again.child.leaf, again.parent.leaf) == (opened.child.leaf, opened.parent.leaf)
    _sound(case)


@pytest.mark.parametrize("folio", ["XX-001-2026-000099", ""])
def test_a_step_names_a_case_that_is_there(folio: str) -> None:
    """A folio that nobody has, or the case's own, is refused by the field it was typed in."""
    case = Small(GOES_ON)
    link = folio or case.folio
    with pytest.raises(FieldInvalid) as refused:
        case.do("2", liga=link)
    (problem,) = refused.value.problems
    assert (problem.field, problem.problem, problem.found) == ("liga", "no_such_case", link)


def test_a_branch_opens_its_own() -> None:
    """What a branch opens is opened only by choosing it; the link stands in the entry that chose."""
    case = Small(BY_BRANCH)
    with pytest.raises(ChildNotOffered):
        case.desk.cases.open_child(_child(case, choice="aqui"))
    opened = case.desk.cases.open_child(_child(case, choice="alla"))
    assert opened.parent.state.routes[0].link == opened.child.folio
    assert opened.parent.state.step("2").choice == "alla"


def test_an_existing_case_may_be_linked_by_the_step() -> None:
    """The step takes the folio of a case that is there as well."""
    case = Small(GOES_ON)
    folio = case.desk.cases.open_child(_child(case, step="", process="XX-001")).child.folio
    state = case.do("2", liga=folio).state
    assert {route.link for route in state.routes} == {folio}
    _sound(case)


def test_without_a_step_the_parent_only_gets_the_link() -> None:
    """A closed case whose request belongs elsewhere is linked all the same, and its state does not move."""
    case = Small(step("2", 'closes = "devuelto"'))
    before = case.do("2").state
    opened = case.desk.cases.open_child(_child(case, step="", process="XX-001"))
    after = opened.parent.state
    assert case.desk.ledger.history(case.folio)[-1].entry.kind is EntryKind.CASE_LINKED
    assert (after.status, after.closed, after.steps) == (before.status, before.closed, before.steps)
    assert [route.link for route in after.routes] == [opened.child.folio]
    _sound(case)


def test_linking_by_hand() -> None:
    """Two cases are linked once, by whoever works in them, with the note of why; itself and nobody are no partners."""
    case = Small(step("2"))
    other = case.desk.cases.open_child(_child(case, step="", process="XX-001")).child.folio
    link = LinkCase(other, case.folio.lower(), BOSS, note="son el mismo asunto")
    state = case.desk.cases.link(link).state
    assert [(route.destination, route.link) for route in state.routes] == [("XX-001", case.folio)]
    for wrong, refusal in (
        (other, LinkNotPossible),
        (case.folio, LinkNotPossible),
        ("XX-001-2026-000099", UnknownCase),
    ):
        with pytest.raises(refusal):
            case.desk.cases.link(LinkCase(other, wrong, BOSS))
    with pytest.raises(RoleNotAllowed):
        case.desk.cases.link(LinkCase(other, case.folio, Actor("u-5", "auditor_interno")))
    seq = len(case.desk.ledger.history(other))
    undone = Supersede(other, seq, BOSS, "no tenían que ver entre sí", annul=True)
    assert case.desk.cases.supersede(undone).state.routes == ()
    _sound(case)


def test_a_key_used_for_another_child_is_refused() -> None:
    """The same key with other data is another request."""
    case = Small(GOES_ON)
    case.desk.cases.open_child(_child(case))
    with pytest.raises(RequestReused):
        case.desk.cases.open_child(_child(case, data={"persona": "Otra"}))


def test_what_is_known_here_fills_the_form_there() -> None:
    """By the definition's mapping, and by fields of the same name and kind."""
    case = Small(GOES_ON)
    view = case.desk.cases.view(case.folio)
    target = case.desk.definitions.current("XX-001")
    assert prefilled(view, target) == {"persona": "Ana"}
    opens = target.by_step["2"].opens
    case.do("2")
    assert prefilled(case.desk.cases.view(case.folio), target, opens) == {"persona": "hecho"}
