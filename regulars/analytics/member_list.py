"""Members as a list to look through: who they are, where they stand, and what they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    CompoundSelect,
    Integer,
    LargeBinary,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.ledger.tables import balance
from regulars.lifecycle.tables import standing
from regulars.members.domain import NUMBER_LENGTH
from regulars.members.tables import member, member_reference
from regulars.organisation.tables import place
from regulars.security.scope import Scope, within_place

LAST_DIGITS = 4


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One line of the list; the phone only by its last four digits."""

    id: UUID
    number: str
    name: str
    phone_last4: str | None
    home_store: str
    tier: str
    stage: str
    frozen: bool
    points: int
    spend_365d_minor: int
    last_purchase_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """What the list is narrowed to; each None leaves all.

    Attributes:
        words: a member number or its beginning, a reference, a whole name, or the last four of a phone.
        phone_index: blind index of `words` where it reads as a phone number.
    """

    words: str | None = None
    phone_index: bytes | None = None
    tier: str | None = None
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class MemberPage:
    """A page of the list, newest member first.

    Attributes:
        before: give this as the next call's `before` for the next page; None on the last.
    """

    rows: Sequence[MemberRow]
    before: UUID | None


def _optional(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    wanted = bindparam(name, type_=Text)
    return or_(wanted.is_(None), column == wanted)


_ROWS = (
    select(
        member.c.id,
        member.c.number,
        member.c.name,
        member.c.phone_last4,
        place.c.name.label("home_store"),
        standing.c.tier,
        standing.c.stage,
        standing.c.frozen_at.is_not(None).label("frozen"),
        func.coalesce(balance.c.amount, 0, type_=BigInteger).label("points"),
        standing.c.spend_365d_minor,
        standing.c.last_purchase_at,
    )
    .join(standing, standing.c.member_id == member.c.id)
    .join(place, place.c.id == member.c.home_store_id)
    .outerjoin(balance, and_(balance.c.account_id == member.c.id, balance.c.unit == "points"))
    .where(
        within_place(member.c.home_store_id),
        _optional(standing.c.tier, "tier"),
        _optional(standing.c.stage, "stage"),
    )
    .order_by(member.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)
_PAGE = _ROWS.where(
    or_(bindparam("first", type_=Boolean), member.c.id < bindparam("before", type_=Uuid)),
)
_OF_IDS = _ROWS.where(member.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))


def _named() -> CompoundSelect[tuple[UUID]]:
    """Members whom the words name, each way by its own index: "or" would read them all."""
    words = bindparam("words", type_=Text)
    return union(
        select(member.c.id).where(member.c.phone_index == bindparam("phone_index", type_=LargeBinary)),
        select(member.c.id).where(member.c.phone_last4 == bindparam("last4", type_=Text)),
        select(member.c.id).where(member.c.name == words),
        select(member_reference.c.member_id).where(member_reference.c.reference == words),
    )


def _found() -> Select[tuple[object, ...]]:
    """Members whom the words name, or whose number begins with them: a page of each, and one page of both."""
    named = _PAGE.where(member.c.id.in_(_named()))
    lowest, highest = bindparam("number_from", type_=Text), bindparam("number_to", type_=Text)
    numbered = _PAGE.where(member.c.number.between(lowest, highest))
    found = union(*(select(each.subquery()) for each in (named, numbered))).subquery()
    return select(found).order_by(found.c.id.desc()).limit(bindparam("limit", type_=Integer))


_FOUND = _found()


async def list_members(
    session: AsyncSession, scope: Scope, wanted: MemberFilter, *, before: UUID | None, limit: int
) -> MemberPage:
    """A page of members, newest first.

    Args:
        session: any.
        scope: where the reader may look.
        wanted: what to narrow the list to.
        before: key of the page, from the page before; None for the first.
        limit: rows a page, > 0.
    Returns: up to `limit` rows and the key of the next page.
    """
    parameters: dict[str, object] = {
        **scope.parameters,
        "tier": wanted.tier,
        "stage": wanted.stage,
        "first": before is None,
        "before": before or UUID(int=0),
        "limit": limit + 1,
    }
    statement = _PAGE
    if wanted.words:
        statement = _FOUND
        parameters |= {
            "words": wanted.words,
            "phone_index": wanted.phone_index,
            **_digits(wanted.words.replace(" ", "")),
        }
    rows = (await session.execute(statement, parameters)).all()
    page = [_row(row) for row in rows[:limit]]
    return MemberPage(rows=page, before=page[-1].id if len(rows) > limit else None)


async def members_of(session: AsyncSession, scope: Scope, ids: Sequence[UUID]) -> Sequence[MemberRow]:
    """Some members by their ids, as far as they are in sight.

    Args:
        session: any.
        scope: where the reader may look.
        ids: whom; a page of them at most.
    """
    parameters: dict[str, object] = {
        **scope.parameters,
        "tier": None,
        "stage": None,
        "limit": len(ids),
        "ids": list(ids),
    }
    return [_row(row) for row in await session.execute(_OF_IDS, parameters)]


def _row(row: Row[Any]) -> MemberRow:
    return MemberRow(
        id=row.id,
        number=row.number,
        name=row.name,
        phone_last4=row.phone_last4,
        home_store=row.home_store,
        tier=row.tier,
        stage=row.stage,
        frozen=row.frozen,
        points=row.points,
        spend_365d_minor=row.spend_365d_minor,
        last_purchase_at=row.last_purchase_at,
    )


def _digits(text: str) -> dict[str, str | None]:
    """What digits may begin or end: the numbers from … to, which every collation sorts alike, and a phone."""
    plain = text.isascii() and text.isdigit() and len(text) <= NUMBER_LENGTH
    return {
        "number_from": text.ljust(NUMBER_LENGTH, "0") if plain else None,
        "number_to": text.ljust(NUMBER_LENGTH, "9") if plain else None,
        "last4": text if plain and len(text) == LAST_DIGITS else None,
    }
