"""The features are what a till's rules would see of each member at the stated instant, whatever came."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from small_chain import ACTOR, MONDAY, OPENED, SmallChain, line
from sqlalchemy import text, update

from regulars.analytics.verification import CHECKS, differences
from regulars.lifecycle import repository as lifecycle
from regulars.lifecycle.window import WINDOW
from regulars.purchases.attribution import attribute_purchase
from regulars.security.scope import EVERYWHERE
from regulars.segments import repository
from regulars.segments.checking import check_condition
from regulars.segments.domain import Question
from regulars.segments.features import FEATURES
from regulars.segments.refreshing import refresh
from regulars.segments.repository import Asked
from regulars.segments.tables import member_feature, member_feature_state

DAY = timedelta(days=1)


async def bring_to(chain: SmallChain, at: datetime, **how: Any) -> bool:
    async with chain.database.begin() as session:
        return await refresh(session, at, **how)


async def features(chain: SmallChain) -> dict[UUID, Mapping[str, Any]]:
    """Every member's features by path, as the rows of a segment have them."""
    same = [{"===": [{"var": path}, {"var": path}]} for path in FEATURES if path != "member.tags"]
    every = check_condition({"or": [*same, {"in": ["", {"var": "member.tags"}]}]})
    async with chain.database.read() as session:
        state = await repository.state(session)
        assert state is not None
        read = tuple(FEATURES[path] for path in every.paths)
        found = repository.in_order_of_key(session, Asked(EVERYWHERE, every, read, Question(), state))
        return {row.member_id: row.facts async for batch in found for row in batch}


async def counted_anew(chain: SmallChain, at: datetime) -> dict[UUID, Mapping[str, Any]]:
    """The same from purchases and standings, the long way."""
    bought: dict[UUID, list[tuple[datetime, int]]] = {}
    async with chain.database.read() as session:
        standings = await lifecycle.peek(session, list(chain.members.values()))
        rows = await session.execute(
            text(
                "select member_id, occurred_at, sales_minor from purchase where member_id is not null "
                "union all select member_id, occurred_at, sales_minor from purchase_attribution"
            )
        )
        for row in rows:
            bought.setdefault(row.member_id, []).append((row.occurred_at, row.sales_minor))
    made: dict[UUID, Mapping[str, Any]] = {}
    for member_id, locked in standings.items():
        known = [(when, minor) for when, minor in bought.get(member_id, ()) if when <= at]
        window = [minor for when, minor in known if when >= at - WINDOW]
        standing = locked.standing
        made[member_id] = {
            "member.known": True,
            "member.tier": standing.tier,
            "member.stage": standing.stage,
            "member.tags": locked.tags,
            "member.spend_365d_minor": sum(window),
            "member.qualifying_spend_minor": sum(window),
            "member.visits_365d": len(window),
            "member.visits": len(known),
            **lately(known, standing.enrolled_at, at),
            "member.enrolled_days": max(0, (at - standing.enrolled_at) // DAY),
            "member.frozen": standing.frozen_at is not None,
        }
    return made


def lately(known: Sequence[tuple[datetime, int]], enrolled_at: datetime, at: datetime) -> Mapping[str, int]:
    month = [minor for when, minor in known if when >= at - 30 * DAY]
    quarter = [minor for when, minor in known if when >= at - 90 * DAY]
    last_at = max((when for when, _ in known), default=enrolled_at)
    return {
        "member.spend_30d_minor": sum(month),
        "member.visits_30d": len(month),
        "member.spend_90d_minor": sum(quarter),
        "member.visits_90d": len(quarter),
        "member.days_since_visit": max(0, (at - last_at) // DAY),
    }


async def agrees(chain: SmallChain, at: datetime) -> None:
    assert await bring_to(chain, at)
    assert await features(chain) == await counted_anew(chain, at)
    assert await found_by_verify(chain) == []


async def found_by_verify(chain: SmallChain) -> list[str]:
    (check,) = [one for one in CHECKS if one.name == "member_features"]
    async with chain.database.read() as session:
        return [found.subject async for found in differences(session, check)]


async def test_features_follow_every_purchase_and_every_day(chain: SmallChain) -> None:
    regular, rare = (
        await chain.join("Regular", tags=["staff", "vip-1"]),
        await chain.join("Rare", store="west-1"),
    )
    await chain.join("Never")
    await agrees(chain, OPENED)
    for week in range(60):
        at = OPENED + timedelta(days=7 * week, hours=10)
        await chain.buy(regular, line(1_000 + week), occurred_at=at)
        if week % 25 == 0:
            await chain.buy(rare, line(70_000), occurred_at=at)
        if week % 6 == 0:
            await agrees(chain, at + DAY)
    for days in (0, 27, 28, 29, 30, 87, 88, 89, 200, 363, 364, 365, 366, 800):
        await agrees(chain, at + 2 * DAY + timedelta(days=days))


async def test_a_purchase_counts_until_365_days_have_passed_to_the_microsecond(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(500), occurred_at=MONDAY)
    await bring_to(chain, MONDAY + WINDOW)
    assert (await features(chain))[member]["member.visits_365d"] == 1
    await bring_to(chain, MONDAY + WINDOW + timedelta(microseconds=1))
    assert (await features(chain))[member]["member.visits_365d"] == 0
    assert (await features(chain))[member]["member.visits"] == 1


async def test_a_short_window_ends_to_the_microsecond_though_nobody_buys(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(500), occurred_at=MONDAY)
    for days in (30, 90):
        end = MONDAY + timedelta(days=days)
        await bring_to(chain, end)
        found = (await features(chain))[member]
        assert (found[f"member.visits_{days}d"], found[f"member.spend_{days}d_minor"]) == (1, 500)
        await bring_to(chain, end + timedelta(microseconds=1))
        found = (await features(chain))[member]
        assert (found[f"member.visits_{days}d"], found[f"member.spend_{days}d_minor"]) == (0, 0)
        assert found["member.days_since_visit"] == days
    assert await found_by_verify(chain) == []


async def test_what_an_older_program_gathered_is_gathered_anew(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(500), occurred_at=MONDAY)
    await bring_to(chain, MONDAY)
    async with chain.database.begin() as session:  # it knows neither the new columns nor their mark
        await session.execute(update(member_feature).values(visits_30d=0, last_visit_us=0))
        own = text("pg_current_xact_id()::text::bigint")
        await session.execute(update(member_feature_state).values(written_xid=own))
    assert await bring_to(chain, MONDAY + timedelta(seconds=1), unless_newer_than=timedelta(minutes=1))
    assert (await features(chain))[member]["member.visits_30d"] == 1
    assert await found_by_verify(chain) == []


async def test_what_an_older_program_gathered_is_gathered_anew_by_a_clock_that_is_behind(
    chain: SmallChain,
) -> None:
    member = await chain.join()
    await chain.buy(member, line(500), occurred_at=MONDAY)
    await chain.buy(member, line(300), occurred_at=MONDAY + 20 * DAY)
    as_of = MONDAY + 40 * DAY
    await bring_to(chain, as_of)
    assert not await bring_to(chain, as_of - timedelta(seconds=1))
    async with chain.database.begin() as session:
        await session.execute(update(member_feature).values(visits_30d=0, last_visit_us=0))
        await session.execute(update(member_feature_state).values(whole_xid=None))
    assert await bring_to(chain, as_of - timedelta(seconds=1), unless_newer_than=timedelta(minutes=1))
    assert await features(chain) == await counted_anew(chain, as_of)
    assert not await bring_to(chain, as_of)
    assert await found_by_verify(chain) == []


async def test_late_and_attributed_purchases_count_as_what_they_are(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(500), occurred_at=MONDAY)
    await agrees(chain, MONDAY + DAY)
    await chain.post(chain.basket(member, line(40), occurred_at=MONDAY - 20 * DAY), at=MONDAY + DAY)
    await agrees(chain, MONDAY + 2 * DAY)
    alone = await chain.buy(None, line(7_000), occurred_at=MONDAY)
    async with chain.database.begin() as session:
        await attribute_purchase(session, chain.desk, alone.purchase_id, member, ACTOR, MONDAY + 3 * DAY)
    for days in (3, 10, 11, 30, 70, 71, 90, 91, 344, 345, 365, 366):
        await agrees(chain, MONDAY + timedelta(days=days, hours=1))


async def test_a_purchase_from_a_till_whose_clock_runs_ahead_counts_when_its_time_comes(
    chain: SmallChain,
) -> None:
    member = await chain.join()
    await chain.buy(member, line(500), occurred_at=MONDAY)
    ahead = MONDAY + timedelta(minutes=1)
    await chain.post(chain.basket(member, line(9), occurred_at=ahead), at=MONDAY)
    for seconds in (0, 59, 60, 61):
        await agrees(chain, MONDAY + timedelta(seconds=seconds))
    assert (await features(chain))[member]["member.visits"] == 2


async def test_only_members_whose_history_changed_are_written(chain: SmallChain) -> None:
    quiet, busy = await chain.join("Quiet"), await chain.join("Busy")
    await chain.buy(quiet, line(500), occurred_at=MONDAY)
    await bring_to(chain, MONDAY)
    before = await written_by(chain)
    await chain.buy(busy, line(500), occurred_at=MONDAY + DAY)
    await bring_to(chain, MONDAY + DAY)
    after = await written_by(chain)
    assert await found_by_verify(chain) == []
    assert after[quiet] == before[quiet]
    assert after[busy] != before[busy]


async def test_what_was_under_way_during_a_refresh_is_seen_by_the_next(chain: SmallChain) -> None:
    member, other = await chain.join("Slow"), await chain.join("Quick")
    await bring_to(chain, OPENED + DAY)
    async with chain.database.begin() as slow:
        await slow.execute(text("update member set tags = '{late}' where id = :id"), {"id": member})
        await chain.buy(other, line(500), occurred_at=MONDAY)
        await bring_to(chain, MONDAY)
        assert (await features(chain))[member]["member.tags"] == ()
    await bring_to(chain, MONDAY + DAY)
    assert (await features(chain))[member]["member.tags"] == ("late",)


async def test_a_restored_database_gathers_everything_anew(chain: SmallChain) -> None:
    member = await chain.join()
    await bring_to(chain, OPENED)
    async with chain.database.begin() as session:  # as a restore does: rows of transactions of its own
        await session.execute(update(member_feature_state).values(seen_xid=4_000_000_000))
        await session.execute(update(member_feature).values(visits=77))
    assert await found_by_verify(chain) == []  # it cannot know; the next refresh mends it
    await bring_to(chain, MONDAY)
    assert (await features(chain))[member]["member.visits"] == 0


async def test_verify_finds_a_feature_that_history_does_not_say(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(500), occurred_at=MONDAY)
    await agrees(chain, MONDAY + DAY)
    async with chain.database.begin() as session:
        await session.execute(update(member_feature).values(spend_365d_minor=501))
    assert await found_by_verify(chain) == [str(member)]
    await chain.buy(member, line(500), occurred_at=MONDAY + DAY)
    assert await found_by_verify(chain) == []  # due to be gathered again, and not yet wrong


async def test_features_never_go_back_and_fresh_ones_are_left_alone(chain: SmallChain) -> None:
    await chain.join()
    assert await bring_to(chain, MONDAY)
    assert not await bring_to(chain, MONDAY - DAY)
    assert not await bring_to(chain, MONDAY + timedelta(seconds=59), unless_newer_than=timedelta(minutes=1))
    assert await bring_to(chain, MONDAY + timedelta(seconds=60), unless_newer_than=timedelta(minutes=1))


async def test_two_at_once_are_one(chain: SmallChain) -> None:
    await chain.join()
    async with chain.database.begin() as first:
        assert await refresh(first, MONDAY)
        assert not await bring_to(chain, MONDAY + DAY)
    assert await bring_to(chain, MONDAY + DAY)


async def test_members_about_whom_time_has_yet_to_decide_are_told_of(chain: SmallChain) -> None:
    member = await chain.join()
    await chain.buy(member, line(500), occurred_at=MONDAY)
    await bring_to(chain, MONDAY + DAY)
    async with chain.database.read() as session:
        now = await repository.state(session)
    await bring_to(chain, MONDAY + 400 * DAY)
    async with chain.database.read() as session:
        later = await repository.state(session)
    assert now is not None
    assert later is not None
    assert (now.undecided_members, later.undecided_members) == (0, 1)


async def written_by(chain: SmallChain) -> dict[UUID, int]:
    """Which transaction wrote each member's features."""
    async with chain.database.read() as session:
        rows = await session.execute(text("select member_id, xmin::text::bigint as xid from member_feature"))
        return {UUID(str(row.member_id)): row.xid for row in rows}
