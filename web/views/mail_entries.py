"""Entries that say what became of a mail, in words: to whom, about what, what the server answered."""

from __future__ import annotations

from collections.abc import Mapping

from evidence.canonical import Json
from evidence.entry import SealedEntry
from web.i18n import gettext as _


def is_mail(kind: str) -> bool:
    """Whether an entry of that kind says something of a mail."""
    return kind.startswith("mail.")


def mail_title(sealed: SealedEntry) -> str:
    """The mail's subject, ``""`` where it is not known."""
    return str(_mail(sealed).get("subject", ""))


def mail_data(sealed: SealedEntry) -> tuple[tuple[str, str], ...]:
    """What the entry says of its mail, as label and value."""
    told, facts = _mail(sealed), sealed.entry.facts.get("mail")
    known = facts if isinstance(facts, dict) else {}
    rows = (
        (_("Para"), told.get("to")),
        (_("De"), told.get("from")),
        (_("Asunto"), told.get("subject")),
        (_("Motivo"), trouble_word(str(known.get("code", "")))),
        (_("Respuesta del servidor"), told.get("answer")),
        (
            _("Firma del servidor de origen (DKIM)"),
            dkim_word(str(known.get("dkim", "")), str(told.get("domain", ""))),
        ),
        (_("Lo que dijo nuestro servidor"), known.get("authserv")),
        (_("Copia"), _copy_word(str(known.get("copy", "")))),
        (
            _("Puede haber llegado dos veces"),
            _("sí: el servidor murió sin responder") if known.get("doubt") else "",
        ),
        (_("Huella del archivo que no se conservó"), told.get("sha256")),
    )
    return tuple((label, str(value)) for label, value in rows if value)


def trouble_word(code: str) -> str:
    """Why a mail did not go, or came back."""
    words = {
        "connection": _("el servidor de correo no contestó"),
        "tls": _("no se pudo establecer una conexión cifrada de confianza"),
        "tls_untrusted": _("el certificado del servidor no viene de una autoridad de confianza"),
        "tls_host": _("el certificado del servidor es de otro nombre"),
        "tls_expired": _("el certificado del servidor no está vigente"),
        "tls_absent": _("el servidor no ofrece una conexión cifrada"),
        "login": _("el servidor no aceptó la cuenta de envío"),
        "no_answer": _("el servidor murió sin responder"),
        "unfit": _("el correo no se pudo componer"),
        "nobody": _("nadie tiene el puesto, o quien lo tiene no tiene dirección"),
        "folder": _("no se pudo escribir en la carpeta de salida"),
    }
    if not code or code in words:
        return words.get(code, "")
    return _("el servidor lo rechazó (%(code)s)", code=code)


def mailbox_word(code: str) -> str:
    """Why the mailbox cannot be read."""
    words = {
        "login": _("el servidor no aceptó la cuenta del buzón"),
        "folder": _("el buzón no tiene esa carpeta"),
    }
    return words.get(code) or trouble_word(code)


def dkim_word(code: str, domain: str) -> str:
    """What the check of the origin's signature found."""
    words = {
        "pass": _("válida, de %(domain)s", domain=domain or "—"),
        "fail": _(
            "no coincide: el contenido o los encabezados cambiaron, o no es de %(domain)s",
            domain=domain or "—",
        ),
        "none": _("sin firma"),
        "unknown": _("no se pudo consultar la llave pública"),
    }
    return words.get(code, "")


def _copy_word(code: str) -> str:
    words = {
        "marked": _("sin el enlace personal: iba en el correo y no se conserva"),
        "none": _("no se conservó el archivo"),
    }
    return words.get(code, "")


def _mail(sealed: SealedEntry) -> Mapping[str, Json]:
    told = sealed.payload().get("mail")
    return told if isinstance(told, dict) else {}
