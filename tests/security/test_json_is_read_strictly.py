"""Whatever a route takes, it takes within limits: JSON read in one way only, forms of a bounded size."""

from time import process_time
from typing import Any
from uuid import UUID

import httpx
import pytest
from route_policies import routes_of
from security.scope_table import PAGES
from web_world import WebWorld

from api.document import document_of
from api.strict_json import DEPTH_MAX, BodyRefused, read_json
from regulars.security.domain import OPERATOR_ROLES

NOWHERE = str(UUID(int=7))
LIMIT_BYTES = 1_048_576

HOSTILE = {
    "deeper than allowed": (b'{"a":' + b"[" * DEPTH_MAX + b"]" * DEPTH_MAX + b"}", 400, "json_too_deep"),
    "so deep that a reader may fall over": (b'{"a":' * 100_000, 400, "json_too_deep"),
    "a name twice": (b'{"name": "a", "name": "b"}', 400, "json_name_twice"),
    "a name twice further in": (b'{"a": [{"b": 1, "b": 1}]}', 400, "json_name_twice"),
    "a name twice, once spelled with an escape": (b'{"a": 1, "\\u0061": 2}', 400, "json_name_twice"),
    "not a number": (b'{"a": NaN}', 400, "json_not_finite"),
    "infinity": (b'{"a": Infinity}', 400, "json_not_finite"),
    "minus infinity": (b'{"a": -Infinity}', 400, "json_not_finite"),
    "not UTF-8": (b'{"a": "\xff"}', 400, "json_malformed"),
    "cut off": (b'{"a": "', 400, "json_malformed"),
    "a zero in a text": (b'{"a": "\\u0000"}', 400, "json_malformed"),
    "half a character": (b'{"a": "\\ud800"}', 400, "json_malformed"),
    "two values": (b'{"a": 1} {"a": 2}', 400, "json_malformed"),
    "a number longer than any": (b'{"a": ' + b"9" * 5_000 + b"}", 400, "json_malformed"),
    "larger than allowed": (b'{"a": "' + b"x" * LIMIT_BYTES + b'"}', 413, "body_too_large"),
}


def routes_with_json(world: WebWorld) -> list[tuple[str, str]]:
    """(method, path) of every operation in the document that takes a body."""
    paths: dict[str, dict[str, Any]] = document_of(world.app)["paths"]
    return [
        (method.upper(), path)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "requestBody" in operation
    ]


def address(path: str) -> str:
    return "/".join(NOWHERE if part.startswith("{") else part for part in path.split("/"))


@pytest.fixture
async def operator(world: WebWorld) -> httpx.AsyncClient:
    """Somebody with every role at headquarters."""
    return await world.client_for(
        await world.appoint(*((role, world.chain.hq) for role in sorted(OPERATOR_ROLES)))
    )


async def test_every_route_refuses_hostile_json_by_name(world: WebWorld, operator: httpx.AsyncClient) -> None:
    takes_json = routes_with_json(world)
    assert len(takes_json) >= 20
    async with operator, await world.till() as till:
        for method, path in takes_json:
            client = till if path == "/v1/purchases" else operator
            for what, (content, status, code) in HOSTILE.items():
                headers = {"Content-Type": "application/json", "Idempotency-Key": "hostile-json"}
                answer = await client.request(method, address(path), content=content, headers=headers)
                told = (answer.status_code, answer.json()["code"])
                assert told == (status, code), (method, path, what)
                assert answer.headers["content-type"] == "application/problem+json"


def test_a_text_that_never_ends_takes_no_time_to_refuse() -> None:
    hostile = b"[" * (DEPTH_MAX + 1) + b'"' + b'\\"' * 500_000
    before = process_time()
    with pytest.raises(BodyRefused):
        read_json(hostile)
    assert process_time() - before < 2


async def test_a_number_that_overflows_is_no_amount(world: WebWorld) -> None:
    line = '{"line": 1, "sku": "1", "list_minor": %s}'
    basket = '{"receipt_no": "1", "occurred_at": "2026-03-02T10:00:00Z", "lines": [' + line + "]}"
    async with await world.till() as till:
        for amount in ("1e400", "-1e400", "1.5", "1e2", "true", '"100"', "99999999999999999999"):
            answer = await till.post(
                "/v1/purchases",
                content=basket % amount,
                headers={"Content-Type": "application/json", "Idempotency-Key": "overflow"},
            )
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), amount


def page_address(path: str) -> str:
    return address(path.replace("{code}", "silver-saturday").replace("{version}", "1"))


def forms(world: WebWorld) -> list[str]:
    """The addresses that take a form."""
    return [
        page_address(route.path)
        for route in routes_of(world.app)
        if route.method == "POST" and not route.path.startswith(("/v1/", "/temporal"))
    ]


async def test_every_form_is_limited_in_size_and_fields(world: WebWorld, operator: httpx.AsyncClient) -> None:
    pages = forms(world)
    assert len(pages) >= len([name for name in PAGES if name.startswith("POST")])
    async with operator:
        token = operator.headers.pop("X-CSRF-Token")
        for path in pages:
            large = await operator.post(path, data={"name": "x" * LIMIT_BYTES, "csrf_token": token})
            assert large.status_code == 413, path
            many = await operator.post(
                path, data={f"f{n}": "1" for n in range(1_500)} | {"csrf_token": token}
            )
            assert many.status_code == 400, path


HOSTILE_TEXTS = ("a\0b", "😀" * 100, "x" * 100_000, "<script>alert(1)</script>", "{{7*7}}", "%s")


async def test_no_text_in_a_form_upsets_a_page(world: WebWorld, operator: httpx.AsyncClient) -> None:
    rows = {name: row for name, row in PAGES.items() if row.form}
    async with operator:
        for name, row in rows.items():
            path = address(
                name.partition(" ")[2].replace("{code}", "silver-saturday").replace("{version}", "1")
            )
            for hostile in (
                "\0",
                "a\0b",
                "😀" * 100,
                "x" * 100_000,
                "<script>alert(1)</script>",
                "{{7*7}}",
                "%s",
            ):
                for field in row.form or {}:
                    answer = await operator.post(path, data={**(row.form or {}), field: hostile})
                    assert answer.status_code < 500, (name, field, hostile[:10])
                    assert "<script>alert" not in answer.text, (name, field)
