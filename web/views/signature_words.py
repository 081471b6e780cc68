"""What a judgement of signatures says to people: a headline, and a sentence a fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from signing.report import Report, SignatureFacts
from web.i18n import N_, format_moment, gettext

ALTERED = frozenset({"digest_mismatch", "signature_broken", "altered", "partial", "extended", "revoked"})
"""Problems that speak against the file; all others only say that nothing could be proved."""

_PROBLEMS: Mapping[str, str] = {
    "digest_mismatch": N_("El archivo cambió después de firmarse: su huella ya no es la firmada."),
    "signature_broken": N_("La firma no corresponde a su certificado."),
    "untrusted": N_("El certificado no está bajo ninguna autoridad en la que confíe esta instalación."),
    "expired": N_("El certificado no estaba vigente en el momento que se juzga."),
    "revoked": N_("El certificado estaba revocado."),
    "altered": N_("Después de la firma se hicieron cambios que la firma no permite."),
    "partial": N_("La firma no cubre el archivo completo."),
    "extended": N_("Al archivo se le agregó contenido que ninguna firma cubre."),
    "stamp_untrusted": N_("El sello de tiempo no viene de una autoridad en la que confíe esta instalación."),
    "no_signature": N_("El archivo no tiene firmas digitales."),
    "unreadable": N_("El archivo no se puede leer como un PDF firmado."),
}

_COVERS: Mapping[str, str] = {
    "file": N_("Cubre el archivo completo."),
    "revision": N_("Cubre el archivo como estaba al firmarse; después se le agregó algo."),
    "part": N_("Cubre sólo una parte del archivo."),
}

_ADDED: Mapping[str, str] = {
    "none": "",
    "stamps": N_("Lo agregado son sólo sellos de tiempo y lo necesario para comprobarlos."),
    "signatures": N_("Lo agregado son sólo otras firmas."),
    "other": N_("Lo agregado son otros cambios."),
}


_REVOCATION: Mapping[str, str] = {
    "good": N_("No estaba revocado: lo dicen quien emitió el certificado y las autoridades sobre él."),
    "issuer_unknown": N_(
        "No estaba revocado, según quien lo emitió; de la autoridad que lo emitió no se sabe si fue revocada."
    ),
    "revoked": N_("Estaba revocado desde el %(when)s, según quien lo emitió."),
    "revoked_later": N_(
        "Se revocó el %(when)s, después de que consta que la firma ya existía; lo firmado antes sigue valiendo."
    ),
    "unknown": N_("No se sabe si el certificado fue revocado: nadie lo respondió."),
    "unpublished": N_("No se sabe si el certificado fue revocado: su emisor no dice dónde preguntarlo."),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A headline, what is wrong, and for each signature its title and sentences. ``verdict`` as `verdict_of`."""

    verdict: str
    headline: str
    problems: tuple[str, ...]
    signatures: tuple[tuple[str, tuple[str, ...]], ...]


def verdict_of(report: Report) -> str:
    """``valid``, ``invalid`` (something speaks against the file) or ``unverifiable`` (nothing was proved)."""
    if report.good:
        return "valid"
    return "invalid" if ALTERED & set(report.every_problem) else "unverifiable"


def told(report: Report) -> Told:
    """The report in the request's language."""
    verdict = verdict_of(report)
    headline = {
        "valid": gettext("Las firmas son válidas y el archivo está como se firmó."),
        "invalid": gettext("El archivo no está como se firmó, o su firma no vale."),
        "unverifiable": gettext("No se pudo probar nada sobre las firmas de este archivo."),
    }[verdict]
    return Told(
        verdict,
        headline,
        tuple(gettext(_PROBLEMS[code]) for code in report.every_problem),
        tuple((_title(item), _sentences(item)) for item in report.signatures),
    )


def _title(item: SignatureFacts) -> str:
    if item.kind == "time_stamp":
        return gettext("Sello de tiempo de %(name)s", name=item.signer.name or item.signer.issuer)
    return gettext("Firma con el certificado de %(name)s", name=item.signer.name or item.signer.issuer)


def _sentences(item: SignatureFacts) -> tuple[str, ...]:
    said = [gettext("Certificado emitido por %(issuer)s.", issuer=item.signer.issuer)]
    if item.signer.rfc:
        said.append(gettext("RFC del certificado: %(rfc)s.", rfc=item.signer.rfc))
    said.append(_when(item))
    said += [gettext(text) for text in (_COVERS[item.covers], _ADDED[item.added]) if text]
    if item.certified == 1:
        said.append(gettext("La firma declara que el documento no admite cambios."))
    if item.kind == "signature":
        said.append(_revocation(item))
    return tuple(said)


def _when(item: SignatureFacts) -> str:
    if item.stamped_at:
        return gettext(
            "Existía el %(when)s, según una autoridad de sellado de tiempo.",
            when=format_moment(item.stamped_at),
        )
    if item.claimed_at:
        return gettext(
            "Hecha el %(when)s según el reloj de quien firmó; ninguna autoridad lo respalda.",
            when=format_moment(item.claimed_at),
        )
    return gettext("No dice cuándo se hizo.")


def _revocation(item: SignatureFacts) -> str:
    since = {"when": format_moment(item.revoked_at)} if item.revoked_at else {"when": ""}
    return gettext(_REVOCATION[item.revocation], **since)
