"""`regulars verify` holds what stands among the activations against what releases plan."""

from datetime import timedelta

import pytest
from releases.conftest import NOW, PACK, ReleaseWorld
from small_chain import ACTOR
from sqlalchemy import text

from regulars.entrypoints.verifying import verify
from regulars.kernel.ids import new_id
from regulars.organisation.domain import NewPlace
from regulars.organisation.service import open_places
from regulars.rules import service as rules

MORNING = "2026-03-03T08:00"
TAMPERING = {
    "a row is gone": "delete from pack_activation where release_id is not null and place_id = {place}",
    "a row is later": "update pack_activation set live_from = live_from + interval '1 hour' "
    "where release_id is not null and place_id = {place}",
    "it was given up": "update pack_release set state = 'cancelled'",
    "a row is taken back": "insert into pack_activation (pack_code, place_id, live_from, recorded_at, "
    "recorded_by, voids_id, release_id) select pack_code, place_id, live_from, recorded_at, 'x', id, "
    "release_id from pack_activation where release_id is not null and place_id = {place}",
}


async def found(world: ReleaseWorld) -> list[str]:
    report = await verify(world.chain.database)
    return [result.check for result in report.results if result.differences]


async def test_what_releases_write_is_what_they_plan(world: ReleaseWorld) -> None:
    first = await world.scheduled(("west", MORNING), ("HQ", "2026-03-03T12:00"))
    assert await found(world) == []
    world.later(days=2)
    await world.roll_back(first, "east-1")
    assert await found(world) == []
    await world.scheduled(("HQ", "2026-03-06T08:00", "2026-03-09T00:00"), points=60)
    await world.approved("HQ", points=70)
    assert await found(world) == []
    world.later(days=10)
    async with world.chain.database.begin() as session:  # nobody's release looks at these before its next act
        east = world.place("east-1")
        await rules.activate(session, PACK, 1, place_id=east, live_from=NOW, actor=ACTOR, at=world.at)
        new = NewPlace(new_id(), "west", "store", "west-9", "West 9", time_zone="Asia/Shanghai")
        await open_places(session, [new], ACTOR, world.at + timedelta(hours=1))
    assert await found(world) == []


@pytest.mark.parametrize("tampering", TAMPERING.values(), ids=TAMPERING.keys())
async def test_what_differs_from_a_plan_is_named(world: ReleaseWorld, tampering: str) -> None:
    await world.scheduled(("HQ", MORNING))
    async with world.chain.database.begin() as session:
        await session.execute(text("set local session_replication_role = replica"))
        await session.execute(text(tampering.format(place=f"'{world.place('west')}'")))
    assert await found(world) == ["release_plans"]
