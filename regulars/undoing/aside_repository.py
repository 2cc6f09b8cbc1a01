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
from regulars.undoing.asides import StageWord, of_told
from regulars.undoing.domain import Reach
from regulars.undoing.effects_repository import IN_REACH, reach_values
from regulars.undoing.tag_orders import Ordered, TagWord

_ASKED: Final = """
(select id, member_id, seq, store_id, occurred_at as at, recorded_at, evaluation->'asked' as asked
 from purchase where member_id = any($5::uuid[]) and (evaluation ? 'asked' or id = any($6::uuid[]))
 union all
 select p.id, a.member_id, a.seq, p.store_id, a.occurred_at, a.recorded_at, a.evaluation->'asked'
 from purchase_attribution a join purchase p on p.id = a.purchase_id
 where a.member_id = any($5::uuid[]) and (a.evaluation ? 'asked' or p.id = any($6::uuid[])))
"""
_ORDERS: Final = f"""
select x.member_id, x.id, x.store_id, x.at, x.recorded_at, coalesce(x.asked, '[]')::text as asked,
       $1::text is not null and {IN_REACH} as in_reach
from {_ASKED} x order by x.member_id, x.seq
"""  # noqa: S608 — our own text
_BY_HAND: Final = """
select member_id, tag, effective_at, recorded_at from member_tag
where member_id = any($1::uuid[]) and ended_by is not null order by member_id, no
"""
_WORDS: Final = """
select i.member_id, i.aside::text as aside,
       case when u.to_version is null then u.pack_code || '/' || u.version end as struck
from pack_undo u
join pack_undo_item i on i.undo_id = u.id and i.member_id = any($1::uuid[])
join pack_undo_result r on r.undo_id = i.undo_id and r.entry_id = i.entry_id
where i.aside->>'kind' = 'tag' order by r.done_at, u.ordered_at, u.id
"""
_CORRECTED: Final = """
select exists (select from pack_undo u join pack_undo_item i on i.undo_id = u.id
               where u.pack_code = $1 and u.to_version is not null and i.aside is not null)
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
union
select x.member_id from (
  select i.member_id, i.store_id, i.occurred_at as at, i.aside->'gives' as gives from pack_undo u
  join pack_undo_item i on i.undo_id = u.id
  join pack_undo_result r on r.undo_id = i.undo_id and r.entry_id = i.entry_id
  where u.to_version is not null and i.aside ? 'gives') x
where jsonb_path_exists(x.gives, '$[*] ? (@.version == $v)', jsonb_build_object('v', $1::text))
  and {IN_REACH}
"""  # noqa: S608
_CORRECTING: Final = """
left join pack_undo_result r on e.kind = 'stage_corrected' and r.reversal_id = e.id
left join pack_undo_item i on i.undo_id = r.undo_id and i.member_id = e.member_id and i.entry_id = r.entry_id
"""
_MOVES: Final = f"""
select x.* from (
  select e.id, e.member_id, p.id as purchase_id, p.store_id, e.stage_to,
         case e.kind when 'stage_moved' then e.effective_at else p.occurred_at end as at, e.kind,
         not exists (select from lifecycle_event l where l.member_id = e.member_id and l.stage_to is not null
                     and (l.effective_at, l.event_no) > (e.effective_at, e.event_no)) as is_last
  from lifecycle_event e {_CORRECTING}
  join purchase p on p.id = coalesce(e.purchase_id, i.cause_id)
  where e.kind in ('stage_moved', 'stage_corrected') and e.pack_version = $1
    and ($5::uuid[] is null or e.member_id = any($5))) x
where {IN_REACH} order by x.member_id, x.at, x.id
"""  # noqa: S608
_STAGE_WORDS: Final = f"""
select e.member_id, e.kind, e.effective_at, coalesce(e.purchase_id, i.cause_id) as purchase_id, u.pack_code
from lifecycle_event e {_CORRECTING}
left join pack_undo u on u.id = r.undo_id
where e.member_id = any($1::uuid[]) and e.stage_to is not null
order by e.member_id, e.effective_at, e.event_no
"""  # noqa: S608
_ASKED_WITH: Final = """
select r.id, r.member_id, r.purchase_id, r.store_id, r.occurred_at as at, r.template,
       f.request_id is not null as settled, f.undo_id is not null as withdrawn, r.pack_version, r.rule_id,
       r.named_values::text as values
from message_request r left join message_fate f on f.request_id = r.id
where r.member_id = any($1::uuid[]) and r.purchase_id = any($2::uuid[]) order by r.member_id, r.no
"""
_MESSAGES: Final = f"""
select x.* from (
  select r.id, r.member_id, r.purchase_id, r.store_id, r.occurred_at as at, r.template,
         f.request_id is not null as settled, f.undo_id is not null as withdrawn, r.pack_version,
         r.rule_id, r.named_values::text as values
  from message_request r left join message_fate f on f.request_id = r.id where r.pack_version = $1) x
where {IN_REACH} order by x.member_id, x.id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Moved:
    """One move of stage that a version's rule made, or a correction to that version.

    Attributes:
        is_last: nothing has decided the member's stage since.
    """

    event_id: UUID
    member_id: UUID
    purchase_id: UUID
    store_id: UUID
    stage_to: str
    at: datetime
    kind: str
    is_last: bool


@dataclass(frozen=True, slots=True)
class Message:
    """One message that a version's rule asked for.

    Attributes:
        settled: handed to who sends it, or withdrawn.
        values: the numbers in it, JSON text.
    """

    request_id: UUID
    member_id: UUID
    purchase_id: UUID
    store_id: UUID
    at: datetime
    template: str
    settled: bool
    withdrawn: bool
    pack_version: str
    rule_id: str
    values: str


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


async def asked_with(
    session: AsyncSession, member_ids: Sequence[UUID], purchase_ids: Sequence[UUID]
) -> list[Message]:
    """The messages that were asked for with some purchases, whichever version's rules did."""
    rows = await (await driver(session)).fetch(_ASKED_WITH, member_ids, purchase_ids)
    return [Message(*row) for row in rows]


async def stage_words(session: AsyncSession, member_ids: Sequence[UUID]) -> dict[UUID, list[StageWord]]:
    """Member → all that was said of the stage, in order of effect."""
    found: dict[UUID, list[StageWord]] = {}
    for row in await (await driver(session)).fetch(_STAGE_WORDS, member_ids):
        member_id, *values = row
        found.setdefault(member_id, []).append(StageWord(*values))
    return found


async def tag_orders(
    session: AsyncSession, reach: Reach, member_ids: Sequence[UUID], also: Sequence[UUID] = ()
) -> dict[UUID, list[Ordered]]:
    """Member → all that rules and people ever wanted of the member's tags, in the order of recording.

    Args:
        also: purchases that have their place in it though their rules wanted nothing.
    """
    connection = await driver(session)
    by_hand: dict[UUID, list[Ordered]] = {}
    for row in await connection.fetch(_BY_HAND, member_ids):
        change = TagChange(row["tag"], given=False, effective_at=row["effective_at"], **_NOBODY)
        ended = Ordered(None, None, row["recorded_at"], in_reach=False, changes=(change,))
        by_hand.setdefault(row["member_id"], []).append(ended)
    found: dict[UUID, list[Ordered]] = {}
    for row in await connection.fetch(_ORDERS, *reach_values(reach), member_ids, also):
        theirs, ended_before = found.setdefault(row["member_id"], []), by_hand.get(row["member_id"], [])
        while ended_before and ended_before[0].recorded_at < row["recorded_at"]:
            theirs.append(ended_before.pop(0))
        wanted = tuple(_wanted(row["asked"], row["at"]))
        theirs.append(Ordered(row["id"], row["store_id"], row["recorded_at"], row["in_reach"], wanted))
    for member_id, rest in by_hand.items():
        found.setdefault(member_id, []).extend(rest)
    return found


_NOBODY: Final[dict[str, Any]] = {"until": None, "pack_version": "", "rule_id": ""}


def _wanted(asked: str, at: datetime) -> list[TagChange]:
    return [
        change_of(TagOrder(one["tag"], one["given"], one.get("days"), one["pack"], one["rule"]), at)
        for one in orjson.loads(asked)
        if "tag" in one
    ]


async def tag_words(session: AsyncSession, member_ids: Sequence[UUID]) -> dict[UUID, list[TagWord]]:
    """Member → what undo orders decided about the member's tags, the earliest first."""
    found: dict[UUID, list[TagWord]] = {}
    for row in await (await driver(session)).fetch(_WORDS, member_ids):
        word = of_told(orjson.loads(row["aside"])).word(row["struck"])
        found.setdefault(row["member_id"], []).append(word)
    return found


async def was_corrected(session: AsyncSession, code: str) -> bool:
    """Whether an undo order has ever decided anew what a pack did to members besides points."""
    return bool(await (await driver(session)).fetchval(_CORRECTED, code))
