"""From the bytes of a TOML file to a `Definition`, or to every problem they have.

The vocabulary is closed: a key that is not read here is refused with its place. ``docs/formats/process-definition.md``
says what each means. Standard library only: the offline verifier loads the definition a package brings.
"""

from __future__ import annotations

import hashlib

from workflows import loader_lists as lists
from workflows.definition import (
    Branch,
    Definition,
    Document,
    Duty,
    Effect,
    Evidence,
    EvidenceType,
    Field,
    FieldKind,
    Ground,
    Machine,
    Opening,
    Option,
    Outcome,
    Role,
    Series,
    Slot,
    Standing,
    Step,
    StepClass,
    Wait,
)
from workflows.rosterloader import read_roster
from workflows.step import Opens
from workflows.tables import DefinitionInvalid, Table, read_toml
from workflows.tables import assumption as _assumption
from workflows.tables import closed as _closed
from workflows.tables import every as _all
from workflows.term_loader import read_timer
from workflows.validation import problems_of

FORMAT = 1


def load(data: bytes) -> Definition:
    """Read a definition.

    Raises:
        DefinitionInvalid: with every problem found: not TOML, unknown or missing keys, wrong types, references to
            steps, slots, statuses or roles that do not exist.
    """
    values = read_toml(data)
    problems: list[str] = []
    table = Table(values, "", problems)
    if table.number("format", least=1) != FORMAT:
        problems.append(f"format: this program reads format {FORMAT}")
    definition = _definition(table, data)
    table.close()
    problems += problems_of(definition) if not problems else _references(definition)
    if problems:
        raise DefinitionInvalid(problems)
    return definition


def _references(definition: Definition) -> list[str]:
    """Names that refer to nothing in a file that has other problems too: the rest might only follow from those."""
    found = [problem for problem in problems_of(definition) if ": there is no " in problem]
    return [problem for problem in found if not problem.endswith("''")]


def _definition(table: Table, data: bytes) -> Definition:
    return Definition(
        process=table.text("process"),
        version=table.text("version"),
        name=table.both("name"),
        digest=hashlib.sha256(data).hexdigest(),
        source=data,
        late_after=table.number("late_after", least=1),
        waiver_roles=table.texts("waiver_roles"),
        correction_roles=table.texts("correction_roles"),
        document=_closed(table.table("document"), _document),
        opening=_closed(table.table("opening"), _opening),
        roles=_all(table, "role", _role),
        duties=_all(table, "duty", _duty),
        machines=_all(table, "machine", _machine),
        outcomes=_all(table, "outcome", _outcome),
        grounds=_all(table, "refusal", _ground),
        steps=_all(table, "step", _step),
        timers=_all(table, "timer", lambda item: read_timer(item, _assumption(item))),
        series=_all(table, "series", _series),
        spans=_all(table, "measure", lists.span),
        catalogues=_all(table, "catalogue", lists.catalogue),
        controls=_all(table, "control", lists.control),
        questions=_all(table, "question", lists.question),
        roster=_closed(table.table("roster"), read_roster) if table.has("roster") else None,
    )


def _document(table: Table) -> Document:
    return Document(
        objective=table.both("objective"),
        scope=table.both("scope"),
        description=table.both("description"),
        includes=table.both_lists("includes"),
        excludes=table.both_lists("excludes"),
        inputs=table.both_lists("inputs"),
        outputs=table.both_lists("outputs"),
    )


def _opening(table: Table) -> Opening:
    return Opening(
        step=table.text("step"),
        roles=table.texts("roles"),
        fields=_all(table, "field", _field),
        title=table.texts("title"),
        public=table.words_by_name("public"),
    )


def _role(table: Table) -> Role:
    return Role(
        code=table.text("code"),
        name=table.both("name"),
        duty=table.both("duty"),
        post=table.text("post", ""),
        deputies=table.flag("deputies"),
        accountable=table.flag("accountable"),
    )


def _duty(table: Table) -> Duty:
    return Duty(
        code=table.text("code"),
        name=table.both("name"),
        apart=table.texts("apart"),
        opening=table.text("opening", ""),
        roles=table.texts("roles"),
    )


def _machine(table: Table) -> Machine:
    return Machine(
        code=table.text("code"),
        name=table.both("name"),
        statuses=table.texts("statuses"),
        transitions=table.pairs("transitions"),
        primary=table.flag("primary"),
    )


def _outcome(table: Table) -> Outcome:
    return Outcome(
        code=table.text("code"),
        name=table.both("name"),
        abandons=table.flag("abandons"),
        effects=_all(table, "effect", _effect),
    )


def _ground(table: Table) -> Ground:
    return Ground(
        code=table.text("code"),
        name=table.both("name"),
        message=table.both("message"),
        destination=table.text("destination"),
        destination_name=table.both("destination_name"),
        outcome=table.text("outcome"),
    )


def _step(table: Table) -> Step:
    return Step(
        code=table.text("code"),
        name=table.both("name"),
        kind=table.word("class", StepClass),
        instruction=table.both("instruction"),
        example=table.both("example"),
        after=table.both("next"),
        source=table.text("source", ""),
        performer=table.text("performer"),
        roles=table.texts("roles"),
        controls=table.texts("controls"),
        when=table.when(),
        requires=table.texts("requires"),
        follows=table.texts("follows"),
        most=table.number("most", 1, most=1000),
        least=table.number("least", 1, least=1, most=1000),
        slots=_all(table, "slot", _slot),
        fields=_all(table, "field", _field),
        evidence=_closed(table.table("evidence"), _evidence),
        effects=_all(table, "effect", _effect),
        branches=_all(table, "branch", _branch),
        closes=table.text("closes", ""),
        wait=_closed(table.table("wait"), _wait) if table.has("wait") else None,
        duty=table.text("duty", ""),
        duty_post=table.text("duty_post", ""),
        post=table.text("post", ""),
        standing=_closed(table.table("rule"), _standing) if table.has("rule") else None,
        waivable=table.flag("waivable"),
        after_closing=table.flag("after_closing"),
        only_closed=table.flag("only_closed"),
        by_system=table.flag("by_system"),
        automatic=table.text("automatic", ""),
        message=table.both("message") if table.has("message") else None,
        opens=_opens(table),
        link_field=table.text("link_field", ""),
        consulted=table.texts("consulted"),
        informed=table.texts("informed"),
        assumption=_assumption(table),
    )


def _slot(table: Table) -> Slot:
    return Slot(
        code=table.text("code"),
        name=table.both("name"),
        types=table.words("types", EvidenceType),
        fields=table.texts("fields"),
        shares=table.pairs("shares"),
        most=table.number("most", 5, least=1, most=100),
        reader=table.text("reader", ""),
        compare=table.texts("compare"),
        secret_risk=table.flag("secret_risk"),
        article=table.texts("article"),
        also=table.texts("also"),
        fresh=table.flag("fresh"),
    )


def _field(table: Table) -> Field:
    return Field(
        name=table.text("name"),
        label=table.both("label"),
        kind=table.word("kind", FieldKind),
        help=table.both("help", optional=True),
        example=table.text("example", ""),
        required=table.flag("required"),
        personal=table.flag("personal"),
        param=table.flag("param"),
        unique=table.flag("unique"),
        unique_open=table.flag("unique_open"),
        reference=table.text("reference", ""),
        options=_all(table, "option", _option),
        catalogue=table.text("catalogue", ""),
        default=table.text("default", ""),
        same_as=table.pair("same_as"),
        begins_as=table.pair("begins_as"),
        when=table.when(),
        any_of=table.text("any_of", ""),
        max_length=table.number("max_length", 200, least=1, most=10_000),
        compute=table.text("compute", ""),
        zone=table.text("zone", ""),
        current=table.flag("current"),
    )


def _option(table: Table) -> Option:
    return Option(table.text("code"), table.both("name"), table.text("refusal", ""))


def _evidence(table: Table) -> Evidence:
    return Evidence(all=table.texts("all"), any=table.text_lists("any"))


def _effect(table: Table) -> Effect:
    return Effect(table.text("machine"), table.text("status"), table.when())


def _branch(table: Table) -> Branch:
    return Branch(
        code=table.text("code"),
        name=table.both("name"),
        default=table.flag("default"),
        done=table.flag("done", default=True),
        reopens=table.texts("reopens"),
        closes=table.text("closes", ""),
        destination=table.text("destination", ""),
        link_field=table.text("link_field", ""),
        evidence=_closed(table.table("evidence"), _evidence) if table.has("evidence") else None,
        effects=_all(table, "effect", _effect),
        wait=_closed(table.table("wait"), _wait) if table.has("wait") else None,
        reopens_case=table.flag("reopens_case"),
        within=table.text("within", ""),
        opens=_opens(table),
        sets=table.words_by_name("sets"),
    )


def _opens(table: Table) -> Opens | None:
    if not table.has("opens"):
        return None
    inner = table.table("opens")
    opens = Opens(inner.text("process"), inner.words_by_name("fields"))
    inner.close()
    return opens


def _standing(table: Table) -> Standing:
    queue = table.texts("queue")
    if len(queue) not in {0, 2}:
        table.problem("queue", "must be a param and its value")
    return Standing(
        rule=table.text("name"),
        judges=table.texts("judges"),
        when=table.when(),
        warn=table.hour("warn"),
        limit=table.hour("limit"),
        refusal=table.text("refusal", ""),
        queue=(queue[0], queue[1]) if len(queue) == 2 else None,
        opens_field=table.text("opens_field", ""),
    )


def _wait(table: Table) -> Wait:
    return Wait(table.text("code"), table.both("name"), table.text("who"))


def _series(table: Table) -> Series:
    return Series(
        code=table.text("code"),
        name=table.both("name"),
        step=table.text("step"),
        report_step=table.text("report_step"),
        every=table.text("every"),
        period=table.text("period"),
        params=table.words_by_name("params"),
        day_field=table.text("day_field"),
        count_field=table.text("count_field"),
        declares=table.words_by_name("declares"),
        volume_step=table.text("volume_step", ""),
        expected=table.span("expected"),
        post=table.text("post", ""),
        columns=table.words_by_name("columns"),
        only=table.words_by_name("only"),
        assumption=_assumption(table),
    )
