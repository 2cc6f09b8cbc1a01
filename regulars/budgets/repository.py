"""All SQL of budgets: whole batches in one statement, counters always in the order of their keys."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.budgets.counters import Claim, Counter, CounterKey, Holding, OpenQuote, promise_of
from regulars.db.raw import driver

_KEY = "pack_code, limit_code, unit, subject, period"
_ASKED = (
    f"unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) with ordinality as k({_KEY}, place)"
)
_SAME = " and ".join(f"r.{name} = k.{name}" for name in _KEY.split(", "))

# A conflict locks the row that stands, and changes nothing: what is there and what is not, in one order.
_LOCK = f"""
insert into budget_counter ({_KEY}, used, reserved)
select {_KEY}, 0, 0 from {_ASKED} order by place
on conflict ({_KEY}) do update set used = 0 where false
"""  # noqa: S608 — names of our own

_READ = f"""
select k.place, coalesce(c.used, 0) as used, coalesce(c.reserved, 0) as reserved,
       h.holder, h.amount, h.quotes::text as quotes, h.expires_at
from {_ASKED}
left join budget_counter c using ({_KEY})
left join lateral (
  select holder, amount, quotes, expires_at from budget_reservation r
  where {_SAME} and r.holder = any($6::uuid[])
  union all
  select holder, amount, quotes, expires_at from budget_reservation r
  where {_SAME} and r.expires_at <= $7 and r.holder <> all($6::uuid[])
) h on true
"""  # noqa: S608

_WRITE = f"""
with moved as (
  update budget_counter c set used = k.used, reserved = k.reserved
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
       as k({_KEY}, used, reserved)
  where (c.pack_code, c.limit_code, c.unit, c.subject, c.period)
        = (k.pack_code, k.limit_code, k.unit, k.subject, k.period)
), claimed as (
  insert into budget_use (cause_id, cause, {_KEY}, amount, effective_at, recorded_at)
  select *, $17::timestamptz
  from unnest($8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
              $15::bigint[], $16::timestamptz[])
)
select
"""  # noqa: S608

_HOLD = f"""
insert into budget_reservation ({_KEY}, holder, amount, quotes, expires_at)
select {_KEY}, holder, amount, quotes::jsonb, expires_at
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::bigint[], $8::text[],
            $9::timestamptz[]) as k({_KEY}, holder, amount, quotes, expires_at)
on conflict ({_KEY}, holder) do update
set amount = excluded.amount, quotes = excluded.quotes, expires_at = excluded.expires_at
"""  # noqa: S608

_LET_GO = f"""
delete from budget_reservation r
using unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[]) as k({_KEY}, holder)
where {_SAME} and r.holder = k.holder
"""  # noqa: S608

# Whoever is at work on a counter clears it away without us: nobody is waited for.
_SWEEP = f"""
with ended as (
  select distinct {_KEY} from
    (select {_KEY} from budget_reservation where expires_at <= $1 order by expires_at limit $2) r
), free as (
  select {_KEY} from budget_counter where ({_KEY}) in (select {_KEY} from ended) for update skip locked
), gone as (
  delete from budget_reservation r using free k where {_SAME} and r.expires_at <= $1
  returning r.pack_code, r.limit_code, r.unit, r.subject, r.period, r.amount
)
update budget_counter c set reserved = c.reserved - k.amount
from (select {_KEY}, sum(amount) as amount from gone group by {_KEY}) k
where (c.pack_code, c.limit_code, c.unit, c.subject, c.period)
      = (k.pack_code, k.limit_code, k.unit, k.subject, k.period)
"""  # noqa: S608

Held = tuple[CounterKey, UUID]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Counters as they stand.

    Attributes:
        held: the reservations of the holders at hand.
        expired: reservations that have ended and are no longer counted; their rows still stand.
    """

    counters: dict[CounterKey, Counter]
    held: frozenset[Held]
    expired: frozenset[Held]


async def lock(session: AsyncSession, keys: Sequence[CounterKey]) -> None:
    """Lock counters in the order of their keys, and make those that are missing."""
    await (await driver(session)).execute(_LOCK, *_columns(keys))


async def read(
    session: AsyncSession, keys: Sequence[CounterKey], holders: Iterable[UUID], at: datetime
) -> Loaded:
    """Counters with what the holders hold, reservations and quotes that ended by `at` left out.

    Where they are locked this must be a statement of its own: after a wait it sees what was left behind.
    """
    rows = await (await driver(session)).fetch(_READ, *_columns(keys), list(holders), at)
    counters: dict[CounterKey, Counter] = {}
    held: set[Held] = set()
    expired: set[Held] = set()
    for row in rows:
        key = keys[row["place"] - 1]
        counter = counters.setdefault(key, Counter(row["used"], row["reserved"]))
        if row["holder"] is None:
            continue
        if row["expires_at"] <= at:
            counter.reserved -= row["amount"]
            expired.add((key, row["holder"]))
        else:
            holding = Holding(_open_quotes(key, row["quotes"], at))
            counter.reserved -= row["amount"] - holding.amount
            counter.holdings[row["holder"]] = holding
            held.add((key, row["holder"]))
    return Loaded(counters, frozenset(held), frozenset(expired))


async def write(
    session: AsyncSession, counters: Mapping[CounterKey, Counter], claims: Sequence[Claim], at: datetime
) -> None:
    """Write back counters, which are locked, and append claims."""
    keys = list(counters)
    await (await driver(session)).execute(
        _WRITE,
        *_columns(keys),
        [counters[key].used for key in keys],
        [counters[key].reserved for key in keys],
        [claim.cause_id for claim in claims],
        [claim.cause for claim in claims],
        *_columns([claim.key for claim in claims]),
        [claim.amount for claim in claims],
        [claim.effective_at for claim in claims],
        at,
    )


async def hold(session: AsyncSession, holdings: Mapping[Held, Holding]) -> None:
    """Write what holders hold; their counters are locked."""
    values = list(holdings.values())
    await (await driver(session)).execute(
        _HOLD,
        *_columns([key for key, _ in holdings]),
        [holder for _, holder in holdings],
        [holding.amount for holding in values],
        [_text(holding) for holding in values],
        [holding.expires_at for holding in values],
    )


async def let_go(session: AsyncSession, held: Iterable[Held]) -> None:
    """Remove reservations; their counters are locked."""
    gone = sorted(held)
    await (await driver(session)).execute(
        _LET_GO, *_columns([key for key, _ in gone]), [holder for _, holder in gone]
    )


async def sweep(session: AsyncSession, at: datetime, at_most: int) -> None:
    """Clear away some reservations that ended by `at`, of counters that nobody holds just now."""
    await (await driver(session)).execute(_SWEEP, at, at_most)


def _columns(keys: Sequence[CounterKey]) -> list[list[Any]]:
    return [list(column) for column in zip(*keys, strict=True)] or [[]] * 5


def _open_quotes(key: CounterKey, text: str, at: datetime) -> dict[UUID, OpenQuote]:
    """What a holder was promised, without the quotes that have ended: these hold nothing back."""
    found: dict[UUID, OpenQuote] = {}
    for quote_id, kept in orjson.loads(text).items():
        expires_at = datetime.fromisoformat(kept["until"])
        if expires_at > at:
            found[UUID(quote_id)] = OpenQuote(promise_of(key, kept["rules"]), expires_at)
    return found


def _text(holding: Holding) -> str:
    quotes = holding.quotes.items()
    return orjson.dumps(
        {str(id_): {"until": quote.expires_at, "rules": quote.promise.by_rule} for id_, quote in quotes}
    ).decode()
