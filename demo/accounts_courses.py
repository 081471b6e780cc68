"""Everyday courses of the account processes: MA-001, MA-002, MA-003, MA-008. See `demo.course` for the writing."""

from __future__ import annotations

from demo.course import Course

MA_001 = (
    Course("MA-001", "alta", 9, """
        0 09:10 open 2 3
        0 11:05 4 5 6 7
        0 12:52 8
        1 16:40 9
        1 09:06 10 11 12
        0 16:20 13
        1 09:08 14 15 16 17
        12n 12:10 18
        0 12:40 19 20 21
        0 16:02 22 23
        3 11:10 24
        0 12:00 25 26
        1 10:40 26a:funciona
    """, {"tipo": "alta", "usuario": "promotoria"}),
    Course("MA-001", "alta_lenta", 3, """
        0 10:15 open 2 3
        1 11:05 4 5 6 7
        0 12:52 8
        3 16:40 9
        1 09:06 10 11 12
        1 15:20 13
        1 09:08 14 15 16 17
        23n 12:10 18
        0 12:40 19 20 21
        0 16:02 22 23
        6 11:10 24
        0 12:00 25 26
    """, {"tipo": "alta", "usuario": "promotoria"}, about="MetLife confirmó fuera de plazo y el usuario no validó"),
    Course("MA-001", "baja", 3, """
        0 12:10 open 2 3
        0 13:05 4 5
        0 13:48 28
        1 10:04 28d
    """, {"tipo": "baja", "usuario": "promotoria"}),
    Course("MA-001", "es_agente", 1, "0 09:40 open", {"tipo": "alta", "usuario": "agente"}),
)  # fmt: skip

MA_002 = (
    Course("MA-002", "adelante", 8, """
        0 09:25 open 2 3 4 5
        2 12:15 6:adelante
        0 13:00 7 8 9 10 11
        0 13:40 12 13
        11n 11:20 14
        0 12:05 15 17 18 16
        2 10:30 19
    """),
    Course("MA-002", "lento", 3, """
        0 09:25 open 2 3 4 5
        5 16:15 6:adelante
        1 10:00 7 8 9 10 11
        0 10:40 12 13
        18n 11:20 14
        0 12:05 15 17 18 16
        4 10:30 19
    """, about="MetLife tardó más de quince días"),
    Course("MA-002", "detenido", 2, """
        0 09:30 open 2 3 4 5
        1 17:05 6:detenlo
    """, about="El asistente pidió detenerlo", lasting=True),
    Course("MA-002", "te_aviso", 2, """
        0 09:30 open 2 3 4 5
        1 13:05 6:espera
        9 11:00 6:adelante
        0 12:00 7 8 9 10 11
        0 12:40 12 13
        10n 11:20 14
        0 12:05 15 17 18 16
        1 10:30 19
    """),
    Course("MA-002", "sin_respuesta", 1, "0 09:30 open 2 3 4 5", about="Nadie responde", lasting=True),
    Course("MA-002", "sin_cedula", 1, "0 09:35 open 2:inactiva"),
    Course("MA-002", "bpn", 1, "0 10:20 open", {"tipo": "bpn"}),
    Course("MA-002", "cartera", 1, "0 11:20 open", {"tipo": "cartera"}),
)  # fmt: skip

MA_003 = (
    Course("MA-003", "alta_agente", 6, """
        0 09:50 open 2 3
        0 10:20 7:pedido
        1 11:10 7:recibido
        0 12:00 5 6 8 9
        0 12:20 10
        1 09:40 11 12
        0 10:00 13 14
    """, {"flujo": "alta", "usuario": "agente"}),
    Course("MA-003", "alta_asistente", 3, """
        0 11:50 open 2 4 7:recibido
        0 12:40 5 6 8 9
        0 13:00 10
        1 10:40 11 12
        0 11:00 13 14
    """, {"flujo": "alta", "usuario": "asistente"}),
    Course("MA-003", "prueba_falla", 1, """
        0 09:50 open 2 3 7:recibido
        0 12:00 5 6 8 9
        0 12:20 10
        1 09:40 11:no_recibido{falla=No llegó al correo personal}
        0 11:40 18{llega_tuagente=si;llega_personal=no}
        0 12:40 19:corregido
        0 13:05 10
        1 10:00 11:recibido 12:recibido
        0 10:30 13 14
    """, {"flujo": "alta", "usuario": "agente"}, about="La prueba falló y se corrigió"),
    Course("MA-003", "actualizacion", 3, """
        0 10:05 open 15
        0 12:10 16
        0 12:30 16a
        1 09:30 16b 16c 17
    """, {"flujo": "actualizacion", "solicitante": "capacitacion"}),
    Course("MA-003", "problema_usuario", 2, """
        0 12:05 open
        0 13:10 18{llega_tuagente=si;llega_personal=no}
        0 13:40 19:usuario
    """, {"flujo": "problema", "sintoma": "no_llega"}),
    Course("MA-003", "problema_metlife", 1, """
        0 12:05 open
        0 13:10 18{llega_tuagente=no;llega_personal=no}
        1 10:40 20:escalado
        4 11:00 20:metlife
    """, {"flujo": "problema", "sintoma": "a_veces"}),
    Course("MA-003", "por_otro", 1, "0 10:30 open", {"flujo": "actualizacion", "solicitante": "otra_persona"}),
    Course("MA-003", "administrativo", 1, "0 10:30 open", {"flujo": "alta", "usuario": "administrativo"}),
)  # fmt: skip

MA_008 = (
    Course("MA-008", "alta", 9, """
        0 09:35 open 3 4 5 6
        0 11:05 7 8 9 10
        0 12:00 11 12
        0 12:30 13 14
        1 09:50 15
    """),
    Course("MA-008", "faltan_datos", 2, """
        0 09:35 open 3 4 5:faltan
        4 10:05 5:completos 6 7 8 9 10
        0 11:00 11 12 13
        0 11:30 15
    """),
    Course("MA-008", "cedula_inactiva", 1, "0 09:35 open 3:inactiva"),
    Course("MA-008", "duplicado", 1, "0 09:35 open 3 4 5 6:existe"),
    Course("MA-008", "santorini", 1, "0 10:15 open", {"tipo": "santorini"}),
)  # fmt: skip
