"""All that a version did can be listed, and only what it did; its points are found in their own lots."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import orjson
import pytest
from budget_world import money, publish, publish_tenth
from small_chain import MONDAY, line, open_small_chain
from sqlalchemy import text
from undoing.world import DAY, Undoing, give_points

from regulars.db.session import Database
from regulars.kernel import clock
from regulars.outlays.acts import stretch_before
from regulars.outlays.following import Portion, follow
from regulars.purchases.domain import Discount
from regulars.undoing import service
from regulars.undoing.domain import Effect, EffectKey, EffectKind, EffectPage, Reach
from regulars.undoing.effect_pages import Patience


async def effects(undoing: Undoing, version: str, kind: EffectKind, **reach: Any) -> list[Effect]:
    async with undoing.chain.database.read() as session:
        meant = Reach(version, reach.pop("place_paths", ("",)), reach.pop("since", None), None)
        return list((await service.list_effects(session, meant, kind, **reach)).effects)


async def counted(undoing: Undoing, most: int) -> int | None:
    async with undoing.chain.database.read() as session:
        return await service.count_effects(session, Reach("gift/1", ("",), None, None), "award", most=most)


async def test_awards_are_listed_by_place_and_page(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    ann = await chain.join("Ann")
    for day in range(3):
        await chain.buy(ann, line(1_000 * (day + 1)), occurred_at=MONDAY + day * DAY)
    found = await effects(undoing, "gift/1", "award")
    assert [(one.amount, one.rule_id, one.member_id) for one in found] == [
        (amount, "base", ann) for amount in (30, 20, 10)
    ]
    first = await effects(undoing, "gift/1", "award", limit=2)
    last = first[-1]
    rest = await effects(undoing, "gift/1", "award", after=(last.at, last.id, last.rule_id))
    assert [*first, *rest] == found
    assert (await counted(undoing, 9), await counted(undoing, 2)) == (3, 2)
    west = chain.desk.places.store(chain.stores["west-1"]).path
    assert await effects(undoing, "gift/1", "award", place_paths=(west,)) == []
    assert await effects(undoing, "gift/2", "award") == []


async def test_discounts_charged_in_its_name_are_listed_and_totalled_never_reversed(undoing: Undoing) -> None:
    chain = undoing.chain
    await publish_tenth(chain, money(1_000_000))
    taken_off = Discount("pack:tenth/1#off", "chain", 100)
    charged = line(900, list_minor=1_000, discount_minor=100, discounts=(taken_off,))
    await chain.buy(await chain.join("Ann"), charged)
    await chain.buy(None, charged, occurred_at=MONDAY + DAY)
    assert [one.amount for one in await effects(undoing, "tenth/1", "discount")] == [100, 100]
    assert await effects(undoing, "tenth/1", "refusal") == []
    undo = await undoing.order("tenth/1")
    assert undo.state == "empty"
    assert undo.preview is not None
    assert (undo.preview["discounts"], undo.preview["discount_minor"]) == (2, 200)


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_looking_for_few_discounts_stops_and_goes_on_where_it_stopped(
    undoing: Undoing, limit: int
) -> None:
    chain = undoing.chain
    await publish_tenth(chain, money(1_000_000))
    taken_off = Discount("pack:tenth/1#off", "chain", 100)
    charged = line(900, list_minor=1_000, discount_minor=100, discounts=(taken_off,))
    bought = [await chain.buy(None, charged if number % 4 == 0 else line(700)) for number in range(9)]
    found: list[UUID] = []
    stops: list[datetime] = []
    after: EffectKey | None = None
    for _ in range(20):
        async with chain.database.read() as session:
            meant = Reach("tenth/1", ("",), None, None)
            page = await service.list_effects(
                session, meant, "discount", after=after, limit=limit, patience=Patience(1, 0)
            )
        found += [one.id for one in page.effects]
        stops += [page.looked_back_to] if page.looked_back_to else []
        after = page.next_after
        if after is None:
            break
    assert found == [bought[number].purchase_id for number in (8, 4, 0)]
    assert len(stops) >= 3
    assert stops == sorted(stops, reverse=True)


@pytest.mark.parametrize("kind", ["discount", "award"])
async def test_hours_in_which_a_version_did_nothing_are_passed_over_once_added_up(
    undoing: Undoing, kind: EffectKind
) -> None:
    chain, begun = undoing.chain, clock.now()
    await publish_tenth(chain, money(1_000_000))
    await give_points(chain)
    ann, charged = await chain.join("Ann"), Discount("pack:tenth/1#off", "chain", 100)
    for hour in range(30):
        drawn = count((_millis(begun + timedelta(hours=hour)) << 80) + 1)
        chain.desk = replace(chain.desk, new_id=lambda drawn=drawn: UUID(int=next(drawn)))
        acts = hour in (3, 4)
        bought = line(900, list_minor=1_000, discount_minor=100, discounts=(charged,)) if acts else line(1)
        await chain.buy(ann if acts else None, bought)
    version = "tenth/1" if kind == "discount" else "gift/1"
    before = await pages_of(undoing, version, kind)
    async with chain.database.begin() as session:
        await follow(session, begun + timedelta(days=3))
    after = await pages_of(undoing, version, kind)
    assert [one.id for page in after for one in page.effects] == [
        one.id for page in before for one in page.effects
    ]
    assert sum(len(page.effects) for page in after) == 2
    assert len(after) <= 4
    assert len(before) > 25 or kind == "award"
    first = next(one.id for page in after for one in page.effects)
    async with chain.database.read() as session:
        assert await stretch_before(session, version, "refusal", ("",), first) is None


@pytest.mark.parametrize("kind", ["discount", "award"])
async def test_who_sees_one_small_place_does_not_read_what_all_others_did(
    undoing: Undoing, kind: EffectKind
) -> None:
    chain, begun = undoing.chain, clock.now() - timedelta(days=3)
    await publish_tenth(chain, money(1_000_000))
    await give_points(chain)
    ann, charged = await chain.join("Ann"), Discount("pack:tenth/1#off", "chain", 100)
    bought = line(900, list_minor=1_000, discount_minor=100, discounts=(charged,))
    west = {"store_id": chain.stores["west-1"], "terminal_id": chain.tills["west-1-t1"]}
    for hour in range(30):
        drawn = count((_millis(begun + timedelta(hours=hour)) << 80) + 1)
        chain.desk = replace(chain.desk, new_id=lambda drawn=drawn: UUID(int=next(drawn)))
        await chain.buy(ann, bought, **(west if hour == 2 else {}))
    version = "tenth/1" if kind == "discount" else "gift/1"
    path = chain.desk.places.store(chain.stores["west-1"]).path
    before = await pages_of(undoing, version, kind, path)
    async with chain.database.begin() as session:
        assert await follow(session, clock.now(), Portion(rows=15)) == "going_on"
    halfway = await pages_of(undoing, version, kind, path)
    assert [page.effects for page in halfway if page.effects] == [p.effects for p in before if p.effects]
    assert len(halfway) < len(before)
    for told in ("going_on", "up_to_date"):
        async with chain.database.begin() as session:
            assert await follow(session, clock.now()) == told
    after = await pages_of(undoing, version, kind, path)
    assert [one.id for page in after for one in page.effects] == [
        one.id for page in before for one in page.effects
    ]
    assert sum(len(page.effects) for page in after) == 1
    assert (len(before) > 25, len(after) <= 2) == (True, True)
    assert sum(len(page.effects) for page in await pages_of(undoing, version, kind)) == 30


async def pages_of(undoing: Undoing, version: str, kind: EffectKind, path: str = "") -> list[EffectPage]:
    """All pages, each of which ends after one step."""
    found: list[EffectPage] = []
    while not found or found[-1].next_after is not None:
        async with undoing.chain.database.read() as session:
            after = found[-1].next_after if found else None
            reach = Reach(version, (path,), None, None)
            found.append(
                await service.list_effects(session, reach, kind, after=after, patience=Patience(1, 0))
            )
    return found


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


async def test_moves_and_refusals_are_listed(undoing: Undoing) -> None:
    chain = undoing.chain
    ann = await chain.join("Ann")
    await chain.buy(ann, line(500_000))
    moves = await effects(undoing, "classic-tiers/1", "move")
    assert {move.member_id for move in moves} == {ann}
    assert "upgraded" in {move.what.split()[0] for move in moves}
    staff = await chain.join("Staff", tags=("staff",))
    await chain.buy(staff, line(1_000))
    (refusal,) = await effects(undoing, "staff-excluded/1", "refusal")
    assert (refusal.member_id, bool(refusal.what)) == (staff, True)


async def test_what_a_limit_cut_is_no_refusal(undoing: Undoing) -> None:
    chain = undoing.chain
    await publish_tenth(chain, money(60))
    await chain.buy(await chain.join("Ann"), line(1_000))
    async with chain.database.read() as session:
        (note,) = await session.scalars(text(_NOTE))
    assert note.startswith("limited:")
    assert await effects(undoing, "tenth/1", "refusal") == []


_NOTE = """
select r.value->>'note' from purchase p cross join lateral jsonb_array_elements(p.evaluation->'rules') r
where r.value->>'pack' = 'tenth/1' and (r.value->>'applied')::boolean
"""


@pytest.mark.parametrize("shorter", [True, False])
async def test_equal_awards_of_two_packs_are_told_apart_by_their_own_dates(
    database: Database, shorter: bool
) -> None:
    chain = await open_small_chain(database, packs=("classic-tiers",))
    async with database.begin() as session:
        await chain.desk.places.refresh(session)
    undoing = Undoing(chain)
    await give_points(chain, "gift", valid_days=20 if shorter else 60)
    await give_points(chain, "other", valid_days=60 if shorter else 20)
    ann = await chain.join("Ann")
    await chain.buy(ann, line(1_000))
    await undoing.do("gift/1")
    assert await open_lots(undoing, ann) == [60 if shorter else 20]
    assert await undoing.verified()


async def open_lots(undoing: Undoing, member_id: UUID) -> list[int]:
    """In how many days the member's open lots expire."""
    rows = await undoing.rows(
        "select expires_at::date - available_at::date as days from lot where account_id = :who "
        "and amount > coalesce((select sum(amount) from lot_consumption where lot_id = lot.id), 0)",
        who=member_id,
    )
    return [row["days"] for row in rows]


async def test_two_versions_of_one_pack_are_undone_apart(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    ann = await chain.join("Ann")
    await chain.buy(ann, line(1_000))
    rows = await undoing.rows("select document from pack_version where code = 'gift'")
    document = orjson.loads(rows[0]["document"])
    document["rules"][0]["then"]["earn"]["per"] = 50
    await publish(chain, orjson.dumps(document), live_from=MONDAY + DAY)
    await chain.buy(ann, line(1_000), occurred_at=MONDAY + 2 * DAY)
    undone = await undoing.do("gift/2")
    assert undone.points_taken == 20
    assert (await undoing.balances())["Ann"] == 10 + 10 + 10
    assert await undoing.verified()
