"""What a member did lately: read at the till, late, in reviews, explained, rehearsed, asked by segments."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from budget_world import KEY, LIFE, WORDS, pack, publish
from rehearsal.test_live_equals_history import assert_no_difference, replay_all
from segments.test_features import agrees
from small_chain import ACTOR, MONDAY, PACKS, SmallChain, line
from sqlalchemy import text

from regulars.entrypoints.explaining import prove_in
from regulars.entrypoints.verifying import verify
from regulars.explanation import trying
from regulars.explanation.as_case import expected_of, given_of
from regulars.explanation.service import explain_purchase
from regulars.explanation.shelf import Shelf
from regulars.lifecycle import repository as lifecycle
from regulars.lifecycle.service import advance
from regulars.purchases.attribution import attribute_purchase
from regulars.purchases.desk import Recorded
from regulars.purchases.evaluation import Reading
from regulars.purchases.quoting import quote
from regulars.rehearsal import reading_repository
from regulars.rehearsal.drafts import Draft, RehearsedPacks
from regulars.rehearsal.history import Bought, Corrected, TakenBack
from regulars.rehearsal.limited import Limits
from regulars.rehearsal.replay import Stage, replay_member
from regulars.rehearsal.running import stored_rules
from regulars.rules.catalogue import BUILT_IN
from regulars.rules.checker import examine
from regulars.rules.domain import RECENT_FACTS, PackVersion
from regulars.security.scope import EVERYWHERE

DAY = timedelta(days=1)
START = MONDAY - 400 * DAY
KINDS = ("spend_30d_minor", "visits_30d", "spend_90d_minor", "visits_90d", "days_since_visit")


def earning(fact: str) -> dict[str, Any]:
    """As many points as the fact says."""
    earn = {"unit": "points", "amount": {"var": f"member.{fact}"}, "per": 1, "valid_days": 3_650}
    return {"id": fact.replace("_", "-"), "order": 10, "title": WORDS, "when": True, "then": {"earn": earn}}


def lately() -> bytes:
    """A pack that gives as many points as all of these facts come to."""
    rules = [earning(fact) | {"order": number} for number, fact in enumerate(KINDS, 1)]
    found = orjson.loads(pack("lately", "earning", "base", {}, ()))
    del found["limits"]
    cases = [
        {
            "name": WORDS,
            "given": {"member": {fact: 7}},
            "expect": {"points": 7, "awards": {fact.replace("_", "-"): 7}},
        }
        for fact in KINDS
    ]
    return orjson.dumps(found | {"rules": rules, "cases": cases})


def tiers_of_regulars() -> bytes:
    """The classic tiers, of which only members keep any who came twice in the last 90 days."""
    found = orjson.loads((PACKS / "classic-tiers" / "pack.json").read_text())
    for rule in found["rules"]:
        rule["when"]["and"].append({">=": [{"var": "member.visits_90d"}, 2]})
    for case in found["cases"]:
        case["given"].setdefault("member", {})["visits_90d"] = 2
    return orjson.dumps(found)


def counted(bought: Sequence[tuple[datetime, int]], enrolled_at: datetime, at: datetime) -> dict[str, int]:
    """The facts by counting: of purchases of lower number that occurred by then."""
    past = [(when, minor) for when, minor in bought if when <= at]
    month = [minor for when, minor in past if when >= at - 30 * DAY]
    quarter = [minor for when, minor in past if when >= at - 90 * DAY]
    last_at = max((when for when, _ in past), default=enrolled_at)
    values = (sum(month), len(month), sum(quarter), len(quarter), max(0, (at - last_at) // DAY))
    return dict(zip(RECENT_FACTS, values, strict=True))


async def records(chain: SmallChain) -> list[Mapping[str, Any]]:
    """Every purchase that a member has, in the order of recording."""
    async with chain.database.read() as session:
        rows = await session.execute(
            text(
                "select p.id, coalesce(p.member_id, a.member_id) as member_id, p.occurred_at, p.sales_minor, "
                "coalesce(a.points, p.points) as points, s.enrolled_at, "
                "coalesce(a.evaluation, p.evaluation)->'facts'->'member' as member "
                "from purchase p left join purchase_attribution a on a.purchase_id = p.id "
                "join standing s on s.member_id = coalesce(p.member_id, a.member_id) "
                "order by coalesce(p.member_id, a.member_id), coalesce(p.seq, a.seq)"
            )
        )
        return [dict(row._mapping) for row in rows]


async def holds(chain: SmallChain) -> int:
    """Each record keeps what counting gives, and the points are what its facts say; how many there are."""
    found = await records(chain)
    before: dict[UUID, list[tuple[datetime, int]]] = {}
    for one in found:
        known = before.setdefault(one["member_id"], [])
        expected = counted(known, one["enrolled_at"], one["occurred_at"])
        assert {name: one["member"][name] for name in RECENT_FACTS} == expected
        assert one["points"] == sum(expected.values())
        known.append((one["occurred_at"], one["sales_minor"]))
    return len(found)


async def a_life(chain: SmallChain) -> tuple[UUID, UUID]:
    """Two members: months of purchases, silences, several of a list and of an instant, late, attributed."""
    busy = await chain.join("Busy", at=START)
    rare = await chain.join("Rare", at=START + 10 * DAY, store="west-1")
    for number, days in enumerate((3, 4, 33, 34, 93, 94, 124, 180, 181, 182, 300, 390)):
        await chain.buy(busy, line(1_000 + number), occurred_at=START + days * DAY)
    together = [chain.basket(busy, line(50), occurred_at=START + (391 + i // 2) * DAY) for i in range(4)]
    await chain.post(*together)
    await chain.buy(rare, line(2), occurred_at=START + 120 * DAY)
    for days in (211, 390, 5, 364):  # offline tills deliver at last
        basket = chain.basket(busy, line(300 + days), occurred_at=START + days * DAY + timedelta(hours=1))
        await chain.post(basket, at=MONDAY)
    owner_later = await chain.buy(None, line(77), occurred_at=MONDAY - 20 * DAY)
    async with chain.database.begin() as session:
        await attribute_purchase(session, chain.desk, owner_later.purchase_id, busy, ACTOR, MONDAY + DAY)
    for days in (2, 29, 61):
        await chain.buy(busy, line(9), occurred_at=MONDAY + days * DAY)
        await chain.buy(rare, line(9), occurred_at=MONDAY + (days + 90) * DAY)
    return busy, rare


@pytest.fixture
def chain_packs() -> tuple[str, ...]:
    return ("staff-excluded",)


async def test_what_was_done_lately_is_the_same_at_the_till_in_explanation_rehearsal_and_segments(
    chain: SmallChain,
) -> None:
    await publish(chain, lately())
    await publish(chain, tiers_of_regulars())
    await a_life(chain)
    assert await holds(chain) == 16 + 1 + 4 + 1 + 6
    await chain.buy(None, line(500), occurred_at=MONDAY + 200 * DAY)
    kept, lost = await two_silver_members(chain)
    proof = await prove_in(chain.database, None)
    assert (proof.purchases, proof.disagreeing) == (38, 0), proof.shown
    assert_no_difference(await replay_all(chain.database))
    await agrees(chain, MONDAY + 370 * DAY)
    assert (await verify(chain.database)).ok
    async with chain.database.read() as session:
        standings = await lifecycle.peek(session, [kept, lost])
    assert [standings[one].standing.tier for one in (kept, lost)] == ["silver", "base"]


async def two_silver_members(chain: SmallChain) -> tuple[UUID, UUID]:
    """Both spent enough for the tier year; one came twice in its last 90 days, the other did not."""
    kept, lost = await chain.join("Kept"), await chain.join("Lost")
    for member in (kept, lost):
        for days, minor in enumerate((20_000, 40_000, 150_000)):
            await chain.buy(member, line(minor), occurred_at=MONDAY + days * DAY)
    for member, days in ((kept, 280), (kept, 366), (lost, 200)):
        await chain.buy(member, line(10), occurred_at=MONDAY + days * DAY)
    async with chain.database.begin() as session:
        to = MONDAY + 368 * DAY
        await advance(session, chain.desk.packs, chain.desk.places, [kept, lost], to, to)
    return kept, lost


async def test_a_quote_tells_what_the_purchase_will_read(chain: SmallChain) -> None:
    await publish(chain, lately())
    member = await chain.join()
    await chain.buy(member, line(40), occurred_at=MONDAY - 31 * DAY)
    await chain.buy(member, line(2), occurred_at=MONDAY - 7 * DAY)
    async with chain.database.read() as session:
        offer = await quote(session, chain.desk, chain.basket(member, line(5)), KEY, LIFE, MONDAY)
    bought = await chain.buy(member, line(5))
    assert bought.receipt["points"] == offer.outcome["points"] == 2 + 1 + 42 + 2 + 7
    read = bought.evaluation["facts"]["member"]
    assert read == {**offer.evaluation["facts"]["member"], "tags": []}
    assert read["days_since_visit"] == 7


async def test_nothing_is_fetched_where_no_live_pack_asks(
    chain: SmallChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = lifecycle.purchases_lately

    async def told(session: Any, since: Mapping[UUID, datetime]) -> Any:
        asked.append(len(since))
        return await real(session, since)

    monkeypatch.setattr(lifecycle, "purchases_lately", told)
    members = [await chain.join("East"), await chain.join("West")]
    await publish(chain, lately(), live_from=MONDAY, place=chain.stores["west-1"])
    east = {"store_id": chain.stores["east-1"], "terminal_id": chain.tills["east-1-t1"]}
    west = {"store_id": chain.stores["west-1"], "terminal_id": chain.tills["west-1-t1"]}
    bought = await chain.buy(members[0], line(), **east)
    assert (asked, "visits_30d" in bought.evaluation["facts"]["member"]) == ([], False)
    await chain.buy(members[0], line(), **west, occurred_at=MONDAY - DAY)
    assert asked == []
    at = {"occurred_at": MONDAY + DAY}
    both = await chain.post(
        *(chain.basket(one, line(), **till, **at) for one in members for till in (west, east))
    )
    assert asked == [2]
    kept = ["visits_30d" in one.evaluation["facts"]["member"] for one in both if isinstance(one, Recorded)]
    assert kept == [True, False, True, False]
    asked_of = [one.purchase_id for one in both if isinstance(one, Recorded)]
    assert [await told_lately(chain, one) for one in asked_of[:2]] == [set(RECENT_FACTS), set()]


async def told_lately(chain: SmallChain, purchase_id: UUID) -> set[str]:
    """Which of these facts the explanation of a purchase tells."""
    async with chain.database.read() as session:
        found = await explain_purchase(session, Shelf(), chain.desk.places, purchase_id, EVERYWHERE)
    return {fact.path.removeprefix("member.") for fact in found.facts} & set(RECENT_FACTS)


async def test_a_draft_is_rehearsed_and_tried_on_purchases_whose_records_say_nothing_of_it(
    chain: SmallChain,
) -> None:
    await a_life(chain)
    found = await records(chain)
    assert not any("visits_30d" in one["member"] for one in found)
    before: dict[UUID, list[tuple[datetime, int]]] = {}
    expected: dict[UUID, dict[str, int]] = {}
    for one in found:
        known = before.setdefault(one["member_id"], [])
        expected[UUID(str(one["id"]))] = counted(known, one["enrolled_at"], one["occurred_at"])
        known.append((one["occurred_at"], one["sales_minor"]))
    rehearsed = await rehearse(chain)
    assert rehearsed == {one: sum(facts.values()) for one, facts in expected.items()}
    async with chain.database.read() as session:
        tried = [
            (await trying.receipt(session, chain.desk.places, one, EVERYWHERE, BUILT_IN)).facts.member
            for one in list(expected)[::5]
        ]
    assert [{name: getattr(member, name) for name in RECENT_FACTS} for member in tried] == list(
        expected.values()
    )[::5]


async def test_a_case_made_of_a_receipt_says_what_was_done_lately_where_its_pack_asks(
    chain: SmallChain,
) -> None:
    member = await chain.join()
    for days in (40, 7, 0):
        bought = await chain.buy(member, line(10 + days), occurred_at=MONDAY - days * DAY)
    async with chain.database.read() as session:
        trial = await trying.receipt(session, chain.desk.places, bought.purchase_id, EVERYWHERE, BUILT_IN)
    report = examine(lately())
    assert report.pack is not None
    assert report.document is not None
    given = given_of(trial, report.pack)
    assert given is not None
    expected = counted([(MONDAY - 40 * DAY, 50), (MONDAY - 7 * DAY, 17)], MONDAY, MONDAY)
    assert {name: given["member"][name] for name in RECENT_FACTS} == expected
    assert expected_of(report.pack, report.document, given)["points"] == sum(expected.values())
    other = examine((PACKS / "staff-excluded" / "pack.json").read_bytes()).pack
    assert other is not None
    told = given_of(trial, other)
    assert told is not None
    assert not set(RECENT_FACTS) & told["member"].keys()


class Points:
    """What each purchase earned in a replay."""

    def __init__(self) -> None:
        self.of: dict[UUID, int] = {}

    def saw(self, bought: Bought, reading: Reading) -> None:
        self.of[UUID(str(bought.purchase_id))] = reading.evaluation.points

    def took_back(self, taken: TakenBack, points: int) -> None:
        raise AssertionError("nothing was undone")

    def corrected(self, given: Corrected, points: int) -> None:
        raise AssertionError("nothing was corrected")


async def rehearse(chain: SmallChain) -> dict[UUID, int]:
    """What the pack would have given for every purchase, had it always been live."""
    document = orjson.loads(lately())
    draft = PackVersion(UUID(int=1), "lately", 1, "earning", "draft", document)
    places = chain.desk.places
    packs = RehearsedPacks(await stored_rules(chain.database), Draft((draft,), chain.hq), places)
    stage, points = Stage(packs, places, Limits()), Points()
    async with chain.database.read() as session:
        await places.refresh(session)
        ids = list(await session.scalars(text("select member_id from standing")))
        async for history in reading_repository.histories(session, ids):
            replay_member(stage, history, points)
    return points.of
