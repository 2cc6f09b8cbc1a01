"""The Complete Journey files as the importer sees them: whole, in order, exact to the cent."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from regulars.entrypoints.complete_journey.source import (
    CompleteJourney,
    Slice,
    SourceBasket,
    Till,
    largest_shift_weeks,
    open_source,
)
from regulars.purchases.domain import check_lines

NEW_YORK = ZoneInfo("America/New_York")
SHIFT_WEEKS = 463


@pytest.fixture(scope="module")
def source() -> Iterator[CompleteJourney]:
    opened = open_source()
    yield opened
    opened.close()


def baskets_of(
    source: CompleteJourney, wanted: Slice, without: frozenset[int] = frozenset()
) -> list[SourceBasket]:
    tills = {store: Till(UUID(int=store), UUID(int=store + 1_000_000)) for store in source.stores()}
    members = {household.number: UUID(int=household.number) for household in source.households(wanted)}
    return list(source.baskets(wanted, members, tills, without=without))


@pytest.fixture(scope="module")
def december(source: CompleteJourney) -> list[SourceBasket]:
    return baskets_of(source, Slice(SHIFT_WEEKS, from_day=340))


def test_the_files_hold_a_year_of_365_local_days(source: CompleteJourney) -> None:
    assert source.days() == 365
    assert source.last_local_day() == date(2017, 12, 31)
    assert len(source.stores()) == 457
    assert len(source.basket_numbers(Slice(SHIFT_WEEKS))) == 155_848
    assert len(source.households(Slice(SHIFT_WEEKS))) == 2_469


@pytest.mark.parametrize(
    ("today", "weeks"),
    [(date(2026, 11, 22), 463), (date(2026, 11, 23), 464), (date(2018, 1, 7), 0), (date(2018, 1, 8), 1)],
)
def test_the_shift_is_the_most_whole_weeks_that_end_before_today(today: date, weeks: int) -> None:
    last = date(2017, 12, 31)
    assert largest_shift_weeks(last, today) == weeks
    assert last + timedelta(weeks=weeks) < today <= last + timedelta(weeks=weeks + 1)


def test_days_are_days_of_the_stores_wall_clock(source: CompleteJourney) -> None:
    first_two = baskets_of(source, Slice(SHIFT_WEEKS, to_day=2))
    days = {sold.basket.occurred_at.astimezone(NEW_YORK).date() for sold in first_two}
    assert days == {date(2025, 11, 16), date(2025, 11, 17)}
    assert all(sold.basket.business_day in days for sold in first_two)


def test_the_shift_keeps_weekday_and_wall_clock_across_time_changes(source: CompleteJourney) -> None:
    at = datetime(2017, 7, 4, 16, 30, tzinfo=UTC)
    unshifted = {sold.number: sold.basket.occurred_at for sold in baskets_of(source, Slice(0, 180, 190))}
    shifted = {
        sold.number: sold.basket.occurred_at for sold in baskets_of(source, Slice(SHIFT_WEEKS, 180, 190))
    }
    assert min(unshifted.values()) < at < max(unshifted.values())
    for number, moved in shifted.items():
        wall = unshifted[number].astimezone(NEW_YORK)
        assert moved.astimezone(NEW_YORK).replace(tzinfo=None) == wall.replace(tzinfo=None) + timedelta(
            weeks=SHIFT_WEEKS
        )


def test_a_wall_time_that_the_new_date_does_not_have_moves_forward(source: CompleteJourney) -> None:
    spring_forward = date(2026, 3, 8)
    from_day = (spring_forward - timedelta(weeks=SHIFT_WEEKS) - date(2017, 1, 1)).days
    sold = baskets_of(source, Slice(SHIFT_WEEKS, from_day, from_day + 1))
    walls = [each.basket.occurred_at.astimezone(NEW_YORK) for each in sold]
    assert len(walls) > 300
    assert all(wall.date() == spring_forward and wall.hour != 2 for wall in walls)


@pytest.mark.parametrize(
    ("shift_weeks", "clock_changes_on_day"),
    [(0, 70), (0, 308), (463, 112), (463, 350), (464, 105), (464, 343)],
)
def test_baskets_come_in_order_of_time_then_number(
    source: CompleteJourney, shift_weeks: int, clock_changes_on_day: int
) -> None:
    sold = baskets_of(source, Slice(shift_weeks, clock_changes_on_day - 2, clock_changes_on_day + 2))
    keys = [(each.basket.occurred_at, each.number) for each in sold]
    assert len(keys) > 1_000
    assert all(before < after for before, after in pairwise(keys))


def test_every_line_adds_up_as_a_tills_would(december: list[SourceBasket]) -> None:
    for sold in december:
        check_lines(sold.basket.lines)
        for line in sold.basket.lines:
            assert line.discount_minor == sum(discount.amount_minor for discount in line.discounts)


def test_the_chain_funds_member_prices_and_matches_and_the_maker_its_coupons(
    december: list[SourceBasket],
) -> None:
    funders = Counter(
        (discount.source, discount.funder)
        for sold in december
        for line in sold.basket.lines
        for discount in line.discounts
    )
    assert set(funders) == {("member_price", "chain"), ("coupon_match", "chain"), ("coupon", "maker")}


def test_money_is_whole_cents_of_the_files_doubles(source: CompleteJourney) -> None:
    sold = baskets_of(source, Slice(SHIFT_WEEKS, to_day=1))
    one = next(each for each in sold if each.number == 31_198_795_316)
    line = next(line for line in one.basket.lines if line.sku == "850562")
    assert (line.sales_minor, line.list_minor, line.discount_minor) == (355, 355 + 178 + 45, 178 + 45 + 55)


def test_an_unknown_product_has_no_department(december: list[SourceBasket]) -> None:
    departments = {line.department for sold in december for line in sold.basket.lines}
    assert "" in departments
    assert {"GROCERY", "PRODUCE", "FUEL"} <= departments


def test_gasoline_is_counted_in_thousandths_of_a_gallon(december: list[SourceBasket]) -> None:
    fuel = [line for sold in december for line in sold.basket.lines if line.department == "FUEL"]
    gallons = sorted(line.quantity_milli / 1000 for line in fuel)
    assert 5 < gallons[len(gallons) // 2] < 20


def test_what_was_on_display_or_in_the_mailer_is_promotional(december: list[SourceBasket]) -> None:
    lines = [line for sold in december for line in sold.basket.lines]
    assert 0.1 < sum(line.promotional for line in lines) / len(lines) < 0.4


def test_parts_split_the_households_and_lose_none(source: CompleteJourney) -> None:
    parts = [baskets_of(source, Slice(SHIFT_WEEKS, to_day=10, part=part, parts=3)) for part in range(3)]
    households = [{sold.household for sold in part} for part in parts]
    assert sum(len(part) for part in parts) == len(source.basket_numbers(Slice(SHIFT_WEEKS, to_day=10)))
    assert not households[0] & households[1]
    assert not households[1] & households[2]


def test_baskets_that_are_in_already_are_left_out(source: CompleteJourney) -> None:
    numbers = source.basket_numbers(Slice(SHIFT_WEEKS, to_day=2))
    known = frozenset(numbers[:-7])
    assert {sold.number for sold in baskets_of(source, Slice(SHIFT_WEEKS, to_day=2), known)} == set(
        numbers[-7:]
    )


def test_a_household_is_known_from_its_first_basket(source: CompleteJourney) -> None:
    wanted = Slice(SHIFT_WEEKS, to_day=20)
    first: dict[int, SourceBasket] = {}
    for sold in baskets_of(source, wanted):
        first.setdefault(sold.household, sold)
    households = source.households(wanted)
    assert len(households) == len(first)
    for household in households:
        assert household.first_at == first[household.number].basket.occurred_at
        assert household.first_store == first[household.number].store


def test_an_imported_basket_is_named_after_its_source(december: list[SourceBasket]) -> None:
    one = december[0]
    assert one.basket.business_key == f"cj-{one.number}"
    assert one.basket.idempotency_key is None
