"""What people type and say in everyday cases: a table by field, and by process where the same field means another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from demo.names import Subject
from demo.people import DOMAIN, METLIFE_DOMAIN

NAMED: Mapping[str, Callable[[Subject], str]] = {
    "nombre": lambda one: one.who.nombre,
    "apellido": lambda one: one.who.father,
    "rfc": lambda one: one.who.rfc,
    "correo": lambda one: one.who.correo,
    "correo_personal": lambda one: f"{one.who.user_name.lower()}@correo.example",
    "correo_nuevo": lambda one: f"{one.who.user_name.lower()}.2@correo.example",
    "zona": lambda one: one.who.zona,
    "promotoria": lambda one: one.who.promotoria,
    "clave": lambda one: one.agent_key,
    "cedula": lambda one: one.licence,
    "telefono": lambda one: one.phone,
    "ticket": lambda one: one.ticket,
    "paquete": lambda one: one.who.paquete,
    "usuario_metlife": lambda one: one.who.user_name,
    "destinatario": lambda one: one.who.nombre,
}
"""Values that a person's record has, by the name of the field."""

CODED: Mapping[str, Callable[[Subject], str]] = {
    "zona": lambda one: one.zone_code,
    "paquete": lambda one: one.who.paquete,
}
"""The same where the field is a choice, by the code of its option."""

SPOKEN: Mapping[str, Sequence[str]] = {
    "MA-006 asunto": (
        "No puedo entrar a Consultador",
        "Gestión Móvil no carga la cartera",
        "El iPad no sincroniza",
        "Correo TuAgente no recibe archivos grandes",
        "Solicito alta de acceso a reportes",
        "CAM Pegasus muestra error 504",
        "Pro99 no deja capturar una póliza",
        "Cómo cambio mi firma en el correo",
        "Se bloqueó mi usuario de BeLife",
        "La impresora de la promotoría no aparece",
        "No llegan los avisos de cobranza",
        "Duda sobre el cotizador",
        "Pantalla en blanco al abrir BeLife",
        "Se perdió la conexión remota",
        "Necesito el manual de Hermes",
        "Consultador no muestra a mis agentes",
        "Error al adjuntar expediente",
        "La clave aparece como inactiva",
    ),
    "MA-006 descripcion": (
        "Ocurre desde ayer por la tarde, en dos equipos.",
        "Aparece al terminar la captura y no deja guardar.",
        "Lo intenté en otro navegador con el mismo resultado.",
        "Sólo le pasa a una persona de la promotoría.",
        "Empezó después de la actualización del fin de semana.",
    ),
    "MA-006 respuesta": (
        "Se recibió; hoy mismo se revisa.",
        "Se pidió una captura de la pantalla.",
        "Se le llamará hoy.",
    ),
    "clasificacion": (
        "Afecta a una persona; hay forma de trabajar mientras tanto.",
        "Afecta a una promotoría completa.",
        "Consulta de uso, sin falla.",
    ),
    "plan": (
        "Reproducir la falla y revisar permisos.",
        "Revisar la bitácora del servidor y la versión del cliente.",
        "Comparar con un usuario que sí puede entrar.",
    ),
    "accion": (
        "Se restableció el permiso y se limpió la sesión.",
        "Se actualizó la aplicación a la última versión.",
        "Se corrigió el perfil en CAM Pegasus.",
        "Se reinstaló el perfil del iPad.",
    ),
    "MA-006 llamada": (
        "Se le llamó y se confirmó el horario de la visita.",
        "Contestó y autorizó el acceso remoto.",
    ),
    "causa": (
        "El perfil había perdido un permiso.",
        "La versión instalada era anterior.",
        "La sesión quedó abierta en otro equipo.",
    ),
    "MA-006 solucion": (
        "Se devolvió el permiso y se probó con el usuario.",
        "Se actualizó y se comprobó la captura completa.",
        "Se cerraron las sesiones abiertas y entró sin problema.",
    ),
    "titulo": (
        "Consultador: usuario sin agentes a la vista",
        "BeLife: pantalla en blanco al entrar",
        "iPad: la cartera no sincroniza",
        "Pro99: no permite capturar pólizas",
        "CAM Pegasus: error 504 al guardar",
        "Correo TuAgente: límite de anexos",
    ),
    "problema": (
        "El usuario entra pero no ve información de su zona.",
        "La aplicación se queda en blanco tras iniciar sesión.",
        "La sincronización termina sin descargar la cartera.",
    ),
    "resolucion": (
        "Revisar el perfil en CAM Pegasus y volver a asignar la zona.",
        "Actualizar a la última versión y borrar los datos del sitio.",
        "Reinstalar el perfil y sincronizar con red de la oficina.",
    ),
    "palabras": ("consultador, permisos", "belife, pantalla", "ipad, sincronizar", "pro99, captura"),
    "MA-006 motivo": ("Consulta aislada, ya descrita en el manual.", "Falla de una sola vez, sin enseñanza."),
    "MA-007 motivo": (
        "No recuerda su contraseña de BeLife",
        "Pro99 marca clave inactiva",
        "No sabe dónde consultar comisiones",
        "Se bloqueó el iPad después de tres intentos",
        "Pregunta cómo emitir una póliza en línea",
        "Gestión Móvil pide actualizarse",
        "Quiere saber el estado de su ticket",
        "No ve a un cliente en su cartera",
    ),
    "diagnostico": (
        "Usuario bloqueado por intentos.",
        "Versión anterior de la aplicación.",
        "Clave vigente; es una duda de uso.",
        "La sesión venció y no volvió a entrar.",
    ),
    "encontrado": (
        "Clave activa, sin bloqueo.",
        "Usuario bloqueado desde hoy.",
        "Última entrada hace cuatro días.",
    ),
    "aplicado": (
        "Se desbloqueó y entró en la llamada.",
        "Se actualizó la aplicación con el agente en línea.",
        "Se cerró la sesión anterior y pudo entrar.",
    ),
    "tema": (
        "Consulta de comisiones",
        "Emisión en línea paso a paso",
        "Cómo descargar su cartera",
        "Firma del correo",
    ),
    "avance": ("MetLife sigue revisando; se le avisó al agente.", "Se envió la captura que pidieron."),
    "acciones": ("Se revisará con otro usuario de prueba.", "Se pide a MetLife revisar la clave."),
    "participantes": ("Agente, especialista y mesa de MetLife",),
    "comprobado": (
        "Está en la plantilla vigente de la promotoría.",
        "Aparece activo en CAM Pegasus.",
        "Nombre, correo y cédula completos.",
    ),
    "registro": ("Buzón activo con redirección al correo personal.", "Redirección y copia probadas."),
    "hallazgo": (
        "El correo personal rechaza por buzón lleno.",
        "El servidor no muestra el mensaje.",
        "Llega a los dos buzones.",
    ),
    "detalle": (
        "Detectado en la revisión del día, en estatus «Solicitado».",
        "Agente nuevo de la promotoría, detectado hoy.",
    ),
    "MA-002 motivo": ("La cédula venció y el trámite de renovación sigue abierto.",),
    "MA-008 motivo": ("La cédula aparece inactiva en el filtro.", "La vigencia terminó este mes."),
    "falta": ("Falta el correo del agente.", "Falta la copia de la cédula.", "El teléfono no coincide."),
    "perfil": ("Perfil estándar de agente.",),
    "documentado": (
        "Alta terminada; el agente confirmó que entra.",
        "Alta registrada con su folio y sus instrucciones.",
    ),
    "area": ("Sistemas de MetLife", "Redes", "Proveedor del iPad"),
    "expediente": ("Archivero 3, carpeta 4", "Archivero 3, carpeta 7", "Archivero 4, carpeta 1"),
}
"""What is said, by field, or by process and field."""

SYSTEMS = (
    ("cam", "CAM Pegasus"),
    ("pro99", "CAM Pegasus"),
    ("des 3.0", "DES 3.0"),
    ("cpanel", "cPanel"),
    ("cuenta", "cPanel"),
    ("redirec", "cPanel"),
    ("capacitación", "cPanel"),
    ("hermes", "Hermes"),
    ("respond", "Respond"),
    ("cédula", "Hermes"),
    ("remote scan", "Remote SCAN"),
)
"""Which system a screenshot is of, by a word of the step's name."""

OUTSIDERS: Mapping[str, tuple[str, str]] = {
    "metlife": ("Mónica González", f"monica.gonzalez@{METLIFE_DOMAIN}"),
    "director": ("Jesús Quiriarte", f"jesus.quiriarte@{DOMAIN}"),
    "capacitacion": ("Lupita", f"lupita@{DOMAIN}"),
}
"""Who writes to the desk in place of the person a case is about, by the role that performs a step."""
