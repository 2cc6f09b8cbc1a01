"""Every error is a problem with a code, a status and words in both languages."""

import importlib
import pkgutil

import httpx
import orjson
import pytest
from web_world import WebWorld

import activities
import api
import regulars
import rules_ui
import workflows
from api.error_table import ROWS
from api.errors import problem_of
from api.language import choose_language
from api.strict_json import BodyRefused, read_json
from regulars.kernel.errors import FieldProblem, InvalidInput, RegularsError


def every_error() -> set[type[RegularsError]]:
    """All our error classes, wherever they are defined."""
    for package in (regulars, api, rules_ui, workflows, activities):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations." not in module.name:
                importlib.import_module(module.name)
    found, waiting = set(), [RegularsError]
    while waiting:
        kind = waiting.pop()
        found.add(kind)
        waiting += kind.__subclasses__()
    return {kind for kind in found if not kind.__module__.startswith("test")}


def test_every_error_has_a_row_and_its_own_code() -> None:
    kinds = every_error()
    assert {kind.code for kind in kinds} <= set(ROWS)
    without_own = [kind.__name__ for kind in kinds if kind is not RegularsError and "code" not in vars(kind)]
    assert without_own == []
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_every_row_speaks_chinese_and_names_only_details_that_exist() -> None:
    for code, row in ROWS.items():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in row.zh), code
        assert 400 <= row.status <= 599
        assert row.detail("zh", "", {})


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.1, zh;q=0.2", "zh"),
        ("fr, de;q=0.5", "en"),
        ("zh;q=x", "en"),
        ("zh-Hant-TW", "zh"),
    ],
)
def test_the_language_is_the_one_most_wanted(header: str | None, language: str) -> None:
    assert choose_language(header) == language


def test_one_wrong_field_is_told_by_its_own_code_and_several_together() -> None:
    one = problem_of(InvalidInput([FieldProblem("wrong", field="a")]), "en")
    assert (one.code, one.status, one.field) == ("field_invalid", 422, "a")
    two = problem_of(InvalidInput([FieldProblem("wrong", field="a"), FieldProblem("bad", field="b")]), "zh")
    assert (two.code, [error.field for error in two.errors]) == ("invalid_input", ["a", "b"])


def test_what_we_do_not_know_says_nothing_of_its_inside() -> None:
    problem = problem_of(ValueError("secret path /var/x"), "en")
    assert (problem.code, problem.status) == ("internal_error", 500)
    assert "secret" not in problem.detail


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "json_malformed"),
        (b"\xff", "json_malformed"),
        (b'{"a": 1, "a": 2}', "json_name_twice"),
        (b'{"a": {"b": 1, "b": 1}}', "json_name_twice"),
        (b'{"a": NaN}', "json_not_finite"),
        (b"[-Infinity]", "json_not_finite"),
        (b"[" * 33 + b"]" * 33, "json_too_deep"),
        (b"[" * 100_000, "json_too_deep"),
        (b'{"a":' * 100_000, "json_too_deep"),
        (b'"' + b"[" * 50 + b"\\u0000" + b'"', "json_malformed"),
        (b'"\\ud800"', "json_malformed"),
        (b"1" * 10_000, "json_malformed"),
    ],
)
def test_hostile_json_is_refused_by_name(body: bytes, code: str) -> None:
    with pytest.raises(BodyRefused) as refusal:
        read_json(body)
    assert refusal.value.code == code


def test_strings_may_hold_brackets_and_escapes() -> None:
    value = {"text": '[{"' * 50 + "\\u0000 is only letters here 😀", "deep": [[[1]]]}
    assert read_json(orjson.dumps(value)) == value


async def post(client: httpx.AsyncClient, content: bytes, kind: str = "application/json") -> httpx.Response:
    return await client.post("/v1/members", content=content, headers={"Content-Type": kind})


async def test_requests_that_cannot_be_read_are_problems(world: WebWorld, admin: httpx.AsyncClient) -> None:
    cases = {
        (b'{"name": "A", "name": "B"}', "application/json"): (400, "json_name_twice"),
        (b"{", "application/json"): (400, "json_malformed"),
        (b'{"name": "A"}', "text/plain"): (422, "invalid_input"),
        (b'{"name": "' + b"x" * 2_000_000 + b'"}', "application/json"): (413, "body_too_large"),
        (b'{"name": "A", "colour": "red"}', "application/json"): (422, "invalid_input"),
    }
    for (content, kind), expected in cases.items():
        answer = await post(admin, content, kind)
        assert answer.headers["content-type"] == "application/problem+json", content[:40]
        assert (answer.status_code, answer.json()["code"]) == expected, content[:40]
    unknown = await post(admin, b'{"name": "A", "colour": "red"}')
    assert unknown.json()["errors"] == [
        {"field": "colour", "code": "field_unknown", "message": "There is no such field; check the spelling."}
    ]


async def test_addresses_that_are_not_there_are_problems(world: WebWorld, admin: httpx.AsyncClient) -> None:
    for method, path, expected in [
        ("GET", "/v1/nothing", (404, "not_found")),
        ("PUT", "/v1/places", (405, "method_not_allowed")),
        ("GET", "/v1/places/not-an-id", (422, "invalid_input")),
        ("GET", "/v1/places?after=%00", (400, "bad_request")),
    ]:
        answer = await admin.request(method, path)
        assert (answer.status_code, answer.json().get("code")) == expected, path
        assert answer.json()["type"] == f"urn:regulars:error:{expected[1]}"


async def test_the_words_are_in_the_readers_language(world: WebWorld) -> None:
    chinese = await world.anybody.get("/v1/session", headers={"Accept-Language": "zh-CN"})
    english = await world.anybody.get("/v1/session")
    assert (chinese.json()["title"], english.json()["title"]) == ("请先登录", "Sign in first")
    assert english.headers["www-authenticate"] == "Bearer"


async def test_without_its_database_the_api_asks_to_come_again(world: WebWorld) -> None:
    bearer = await world.bearer()
    await world.container.database.close()
    world.container.database.engine.sync_engine.pool._creator = _refuse
    for path in ("/readyz", "/v1/session"):
        answer = await world.anybody.get(path, headers={"Authorization": f"Bearer {bearer}"})
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable"), path
        assert answer.headers["retry-after"] == "2"
    assert (await world.anybody.get("/healthz")).status_code == 200


def _refuse(*_: object) -> None:
    raise ConnectionRefusedError("nobody listens")
