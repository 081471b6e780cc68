"""Who works at the desk of the demonstration, who holds which post, and for whom accounts are asked."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from documents.identifiers import rfc_check_digit

DOMAIN = "mesa.example"
METLIFE_DOMAIN = "metlife.example"


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody with an account. ``key`` is how the stories call them and the local part of their address."""

    key: str
    name: str
    post: str
    roles: tuple[str, ...]

    @property
    def email(self) -> str:
        """Where they log in."""
        return f"{self.key}@{DOMAIN}"


COLLEAGUES = (
    Colleague("jesus.quiriarte", "Jesús Quiriarte", "Director General", ("director",)),
    Colleague("abraham", "Abraham", "Supervisión de Mesa de Ayuda", ("especialista", "supervisor", "cpanel")),
    Colleague("cinthya", "Cinthya", "Especialista de Mesa de Ayuda", ("especialista", "cpanel")),
    Colleague("carlos", "Carlos", "Respaldo de Mesa de Ayuda", ("especialista", "cpanel")),
    Colleague("rodrigo.pena", "Rodrigo Peña Salas", "Especialista de Mesa de Ayuda", ("especialista",)),
    Colleague("daniela.ortiz", "Daniela Ortiz Cano", "Especialista de Mesa de Ayuda", ("especialista",)),
    Colleague("martha", "Martha", "Captura CAM Pegasus", ("capturista",)),
    Colleague("veronica.salcedo", "Verónica Salcedo Ibarra", "Auditoría interna", ("auditor_interno",)),
    Colleague("ignacio.barrera", "Ignacio Barrera Núñez", "Auditoría externa", ("auditor_externo",)),
    Colleague("lucia.farias", "Lucía Farías Ponce", "Datos personales", ("datos_personales",)),
    Colleague("administracion", "Administración de Constancia", "Administración", ("administrador",)),
)
"""Accounts of the demonstration; names of post holders are those the owner's document gives."""

BY_KEY = {colleague.key: colleague for colleague in COLLEAGUES}


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who holds a post and has no login: the account is shut, so that the directory can name them."""

    key: str
    name: str

    @property
    def email(self) -> str:
        """An address for the directory."""
        return f"{self.key}@{DOMAIN}"


CONTACTS = (
    Contact("lupita", "Lupita"),
    Contact("erik", "Erik"),
    Contact("monica.gonzalez", "Mónica González"),
    Contact("gerencia.comercial", "Arturo Méndez Rivas"),
    Contact("marcela", "Marcela"),
    Contact("mariana", "Mariana"),
    Contact("juan.velazquez", "Juan Velázquez"),
    Contact("andrea", "Andrea"),
    Contact("ana.luna", "Ana Luna"),
    Contact("julio", "Julio"),
    Contact("alexis", "Alexis"),
)

POSTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("director_general", ("jesus.quiriarte",)),
    ("supervision", ("abraham",)),
    ("mesa_de_ayuda", ("cinthya", "rodrigo.pena", "daniela.ortiz", "abraham", "carlos")),
    ("captura_cam", ("martha",)),
    ("cpanel", ("cinthya", "abraham")),
    ("capacitacion", ("lupita",)),
    ("responsable_hermes", ("erik",)),
    ("gerente_comercial", ("gerencia.comercial",)),
    ("recertificacion", ("abraham",)),
    ("respaldo", ("carlos",)),
    ("enlace_metlife", ("monica.gonzalez",)),
    ("asistente_acapulco", ("marcela",)),
    ("asistente_oaxaca", ("mariana", "juan.velazquez")),
    ("asistente_edomex", ("andrea", "ana.luna")),
    ("asistente_cdmx", ("julio", "alexis")),
    ("asistente_nl", ("mariana",)),
)
"""Posts and holders, the principal first. Hyphen and slash in the owner's zone list are read as «and»: assumed."""

BACKUPS = (("carlos", "cinthya"), ("carlos", "abraham"))
"""Who may act for whom."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody for whom an account is asked; invented, with an RFC that follows SAT's rule."""

    given: str
    father: str
    mother: str
    born: str
    zona: str
    promotoria: str
    paquete: str = "1"
    usuario: str = "promotoria"
    puesto: str = "Asistente operativo"

    @property
    def nombre(self) -> str:
        """The whole name, as people write it."""
        return f"{self.given} {self.father} {self.mother}"

    @property
    def rfc(self) -> str:
        """Built as SAT builds it, but for the homonymy key, which is invented."""
        father, mother, given = (_plain(part) for part in (self.father, self.mother, self.given))
        vowel = next((letter for letter in father[1:] if letter in "AEIOU"), "X")
        body = father[0] + vowel + mother[0] + given[0] + self.born.replace("-", "")[2:]
        body += "ABCDEFGHJKLMNPQRSTUVWXYZ"[len(self.nombre) % 24] + str(len(self.father) % 9 + 1)
        return body + rfc_check_digit(body)

    @property
    def correo(self) -> str:
        """An address at the agency, or at the office."""
        local = f"{_plain(self.given).split()[0]}.{_plain(self.father)}".lower()
        return f"{local}@{_slug(self.promotoria) or 'oficinas'}.example"

    @property
    def user_name(self) -> str:
        """What MetLife would call the user; an identifier, no secret."""
        return f"MX{_plain(self.given)[0]}{_plain(self.father)}{self.born[2:4]}"


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.upper())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _slug(text: str) -> str:
    return "-".join(_plain(text).lower().split())
