"""Tokens of the API as the page of administration shows them, and scopes in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from identity.tokens import Scope, Service, Token
from notifications.hooks import Subscription
from web.i18n import gettext as _
from web.views.lens import Lens, Moment, role_name


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token. ``state``: live, soon (ends within a week), expired or revoked."""

    id: str
    scopes: tuple[str, ...]
    processes: tuple[str, ...]
    since: Moment
    until: Moment
    used: Moment | None
    state: str


@dataclass(frozen=True, slots=True)
class HookLine:
    """A subscription. ``state``: live, stopped (its token ended) or closed; the address is told by its host alone."""

    id: str
    host: str
    kinds: tuple[str, ...]
    since: Moment
    state: str


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service account with its tokens, the newest first."""

    id: str
    name: str
    role: str
    open: bool
    tokens: tuple[TokenLine, ...]
    hooks: tuple[HookLine, ...] = ()


def service_lines(
    services: Iterable[Service],
    tokens: Sequence[Token],
    hooks: Sequence[tuple[Subscription, bool]],
    lens: Lens,
) -> tuple[ServiceLine, ...]:
    """Every service, open ones first; ``hooks`` are subscriptions with whether they are alive."""
    lines = [
        ServiceLine(
            service.id,
            service.name,
            role_name(str(service.role)),
            service.closed_at is None,
            tuple(_token(token, lens) for token in tokens if token.service == service.id),
            tuple(_hook(item, alive, lens) for item, alive in hooks if item.service == service.id),
        )
        for service in services
    ]
    return tuple(sorted(lines, key=lambda line: (not line.open, line.name.casefold())))


def _token(token: Token, lens: Lens) -> TokenLine:
    return TokenLine(
        id=token.id,
        scopes=tuple(str(scope) for scope in sorted(token.scopes)),
        processes=tuple(sorted(token.processes)),
        since=lens.moment(token.created_at),
        until=lens.moment(token.expires_at),
        used=lens.moment(token.used_at) if token.used_at else None,
        state=_state(token, lens),
    )


def _hook(item: Subscription, alive: bool, lens: Lens) -> HookLine:
    state = "closed" if item.closed_at is not None else "live" if alive else "stopped"
    host = urlsplit(item.url).hostname or ""
    return HookLine(item.id, host, item.kinds, lens.moment(item.created_at), state)


def _state(token: Token, lens: Lens) -> str:
    if token.revoked_at is not None:
        return "revoked"
    if not token.alive(lens.now):
        return "expired"
    return "soon" if (token.expires_at - lens.now).days < 7 else "live"


def scope_words() -> dict[str, str]:
    """What each scope opens, in words."""
    return {
        str(Scope.CASES_READ): _("ver procesos, casos, entradas, pruebas y pendientes"),
        str(Scope.CASES_OPEN): _("abrir casos"),
        str(Scope.CASES_RECORD): _("registrar evidencia, rechazar y ligar casos"),
        str(Scope.CASES_CORRECT): _("corregir, anular y dispensar con motivo"),
        str(Scope.DATA_READ): _("ver lo capturado, con datos personales"),
        str(Scope.FILES_READ): _("bajar archivos sellados"),
        str(Scope.SEARCH): _("buscar"),
        str(Scope.EXPORT): _("exportar paquetes de auditoría"),
        str(Scope.LOG_READ): _("seguir la bitácora"),
        str(Scope.WEBHOOKS): _("suscribirse a avisos (webhooks)"),
    }
