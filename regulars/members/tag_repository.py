"""All SQL of the tags that rules give: their history, and what a member row keeps of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.members.tagging import CausedChange, TagChange

_WRITE: Final = """
insert into member_tag (id, member_id, tag, given, effective_at, until, purchase_id, pack_version, rule_id,
                        undo_id, ended_by, recorded_at)
select t.*, $12::timestamptz
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::boolean[], $5::timestamptz[], $6::timestamptz[],
            $7::uuid[], $8::text[], $9::text[], $10::uuid[], $11::text[]) as t
"""
_KEEP: Final = """
update member m set rule_tags = n.rule_tags::jsonb
from unnest($1::uuid[], $2::text[]) as n(id, rule_tags) where m.id = n.id
"""
_OF: Final = """
select member_id, tag, given, effective_at, until, coalesce(pack_version, ''), coalesce(rule_id, '')
from member_tag where member_id = any($1::uuid[]) order by member_id, no
"""


async def write(
    session: AsyncSession, caused: Sequence[CausedChange], kept: Mapping[UUID, str], at: datetime
) -> None:
    """Append changes, in their order, and what the members' rows keep of them.

    Args:
        session: holds the locks on the members.
        kept: `tagging.kept` by member, for each that changed.
        at: aware UTC, the time of recording.
    """
    if not caused:
        return
    rows = [
        (
            one.id,
            one.member_id,
            one.change.tag,
            one.change.given,
            one.change.effective_at,
            one.change.until,
            one.purchase_id,
            one.change.pack_version or None,
            one.change.rule_id or None,
            one.undo_id,
            one.ended_by,
        )
        for one in caused
    ]
    connection = await driver(session)
    await connection.execute(_WRITE, *zip(*rows, strict=True), at)
    await connection.execute(_KEEP, list(kept), list(kept.values()))


async def changes_of(session: AsyncSession, member_ids: Sequence[UUID]) -> dict[UUID, list[TagChange]]:
    """Each member's changes, in the order of recording."""
    found: dict[UUID, list[TagChange]] = {}
    if not member_ids:
        return found
    for row in await (await driver(session)).fetch(_OF, member_ids):
        member_id, *values = row
        found.setdefault(member_id, []).append(TagChange(*values))
    return found
