"""The cases of the demonstration: who asks for what, how far each has come, and what went other than planned."""

from __future__ import annotations

from dataclasses import dataclass

from demo.people import Applicant


@dataclass(frozen=True, slots=True)
class Story:
    """One case.

    ``until`` is the last step told. ``anchor`` is a step and how many calendar days before now it happened (at least).
    ``twist`` names what goes other than planned; `demo.plots` says what each word does. ``late_days`` is how long
    MetLife's confirmation lay in the mailbox before anybody recorded it.
    """

    key: str
    about: str
    who: Applicant
    until: str
    anchor: tuple[str, int]
    specialist: str = "cinthya"
    opener: str = "martha"
    tipo: str = "alta"
    twist: str = ""
    sign_days: int = 1
    metlife_days: int = 12
    custody_days: int = 2
    late_days: int = 0


def _who(
    line: str, paquete: str = "1", usuario: str = "promotoria", puesto: str = "Asistente operativo"
) -> Applicant:
    given, father, mother, born, zona, promotoria = (part.strip() for part in line.split("|"))
    return Applicant(given, father, mother, born, zona, promotoria, paquete, usuario, puesto)


STORIES = (
    Story(
        "silencio", "Cerrado por el sistema: el usuario no respondió en 3 días hábiles",
        _who("Arturo|Beltrán|Quiroz|1986-04-19|Acapulco|Costa Brava"), "26", ("26", 9), "rodrigo.pena",
    ),
    Story(
        "validado", "Cerrado: el usuario validó su acceso; la confirmación se registró tarde",
        _who("Lucía|Ávila|Nájera|1992-09-03|CDMX|Horizonte Sur", "2"), "26a", ("26a", 12), late_days=4,
    ),
    Story(
        "corregido", "Una captura equivocada fue corregida con su motivo; cerrado",
        _who("Óscar|Zamudio|Peralta|1979-01-27|Nuevo León|Cumbres", "2"), "26a", ("26a", 20), "daniela.ortiz",
        twist="supersede",
    ),
    Story(
        "reintento", "La validación falló una vez; se corrigió y el usuario validó",
        _who("Fabiola|Ureña|Castañeda|1995-12-08|Oaxaca|Guelaguetza"), "26a", ("26a", 5), "rodrigo.pena",
        twist="validation_fails",
    ),
    Story(
        "baja_completa", "Baja con firma, solicitud a MetLife y confirmación",
        _who("Ramiro|Ibáñez|Lozano|1983-07-11|Estado de México|Nevado"), "28d", ("28d", 6), tipo="baja",
        twist="full",
    ),
    Story(
        "rechazo_dg", "El Director General no autorizó",
        _who("Elena|Montaño|Rivas|1990-05-22|CDMX|", "2", "administrativo", "Analista de cobranza"), "9", ("9", 7),
        "daniela.ortiz", twist="director_refuses",
    ),
    Story(
        "vencido", "MetLife no confirma y ya pasaron 20 días",
        _who("Iván|Solórzano|Méndez|1988-03-14|Nuevo León|Cumbres"), "17", ("11", 25), "rodrigo.pena",
    ),
    Story(
        "por_vencer", "MetLife no confirma y ya pasaron 15 días",
        _who("Nayeli|Cordero|Bautista|1994-10-30|Oaxaca|Guelaguetza", "2"), "17", ("11", 17),
    ),
    Story(
        "en_plazo", "En espera de MetLife, dentro del plazo",
        _who("Sergio|Alcázar|Pineda|1981-08-17|Acapulco|Costa Brava"), "17", ("11", 6), "daniela.ortiz",
    ),
    Story(
        "metlife_rechaza", "MetLife rechazó dos veces los datos; espera confirmación",
        _who("Rocío|Gálvez|Ocampo|1987-06-05|Estado de México|Nevado", "2"), "17", ("17", 3),
        twist="metlife_refuses_twice",
    ),
    Story(
        "custodia", "Falta que el usuario devuelva la carta custodia firmada",
        _who("Teresa|Villaseñor|Pacheco|1991-02-09|CDMX|Horizonte Sur"), "23", ("23", 3), "rodrigo.pena",
    ),
    Story(
        "custodia_devuelta", "La carta custodia llegó ilegible y se pidió otra",
        _who("Gerardo|Núñez|Arriaga|1984-11-25|Nuevo León|Cumbres"), "23", ("23", 2), "daniela.ortiz",
        twist="custody_returned",
    ),
    Story(
        "validacion", "En espera de que el usuario valide",
        _who("Paola|Escamilla|Duarte|1996-04-02|Estado de México|Nevado"), "26", ("26", 1),
    ),
    Story(
        "baja", "Baja hecha; falta avisar",
        _who("Hugo|Treviño|Salgado|1977-09-29|Acapulco|Costa Brava"), "28", ("28", 1), "daniela.ortiz", tipo="baja",
    ),
    Story(
        "dispensa", "La supervisión dispensó un paso; espera la firma",
        _who("Mónica|Barajas|Luján|1989-12-19|CDMX|", "1", "administrativo", "Auxiliar de recursos humanos"), "8",
        ("8", 2), twist="waive",
    ),
    Story(
        "firma_atrasada", "El Director General no ha respondido; ya se recordó",
        _who("Esteban|Aguirre|Toledo|1985-01-16|Oaxaca|Guelaguetza", "2"), "8", ("8", 6), "rodrigo.pena",
    ),
    Story(
        "respaldo", "El respaldo siguió el caso por ausencia de la titular",
        _who("Adriana|Cepeda|Flores|1993-07-07|Estado de México|Nevado"), "15", ("15", 1), twist="deputy",
    ),
    Story(
        "propia", "Una especialista pide su propia cuenta; la lleva otra persona",
        _who("Daniela|Ortiz|Cano|1992-03-21|CDMX|", "2", "administrativo", "Especialista de Mesa de Ayuda"), "5",
        ("5", 1),
    ),
    Story(
        "pendiente", "Pendiente de atención",
        _who("Brenda|Saucedo|Rangel|1998-05-13|Acapulco|Costa Brava"), "3", ("3", 0), "rodrigo.pena",
    ),
    Story(
        "nuevo", "Recién recibido",
        _who("Julián|Orozco|Maldonado|1997-10-01|Nuevo León|Cumbres"), "1", ("1", 0), opener="cinthya",
    ),
    Story(
        "agente", "Rechazado en la puerta: es un agente (MA-002)",
        _who("Leticia|Fuentes|Miranda|1982-02-18|CDMX|Horizonte Sur", "1", "agente"), "1", ("1", 8), twist="door",
    ),
    Story(
        "permisos", "Rechazado en la puerta: es un cambio de permisos",
        _who("Raúl|Camacho|Esquivel|1980-06-24|Oaxaca|Guelaguetza"), "1", ("1", 4), tipo="permisos", twist="door",
    ),
)  # fmt: skip
"""Told in the order of their moments, whatever the order here."""
