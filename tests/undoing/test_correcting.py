"""What another version would have given is taken or given, to the point, once."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from budget_world import EARN, limit, pack, publish
from hypothesis import given
from hypothesis import strategies as st
from small_chain import MONDAY, PACKS, SmallChain, line
from undoing.world import DAY, Undoing, give_points

from regulars.entrypoints.explaining import prove_in
from regulars.rules.domain import Award
from regulars.rules.errors import UnknownPack
from regulars.undoing.award_lots import AwardLot
from regulars.undoing.correcting import Posted, correction, lots_of

NEXT_YEAR = MONDAY + 300 * DAY


async def mend(chain: SmallChain, per: int, limits: Any = (), **earn: Any) -> None:
    """A second version, live long after all that is bought: one point for each `per` cents."""
    document = orjson.loads(
        pack("gift", "earning", "base", {"earn": EARN["earn"] | earn | {"per": per}}, limits)
    )
    if not limits:
        del document["limits"]
    await publish(chain, orjson.dumps(document), live_from=NEXT_YEAR)


async def entries(undoing: Undoing) -> list[tuple[Any, ...]]:
    """(kind, version, points, days that the lot is valid) of what an order made."""
    rows = await undoing.rows(
        "select e.kind, p.pack_version, p.amount, extract(day from l.expires_at - :monday)::int as days "
        "from ledger_entry e join posting p on p.entry_id = e.id left join lot l on l.entry_id = e.id "
        "where e.kind in ('reverse', 'correct', 'repay') order by e.id, p.leg",
        monday=MONDAY,
    )
    return [tuple(row.values()) for row in rows]


async def test_what_the_other_version_gives_less_is_taken_back(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    await chain.buy(await chain.join("Ann"), line(2_000))
    await mend(chain, per=500)
    undone = await undoing.do(to_version=2)
    assert undone.preview is not None
    assert (undone.preview["takes"], undone.preview["gives"]) == (16, 0)
    assert (undone.points_taken, undone.points_given, undone.differences) == (16, 0, 0)
    assert await entries(undoing) == [("reverse", "gift/1", 16, None)]
    assert (await undoing.balances())["Ann"] == 24
    assert await undoing.verified()


async def test_what_the_other_version_gives_more_is_given_as_the_purchase_dates_it(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, per=10_000)  # nothing for so small a purchase
    await chain.buy(await chain.join("Ann"), line(2_000))
    await mend(chain, per=100, valid_days=90)
    undone = await undoing.do(to_version=2)
    assert undone.preview is not None
    assert (undone.preview["members"], undone.preview["gives"]) == (1, 20)
    assert (undone.points_taken, undone.points_given, undone.differences) == (0, 20, 0)
    assert await entries(undoing) == [("correct", "gift/2", 20, 90)]
    assert (await undoing.balances())["Ann"] == 40
    (due,) = await undoing.rows("select next_expiry_at from standing")
    assert due["next_expiry_at"] == MONDAY + 90 * DAY
    proof = await prove_in(chain.database, None)
    assert (proof.purchases, proof.disagreeing) == (1, 0), proof
    assert await undoing.verified()


async def test_what_would_have_expired_is_valid_as_long_from_now(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, per=10_000)
    await chain.buy(await chain.join("Ann"), line(2_000))
    await mend(chain, per=100, valid_days=4)
    await undoing.do(to_version=2)
    assert await entries(undoing) == [("correct", "gift/2", 20, 14)]
    assert await undoing.verified()


async def test_what_a_version_asks_that_records_do_not_keep_is_answered_from_the_books(
    undoing: Undoing,
) -> None:
    chain = undoing.chain
    await give_points(chain)
    ann = await chain.join("Ann")
    for days in (100, 40, 7, 0):
        await chain.buy(ann, line(2_000), occurred_at=MONDAY - days * DAY)
    await chain.post(chain.basket(ann, line(2_000), occurred_at=MONDAY - 20 * DAY), at=MONDAY)
    await mend(chain, per=1, amount={"var": "member.visits_90d"})
    undone = await undoing.do(to_version=2)
    assert undone.points_taken == (20 - 0) + (20 - 1) + (20 - 2) + (20 - 2) + (20 - 1)
    assert undone.preview is not None
    assert (undone.preview["gives"], undone.differences) == (0, 0)
    assert await undoing.verified()


async def test_correcting_twice_changes_nothing_and_correcting_back_restores(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    ann = await chain.join("Ann")
    await chain.buy(ann, line(2_000))
    await mend(chain, per=50)
    assert (await undoing.do(to_version=2)).points_given == 20
    assert (await undoing.do(to_version=2)).state == "empty"
    assert (await undoing.balances())["Ann"] == 60
    back = await undoing.do(to_version=1)
    assert (back.points_taken, back.points_given, back.differences) == (20, 0, 0)
    assert (await undoing.balances())["Ann"] == 40
    assert (await undoing.do()).points_taken == 20
    assert (await undoing.do(to_version=2)).points_given == 40
    assert (await undoing.balances())["Ann"] == 60
    assert await undoing.verified()


async def test_what_one_correction_gave_another_takes_once_whoever_undoes_it_then(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, per=500)
    await chain.buy(await chain.join("Ann"), line(2_000))
    await mend(chain, per=100)
    assert (await undoing.do(to_version=2)).points_given == 16
    await mend(chain, per=1_000)
    third = await undoing.do(to_version=3)
    assert (third.points_taken, third.differences) == (18, 0)  # of both versions before
    assert (await undoing.balances())["Ann"] == 20 + 2
    assert (await undoing.do("gift/2", "debt")).state == "empty"
    assert (await undoing.do("gift/1", "debt")).points_taken == 2
    assert (await undoing.balances())["Ann"] == 20
    assert (await prove_in(chain.database, None)).ok
    assert await undoing.verified()


async def test_two_corrections_at_once_give_once(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    await chain.buy(await chain.join("Ann"), line(2_000))
    await mend(chain, per=50)
    orders = [await undoing.order(to_version=2), await undoing.order(to_version=2)]
    for order in orders:
        await undoing.approve(order)
    done = []
    for order in orders:
        while (stands := await undoing.step(order)).state != "finished":
            pass
        done.append((stands.points_given, stands.differences))
    assert done == [(20, 0), (0, 1)]
    assert (await undoing.balances())["Ann"] == 60
    assert await undoing.verified()


async def test_who_was_wrongly_refused_gets_what_all_packs_would_have_given(undoing: Undoing) -> None:
    chain = undoing.chain
    staff = await chain.join("Staff", tags=("staff",))
    refused = await chain.buy(staff, line(2_000))
    assert refused.receipt["points"] == 0
    document = orjson.loads((PACKS / "staff-excluded" / "pack.json").read_text())
    text = orjson.dumps(document).replace(b'"staff"', b'"director"')
    await publish(chain, text, live_from=NEXT_YEAR)
    undone = await undoing.do("staff-excluded/1", to_version=2)
    assert (undone.points_given, undone.differences) == (20, 0)
    assert [kind for kind, version, *_ in await entries(undoing)] == ["correct"]
    assert (await undoing.do("staff-excluded/1", to_version=1)).points_taken == 20
    assert (await undoing.balances())["Staff"] == 0
    assert await undoing.verified()


async def test_what_was_undone_of_another_pack_is_not_given_again(
    undoing: Undoing,
) -> None:
    chain = undoing.chain
    await give_points(chain, per=1_000)
    ann = await chain.join("Ann")
    await chain.buy(ann, line(2_000))
    undoing.at = MONDAY + 9 * DAY
    await undoing.do("grocery-classic/1", "within_balance")
    await undoing.do("gift/1", "within_balance", until=MONDAY + DAY)
    assert (await undoing.balances())["Ann"] == 0
    await mend(chain, per=100)
    undone = await undoing.do(to_version=2, policy="debt")
    assert (undone.points_given, undone.points_owed) == (20, 0)
    assert (await undoing.balances())["Ann"] == 20
    assert await undoing.verified()


async def test_points_under_a_limit_are_withheld_and_told(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    await chain.buy(await chain.join("Ann"), line(2_000))
    await mend(chain, per=50, limits=[limit(1_000)])
    order = await undoing.order(to_version=2)
    assert order.preview is not None
    assert (order.state, order.preview["limited"], order.preview["withheld"]) == ("empty", 1, 20)


async def test_points_that_are_gone_are_let_be_and_other_packs_lots_stay(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, valid_days=5)
    await chain.buy(await chain.join("Ann"), line(2_000))
    await mend(chain, per=500)
    order = await undoing.order(to_version=2)
    assert order.preview is not None
    assert (order.preview["points"], order.preview["takes"], order.preview["spent"]) == (16, 0, 16)
    within = await undoing.do(policy="within_balance", to_version=2)
    assert (within.points_taken, within.differences) == (16, 0)
    assert (await undoing.balances())["Ann"] == 4
    assert await undoing.verified()


async def test_afterwards_everybody_has_what_the_other_version_would_have_given(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain)
    expected: dict[str, int] = {}
    for number, sales in enumerate([90, 149, 150, 1_000, 2_345, 7_777, 150, 20]):
        name = f"M{number % 3}"
        member = chain.members.get(name) or await chain.join(name)
        await chain.buy(member, line(sales), occurred_at=MONDAY + number * timedelta(hours=1))
        expected[name] = expected.get(name, 0) + sales * 5 // 300  # rounded once a purchase
    await chain.buy(None, line(5_000))
    await mend(chain, per=150)
    undone = await undoing.do(to_version=2)
    assert await undoing.balances() == expected
    assert (undone.differences, undone.members_done) == (0, 3)
    assert await undoing.verified()


async def test_the_other_version_must_exist(undoing: Undoing) -> None:
    await give_points(undoing.chain)
    with pytest.raises(UnknownPack):
        await undoing.order(to_version=7)


RULES = st.sampled_from(["a", "b", "c"])
AWARDS = st.lists(
    st.tuples(RULES, st.integers(1, 30)).map(lambda one: Award(one[1], "p/2", one[0], None, MONDAY)),
    max_size=5,
)
STANDING = st.lists(
    st.dictionaries(st.tuples(st.sampled_from(["p/1", "p/2"]), RULES), st.integers(1, 30)).map(
        lambda given_by: Posted(UUID(int=1), given_by, given_by, ())
    ),
    max_size=3,
)


@given(AWARDS, STANDING)
def test_a_correction_makes_what_stands_what_should_stand(awards: list[Award], posted: list[Posted]) -> None:
    found = correction(awards, posted, frozenset(), frozenset())
    stands = sum(points for one in posted for points in one.standing.values())
    gains = sum(award.points for award in found.gains)
    losses = sum(points for _, _, points in found.losses)
    assert not (gains and losses)
    assert stands + gains - losses == sum(award.points for award in awards)
    assert found.withheld == 0
    for version, rule_id, points in found.losses:
        assert 0 < points <= sum(one.standing.get((version, rule_id), 0) for one in posted)


async def test_what_is_given_pays_a_debt_first(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, per=1_000, valid_days=5)
    ann = await chain.join("Ann")
    await chain.buy(ann, line(2_000))
    await undoing.do("grocery-classic/1", "debt")
    undoing.at = MONDAY + 11 * DAY
    owing = await undoing.do("gift/1", "debt")
    assert (owing.points_taken, owing.points_owed) == (0, 2)
    await mend(chain, per=100)
    undone = await undoing.do(to_version=2, policy="debt")
    assert (undone.points_given, undone.points_owed, undone.differences) == (20, 0, 0)
    assert sorted(kind for kind, *_ in await entries(undoing)) == ["correct", "repay", "reverse", "reverse"]
    assert (await undoing.balances())["Ann"] == 18
    assert await undoing.verified()


async def test_what_a_correction_gave_is_undone_with_the_version_that_it_names(undoing: Undoing) -> None:
    chain = undoing.chain
    await give_points(chain, per=1_000)
    await chain.buy(await chain.join("Ann"), line(2_000))
    before = await undoing.balances()
    await mend(chain, per=100)
    assert (await undoing.do(to_version=2)).points_given == 18
    undone = await undoing.do("gift/2")
    assert (undone.points_taken, undone.differences) == (18, 0)
    assert await undoing.balances() == before
    assert (await undoing.do("gift/2")).state == "empty"
    assert (await prove_in(chain.database, None)).ok
    assert await undoing.verified()


def test_points_of_unknown_dates_lie_in_all_lots_of_their_entry_the_last_to_expire_first() -> None:
    """A purchase that was refused tells no dates: a lot can be short of more than it ever held of others."""
    soon, late, never = (
        AwardLot(UUID(int=number), points, MONDAY, expires_at)
        for number, points, expires_at in ((1, 20, MONDAY + DAY), (2, 15, MONDAY + 2 * DAY), (3, 5, None))
    )
    booked = {("gift/1", "gift"): 20, ("classic/1", "earn"): 20}
    posted = Posted(UUID(int=9), booked, booked, (soon, late, never))
    losses = [(version, rule, points) for (version, rule), points in booked.items()]
    assert dict(lots_of(losses, [posted], [])) == {soon.id: 20, late.id: 15, never.id: 5}
    known = Award(20, "gift/1", "gift", MONDAY + DAY, MONDAY)
    assert dict(lots_of(losses[:1], [posted], [known])) == {soon.id: 20}
    assert dict(lots_of([("classic/1", "earn", 7)], [posted], [])) == {never.id: 5, late.id: 2}
