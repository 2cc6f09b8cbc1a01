"""All SQL of message requests."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Text, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.messages.domain import MessageRequest, NewRequest
from regulars.messages.tables import message_fate, message_request
from regulars.security.scope import Scope, within_place

IN_ORDER: Final = 7_201_130  # advisory lock

# Held until the commit, so that requests become visible in the order of their numbers, and a reader who goes
# on from the last one misses none. Only what asks for messages takes it, as its last lock.
_LOCK: Final = "select pg_advisory_xact_lock($1)"
_WRITE: Final = """
insert into message_request (id, member_id, purchase_id, store_id, template, named_values, pack_version,
                             rule_id, occurred_at, requested_at)
select id, member_id, purchase_id, store_id, template, named_values::jsonb, pack_version, rule_id,
       occurred_at, $10::timestamptz
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::timestamptz[]) with ordinality
     as t(id, member_id, purchase_id, store_id, template, named_values, pack_version, rule_id, occurred_at,
          nth)
order by nth
"""
_C = message_request.c
_LIST: Final = (
    select(message_request, message_fate.c.at.label("handed_at"))
    .outerjoin(message_fate, message_fate.c.request_id == _C.id)
    .where(
        message_fate.c.undo_id.is_(None),
        _C.no > bindparam("after"),
        or_(bindparam("template", type_=Text).is_(None), _C.template == bindparam("template")),
        within_place(_C.store_id),
    )
    .order_by(_C.no)
    .limit(bindparam("limit"))
)

# Whoever writes a request's fate first decides it; who comes at the same time waits for the other's commit.
_SETTLE: Final = """
insert into message_fate (request_id, undo_id, at)
select id, $2::uuid, $3::timestamptz from unnest($1::uuid[]) as t(id) order by id
on conflict do nothing returning request_id
"""
_WITHDRAWN: Final = """
select request_id from message_fate where request_id = any($1::uuid[]) and undo_id is not null
"""


async def write(session: AsyncSession, requests: Sequence[NewRequest], at: datetime) -> None:
    """Append requests, in their order; takes the last lock of the transaction."""
    rows = [
        (
            one.id,
            one.member_id,
            one.purchase_id,
            one.store_id,
            one.message.template,
            orjson.dumps(dict(one.message.values)).decode(),
            one.message.pack_version,
            one.message.rule_id,
            one.occurred_at,
        )
        for one in requests
    ]
    connection = await driver(session)
    await connection.execute(_LOCK, IN_ORDER)
    await connection.execute(_WRITE, *zip(*rows, strict=True), at)


async def after(
    session: AsyncSession, scope: Scope, number: int, limit: int, template: str | None
) -> list[tuple[MessageRequest, bool]]:
    """The requests after one that nobody withdrew, in their order, and whether each was handed out before."""
    parameters = {"after": number, "limit": limit, "template": template, **scope.parameters}
    found = await session.execute(_LIST, parameters)
    return [(_request(row), row.handed_at is not None) for row in found]


async def settle(
    session: AsyncSession, request_ids: Sequence[UUID], undo_id: UUID | None, at: datetime
) -> set[UUID]:
    """Write down that requests were handed out, or withdrawn by an undo order: those that were neither."""
    rows = await (await driver(session)).fetch(_SETTLE, request_ids, undo_id, at)
    return {row["request_id"] for row in rows}


async def withdrawn(session: AsyncSession, request_ids: Sequence[UUID]) -> set[UUID]:
    """Which of some requests are."""
    return {row["request_id"] for row in await (await driver(session)).fetch(_WITHDRAWN, request_ids)}


def _request(row: Any) -> MessageRequest:  # noqa: ANN401 — a SQLAlchemy row
    return MessageRequest(
        no=row.no,
        id=row.id,
        member_id=row.member_id,
        purchase_id=row.purchase_id,
        store_id=row.store_id,
        template=row.template,
        values=row.named_values,
        pack_version=row.pack_version,
        rule_id=row.rule_id,
        occurred_at=row.occurred_at,
        requested_at=row.requested_at,
    )
