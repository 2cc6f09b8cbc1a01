"""A chain to measure on: stores, tills with keys, the starter packs live, and members by the million.

One member is enrolled and buys once as anybody would; all others are copies of what that left behind, made
inside PostgreSQL. So they stand in every table as real ones do, and `regulars verify` agrees.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
from sqlalchemy import text

from regulars.db.session import Database
from regulars.entrypoints.bootstrap import bootstrap
from regulars.entrypoints.complete_journey.command import phone_keys
from regulars.entrypoints.stack.problems import StackProblem
from regulars.kernel.ids import new_id
from regulars.lifecycle.enrolment import enrol
from regulars.members.domain import NewMember
from regulars.members.service import MemberRules
from regulars.organisation.domain import NewPlace
from regulars.organisation.places import Places
from regulars.organisation.service import open_places
from regulars.purchases.desk import Desk, Recorded
from regulars.purchases.domain import Basket, Line
from regulars.purchases.posting import post_purchases
from regulars.rules import service as rules
from regulars.rules.live import LivePacks
from regulars.rules.starters import starter_text
from regulars.security.actor import Actor
from regulars.security.terminal_keys import issue_key
from regulars.settings import Settings

NAME: Final = "Regulars bench"
PACKS: Final = ("grocery-classic", "classic-tiers", "silver-saturday", "staff-excluded")
STORES: Final = 8
TILLS_A_STORE: Final = 4
MODEL: Final = "bench-model"
_ACTOR: Final = Actor.command("bench")
_ENROLLED_BEFORE: Final = timedelta(days=10)
_BOUGHT_BEFORE: Final = timedelta(days=1)
_MEMBERS_AT_ONCE: Final = 100_000


@dataclass(frozen=True, slots=True)
class Chain:
    """Where purchases are rung up.

    Attributes:
        bearers: what each till shows to prove itself.
        model: the member whom all others are copies of.
    """

    bearers: Sequence[str]
    model: UUID


async def found(database: Database, settings: Settings, at: datetime) -> Chain:
    """Found the bench's chain in an empty, migrated database, with one member who has bought once."""
    named = {"chain_name": NAME, "chain_currency": "USD", "chain_time_zone": "America/New_York"}
    if await bootstrap(database, settings.model_copy(update=named), at) is None:
        raise StackProblem("There is a chain already; a bench founds its own.")
    branches = [NewPlace(new_id(), "HQ", "branch", code, code.title()) for code in ("north", "south")]
    stores = [
        NewPlace(new_id(), branches[i % 2].code, "store", f"store-{i}", f"Store {i}") for i in range(STORES)
    ]
    tills = [
        NewPlace(new_id(), store.code, "terminal", f"{store.code}-{i}", f"Till {i}")
        for i in range(TILLS_A_STORE)
        for store in stores
    ]
    async with database.begin() as session:
        await open_places(session, [*branches, *stores, *tills], _ACTOR, at)
    await _publish(database, at)
    bearers = [await new_bearer(database, settings, till.id, at) for till in tills]
    return Chain(bearers, await add_model(database, settings, stores[0].id, tills[0].id, at))


async def add_model(
    database: Database, settings: Settings, store_id: UUID, terminal_id: UUID, at: datetime
) -> UUID:
    """A member of any chain who has bought once, for `populate` to copy."""
    model = await _enrol_model(database, settings, store_id, at)
    await _buy_once(database, model, store_id, terminal_id, at)
    return model


async def new_bearer(database: Database, settings: Settings, terminal_id: UUID, at: datetime) -> str:
    """A key for a till."""
    async with database.begin() as session:
        pepper = settings.secrets.terminal_key_pepper
        return (await issue_key(session, terminal_id, pepper, _ACTOR, at)).bearer


async def _publish(database: Database, at: datetime) -> None:
    places = Places()
    async with database.begin() as session:
        await places.refresh(session)
        for code in PACKS:
            await rules.publish(
                session,
                starter_text(code),
                place_id=places.by_code("HQ").id,
                live_from=at - 2 * _ENROLLED_BEFORE,
                actor=_ACTOR,
                at=at,
            )


async def _enrol_model(database: Database, settings: Settings, store_id: UUID, at: datetime) -> UUID:
    places = Places()
    new = NewMember(
        id=new_id(),
        name="Bench member",
        home_store_id=store_id,
        enrolled_at=at - _ENROLLED_BEFORE,
        references=(MODEL,),
    )
    async with database.begin() as session:
        await places.refresh(session)
        keys = MemberRules.of(places.chain, phone_keys(settings))
        return (await enrol(session, new, keys, places, _ACTOR, at)).id


async def _buy_once(
    database: Database, member_id: UUID, store_id: UUID, terminal_id: UUID, at: datetime
) -> None:
    """One small purchase, so that no later one is a first purchase."""
    bought_at = at - _BOUGHT_BEFORE
    line = Line(1, "851057", "GROCERY", "goods", 1_000, 500, 500, 0, promotional=False)
    basket = Basket(
        terminal_id, store_id, MODEL, bought_at, bought_at.date(), (line,), member_id, tenders={"cash": 500}
    )
    (answer,) = await post_purchases(database, Desk(Places(), LivePacks(), new_id), [basket], at)
    if not isinstance(answer, Recorded):
        raise answer


_COPIED: Final[Mapping[str, Mapping[str, str]]] = {
    "member": {
        "id": "c.member_id",
        "number": "'9' || lpad(c.number::text, 13, '0')",
        "home_store_id": "c.store_id",
    },
    "account": {"id": "c.member_id"},
    "standing": {"member_id": "c.member_id", "home_store_id": "c.store_id"},
    "lifecycle_event": {
        "id": "uuidv7()",
        "member_id": "c.member_id",
        "purchase_id": "case when m.purchase_id is not null then c.purchase_id end",
    },
    "purchase": {
        "id": "c.purchase_id",
        "member_id": "c.member_id",
        "receipt_no": "m.receipt_no || '-' || c.number",
        "business_key": f"replace(m.business_key, '{MODEL}', '{MODEL}-' || c.number)",
    },
    "ledger_entry": {"id": "c.entry_id", "cause_id": "c.purchase_id", "member_id": "c.member_id"},
    "posting": {"entry_id": "c.entry_id", "to_account_id": "c.member_id"},
    "lot": {"id": "uuidv7()", "entry_id": "c.entry_id", "account_id": "c.member_id"},
    "balance": {"account_id": "c.member_id"},
}
"""Tables that a member stands in, and what differs from the model (m) in a copy (c)."""

_WITHOUT_RECORD: Final[Mapping[str, str]] = {"evaluation": "'{}'", "receipt": "'{}'"}
"""What of a copied purchase only its explanation reads: a million of them would fill gigabytes."""

_MODEL_ROWS: Final[Mapping[str, str]] = {
    "member": "m.id = $1",
    "account": "m.id = $1",
    "posting": "m.to_account_id = $1",
    "lot": "m.account_id = $1",
    "balance": "m.account_id = $1",
}
_COPIES: Final = """
create temporary table copy on commit drop as
select number, uuidv7() as member_id, uuidv7() as purchase_id, uuidv7() as entry_id,
       (array(select id from place where kind = 'store' order by code))[1 + number % $3] as store_id
from generate_series($1::bigint, $2::bigint) number
"""
_COLUMNS: Final = """
select column_name from information_schema.columns
where table_schema = current_schema and table_name = $1 and is_generated = 'NEVER' order by ordinal_position
"""

_BUYERS: Final = """
select id::text from member
where id not in (select member_id from member_reference where reference = :model)
order by hashtext(id::text) limit :most
"""


async def populate(url: str, model: UUID, members: int, *, explained: bool = False) -> None:
    """Add copies of the model until there are so many, and tell the planner.

    Args:
        url: of a chain that `found` founded.
        model: its first member, who has bought once.
        members: how many copies there are to be.
        explained: their purchases keep the record by which they are explained; it takes ten times the room.
    """
    connection = await asyncpg.connect(url)
    try:
        present = int(await connection.fetchval("select count(*) from member"))
        # Copies keep every constraint by their making, and history is not edited but begun.
        await connection.execute("set session_replication_role = replica; set synchronous_commit = off")
        for start in range(present, members + 1, _MEMBERS_AT_ONCE):
            async with connection.transaction():
                last = min(start + _MEMBERS_AT_ONCE - 1, members)
                await _copy(connection, model, start, last, {} if explained else _WITHOUT_RECORD)
        await connection.execute("delete from outbox")
        await connection.execute("vacuum analyze")
        await connection.execute("checkpoint")
    finally:
        await connection.close()


async def _copy(
    connection: "asyncpg.Connection[asyncpg.Record]",
    model: UUID,
    first: int,
    last: int,
    left_out: Mapping[str, str],
) -> None:
    await connection.execute(
        _COPIES.replace("$1", str(first)).replace("$2", str(last)).replace("$3", str(STORES))
    )
    for table, changed in _COPIED.items():
        columns = [row[0] for row in await connection.fetch(_COLUMNS, table)]
        other = {**changed, **(left_out if table == "purchase" else {})}
        values = [other.get(column, f"m.{column}") for column in columns]
        where = _MODEL_ROWS.get(table, "m.member_id = $1")
        await connection.execute(
            f"insert into {table} ({', '.join(columns)}) select {', '.join(values)} "  # noqa: S608 — our own
            f"from copy c cross join (select * from {table} m where {where}) m order by c.number",
            model,
        )


async def buyers(database: Database, limit: int) -> list[str]:
    """Ids of members in an order that has nothing to do with the one they joined in.

    The model is left out: more can be copied of it as long as it has bought once.
    """
    async with database.read() as session:
        found = await session.scalars(text(_BUYERS), {"most": limit, "model": MODEL})
        return [str(one) for one in found]
