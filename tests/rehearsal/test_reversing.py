"""What was taken back in history is taken back in a replay, as far as it is there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.ledger.domain import POINTS, Lot
from regulars.lifecycle.advance import MemberTime, OpenLot, Reign
from regulars.lifecycle.domain import Newcomer, opened
from regulars.lifecycle.window import SpendWindow
from regulars.rehearsal.history import Corrected, TakenBack, TakenShare
from regulars.rehearsal.reversing import Reversing
from regulars.rules.domain import Award

NOON = datetime(2026, 3, 2, 12, tzinfo=ZoneInfo("UTC"))
DAY = timedelta(days=1)
MEMBER, FIRST, SECOND, CAUSE, THIRD, FOURTH = (UUID(int=number) for number in range(1, 7))
SOON, LATE = NOON + 30 * DAY, NOON + 365 * DAY


def member_time() -> MemberTime:
    standing, joined = opened(Newcomer(MEMBER, UUID(int=9), NOON, NOON))
    window = SpendWindow(NOON, 0, 0, None, past=[])
    forever = Reign(None, None, lambda *_: None)
    return MemberTime(standing, window, lambda _: forever, ZoneInfo("UTC"), events=[joined])


def award(points: int, pack: str = "gift/1", expires_at: datetime | None = SOON) -> Award:
    return Award(points=points, pack_version=pack, rule_id="base", expires_at=expires_at, available_at=NOON)


def earn(
    reversing: Reversing,
    time: MemberTime,
    purchase: UUID,
    awards: Sequence[Award],
    as_then: frozenset[str] = frozenset({"gift"}),
    then: int = 0,
) -> None:
    """As the replay does it: a lot for each date, under the purchase's id."""
    dates = {(one.available_at, one.expires_at) for one in awards}
    lots = [
        Lot(
            purchase, MEMBER, POINTS, sum(a.points for a in awards if (a.available_at, a.expires_at) == d), *d
        )
        for d in dates
    ]
    left = reversing.paid(time, purchase, then, NOON, lots)
    time.lots += [OpenLot(lot.id, lot.amount, lot.expires_at) for lot in left if lot.expires_at is not None]
    reversing.earned(purchase, awards, left, as_then)


def taken(
    *shares: tuple[UUID, datetime | None, int], purchase: UUID | None = FIRST, pack: str = "gift"
) -> TakenBack:
    by_pack = ((pack, sum(points for *_, points in shares)),)
    return TakenBack(NOON + 10 * DAY, purchase, by_pack, tuple(TakenShare(*share) for share in shares))


def left(time: MemberTime) -> list[tuple[UUID, int]]:
    return [(lot.lot_id, lot.remaining) for lot in time.lots]


def test_points_go_from_where_history_took_them() -> None:
    reversing, time = Reversing([taken((FIRST, SOON, 20))]), member_time()
    earn(reversing, time, FIRST, [award(20), award(20, "grocery/1")])
    earn(reversing, time, SECOND, [award(5)])
    reversing.reach(time, NOON + 10 * DAY)
    assert left(time) == [(FIRST, 20), (SECOND, 5)]
    assert [done.points for done in reversing.done] == [20]


def test_nothing_is_taken_before_its_time() -> None:
    reversing, time = Reversing([taken((FIRST, SOON, 20))]), member_time()
    earn(reversing, time, FIRST, [award(20)])
    reversing.reach(time, NOON + 9 * DAY)
    assert left(time) == [(FIRST, 20)]
    assert time.standing.next_expiry_at is None
    reversing.reach(time, NOON + 11 * DAY)
    assert left(time) == []


def test_what_a_draft_gave_less_is_taken_back_less_and_no_other_packs_points() -> None:
    reversing, time = Reversing([taken((FIRST, SOON, 20))]), member_time()
    earn(reversing, time, FIRST, [award(5, "gift/2"), award(20, "grocery/1")])
    reversing.reach(time, SOON)
    assert left(time) == [(FIRST, 20)]
    assert [done.points for done in reversing.done] == [5]


def test_of_what_a_draft_gave_more_the_rest_stays() -> None:
    reversing, time = Reversing([taken((FIRST, SOON, 20))]), member_time()
    earn(reversing, time, FIRST, [award(50, "gift/2")])
    reversing.reach(time, SOON)
    assert left(time) == [(FIRST, 30)]


def test_under_other_dates_the_same_purchases_points_are_taken() -> None:
    reversing, time = Reversing([taken((FIRST, SOON, 20))]), member_time()
    earn(reversing, time, FIRST, [award(20, "gift/2", LATE), award(7, "grocery/1", NOON + 20 * DAY)])
    earn(reversing, time, SECOND, [award(9)])
    reversing.reach(time, SOON)
    assert left(time) == [(FIRST, 7), (SECOND, 9)]
    assert time.standing.next_expiry_at == NOON + 20 * DAY


def test_what_has_expired_under_a_draft_is_not_taken_from_others() -> None:
    reversing, time = Reversing([taken((FIRST, SOON, 20))]), member_time()
    earn(reversing, time, FIRST, [award(20, "gift/2", NOON + 5 * DAY)])
    earn(reversing, time, SECOND, [award(9)])
    reversing.reach(time, NOON + 10 * DAY)
    assert left(time) == [(FIRST, 20), (SECOND, 9)]
    assert [done.points for done in reversing.done] == [0]


def test_what_is_missing_comes_from_others_where_the_order_says_so() -> None:
    order = replace(taken((FIRST, SOON, 20)), policy="within_balance")
    reversing, time = Reversing([order]), member_time()
    earn(reversing, time, FIRST, [award(20, "gift/2", NOON + 5 * DAY)])
    earn(reversing, time, SECOND, [award(30, "grocery/1")])
    reversing.reach(time, NOON + 10 * DAY)
    assert left(time) == [(FIRST, 20), (SECOND, 10)]


def test_points_that_never_expire_are_taken_back_too() -> None:
    reversing, time = Reversing([taken((FIRST, None, 20)), taken((FIRST, None, 20))]), member_time()
    earn(reversing, time, FIRST, [award(30, expires_at=None)])
    reversing.reach(time, SOON)
    assert [done.points for done in reversing.done] == [20, 10]


def test_it_waits_for_the_purchase_whose_points_it_takes() -> None:
    reversing, time = Reversing([taken((FIRST, SOON, 20))]), member_time()
    reversing.reach(time, NOON + 11 * DAY)
    assert len(reversing.pending) == 1
    earn(reversing, time, FIRST, [award(20)])
    reversing.reach(time, NOON + 11 * DAY)
    assert (left(time), reversing.pending) == ([], [])


def test_at_the_end_all_of_history_has_been_taken_back_as_far_as_it_is_there() -> None:
    reversing, time = Reversing([taken((SECOND, SOON, 20))]), member_time()
    earn(reversing, time, FIRST, [award(20, "grocery/1")])
    reversing.finish(time)
    assert (left(time), reversing.pending) == ([(FIRST, 20)], [])
    assert [done.points for done in reversing.done] == [0]


def owing(points: int, owed: int) -> TakenBack:
    """An order that took so much of the first purchase, and had the member owe the rest."""
    shares = (TakenShare(FIRST, SOON, points),) if points else ()
    whole = (("gift", points + owed),)
    return TakenBack(NOON + 10 * DAY, FIRST, whole, shares, owed, policy="debt")


def in_debt(owed: int, *payments: TakenBack) -> tuple[Reversing, MemberTime]:
    """A member who owes that much before the second purchase."""
    reversing, time = Reversing([owing(0, owed), *payments]), member_time()
    earn(reversing, time, FIRST, [award(owed)])
    time.lots = []
    reversing.reach(time, NOON + 11 * DAY)
    assert reversing.owed == owed
    return reversing, time


def paid_in(reversing: Reversing) -> list[int]:
    return [done.points for done in reversing.done if done.taken.pays]


def test_a_purchase_pays_what_was_owed_before_anything_else_becomes_of_it() -> None:
    paying = taken((SECOND, SOON, 20), (SECOND, LATE, 5), purchase=None)
    reversing, time = in_debt(25, paying)
    earn(reversing, time, SECOND, [award(20), award(30, "grocery/1", LATE)], then=50)
    assert left(time) == [(SECOND, 25)]
    assert (paid_in(reversing), reversing.owed, reversing.busy) == ([25], 0, False)


def test_under_a_draft_it_pays_from_what_it_earns_there_and_the_rest_is_owed_on() -> None:
    reversing, time = in_debt(20, taken((SECOND, SOON, 20), purchase=None))
    awards = [award(5, "gift/2", LATE), award(10, "grocery/1", NOON + 20 * DAY)]
    earn(reversing, time, SECOND, awards, then=50)
    assert (left(time), paid_in(reversing), reversing.owed) == ([], [15], 5)
    earn(reversing, time, THIRD, [award(3)], then=9)
    earn(reversing, time, FOURTH, [award(9)], then=9)
    assert (left(time), paid_in(reversing), reversing.owed) == ([(FOURTH, 7)], [15, 3, 2], 0)
    assert not reversing.busy


def test_a_draft_that_earns_more_pays_more_at_once() -> None:
    paying = (taken((SECOND, SOON, 8), purchase=None), taken((THIRD, SOON, 12), purchase=None))
    reversing, time = in_debt(20, *paying)
    earn(reversing, time, SECOND, [award(15)], then=8)
    earn(reversing, time, THIRD, [award(15)], then=15)
    assert (left(time), paid_in(reversing), reversing.owed) == ([(THIRD, 10)], [15, 5], 0)


def test_a_draft_that_gave_less_leaves_less_to_be_owed_and_paid() -> None:
    paying = taken((SECOND, LATE, 15), purchase=None)
    for gave, owed in ((20, 15), (12, 7), (0, 0)):
        reversing, time = Reversing([owing(5, 15), paying]), member_time()
        first = [award(gave, f"gift/{gave}")] if gave else []
        earn(reversing, time, FIRST, first)
        time.lots = [OpenLot(lot.lot_id, min(5, lot.remaining), lot.expires_at) for lot in time.lots]
        reversing.reach(time, NOON + 11 * DAY)
        earn(reversing, time, SECOND, [award(30, "grocery/1", LATE)], then=30)
        assert [done.points for done in reversing.done] == [min(5, gave), owed]
        assert left(time) == [(SECOND, 30 - owed)]


def test_a_draft_that_still_has_the_points_has_them_taken_and_nothing_owed() -> None:
    reversing, time = Reversing([owing(5, 15), taken((SECOND, LATE, 15), purchase=None)]), member_time()
    earn(reversing, time, FIRST, [award(20, "gift/2", LATE)], as_then=frozenset())
    reversing.reach(time, NOON + 11 * DAY)
    earn(reversing, time, SECOND, [award(30, "grocery/1", LATE)], then=30)
    assert [(done.points, done.owed) for done in reversing.done] == [(20, 0), (0, 0)]
    assert left(time) == [(SECOND, 30)]


def test_what_was_bought_before_the_debt_was_booked_pays_none_of_it() -> None:
    """A till was quicker than the order, though its hour is later."""
    reversing, time = in_debt(20)
    earn(reversing, time, SECOND, [award(30)], then=30)
    assert (left(time), paid_in(reversing)) == ([(SECOND, 30)], [])


def test_what_paid_is_known_to_have_come_after_the_debt_though_its_hour_is_earlier() -> None:
    paying = taken((SECOND, SOON, 15), purchase=None)
    reversing, time = Reversing([owing(5, 15), paying]), member_time()
    earn(reversing, time, FIRST, [award(20)])
    time.lots = [OpenLot(FIRST, 5, SOON)]
    earn(reversing, time, SECOND, [award(30)], then=30)
    assert [done.points for done in reversing.done] == [5, 15]
    assert left(time) == [(SECOND, 15)]


def test_what_another_version_takes_is_not_taken_of_what_a_draft_reads() -> None:
    corrects = replace(taken((FIRST, SOON, 15)), corrects=True)
    reversing, time = Reversing([corrects]), member_time()
    earn(reversing, time, FIRST, [award(5, "gift/2")], as_then=frozenset())
    reversing.finish(time)
    assert left(time) == [(FIRST, 5)]


def test_what_somebody_took_by_hand_is_taken_wherever_it_lies() -> None:
    by_hand = replace(taken((FIRST, SOON, 15), purchase=None), by_hand=True, policy="within_balance")
    reversing, time = Reversing([by_hand]), member_time()
    earn(reversing, time, FIRST, [award(5, "gift/2")])
    earn(reversing, time, SECOND, [award(30, "grocery/1", LATE)])
    reversing.finish(time)
    assert left(time) == [(SECOND, 20)]


def test_nobody_takes_by_hand_what_a_draft_gives_for_later() -> None:
    by_hand = replace(taken((FIRST, SOON, 15), purchase=None), by_hand=True, policy="within_balance")
    reversing, time = Reversing([by_hand]), member_time()
    usable = [award(5)._replace(available_at=by_hand.at)]
    later = [award(30, expires_at=LATE)._replace(available_at=by_hand.at + DAY)]
    earn(reversing, time, FIRST, usable + later)
    reversing.finish(time)
    assert left(time) == [(FIRST, 30)]
    assert [done.points for done in reversing.done] == [5]


def corrected(*pack_codes: str, purchase: UUID | None = FIRST) -> Corrected:
    by_pack = tuple((code, 10 // len(pack_codes)) for code in pack_codes)
    return Corrected(NOON + DAY, CAUSE, purchase, by_pack, ((7, SOON), (3, None)))


def test_what_was_given_afterwards_is_given_where_the_same_version_read_the_purchase() -> None:
    taking = taken((CAUSE, None, 2), purchase=CAUSE)
    reversing, time = Reversing([taking], [corrected("gift")]), member_time()
    reversing.reach(time, NOON + DAY)
    assert reversing.given == []
    earn(reversing, time, FIRST, [award(20)])
    reversing.reach(time, NOON + 10 * DAY)
    assert left(time) == [(FIRST, 20), (CAUSE, 7)]
    assert [points for _, points in reversing.given] == [10]
    assert [done.points for done in reversing.done] == [2]


def test_what_a_draft_reads_instead_is_not_corrected() -> None:
    reversing, time = Reversing([], [corrected("gift", "other")]), member_time()
    earn(reversing, time, FIRST, [award(20, "other/2")])
    reversing.finish(time)
    assert left(time) == [(FIRST, 20)]
    assert [points for _, points in reversing.given] == [0]


def test_what_names_no_purchase_is_given_in_any_case() -> None:
    reversing, time = Reversing([], [corrected("other", purchase=None)]), member_time()
    reversing.finish(time)
    assert left(time) == [(CAUSE, 7)]
    assert time.standing.next_expiry_at == SOON


def test_what_was_taken_by_hand_is_given_back_as_far_as_it_was_taken() -> None:
    by_hand = replace(
        taken((FIRST, SOON, 15), purchase=None), by_hand=True, policy="within_balance", cause_id=SECOND
    )
    back = Corrected(NOON + 20 * DAY, CAUSE, None, (), ((10, SOON), (5, LATE)), reverses=SECOND)
    reversing, time = Reversing([by_hand], [back]), member_time()
    earn(reversing, time, FIRST, [award(12, "gift/2")])
    reversing.reach(time, NOON + 19 * DAY)
    assert left(time) == []
    reversing.finish(time)
    assert left(time) == [(CAUSE, 10), (CAUSE, 2)]
    assert [points for _, points in reversing.given] == [12]
