"""What the API says when it refuses: titles by status, its own codes, and what is wrong with the form of a request."""

# ruff: noqa: E501 - one message a line reads as a table

from __future__ import annotations

from collections.abc import Mapping

from web.i18n import N_
from web.messages import Message

TITLES: Mapping[int, str] = {
    400: N_("La solicitud no tiene la forma esperada"),
    401: N_("Hace falta un token válido"),
    403: N_("El token no permite esto"),
    404: N_("No existe"),
    405: N_("Método no admitido"),
    409: N_("No se puede en este momento"),
    410: N_("Ya no existe"),
    413: N_("Demasiado grande"),
    415: N_("Tipo de contenido no admitido"),
    416: N_("Rango fuera del archivo"),
    422: N_("Hay algo por corregir"),
    429: N_("Demasiadas solicitudes"),
    500: N_("Falla del sistema"),
    503: N_("No disponible por ahora"),
    507: N_("Sin espacio"),
}
"""Titles of problems, by status."""

API: Mapping[str, Message] = {
    "token_missing": Message(401, N_("Falta el token."), N_("Envíalo como «Authorization: Bearer constancia_…».")),
    "token_invalid": Message(401, N_("El token no existe, venció o se revocó."), N_("Pide uno nuevo a quien administra el sistema.")),
    "scope_missing": Message(403, N_("El token no tiene el alcance %(scope)s."), N_("Pide a quien administra el sistema un token que lo tenga.")),
    "process_not_allowed": Message(403, N_("El token no es para el proceso %(process)s."), N_("Usa un token de ese proceso.")),
    "role_cannot_export": Message(403, N_("Una cuenta de servicio con función %(role)s no exporta paquetes."), N_("Exportan las de supervisión y auditoría interna.")),
    "rate_exceeded": Message(429, N_("El token pasó de %(limit)s solicitudes en un minuto."), N_("Espera los segundos que dice Retry-After.")),
    "request_invalid": Message(400, N_("La solicitud no cumple lo que describe el documento OpenAPI."), N_("Corrige lo que señala «problems».")),
    "cursor_invalid": Message(400, N_("El cursor no es de esta lista."), N_("Empieza sin cursor y sigue el enlace «next».")),
    "media_not_supported": Message(415, N_("Ese tipo de contenido no se admite aquí (%(found)s)."), N_("Usa uno de: %(accepted)s.")),
    "key_reused": Message(422, N_("Esa Idempotency-Key ya se usó para otra solicitud."), N_("Usa una llave nueva para cada solicitud distinta.")),
    "key_busy": Message(409, N_("Esa misma solicitud se está atendiendo en este momento."), N_("Repítela con la misma llave en unos segundos: tendrás la misma respuesta.")),
    "unknown_upload": Message(422, N_("No hay una subida con la huella %(sha256)s."), N_("Súbela primero con PUT /api/v1/uploads/{sha256}; se conserva un día.")),
    "upload_absent": Message(404, N_("No hay una subida con la huella %(sha256)s."), N_("Súbela con PUT; se conserva un día.")),
    "upload_differs": Message(422, N_("Lo recibido tiene la huella %(found)s y no la anunciada; no se guardó."), N_("Súbelo de nuevo.")),
    "uploads_full": Message(413, N_("Las subidas en espera pasarían de %(limit)s MiB."), N_("Registra las que ya subiste, o espera a que venzan.")),
    "entry_waits": Message(409, N_("La entrada %(seq)s de %(folio)s todavía no está bajo un punto de control firmado."), N_("Pídela de nuevo en unos segundos.")),
    "export_running": Message(409, N_("El paquete aún no está listo (%(state)s)."), N_("Consulta su estado; si falló, pídelo otra vez.")),
    "unknown_export": Message(404, N_("No hay una exportación %(id)s de esta cuenta."), N_("Revisa el identificador; se conservan siete días.")),
    "webhook_target": Message(422, N_("A esa dirección no se mandan avisos (%(why)s)."), N_("Debe ser https, de una máquina pública y sin usuario en la dirección; si está en una red privada, pide que la agreguen a CONSTANCIA_WEBHOOK_HOSTS.")),
    "too_many_webhooks": Message(409, N_("La cuenta ya tiene %(limit)s suscripciones."), N_("Termina alguna antes de hacer otra.")),
    "unknown_webhook": Message(404, N_("No hay una suscripción %(id)s de esta cuenta."), N_("Revisa el identificador con GET /api/v1/webhooks.")),
    "unknown_object": Message(404, N_("La entrada %(seq)s de %(folio)s no tiene un archivo %(number)s."), N_("Los archivos se cuentan desde 0.")),
}  # fmt: skip
"""Refusals of the API itself; those of cases, files and people are the pages' own."""

FORM_PROBLEMS: Mapping[str, str] = {
    "not_json": N_("no es JSON"),
    "not_object": N_("no es un objeto JSON"),
    "member_twice": N_("el miembro está dos veces"),
    "unknown_member": N_("no se conoce este miembro"),
    "missing_member": N_("falta"),
    "type": N_("se espera %(expected)s"),
    "enum": N_("se espera uno de: %(expected)s"),
    "pattern": N_("no tiene la forma %(expected)s"),
    "short": N_("es demasiado corto; mínimo %(expected)s"),
    "long": N_("es demasiado largo; máximo %(expected)s"),
    "small": N_("es menor que %(expected)s"),
    "large": N_("es mayor que %(expected)s"),
    "not_text": N_("contiene signos que no son texto"),
    "scope": N_("el alcance no es válido: %(expected)s"),
    "not_moment": N_("no es una fecha con hora y zona (RFC 3339)"),
}
"""What is wrong at a place of a request, by code."""
