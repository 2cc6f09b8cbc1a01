"""A lifecycle event as it is read back from its row, for all who replay or explain history."""

import asyncpg
import orjson

from regulars.lifecycle.domain import LifecycleEvent


def event_of(row: asyncpg.Record) -> LifecycleEvent:
    """The event of a row that has the columns of `lifecycle_event` by their names, `reason` as JSON text."""
    return LifecycleEvent(
        member_id=row["member_id"],
        event_no=row["event_no"],
        after_seq=row["after_seq"],
        kind=row["kind"],
        effective_at=row["effective_at"],
        tier_from=row["tier_from"],
        tier_to=row["tier_to"],
        stage_from=row["stage_from"],
        stage_to=row["stage_to"],
        pack_version=row["pack_version"],
        rule_id=row["rule_id"],
        reason=orjson.loads(row["reason"]),
        worked=row["worked"],
    )
