"""What a signatory agrees to by signing: versioned texts, of which each act keeps the exact one and its hash.

A text is never edited: another wording is another version, and the old ones stay for whoever reads an old act.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Consent:
    """One wording: ``version`` is its date and language."""

    version: str
    text: str

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of the text, UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()


_TEXTS: Mapping[str, str] = {
    "2026-12-01/es": (
        "Leí el documento que se muestra en esta página y lo firmo electrónicamente al oprimir «Firmar». Sé que es una "
        "firma electrónica simple (Código de Comercio, artículos 89 y 89 bis): queda registrado quién firmó, cuándo, "
        "desde dónde y por qué medio, junto con la huella SHA-256 del documento. Que el documento no cambie lo "
        "aseguran el sello del sistema y la cadena de registros, no mi clic."
    ),
    "2026-12-01/en": (
        "I have read the document shown on this page and sign it electronically by pressing “Sign”. I know that this "
        "is a simple electronic signature (Mexican Code of Commerce, articles 89 and 89 bis): who signed, when, from "
        "where and by what means is recorded, together with the document's SHA-256 digest. That the document does not "
        "change is assured by the system's seal and the chain of records, not by my click."
    ),
}
CURRENT = "2026-12-01"

_EFIRMA: Mapping[str, str] = {
    "2026-12-01/efirma/es": (
        "Leí el documento que se muestra en esta página y lo firmo con mi e.firma. Mi llave privada y su contraseña se "
        "usan sólo en este navegador y no se envían: se envían mi certificado y la firma. Queda registrado quién "
        "firmó, cuándo, desde dónde y con qué certificado, junto con la huella SHA-256 del documento."
    ),
    "2026-12-01/efirma/en": (
        "I have read the document shown on this page and sign it with my e.firma. My private key and its password are "
        "used in this browser only and are not sent: my certificate and the signature are. Who signed, when, from "
        "where and with which certificate is recorded, together with the document's SHA-256 digest."
    ),
}


def consent_for(locale: str) -> Consent:
    """The wording in force in a language (Spanish where there is none)."""
    version = f"{CURRENT}/{'en' if locale.startswith('en') else 'es'}"
    return Consent(version, _TEXTS[version])


def consent_of(version: str) -> Consent | None:
    """A wording that is in force now, by its version; ``None`` for any other."""
    return Consent(version, _TEXTS[version]) if version in _TEXTS and version.startswith(CURRENT) else None


def efirma_consent_for(locale: str) -> Consent:
    """The wording in force for a signature with one's own certificate."""
    version = f"{CURRENT}/efirma/{'en' if locale.startswith('en') else 'es'}"
    return Consent(version, _EFIRMA[version])


def efirma_consent_of(version: str) -> Consent | None:
    """A wording of that kind that is in force now; ``None`` for any other."""
    return Consent(version, _EFIRMA[version]) if version in _EFIRMA and version.startswith(CURRENT) else None
