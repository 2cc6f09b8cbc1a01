"""Lists that are read a page at a time: where the page begins, and the address of the next one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends

Key = tuple[datetime, UUID]


def _key_of(after_at: datetime | None = None, after_id: UUID | None = None) -> Key | None:
    """The last of the page before; None for the first page, and where the address was spoilt."""
    return (after_at, after_id) if after_at and after_at.tzinfo and after_id else None


PageKey = Annotated[Key | None, Depends(_key_of)]


def older_href(base: str, after: Key | None) -> str:
    """The address of the next page of a list that is read by time and id; "" where there is none."""
    if after is None:
        return ""
    joint = "&" if "?" in base else "?"
    return f"{base}{joint}after_at={after[0].isoformat().replace('+00:00', 'Z')}&after_id={after[1]}"
