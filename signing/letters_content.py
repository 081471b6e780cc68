"""What each letter says, from its case and the directory and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from evidence.entry import SealedEntry
from signing.letters import Content
from workflows.casefile import CaseView, effective
from workflows.definition import Definition
from workflows.errors import LetterIncomplete
from workflows.facts import facts_of
from workflows.ports import Directory

DIRECTOR = "director_general"
_METLIFE = "MetLife"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a letter's content comes from: the case, its definition with the lists in force, and who holds posts."""

    view: CaseView
    listed: Definition
    directory: Directory
    names: Callable[[str], str]
    moment: datetime

    @property
    def opening(self) -> Mapping[str, str]:
        """What was typed at the opening."""
        return self.typed(self.view.definition.opening.step)

    def typed(self, step: str) -> Mapping[str, str]:
        """What was typed in a step and still counts."""
        return self.view.data().get(step, {})

    def option(self, name: str, code: str) -> str:
        """What a code of an opening's field is called."""
        for field in self.listed.opening.fields:
            if field.name == name:
                return next((o.name.es for o in self.listed.options(field) if o.code == code), code)
        return code

    def director(self) -> tuple[str, str]:
        """Name and post of who directs at the moment. Raises `LetterIncomplete`."""
        holders = self.directory.holders(DIRECTOR, self.moment)
        name = self.names(holders[0].actor) if holders else ""
        if not name:
            raise LetterIncomplete(why="director", step="")
        title = next(
            (role.name.es for role in self.listed.roles if role.post == DIRECTOR), "Director General"
        )
        return name, title

    def last(self, step: str) -> SealedEntry:
        """The entry in force of a step. Raises `LetterIncomplete`."""
        counting = set(self.view.state.step(step).entries)
        found = [sealed for sealed in effective(self.view.entries) if sealed.entry.seq in counting]
        if not found:
            raise LetterIncomplete(why="step", step=step)
        return found[-1]


def authorisation(sources: Sources) -> Content:
    """Step 7 of MA-001: the director authorises an account."""
    return Content((_METLIFE, "Administración de accesos"), _person(sources), sources.director(), {})


def removal(sources: Sources) -> Content:
    """Step 28 of MA-001: an account is to be removed."""
    return Content((_METLIFE, "Administración de accesos"), _person(sources), sources.director(), {})


def custody(sources: Sources) -> Content:
    """Step 22 of MA-001: user name, applications and the commitment to keep them; never a secret."""
    user = sources.typed("20").get("usuario_metlife", "")
    if not user:
        raise LetterIncomplete(why="step", step="20")
    rows = [row for row in _person(sources) if row[0] != "Ticket"]
    signatory = (sources.opening.get("nombre", ""), "Titular de la cuenta")
    return Content(("Mesa de Ayuda",), (("Usuario", user), *rows), signatory, {})


def responsibility(sources: Sources) -> Content:
    """Step 18 of MA-005: date, application and number of users as the final file has them."""
    rules = sources.listed.roster
    if rules is None:
        raise LetterIncomplete(why="step", step="")
    final = sources.last(rules.final).entry
    count = facts_of(final).counts.get("rows_out", 0)
    application = sources.option("aplicacion", sources.view.state.params.get("aplicacion", ""))
    users = "1 usuario" if count == 1 else f"{count} usuarios"
    name, post = sources.director()
    rows = (
        ("Aplicación", application),
        ("Cantidad", users),
        ("Requerimiento", sources.opening.get("requerimiento", "")),
    )
    more = {"count": users, "application": application, "digest": final.objects[0].sha256}
    facts = tuple(row for row in rows if row[1])
    return Content(
        (_METLIFE, "Recertificación de usuarios"), facts, (name, f"{post} · Representante legal"), more
    )


CONTENTS: Mapping[str, Callable[[Sources], Content]] = {
    "autorizacion": authorisation,
    "baja": removal,
    "custodia": custody,
    "responsiva": responsibility,
}
"""What fills the templates, by their names."""


def _person(sources: Sources) -> tuple[tuple[str, str], ...]:
    typed = sources.opening
    package = sources.typed("6").get("paquete") or typed.get("paquete", "")
    rows = (
        ("Nombre", typed.get("nombre", "")),
        ("RFC", typed.get("rfc", "")),
        ("Correo", typed.get("correo", "")),
        ("Zona", typed.get("zona", "")),
        ("Promotoría", typed.get("promotoria", "")),
        ("Tipo de usuario", sources.option("usuario", typed.get("usuario", ""))),
        ("Aplicaciones de MetLife", sources.option("paquete", package)),
        ("Ticket", typed.get("ticket", "")),
    )
    return tuple(row for row in rows if row[1])
