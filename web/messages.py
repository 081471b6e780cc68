"""What a refusal says to the person: one sentence of what happened, one of what to do. Spanish is the source.

Keys are codes of `workflows.errors`, of `documents.refusals` (``file.`` before them), of `identity` and of this room. A
code with variants has them after a colon. ``%(name)s`` are the refusal's fields, prepared by `web.errors`.
"""

# ruff: noqa: E501 - one message a line reads as a table

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from web.i18n import N_


@dataclass(frozen=True, slots=True)
class Message:
    """HTTP status, what happened and what to do about it."""

    status: int
    text: str
    advice: str = ""


CASES: Mapping[str, Message] = {
    "unknown_process": Message(404, N_("No hay un proceso %(process)s en vigor."), N_("Elige uno de la base de conocimiento.")),
    "unknown_definition": Message(
        500,
        N_("Falta la definición con la que se abrió este caso."),
        N_("Avisa a quien administra el sistema: restaurar el archivo de la definición lo repara."),
    ),
    "unknown_case": Message(404, N_("No existe el caso %(folio)s."), N_("Revisa el folio o búscalo por nombre.")),
    "unknown_step": Message(404, N_("El proceso %(process)s no tiene un paso %(step)s."), N_("Vuelve al caso y elige un paso.")),
    "unknown_entry": Message(404, N_("El caso %(folio)s no tiene esa entrada (%(seq)s)."), N_("Vuelve al caso y elígela de la lista.")),
    "unknown_refusal": Message(422, N_("Ese motivo de rechazo no existe en el proceso."), N_("Elige uno de: %(options)s.")),
    "unknown_catalogue": Message(404, N_("No hay un catálogo %(catalogue)s."), N_("Elige uno de: %(options)s.")),
    "catalogue_stale": Message(
        409,
        N_("Alguien publicó la versión %(newest)s del catálogo %(catalogue)s mientras editabas la %(based_on)s; lo tuyo no se publicó."),
        N_("Vuelve a abrir el catálogo y haz tu cambio sobre la versión nueva."),
    ),
    "catalogue_retroactive": Message(
        422,
        N_("El catálogo %(catalogue)s no cambia hacia atrás: lo que ya pasó (%(item)s) queda como estaba."),
        N_("Publica desde ahora o desde una fecha por venir."),
    ),
    "case_closed": Message(409, N_("El caso %(folio)s ya está cerrado."), N_("Si hace falta algo más, abre un caso nuevo y menciona este folio.")),
    "case_not_closed": Message(409, N_("El paso %(step)s viene después del cierre, y el caso %(folio)s sigue abierto."), N_("Regístralo cuando el caso se cierre.")),
    "window_closed": Message(409, N_("El caso %(folio)s ya no se puede reabrir: la respuesta llegó después del plazo."), N_("Elige la opción que abre un caso nuevo ligado a éste.")),
    "child_not_offered": Message(422, N_("Del paso %(step)s no se abre un caso de ese proceso."), N_("Elige la opción del paso que corresponde, o liga un caso que ya exista.")),
    "link_not_possible:itself": Message(422, N_("Un caso no se liga consigo mismo."), N_("Escribe el folio del otro caso.")),
    "link_not_possible": Message(409, N_("%(folio)s ya está ligado con %(link)s."), N_("No hace falta ligarlo otra vez.")),
    "step_not_open": Message(409, N_("El paso %(step)s no está abierto."), N_("Revisa en el caso qué pasos siguen.")),
    "step_not_open:done": Message(
        409,
        N_("El paso %(step)s ya quedó registrado en la entrada %(seq)s; lo tuyo no se selló."),
        N_("Abre esa entrada para ver qué se registró. Si está mal, corrígela con motivo."),
    ),
    "guard_unmet": Message(422, N_("Antes del paso %(step)s falta: %(unmet)s."), N_("Registra primero lo que falta.")),
    "role_not_allowed": Message(403, N_("El paso %(step)s no lo registra tu función (%(role)s)."), N_("Lo registra: %(allowed)s.")),
    "not_holder": Message(403, N_("El paso %(step)s es de quien tiene el puesto %(post)s."), N_("Si eres su respaldo nombrado, di en nombre de quién actúas; si no, pide a quien lo tiene que lo registre.")),
    "outside_hours": Message(422, N_("El contacto fue fuera de horario; quedó registrado en %(folio)s, entrada %(seq)s."), N_("El servicio abre de nuevo el %(opens)s.")),
    "outside_hours:queued": Message(422, N_("Fuera de horario sólo se registra el contacto; no se selló nada."), N_("Déjalo en cola o recházalo, sin los demás pasos.")),
    "no_delegate": Message(403, N_("Nadie puede actuar por esa persona en el paso %(step)s."), N_("Pide que se nombre un respaldo con fecha en el directorio.")),
    "duties_conflict": Message(
        403,
        N_("La misma persona no puede tener dos responsabilidades que deben estar separadas (%(held)s y %(duty)s)."),
        N_("Pide a otra persona que registre el paso %(step)s, o a supervisión una dispensa con motivo."),
    ),
    "choice_missing": Message(422, N_("El paso %(step)s pide elegir qué ocurrió."), N_("Elige una opción: %(options)s.")),
    "choice_unknown": Message(422, N_("«%(choice)s» no es una opción del paso %(step)s."), N_("Elige una opción: %(options)s.")),
    "evidence_missing": Message(422, N_("Al paso %(step)s le falta evidencia: %(missing)s."), N_("Agrégala al borrador y vuelve a sellar; lo demás se conserva.")),
    "evidence_not_accepted": Message(422, N_("«%(name)s» no sirve como evidencia del paso %(step)s."), N_("Este paso acepta: %(accepted)s.")),
    "reuse_not_allowed": Message(422, N_("El archivo de la entrada %(seq)s no puede servir también aquí."), N_("Sube el archivo en este paso.")),
    "field_invalid": Message(422, N_("Hay datos por corregir; no se selló nada."), N_("Corrige lo señalado en cada renglón y vuelve a sellar.")),
    "duplicate_reference": Message(409, N_("%(kind)s %(value)s ya pertenece al caso %(folio)s."), N_("Revisa el dato; si es correcto, el caso a continuar es ese.")),
    "duplicate_case": Message(409, N_("Ya hay un caso abierto de la misma persona: %(folio)s."), N_("Continúa en ese caso en vez de abrir otro.")),
    "out_of_scope": Message(422, N_("Esta solicitud no corresponde a este proceso; quedó registrada en %(folio)s."), N_("%(message)s Destino: %(destination_name)s.")),
    "not_waivable": Message(422, N_("El paso %(step)s no se puede dispensar."), N_("Registra su evidencia.")),
    "not_supersedable": Message(422, N_("La entrada %(seq)s no se puede corregir."), N_("Sólo se corrigen entradas de evidencia.")),
    "not_supersedable:superseded": Message(409, N_("La entrada %(seq)s ya fue corregida por la %(by)s."), N_("Corrige la entrada más reciente.")),
    "not_supersedable:system": Message(422, N_("La entrada %(seq)s la hizo el sistema y no se corrige."), N_("Si el cálculo está mal, avisa a supervisión.")),
    "reason_missing": Message(422, N_("Falta el motivo."), N_("Escribe al menos %(minimum)s caracteres: quedará a la vista.")),
    "date_not_credible": Message(422, N_("La fecha en que ocurrió no es creíble."), N_("Corrígela y vuelve a sellar.")),
    "date_not_credible:future": Message(422, N_("La fecha en que ocurrió está en el futuro."), N_("Escribe cuándo ocurrió de verdad.")),
    "date_not_credible:before_case": Message(422, N_("La fecha en que ocurrió es anterior a lo que el caso admite."), N_("Escribe cuándo ocurrió de verdad.")),
    "request_reused": Message(409, N_("Este envío ya se usó para otra solicitud."), N_("Recarga la página y vuelve a sellar.")),
    "file_changed": Message(409, N_("«%(name)s» cambió mientras se guardaba; no se selló nada."), N_("Vuelve a subirlo.")),
    "evidence_not_accepted:full": Message(422, N_("«%(name)s» ya no cabe en el paso %(step)s, que admite %(limit)s de su clase."), N_("Quita alguno de los archivos.")),
    "rows_decided": Message(409, N_("Mientras tanto otra persona decidió estas filas: %(rows)s; no se selló nada."), N_("Mira lo que se decidió. Decide sólo las demás, o envía otra vez si quieres cambiarlas con tu motivo.")),
    "evidence_not_accepted:known": Message(422, N_("«%(name)s» ya está en el caso (entrada %(seq)s) y el paso %(step)s pide un archivo nuevo."), N_("Sube el correo nuevo que recibiste.")),
    "day_recorded": Message(409, N_("El control del %(day)s ya quedó registrado en la entrada %(seq)s; lo tuyo no se selló."), N_("Si hubo hallazgos, regístralos; si aquella entrada está mal, corrígela con motivo.")),
    "no_series": Message(404, N_("El proceso %(process)s no tiene un control periódico «%(series)s»."), N_("Elige uno de la página de controles.")),
    "check_stale": Message(422, N_("La revisión de la carta (entrada %(check)s) ya no vale: después cambió el paso %(of)s (entrada %(seq)s)."), N_("Anula esa revisión con su motivo y compárala otra vez, antes de enviar o firmar.")),
    "rows_elsewhere": Message(422, N_("El paso %(step)s se registra con los renglones de la campaña, donde se forma o compara su evidencia."), N_("Hazlo en la página de renglones del caso, o con «flask campaign».")),
    "rows_closed": Message(409, N_("El archivo final ya se formó en la entrada %(seq)s: las decisiones de esta ronda ya no cambian."), N_("Si hay un error, anula esa entrada con su motivo, o registra lo que observe el Director General o MetLife.")),
    "rows_unknown": Message(422, N_("La campaña no tiene estos renglones: %(rows)s."), N_("Escribe números y rangos de la hoja, como 7-90, 95.")),
    "rows_held": Message(403, N_("El Director General ya decidió estos renglones: %(rows)s."), N_("Sólo él los cambia: registra su decisión con el correo en que la dio.")),
    "rows_held:open": Message(403, N_("Estos renglones esperan la decisión del Director General: %(rows)s."), N_("Registra su decisión con el correo en que la dio, o espera la respuesta del área.")),
    "decision_unknown": Message(422, N_("«%(decision)s» no es una decisión que se pueda tomar aquí."), N_("Elige una: %(options)s.")),
    "not_a_campaign": Message(422, N_("El caso %(folio)s no tiene renglones."), N_("Los renglones son de las campañas de recertificación.")),
    "area_unknown": Message(422, N_("La campaña no tiene el área «%(area)s»."), N_("Sus áreas son: %(options)s.")),
    "letter_missing": Message(422, N_("Todavía no hay con qué comparar: falta el paso %(step)s."), N_("Registra el archivo final, la carta y sus datos variables.")),
    "unknown_request": Message(404, N_("El caso %(folio)s no tiene esa solicitud."), N_("Vuelve al caso y revisa sus solicitudes.")),
    "request_settled": Message(409, N_("La solicitud ya terminó (entrada %(seq)s)."), N_("Revisa en el caso cómo terminó.")),
    "request_waits": Message(409, N_("El paso %(step)s ya tiene una solicitud en espera (entrada %(seq)s)."), N_("Envía su enlace de nuevo, o retírala antes de pedir otra.")),
    "nothing_to_sign": Message(422, N_("El caso no tiene en vigor esa carta en PDF."), N_("Registra primero la carta sin firma y vuelve a pedirla.")),
    "nothing_to_sign:step": Message(422, N_("El paso %(step)s no lleva una carta firmada."), N_("Pide la firma en el paso que la lleva.")),
    "not_signatory": Message(403, N_("Esa persona no puede firmar el paso %(step)s: no tiene el puesto %(post)s ni un nombramiento para suplirlo."), N_("Elige a quien lo tiene hoy, o registra el nombramiento con su documento.")),
    "own_signature": Message(403, N_("Quien pide la firma del paso %(step)s no puede ser quien la da."), N_("Pide a otra persona que la solicite.")),
    "too_many_files": Message(422, N_("Son demasiados archivos para una entrada: %(found)s de %(limit)s."), N_("Quita algunos, o repártelos en pasos que admitan repetirse.")),
}  # fmt: skip
"""Refusals of `workflows`."""

FILES: Mapping[str, Message] = {
    "empty": Message(422, N_("«%(name)s» está vacío."), N_("Vuelve a guardarlo o a descargarlo y súbelo de nuevo.")),
    "too_large": Message(413, N_("«%(name)s» pesa %(size)s; el máximo es %(limit)s."), N_("Divídelo, comprímelo o baja la resolución del escaneo.")),
    "type_not_allowed": Message(422, N_("«%(name)s» es de un tipo que no se admite (%(found)s)."), N_("Se admiten PDF, Excel .xlsx, imágenes, correos .eml o .msg y texto.")),
    "content_mismatch": Message(422, N_("«%(name)s» dice ser %(extension)s pero su contenido es %(found)s."), N_("Sube el archivo original, con su nombre verdadero.")),
    "truncated": Message(422, N_("«%(name)s» está incompleto."), N_("Vuelve a descargarlo y súbelo de nuevo.")),
    "damaged": Message(422, N_("«%(name)s» está dañado y no se puede abrir."), N_("Ábrelo en tu equipo, guárdalo de nuevo y súbelo.")),
    "encrypted": Message(422, N_("«%(name)s» está protegido con contraseña."), N_("Guarda una copia sin protección: la evidencia debe poder abrirse dentro de años.")),
    "macros": Message(422, N_("«%(name)s» contiene macros."), N_("Guárdalo como .xlsx sin macros.")),
    "active_content": Message(422, N_("«%(name)s» contiene partes que se ejecutan (%(what)s)."), N_("Imprímelo a un PDF nuevo y sube ése.")),
    "polyglot": Message(422, N_("«%(name)s» es a la vez %(family)s y %(also)s."), N_("Sube el archivo original.")),
    "xml_declarations": Message(422, N_("«%(name)s» contiene declaraciones XML que no se admiten."), N_("Ábrelo en Excel y guárdalo de nuevo como .xlsx.")),
    "over_limit": Message(422, N_("«%(name)s» es demasiado grande por dentro (%(what)s: %(found)s; máximo %(limit)s)."), N_("Divídelo en archivos menores.")),
    "secret_found": Message(422, N_("«%(name)s» parece contener una contraseña (%(word)s, en %(place)s); no se guardó."), N_("Sube una copia testada y, si la contraseña es real, pide que se cambie.")),
    "too_costly": Message(422, N_("Leer «%(name)s» lleva demasiado trabajo."), N_("Ábrelo en tu equipo, guárdalo de nuevo y súbelo.")),
}  # fmt: skip
"""Refusals of files, by the codes of `documents.refusals.REFUSAL_FIELDS`."""

WARNINGS: Mapping[str, str] = {
    "name_changed": N_("El nombre tenía caracteres o un largo que no se admiten; se ajustó."),
    "extension_added": N_("El nombre no tenía extensión; se agregó la de su contenido."),
    "extension_corrected": N_("La extensión era de otro formato de imagen; se corrigió."),
    "restricted": N_("El PDF se abre, pero prohíbe algunos usos."),
    "repaired": N_("El índice del PDF estaba dañado y se reconstruyó al leerlo."),
    "no_text": N_(
        "El PDF no contiene texto (es un escaneo): no se puede buscar dentro ni revisar contraseñas."
    ),
    "trailing_data": N_("Hay datos después del final de la imagen."),
    "external_links": N_("El libro hace referencia a otros archivos."),
    "hidden_sheets": N_("El libro tiene hojas ocultas."),
    "formulas": N_("El libro tiene fórmulas; no se calcularon."),
    "text_cut": N_("Sólo se revisó la primera parte del texto."),
    "word_clave": N_("La palabra «clave» aparece antes de un valor: revisa que no sea una contraseña."),
    "attachment_type": N_("El correo trae anexos de tipos que solos no se admitirían."),
    "not_utf8": N_("El texto no está en UTF-8; se leyó como Windows-1252."),
}
"""Warnings about files that are taken."""

IDENTITY: Mapping[str, Message] = {
    "login_refused": Message(401, N_("El correo o la contraseña no son correctos."), N_("Revísalos; si no recuerdas tu contraseña, pide otra a quien administra el sistema.")),
    "login_throttled": Message(429, N_("Demasiados intentos seguidos."), N_("Vuelve a intentar después de las %(until)s.")),
    "email_taken": Message(409, N_("Ya hay una cuenta con el correo %(email)s."), N_("Usa la cuenta existente u otro correo.")),
    "email_invalid": Message(422, N_("El correo no tiene la forma nombre@dominio."), N_("Corrígelo.")),
    "name_invalid": Message(422, N_("El nombre está vacío, es demasiado largo o contiene signos que no se ven."), N_("Corrígelo.")),
    "unknown_user": Message(404, N_("No hay una cuenta %(subject)s."), N_("Revisa el correo o créala con «flask users add».")),
    "no_such_role": Message(422, N_("La cuenta %(subject)s no tiene ninguna función en vigor que pueda hacer esto."), N_("Pide que se le otorgue.")),
    "phone_invalid": Message(422, N_("No es un número de teléfono."), N_("Escribe de 7 a 30 dígitos; se admiten espacios, guiones, paréntesis y +.")),
    "post_invalid": Message(422, N_("Esa clave de puesto no sirve."), N_("Usa letras sin acento, dígitos y los signos _ : . -; el nombre de quien lo ocupa no va en la clave.")),
    "paper_missing": Message(422, N_("Quien decide en lugar de otra persona necesita un nombramiento."), N_("Adjunta el documento firmado que lo nombra (PDF o imagen).")),
    "already_holds": Message(409, N_("Esa persona ya tiene ese puesto, o lo tendrá."), N_("Termina primero el periodo que corre, o elige otra fecha.")),
    "password_short": Message(422, N_("La contraseña es demasiado corta."), N_("Usa al menos 12 caracteres; una frase es lo más fácil de recordar.")),
    "password_long": Message(422, N_("La contraseña es demasiado larga."), N_("Usa como máximo 256 caracteres.")),
    "password_is_email": Message(422, N_("La contraseña no puede ser tu correo."), N_("Elige otra.")),
}  # fmt: skip
"""Refusals of `identity`."""

EXPORTS: Mapping[str, Message] = {
    "scope": Message(422, N_("El alcance del paquete no se entiende (%(detail)s)."), N_("Revisa fechas, folios, muestra y semilla.")),
    "checkpoint_unknown": Message(422, N_("No hay un punto de control firmado de ese tamaño (%(detail)s)."), N_("Usa 0 para el más reciente.")),
    "nothing_in_scope": Message(422, N_("No hay casos en ese alcance."), N_("Amplía fechas, procesos o folios.")),
    "integrity": Message(500, N_("No se exportó: lo guardado no coincide con lo sellado (%(detail)s)."), N_("Avisa a supervisión y ejecuta la verificación completa.")),
}  # fmt: skip
"""Refusals of `audit_exports.builder.ExportRefused`."""

HOUSE: Mapping[str, Message] = {
    "bad_request": Message(400, N_("La solicitud no se entiende."), N_("Vuelve atrás e inténtalo de nuevo.")),
    "csrf": Message(400, N_("El formulario perdió su sesión; no se cambió nada."), N_("Recarga la página: tu borrador se conserva.")),
    "unknown_host": Message(400, N_("Esta dirección no es la de este sistema."), N_("Usa la dirección que te dieron (CONSTANCIA_PUBLIC_URL).")),
    "login_required": Message(401, N_("Tu sesión terminó."), N_("Entra de nuevo en otra pestaña y reintenta: tu borrador se conserva.")),
    "forbidden": Message(403, N_("Tu función no permite ver o hacer esto."), N_("Si la necesitas, pídela a quien administra el sistema.")),
    "foreign_origin": Message(403, N_("La solicitud viene de otro sitio y no se aceptó."), N_("Abre el sistema directamente.")),
    "not_found": Message(404, N_("Aquí no hay nada."), N_("Revisa la dirección o busca el folio.")),
    "method_not_allowed": Message(405, N_("Esta dirección no admite esa operación."), N_("Vuelve atrás e inténtalo de nuevo.")),
    "too_large": Message(413, N_("El envío es más grande de lo que se admite."), N_("Sube los archivos en varias tandas.")),
    "no_upload": Message(422, N_("No llegó ningún archivo."), N_("Elige al menos uno.")),
    "draft_files": Message(422, N_("El borrador ya tiene %(limit)s archivos, el máximo."), N_("Quita alguno antes de agregar otro.")),
    "draft_bytes": Message(413, N_("El borrador pasaría de %(limit)s, el máximo."), N_("Quita archivos o sube copias más ligeras.")),
    "draft_gone": Message(409, N_("Este borrador ya se selló o se descartó."), N_("Recarga la página.")),
    "draft_field": Message(422, N_("Los datos del borrador no tienen la forma esperada."), N_("Recarga la página.")),
    "disk_full": Message(507, N_("No queda espacio para guardar; no se guardó nada a medias."), N_("Avisa a quien administra el sistema y reintenta: lo demás se conserva.")),
    "unavailable": Message(503, N_("El almacenamiento no responde en este momento."), N_("Reintenta en un minuto: no se perdió nada.")),
    "busy": Message(503, N_("Hay demasiadas tareas largas en curso."), N_("Espera a que termine alguna y reintenta.")),
    "conflict": Message(503, N_("Varias personas escribieron en este caso a la vez."), N_("Reintenta: lo tuyo no se selló y tu borrador se conserva.")),
    "not_initialised": Message(503, N_("Esta instalación aún no se ha iniciado."), N_("Ejecuta «flask init --origin NOMBRE» en el servidor.")),
    "key_missing": Message(503, N_("Falta la llave de firma de esta bitácora (%(file)s)."), N_("Restaura el archivo desde su copia; otra llave no puede sustituirla. Si esta instalación es nueva, ejecuta «flask init --origin NOMBRE».")),
    "not_migrated": Message(503, N_("La base de datos es de otra versión del programa."), N_("Ejecuta «flask db upgrade» en el servidor.")),
    "blob_missing": Message(500, N_("Falta un archivo sellado (%(subject)s): hallazgo de integridad."), N_("Avisa a supervisión y ejecuta la verificación completa.")),
    "blob_corrupt": Message(500, N_("Un archivo sellado ya no es el que se selló (%(subject)s): hallazgo de integridad."), N_("No lo uses. Avisa a supervisión y ejecuta la verificación completa.")),
    "ledger_damaged": Message(500, N_("Lo guardado en la bitácora ya no es lo que se selló (%(subject)s): hallazgo de integridad."), N_("No se escribió nada. Conserva la base de datos como está, avisa a supervisión y ejecuta la verificación completa.")),
    "rolled_back": Message(503, N_("La base de datos no continúa lo ya firmado: se firmaron %(signed)s entradas y aquí hay %(found)s."), N_("No se firmará nada hasta restaurar la copia más reciente; ver «Backups» en docs/operations.md.")),
    "guard_empty": Message(503, N_("Falta la guarda, que recuerda lo último firmado; la base de datos conserva un punto de control de %(signed)s entradas."), N_("No se firmará nada hasta entregarle el punto de control más reciente que alguien conserve: «flask ledger guard restore ARCHIVO».")),
    "policy_unreadable": Message(503, N_("La política de confianza (%(file)s) no se puede usar: %(detail)s."), N_("Corrige el archivo que indica CONSTANCIA_POLICY.")),
    "seal_unusable": Message(503, N_("El sello de la mesa no se puede usar: %(detail)s."), N_("Corrige lo que indican CONSTANCIA_SEAL_…, o ejecuta «flask db upgrade» para crear el sello propio.")),
    "chain_unreadable": Message(503, N_("Los certificados de sellado de tiempo (%(file)s) no se pueden leer: %(detail)s."), N_("Corrige el archivo PEM que indica CONSTANCIA_TSA_CHAIN; hace falta al menos la raíz.")),
    "no_anchors": Message(409, N_("No hay testigos ni autoridades de sellado configurados."), N_("Indica CONSTANCIA_POLICY con testigos que tengan dirección, o CONSTANCIA_TSA_URL y CONSTANCIA_TSA_CHAIN.")),
    "witness_contradicts": Message(500, N_("Un testigo no reconoce esta bitácora: %(detail)s."), N_("Puede ser una copia atrasada o una bitácora reescrita. Conserva todo como está, avisa a supervisión y a auditoría, y ejecuta la verificación completa.")),
    "guard_kept": Message(409, N_("La guarda ya recuerda %(size)s entradas firmadas y no se cambia."), N_("Si es de otra bitácora, revisa CONSTANCIA_GUARD_URL.")),
    "rotation_under_way": Message(409, N_("Ya empezó un cambio de llave: la nueva es %(vkey)s."), N_("Entrégala a auditoría y a los testigos, y termina con «flask ledger key finish».")),
    "rotation_untold": Message(409, N_("El comienzo del cambio de llave aún no está bajo un punto de control firmado."), N_("Ejecuta otra vez «flask ledger key begin» y después «flask ledger key finish».")),
    "no_rotation": Message(409, N_("No hay un cambio de llave en curso."), N_("Empieza uno con «flask ledger key begin».")),
    "not_a_checkpoint": Message(422, N_("El archivo no es un punto de control de esta bitácora (%(detail)s)."), N_("Usa la salida de «flask ledger checkpoint» tal como se guardó.")),
    "timers_incomplete": Message(500, N_("Los plazos de algunos casos no se pudieron atender (%(folios)s); los demás sí."), N_("Avisa a quien administra el sistema y ejecuta la verificación completa.")),
    "wrong_log": Message(503, N_("La base de datos pertenece a otra bitácora."), N_("Revisa CONSTANCIA_ORIGIN y CONSTANCIA_DATABASE_URL.")),
    "store_unfit": Message(503, N_("El almacenamiento no está configurado como la evidencia necesita."), N_("Revisa el cubo S3: versiones y Object Lock.")),
    "out_of_calendar": Message(500, N_("La tabla de días hábiles no cubre esa fecha."), N_("Avisa a quien administra el sistema: falta la tabla de otro año.")),
    "retroactive": Message(422, N_("El puesto %(post)s ya tiene historia: un cambio desde %(since)s la reescribiría."), N_("Usa una fecha de ahora en adelante.")),
    "no_such_backup": Message(409, N_("Esa persona no es respaldo de la otra en este momento."), N_("Revisa «flask posts list».")),
    "no_such_day": Message(404, N_("El %(day)s no es un día inhábil de la empresa."), N_("Revisa «flask calendar show».")),
    "no_such_catalogue": Message(404, N_("No hay un catálogo %(catalogue)s."), N_("Elige uno de: %(options)s.")),
    "no_such_holder": Message(409, N_("Esa persona no tiene el puesto %(post)s en este momento."), N_("Revisa «flask posts list».")),
    "log_exists": Message(409, N_("Aquí ya hubo una bitácora; no se empieza otra encima."), N_("Restaura la base de datos, o usa otro directorio de datos.")),
    "definition_refused": Message(422, N_("El archivo no es una definición de proceso válida: %(problems)s"), N_("Corrige lo señalado.")),
    "definitions_unfit": Message(422, N_("Las definiciones propias de esta instalación no se pueden publicar; no se publicó ninguna."), N_("Corrige los archivos de CONSTANCIA_DEFINITIONS; «flask definitions check ARCHIVO» los explica línea por línea.")),
    "no_such_version": Message(404, N_("No hay una definición %(label)s."), N_("«flask definitions list» dice cuáles hay; se nombran como MA-001 o MA-001@2025-12-15.")),
    "not_a_demo": Message(409, N_("Este directorio de datos es de la bitácora %(origin)s, no de una demostración."), N_("Usa otro directorio: CONSTANCIA_DATA.")),
    "not_allowed_here": Message(422, N_("Esto no se puede hacer así: %(detail)s."), N_("Revisa la ayuda de la orden.")),
    "internal": Message(500, N_("Algo falló en el sistema; no se selló nada a medias."), N_("Reintenta. Si se repite, informa el número de incidente.")),
}  # fmt: skip
"""What the house itself has to say."""

AUDIT: Mapping[str, Message] = {
    "engagement_unknown": Message(404, N_("No existe lo que buscas."), N_("Revisa la dirección o vuelve al inicio.")),
    "engagement_over": Message(409, N_("La auditoría ya terminó (último día: %(expires)s)."), N_("Quien la abrió puede prolongarla mientras no esté cerrada.")),
    "not_an_auditor": Message(403, N_("Esto lo hace quien audita, mientras la auditoría está vigente."), N_("Pide a supervisión que te nombre en ella.")),
    "not_a_keeper": Message(403, N_("Las auditorías las abre, cambia y cierra supervisión o administración."), N_("Pide a una de ellas que lo haga.")),
    "not_the_owner": Message(403, N_("Esto lo responde a quien se le pidió, o supervisión, dirección o administración."), N_("Pide a una de ellas que responda.")),
    "auditor_unfit": Message(422, N_("Una de esas cuentas no puede auditar: debe tener sólo el papel %(role)s y ninguno de la mesa."), N_("Elige otra cuenta, o corrige sus papeles con «flask users».")),
    "terms_invalid": Message(422, N_("Las fechas no son válidas o falta nombrar a quien audita."), N_("El periodo termina después de empezar, la vigencia llega a hoy o más, y hay al menos una persona.")),
    "mask_internal": Message(422, N_("En una auditoría interna no se reservan datos personales: quien audita desde dentro ya ve la mesa."), N_("Quita la reserva, o abre una auditoría externa.")),
    "text_missing": Message(422, N_("Falta escribir el texto."), N_("Escríbelo y vuelve a enviar; lo demás se conserva.")),
    "text_long": Message(422, N_("El texto es demasiado largo; máximo %(most)s caracteres."), N_("Acórtalo y vuelve a enviar.")),
    "population_unknown": Message(404, N_("No existe la población %(population)s."), N_("Elige una de la lista.")),
    "population_empty": Message(422, N_("Ningún caso de %(process)s se abrió en ese periodo."), N_("Cambia el periodo.")),
    "out_of_scope": Message(422, N_("«%(folio)s» queda fuera del alcance de la auditoría."), N_("Elige dentro de sus procesos y su periodo.")),
    "sample_unknown": Message(404, N_("No existe la muestra %(sample)s."), N_("Elige una de la lista.")),
    "sample_size": Message(422, N_("No se puede extraer una muestra de ese tamaño; lo más son %(most)s."), N_("Escribe un número entre 1 y ese, o elige un método.")),
    "seed_invalid": Message(422, N_("La semilla lleva de 1 a 64 letras sin acento, dígitos, punto, guion o guion bajo."), N_("Corrígela o usa la propuesta.")),
    "reason_missing": Message(422, N_("Una selección dirigida dice por qué."), N_("Escribe el motivo.")),
    "not_in_population": Message(422, N_("%(folio)s no está en la población congelada."), N_("Elige folios de la lista.")),
    "not_in_sample": Message(422, N_("%(folio)s no está en la muestra."), N_("Elige un caso de la muestra.")),
    "attribute_unknown": Message(422, N_("«%(attribute)s» no es un atributo de este proceso en esta auditoría."), N_("Agrégalo primero en Atributos, con su nombre.")),
    "result_unknown": Message(422, N_("«%(result)s» no es un resultado."), N_("Elige conforme, excepción o no aplica.")),
    "note_missing": Message(422, N_("Una excepción dice qué se encontró (atributo %(attribute)s)."), N_("Escribe la nota; lo demás se conserva.")),
    "finding_unknown": Message(404, N_("No existe el hallazgo %(finding)s."), N_("Elige uno de la lista.")),
    "finding_state": Message(409, N_("El hallazgo %(finding)s ya no admite eso: está cerrado o retirado."), N_("Si volvió a ocurrir, quien audita lo reabre.")),
    "severity_unknown": Message(422, N_("Falta la gravedad del hallazgo."), N_("Elige observación, menor o mayor.")),
    "item_unknown": Message(404, N_("No existe esa solicitud, o la persona a quien se dirige."), N_("Elige de la lista.")),
    "item_state": Message(409, N_("La solicitud %(item)s no está en ese punto."), N_("Abre la solicitud y revisa qué sigue.")),
    "entry_unknown": Message(422, N_("No existe esa entrada (%(folio)s, %(seq)s)."), N_("Escribe el folio y el número de entrada, como MA-001-2026-000001/4.")),
    "no_downloads": Message(403, N_("Esta auditoría no permite descargas."), N_("Pide a quien la abrió que lo permita.")),
    "no_files": Message(403, N_("En esta auditoría el contenido está reservado: se ve la entrada y la huella, no el archivo."), N_("Pide a supervisión que abra esta entrada, con motivo.")),
}  # fmt: skip
"""Refusals of the auditors' room, by `auditing.errors.CODES`."""

FIELD_PROBLEMS: Mapping[str, str] = {
    "required": N_("falta"),
    "one_of": N_("falta al menos uno: %(expected)s"),
    "unknown": N_("el proceso no pide este dato"),
    "not_an_option": N_("no es una opción; se espera %(expected)s"),
    "too_long": N_("es demasiado largo; máximo %(expected)s caracteres"),
    "malformed": N_("no tiene la forma correcta"),
    "tick_malformed": N_("responde sí o no"),
    "date_malformed": N_("no es una fecha (aaaa-mm-dd)"),
    "moment_malformed": N_("no es una fecha con hora (aaaa-mm-ddThh:mm)"),
    "number_malformed": N_("no es un número entero"),
    "agent_key_malformed": N_("una clave de agente lleva de 2 a 20 letras y dígitos"),
    "phone_malformed": N_("un teléfono lleva de 10 a 15 dígitos"),
    "computed": N_("la regla da %(expected)s; déjalo vacío para tomarlo"),
    "not_computable": N_("falta o no sirve el dato del que se calcula: %(expected)s"),
    "within_hours": N_("el contacto fue dentro de horario: no hay nada que dejar en cola"),
    "hid_twice": N_("el mismo HID está en el renglón %(found)s"),
    "hid_unknown": N_("el HID «%(found)s» no está en la campaña"),
    "hid_changed": N_("el HID cambió: la hoja dice «%(found)s» y era «%(expected)s»"),
    "hid_missing": N_("falta el renglón del HID %(expected)s"),
    "hid_elsewhere": N_("el HID «%(found)s» es del renglón %(expected)s, de otra área"),
    "hid_conflict": N_("el extracto dice dos cosas del mismo HID: %(found)s y %(expected)s"),
    "word_unknown": N_("«%(found)s» no es un valor que se admita; se espera %(expected)s"),
    "differs": N_("dice «%(found)s» y el caso dice «%(expected)s»"),
    "absent": N_("el Excel no trae un renglón para %(expected)s"),
    "secret": N_("parece contener una contraseña, que nunca se guarda"),
    "in_future": N_("está en el futuro"),
    "not_answering": N_("no es quien atiende la zona hoy; elige a una de las personas del directorio"),
    "lapsed": N_("ya venció: si la cédula no está vigente, elige la opción que lo dice"),
    "listed_twice": N_("ya está en el renglón %(expected)s de la misma lista"),
    "no_such_case": N_("no hay otro caso con el folio %(found)s: revísalo, o déjalo vacío"),
    "open_case": N_("ya tiene un caso abierto"),
    "routed_before": N_("ya se rechazó y se turnó antes (%(expected)s)"),
    "no_agents_header": N_("ningún renglón nombra al menos la clave y el nombre del agente"),
    "too_many_agents": N_("hay demasiados renglones; divide la lista"),
    "day_outside": N_("no es un día de este control (%(expected)s)"),
    "control_characters": N_("contiene caracteres que no se ven"),
    "repeated": N_("está dos veces en la lista"),
    "too_many": N_("son demasiados renglones; máximo %(expected)s"),
    "list_too_long": N_("son demasiado texto para una entrada; acorta los nombres"),
    "outside_table": N_("queda fuera de la tabla de días hábiles, que cubre %(expected)s"),
    "ends_before": N_("termina antes de empezar"),
    "personal": N_(
        "no debe decir quién es alguien (nombre, correo o teléfono): queda para siempre en la bitácora"
    ),
    "not_declared": N_("marca la casilla que declara que la imagen no muestra contraseñas"),
    "no_header": N_("ningún renglón nombra las columnas que se necesitan (nombre y RFC, o HID)"),
    "column_missing": N_("falta la columna"),
    "column_twice": N_("hay dos columnas con el mismo significado"),
    "no_rows": N_("no hay renglones debajo del encabezado"),
    "too_many_rows": N_("hay demasiados renglones"),
    "empty": N_("la celda está vacía"),
    "formula": N_("la celda tiene una fórmula; pega el valor"),
    "rfc_company": N_("es el RFC de una empresa (12 caracteres); se espera el de una persona"),
    "rfc_generic": N_("es un RFC genérico, que no identifica a nadie"),
    "rfc_malformed": N_("no tiene la forma de un RFC: cuatro letras, fecha y tres caracteres"),
    "rfc_bad_date": N_("los seis dígitos del RFC no son una fecha"),
    "email_malformed": N_("no es un correo"),
    "package_unknown": N_("el paquete no es 1 ni 2"),
    "movement_unknown": N_("el movimiento no es alta ni baja"),
    "rfc_twice": N_("el mismo RFC está en otro renglón"),
}
"""What is wrong with a field or a row, by the codes of `workflows.errors.FIELD_PROBLEMS` and of the sheet's reader."""

ROLES: Mapping[str, str] = {
    "especialista": N_("especialista"),
    "supervisor": N_("supervisión"),
    "director": N_("dirección general"),
    "auditor_interno": N_("auditoría interna"),
    "auditor_externo": N_("auditoría externa"),
    "capturista": N_("captura"),
    "administrador": N_("administración del sistema"),
    "cpanel": N_("cPanel"),
    "system": N_("el sistema"),
}
"""Roles as people say them."""
