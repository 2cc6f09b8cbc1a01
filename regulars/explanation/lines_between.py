"""Lines that stand between a member's events without being events: read alike, whatever they tell of."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.db.raw import driver
from regulars.explanation.history import EventLine
from regulars.security.scope import Scope


async def read_lines(
    session: AsyncSession, query: str, kind: str, member_id: UUID, scope: Scope, span: tuple[int | None, int]
) -> list[tuple[int, EventLine]]:
    """Each line with the number of the event after which it stands, in the query's order.

    Args:
        query: of the member, places, and the span; gives `after_event_no`, and columns named as in EventLine.
        span: only those after an event numbered below the one (None: any), and not below the other.
    """
    rows = await (await driver(session)).fetch(query, member_id, scope.parameters["scope_paths"], *span)
    found = []
    for row in rows:
        values = dict(row)
        after = values.pop("after_event_no")
        found.append((after, EventLine(kind=kind, **values)))
    return found
