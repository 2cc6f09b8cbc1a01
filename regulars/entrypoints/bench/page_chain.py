"""The chain of `bench pages`: a year of purchases, many members more, and something on every page."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.adjustments.domain import Wish as AdjustmentWish
from regulars.adjustments.service import request_adjustment
from regulars.bulk_actions import listing
from regulars.bulk_actions import service as bulk_actions
from regulars.bulk_actions.domain import Filter
from regulars.custom_fields import service as fields
from regulars.custom_fields.domain import CustomField
from regulars.db.session import Database
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.population import add_model, populate
from regulars.entrypoints.bootstrap import bootstrap
from regulars.entrypoints.complete_journey.command import phone_keys
from regulars.entrypoints.complete_journey.importer import Wish, import_history, wait_for_workflows
from regulars.entrypoints.complete_journey.source import CURRENCY, TIME_ZONE, Slice
from regulars.explanation.shelf import Shelf
from regulars.kernel.clock import now
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.rehearsal import running as rehearsing
from regulars.rehearsal import service as rehearsals
from regulars.rehearsal.domain import Order
from regulars.releases import drafts, review
from regulars.releases.drafting import NewSave
from regulars.rules import service as rules
from regulars.rules.live import LivePacks
from regulars.rules.starters import starter_text
from regulars.rules.text_edits import with_parameters
from regulars.security.actor import Actor
from regulars.security.domain import Operator, Role, RoleAt
from regulars.security.policy import Permission
from regulars.security.service import NewOperator, create_operator
from regulars.segments import refreshing
from regulars.segments import service as segments
from regulars.segments.domain import Draft
from regulars.settings import Settings
from regulars.undoing import service as undoing
from regulars.undoing import working

LOGIN: Final = "bench"
STORE_LOGIN: Final = "bench-store"
PASSWORD: Final = "everything here is gone at once"  # noqa: S105 — a chain that lives for minutes
PACK: Final = "grocery-classic"
OTHER_PACK: Final = "silver-saturday"
SEGMENT: Final = "silver-members"
VERSIONS: Final = 12
UNDONE_DAYS: Final = 14
SINCE_COPIED: Final = timedelta(days=2)
"""Copied members bought within it; the year alone is rehearsed."""

FLAGGED: Final = 2_000
REFUSED: Final = 150
OPERATORS: Final = 300
ADJUSTMENTS: Final = 60
ACTS_A_MEMBER: Final = 2
_COMMAND: Final = Actor.command("bench")
WIDE: Final = {
    "and": [
        {"in": [{"var": "member.stage"}, ["active", "at_risk"]]},
        {">=": [{"var": "member.visits"}, 1]},
    ]
}
SILVER: Final = {"===": [{"var": "member.tier"}, "silver"]}
_OWN_FIELD: Final = CustomField(UUID(int=1), "member", "vegan", "boolean", "素食", "vegan", default=False)

_NAMED: Final = """
update member set name = (array['陈', '林', '王', 'Li ', 'Ann ', 'Bo '])[1 + right(number, 3)::int % 6]
    || right(number, 5), phone_last4 = right(number, 4)
where name = 'Bench member'
"""
# History is not edited here but begun: a rule of theirs failed when these were bought.
_FLAG: Final = """
update purchase set flags = array['recompute'],
    evaluation = jsonb_set(evaluation, '{rules,0,error}', '"engine"')
where id in (select id from purchase where source = 'till' order by id limit $1)
"""
_REFUSE: Final = """
insert into outbox (member_id, seq, events, bulk, created_at, claimed_until, attempts)
select id, 1, 0, false, $2::timestamptz, $2::timestamptz + interval '1 day', 3
from member order by id desc limit $1
"""
_STAFF: Final = """
with made as (
    insert into operator (id, login, display_name, password_hash, locale, created_at)
    select uuidv7(), 'staff-' || n, '店员 ' || n, 'none', 'zh', $2 from generate_series(1, $1::int) n
    returning id
)
insert into operator_role (operator_id, role, place_id, granted_at)
select m.id, 'store', (array(select id from place where kind = 'store' order by code))
    [1 + (row_number() over ()) % (select count(*) from place where kind = 'store')], $2
from made m
"""
_ACTS: Final = """
insert into audit_entry (at, actor_kind, actor_id, place_id, action, subject_kind, subject_id, reason)
select $2::timestamptz - ($1::int - n) * interval '1 minute', 'operator', o.id::text, r.place_id,
    (array['member.enrol', 'member.change', 'care_task.close', 'adjustment.request'])[1 + n % 4],
    'member', md5(n::text)::uuid::text, null
from generate_series(1, $1::int) n
join (select id, row_number() over (order by login) as no from operator where login like 'staff-%') o
    on o.no = 1 + n % (select count(*) from operator where login like 'staff-%')
join operator_role r on r.operator_id = o.id
"""


async def fill(database: Database, settings: Settings, url: str, days: int, members: int) -> list[str]:
    """Import so many days, add so many members, and give the pages something to show.

    Args:
        database: empty and migrated, with Temporal, worker and relay beside it.
        settings: with the keys that phones are kept by.
        url: of the database.
        days: of the Complete Journey year.
        members: that have bought once each.
    Returns: addresses that no page links to.
    """
    await _import(database, settings, url, days)
    places = Places()
    async with database.begin() as session:
        await places.refresh(session)
        at_headquarters = RoleAt(Role.ADMIN, places.headquarters.id)
        at_a_store = RoleAt(Role.STORE, next(iter(places.stores())).id)
        admin = await _appoint(session, LOGIN, at_headquarters)
        await _appoint(session, STORE_LOGIN, at_a_store)
    till = next(iter(places.tills()))
    model = await add_model(database, settings, till.store.id, till.id, now())
    tell(f"Adding {members:,} members …")
    await populate(url, model, members, explained=True)
    await _add_rows(url, members)
    tell("Drafts, releases, a rehearsal, an undo order …")
    return await _furnish(database, places, admin, model)


async def _appoint(session: AsyncSession, login: str, role: RoleAt) -> Operator:
    new = NewOperator(new_id(), login, login, PASSWORD, "zh", (role,))
    return await create_operator(session, new, _COMMAND, now())


async def _import(database: Database, settings: Settings, url: str, days: int) -> None:
    fitting = settings.model_copy(update={"chain_currency": CURRENCY, "chain_time_zone": TIME_ZONE})
    await bootstrap(database, fitting, now())
    tell("Importing …")
    quiet = Console(quiet=True)
    await import_history(Wish(url, phone_keys(settings), Slice(0, to_day=days)), database, quiet)
    tell("Waiting for the workflows …")
    await wait_for_workflows(database, quiet)


async def _add_rows(url: str, members: int) -> None:
    """What there is many of, made inside PostgreSQL."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_NAMED)
        await connection.execute(_STAFF, OPERATORS, now())
        await connection.execute(_ACTS, members * ACTS_A_MEMBER, now())
        await connection.execute("set session_replication_role = replica")
        await connection.execute(_FLAG, min(FLAGGED, members))
        await connection.execute(_REFUSE, min(REFUSED, members), now())
        await connection.execute("reset session_replication_role")
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def _furnish(database: Database, places: Places, admin: Operator, model: UUID) -> list[str]:
    at, hq = now(), places.headquarters.id
    changed = with_parameters(starter_text(PACK), {"valid_days": 365})
    newer = with_parameters(changed, {"regular_rate_bps": 13_000})
    async with database.begin() as session:
        await refreshing.refresh(session, at)
    async with database.begin() as session:
        await places.refresh(session)
        await fields.define_field(session, _OWN_FIELD, _COMMAND, at)
        for number in range(VERSIONS):
            text = with_parameters(starter_text(PACK), {"valid_days": 100 + number})
            await rules.create_version(session, text, _COMMAND, at)
        for code, when in ((SEGMENT, SILVER), ("almost-everybody", WIDE)):
            draft = Draft(code, "HQ", code, code, "", when)
            await segments.save_segment(session, draft, _COMMAND, at, based_on=0)
        await _save(session, OTHER_PACK, starter_text(OTHER_PACK), 0, at)
        await _save(session, PACK, changed, 0, at)
        await review.submit(session, review.Submission(new_id(), PACK, (hq,), revision=1), _COMMAND, at)
        await _save(session, PACK, newer, 1, at)
        await _ask_for_points(session, places, admin, model, at)
        listed = listing.Wish("retry", hq, Filter(stage="active"))
        await bulk_actions.draw_up(session, places, Shelf(), new_id(), listed, _COMMAND, at)
        year = Order((newer,), hq, until=at - SINCE_COPIED)
        rehearsal = await rehearsals.order_rehearsal(session, new_id(), year, _COMMAND, at)
        until = at - timedelta(days=UNDONE_DAYS)
        wish = undoing.Wish(PACK, 1, hq, "let_be", since=until - timedelta(days=UNDONE_DAYS), until=until)
        undo = await undoing.order_undo(session, places, new_id(), wish, _COMMAND, at)
    await rehearsing.run_rehearsal(rehearsing.Means(database, now), rehearsal.id)
    await working.work_through(working.Means(database, LivePacks(), Places(), now), undo.id)
    return [f"/rehearsals/{rehearsal.id}/members"]


async def _save(session: AsyncSession, code: str, text: str, based_on: int, at: datetime) -> None:
    await drafts.save_draft(session, code, NewSave(new_id(), text, based_on), _COMMAND, at)


async def _ask_for_points(
    session: AsyncSession, places: Places, admin: Operator, model: UUID, at: datetime
) -> None:
    """More than somebody may give alone, so that most of them wait."""
    packs = LivePacks()
    await packs.refresh(session)
    asker = Actor.of_operator(admin).admitted(Permission.ADJUSTMENT_REQUEST)
    for _ in range(ADJUSTMENTS):
        wish = AdjustmentWish(new_id(), model, 500, "goodwill", "bench", None)
        await request_adjustment(session, packs, places, wish, asker, at)
