"""All SQL over what versions did to members besides points: tags, moves of stage, messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.members.tagging import TagChange
from regulars.purchases.consequences import change_of
from regulars.rules.consequences import TagOrder
from regulars.undoing.asides import Ordered
from regulars.undoing.domain import Reach
from regulars.undoing.effects_repository import IN_REACH, reach_values

_ASKED: Final = """
(select id, member_id, seq, store_id, occurred_at as at, recorded_at, evaluation->'asked' as asked
 from purchase where member_id = any($5::uuid[]) and evaluation ? 'asked'
 union all
 select p.id, a.member_id, a.seq, p.store_id, a.occurred_at, a.recorded_at, a.evaluation->'asked'
 from purchase_attribution a join purchase p on p.id = a.purchase_id
 where a.member_id = any($5::uuid[]) and a.evaluation ? 'asked')
"""
_ORDERS: Final = f"""
select x.member_id, x.id, x.store_id, x.at, x.recorded_at, x.asked::text as asked,
       $1::text is not null and {IN_REACH} as in_reach
from {_ASKED} x order by x.member_id, x.seq
"""  # noqa: S608 — our own text
_BY_HAND: Final = """
select member_id, tag, effective_at, recorded_at from member_tag
where member_id = any($1::uuid[]) and ended_by is not null order by member_id, no
"""
_GONE: Final = """
select i.member_id, i.aside->>'what' as tag, u.pack_code || '/' || u.version as version, c.cause
from pack_undo_item i
join pack_undo_result r on r.undo_id = i.undo_id and r.entry_id = i.entry_id
join pack_undo u on u.id = i.undo_id
cross join lateral jsonb_array_elements_text(i.aside->'causes') as c(cause)
where i.member_id = any($1::uuid[]) and i.aside->>'kind' = 'tag'
"""
_TAGGED: Final = f"""
select distinct x.member_id from (
  select member_id, store_id, occurred_at as at, evaluation from purchase where member_id is not null
  union all
  select a.member_id, p.store_id, a.occurred_at, a.evaluation
  from purchase_attribution a join purchase p on p.id = a.purchase_id) x
where x.evaluation->'packs' ? $1
  and jsonb_path_exists(x.evaluation->'asked', '$[*] ? (@.pack == $v && exists(@.tag))',
                        jsonb_build_object('v', $1::text))
  and {IN_REACH}
"""  # noqa: S608
_MOVES: Final = f"""
select x.* from (
  select e.id, e.member_id, e.purchase_id, p.store_id, e.effective_at as at, e.stage_to,
         not exists (select from lifecycle_event l where l.member_id = e.member_id and l.stage_to is not null
                     and (l.effective_at, l.event_no) > (e.effective_at, e.event_no)) as is_last
  from lifecycle_event e join purchase p on p.id = e.purchase_id
  where e.kind = 'stage_moved' and e.pack_version = $1 and ($5::uuid[] is null or e.member_id = any($5))) x
where {IN_REACH} order by x.member_id, x.at, x.id
"""  # noqa: S608
_MESSAGES: Final = f"""
select x.* from (
  select r.id, r.member_id, r.purchase_id, r.store_id, r.occurred_at as at, r.template,
         f.request_id is not null as settled, f.undo_id is not null as withdrawn
  from message_request r left join message_fate f on f.request_id = r.id where r.pack_version = $1) x
where {IN_REACH} order by x.member_id, x.id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Moved:
    """One move of stage that a version's rule made.

    Attributes:
        is_last: nothing has decided the member's stage since.
    """

    event_id: UUID
    member_id: UUID
    purchase_id: UUID
    store_id: UUID
    at: datetime
    stage_to: str
    is_last: bool


@dataclass(frozen=True, slots=True)
class Message:
    """One message that a version's rule asked for.

    Attributes:
        settled: handed to who sends it, or withdrawn.
    """

    request_id: UUID
    member_id: UUID
    purchase_id: UUID
    store_id: UUID
    at: datetime
    template: str
    settled: bool
    withdrawn: bool


async def tagged(session: AsyncSession, reach: Reach) -> set[UUID]:
    """Members of whose tags a version wanted something."""
    rows = await (await driver(session)).fetch(_TAGGED, *reach_values(reach))
    return {row["member_id"] for row in rows}


async def moves(
    session: AsyncSession, reach: Reach, member_ids: Sequence[UUID] | None = None
) -> dict[UUID, list[Moved]]:
    """Member → the moves of stage that a version's rules made, of all members or of some."""
    rows = await (await driver(session)).fetch(_MOVES, *reach_values(reach), member_ids)
    found: dict[UUID, list[Moved]] = {}
    for row in rows:
        found.setdefault(row["member_id"], []).append(Moved(*row))
    return found


async def messages(session: AsyncSession, reach: Reach) -> list[Message]:
    """The messages that a version's rules asked for, by member."""
    return [Message(*row) for row in await (await driver(session)).fetch(_MESSAGES, *reach_values(reach))]


async def tag_orders(
    session: AsyncSession, reach: Reach, member_ids: Sequence[UUID]
) -> dict[UUID, list[Ordered]]:
    """Member → all that rules and people ever wanted of the member's tags, in the order of recording."""
    connection = await driver(session)
    by_hand: dict[UUID, list[tuple[datetime, Ordered]]] = {}
    for row in await connection.fetch(_BY_HAND, member_ids):
        change = TagChange(row["tag"], given=False, effective_at=row["effective_at"], **_NOBODY)
        ended = (row["recorded_at"], Ordered(None, None, change, in_reach=False))
        by_hand.setdefault(row["member_id"], []).append(ended)
    found: dict[UUID, list[Ordered]] = {}
    for row in await connection.fetch(_ORDERS, *reach_values(reach), member_ids):
        ended_before = by_hand.get(row["member_id"], [])
        while ended_before and ended_before[0][0] < row["recorded_at"]:
            found.setdefault(row["member_id"], []).append(ended_before.pop(0)[1])
        found.setdefault(row["member_id"], []).extend(
            Ordered(row["id"], row["store_id"], change, row["in_reach"])
            for change in _wanted(row["asked"], row["at"])
        )
    for member_id, rest in by_hand.items():
        found.setdefault(member_id, []).extend(ended for _, ended in rest)
    return found


_NOBODY: Final[dict[str, Any]] = {"until": None, "pack_version": "", "rule_id": ""}


def _wanted(asked: str, at: datetime) -> list[TagChange]:
    return [
        change_of(TagOrder(one["tag"], one["given"], one.get("days"), one["pack"], one["rule"]), at)
        for one in orjson.loads(asked)
        if "tag" in one
    ]


async def gone(session: AsyncSession, member_ids: Sequence[UUID]) -> dict[UUID, set[tuple[UUID, str, str]]]:
    """Member → (purchase, version, tag) of the orders that undo orders have struck."""
    found: dict[UUID, set[tuple[UUID, str, str]]] = {}
    for row in await (await driver(session)).fetch(_GONE, member_ids):
        struck = (UUID(row["cause"]), row["version"], row["tag"])
        found.setdefault(row["member_id"], set()).add(struck)
    return found
