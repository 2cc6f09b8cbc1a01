"""Another version instead: stages that its days of silence had led to become what other days make of them."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any

import orjson
from care_pack import CARE
from hypothesis import given, settings
from hypothesis import strategies as st
from rehearsal.test_live_equals_history import assert_no_difference, replay_all
from rehearsal.test_reversing import NOON, member_time
from small_chain import MONDAY, OPENED, PACKS, line
from undoing.test_asides_corrected import publish, stage
from undoing.world import DAY, Undoing

from regulars.entrypoints.explaining import prove_in
from regulars.explanation.event_service import explain_event
from regulars.explanation.shelf import Shelf
from regulars.lifecycle.advance import MemberTime, Reign, Reigns
from regulars.lifecycle.domain import SILENCES, bought
from regulars.lifecycle.service import advance
from regulars.lifecycle.tag_ending import reached
from regulars.rules.domain import LifecyclePlan
from regulars.security.scope import EVERYWHERE
from regulars.undoing.service import list_items
from regulars.undoing.silences import reigned_until, spoken_again
from regulars.undoing.working import work_through

WRONG, RIGHT = "care/2", "care/1"


def silent_after(at_risk: int, lapse: int) -> dict[str, Any]:
    document: dict[str, Any] = deepcopy(CARE)
    document["lifecycle"] |= {"at_risk_after_days": at_risk, "lapse_after_days": lapse}
    return document


async def pass_time(undoing: Undoing, days: float) -> None:
    """Time decides what has fallen due by then."""
    undoing.at = MONDAY + days * DAY
    desk = undoing.chain.desk
    async with undoing.chain.database.begin() as session:
        members = list(undoing.chain.members.values())
        await advance(session, desk.packs, desk.places, members, undoing.at, undoing.at)


async def stages(undoing: Undoing) -> dict[str, str]:
    return {name: await stage(undoing, who) for name, who in undoing.chain.members.items()}


async def buy(undoing: Undoing, name: str, day: float) -> None:
    at = MONDAY + day * DAY
    member = undoing.chain.members[name]
    await undoing.chain.post(undoing.chain.basket(member, line(5_000), occurred_at=at), at=at)


async def test_stages_become_what_the_days_of_the_other_version_make_of_them(undoing: Undoing) -> None:
    await publish(undoing, silent_after(30, 60), OPENED)
    await publish(undoing, silent_after(3, 6), MONDAY)
    for name in ("Ann", "Bob", "Cid", "Dan"):
        await undoing.chain.join(name)
        await buy(undoing, name, 0)
    await buy(undoing, "Bob", 4)  # comes back
    await pass_time(undoing, 8)
    assert await stages(undoing) == {"Ann": "lapsed", "Bob": "at_risk", "Cid": "lapsed", "Dan": "lapsed"}
    live = await undoing.order(WRONG, to_version=1)
    assert live.state == "empty"  # its days still count
    assert live.preview is not None
    assert live.preview["silences_live"] == 4
    await publish(undoing, silent_after(30, 60), MONDAY + 10 * DAY)  # rolled back
    undoing.at = MONDAY + 12 * DAY
    order = await undoing.order(WRONG, to_version=1)
    assert order.preview is not None
    assert order.preview["stages"] == {"at_risk → active": 1, "lapsed → active": 3}
    async with undoing.chain.database.read() as session:
        items = await list_items(session, order.id, EVERYWHERE)
    assert {item.purchase_id for item, _ in items} == {None}
    await undoing.approve(order)
    await buy(undoing, "Cid", 12)  # meanwhile
    done = await work_through(undoing.means, order.id)
    assert (done.stages_moved, done.differences) == (3, 1)
    assert set((await stages(undoing)).values()) == {"active"}
    (event,) = await undoing.rows(
        "select id, effective_at, pack_version from lifecycle_event where kind = 'stage_corrected' "
        "and member_id = :who",
        who=undoing.chain.members["Ann"],
    )
    assert (event["effective_at"], event["pack_version"]) == (MONDAY + 10 * DAY, None)
    async with undoing.chain.database.read() as session:
        told = await explain_event(session, Shelf(), undoing.chain.desk.places, event["id"], EVERYWHERE)
    assert "by those of care/1" in " ".join(said.en for said in told.summary)
    assert told.differences == ()
    assert (await undoing.order(WRONG, to_version=1)).state == "empty"
    await pass_time(undoing, 40)
    assert await stages(undoing) == {"Ann": "at_risk", "Bob": "at_risk", "Cid": "active", "Dan": "at_risk"}
    await pass_time(undoing, 61)
    assert (await stages(undoing))["Ann"] == "lapsed"
    assert_no_difference(await replay_all(undoing.chain.database))
    assert (await prove_in(undoing.chain.database, None)).ok
    assert await undoing.verified()


async def test_an_order_about_tiers_puts_tiers_and_stages_right(undoing: Undoing) -> None:
    right = orjson.loads((PACKS / "classic-tiers" / "pack.json").read_text())
    wrong = deepcopy(right) | {"cases": right["cases"][:1]}
    for name, value in (("silver_spend_minor", 5_000), ("at_risk_after_days", 3), ("lapse_after_days", 6)):
        wrong["parameters"][name]["value"] = value
    await publish(undoing, wrong, MONDAY)
    for name in ("Ann", "Bob"):
        await undoing.chain.join(name)
        await buy(undoing, name, 0)
    await buy(undoing, "Bob", 9)
    await pass_time(undoing, 10)
    await publish(undoing, right, MONDAY + 11 * DAY)
    undoing.at = MONDAY + 12 * DAY
    done = await undoing.do("classic-tiers/2", to_version=1)
    assert (done.tiers_moved, done.stages_moved, done.differences) == (2, 1, 0)
    assert await stages(undoing) == {"Ann": "active", "Bob": "active"}
    assert_no_difference(await replay_all(undoing.chain.database))
    assert await undoing.verified()


Days = tuple[int, int]
DAYS = st.tuples(st.integers(1, 12), st.integers(1, 12)).map(lambda two: (two[0], two[0] + two[1]))


def plan(name: str, days: Days) -> LifecyclePlan:
    return LifecyclePlan("tiers/1", (), 365, *days, 1_000, 1_000, name)


def lived(purchases: Sequence[int], reigns: Reigns, until: datetime) -> MemberTime:
    time = member_time()
    time.reigns = reigns
    for day in purchases:
        at = NOON + day * DAY
        time.advance(at)
        time.take(*bought(time.standing, at, time.reigns(at).plan))
    time.advance(until)
    return time


def reigning(right: LifecyclePlan, wrong: LifecyclePlan, since: datetime, until: datetime) -> Reigns:
    def reigns(at: datetime) -> Reign:
        if at < since:
            return Reign(right, since, lambda *_: None)
        return Reign(wrong, until, lambda *_: None) if at < until else Reign(right, None, lambda *_: None)

    return reigns


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(0, 40), max_size=5).map(sorted),
    DAYS,
    DAYS,
    st.integers(0, 40),
    st.integers(1, 20),
    st.integers(0, 30),
    st.integers(0, 30),
)
def test_whoever_is_silent_stands_as_had_the_other_days_always_counted(
    purchases: list[int], right: Days, wrong: Days, begun: int, lasted: int, undone: int, later: int
) -> None:
    since, until = NOON + begun * DAY, NOON + (begun + lasted) * DAY
    at, end = until + undone * DAY, until + (undone + later) * DAY
    before = [day for day in purchases if NOON + day * DAY <= at]
    reigns = reigning(plan(RIGHT, right), plan(WRONG, wrong), since, until)
    time = lived(before, reigns, at)
    last = [event for event in time.events if event.stage_to is not None][-1]
    decided = reached(time.standing, time.window.as_of)
    if last.pack_version == WRONG and last.kind in SILENCES:
        off = reigned_until(reigns, WRONG, decided, at)
        assert off is not None
        to = spoken_again(time.standing, plan(RIGHT, right), plan(RIGHT, right), off, {})
        if to is not None:
            time.take(to[0], [to[1]])
    time.advance(end)
    as_if = lived(before, lambda _: Reign(plan(RIGHT, right), None, lambda *_: None), end)
    assert time.standing.stage == as_if.standing.stage


def test_days_that_still_count_are_let_be() -> None:
    since, until = NOON + DAY, NOON + 9 * DAY
    reigns = reigning(plan(RIGHT, (9, 20)), plan(WRONG, (2, 5)), since, until)
    assert reigned_until(reigns, WRONG, since, until - DAY) is None
    assert reigned_until(reigns, WRONG, since, until) == until
    assert reigned_until(reigns, WRONG, NOON, until) == NOON
