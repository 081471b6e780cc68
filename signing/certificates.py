"""Who a certificate names. SAT's carry the RFC and the CURP where asn1crypto expects something else: mended here.

SAT writes the RFC as PrintableString under 2.5.4.45 (x500UniqueIdentifier), which X.520 defines as BIT STRING.
asn1crypto therefore fails as soon as such a name is read, pyHanko with it. Mapping the identifier to DirectoryString in
its name table, once and before any certificate is read, mends both.
"""

from __future__ import annotations

from asn1crypto import x509  # type: ignore[import-untyped]  # publishes no types

from signing.report import Person

UNIQUE_IDENTIFIER = "2.5.4.45"


def mend_names() -> None:
    """Let asn1crypto read 2.5.4.45 as text. Repeating it changes nothing."""
    x509.NameTypeAndValue._oid_specs["unique_identifier"] = x509.DirectoryString  # noqa: SLF001 - its only switch


mend_names()


def person_of(certificate: x509.Certificate) -> Person:
    """The subject's names. Texts are cut to 200 characters; what is not there is ``""``."""
    subject = _texts(certificate.subject)
    issuer = _texts(certificate.issuer)
    validity = certificate["tbs_certificate"]["validity"]
    rfc = subject.get("unique_identifier", "").split("/")[0].strip().upper()
    return Person(
        name=subject.get("common_name", ""),
        organisation=subject.get("organization_name", ""),
        rfc=rfc,
        curp=subject.get("serial_number", "").split("/")[0].strip().upper(),
        issuer=issuer.get("common_name", "") or issuer.get("organization_name", ""),
        serial=str(certificate.serial_number),
        not_before=validity["not_before"].native.isoformat(),
        not_after=validity["not_after"].native.isoformat(),
    )


def _texts(name: x509.Name) -> dict[str, str]:
    """The first value of each type of a name."""
    found: dict[str, str] = {}
    for relative in name.chosen:
        for pair in relative:
            value = pair["value"].native
            found.setdefault(str(pair["type"].native), str(value)[:200])
    return found
