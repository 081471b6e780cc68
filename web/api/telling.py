"""Operations on webhooks: subscribe, look after, try, renew the secret, end.

None of them takes an idempotency key: what two of them answer is a secret, which is remembered nowhere.
"""

from __future__ import annotations

from evidence.canonical import Json
from evidence.entry import format_time
from identity.access import Granter
from identity.tokens import Scope
from notifications.hookdesk import Subscribed, UnknownHook
from notifications.hooks import Delivery, Subscription, Unheard
from web.api.callers import ROOT, ApiRefused, caller
from web.api.declared import Call, Group, Made, Param, Reply

ops = Group("Avisos", "Webhooks: qué se avisa de la bitácora, adónde y cómo va")

MOST_HOOKS = 20
"""Subscriptions of one service at a time."""
_HOOK = Param(
    "id", {"type": "string", "pattern": "^w-[a-z2-7]{26}$"}, "Identificador de la suscripción", "path"
)


@ops.operation(
    "GET",
    "/webhooks",
    scope=Scope.WEBHOOKS,
    summary="Las suscripciones de la cuenta",
    replies=(Reply(200, "Suscripciones, cerradas también", "Webhooks"),),
)
def list_webhooks(call: Call) -> Json:
    """Of the caller's service."""
    mine = [item for item in call.house.hooks.desk.store.everything() if item.service == caller().service.id]
    return {"webhooks": [_hook(call, item) for item in mine]}


@ops.operation(
    "POST",
    "/webhooks",
    scope=Scope.WEBHOOKS,
    summary="Suscribirse",
    text="El secreto se muestra una sola vez. Se avisa desde la siguiente entrada, mientras viva el token que la hizo.",
    body="Subscribe",
    replies=(Reply(201, "La suscripción, con su secreto", "Subscribed"),),
    refusals=(409, 422),
)
def subscribe(call: Call) -> Made:
    """Begin a subscription; the address must be one that may be spoken to."""
    url, room = call.text("url"), call.house.hooks
    try:
        room.check(url)
    except Unheard as error:
        raise ApiRefused("webhook_target", why=error.code) from error
    service = caller().service.id
    if sum(item.service == service for item in room.desk.store.everything(live=True)) >= MOST_HOOKS:
        raise ApiRefused("too_many_webhooks", limit=MOST_HOOKS)
    made = room.desk.subscribe(caller(), url, call.body["kinds"])
    return _shown(call, made, 201)


@ops.operation(
    "GET",
    "/webhooks/{id}",
    scope=Scope.WEBHOOKS,
    summary="Una suscripción y sus últimos avisos",
    params=(_HOOK,),
    replies=(Reply(200, "La suscripción", "WebhookStory"),),
    refusals=(404,),
)
def show_webhook(call: Call) -> Json:
    """How it is doing."""
    found = _own(call)
    last: list[Json] = [_delivery(item) for item in call.house.hooks.desk.store.deliveries(found.id)]
    return {**_hook(call, found), "deliveries": last}


@ops.operation(
    "POST",
    "/webhooks/{id}/secret",
    scope=Scope.WEBHOOKS,
    summary="Cambiar el secreto",
    text="Durante un día cada aviso va firmado con los dos. La suscripción vive desde ahora por el token que lo pide.",
    params=(_HOOK,),
    body="Nothing",
    replies=(Reply(200, "La suscripción, con su secreto nuevo", "Subscribed"),),
    refusals=(404,),
)
def renew_secret(call: Call) -> Made:
    """Another secret beside the one before."""
    try:
        made = call.house.hooks.desk.renew(caller(), call.text("id"))
    except UnknownHook as error:
        raise ApiRefused("unknown_webhook", id=call.text("id")) from error
    return _shown(call, made, 200)


@ops.operation(
    "POST",
    "/webhooks/{id}/test",
    scope=Scope.WEBHOOKS,
    summary="Mandar un aviso de prueba",
    params=(_HOOK,),
    body="Nothing",
    replies=(Reply(202, "El aviso que espera", "Delivery"),),
    refusals=(404,),
)
def test_webhook(call: Call) -> Made:
    """Queue a message of type ``constancia.ping``."""
    try:
        made = call.house.hooks.desk.ping(caller(), call.text("id"))
    except UnknownHook as error:
        raise ApiRefused("unknown_webhook", id=call.text("id")) from error
    return Made(_delivery(made), 202)


@ops.operation(
    "POST",
    "/webhooks/{id}/retry",
    scope=Scope.WEBHOOKS,
    summary="Volver a intentar los avisos que se dejaron",
    params=(_HOOK,),
    body="Nothing",
    replies=(Reply(202, "Cuántos", "Counted"),),
    refusals=(404,),
)
def retry_webhook(call: Call) -> Made:
    """Let what was given up be tried anew."""
    found = _own(call, live=True)
    return Made({"count": call.house.hooks.desk.store.again(found.id, call.house.clock())}, 202)


@ops.operation(
    "DELETE",
    "/webhooks/{id}",
    scope=Scope.WEBHOOKS,
    summary="Terminar una suscripción",
    params=(_HOOK,),
    replies=(Reply(204, "Terminada"),),
    refusals=(404,),
)
def unsubscribe(call: Call) -> Made:
    """End it."""
    found, service = _own(call, live=True), caller().service
    try:
        call.house.hooks.desk.close(found.id, Granter(service.id, str(service.role), "api"))
    except UnknownHook as error:
        raise ApiRefused("unknown_webhook", id=found.id) from error
    return Made(None, 204)


def _own(call: Call, *, live: bool = False) -> Subscription:
    found = call.house.hooks.desk.store.get(call.text("id"))
    if found is None or found.service != caller().service.id or (live and found.closed_at is not None):
        raise ApiRefused("unknown_webhook", id=call.text("id"))
    return found


def _shown(call: Call, made: Subscribed, status: int) -> Made:
    told = {**_hook(call, made.webhook), "secret": made.secret}
    return Made(told, status, {"Location": f"{ROOT}/webhooks/{made.webhook.id}", "Cache-Control": "no-store"})


def _hook(call: Call, item: Subscription) -> dict[str, Json]:
    return {
        "id": item.id,
        "url": item.url,
        "kinds": list(item.kinds),
        "processes": list(item.processes),
        "created_at": format_time(item.created_at),
        "closed_at": format_time(item.closed_at) if item.closed_at else "",
        "trouble": item.trouble,
        "alive": item.closed_at is None and call.house.hooks.desk.alive(item),
    }


def _delivery(item: Delivery) -> dict[str, Json]:
    return {
        "id": item.id,
        "index": item.index,
        "state": str(item.state),
        "attempts": item.attempts,
        "status": item.status,
        "trouble": item.trouble,
        "created_at": format_time(item.created_at),
        "due_at": format_time(item.due_at),
    }
