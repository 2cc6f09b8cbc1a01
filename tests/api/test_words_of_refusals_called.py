"""Refusals as they are really answered: in Chinese and in English, with the field and what to do."""
# ruff: noqa: E501 — a table of requests, one row a line, reads best as it is

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from web_world import WebWorld

from regulars.kernel.ids import new_id

PLACE = str(new_id())
HANZI = re.compile("[\u4e00-\u9fff]")
LINE = {"line": 1, "sku": "7", "department": "GROCERY", "list_minor": 100}
PURCHASE = {"receipt_no": "1", "occurred_at": "2026-03-02T10:00:00-05:00", "lines": [LINE]}
AT_THE_TILL: list[tuple[Any, str]] = [
    (PURCHASE | {"lines": []}, "lines"),
    (PURCHASE | {"lines": [LINE, LINE]}, "lines.1.line"),
    (PURCHASE | {"lines": [LINE | {"sales_minor": 7}]}, "lines.0.sales_minor"),
    (PURCHASE | {"lines": [LINE | {"list_minor": "100"}]}, "lines[0].list_minor"),
    (PURCHASE | {"occurred_at": "2026-03-02"}, "occurred_at"),
    (PURCHASE | {"occurred_at": "2099-03-02T10:00:00-05:00"}, "occurred_at"),
    (PURCHASE | {"member": "nobody"}, "member"),
    (PURCHASE | {"colour": "red"}, "colour"),
]

REFUSED: list[tuple[str, str, Any, str]] = [
    ("POST", "/v1/packs/check", {"text": 5}, "text"),
    ("POST", "/v1/packs/check", {"text": "{}", "place_id": "x"}, "place_id"),
    ("PUT", "/v1/packs/spring/draft", {"text": "{}", "based_on": "0"}, "based_on"),
    ("PUT", "/v1/packs/spring/draft", {"text": "{}", "based_on": 7}, "draft"),
    ("PUT", "/v1/packs/spring/draft", {"text": "{}", "based_on": 0, "note": "why"}, "note"),
    ("POST", "/v1/drafts", {"text": "{}"}, "code"),
    ("GET", "/v1/packs/nothing/versions/1", None, "pack"),
    ("GET", "/v1/packs/classic-tiers/versions/x", None, "version"),
    ("GET", "/v1/packs/classic-tiers/versions?limit=0", None, "limit"),
    ("GET", "/v1/packs/classic-tiers/limits?place=nowhere", None, "place"),
    ("GET", "/v1/packs/classic-tiers/limits/none/periods", None, "limit"),
    ("POST", "/v1/releases", {"code": "spring", "place_ids": []}, "place_ids"),
    ("POST", "/v1/releases", {"code": "spring", "place_ids": [PLACE]}, "place_ids"),
    ("POST", "/v1/releases", {"code": "spring", "place_ids": [PLACE], "version": 1, "revision": 1}, "version"),
    ("GET", "/v1/releases?state=lively", None, "state[0]"),
    ("POST", f"/v1/releases/{PLACE}/approve", {"words": "fine"}, "words"),
    ("POST", f"/v1/releases/{PLACE}/halt", {"step": 0, "reason": "why"}, "step"),
    ("POST", f"/v1/releases/{PLACE}/cancel", {"reason": "why"}, "release_id"),
    ("POST", "/v1/rehearsals", {"place": "HQ"}, "packs"),
    ("POST", "/v1/rehearsals", {"place": "HQ", "packs": [], "since": 5}, "since"),
    ("POST", "/v1/rehearsals", {"place": "nowhere", "packs": ["{}"]}, "place"),
    ("GET", f"/v1/rehearsals/{PLACE}/report", None, "rehearsal_id"),
    ("POST", "/v1/undos", {"code": "a", "version": 1, "place": "HQ", "policy": "all"}, "policy"),
    ("POST", "/v1/undos", {"code": "a", "version": 1, "place": "nowhere", "policy": "let_be"}, "place"),
    ("POST", f"/v1/undos/{PLACE}/approve", {"content_hash": "1"}, "content_hash"),
    ("GET", f"/v1/purchases/{PLACE}/explanation", None, "purchase_id"),
    ("GET", f"/v1/members/{PLACE}/events?kind=grown", None, "kind"),
    ("POST", "/v1/segment-counts", {"when": {"==": [1, 1]}}, "when"),
    ("POST", "/v1/segment-counts", {"when": True, "sample": "1"}, "sample"),
    ("PUT", "/v1/segments/Gold", {"place": "HQ", "title": {"zh": "金", "en": "g"}, "when": True, "based_on": 0}, "code"),
    ("POST", "/v1/custom-fields", {"subject": "member", "code": "X", "type": "date"}, "title_zh"),
    ("POST", "/v1/custom-fields", {"subject": "shop", "code": "x", "type": "date", "title_zh": "日", "title_en": "d"}, "subject"),
    ("POST", "/v1/custom-fields", {"subject": "member", "code": "X!", "type": "date", "title_zh": "日", "title_en": "d"}, "code"),
    ("PATCH", f"/v1/members/{PLACE}/custom-values", {"values": {}}, "values"),
    ("PATCH", f"/v1/members/{PLACE}/custom-values", {"values": {"x": [1]}}, "values.x"),
    ("POST", "/v1/members", {"name": ""}, "home_store_code"),
    ("POST", "/v1/places", {"parent_code": "HQ", "kind": "shop", "code": "n", "name": "N"}, "kind"),
]  # fmt: skip


@pytest.fixture
async def admin(world: WebWorld) -> httpx.AsyncClient:
    return await world.operator("admin", world.chain.hq)


async def test_every_refusal_names_the_field_and_speaks_the_readers_language(
    admin: httpx.AsyncClient,
) -> None:
    wrong = []
    for method, address, body, field in REFUSED:
        wrong += await wrong_with(admin, method, address, body, field)
    assert wrong == [], wrong


async def test_so_does_every_refusal_at_the_till(world: WebWorld) -> None:
    async with await world.till() as till:
        wrong = []
        for body, field in AT_THE_TILL:
            wrong += await wrong_with(till, "POST", "/v1/purchases", body, field)
    assert wrong == [], wrong


async def wrong_with(
    who: httpx.AsyncClient, method: str, address: str, body: object, field: str
) -> list[tuple[object, ...]]:
    """What is wrong with how a request is refused in both languages."""
    told = {}
    for language in ("zh", "en"):
        headers = {"Accept-Language": language, "Idempotency-Key": "0123456789"}
        answer = await who.request(method, address, json=body, headers=headers)
        assert 400 <= answer.status_code < 500, (address, answer.text)
        told[language] = answer.json()
    problems = problems_of(told["zh"], told["en"], field, f"{address} {body}")
    return [(problem, address, body, told["zh"]["detail"], told["en"]["detail"]) for problem in problems]


def problems_of(chinese: Any, english: Any, field: str, asked: str) -> Iterator[str]:
    fields = {one["field"] for one in chinese.get("errors", ())} | {chinese.get("field")}
    if field not in fields:
        yield f"names {fields}"
    if not HANZI.search(chinese["detail"]) or HANZI.search(english["detail"]):
        yield "other language"
    values = f"{chinese.get('details')} {asked} {fields}"
    yield from (w for w in re.findall(r"[A-Za-z]{3,}", plain(chinese["detail"])) if w not in values)


_CODES = r"“[^”]*”|[0-9a-f-]{36}|\^.*\$|选择：[a-z0-9_、]+|[a-z_]+、[a-z_、]+"
_WORDS = r"(?<![A-Za-z_])(UUID|JSON|zh|en|null|true|false)(?![A-Za-z_])"


def plain(sentence: str) -> str:
    """Without what is quoted, and without the ids, codes and patterns that it shows."""
    return re.sub(f"{_CODES}|{_WORDS}", "", sentence)
