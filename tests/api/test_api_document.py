"""The OpenAPI document, and the checks made from it: one declaration, judged by libraries that know nothing of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.canonical import Json
from tests.fakes.installation import Installation
from web.api.asked import REQUESTS
from web.api.checking import ANNOTATIONS, KEYWORDS, Schema, Unreadable, coerce, flaws, moment, parse
from web.api.registering import GROUPS
from web.security import access_of

OPERATIONS = [operation for group in GROUPS for operation in group.operations]


def parts(schema: Schema) -> Iterator[Schema]:
    """A schema and every schema within it."""
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from parts(inner)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), Mapping):
            yield from parts(schema[name])


@pytest.fixture
def document(place: Installation) -> dict[str, Any]:
    """The document as a caller gets it, without a token."""
    answer = place.app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def test_the_document_is_openapi_three_one_and_whole(document: dict[str, Any]) -> None:
    """Ids are unique, references lead somewhere, every schema is one, and each operation says what it may answer."""
    assert document["openapi"].startswith("3.1.")
    ids = [item["operationId"] for methods in document["paths"].values() for item in methods.values()]
    assert len(ids) == len(set(ids)) == len(OPERATIONS)
    for name, schema in document["components"]["schemas"].items():
        jsonschema_rs.meta.validate({"$schema": document["jsonSchemaDialect"], **schema}), name

    def references(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            for key, item in value.items():
                if key == "$ref":
                    yield item
                else:
                    yield from references(item)
        elif isinstance(value, list):
            for item in value:
                yield from references(item)

    for target in set(references(document)):
        found: Any = document
        for step in target.removeprefix("#/").split("/"):
            found = found[step]
    for methods in document["paths"].values():
        for item in methods.values():
            assert {"400", "401", "403", "429", "500", "503"} <= item["responses"].keys()


def test_routes_and_document_are_the_same_list(place: Installation, document: dict[str, Any]) -> None:
    """No route of the API is undocumented, no documented operation is without its route and its scope."""
    rules = {
        (rule.rule.removeprefix("/api/v1").replace("<", "{").replace(">", "}"), method)
        for rule in place.app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.endpoint != "api.openapi"
        for method in (rule.methods or set()) - {"HEAD"}
    }
    told = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    assert rules == told
    for operation in OPERATIONS:
        access = access_of(place.app.view_functions[f"api.{operation.id}"])
        assert access is not None
        assert (access.token, access.scope, access.public) == (True, operation.scope, False)


def test_what_requests_are_checked_by_is_understood_whole() -> None:
    """No schema of a request uses a keyword that the check would pass over; objects are closed, patterns anchored."""
    schemas = [*REQUESTS.values(), *(param.schema for item in OPERATIONS for param in item.params)]
    for schema in schemas:
        for part in parts(schema):
            assert set(part) <= KEYWORDS | ANNOTATIONS, part
            if part.get("type") == "object":
                assert part.get("additionalProperties") is not None
            if "pattern" in part:
                assert part["pattern"][0] + part["pattern"][-1] == "^$"
            if part.get("type") == "string":
                assert part.keys() & {"maxLength", "pattern", "enum"}, part


_TEXTS = st.sampled_from(
    ["", "MA-001", "MA-001-2026-000001", "2", "2026-03-04", "2026-03-04T09:30:00Z", "a" * 64, "x"]
)
_MEMBERS = {name for schema in REQUESTS.values() for name in schema["properties"]} | {"seq", "slot", "sha256"}
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2_000_000) | _TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *{name for schema in REQUESTS.values() for name in schema["properties"]},
                    "seq",
                    "slot",
                    "sha256",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_our_verdict_is_an_unrelated_librarys(name: str) -> None:
    """Whatever comes: flawless here exactly where jsonschema-rs says valid."""
    judge = jsonschema_rs.Draft202012Validator(REQUESTS[name], validate_formats=True)

    @settings(max_examples=150, deadline=None)
    @given(_VALUES)
    def same(value: Json) -> None:
        assert (not flaws(REQUESTS[name], value)) is judge.is_valid(value), (
            value,
            flaws(REQUESTS[name], value),
        )

    same()


def test_json_is_read_strictly() -> None:
    """One meaning a text: no NaN, no member twice, no bytes that are not UTF-8, no depth without end."""
    assert parse('{"a": ["ñ", 1, true, null]}'.encode()) == {"a": ["ñ", 1, True, None]}
    for text in (b"", b"{", b'{"a":1,"a":2}', b"[NaN]", b"[-Infinity]", b"\xff", b"[" * 100_000, b'{"a":1}x'):
        with pytest.raises(Unreadable):
            parse(text)


def test_parameters_are_what_their_schema_says() -> None:
    """Numbers and booleans in one spelling; anything else stays text and is refused."""
    number, flag = {"type": "integer"}, {"type": "boolean"}
    assert [coerce(number, [text]) for text in ("0", "7", "-1")] == [0, 7, -1]
    for text in ("", "1.0", "٣", "1e3", " 1", "+1", "01"):
        assert flaws(number, coerce(number, [text])), text
    assert [coerce(flag, [text]) for text in ("true", "false")] == [True, False]
    for text in ("True", "1", ""):
        assert flaws(flag, coerce(flag, [text])), text


def test_moments_have_a_zone_and_exist() -> None:
    """RFC 3339; a time without zone, or a day that is none, is refused."""
    assert moment("2026-03-04T09:30:00-06:00") is not None
    for text in (
        "2026-03-04",
        "2026-03-04T09:30:00",
        "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "x",
    ):
        assert moment(text) is None, text
