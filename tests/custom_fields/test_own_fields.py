"""A chain's own fields: defined, set, read by rules, kept with the purchase."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hostile_packs import good_pack
from hypothesis import given
from hypothesis import strategies as st
from rehearsal.test_live_equals_history import assert_no_difference, replay_all
from rehearsal.world import Rehearsals
from small_chain import ACTOR, MONDAY, OPENED, SmallChain, line
from sqlalchemy import text

from regulars.custom_fields import service
from regulars.custom_fields.domain import (
    Choice,
    CustomField,
    check_field,
    check_values,
    facts_of,
    fault_of,
    usual_bounds,
    usual_default,
)
from regulars.custom_fields.errors import CustomFieldTaken, TooManyCustomFields, UnknownCustomField
from regulars.entrypoints.verifying import verify
from regulars.explanation.shelf import Shelf
from regulars.explanation.sweep import sweep_purchases
from regulars.kernel.errors import InvalidInput
from regulars.kernel.ids import new_id
from regulars.purchases.quoting import quote
from regulars.rules import checker
from regulars.rules import service as rules
from regulars.rules.catalogue import BUILT_IN
from regulars.rules.chain_catalogue import catalogue_of
from regulars.rules.custom_catalogue import with_custom
from regulars.rules.errors import PackNotGreen
from regulars.rules.sentences import pack_of, sentences

FORMATS = (Choice("flagship", "旗舰店", "flagship"), Choice("corner", "社区店", "corner shop"))


def own(code: str, kind: Any = "boolean", subject: Any = "member", **parts: Any) -> CustomField:
    low, high = usual_bounds(kind)
    choices = FORMATS if kind == "choice" else ()
    usual = {"low": low, "high": high, "choices": choices, "default": usual_default(kind, low)}
    usual |= {"title_zh": "贵宾", "title_en": "important"}
    return CustomField(new_id(), subject, code, kind, **usual | parts)


VIP, SIZE, FORMAT = own("vip"), own("household", "integer", low=0, high=20), own("format", "choice", "store")


async def define(chain: SmallChain, *fields: CustomField) -> None:
    async with chain.database.begin() as session:
        for field in fields:
            await service.define_field(session, replace(field, id=new_id()), ACTOR, OPENED)


async def put(chain: SmallChain, subject: Any, owner: Any, **values: Any) -> None:
    async with chain.database.begin() as session:
        await service.set_values(session, subject, owner, values, ACTOR, MONDAY)


def vip_pack(**parts: Any) -> str:
    """A point a unit for important members, and another in flagship stores."""
    pack = good_pack(rules=2)
    pack["rules"][0]["when"] = {"and": [{"var": "member.custom.vip"}]}
    pack["rules"][1]["when"] = {"and": [{"===": [{"var": "store.custom.format"}, "flagship"]}]}
    words = {"zh": "一", "en": "one"}
    bought = {"lines": [{"sales_minor": 1_000}]}
    pack["cases"] = [
        {"name": words, "given": {"purchase": bought}, "expect": {"points": 0}},
        {"name": words, "given": {"purchase": bought, **parts}, "expect": {"points": 20}},
    ]
    return json.dumps(pack)


GIVEN = {"member": {"custom": {"vip": True}}, "store": {"custom": {"format": "flagship"}}}


async def publish(chain: SmallChain, text: str) -> None:
    async with chain.database.begin() as session:
        await rules.publish(
            session, text, place_id=chain.hq, live_from=OPENED, actor=ACTOR, at=OPENED + timedelta(days=1)
        )


async def test_a_pack_that_reads_a_field_is_taken_only_where_the_chain_has_it(chain: SmallChain) -> None:
    with pytest.raises(PackNotGreen) as refused:
        await publish(chain, vip_pack(**GIVEN))
    assert {found.code for found in refused.value.findings} >= {"path_unknown", "case_custom_unknown"}
    await define(chain, VIP, FORMAT)
    await publish(chain, vip_pack(**GIVEN))
    async with chain.database.read() as session:
        known = await catalogue_of(session)
    assert checker.examine(vip_pack(**GIVEN), known).findings == ()
    wrong = {"member": {"custom": {"vip": "yes"}}, "store": {"custom": {"format": "kiosk"}}}
    found = checker.examine(vip_pack(**wrong), known).findings
    assert [(one.code, one.pointer) for one in found] == [
        ("case_custom_wrong", "/cases/1/given/member/custom/vip"),
        ("case_custom_wrong", "/cases/1/given/store/custom/format"),
    ]


async def test_purchases_are_read_with_what_is_set_and_say_so_for_ever(chain: SmallChain) -> None:
    await define(chain, VIP, FORMAT)
    await publish(chain, vip_pack(**GIVEN))
    plain, important = await chain.join("Plain"), await chain.join("Important")
    await put(chain, "member", important, vip=True)

    async def points(member: Any, till: str = "east-1-t1") -> dict[str, int]:
        store = chain.stores[till.rpartition("-")[0]]
        bought = await chain.buy(member, line(1_000), terminal_id=chain.tills[till], store_id=store)
        assert not any("error" in rule for rule in bought.evaluation["rules"])
        return {a["rule"]: a["points"] for a in bought.evaluation["awards"] if "hostile" in a["pack"]}

    assert await points(plain) == {}
    assert await points(important) == {"rule-0": 10}
    await put(chain, "store", chain.stores["east-1"], format="flagship")
    assert await points(plain) == {"rule-1": 10}
    assert await points(important) == {"rule-0": 10, "rule-1": 10}
    assert await points(important, "east-2-t1") == {"rule-0": 10}
    await put(chain, "member", important, vip=None)
    assert await points(important, "east-2-t1") == {}
    nobody = await chain.buy(None, line(1_000))
    assert nobody.evaluation["facts"]["custom"] == {"member": {"vip": False}, "store": {"format": "flagship"}}
    assert not any("error" in rule for rule in nobody.evaluation["rules"])
    assert (await verify(chain.database)).ok
    swept = [page async for page in sweep_purchases(chain.database.read, Shelf(), chain.desk.places)]
    assert sum(page.checked for page in swept) == 7
    assert [found for page in swept for found in page.found] == []
    assert_no_difference(await replay_all(chain.database))


def test_rules_on_own_fields_are_said_in_the_chains_words() -> None:
    fields = [own("vip", title_zh="是贵宾", title_en="is important"), FORMAT]
    pack = pack_of(vip_pack(**GIVEN))
    for locale, first, second in (
        ("zh", "是贵宾", "贵宾为旗舰店"),
        ("en", "Is important", "Important is flagship"),
    ):
        said = sentences(pack, locale, catalogue=with_custom(fields))
        assert [rule.conditions[0] for rule in said] == [first, second]


async def test_a_draft_on_a_new_field_is_rehearsed_by_what_members_are_today(chain: SmallChain) -> None:
    plain, important = await chain.join("Plain"), await chain.join("Important")
    for member in (plain, important, None):
        await chain.buy(member, line(1_000))
    await define(chain, VIP, FORMAT)
    await put(chain, "member", important, vip=True)
    report = await Rehearsals(chain).report(vip_pack(**GIVEN))
    assert report["points"]["difference"] == 10
    assert report["winners"]["points"] == 1


async def test_a_quote_reads_the_same(chain: SmallChain) -> None:
    await define(chain, VIP, FORMAT)
    await publish(chain, vip_pack(**GIVEN))
    member = await chain.join()
    await put(chain, "member", member, vip=True)
    basket = chain.basket(member, line(1_000))
    async with chain.database.read() as session:
        offer = await quote(session, chain.desk, basket, b"q" * 32, timedelta(minutes=5), MONDAY)
    assert offer.evaluation["facts"]["custom"]["member"] == {"vip": True}
    assert offer.outcome["points"] == (await chain.buy(member, line(1_000))).receipt["points"]


async def test_a_chain_without_own_fields_keeps_nothing_of_them(chain: SmallChain) -> None:
    bought = await chain.buy(await chain.join(), line(1_000))
    assert set(bought.evaluation["facts"]) == {"member", "store", "calendar"}
    async with chain.database.read() as session:
        assert await catalogue_of(session) is BUILT_IN


async def test_a_retired_field_is_read_on_and_takes_no_more_values(chain: SmallChain) -> None:
    await define(chain, VIP, FORMAT)
    await publish(chain, vip_pack(**GIVEN))
    member = await chain.join()
    await put(chain, "member", member, vip=True)
    async with chain.database.begin() as session:
        vip = next(f for f in await service.list_fields(session) if f.code == "vip")
        retired = await service.retire_field(session, vip.id, ACTOR, MONDAY)
        assert await service.retire_field(session, vip.id, ACTOR, MONDAY + timedelta(days=1)) == retired
    bought = await chain.buy(member, line(1_000))
    assert bought.evaluation["facts"]["custom"]["member"] == {"vip": True}
    with pytest.raises(InvalidInput):
        await put(chain, "member", member, vip=False)
    async with chain.database.read() as session:
        report = checker.examine(vip_pack(**GIVEN), await catalogue_of(session))
    assert report.green
    assert {found.code for found in report.findings} == {"path_retired"}


async def test_words_and_choices_may_grow_and_nothing_else_changes(chain: SmallChain) -> None:
    await define(chain, FORMAT)
    more = (*FORMATS, Choice("kiosk", "售货亭", "kiosk"))
    async with chain.database.begin() as session:
        (field,) = await service.list_fields(session)
        changed = await service.change_field(
            session, field.id, service.Change(title_en="kind of store", choices=more), ACTOR, MONDAY
        )
        assert (changed.title_en, changed.choices, changed.type) == ("kind of store", more, "choice")
        with pytest.raises(InvalidInput) as refused:
            await service.change_field(session, field.id, service.Change(choices=more[1:]), ACTOR, MONDAY)
        assert [problem.field for problem in refused.value.problems] == ["choices"]
        with pytest.raises(UnknownCustomField):
            await service.change_field(session, new_id(), service.Change(title_en="x"), ACTOR, MONDAY)


async def test_a_code_is_used_once_and_fields_are_not_endless(
    chain: SmallChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    await define(chain, VIP)
    with pytest.raises(CustomFieldTaken):
        await define(chain, VIP)
    monkeypatch.setattr(service, "MOST_FIELDS", 2)
    await define(chain, SIZE, FORMAT)
    with pytest.raises(TooManyCustomFields):
        await define(chain, own("third"))


async def test_of_two_who_define_a_code_at_once_one_is_told(chain: SmallChain) -> None:
    answers = await asyncio.gather(*(define(chain, VIP) for _ in range(4)), return_exceptions=True)
    assert [type(answer) for answer in answers if answer is not None] == [CustomFieldTaken] * 3


async def test_values_that_two_set_at_once_are_those_of_one_of_them(chain: SmallChain) -> None:
    await define(chain, VIP, SIZE)
    member = await chain.join()
    await asyncio.gather(*(put(chain, "member", member, vip=True, household=size) for size in range(1, 9)))
    async with chain.database.read() as session:
        values = (await service.get_values(session, "member", member)).set
        rows = await session.scalar(text("select count(*) from custom_value"))
    assert values["vip"] is True
    assert values["household"] in range(1, 9)
    assert rows == 2


async def test_the_audit_says_what_of_a_member_was_changed_and_not_to_what(chain: SmallChain) -> None:
    await define(chain, SIZE)
    member = await chain.join()
    await put(chain, "member", member, household=4)
    await put(chain, "member", member, household=4)
    async with chain.database.read() as session:
        wanted = text("select after from audit_entry where action = 'member.set_custom_values'")
        rows = [row.after for row in await session.execute(wanted)]
    assert rows == [{"fields": ["household"], "attributes": "changed"}]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        (own("1d"), "code"),
        (own("Vip"), "code"),
        (own("v" * 41), "code"),
        (own("custom"), "code"),
        (own("vip", title_zh=""), "title_zh"),
        (own("vip", title_en="\u0000"), "title_en"),
        (own("vip", help_en="x" * 2_001), "help_en"),
        (own("size", "integer", low=5, high=4), "low"),
        (own("size", "integer", low=0, high=1 << 52), "low"),
        (own("size", "integer", low=1, high=4, default=0), "default"),
        (own("format", "choice", "store", choices=()), "choices"),
        (own("format", "choice", "store", choices=(FORMATS[0], FORMATS[0])), "choices.1.value"),
        (own("format", "choice", "store", choices=(Choice("24h", "全天", "always"),)), "choices.0.value"),
        (own("vip", choices=FORMATS), "choices"),
        (own("vip", "text"), "type"),
        (own("vip", subject="basket"), "subject"),
    ],
)
def test_a_definition_that_cannot_be_names_the_part_at_fault(field: CustomField, wrong: str) -> None:
    assert [problem.field for problem in check_field(field)] == [wrong]


@pytest.mark.parametrize("value", [True, 21, -1, "4", 4.0, 1 << 70])
def test_a_value_that_does_not_fit_is_named(value: Any) -> None:
    problems = check_values({"household": SIZE}, {"household": value})
    assert [(one.code, one.field) for one in problems] == [("custom_value_invalid", "values.household")]


def test_dates_are_days_of_the_calendar_or_none() -> None:
    day = own("wedding_on", "date")
    assert [fault_of(day, value) is None for value in (0, 20240229, 20230229, 20241301, 5, 99991231)] == [
        *(True, True, False, False, False, True)
    ]


values = st.one_of(st.booleans(), st.integers(-5, 25), st.sampled_from(["", "flagship", "corner", "1d"]))


@given(st.dictionaries(st.sampled_from(["vip", "household", "format"]), values))
def test_every_fact_has_a_value_that_fits_whatever_is_stored(stored: dict[str, Any]) -> None:
    fields = [VIP, SIZE, replace(FORMAT, subject="member")]
    facts = facts_of(fields, stored)
    assert list(facts) == ["vip", "household", "format"]
    assert all(fault_of(field, facts[field.code]) is None for field in fields)
    assert orjson.loads(orjson.dumps(facts)) == facts
    known = with_custom(fields)
    assert {f.path for f in known.document.values() if f.custom} == {
        f"member.custom.{code}" for code in facts
    }
