"""Letters of cases: which step takes one, what it says now, and whether one that was shown still says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from evidence.ports import Clock
from signing.letters import Letter, Letterhead, Typesetter
from signing.letters_content import CONTENTS, Sources
from signing.letters_templates import Place, Template
from workflows.cases import CaseService
from workflows.errors import LetterChanged, LetterNotOffered
from workflows.ports import Directory
from workflows.rules import known_step


class LetterDesk:
    """Composes letters; writes nothing. ``names`` gives the name of an actor id. Safe for threads."""

    def __init__(
        self,
        cases: CaseService,
        directory: Directory,
        names: Callable[[str], str],
        clock: Clock,
        head: Letterhead,
        typesetter: Typesetter,
    ) -> None:
        self._cases = cases
        self._directory = directory
        self._names = names
        self._clock = clock
        self._head = head
        self._typesetter = typesetter

    def offered(self, process: str, step: str) -> tuple[Place, Template] | None:
        """The letter a step takes as evidence, if it is one of ours."""
        return self._typesetter.templates.serving(process, step)

    def compose(self, folio: str, step: str) -> tuple[Letter, str]:
        """The step's letter from the case as it stands now, dated today, and the slot it is evidence for.

        Asked again on the same day about an unchanged case it gives the same bytes.

        Raises:
            UnknownCase, UnknownStep, LetterNotOffered, LetterIncomplete, LetterUnfit.
        """
        view = self._cases.view(folio)
        known_step(view.definition, step)
        offer = self.offered(view.definition.process, step)
        if offer is None:
            raise LetterNotOffered(step=step)
        place, template = offer
        local = self._cases.calendar.local(self._clock())
        day = local.replace(hour=0, minute=0, second=0, microsecond=0)
        listed = self._cases.with_lists(view.definition)
        sources = Sources(view, listed, self._directory, self._names, local)
        head = self._head
        if not head.organisation:
            head = replace(head, organisation=head.office, office=listed.name.es)
        content = CONTENTS[template.name](sources)
        return self._typesetter.set(template, head, content, folio, day), place.slot

    def stands(self, folio: str, step: str, filled: str) -> None:
        """See that a letter shown before still says what the case says.

        Raises:
            LetterChanged: it does not, or another template is in force; and what `compose` raises.
        """
        letter, _slot = self.compose(folio, step)
        if letter.filled != filled:
            raise LetterChanged(step=step)
