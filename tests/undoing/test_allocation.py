"""Sharing out what is due over lots: to the point, by the policy, never more than there is."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from small_chain import MONDAY

from regulars.ledger.domain import OpenPointsLot
from regulars.undoing.domain import Item, Policy, by_rule, takings

DAY = timedelta(days=1)


def item(number: int, *lots: tuple[int, int]) -> Item:
    points = sum(share for _, share in lots)
    return Item(
        entry_id=UUID(int=number),
        member_id=UUID(int=1),
        cause_id=UUID(int=number),
        store_id=UUID(int=1),
        occurred_at=MONDAY,
        points=points,
        due=points,
        takes=0,
        rules=(("base", points),),
        lots=tuple((UUID(int=lot), share) for lot, share in lots),
    )


def lot(number: int, remaining: int, days: int | None = None) -> OpenPointsLot:
    return OpenPointsLot(UUID(int=number), remaining, MONDAY, None if days is None else MONDAY + days * DAY)


def taken(items: list[Item], lots: list[OpenPointsLot], policy: Policy) -> list[list[tuple[int, int]]]:
    found = takings(items, {}, lots, policy, MONDAY)
    return [[(one.lot_id.int, one.amount) for one in each.consumptions] for each in found]


def test_each_item_takes_from_its_own_lots_first() -> None:
    lots = [lot(1, 5), lot(2, 10), lot(3, 100, days=1)]
    assert taken([item(7, (1, 10)), item(8, (2, 10))], lots, "let_be") == [[(1, 5)], [(2, 10)]]
    assert taken([item(7, (1, 10)), item(8, (2, 10))], lots, "within_balance") == [
        [(1, 5), (3, 5)],
        [(2, 10)],
    ]


def test_what_expires_soonest_is_taken_first_and_what_never_expires_last() -> None:
    lots = [lot(2, 5), lot(3, 5, days=9), lot(4, 5, days=2), lot(5, 5, days=0)]
    assert taken([item(7, (1, 12))], lots, "within_balance") == [[(4, 5), (3, 5), (2, 2)]]


def test_no_more_is_taken_of_a_shared_lot_than_the_version_gave() -> None:
    assert taken([item(7, (1, 4))], [lot(1, 10)], "within_balance") == [[(1, 4)]]


def test_what_was_taken_before_is_not_taken_again() -> None:
    one = item(7, (1, 10))
    (taking,) = takings([one], {one.entry_id: 7}, [lot(1, 10)], "within_balance", MONDAY)
    assert (taking.due, taking.taken) == (3, 3)


def test_rules_are_taken_back_in_the_order_of_their_postings() -> None:
    rules = (("a", 5), ("b", 3), ("c", 2))
    assert by_rule(rules, 0, 6) == (("a", 5), ("b", 1))
    assert by_rule(rules, 6, 4) == (("b", 2), ("c", 2))


amounts = st.integers(1, 20)


@given(
    st.lists(st.lists(st.tuples(st.integers(1, 6), amounts), min_size=1, max_size=3), max_size=5),
    st.lists(st.tuples(amounts, st.none() | st.integers(-1, 5)), max_size=6),
    st.sampled_from(["let_be", "within_balance", "debt"]),
    st.data(),
)
def test_takings_never_exceed_lots_nor_dues_and_within_balance_takes_all_that_is_there(
    shares: list[list[tuple[int, int]]],
    left: list[tuple[int, int | None]],
    policy: Policy,
    data: st.DataObject,
) -> None:
    items = [item(100 + number, *dict(each).items()) for number, each in enumerate(shares)]
    lots = [lot(number, remaining, days) for number, (remaining, days) in enumerate(left, 1)]
    shuffled = data.draw(st.permutations(items))
    found = takings(shuffled, {}, data.draw(st.permutations(lots)), policy, MONDAY)
    assert found == takings(items, {}, lots, policy, MONDAY)
    used: dict[UUID, int] = {}
    for taking in found:
        assert taking.taken <= taking.due == taking.item.points
        assert sum(points for _, points in by_rule(taking.item.rules, 0, taking.taken)) == taking.taken
        for one in taking.consumptions:
            used[one.lot_id] = used.get(one.lot_id, 0) + one.amount
    open_lots = {each.id: each.remaining for each in lots if each.is_open(MONDAY)}
    assert all(amount <= open_lots[lot_id] for lot_id, amount in used.items())
    assert all(taking.owed == (taking.due - taking.taken if policy == "debt" else 0) for taking in found)
    if policy != "let_be":
        due = sum(taking.due for taking in found)
        assert sum(used.values()) == min(due, sum(open_lots.values()))
