"""Own fields of products: set for many at once, read line by line, kept with the purchase."""

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from custom_fields.test_own_fields import FORMATS, define, own, publish
from hostile_packs import good_pack
from rehearsal.test_live_equals_history import assert_no_difference, replay_all
from rehearsal.world import Rehearsals
from small_chain import ACTOR, MONDAY, SmallChain, line
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.custom_fields import repository
from regulars.custom_fields.domain import ProductFacts, ProductRow, Value, check_products
from regulars.custom_fields.products import list_product_values, set_product_values
from regulars.entrypoints.verifying import verify
from regulars.explanation.service import explain_purchase
from regulars.explanation.shelf import Shelf
from regulars.explanation.sweep import sweep_purchases
from regulars.kernel.errors import InvalidInput
from regulars.purchases.attribution import attribute_purchase
from regulars.purchases.desk import Recorded
from regulars.purchases.quoting import quote
from regulars.rules import checker, facts
from regulars.rules.catalogue import BUILT_IN
from regulars.rules.custom_catalogue import with_custom
from regulars.rules.domain import ANONYMOUS, CalendarFacts, PurchaseFacts, StoreFacts
from regulars.rules.product_reading import product_fields_of
from regulars.rules.sentences import pack_of, sentences
from regulars.security.scope import EVERYWHERE

LOCAL = own("local", subject="product", title_zh="本地产品", title_en="local product")
SEASON = own("season", "choice", "product")
MARGIN = own("margin_bps", "integer", "product", low=0, high=10_000)
HOUR = timedelta(hours=1)


def local_pack(code: str = "local-lines", **then: Any) -> dict[str, Any]:
    """A point a unit on what local products cost."""
    pack = good_pack() | {"code": code}
    picked = {"filter": [{"var": "purchase.lines"}, {"var": "custom.local"}]}
    amount = {"+": [{"map": [picked, {"var": "sales_minor"}]}]}
    pack["rules"][0]["then"] = {"earn": {"unit": "points", "amount": amount, "per": 100}}
    words = {"zh": "一", "en": "one"}
    bought = {"lines": [{"sales_minor": 1_000}, {"sales_minor": 500, "custom": {"local": True}}]}
    pack["cases"] = [
        {"name": words, "given": {"purchase": {"lines": bought["lines"][:1]}}, "expect": {"points": 0}},
        {"name": words, "given": {"purchase": bought}, "expect": {"points": 5}},
    ]
    return pack | then


async def put(chain: SmallChain, *rows: ProductRow) -> list[str]:
    async with chain.database.begin() as session:
        return await set_product_values(session, rows, ACTOR, MONDAY)


def points_of(bought: Recorded, code: str = "local-lines") -> int:
    return sum(a["points"] for a in bought.evaluation["awards"] if a["pack"].startswith(code))


def basket(*skus: str) -> tuple[Any, ...]:
    return tuple(line(1_000, sku=sku, line=number) for number, sku in enumerate(skus, 1))


async def test_lines_are_read_with_what_is_set_for_their_products_and_say_so_for_ever(
    chain: SmallChain,
) -> None:
    await define(chain, LOCAL, MARGIN)
    await publish(chain, json.dumps(local_pack()))
    member = await chain.join()
    await put(chain, ("a1", {"local": True, "margin_bps": 300}), ("24h", {"local": True}))
    first = chain.basket(member, *basket("a1", "b2", "24h"))
    (bought,) = await chain.post(first)
    assert isinstance(bought, Recorded)
    assert points_of(bought) == 20
    assert bought.evaluation["facts"]["custom"] == {
        "product": {"usual": {"local": False}, "of": {"a1": {"local": True}, "24h": {"local": True}}}
    }
    await put(chain, ("a1", {"local": None}), ("b2", {"local": True}))
    (again,) = await chain.post(first)
    assert isinstance(again, Recorded)
    assert (again.replayed, again.receipt_text) == (True, bought.receipt_text)
    assert points_of(await chain.buy(member, *basket("a1", "b2"), occurred_at=MONDAY + HOUR)) == 10
    late = await chain.buy(member, *basket("b2"), occurred_at=MONDAY - HOUR)
    assert (points_of(late), "late" in late.receipt["flags"]) == (10, True)
    unowned = await chain.buy(None, *basket("a1", "c3"))
    await put(chain, ("c3", {"local": True}))
    async with chain.database.begin() as session:
        at = MONDAY + 2 * HOUR
        claimed = await attribute_purchase(session, chain.desk, unowned.purchase_id, member, ACTOR, at)
    assert (points_of(unowned), points_of(claimed)) == (0, 10)
    assert (await verify(chain.database)).ok
    swept = [page async for page in sweep_purchases(chain.database.read, Shelf(), chain.desk.places)]
    assert sum(page.checked for page in swept) == 4
    assert [found for page in swept for found in page.found] == []
    async with chain.database.read() as session:
        why = await explain_purchase(session, Shelf(), chain.desk.places, bought.purchase_id, EVERYWHERE)
    told = [(fact.path, fact.name.zh, fact.value) for fact in why.facts if fact.path.startswith("custom.")]
    assert told == [("custom.local", f"本地产品（商品 {code}）", True) for code in ("a1", "24h")]
    assert_no_difference(await replay_all(chain.database))


async def test_a_quote_and_its_discount_read_the_same_as_the_purchase(chain: SmallChain) -> None:
    await define(chain, SEASON)
    pack = local_pack("in-season") | {"kind": "discount"}
    where = {"===": [{"var": "custom.season"}, "flagship"]}
    pack["rules"][0]["then"] = {"discount": {"lines": where, "rate_bps": 1_000}}
    lines = [{"sales_minor": 1_000, "custom": {"season": season}} for season in ("corner", "flagship")]
    pack["cases"] = [
        {"name": pack["title"], "given": {"purchase": {"lines": lines}}, "expect": {"lines": {"2": 100}}},
        {"name": pack["title"], "given": {"purchase": {"lines": lines[:1]}}, "expect": {"lines": {}}},
    ]
    await publish(chain, json.dumps(pack))
    await put(chain, ("a1", {"season": "flagship"}))
    member = await chain.join()
    asked = chain.basket(member, *basket("a1", "b2"))
    async with chain.database.read() as session:
        offer = await quote(session, chain.desk, asked, b"q" * 32, timedelta(minutes=5), MONDAY)
    assert [each.discount_minor for each in offer.lines] == [100, 0]
    (bought,) = await chain.post(replace(asked, lines=offer.lines))
    assert isinstance(bought, Recorded)
    assert bought.receipt["points"] == offer.outcome["points"]
    assert "discount_differs" not in bought.receipt["flags"]
    assert bought.evaluation["facts"]["custom"] == offer.evaluation["facts"]["custom"]


async def test_only_a_live_rule_that_reads_products_makes_anybody_ask_for_them(
    chain: SmallChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[str]] = []
    really = repository.values_of_products

    async def heard(session: AsyncSession, codes: Collection[str]) -> dict[str, Mapping[str, Value]]:
        asked.append(set(codes))
        return await really(session, codes)

    monkeypatch.setattr(repository, "values_of_products", heard)
    await define(chain, LOCAL)
    member = await chain.join()
    plain = await chain.buy(member, *basket("a1"))
    assert (asked, set(plain.evaluation["facts"])) == ([], {"member", "store", "calendar"})
    await publish(chain, json.dumps(local_pack()))
    baskets = [chain.basket(member, *basket("a1", f"s{n}"), occurred_at=MONDAY + n * HOUR) for n in range(4)]
    await chain.post(*baskets)
    assert asked == [{"a1", "s0", "s1", "s2", "s3"}]


async def test_a_draft_is_rehearsed_by_what_products_are_today(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, *basket("a1", "b2"))
    await chain.buy(None, *basket("a1"))
    await define(chain, LOCAL)
    await put(chain, ("a1", {"local": True}))
    report = await Rehearsals(chain).report(json.dumps(local_pack()))
    assert report["points"]["difference"] == 10


async def test_wrong_rows_are_named_by_row_and_field_and_nothing_is_set(chain: SmallChain) -> None:
    await define(chain, LOCAL, MARGIN)
    with pytest.raises(InvalidInput) as refused:
        await put(
            chain,
            ("a1", {"local": True}),
            ("a2", {"local": "yes", "margin_bps": 10_001}),
            ("a1", {"local": False}),
            (" a3", {"colour": "red"}),
        )
    assert [problem.field for problem in refused.value.problems] == [
        "products.1.values.local",
        "products.1.values.margin_bps",
        "products.2.product_code",
        "products.3.product_code",
        "products.3.values.colour",
    ]
    async with chain.database.read() as session:
        assert await list_product_values(session, limit=10) == []


async def test_files_that_several_load_at_once_leave_each_product_as_one_of_them_said(
    chain: SmallChain,
) -> None:
    await define(chain, LOCAL, MARGIN)
    member = await chain.join()

    async def load(margin: int) -> None:
        codes = range(200) if margin % 2 else reversed(range(200))
        await put(chain, *((f"p{n}", {"margin_bps": margin, "local": margin % 2 == 0}) for n in codes))

    sales = (chain.buy(member, *basket("p1"), occurred_at=MONDAY + n * HOUR) for n in range(3))
    await asyncio.gather(*(load(margin) for margin in range(1, 7)), *sales)
    async with chain.database.read() as session:
        found = await list_product_values(session, limit=500)
    assert len(found) == 200
    assert all(each.set["local"] == (int(each.set["margin_bps"]) % 2 == 0) for each in found)
    assert len({each.set["margin_bps"] for each in found}) == 1


async def test_the_audit_says_who_made_of_a_product_what_and_when(chain: SmallChain) -> None:
    await define(chain, LOCAL, MARGIN)
    rows: list[ProductRow] = [(f"p{number:04}", {"local": True}) for number in range(2_500)]
    assert len(await put(chain, *rows)) == 2_500
    assert await put(chain, *rows[:3], ("p0007", {"local": None, "margin_bps": 1})) == ["p0007"]
    assert await put(chain, ("p0008", {"local": None})) == ["p0008"]
    async with chain.database.read() as session:
        told = text(
            "select before, after from audit_entry where subject_kind = 'product' and subject_id = 'p0007'"
        )
        acts = [tuple(row) for row in await session.execute(told)]
        page = await list_product_values(session, after="p0006", limit=2)
        assert await list_product_values(session, ["p0008"], limit=2) == []
    assert acts == [
        ({"local": None}, {"local": True}),
        ({"local": True, "margin_bps": None}, {"local": None, "margin_bps": 1}),
    ]
    assert [(each.product_code, each.set) for each in page] == [
        ("p0007", {"margin_bps": 1}),
        ("p0009", {"local": True}),
    ]
    assert page[0].facts == {"local": False, "margin_bps": 1}


def test_a_rule_on_products_is_checked_and_said_in_the_chains_words() -> None:
    known, pack = with_custom([LOCAL, replace(SEASON, choices=FORMATS)]), json.dumps(local_pack())
    assert checker.examine(pack, known).findings == ()
    assert {found.code for found in checker.examine(pack).findings} >= {"path_unknown", "case_custom_unknown"}
    outside = local_pack(rules=[local_pack()["rules"][0] | {"when": {"and": [{"var": "custom.local"}]}}])
    (found,) = [f for f in checker.examine(json.dumps(outside), known).findings if f.code.startswith("path")]
    assert (found.code, found.pointer) == ("path_is_line_field", "/rules/0/when/and/0/var")
    wrong = local_pack()
    wrong["cases"][1]["given"]["purchase"]["lines"][1]["custom"] = {"local": 1}
    codes = {(f.code, f.pointer) for f in checker.examine(json.dumps(wrong), known).findings}
    assert ("case_custom_wrong", "/cases/1/given/purchase/lines/1/custom/local") in codes
    for locale, words in (("zh", "本地产品"), ("en", "local product")):
        assert words in str(sentences(pack_of(pack), locale, catalogue=known))
    assert known.lines.keys() - BUILT_IN.lines.keys() == {"custom.local", "custom.season"}


def test_which_products_fields_a_pack_reads_is_found_wherever_they_stand() -> None:
    deep = {
        "rules": [{"when": {"some": [[], {"and": [{"val": ["custom", "b"]}]}]}, "then": {"var": "custom.a"}}]
    }
    outer = {"rules": [{"when": {"val": [[2], "member", "custom", "c"]}}, {"var": "member.custom.d"}]}
    assert product_fields_of([deep, outer, {"kind": "tier"}]) == ("a", "b")


def test_lines_are_stored_as_they_were_and_read_with_more() -> None:
    stored = b'[{"line":1,"sku":"~24h"},{"line":2,"sku":"x"}]'
    products = ProductFacts({"local": False}, {"24h": {"local": True}})
    later = replace(products, since=ProductFacts({"local": True, "new": 1}, {"x": {"local": True, "new": 2}}))
    for own_facts, wanted in (
        (products, [{"local": True}, {"local": False}]),
        (later, [{"local": True, "new": 1}, {"local": False, "new": 2}]),
    ):
        bought = PurchaseFacts(0, 0, "", stored, own_facts)
        text_read = facts.document(ANONYMOUS, bought, StoreFacts("", ""), CalendarFacts(0, 1, 0, 0, 1, 1))
        assert [each["custom"] for each in json.loads(text_read)["purchase"]["lines"]] == wanted


def test_problems_of_a_huge_file_are_the_first_hundred() -> None:
    rows: list[ProductRow] = [(f"p{number}", {"no": True}) for number in range(100_000)]
    assert len(check_products({"local": LOCAL}, rows)) == 100
