"""Points that people gave or took by hand: who, why, by whose word, and in which lots; in both languages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.explanation.domain import Difference, EventExplanation, Said
from regulars.explanation.speech import Speech
from regulars.kernel.words import counted

ADJUSTED: Final = "points_adjusted"
SHOWN_MOST: Final = 20
_REASONS: Final[Mapping[str, Said]] = {
    "missed_points": Said("补记漏记的积分", "points that were missed"),
    "goodwill": Said("服务补偿", "goodwill"),
    "goods_returned": Said("退货", "goods returned"),
    "wrong_entry": Said("录入有误", "entered wrongly"),
    "misuse": Said("不当使用", "misuse"),
    "other": Said("其他原因", "another reason"),
}


@dataclass(frozen=True, slots=True)
class AdjustedLot:
    """Points of one lot that an adjustment gave, or took.

    Attributes:
        earned_at: of points taken, when they had been given; else None.
    """

    points: int
    expires_at: datetime | None
    earned_at: datetime | None


@dataclass(frozen=True, slots=True)
class Adjusted:
    """One entry of the books by which points were adjusted.

    Attributes:
        adjustment_id: the request; None, as what is told of it, where no request is known.
        points: as asked for: given, or below zero taken; `posted`: the same in the books.
        repaid: of points given, what paid a debt.
        within_limit: by the asker's own right, without anybody else.
        requested_by, decided_by: as the pages call them; else kind and id.
        note: the asker's words; `words`: those of who decided.
        reverses, reversed_by: the adjustment that it takes back, and the one that takes it back.
    """

    entry_id: UUID
    member_id: UUID
    adjustment_id: UUID | None
    at: datetime
    points: int | None
    reason: str | None
    note: str | None
    within_limit: bool | None
    requested_by: str | None
    requested_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    words: str | None
    reverses: UUID | None
    reversed_by: UUID | None
    posted: int
    repaid: int
    lots: tuple[AdjustedLot, ...]


def explained(adjusted: Adjusted, speech: Speech) -> EventExplanation:
    """Why points were given or taken by hand.

    Args:
        adjusted: with its lots.
        speech: the chain's, on the clock of the member's home store.
    Returns: what happened, who asked for it and allowed it, where the points lie or lay, and where the books
        disagree among themselves.
    """
    differences = tuple(_differences(adjusted))
    return EventExplanation(
        event_id=adjusted.entry_id,
        member_id=adjusted.member_id,
        event_no=None,
        kind=ADJUSTED,
        effective_at=adjusted.at,
        local_time=speech.stamp(adjusted.at),
        purchase_id=None,
        pack=None,
        summary=(
            _what(adjusted, speech),
            *_why(adjusted),
            *_by_whom(adjusted),
            *_lots(adjusted, speech),
            *_back_and_forth(adjusted),
            _verdict(differences),
        ),
        facts=(),
        packs=(),
        differences=differences,
    )


def _differences(adjusted: Adjusted) -> Iterator[Difference]:
    """Where request, entry and lots do not say the same."""
    subject = str(adjusted.entry_id)
    if adjusted.points != adjusted.posted:
        asked = "–" if adjusted.points is None else str(adjusted.points)
        yield Difference("points", subject, asked, str(adjusted.posted))
    in_lots = sum(lot.points for lot in adjusted.lots)
    if in_lots != abs(adjusted.posted):
        yield Difference("lots", subject, str(in_lots), str(abs(adjusted.posted)))


def _what(adjusted: Adjusted, speech: Speech) -> Said:
    points, at = speech.points(abs(adjusted.posted)), speech.moment(adjusted.at)
    if adjusted.posted >= 0:
        return Said(f"{at.zh} 手工增加 {points.zh}。", f"On {at.en}, {points.en} were given by hand.")
    return Said(f"{at.zh} 手工扣减 {points.zh}。", f"On {at.en}, {points.en} were taken by hand.")


def _why(adjusted: Adjusted) -> list[Said]:
    if adjusted.reason is None:
        return []
    reason = _REASONS.get(adjusted.reason, Said(adjusted.reason, adjusted.reason))
    return [
        Said(f"原因：{reason.zh}。说明：{adjusted.note}", f"Why: {reason.en}. In words: {adjusted.note}"),
    ]


def _by_whom(adjusted: Adjusted) -> list[Said]:
    by, other = adjusted.requested_by or "–", adjusted.decided_by or "–"
    if adjusted.adjustment_id is None:
        return []
    if adjusted.within_limit:
        return [
            Said(
                f"{by} 在本人当日额度内办理，无需他人批准。",
                f"{by} did it alone, within what one person may adjust in a day.",
            )
        ]
    said = [Said(f"{by} 申请，{other} 批准。", f"{by} asked for it, {other} approved it.")]
    if adjusted.words:
        said.append(Said(f"批准意见：{adjusted.words}", f"The approver said: {adjusted.words}"))
    return said


def _lots(adjusted: Adjusted, speech: Speech) -> list[Said]:
    said = []
    for lot in adjusted.lots[:SHOWN_MOST]:
        points = speech.points(lot.points)
        if lot.earned_at is not None:
            day = speech.day(lot.earned_at)
            said.append(
                Said(
                    f"其中 {points.zh}取自 {day.zh}记入的积分。",
                    f"{points.en} of them had been given on {day.en}.",
                )
            )
        elif lot.expires_at is not None:
            day = speech.day(lot.expires_at)
            said.append(
                Said(f"其中 {points.zh}于 {day.zh}到期。", f"{points.en} of them expire on {day.en}.")
            )
    if len(adjusted.lots) > SHOWN_MOST:
        more = len(adjusted.lots) - SHOWN_MOST
        said.append(Said(f"另有 {more} 批。", f"And {counted(more, 'more lot', 'more lots')}."))
    if adjusted.repaid:
        paid = speech.points(adjusted.repaid)
        said.append(Said(f"其中 {paid.zh}先抵还了欠分。", f"{paid.en} of them paid a debt first."))
    return said


def _back_and_forth(adjusted: Adjusted) -> list[Said]:
    said = []
    if adjusted.reverses is not None:
        said.append(
            Said(f"用于冲回调整 {adjusted.reverses}。", f"It takes the adjustment {adjusted.reverses} back.")
        )
    if adjusted.reversed_by is not None:
        said.append(
            Said(
                f"后来已由调整 {adjusted.reversed_by} 全数冲回。",
                f"The adjustment {adjusted.reversed_by} has taken it back whole.",
            )
        )
    return said


def _verdict(differences: Sequence[Difference]) -> Said:
    if not differences:
        return Said("申请、账目与批次一致。", "Request, entry and lots say the same.")
    return Said(
        f"注意：申请、账目与批次有 {len(differences)} 处不一致，见下。",
        f"ATTENTION: request, entry and lots disagree in {len(differences)} place(s).",
    )
