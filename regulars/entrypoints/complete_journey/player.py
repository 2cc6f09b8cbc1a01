"""Plays the held-back days live: each basket quoted, charged and posted through the API as a till would."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rich.console import Console

from regulars.db.session import Database
from regulars.entrypoints.complete_journey.founding import COMMAND, Ground
from regulars.entrypoints.complete_journey.importer import PLAYED_PREFIX, known_baskets
from regulars.entrypoints.complete_journey.progress import Meter
from regulars.entrypoints.complete_journey.source import (
    Slice,
    SourceBasket,
    member_reference,
    open_source,
)
from regulars.entrypoints.complete_journey.tills import Refused, TillLine
from regulars.kernel.clock import now
from regulars.kernel.ids import new_id
from regulars.organisation import service as organisation
from regulars.purchases.domain import Line
from regulars.rules import service as rules
from regulars.rules.starters import starter_text

HELD_BACK_DAYS: Final = 14
PACKS_OF_THE_PLAY: Final = ("silver-saturday", "staff-excluded")
TILLS_AT_ONCE: Final = 8
_LINE_EVERY_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Played:
    """What came of the play."""

    posted: int
    refused: int


async def publish_live_packs(database: Database, at: datetime) -> None:
    """Put the packs of the play into force from now on; a pack that somebody has touched is left alone."""
    async with database.begin() as session:
        hq = await organisation.place_by_code(session, organisation.HQ_CODE, COMMAND.scope)
        for code in PACKS_OF_THE_PLAY:
            if not await rules.list_activations(session, code):
                await rules.publish(
                    session,
                    starter_text(code),
                    place_id=hq.id,
                    live_from=at,
                    actor=COMMAND,
                    at=at,
                    reason="the live play begins",
                )


async def held_back(database: Database, ground: Ground) -> list[SourceBasket]:
    """The baskets that are still to be played, in order of time."""
    source = open_source()
    try:
        wanted = Slice(ground.shift_weeks, from_day=source.days() - HELD_BACK_DAYS)
        strangers = {each.number: new_id() for each in source.households(wanted)}
        known = await known_baskets(database)
        # Whose member a basket is, the API finds out by the reference; the ids here only fill the form.
        return list(source.baskets(wanted, strangers | dict(ground.members), ground.tills, without=known))
    finally:
        source.close()


async def play(
    baskets: Sequence[SourceBasket],
    ground: Ground,
    line: TillLine,
    console: Console,
    *,
    purchases_a_minute: float,
) -> Played:
    """Post baskets one after the other at a steady pace, each re-timed to the moment it is rung up.

    Args:
        baskets: in order; one household's are posted in that order.
        ground: households known already; others are enrolled at their till first.
        line: to the API.
        console: where progress is shown, and what was refused.
        purchases_a_minute: the pace aimed at.
    """
    queues: list[asyncio.Queue[SourceBasket | None]] = [
        asyncio.Queue(maxsize=2) for _ in range(TILLS_AT_ONCE)
    ]
    members = set(ground.members)
    posted = refused = 0
    with Meter(console, "Live purchases", len(baskets), line_every_seconds=_LINE_EVERY_SECONDS) as meter:

        async def ring_up(queue: asyncio.Queue[SourceBasket | None]) -> None:
            nonlocal posted, refused
            while (sold := await queue.get()) is not None:
                try:
                    await _sell(line, sold, members)
                    posted += 1
                except Refused as problem:
                    refused += 1
                    console.print(f"Basket {sold.number}: {problem}", markup=False, highlight=False)
                meter.add(1)

        async with asyncio.TaskGroup() as tills:
            for queue in queues:
                tills.create_task(ring_up(queue))
            async for sold in _paced(baskets, 60 / purchases_a_minute):
                await queues[sold.household % TILLS_AT_ONCE].put(sold)
            for queue in queues:
                await queue.put(None)
    return Played(posted, refused)


async def _paced(baskets: Iterable[SourceBasket], seconds_apart: float) -> AsyncIterator[SourceBasket]:
    due = time.monotonic()
    for sold in baskets:
        due = max(due + seconds_apart, time.monotonic() - 1)  # a stall is not made up for in one burst
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        yield sold


async def _sell(line: TillLine, sold: SourceBasket, members: set[int]) -> None:
    basket = sold.basket
    terminal, reference = basket.terminal_id, member_reference(sold.household)
    if sold.household not in members:
        await _enrol(line, sold, reference)
        members.add(sold.household)
    lines = [_line(each) for each in basket.lines]
    quote = await line.post(terminal, "/v1/quotes", {"member": reference, "lines": lines})
    body = {
        "member": reference,
        "receipt_no": basket.receipt_no,
        "occurred_at": now().isoformat(),
        "quote": quote["quote"],
        "lines": [_charged(each, quoted) for each, quoted in zip(lines, quote["lines"], strict=True)],
    }
    await line.post(terminal, "/v1/purchases", body, key=f"{PLAYED_PREFIX}{sold.number}")


async def _enrol(line: TillLine, sold: SourceBasket, reference: str) -> None:
    person = {"name": f"Household {sold.household}", "locale": "en", "references": [reference]}
    try:
        await line.post(sold.basket.terminal_id, "/v1/members", person)
    except Refused as problem:
        if problem.code != "reference_taken":  # enrolled before this play was stopped
            raise


def _line(line: Line) -> dict[str, Any]:
    return {
        "line": line.line,
        "sku": line.sku,
        "department": line.department,
        "kind": line.kind,
        "quantity_milli": line.quantity_milli,
        "list_minor": line.list_minor,
        "promotional": line.promotional,
        "discounts": [
            {"source": each.source, "funder": each.funder, "amount_minor": each.amount_minor}
            for each in line.discounts
        ],
    }


def _charged(line: Mapping[str, Any], quoted: Mapping[str, Any]) -> dict[str, Any]:
    """The line with the discounts that the quote gave, its own included."""
    return {**line, "discounts": quoted["discounts"], "sales_minor": quoted["sales_minor"]}
