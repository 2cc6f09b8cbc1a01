"""The field catalogue's pages: what rules can read, the chain's own fields, values of stores and products."""

import json
import re
from typing import Any

import httpx
import pytest
from custom_fields.test_own_fields import define, own
from hostile_packs import good_pack
from small_chain import ACTOR, OPENED
from web_world import WebWorld

from regulars.custom_fields import products, service
from regulars.kernel.ids import new_id
from regulars.releases import drafts, review
from regulars.releases.drafting import NewSave
from regulars.rules import service as rules
from rules_ui.routes import product_values

NEW = {
    "subject": "member",
    "type": "date",
    "code": "wedding_on",
    "title_zh": "结婚纪念日",
    "title_en": "wedding day",
}


def upload(content: str, **also: str) -> dict[str, Any]:
    return {"files": {"file": ("products.csv", content.encode(), "text/csv")}, "data": also}


def reading(path: str) -> dict[str, Any]:
    """A pack that asks a fact of stores."""
    pack: dict[str, Any] = good_pack()
    pack["rules"][0]["when"] = {"===": [{"var": path}, "corner"]}
    pack["cases"][0]["given"]["store"] = {"custom": {"format": "corner"}}
    return pack


async def read_by_a_live_pack(world: WebWorld, path: str) -> None:
    async with world.chain.database.begin() as session:
        await rules.publish(
            session,
            json.dumps(reading(path)),
            place_id=world.chain.stores["west-1"],
            live_from=OPENED,
            actor=ACTOR,
            at=OPENED,
        )


async def test_the_catalogue_tells_every_fact_and_who_reads_it_and_is_searched_in_any_language(
    admin: httpx.AsyncClient,
) -> None:
    page = (await admin.get("/fields")).text
    assert "No field of our own yet" in page
    tier = page[page.index(">member.tier<") :]
    assert "Code of the tier before this purchase" in tier[: tier.index("</tr>")]
    spend = page[page.index(">purchase.lines<") :]
    assert re.search(r'href="/packs/[a-z-]+/versions/1"', spend[: spend.index("</tr>")])
    for words in ("星期", "WEEKDAY", "day week"):
        found = (await admin.get("/fields", params={"q": words})).text
        assert "calendar.weekday" in found, words
        assert ">member.frozen<" not in found, words
    assert "No field matches" in (await admin.get("/fields?q=nobody%25")).text
    some = (await admin.get("/fields?of=store")).text
    assert ">store.code<" in some
    assert ">member.tier<" not in some


async def test_a_fact_says_what_its_values_are_and_one_that_is_not_there_is_not_found(
    admin: httpx.AsyncClient,
) -> None:
    page = (await admin.get("/fields/calendar.weekday")).text
    assert all(each in page for each in ("Saturday", "星期", "{&#34;var&#34;: &#34;calendar.weekday&#34;}"))
    assert "Built in" in page
    assert "1,000" in (await admin.get("/fields/member.spend_365d_minor")).text
    assert "inside the lines" in (await admin.get("/fields/lines.sku")).text
    assert (await admin.get("/fields/member.custom.nothing")).status_code == 404


async def test_a_field_is_added_and_what_is_wrong_with_it_stands_beside_it(admin: httpx.AsyncClient) -> None:
    added = await admin.post("/fields", data=NEW | {"low": "2000-01-01"})
    assert added.headers["location"] == "/fields/member.custom.wedding_on?done=field-added"
    page = (await admin.get(added.headers["location"])).text
    assert "wedding day" in page
    assert "own fields of members" in (await admin.get("/fields")).text
    for change, field in (
        ({}, "code"),
        ({"code": "Wedding"}, "code"),
        ({"title_en": " "}, "title_en"),
        ({"low": "soon"}, "low"),
        ({"type": "money_minor", "high": "1.005"}, "high"),
        ({"type": "king"}, "type"),
        ({"type": "choice"}, "choices"),
        (
            {"type": "choice", "choice_value": ["", "A b"], "choice_zh": ["", "甲"], "choice_en": ["", "a"]},
            "choices.0.value",
        ),
    ):
        wrong = await admin.post("/fields", data=NEW | change)
        assert wrong.status_code == 422, change
        assert f'id="{field}-error"' in wrong.text, change
    beyond = {"code": "fee", "type": "money_minor", "low": "1.50", "high": "20", "default": "30"}
    assert "Give a value from 1.5 to 20." in (await admin.post("/fields", data=NEW | beyond)).text
    one = {"choice_value": "a", "choice_zh": "甲", "choice_en": "a", "default_choice": "b"}
    page = (await admin.post("/fields", data=NEW | {"code": "kind", "type": "choice"} | one)).text
    shown = page[page.index('class="for-choice') : page.index('class="for-number')]
    assert 'id="default-error"' in shown, "beside the number it would be hidden"


async def test_amounts_are_typed_in_yuan_and_choices_get_more_rows_without_losing_any(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    listed = {"choice_value": ["flagship", ""], "choice_zh": ["旗舰店", ""], "choice_en": ["flagship", ""]}
    more = await admin.post("/fields", data=NEW | {"type": "choice", "more": "1"} | listed)
    assert more.status_code == 200
    assert 'value="旗舰店"' in more.text
    assert more.text.count('name="choice_value"') == 7
    fee = NEW | {
        "subject": "store",
        "type": "money_minor",
        "code": "fee",
        "low": "1.50",
        "high": "20",
        "default": "2",
    }
    assert (await admin.post("/fields", data=fee)).status_code == 303
    async with world.chain.database.read() as session:
        (field,) = await service.list_fields(session, "store")
    assert (field.low, field.high, field.default) == (150, 2_000, 200)


async def test_words_change_choices_grow_and_none_is_taken_away(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await define(world.chain, own("format", "choice", "store"))
    page = (await admin.get("/fields/store.custom.format")).text
    address = re.search(r'action="(/fields/own/[0-9a-f-]+)"', page)
    assert address is not None
    rows = {"choice_value": ["flagship", "corner", "kiosk"], "choice_zh": ["旗舰店", "社区店", "快闪店"]}
    form = {
        "title_zh": "店铺类型",
        "title_en": "kind of store",
        "choice_en": ["flagship", "corner", "kiosk"],
        **rows,
    }
    changed = await admin.post(address[1], data=form)
    assert changed.headers["location"] == "/fields/store.custom.format?done=field-changed"
    page = (await admin.get("/fields/store.custom.format")).text
    assert "kind of store" in page.lower()
    assert ">kiosk<" in page
    less = await admin.post(
        address[1], data=form | {"choice_value": ["flagship"], "choice_zh": ["甲"], "choice_en": ["a"]}
    )
    assert less.status_code == 422
    assert 'id="choices-error"' in less.text


async def test_a_field_that_a_live_pack_reads_is_retired_only_by_who_was_told_and_says_so(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await define(world.chain, own("format", "choice", "store"))
    await read_by_a_live_pack(world, "store.custom.format")
    page = (await admin.get("/fields/store.custom.format")).text
    assert "1 live pack reads it" in page
    address = re.search(r'action="(/fields/own/[0-9a-f-]+/retire)"', page)
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert address is not None
    assert seen is not None
    for form in ({}, {"sure": "1"}, {"seen": seen[1]}, {"seen": "other/1", "sure": "1"}):
        refused = await admin.post(address[1], data=form)
        assert refused.status_code == 422, form
        assert "Not retired: packs read it" in refused.text
    done = await admin.post(address[1], data={"seen": seen[1], "sure": "1"})
    assert done.headers["location"] == "/fields/store.custom.format?done=field-retired"
    after = (await admin.get("/fields/store.custom.format")).text
    assert "Retire for good" not in after
    assert ">retired</span>" in (await admin.get("/fields")).text


async def test_versions_on_their_way_that_read_a_field_are_named_before_it_is_retired(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await define(world.chain, own("format", "choice", "store"))
    text = json.dumps(reading("store.custom.format"))
    async with world.chain.database.begin() as session:
        code, save = json.loads(text)["code"], NewSave(new_id(), text, 0)
        await drafts.save_draft(session, code, save, ACTOR, OPENED)
        wanted = review.Submission(new_id(), code, (world.chain.hq,), revision=1)
        await review.submit(session, wanted, ACTOR, OPENED)
    page = (await admin.get("/fields/store.custom.format")).text
    assert "1 version that is not live yet reads it" in page
    assert f">{code}/1<" in page
    assert "In review" in page
    address = re.search(r'action="(/fields/own/[0-9a-f-]+/retire)"', page)
    assert address is not None
    assert (await admin.post(address[1])).status_code == 422
    done = await admin.post(address[1], data={"seen": f"{code}/1", "sure": "1"})
    assert done.headers["location"] == "/fields/store.custom.format?done=field-retired"
    log = (await admin.get("/audit")).text
    assert log.count('href="/fields/store.custom.format"') == 2


def named_own(values: dict[str, str]) -> dict[str, str]:
    return {f"own.{code}": value for code, value in values.items()}


async def test_a_store_is_filled_in_and_what_does_not_fit_is_said_in_the_units_that_were_typed(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await define(
        world.chain,
        own("format", "choice", "store"),
        own("fee", "money_minor", "store", low=100, high=2_000, default=100),
        own("opened_on", "date", "store"),
        own("csrf_token", "boolean", "store"),  # a code that the form knows for something else
    )
    page = f"/places/{world.chain.stores['east-1']}/values"
    form = {"format": "corner", "fee": "12.50", "opened_on": "2026-01-31", "csrf_token": "false"}
    assert (await admin.post(page, data=named_own(form))).headers["location"] == f"{page}?done=values-set"
    async with world.chain.database.read() as session:
        held = await service.get_values(session, "store", world.chain.stores["east-1"])
    assert dict(held.set) == {"format": "corner", "fee": 1_250, "opened_on": 20_260_131, "csrf_token": False}
    shown = (await admin.get(page)).text
    assert all(f'value="{each}"' in shown for each in ("12.5", "2026-01-31", "corner"))
    for name, value in (("fee", "21"), ("fee", "much"), ("opened_on", "31.1."), ("format", "castle")):
        wrong = await admin.post(page, data=named_own({name: value, "csrf_token": "true"}))
        assert wrong.status_code == 422, name
        assert f'id="{name}-error"' in wrong.text, name
    assert "Give a value from 1 to 20." in (await admin.post(page, data=named_own({"fee": "21"}))).text
    await admin.post(page, data=named_own({"fee": ""}))
    async with world.chain.database.read() as session:
        held = await service.get_values(session, "store", world.chain.stores["east-1"])
    assert dict(held.set) == {"format": "corner", "opened_on": 20_260_131, "csrf_token": False}
    assert "corner shop" in (await admin.get("/fields/store.custom.format")).text
    assert (await admin.get(f"/places/{world.chain.tills['east-1-t1']}/values")).status_code == 422


@pytest.mark.parametrize("home", ["/members", "/desk/members"])
async def test_a_member_is_filled_in_by_who_may_and_the_act_is_kept(
    world: WebWorld, admin: httpx.AsyncClient, home: str
) -> None:
    member = await world.chain.join("陈静")
    page = f"{home}/{member}/values"
    assert "Members have no field of our own yet" in (await admin.get(page)).text
    assert page not in (await admin.get(f"{home}/{member}")).text
    await define(world.chain, own("met", "choice"), own("children", "integer", low=0, high=9))
    assert page in (await admin.get("/desk/members/" + str(member))).text or home == "/members"
    async with await world.operator("store", world.chain.stores["east-1"]) as store:
        wrong = await store.post(page, data=named_own({"met": "corner", "children": "12"}))
        assert wrong.status_code == 422
        assert 'id="children-error"' in wrong.text
        assert 'value="12"' in wrong.text
        form = named_own({"met": "corner", "children": "2"})
        assert (await store.post(page, data=form)).headers["location"] == f"{page}?done=values-set"
        assert 'value="2"' in (await store.get(page)).text
    held = (await admin.get(f"/v1/members/{member}/custom-values")).json()
    assert held["values"] == {"met": "corner", "children": 2}
    assert "corner shop" in (await admin.get(f"/members/{member}")).text
    assert "own fields" in (await admin.get("/audit?act=member")).text
    async with await world.operator("marketing", world.chain.hq) as reader:
        assert "disabled" in (await reader.get(page)).text
        assert (await reader.post(page, data=named_own({"children": "3"}))).status_code == 403
    async with await world.operator("store", world.chain.stores["west-1"]) as elsewhere:
        assert (await elsewhere.get(page)).status_code == 404
        assert (await elsewhere.post(page, data=named_own({"children": "3"}))).status_code == 404


async def test_products_are_loaded_from_a_table_all_of_them_or_none(
    world: WebWorld, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Products have no field of our own yet" in (await admin.get("/fields/products")).text
    await define(world.chain, own("local", subject="product"), own("season", "choice", "product"))
    empty = await admin.get("/fields/products/template.csv")
    assert empty.text == "\ufeffproduct_code,local,season\r\n"
    good = empty.text + "a1,是,corner\r\na2,false,\r\n"
    checked = await admin.post("/fields/products", **upload(good, check="1"))
    assert "2 products. Nothing was set yet" in checked.text
    wrong = await admin.post("/fields/products", **upload(good + "a3,maybe,castle\n"))
    assert wrong.status_code == 422
    assert wrong.text.count("Row 4") == 2
    assert "flagship, corner" in wrong.text
    assert "No product has a value yet" in wrong.text
    loaded = await admin.post("/fields/products", **upload(good))
    assert loaded.headers["location"] == "/fields/products?loaded=2&changed=2"
    assert "2 products read, 2 changed" in (await admin.get(loaded.headers["location"])).text
    again = await admin.post("/fields/products", **upload(good))
    assert again.headers["location"].endswith("changed=0")
    assert (
        await admin.get("/fields/products/export.csv")
    ).text == empty.text + "a1,true,corner\r\na2,false,\r\n"
    assert (await admin.post("/fields/products", data={})).status_code == 422
    monkeypatch.setattr(product_values, "PRODUCTS_SHOWN", 1)
    first = (await admin.get("/fields/products")).text
    further = re.search(r'href="(/fields/products\?after=[^"]+)"', first)
    assert further is not None
    assert ">a2<" in (await admin.get(further[1])).text
    assert ">a1<" not in (await admin.get("/fields/products?q=a2,a9")).text


async def test_a_file_that_is_no_table_or_too_large_is_refused_with_what_to_do(
    world: WebWorld, admin: httpx.AsyncClient
) -> None:
    await define(world.chain, own("local", subject="product"))
    admin.cookies.set("regulars_language", "zh")
    for content, said in (
        ("sku,local\n1,true\n", "首行列名"),
        ('product_code,local\n"a1,true\n', "引号"),
        ("product_code,local\na1,是的\n", "true 或 false"),
        ("product_code,colour\na1,1\n", "已有的商品字段"),
    ):
        refused = await admin.post("/fields/products", **upload(content))
        assert refused.status_code == 422
        assert said in refused.text, content
    limit = world.container.settings.request_limit_bytes
    large = await admin.post("/fields/products", **upload("product_code,local\n" + "x" * limit))
    assert large.status_code == 413
    async with world.chain.database.read() as session:
        assert await products.list_product_values(session, limit=1) == []


async def test_who_may_not_edit_at_headquarters_reads_and_changes_nothing(world: WebWorld) -> None:
    await define(world.chain, own("format", "choice", "store"), own("local", subject="product"))
    async with await world.operator("marketing", world.chain.stores["east-1"]) as marketer:
        listed = (await marketer.get("/fields")).text
        assert 'href="/fields/new"' not in listed
        assert "Retire for good" not in (await marketer.get("/fields/store.custom.format")).text
        assert 'type="file"' not in (await marketer.get("/fields/products")).text
        own_store = f"/places/{world.chain.stores['east-1']}/values"
        assert "disabled" in (await marketer.get(own_store)).text
        assert (await marketer.post(own_store, data=named_own({"format": "corner"}))).status_code == 403
