"""What an entry about a personal link tells beside the rest: how sure it is who acted, from where, under which text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evidence.canonical import Json
from evidence.entry import SealedEntry
from web.i18n import gettext as _


def link_lines(sealed: SealedEntry) -> tuple[tuple[str, str], ...]:
    """Label and text of each; nothing for entries of other kinds, and less once personal data was erased."""
    facts = sealed.entry.facts
    if not facts.get("request"):
        return ()
    return tuple((label, text) for label, text in _lines(facts, sealed.payload()) if text)


def _lines(facts: Mapping[str, Json], payload: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    act = _object(payload.get("act"))
    told = act or payload
    address, seal, consent = (
        _object(told.get("address")),
        _object(facts.get("seal")),
        _object(act.get("consent")),
    )
    methods = {"typed": _("con su nombre"), "drawn": _("dibujada"), "uploaded": _("con imagen")}
    yield _("Nivel"), _text(facts.get("level"))
    yield _("Llave de acceso"), _key(_object(told.get("passkey")))
    yield _("Cómo firmó"), methods.get(_text(facts.get("method")), _text(facts.get("method")))
    yield _("Huella del documento mostrado"), _text(facts.get("digest"))
    yield _("Texto que aceptó"), _text(consent.get("text"))
    yield (
        _("Versión y huella de ese texto"),
        " · ".join(filter(None, (_text(consent.get("version")), _text(consent.get("sha256"))))),
    )
    yield _("Dirección"), _text(address.get("resolved"))
    yield _("Dirección de la conexión"), _text(address.get("raw"))
    yield _("Navegador"), _text(told.get("user_agent"))
    yield _("Sello"), " · ".join(filter(None, (_text(seal.get("profile")), _text(seal.get("certificate")))))
    yield _("Compromiso del acto, también en la firma del PDF"), _text(facts.get("act"))
    counts = _object(facts.get("counts"))
    yield _("Veces que se había consultado el enlace"), str(counts.get("fetches", "") or "")


def _key(told: Mapping[str, Json]) -> str:
    """Which passkey signed, and how."""
    device, algorithm = _text(told.get("device")), _text(told.get("algorithm"))
    return f"{device[:10]}… · {algorithm}" if device else ""


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
