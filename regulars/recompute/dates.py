"""Points that lie in lots of wrong dates, and where they should lie: pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from regulars.ledger.domain import Consumption, OpenPointsLot
from regulars.recompute.domain import RuleKey, pack_code, still_valid
from regulars.rules.domain import Award
from regulars.undoing.correcting import Posted, lots_of


@dataclass(frozen=True, slots=True)
class Redating:
    """Points that are taken out of their lots, and as many that are given with other dates.

    Attributes:
        original_id: the entry that booked them.
        taken: (pack version, rule, points), as they were given.
        awards: the same points, of the version that gave them, as they should have been dated.
        dated_by: the versions that date them.
    """

    original_id: UUID
    taken: tuple[tuple[str, str, int], ...]
    consumptions: tuple[Consumption, ...]
    awards: tuple[Award, ...]
    dated_by: frozenset[str]

    @property
    def points(self) -> int:
        return sum(award.points for award in self.awards)


def redating(
    gives: Sequence[Award],
    gave: Sequence[Award],
    posted: Posted,
    lots: Mapping[UUID, OpenPointsLot],
    occurred_at: datetime,
    at: datetime,
) -> Redating | None:
    """What of a purchase's points gets other dates.

    Args:
        gives: what its rules give now, dated by the purchase.
        gave: the same of the versions that were live then.
        posted: the entry that booked it, less what was taken back of it.
        lots: the member's, with what is left in them.
        occurred_at: when it was bought.
        at: when it is booked.
    Returns: of each rule that gives points of other dates as many as it gave, gives now, and are left in the
        lots in which they lie; None where there are none. What was spent, paid or has expired stays so.
    Source: docs/semantics.md, "Recomputing".
    """
    dates_then: dict[RuleKey, tuple[datetime, datetime | None]] = {
        (award.pack_version, award.rule_id): (award.available_at, award.expires_at) for award in gave
    }
    now = {(pack_code(award.pack_version), award.rule_id): award for award in gives}
    left = {lot.id: lot.remaining for lot in lots.values() if lot.is_open(at)}
    consumed: dict[UUID, int] = {}
    taken: list[tuple[str, str, int]] = []
    awards: list[Award] = []
    dated_by: set[str] = set()
    for (version, rule_id), points in posted.standing.items():
        award = now.get((pack_code(version), rule_id))
        dates = dates_then.get((version, rule_id))
        if award is None or dates is None or dates == (award.available_at, award.expires_at):
            continue
        wanted = (version, rule_id, min(points, award.points))
        moved = 0
        for lot_id, share in lots_of([wanted], [posted], gave) if wanted[2] > 0 else ():
            part = min(share, left.get(lot_id, 0))
            if part > 0:
                left[lot_id] -= part
                consumed[lot_id] = consumed.get(lot_id, 0) + part
                moved += part
        if moved:
            taken.append((version, rule_id, moved))
            # How many there are was decided by who gave them: whoever undoes the dates' version leaves them.
            same = award._replace(points=moved, pack_version=version)
            awards.append(still_valid(same, occurred_at, at))
            dated_by.add(award.pack_version)
    if not awards:
        return None
    consumptions = tuple(Consumption(lot_id, part) for lot_id, part in consumed.items())
    return Redating(posted.entry_id, tuple(taken), consumptions, tuple(awards), frozenset(dated_by))
