"""The OpenAPI 3.1 document, made from the declarations of the operations: it is written nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from web.api.callers import ROOT
from web.api.declared import FILE_PART, PARTS_JSON, Group, Operation, Reply
from web.api.pieces import named
from web.api.problems import MEDIA
from web.api.serving import JSON_MEDIA, KEY_PARAM, MULTIPART
from web.api.shapes import SHAPES
from web.api.words import TITLES

VERSION = "1.0"
_ALWAYS = (400, 401, 403, 429, 500, 503)
_BINARY = {"type": "string", "format": "binary"}
_CONDITIONAL = {"name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"},
                "description": "Etiqueta de la respuesta que ya se tiene: si sigue igual, 304 sin cuerpo"}  # fmt: skip


def document(groups: Iterable[Group], server: str) -> dict[str, Any]:
    """The document of these operations; ``server`` is the address of the API, absolute or not."""
    found = tuple(groups)
    paths: dict[str, dict[str, Any]] = {}
    for group in found:
        for operation in group.operations:
            paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Constancia",
            "version": VERSION,
            "summary": "Abrir casos, registrar evidencia, leer estados y seguir la bitácora desde otros sistemas",
            "description": "Las solicitudes llevan un token (Authorization: Bearer). Lo que se niega es un problema de "
            "RFC 9457 con un «code» estable. docs/formats/api.md es la guía.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "tags": [{"name": group.tag, "description": group.text} for group in found],
        "paths": paths,
        "components": {
            "schemas": dict(SHAPES),
            "responses": {f"Problem{status}": _problem(status) for status in sorted(TITLES)},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "constancia_ y 46 letras o dígitos",
                }
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": _responses(operation),
        "x-scope": operation.scope,
    }
    if operation.text:
        told["description"] = operation.text
    if operation.scope:
        told["security"] = [{"token": [operation.scope]}]
    content = _content(operation)
    if content:
        told["requestBody"] = {"required": True, "content": content}
    return told


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    params = (*operation.params, KEY_PARAM) if operation.keyed else operation.params
    found: list[dict[str, Any]] = [
        {
            "name": param.name,
            "in": param.where,
            "required": param.required or param.where == "path",
            "description": param.text,
            "schema": dict(param.schema),
        }
        for param in params
    ]
    return [*found, dict(_CONDITIONAL)] if _conditional(operation) else found


def _conditional(operation: Operation) -> bool:
    return operation.method == "GET" and any(reply.media == JSON_MEDIA for reply in operation.replies)


def _content(operation: Operation) -> dict[str, Any]:
    if operation.raw:
        return {"application/octet-stream": {"schema": _BINARY}}
    if not operation.body:
        return {}
    schema = named(operation.body)
    found: dict[str, Any] = {JSON_MEDIA: {"schema": schema}}
    if operation.files:
        members = {PARTS_JSON: schema, FILE_PART: {"type": "array", "items": _BINARY}}
        found[MULTIPART] = {
            "schema": {
                "type": "object",
                "properties": members,
                "required": [PARTS_JSON],
                "patternProperties": {f"^{FILE_PART}\\.[a-z0-9_-]{{1,40}}$": _BINARY},
                "additionalProperties": False,
            },
            "encoding": {PARTS_JSON: {"contentType": JSON_MEDIA}},
        }
    return found


def _responses(operation: Operation) -> dict[str, Any]:
    found = {str(reply.status): _reply(reply, operation) for reply in operation.replies}
    if _conditional(operation):
        found["304"] = {"description": "Sigue igual que lo que ya se tiene"}
    statuses = {*_ALWAYS, *operation.refusals}
    if operation.body or operation.raw:
        statuses |= {413, 507} | ({415} if operation.body else set())
    if operation.keyed:
        statuses |= {409, 422}
    return found | {
        str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in sorted(statuses)
    }


def _reply(reply: Reply, operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {"description": reply.text}
    if reply.shape:
        told["content"] = {reply.media: {"schema": named(reply.shape)}}
    elif reply.media not in {JSON_MEDIA, ""}:
        told["content"] = {reply.media: {"schema": _BINARY}}
    headers: dict[str, Any] = {
        "RateLimit": {
            "description": "Cuántas solicitudes quedan y en cuántos segundos",
            "schema": {"type": "string"},
        }
    }
    if reply.status == 200 and _conditional(operation):
        headers["ETag"] = {"description": "Etiqueta de esta respuesta", "schema": {"type": "string"}}
    if operation.keyed:
        headers["Idempotency-Replayed"] = {
            "description": "«true»: es la respuesta que ya se había dado con esta llave",
            "schema": {"type": "string"},
        }
    return {**told, "headers": headers}


def _problem(status: int) -> Mapping[str, Any]:
    return {"description": TITLES[status], "content": {MEDIA: {"schema": named("Problem")}}}


def address(public_url: str) -> str:
    """Where the API is, as the document's ``servers`` says it."""
    return f"{public_url.rstrip('/')}{ROOT}" if public_url else ROOT
