"""A process of four steps, for tests of the vocabulary that no released definition needs to carry alone."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tests.workflows.desk import Desk, pdf
from tests.workflows.quick import QuickReader
from workflows.commands import Actor, OpenCase, Receipt, RecordStep
from workflows.loader import load
from workflows.registry import DefinitionRegistry

_DOCUMENT = Path(__file__).parents[2] / "docs/formats/process-definition.md"
CLERK = Actor("u-1", "mesa")

_STEP = """
[[step]]
code = "{code}"
name = "Paso {code}"
name_en = "Step {code}"
class = "{kind}"
instruction = "Anota."
instruction_en = "Write."
example = "x"
example_en = "x"
next = "Sigue."
next_en = "Go on."
performer = "mesa"
roles = ["mesa"]
evidence = {{ all = ["nota"] }}
{more}

[[step.slot]]
code = "nota"
name = "Nota"
name_en = "Note"
types = ["NOTE"]
fields = ["nota"]

[[step.field]]
name = "nota"
label = "Nota"
label_en = "Note"
kind = "text"

[[step.field]]
name = "liga"
label = "Folio"
label_en = "Folio"
kind = "folio"
"""

_TIMER = """
[[timer]]
code = "{code}"
name = "{code}"
name_en = "{code}"
step = "2"
unit = "habiles"
{more}
"""


@cache
def _head() -> str:
    found = re.search(r"```toml\n(.*?)```", _DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    text = found.group(1)
    return text[: text.index("[[timer]]")]


def branch(code: str, more: str = "") -> str:
    """A branch of a step."""
    return f'\n[[step.branch]]\ncode = "{code}"\nname = "{code}"\nname_en = "{code}"\n{more}'


def step(code: str, more: str = "", *, kind: str = "condicional", parts: str = "") -> str:
    """A step whose evidence is a note; ``more`` are keys, ``parts`` tables."""
    return _STEP.format(code=code, kind=kind, more=more) + parts


def timer(code: str, more: str) -> str:
    """A timer shown at step 2, in business days."""
    return _TIMER.format(code=code, more=more)


def text(*parts: str) -> bytes:
    """The definition: the opening of the format's example (step 1), and what is given."""
    head = _head()
    opening = _DOCUMENT.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    first = opening[opening.index("[[step]]") : opening.rindex("[[step]]")]
    timers = "".join(part for part in parts if part.lstrip().startswith("[[timer]]"))
    steps = "".join(part for part in parts if not part.lstrip().startswith("[[timer]]"))
    head = head.replace('["Prestado", "Devuelto"]]', '["Prestado", "Devuelto"], ["Devuelto", "Prestado"]]')
    return (head + timers + first + steps).encode()


class Small:
    """A case of such a process on a desk in memory."""

    def __init__(self, *parts: str) -> None:
        self.desk = Desk(reader=QuickReader(), definitions=DefinitionRegistry([load(text(*parts))]))
        opened = OpenCase("XX-001", CLERK, {"persona": "Ana"}, (pdf(),))
        self.folio = self.desk.cases.open_case(opened).folio

    def at(self, moment: str) -> Small:
        """Move the clock."""
        self.desk.clock.set(moment)
        return self

    def do(self, code: str, choice: str = "", **members: object) -> Receipt:
        """Record a step."""
        data = {"nota": "hecho", **{k: v for k, v in members.items() if k == "liga"}}
        rest = {k: v for k, v in members.items() if k != "liga"}
        command = RecordStep(self.folio, code, CLERK, data=data, choice=choice, **rest)  # type: ignore[arg-type]
        return self.desk.cases.record(command)
