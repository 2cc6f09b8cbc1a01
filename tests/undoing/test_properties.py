"""Whatever was bought: publish then undo leaves every balance as if the version had given nothing."""

from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_chain import MONDAY, line
from undoing.world import DAY, Undoing, give_points

from regulars.undoing.domain import Policy

VALID_DAYS = 5
UNDONE_ON = 12
_examples = count()

bought = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 40), st.integers(0, UNDONE_ON - 1)), min_size=1, max_size=8
)


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(bought, st.sampled_from(["let_be", "within_balance", "debt"]))
async def test_publish_then_undo_restores_every_balance_that_was_not_spent(
    undoing: Undoing, baskets: list[tuple[int, int, int]], policy: Policy
) -> None:
    chain, number = undoing.chain, next(_examples)
    if not await undoing.rows("select 1 from pack_version where code = 'gift'"):
        await give_points(chain, valid_days=VALID_DAYS)
    began = MONDAY + number * 40 * DAY
    names = [f"{number}/{one}" for one in range(3)]
    members = [await chain.join(name) for name in names]
    for who, units, day in baskets:
        late = chain.basket(members[who], line(units * 100), occurred_at=began + day * DAY)
        await chain.post(late, at=began + (UNDONE_ON - 1) * DAY)
    undoing.at = began + UNDONE_ON * DAY
    undone = await undoing.do(policy=policy, since=began)
    gone = [day + VALID_DAYS <= UNDONE_ON for _, _, day in baskets]
    expected = dict.fromkeys(names, 0)
    for (who, units, _), spent in zip(baskets, gone, strict=True):
        expected[names[who]] += 0 if spent and policy != "let_be" else units
    balances = await undoing.balances()
    assert {name: balances[name] for name in names} == expected
    given_in_all = sum(units for _, units, _ in baskets)
    spent_in_all = sum(units for (_, units, _), spent in zip(baskets, gone, strict=True) if spent)
    taken = given_in_all - (spent_in_all if policy == "let_be" else 0)
    assert (undone.points_taken, undone.differences) == (taken, 0)
    again = await undoing.do(policy=policy, since=began)
    assert again.points_taken == 0
    assert await undoing.balances() == balances
    assert await undoing.verified()
