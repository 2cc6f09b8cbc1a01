"""Lists of orders that people placed: the latest first, in some states, a page at a time by key."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Integer, Select, Text, Uuid, any_, bindparam, or_, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from regulars.db.base import Instant

_STATES: Final = bindparam("wanted_states", type_=ARRAY(Text))
_AFTER_AT: Final = bindparam("after_at", type_=Instant)
_AFTER_ID: Final = bindparam("after_id", type_=Uuid)


def latest_first(
    wanted: Select[Any], state: Column[Any], at: Column[Any], order_id: Column[Any]
) -> Select[Any]:
    """The statement that reads one page; executed with `page_values`.

    Args:
        wanted: the columns, with whatever else must hold.
        state: of an order.
        at, order_id: by which they are in order.
    """
    return (
        wanted.where(
            or_(_STATES.is_(None), state == any_(_STATES)),
            or_(_AFTER_AT.is_(None), tuple_(at, order_id) < tuple_(_AFTER_AT, _AFTER_ID)),
        )
        .order_by(at.desc(), order_id.desc())
        .limit(bindparam("count", type_=Integer))
    )


def page_values(
    states: Collection[str], after: tuple[datetime, UUID] | None, count: int
) -> dict[str, object]:
    """What `latest_first` is executed with: states, none for any; the last of the page before; how many."""
    at, order_id = after or (None, None)
    return {
        "wanted_states": list(states) or None,
        "after_at": at,
        "after_id": order_id,
        "count": count,
    }
