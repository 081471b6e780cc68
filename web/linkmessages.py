"""What is said of requests and personal links that are refused: to the desk, and to whoever holds a link.

The second hear nothing that tells a link that was used from one that never was.
"""

# ruff: noqa: E501 - one message a line reads as a table

from __future__ import annotations

from collections.abc import Mapping

from web.i18n import N_
from web.messages import Message

LINKS: Mapping[str, Message] = {
    "link_dead": Message(404, N_("Este enlace no está vigente."), N_("Si esperabas un documento, pide a la Mesa de Ayuda que te envíe un enlace nuevo.")),
    "too_many_tries": Message(429, N_("Hubo demasiados intentos seguidos."), N_("Espera unos minutos y vuelve a intentarlo.")),
    "already_answered": Message(409, N_("Esta solicitud ya se contestó."), N_("No hace falta que hagas nada más.")),
    "already_answered:signed": Message(409, N_("Ya firmaste esta carta: quedó una sola firma."), N_("No hace falta que hagas nada más.")),
    "already_answered:answered": Message(409, N_("Ya habías respondido: quedó una sola respuesta."), N_("Si cambiaste de opinión, avisa a la Mesa de Ayuda.")),
    "already_answered:returned": Message(409, N_("Ya habías enviado la carta firmada: quedó un solo envío."), N_("Si te equivocaste de archivo, avisa a la Mesa de Ayuda.")),
    "return_invalid": Message(422, N_("La carta no se pudo enviar."), N_("Elige los archivos otra vez.")),
    "return_invalid:missing": Message(422, N_("Falta la carta: no elegiste ningún archivo."), N_("Toma una foto de cada página o elige el PDF escaneado.")),
    "return_invalid:many": Message(422, N_("Son demasiados archivos: caben %(most)s."), N_("Junta las páginas en un solo PDF o manda menos fotos.")),
    "return_invalid:large": Message(413, N_("Los archivos pesan demasiado: caben %(most)s MB en un envío."), N_("Toma las fotos con menos resolución o manda el PDF en blanco y negro.")),
    "return_invalid:unsigned": Message(422, N_("El archivo es la misma carta que se te envió, sin firma."), N_("Imprímela, fírmala y manda la foto o el escaneo de la carta ya firmada.")),
    "return_invalid:twice": Message(422, N_("El mismo archivo viene dos veces."), N_("Quita el repetido y vuelve a enviar.")),
    "return_invalid:secrets": Message(422, N_("Falta confirmar que la carta no muestra contraseñas."), N_("Revisa cada página; si muestra una contraseña, tápala antes de tomar la foto, y marca la casilla.")),
    "already_answered:shown": Message(409, N_("Esto ya se mostró una vez y se destruyó."), N_("Si no fuiste tú, avisa de inmediato a la Mesa de Ayuda.")),
    "secret_invalid": Message(422, N_("Falta lo que vas a entregar, o pasa de %(most)s caracteres."), N_("Escríbelo de nuevo: por seguridad no se conserva en el formulario.")),
    "secret_gone": Message(410, N_("Lo que te dejaron ya no se puede abrir."), N_("Pide a la Mesa de Ayuda que te lo envíe de nuevo.")),
    "already_answered:declined": Message(409, N_("Ya habías respondido que no firmas esta carta."), N_("Si cambiaste de opinión, avisa a la Mesa de Ayuda.")),
    "already_answered:expired": Message(409, N_("El plazo para contestar esta solicitud terminó."), N_("Pide a la Mesa de Ayuda que te la envíe de nuevo.")),
    "already_answered:withdrawn": Message(409, N_("La Mesa de Ayuda retiró esta solicitud."), N_("No hace falta que hagas nada más.")),
    "still_signing": Message(409, N_("Otra ventana está firmando esta misma carta."), N_("Espera un momento y recarga la página: verás si ya quedó.")),
    "document_differs": Message(409, N_("El documento guardado no es el que viste; no se firmó nada."), N_("Quedó registrado. Avisa a la Mesa de Ayuda: debe revisarlo antes de pedirte otra firma.")),
    "signing_failed": Message(503, N_("La firma no se pudo completar (%(why)s); no se firmó nada a medias."), N_("La solicitud sigue en espera: inténtalo de nuevo en unos minutos.")),
    "consent_stale": Message(409, N_("El texto que aceptas cambió mientras tenías abierta la página."), N_("Recárgala, léelo y vuelve a firmar.")),
    "method_invalid": Message(422, N_("Falta tu firma."), N_("Escribe tu nombre, dibuja tu firma o sube una imagen.")),
    "method_invalid:unreadable": Message(422, N_("La imagen de tu firma no se puede leer."), N_("Sube una imagen PNG o JPG, o dibuja tu firma.")),
    "method_invalid:large": Message(413, N_("La imagen de tu firma pesa demasiado."), N_("Sube una de menos de 2 MB.")),
    "rfc_invalid": Message(422, N_("Ese RFC no es de una persona."), N_("Escríbelo como en su constancia, por ejemplo NUEE800101AB1, o déjalo vacío.")),
    "efirma_invalid": Message(422, N_("Esa e.firma no se puede usar aquí."), N_("Revisa que los archivos sean los de tu e.firma vigente.")),
    "efirma_invalid:unreadable": Message(422, N_("El archivo no es un certificado de e.firma (.cer)."), N_("Elige el archivo .cer que te dio el SAT.")),
    "efirma_invalid:not_rsa": Message(422, N_("El certificado no es de los que usa la e.firma."), N_("Elige el archivo .cer que te dio el SAT.")),
    "efirma_invalid:csd": Message(422, N_("Ese certificado es un sello digital (CSD), no una e.firma."), N_("Los CSD son de programas de facturación; firma con tu e.firma.")),
    "efirma_invalid:no_rfc": Message(422, N_("El certificado no dice un RFC de persona."), N_("Elige el archivo .cer de tu e.firma.")),
    "efirma_invalid:other_rfc": Message(422, N_("El RFC del certificado no es el de quien debe firmar."), N_("Firma con tu propia e.firma; si es la tuya, pide a la Mesa de Ayuda que revise el RFC de la solicitud.")),
    "efirma_invalid:no_expected_rfc": Message(422, N_("Esta solicitud no dice de quién se espera la e.firma."), N_("Pide a la Mesa de Ayuda que la envíe de nuevo con tu RFC, o firma de otra manera.")),
    "efirma_invalid:not_yet": Message(422, N_("El certificado aún no está vigente."), N_("Firma cuando lo esté, o de otra manera.")),
    "efirma_invalid:expired": Message(422, N_("El certificado ya venció."), N_("Renueva tu e.firma ante el SAT, o firma de otra manera.")),
    "efirma_invalid:revoked": Message(422, N_("El SAT respondió que el certificado está revocado."), N_("Firma con tu e.firma vigente, o de otra manera.")),
    "efirma_invalid:untrusted": Message(422, N_("El certificado no viene de una autoridad que este sistema reconozca."), N_("Elige el .cer de tu e.firma; si lo es, avisa a quien administra el sistema.")),
    "efirma_invalid:no_roots": Message(503, N_("Este sistema no tiene registradas las autoridades de la e.firma."), N_("Quien administra el sistema debe indicar CONSTANCIA_SIGNATURE_ROOTS.")),
    "efirma_invalid:bad_signature": Message(422, N_("La firma no corresponde al certificado."), N_("Revisa que la llave .key sea la de ese certificado, y vuelve a firmar.")),
    "efirma_invalid:gone": Message(409, N_("Lo que se preparó para firmar ya no sirve."), N_("Vuelve a oprimir «Firmar con mi e.firma».")),
    "factor_needed": Message(403, N_("Antes de seguir hace falta un segundo código."), N_("Escribe el de tu aplicación, o llama, di tu referencia y escribe el que te dicten.")),
    "code_wrong": Message(422, N_("El código no es correcto; te quedan %(left)s intentos."), N_("Revísalo, o pide otro por teléfono.")),
    "code_gone": Message(422, N_("Ese código ya no sirve."), N_("Pide otro a la Mesa de Ayuda: cada uno dura diez minutos y admite cinco intentos.")),
    "no_caller": Message(409, N_("Nadie espera un código con esa referencia."), N_("Pide a quien llama que abra su enlace y te lea la referencia que ve.")),
    "not_delegable": Message(422, N_("Esta solicitud no se puede pasar a esa persona."), N_("Sólo firma en tu lugar quien tiene un nombramiento con documento.")),
    "unknown_person": Message(404, N_("No se conoce a esa persona."), N_("Elige a alguien de la lista, o regístrala como contacto.")),
    "no_address": Message(422, N_("%(name)s no tiene un correo registrado."), N_("Regístralo en el directorio y vuelve a pedir la firma.")),
    "no_public_address": Message(503, N_("Este sistema no tiene una dirección pública a la que lleven los enlaces."), N_("Quien administra el sistema debe indicar CONSTANCIA_PUBLIC_URL.")),
    "term_invalid": Message(422, N_("El plazo del enlace no sirve."), N_("Elige una fecha por venir, a %(most)s días como máximo.")),
    "factor_unknown": Message(422, N_("Ese segundo factor no existe."), N_("Elige uno de: %(options)s.")),
    "factor_unable": Message(422, N_("%(name)s no tiene inscrita una aplicación de códigos."), N_("Elige el código dictado por teléfono; después de usarlo podrá inscribir su aplicación.")),
    "factor_absent": Message(404, N_("No hay una aplicación de códigos en vigor."), N_("Usa el código dictado por teléfono, o inscribe tu aplicación de nuevo.")),
    "factor_present": Message(409, N_("Ya hay una aplicación de códigos inscrita."), N_("Si cambiaste de teléfono, pide a quien administra el sistema que revoque la anterior.")),
    "factor_blocked": Message(429, N_("Hubo cinco intentos con esta aplicación de códigos."), N_("Espera diez minutos, o pide un código por teléfono.")),
    "enrolment_gone": Message(410, N_("La inscripción terminó sin confirmarse."), N_("Empieza de nuevo: verás un código QR distinto. Borra de tu aplicación el anterior.")),
    "own_code_wrong": Message(422, N_("El código de tu aplicación no es correcto; te quedan %(left)s intentos."), N_("Escribe el que muestra ahora, y revisa que la hora de tu teléfono sea automática.")),
    "own_code_used": Message(409, N_("Ese código ya se usó."), N_("Espera a que tu aplicación muestre el siguiente.")),
    "document_unsignable": Message(422, N_("Esta carta no se puede firmar así."), N_("Vuelve a generarla como PDF nuevo y súbela otra vez.")),
    "document_unsignable:signed": Message(422, N_("Esta carta ya tiene una firma o un campo de firma."), N_("Pide la firma sobre la carta sin firmar.")),
    "document_unsignable:restricted": Message(422, N_("Esta carta tiene restricciones que impiden firmarla."), N_("Guárdala como PDF sin protección y súbela otra vez.")),
    "request_unknown": Message(404, N_("No existe esa solicitud."), N_("Vuelve al caso y revisa sus solicitudes.")),
}  # fmt: skip
"""Refusals of `signing.errors.LinkError`, by their codes."""
