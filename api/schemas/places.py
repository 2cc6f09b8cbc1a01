"""Places and terminal keys on the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.base import In, Out
from regulars.organisation.domain import Place, PlaceKind
from regulars.security.domain import IssuedKey, TerminalKey


class PlaceIn(In):
    """A place to be opened."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"parent_code": "EAST", "kind": "store", "code": "S1", "name": "南京东路店"},
                {"parent_code": "S1", "kind": "terminal", "code": "S1-1", "name": "一号收银台"},
            ]
        }
    )

    parent_code: Annotated[str, Field(description="Code of the place above.")]
    kind: PlaceKind
    code: str
    name: str
    time_zone: Annotated[str | None, Field(description="IANA name; the parent's where left out.")] = None
    cutoff_minutes: Annotated[
        int | None, Field(description="Minutes after midnight when the trading day begins; the parent's.")
    ] = None


class PlaceChangeIn(In):
    """New values of a place; what is left out stays."""

    name: str | None = None
    time_zone: str | None = None
    cutoff_minutes: int | None = None


class ReasonIn(In):
    """Why something is done."""

    reason: Annotated[str, Field(max_length=500)]


class PlaceOut(Out):
    """A place."""

    id: UUID
    parent_id: UUID | None
    kind: PlaceKind
    code: str
    name: str
    time_zone: str
    cutoff_minutes: int
    created_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, place: Place) -> Self:
        return cls.model_validate(place)


class PlacePageOut(Out):
    """Places by code."""

    items: list[PlaceOut]
    next_after: Annotated[str | None, Field(description="Give this as `after` for the next page.")] = None


class TerminalKeyOut(Out):
    """A terminal key without its secret."""

    key_id: str
    terminal_id: UUID
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: Annotated[datetime | None, Field(description="To about an hour; null: never.")]

    @classmethod
    def of(cls, key: TerminalKey) -> Self:
        return cls.model_validate(key)


class IssuedKeyOut(Out):
    """A fresh terminal key: the only time that its secret is shown."""

    key_id: str
    terminal_id: UUID
    bearer: Annotated[str, Field(description="Send as `Authorization: Bearer …`. Not shown again.")]

    @classmethod
    def of(cls, issued: IssuedKey) -> Self:
        return cls(key_id=issued.key.key_id, terminal_id=issued.key.terminal_id, bearer=issued.bearer)
