"""A command's drafts, made once before anything is stored or written, to see whether they are refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from evidence.entry import BlobRef, EntryDraft
from workflows.asking import Command
from workflows.claims import Situation
from workflows.keeping import require_usable
from workflows.keepingacts import KeepingCommand
from workflows.refusal import Refusal
from workflows.uploads import PreparedFile
from workflows.withholding import refuse_withheld

Drafts = Callable[[Situation, Sequence[BlobRef]], tuple[EntryDraft, ...]]
"""Makes the drafts of a command on a situation, with the references of its files; pure, raises a `Refusal`."""


class Trial(NamedTuple):
    """Drafts as they were made with placeholders for files, or why they are refused, and on which situation."""

    situation: Situation
    made: tuple[EntryDraft, ...] = ()
    refusal: Refusal | None = None


def trial(drafts: Drafts, situation: Situation, files: Sequence[PreparedFile]) -> Trial:
    """Make the drafts once; a refusal is an answer like another."""
    try:
        return Trial(situation, drafts(situation, [file.placeholder() for file in files]))
    except Refusal as error:
        return Trial(situation, refusal=error)


def usable(drafts: Drafts, command: Command) -> Drafts:
    """``drafts``, refused where the case's data is not to be used; a block never holds up the system."""
    keepers = isinstance(command, KeepingCommand) or command.actor.kind == "system"

    def checked(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        require_usable(situation.entries, keepers=keepers)
        made = drafts(situation, blobs)
        refuse_withheld(situation.entries, made)
        return made

    return checked
