"""All SQL of message requests."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Text, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.messages.domain import MessageRequest, NewRequest
from regulars.messages.tables import message_request
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
    select(message_request)
    .where(
        _C.no > bindparam("after"),
        or_(bindparam("template", type_=Text).is_(None), _C.template == bindparam("template")),
        within_place(_C.store_id),
    )
    .order_by(_C.no)
    .limit(bindparam("limit"))
)


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
) -> list[MessageRequest]:
    """The requests after one, in their order."""
    parameters = {"after": number, "limit": limit, "template": template, **scope.parameters}
    return [_request(row) for row in await session.execute(_LIST, parameters)]


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
