"""How full the limits of live packs are, on the wire."""

from typing import Annotated, Self

from pydantic import Field

from api.schemas.base import Out
from regulars.budgets.usage import Use
from regulars.rules.domain import LimitEvery, LimitOf, LimitPer
from regulars.rules.model import Pack


class LimitTitleOut(Out):
    """What a limit is called."""

    zh: str
    en: str


class LimitUseOut(Out):
    """How full a limit is in one stretch of the calendar."""

    version: Annotated[str, Field(description="The live version whose limit it is.")]
    limit: str
    title: LimitTitleOut
    of: LimitOf
    per: LimitPer
    every: LimitEvery
    at_most: int
    period: Annotated[str, Field(description="Such as 2026-11-22, 2026-W47, 2026-11, 2026 or ever.")]
    counters: Annotated[int, Field(description="1, or the number of stores that are summed.")]
    used_up: Annotated[int, Field(description="How many of them have nothing left.")]
    used: int
    reserved: Annotated[int, Field(description="Held by quotes that are not bought yet.")]
    left: Annotated[int | None, Field(description="Null where several stores are summed.")]

    @classmethod
    def of_use(cls, use: Use, version: str, pack: Pack) -> Self:
        limit = use.limit
        title = next(each.title for each in pack.limits or () if each.code == limit.code)
        return cls(
            version=version,
            limit=limit.code,
            title=LimitTitleOut(zh=title.zh, en=title.en),
            of=limit.of,
            per=limit.per,
            every=limit.every,
            at_most=limit.at_most,
            period=use.period,
            counters=use.counters,
            used_up=use.used_up,
            used=use.used,
            reserved=use.reserved,
            left=use.left,
        )


class LimitPeriodsOut(Out):
    """Stretches of the calendar, the newest first."""

    items: list[LimitUseOut]
    next_before: Annotated[str | None, Field(description="Send as `before` for the next page.")] = None
