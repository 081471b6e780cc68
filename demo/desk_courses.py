"""Everyday courses of the help desk's own processes: MA-006, MA-007. See `demo.course` for the writing."""

from __future__ import annotations

from demo.course import Course

_MA_006_LINES = """
        0 09:15 open
        0 09:50 4 5:{kind} 6 7
        0 12:10 8 9 11 14
        1 10:20 16:validado
        1 16:10 18
"""

_ACCESS = {
    "asunto": "No puedo entrar a Consultador|Se bloqueó mi usuario de BeLife|La clave aparece como inactiva|"
    "Consultador no muestra a mis agentes|Solicito acceso a los reportes de zona"
}
_QUESTION = {
    "asunto": "Cómo cambio mi firma en el correo|Duda sobre el cotizador|Necesito el manual de Hermes|"
    "Dónde consulto mis comisiones"
}
_ELSEWHERE = {"asunto": "Pedimos un reporte nuevo en Pro99|Queremos una aplicación para citas"}
_NETWORK = {"asunto": "Se requiere otro enlace de internet|Cambio del servidor de archivos"}

MA_006 = (
    Course("MA-006", "soporte", 7, _MA_006_LINES.replace("{kind}", "soporte")),
    Course("MA-006", "acceso", 6, _MA_006_LINES.replace("{kind}", "acceso"), _ACCESS),
    Course("MA-006", "consulta", 4, """
        0 11:15 open
        0 11:40 4 5:consultas 6 7 8 9 11 14
        1 12:20 16:validado
        0 16:10 18:sin_valor
    """, _QUESTION),
    Course("MA-006", "sin_respuesta", 4, """
        0 10:15 open
        1 09:50 4 5:soporte 6 7
        1 12:10 8 9 11 14
        6 16:10 18
    """, about="El usuario no respondió: se cerró solo"),
    Course("MA-006", "tercero", 2, """
        0 12:15 open
        0 13:05 4 5:acceso 6 7 8
        0 16:10 10:espera
        4 10:10 10:respondio
        0 11:10 8 9 11 14
        2 10:20 16:validado
        2 13:00 18
    """, {"prioridad": "media"}),
    Course("MA-006", "no_resuelto", 2, """
        0 09:15 open
        0 10:05 4 5:soporte 6 7 8 9 11 14
        1 10:20 16:no_resuelto
        0 12:20 8 9 11 14
        1 11:20 16:validado
        1 12:00 18
    """),
    Course("MA-006", "tarde", 2, """
        0 09:15 open
        3 10:05 4 5:soporte 6 7
        8 12:20 8 9 11 14
        1 11:20 16:validado
    """, {"prioridad": "media"}, about="Primera respuesta y solución fuera de meta; falta el artículo",
           lasting=True),
    Course("MA-006", "fuera", 2, """
        0 12:40 open
        0 13:10 refuse:desarrollo
    """, _ELSEWHERE),
    Course("MA-006", "red", 1, """
        0 12:40 open
        0 13:10 refuse:infraestructura
    """, _NETWORK),
    Course("MA-006", "olvidado", 1, """
        0 10:40 open
        0 11:30 4 5:acceso 6 7
    """, {"prioridad": "baja"}, about="Nadie lo ha terminado", lasting=True),
)  # fmt: skip

_CONTACT = "open 2 3 4 5"
_NOW = {"solucion": "6{solucion=si} 7", "reseteo": "6{reseteo=si} 8", "orientacion": "6{orientacion=si} 9"}
"""Ways to resolve a contact while the agent is on the line."""


_SAID = {
    "pro99": "Pro99 marca la clave inactiva|Pro99 no deja capturar una póliza|No ve a un cliente en Pro99",
    "contrasena": "No recuerda su contraseña de BeLife|Se bloqueó el iPad tras tres intentos|Venció su contraseña",
    "orientacion": "No sabe dónde consultar comisiones|Pregunta cómo emitir en línea|Cómo descargar su cartera",
    "belife": "BeLife se queda en blanco|BeLife pide actualizarse|No encuentra su cotización en BeLife",
    "comercial": "Pide que se le asigne un prospecto|Pregunta por su bono",
    "cartera": "Pide cargar su cartera de clientes",
    "otro": "Pregunta por el estado de su ticket",
}
"""What an agent says at first, by subject."""


def _about(canal: str, asunto: str, **more: str) -> dict[str, str]:
    return {"canal": canal, "asunto": asunto, "motivo": _SAID[asunto], **more}


def _contact(name: str, weight: int, hour: str, canal: str, asunto: str, way: str) -> Course:
    """A contact resolved at once: one line, one set, one screen."""
    known = _CONTACT.replace("2 3", "2 2a 3") if way == "reseteo" else _CONTACT
    script = f"0 {hour} {known} {_NOW[way]} 16 18"
    return Course("MA-007", name, weight, script, _about(canal, asunto))


MA_007 = (
    _contact("solucion", 8, "10:20", "telefono", "pro99", "solucion"),
    _contact("reseteo", 8, "11:40", "telefono", "contrasena", "reseteo"),
    _contact("orientacion", 6, "12:50", "whatsapp", "orientacion", "orientacion"),
    _contact("presencial", 3, "13:30", "presencial", "belife", "orientacion"),
    Course("MA-007", "metlife", 2, f"""
        0 10:05 {_CONTACT} 6:no{{pendiente=Falla en Pro99 que atiende MetLife;metlife=si}}
        0 10:25 10 11 13 14
        2 11:00 15
        2 12:00 16
        0 12:30 18
    """, _about("telefono", "pro99")),
    Course("MA-007", "segunda_vuelta", 1, f"""
        0 10:05 {_CONTACT} 6{{solucion=si}} 7 16:no_resuelto
        1 11:00 17
        0 11:10 4 5 6{{solucion=si}} 7 16:resuelto 18
    """, _about("telefono", "belife")),
    Course("MA-007", "comercial", 2, "0 12:40 open", _about("telefono", "comercial")),
    Course("MA-007", "cartera", 1, "0 13:10 open", _about("telefono", "cartera")),
    Course("MA-007", "whatsapp_ajeno", 1, "0 16:10 open", _about("whatsapp_otro", "otro")),
    Course(
        "MA-007", "de_noche", 1, "0 19:20 open",
        _about("telefono", "otro", fuera_horario="rechazar"),
    ),
)  # fmt: skip
