"""Finds what another version makes of purchases: each is read again on the facts recorded with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.organisation.places import Places
from regulars.undoing.correcting import (
    Correction,
    Touched,
    capped,
    correction,
    limited_then,
    lots_of,
    points_of,
)
from regulars.undoing.domain import Item
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
    """Reads the purchases of one order again, with a version in the place of another."""

    lots: LotFinder
    version: str
    to: str
    left_out: LeftOut = field(default_factory=LeftOut)

    @classmethod
    def of(cls, session: AsyncSession, places: Places, version: str, to: str) -> "CorrectionFinder":
        """Kept while the list of an order is made."""
        return cls(LotFinder(session, places, version), version, to)

    async def items(self, found: Sequence[Touched]) -> list[Item]:
        """What has to be taken or given of each purchase; those that stay as they are are left out."""
        await self.lots.complete({one.purchase_id: one.read for one in found}, self.to)
        items = [await self._item(one) for one in found]
        return [item for item in items if item is not None]

    async def _item(self, touched: Touched) -> Item | None:
        recorded = touched.read.evaluation
        names = tuple(self.to if name == self.version else name for name in recorded["packs"])
        packs = await self.lots.packs(names)
        evaluation = self.lots.evaluate(touched.read, packs)
        if touched.failed or any(outcome.error for outcome in evaluation.outcomes):
            self.left_out.failing += 1
            return None
        limited = limited_then(recorded["rules"])
        found = correction(evaluation.awards, touched.posted, limited, capped(packs.limits))
        self.left_out.withheld += found.withheld
        self.left_out.limited += found.withheld > 0
        if not found.losses and not found.gains:
            return None
        return await self._as_item(touched, found)

    async def _as_item(self, touched: Touched, found: Correction) -> Item:
        then = []
        if any(len(one.lots) > 1 for one in touched.posted) and found.losses:
            packs = await self.lots.packs(tuple(touched.read.evaluation["packs"]))
            then = list(self.lots.evaluate(touched.read, packs).awards)
        points = sum(points for _, _, points in found.losses)
        item = Item(
            entry_id=touched.posted[0].entry_id if touched.posted else touched.purchase_id,
            member_id=touched.member_id,
            cause_id=touched.purchase_id,
            store_id=touched.read.store_id,
            occurred_at=touched.read.occurred_at,
            points=points,
            due=points,
            takes=0,
            rules=tuple(
                (f"{version}{VERSION_AND_RULE}{rule_id}", part) for version, rule_id, part in found.losses
            ),
            lots=lots_of(found.losses, touched.posted, then),
            gives=found.gains,
        )
        return replace(item, stood=points_of(touched.posted, item))
