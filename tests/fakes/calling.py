"""Another system that calls the API of an installation, and holds every answer to the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from identity.access import Granter
from identity.accounts import Role
from identity.tokens import Scope
from tests.fakes.installation import Installation

BY = Granter(via="console", os_user="prueba")
ROOT = "/api/v1"


class System:
    """A service with a token. Every answer must be documented, with the headers it promises, and have its form."""

    def __init__(self, client: FlaskClient, text: str, service: str = "", token: str = "") -> None:
        self.client = client
        self.text = text
        self.service = service
        self.token = token
        self.seen: set[tuple[str, int]] = set()

    @classmethod
    def of(
        cls,
        place: Installation,
        role: Role = Role.ESPECIALISTA,
        *,
        scopes: tuple[Scope, ...] = tuple(Scope),
        processes: tuple[str, ...] = (),
        days: int = 30,
    ) -> System:
        """A new service of an installation with one token."""
        service = place.house.tokens.add_service("CAM Pegasus", role, BY)
        issued = place.house.tokens.issue(service.id, scopes=scopes, processes=processes, days=days, by=BY)
        return cls(place.app.test_client(), issued.text, service.id, issued.token.id)

    def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> TestResponse:
        """A request with the token; its answer is held to the document."""
        sent = {"Authorization": f"Bearer {self.text}", **(headers or {})}
        answer = self.client.open(ROOT + path, method=method, headers=sent, **more)
        self.seen.add(held(self.client.application, method, path, answer))
        return answer

    def get(self, path: str, **headers: str) -> TestResponse:
        """GET."""
        return self.call(
            "GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )

    def post(self, path: str, body: object, key: str = "", **more: Any) -> TestResponse:
        """POST of JSON, with an idempotency key if one is given."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.call("POST", path, headers=headers, json=body, **more)


@cache
def _document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get(f"{ROOT}/openapi.json").get_json()
    return found


def operation_of(app: Flask, method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The documented operation that a path is of."""
    asked = path.partition("?")[0].split("/")
    for known, item in _document(app)["paths"].items():
        parts = known.split("/")
        if len(parts) != len(asked) or method.lower() not in item:
            continue
        if all(a == b or b.startswith("{") for a, b in zip(asked, parts, strict=True)):
            operation: dict[str, Any] = item[method.lower()]
            return operation["operationId"], operation
    raise AssertionError(f"{method} {path} is not in the document")


def held(app: Flask, method: str, path: str, answer: TestResponse) -> tuple[str, int]:
    """Check an answer against the document; gives operation and status."""
    name, operation = operation_of(app, method, path)
    told = operation["responses"].get(str(answer.status_code))
    assert told is not None, (
        f"{name} answered {answer.status_code}, which is not documented: {answer.text[:500]}"
    )
    if "$ref" in told:
        told = _document(app)["components"]["responses"][told["$ref"].rpartition("/")[2]]
    content = told.get("content", {})
    if not content:
        assert answer.data == b"", name
        return name, answer.status_code
    assert answer.mimetype in content, (name, answer.status_code, answer.mimetype)
    schema = content[answer.mimetype]["schema"]
    if "json" in answer.mimetype:
        whole = {**schema, "components": _document(app)["components"]}
        found = [
            error.message
            for error in jsonschema_rs.Draft202012Validator(whole).iter_errors(json.loads(answer.data))
        ]
        assert not found, (name, answer.status_code, found[:3])
    return name, answer.status_code
