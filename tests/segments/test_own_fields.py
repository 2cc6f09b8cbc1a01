"""The chain's own fields are asked in SQL like all others, and read as the rules read them."""

from typing import Any

import pytest
from small_chain import ACTOR, MONDAY, OPENED, SmallChain

from regulars.custom_fields.domain import Choice, CustomField
from regulars.custom_fields.service import define_field, get_values, retire_field, set_values
from regulars.kernel.ids import new_id
from regulars.rules.chain_catalogue import catalogue_of
from regulars.security.scope import EVERYWHERE
from regulars.segments import service
from regulars.segments.domain import Question
from regulars.segments.errors import SegmentNotGreen
from regulars.segments.features import features_of
from regulars.segments.refreshing import refresh
from regulars.segments.rows import decide

PETS = (Choice("dog", "狗", "dog"), Choice("cat", "猫", "cat"))


def own(code: str, kind: Any, **more: Any) -> CustomField:
    return CustomField(new_id(), "member", code, kind, f"字段 {code}", f"Field {code}", **more)


FIELDS = (
    own("pet", "choice", choices=PETS),
    own("children", "integer", low=-1, high=1_000_000, default=-1),
    own("wedding_on", "date", high=99_991_231, default=0),
    own("newsletter", "boolean", default=True),
)
VALUES: list[dict[str, Any]] = [
    {},
    {"pet": "dog", "children": 0},
    {"pet": "", "children": 1_000_000, "newsletter": False},
    {"pet": "cat", "wedding_on": 20_260_228, "newsletter": True},
]


def read(code: str) -> dict[str, str]:
    return {"var": f"member.custom.{code}"}


CONDITIONS: list[Any] = [
    {"===": [read("pet"), "dog"]},
    {"!": [{"in": [read("pet"), ["dog", ""]]}]},
    {"<": [-1, read("children")]},
    {"===": [{"val": ["member", "custom", "children"]}, -1]},
    {"and": [read("newsletter"), {"===": [read("wedding_on"), 0]}]},
    {">": [{"*": [read("children"), {"+": [{"var": "member.visits"}, 2]}]}, 5]},
    {"if": [read("newsletter"), {"!==": [read("pet"), "cat"]}, {"var": "member.frozen"}]},
]


@pytest.fixture
async def family(chain: SmallChain) -> SmallChain:
    async with chain.database.begin() as session:
        for one in FIELDS:
            await define_field(session, one, ACTOR, OPENED)
    for number, values in enumerate(VALUES):
        member = await chain.join(f"Member {number}")
        async with chain.database.begin() as session:
            await set_values(session, "member", member, values, ACTOR, OPENED)
    async with chain.database.begin() as session:
        await refresh(session, MONDAY)
    return chain


@pytest.mark.parametrize("tree", CONDITIONS, ids=str)
async def test_sql_decides_own_fields_as_the_engine_does(family: SmallChain, tree: Any) -> None:
    async with family.database.read() as session:
        condition = await service.check(session, tree)
        answer = await service.count_members(session, EVERYWHERE, condition, Question(sample=9))
        expected = set()
        for member in family.members.values():
            custom = (await get_values(session, "member", member)).facts
            facts = {f"member.custom.{code}": value for code, value in custom.items()}
            if decide(condition, [{**facts, "member.visits": 0, "member.frozen": False}]) == [True]:
                expected.add(member)
        assert features_of(await catalogue_of(session)).keys() >= set(condition.paths)
    assert answer.way == "sql"
    assert {one.member_id for one in answer.sample} == expected
    assert 0 < answer.matching == len(expected) < len(VALUES) == answer.members


async def test_own_fields_are_read_row_by_row_too(family: SmallChain) -> None:
    listed = {"if": [read("newsletter"), {"var": "member.tags"}, ["none"]]}
    tree = {"or": [{"in": ["none", listed]}, {"===": [read("pet"), "cat"]}]}
    async with family.database.read() as session:
        answer = await service.count_members(
            session, EVERYWHERE, await service.check(session, tree), Question(sample=9)
        )
    assert (answer.way, answer.matching, answer.failed) == ("rows", 2, 0)
    names = {family.members[f"Member {number}"] for number in (2, 3)}
    assert {one.member_id for one in answer.sample} == names
    assert {one.facts["member.custom.pet"] for one in answer.sample} == {"", "cat"}


async def test_what_reads_a_retired_field_goes_on(family: SmallChain) -> None:
    async with family.database.begin() as session:
        await retire_field(session, FIELDS[0].id, ACTOR, MONDAY)
    async with family.database.read() as session:
        condition = await service.check(session, CONDITIONS[0])
        answer = await service.count_members(session, EVERYWHERE, condition, Question())
    assert (answer.way, answer.matching) == ("sql", 1)


async def test_a_field_of_stores_or_of_nobody_is_no_fact_of_members(family: SmallChain) -> None:
    for path in ("member.custom.shoe_size", "store.custom.size"):
        async with family.database.read() as session:
            with pytest.raises(SegmentNotGreen):
                await service.check(session, {">": [{"var": path}, 0]})
