"""What a rehearsal tells: every figure as it was, as it would have been, and the difference."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from regulars.rehearsal.limited import LimitUse
from regulars.rehearsal.sums import MEASURES, Cell, Measure, MemberChange, Move, Pair, Ranked, Sums

REPORT_VERSION: Final = 1
SHOWN_MEMBERS: Final = 10
"""Winners and losers that stand in the report itself; the others are asked for page by page."""

SIDES: Final = ("winners", "losers")
ASSUMPTIONS: Final[Mapping[str, str]] = {
    "zh": "假定会员的消费行为不变：预演用同样的消费重算，不预测会员因新规则而多买或少买。"
    "折扣比较的是规则给出的优惠金额，历史上实收的价格不变，积分按实收明细计算。",
    "en": "Behaviour is assumed unchanged: the same purchases are read again, and nobody buys more or less "
    "because of the drafts. Discounts compare what the packs offer; what was charged stands, and points "
    "count the lines as charged.",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A figure as it was and as it would have been."""

    before: int
    after: int
    difference: int


@dataclass(frozen=True, slots=True)
class Row:
    """Purchases of one kind: of a day, a store, a tier, a tenth of the members."""

    key: str
    purchases: int
    points: Change
    discount_minor: Change


@dataclass(frozen=True, slots=True)
class RuleRow:
    """What one rule of a pack version gave, and would have given."""

    pack: str
    rule: str
    points: Change
    discount_minor: Change


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """What changes for a department: the points of a purchase are shared by its lines' sales value."""

    department: str
    purchases: int
    points_difference: int
    discount_minor: Change


@dataclass(frozen=True, slots=True)
class MoveRow:
    """Members who moved from one tier or stage to another, and why."""

    kind: str
    from_code: str | None
    to_code: str | None
    members: Change


@dataclass(frozen=True, slots=True)
class HoldRow:
    """How many members hold a tier, or are in a stage, at the end."""

    code: str
    members: Change


@dataclass(frozen=True, slots=True)
class AskedRow:
    """How often rules asked for a message, or gave a tag."""

    code: str
    times: Change


@dataclass(frozen=True, slots=True)
class PackTold:
    """A draft that was rehearsed."""

    name: str
    hash: str
    published: bool


@dataclass(frozen=True, slots=True)
class WorkTold:
    """Where the time of all processes together went, in milliseconds."""

    reading: int
    replaying: int


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report; `version` changes when a field changes its meaning.

    Attributes:
        taken_back_points: by undo orders, and in payment of what they left owed.
        liability_points: points open at the end of the span.
        owed_points: what members owe then.
        messages: by the code of the text, asked for, not sent; `tags` those that rules gave.
        by_decile: "1" is the tenth of the members that spent most in the span.
        differing_purchases: whose points or offered discounts would have been others.
        differing_members: whose tier, stage or expiries would have been others.
        winners, losers: how many, by measure; `top` names the first of them.
    """

    version: int
    packs: tuple[PackTold, ...]
    place_code: str
    since: datetime | None
    until: datetime
    assumptions: Mapping[str, str]
    purchases: int
    members: int
    points: Change
    expired_points: Change
    taken_back_points: Change
    liability_points: Change
    owed_points: Change
    discount_minor: Change
    differing_purchases: int
    differing_members: int
    winners: Mapping[Measure, int]
    losers: Mapping[Measure, int]
    tier_moves: tuple[MoveRow, ...]
    stage_moves: tuple[MoveRow, ...]
    tiers: tuple[HoldRow, ...]
    stages: tuple[HoldRow, ...]
    messages: tuple[AskedRow, ...]
    tags: tuple[AskedRow, ...]
    limits: tuple[LimitUse, ...]
    by_rule: tuple[RuleRow, ...]
    by_tier: tuple[Row, ...]
    by_store: tuple[Row, ...]
    by_category: tuple[CategoryRow, ...]
    by_decile: tuple[Row, ...]
    by_day: tuple[Row, ...]
    work_ms: WorkTold
    top: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values; the driver has a UUID type of its own."""
        found: dict[str, Any] = orjson.loads(orjson.dumps(asdict(self), default=str))
        return found


@dataclass(frozen=True, slots=True)
class Heading:
    """What a report says of its rehearsal."""

    packs: tuple[PackTold, ...]
    place_code: str
    since: datetime | None
    until: datetime


def report_of(heading: Heading, sums: Sums, store_codes: Mapping[UUID, str]) -> Report:
    """Put sums into words.

    Args:
        heading: what was rehearsed.
        sums: of all parts.
        store_codes: by the stores' ids.
    Returns: the report; lists are in a fixed order, so that equal sums give equal reports.
    """
    total = sums.total
    moves = [_move(move, pair) for move, pair in sums.moves.items()]
    return Report(
        version=REPORT_VERSION,
        packs=heading.packs,
        place_code=heading.place_code,
        since=heading.since,
        until=heading.until,
        assumptions=ASSUMPTIONS,
        purchases=total.purchases,
        members=sums.members,
        points=_points(total),
        expired_points=_change(sums.expired_points),
        taken_back_points=_change(sums.taken_back_points),
        liability_points=_change(sums.open_points),
        owed_points=_change(sums.owed_points),
        discount_minor=_discount(total),
        differing_purchases=sums.differing_purchases,
        differing_members=sums.differing_members,
        winners=sums.winners,
        losers=sums.losers,
        tier_moves=_sorted_moves(row for row in moves if row.kind in TIER_KINDS),
        stage_moves=_sorted_moves(row for row in moves if row.kind not in TIER_KINDS),
        tiers=_holders(sums.tiers),
        stages=_holders(sums.stages),
        messages=_asked(sums.messages),
        tags=_asked(sums.tags),
        limits=sums.limits,
        by_rule=tuple(
            RuleRow(pack, rule, _points(cell), _discount(cell))
            for (pack, rule), cell in sorted(sums.by_rule.items())
        ),
        by_tier=_rows(sums.by_tier.items()),
        by_store=_rows((store_codes[store_id], cell) for store_id, cell in sums.by_store.items()),
        by_category=tuple(
            CategoryRow(department, cell.purchases, cell.points_after - cell.points_before, _discount(cell))
            for department, cell in sorted(sums.by_category.items())
        ),
        by_decile=tuple(_row(str(decile), cell) for decile, cell in sorted(sums.by_decile.items())),
        by_day=_rows((_day(day), cell) for day, cell in sums.by_day.items()),
        work_ms=WorkTold(
            reading=(sums.work_ns - sums.replay_ns) // 1_000_000, replaying=sums.replay_ns // 1_000_000
        ),
        top={
            f"{side}_by_{measure}": [
                told_change(change) for change in ranked(sums, measure, side)[:SHOWN_MEMBERS]
            ]
            for measure in MEASURES
            for side in SIDES
        },
    )


TIER_KINDS: Final = frozenset({"upgraded", "kept", "downgraded", "tier_corrected"})


def ranked(sums: Sums, measure: Measure, side: str) -> list[MemberChange]:
    """The members of one side, the greatest difference first."""
    heap: Sequence[Ranked] = sums.top.get((measure, side), ())
    return [change for _, _, change in sorted(heap, key=lambda one: (-one[0], one[1]))]


def told_change(change: MemberChange) -> dict[str, Any]:
    """A member's change as plain JSON values."""
    found: dict[str, Any] = orjson.loads(orjson.dumps(asdict(change), default=str))
    found["points_difference"] = change.difference("points")
    found["discount_difference_minor"] = change.difference("discount_minor")
    return found


def _change(pair: Pair) -> Change:
    return Change(pair.before, pair.after, pair.after - pair.before)


def _points(cell: Cell) -> Change:
    return _change(Pair(cell.points_before, cell.points_after))


def _discount(cell: Cell) -> Change:
    return _change(Pair(cell.discount_before_minor, cell.discount_after_minor))


def _row(key: str, cell: Cell) -> Row:
    return Row(key, cell.purchases, _points(cell), _discount(cell))


def _rows(cells: Iterable[tuple[str, Cell]]) -> tuple[Row, ...]:
    return tuple(_row(key, cell) for key, cell in sorted(cells, key=lambda item: item[0]))


def _move(move: Move, pair: Pair) -> MoveRow:
    return MoveRow(*move, _change(pair))


def _sorted_moves(rows: Iterable[MoveRow]) -> tuple[MoveRow, ...]:
    return tuple(sorted(rows, key=lambda row: (row.kind, row.from_code or "", row.to_code or "")))


def _holders(pairs: Mapping[str, Pair]) -> tuple[HoldRow, ...]:
    return tuple(HoldRow(code, _change(pair)) for code, pair in sorted(pairs.items()))


def _asked(pairs: Mapping[str, Pair]) -> tuple[AskedRow, ...]:
    return tuple(AskedRow(code, _change(pair)) for code, pair in sorted(pairs.items()))


def _day(number: int) -> str:
    return date(number // 10_000, number // 100 % 100, number % 100).isoformat()
