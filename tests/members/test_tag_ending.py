"""A person ends a tag that rules gave: once, whatever happens at once, and a rule may give it again."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from care_pack import CARE
from small_chain import ACTOR, MONDAY, OPENED, SmallChain, line
from sqlalchemy import text

from regulars.entrypoints.verifying import verify
from regulars.lifecycle.tag_ending import end_tag
from regulars.members.errors import TagNotByRules, UnknownMember
from regulars.members.service import get_member
from regulars.rules import service as rules
from regulars.security.scope import EVERYWHERE, NOWHERE

DAY = timedelta(days=1)
ACTS = "select reason, before from audit_entry where action = 'member.end_tag'"


@pytest.fixture
async def caring(chain: SmallChain) -> SmallChain:
    """The small chain with a pack that gives a tag for coffee."""
    async with chain.database.begin() as session:
        await rules.publish(
            session, json.dumps(CARE), place_id=chain.hq, live_from=OPENED, actor=ACTOR, at=OPENED
        )
    return chain


async def buy(chain: SmallChain, member: UUID, day: float, recorded_on: float) -> None:
    basket = chain.basket(member, line(5_000, sku="COFFEE"), occurred_at=MONDAY + day * DAY)
    await chain.post(basket, at=MONDAY + recorded_on * DAY)


async def ended(chain: SmallChain, member: UUID, day: float, tag: str = "coffee") -> bool:
    async with chain.database.begin() as session:
        return await end_tag(session, member, tag, ACTOR, MONDAY + day * DAY, "not theirs")


async def held(chain: SmallChain, member: UUID) -> set[str]:
    async with chain.database.read() as session:
        return set((await get_member(session, member, EVERYWHERE)).rule_tags)


async def agrees(chain: SmallChain) -> None:
    report = await verify(chain.database)
    assert report.ok, [found for result in report.results for found in result.differences]


async def test_it_ends_once_whatever_happens_at_once_and_may_be_given_again(caring: SmallChain) -> None:
    ann = await caring.join("Ann", tags=("vip",))
    await buy(caring, ann, 0, 0)
    assert sorted(await asyncio.gather(*(ended(caring, ann, 5) for _ in range(3)))) == [False, False, True]
    assert await held(caring, ann) == set()
    async with caring.database.read() as session:
        acts = await session.execute(text(ACTS))
        assert [tuple(act) for act in acts] == [("not theirs", {"tags": ["coffee"]})]
        assert (await get_member(session, ann, EVERYWHERE)).tags == ("vip",)
    await agrees(caring)
    await buy(caring, ann, 4, 6)
    assert await held(caring, ann) == {"coffee"}
    assert await ended(caring, ann, 7)
    await buy(caring, ann, 3, 8)
    assert await held(caring, ann) == set()
    await agrees(caring)


async def test_what_no_rule_gave_or_who_is_not_the_actors_is_refused(caring: SmallChain) -> None:
    ann = await caring.join("Ann", tags=("vip",))
    with pytest.raises(TagNotByRules):
        await ended(caring, ann, 1, "vip")
    nobody = replace(ACTOR, scope=NOWHERE)
    with pytest.raises(UnknownMember):
        async with caring.database.begin() as session:
            await end_tag(session, ann, "coffee", nobody, MONDAY)
