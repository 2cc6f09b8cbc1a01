"""Finds what another version makes of purchases: each is read again on the facts recorded with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.organisation.places import Places
from regulars.rules.consequences import Consequence
from regulars.rules.domain import Award
from regulars.undoing.aside_correcting import ReadAgain
from regulars.undoing.correcting import (
    Losses,
    Touched,
    capped,
    correction,
    given_by,
    limited_then,
    lots_of,
    points_of,
)
from regulars.undoing.domain import Item, LotShare
from regulars.undoing.lot_finder import LotFinder

VERSION_AND_RULE = "#"


@dataclass(slots=True)
class LeftOut:
    """What a correction does not touch, counted.

    Attributes:
        failing: purchases in which a rule could not be evaluated, then or now.
        limited: purchases that lack points to which a limit bears.
        withheld: those points.
    """

    failing: int = 0
    limited: int = 0
    withheld: int = 0


@dataclass(slots=True)
class CorrectionFinder:
    """Reads the purchases of one order again, with a version in the place of another.

    Attributes:
        read_again: what `items` has read, with what the rules want besides points.
    """

    lots: LotFinder
    version: str
    to: str
    left_out: LeftOut = field(default_factory=LeftOut)
    read_again: list[ReadAgain] = field(default_factory=list)

    @classmethod
    def of(cls, session: AsyncSession, places: Places, version: str, to: str) -> "CorrectionFinder":
        """Kept while the list of an order is made."""
        return cls(LotFinder(session, places, version), version, to)

    async def items(self, found: Sequence[Touched]) -> list[Item]:
        """What has to be taken or given of each purchase; those that stay as they are are left out."""
        self.read_again = []
        await self.lots.complete({one.purchase_id: one.read for one in found}, self.to)
        return [item for one in found for item in await self._items(one)]

    async def _items(self, touched: Touched) -> list[Item]:
        recorded = touched.read.evaluation
        names = tuple(self.to if name == self.version else name for name in recorded["packs"])
        packs = await self.lots.packs(names)
        evaluation = self.lots.evaluate(touched.read, packs)
        if touched.failed or any(outcome.error for outcome in evaluation.outcomes):
            self.left_out.failing += 1
            return []
        self.read_again.append(_read_again(touched, evaluation.asked))
        limited = limited_then(recorded["rules"])
        found = correction(evaluation.awards, touched.posted, limited, capped(packs.limits))
        self.left_out.withheld += found.withheld
        self.left_out.limited += found.withheld > 0
        if found.losses:
            return await self._taking(touched, found.losses)
        if not found.gains:
            return []
        entry_id = touched.posted[0].entry_id if touched.posted else touched.purchase_id
        return [_as_item(touched, entry_id, (), (), found.gains)]

    async def _taking(self, touched: Touched, losses: Losses) -> list[Item]:
        """One for each entry that gave what is too much: each is taken back by an entry that names it."""
        then = []
        if any(len(one.lots) > 1 for one in touched.posted):
            packs = await self.lots.packs(tuple(touched.read.evaluation["packs"]))
            then = list(self.lots.evaluate(touched.read, packs).awards)
        return [
            _as_item(touched, one.entry_id, mine, lots_of(mine, [one], then), ())
            for one, mine in given_by(losses, touched.posted)
        ]


def _read_again(touched: Touched, asked: tuple[Consequence, ...]) -> ReadAgain:
    read = touched.read
    return ReadAgain(
        touched.purchase_id,
        touched.member_id,
        read.store_id,
        read.occurred_at,
        asked,
        bool(read.evaluation.get("asked")),
    )


def _as_item(
    touched: Touched,
    entry_id: UUID,
    losses: Losses,
    lots: tuple[LotShare, ...],
    gains: tuple[Award, ...],
) -> Item:
    points = sum(points for _, _, points in losses)
    item = Item(
        entry_id=entry_id,
        member_id=touched.member_id,
        cause_id=touched.purchase_id,
        store_id=touched.read.store_id,
        occurred_at=touched.read.occurred_at,
        points=points,
        due=points,
        takes=0,
        rules=tuple((f"{version}{VERSION_AND_RULE}{rule_id}", part) for version, rule_id, part in losses),
        lots=lots,
        gives=gains,
    )
    return replace(item, stood=points_of(touched.posted, item))
