"""People by the hundred: invented names, and what hangs on them, the same for the same number."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property

from demo.people import Applicant

_GIVEN = (
    "Alejandra Andrés Beatriz Bruno Camila Carolina Cecilia César Claudia Damián Diana Eduardo Elisa Emilio Erika "
    "Ernesto Estela Fabián Fernanda Gabriel Gloria Guadalupe Héctor Ignacio Irene Israel Jimena Joaquín Jorge Karla "
    "Laura Leonardo Lorena Lourdes Manuel Marcos Maribel Marisol Mateo Miguel Miriam Nadia Natalia Norma Olivia "
    "Pablo Patricia Pilar Rafael Raquel Rebeca Ricardo Rosa Samuel Sandra Saúl Silvia Sofía Tomás Valeria Verónica "
    "Víctor Viviana Ximena Yolanda"
).split()
_FAMILY = (
    "Acosta Aguilar Alanís Almazán Arce Arellano Armenta Ayala Balderas Bañuelos Barragán Becerra Bernal Bravo Cabrera "
    "Calderón Cantú Cárdenas Carrillo Castro Cervantes Cisneros Contreras Corona Cortés Cuevas Delgado Domínguez Durán "
    "Elizondo Enríquez Escobedo Espinosa Estrada Figueroa Franco Galindo Gallegos Gámez Garza Godínez Guerra Gutiérrez "
    "Hernández Herrera Huerta Ibarra Islas Jáuregui Jiménez Lara Leal Limón Luna Macías Maldonado Mares Márquez Mata "
    "Medina Mejía Mendoza Mercado Meza Miranda Montes Mora Moreno Muñiz Murillo Nava Ochoa Olvera Ordaz Orta Padilla "
    "Palacios Paredes Peralta Ponce Portillo Prado Quintana Quiroga Rangel Rentería Reyes Ríos Robles Rocha Romo "
    "Rubio Saldaña Salinas Sandoval Santos Segura Serrano Sosa Tapia Tejeda Toledo Torres Trejo Uribe Valdés Vargas "
    "Velasco Vera Villarreal Yáñez Zamora Zapata Zavala Zúñiga"
).split()
ZONES = ("Acapulco", "Oaxaca", "Estado de México", "CDMX", "Nuevo León")
ZONE_CODES = {"Estado de México": "edomex", "Nuevo León": "nl"}
"""How lists call a zone, where it is not its name in small letters."""
AGENCIES = {
    "Acapulco": ("Costa Brava", "Bahía Azul"),
    "Oaxaca": ("Guelaguetza", "Monte Albán"),
    "Estado de México": ("Nevado", "Valle Alto"),
    "CDMX": ("Horizonte Sur", "Reforma Centro"),
    "Nuevo León": ("Cumbres", "Sierra Norte"),
}


@dataclass(frozen=True)
class Subject:
    """Somebody a case is about. ``number`` makes everything else."""

    number: int

    @cached_property
    def who(self) -> Applicant:
        """Name, birthday, agency: as for the people of the longer stories."""
        chance = random.Random(f"persona {self.number}")  # noqa: S311 - looks, not secrets
        zone = ZONES[self.number % len(ZONES)]
        born = f"{chance.randint(1964, 2001)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
        given, father, mother = chance.choice(_GIVEN), chance.choice(_FAMILY), chance.choice(_FAMILY)
        return Applicant(
            given, father, mother, born, zone, AGENCIES[zone][self.number // 5 % 2], str(self.number % 2 + 1)
        )

    @property
    def agent_key(self) -> str:
        """Clave de agente."""
        return f"AG{70_000 + self.number * 7}"

    @property
    def zone_code(self) -> str:
        """The zone as lists call it."""
        return ZONE_CODES.get(self.who.zona, self.who.zona.lower())

    @property
    def licence(self) -> str:
        """Number of the agent's licence."""
        return f"C{410_000 + self.number * 13}"

    @property
    def phone(self) -> str:
        """Ten digits."""
        return f"55{4_000_0000 + self.number * 7_919 % 5_999_9999:08d}"

    @property
    def ticket(self) -> str:
        """A number of the ticket system."""
        return f"TK-{52_000 + self.number}"
