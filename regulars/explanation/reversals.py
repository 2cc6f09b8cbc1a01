"""Points that undo orders took back: of which purchase, when, why and by whose word, in both languages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.explanation.domain import Difference, EventExplanation, Said, TakenBack
from regulars.explanation.speech import Speech
from regulars.kernel.words import counted

TAKEN_BACK: Final = "points_taken_back"
SHOWN_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class TakenFrom:
    """Points of one lot that an entry took, and the purchase that had earned them; None: given by hand."""

    purchase_id: UUID | None
    earned_at: datetime
    points: int


@dataclass(frozen=True, slots=True)
class Reversal:
    """One entry of the books that takes points of a purchase back.

    Attributes:
        original_id: the entry that it takes back, in part or whole.
        purchase_id: which had earned what is taken back.
        points: that the member lost; `owed`: that the member owes instead.
        given: what the version had given in the original entry.
        undo_id: of the order; None, as all that follows, where no order is known.
        policy: what the order says of points that are spent.
        ordered_by, approved_by: as the pages call them; else kind and id.
        reason: the orderer's words; `approval`: the approver's.
        result: what the order's own record says was taken and is owed.
        order_points, order_entries: all that the order took of this member.
        sources: from where they were taken; filled for one entry that is explained.
        redated_by: the entry that gave them again with other dates, when the purchase was recomputed.
    """

    entry_id: UUID
    member_id: UUID
    original_id: UUID
    purchase_id: UUID
    bought_at: datetime
    at: datetime
    points: int
    owed: int
    given: int
    pack: str
    rules: tuple[tuple[str, int], ...]
    undo_id: UUID | None
    policy: str | None
    ordered_at: datetime | None
    ordered_by: str | None
    approved_at: datetime | None
    approved_by: str | None
    reason: str | None
    approval: str | None
    result: int | None
    order_points: int
    order_entries: int
    redated_by: UUID | None = None
    sources: tuple[TakenFrom, ...] = ()


def taken_back(reversal: Reversal, speech: Speech) -> TakenBack:
    """A reversal as the explanation of its purchase mentions it."""
    return TakenBack(
        reversal.entry_id,
        reversal.at,
        reversal.points,
        reversal.owed,
        reversal.pack,
        reversal.undo_id,
        reversal.policy,
        reversal.reason,
        reversal.ordered_at,
        reversal.ordered_by,
        reversal.approved_at,
        reversal.approved_by,
        _joined([_taken(reversal, speech), *_by_whom(reversal)]),
    )


def explained(reversal: Reversal, speech: Speech) -> EventExplanation:
    """Why the points of one entry were taken back.

    Args:
        reversal: with its sources.
        speech: the chain's, on the clock of the member's home store.
    Returns: what happened, what decided it, and where the books disagree among themselves.
    """
    differences = differences_of(reversal)
    return EventExplanation(
        event_id=reversal.entry_id,
        member_id=reversal.member_id,
        event_no=None,
        kind=TAKEN_BACK,
        effective_at=reversal.at,
        local_time=speech.stamp(reversal.at),
        purchase_id=reversal.purchase_id,
        pack=reversal.pack,
        summary=(
            _taken(reversal, speech),
            *_by_whom(reversal),
            *_given(reversal, speech),
            *_sources(reversal, speech),
            *_in_all(reversal, speech),
            _verdict(differences),
        ),
        facts=(),
        packs=(),
        differences=differences,
        taken_back=taken_back(reversal, speech),
    )


def differences_of(reversal: Reversal) -> tuple[Difference, ...]:
    """Where an entry, the lots that it took from and the order's record do not say the same."""
    found = []
    subject = str(reversal.entry_id)
    from_lots = sum(source.points for source in reversal.sources)
    if from_lots != reversal.points:
        found.append(Difference("lots", subject, str(from_lots), str(reversal.points)))
    whole = reversal.points + reversal.owed
    if reversal.result is None or reversal.result != whole:
        recorded = "–" if reversal.result is None else str(reversal.result)
        found.append(Difference("reversal", subject, str(whole), recorded))
    if whole > reversal.given:
        found.append(Difference("points", subject, f"≤ {reversal.given}", str(whole)))
    return tuple(found)


def _taken(reversal: Reversal, speech: Speech) -> Said:
    points, at = speech.points(reversal.points), speech.moment(reversal.at)
    if reversal.redated_by is not None:
        return Said(
            f"{at.zh} 将规则包 {reversal.pack} 给出的 {points.zh}按更正后的生效日和到期日重新记入，"
            "积分数不变。",
            f"On {at.en}, {points.en} that {reversal.pack} had given were given again with other dates; none "
            "were lost.",
        )
    said = Said(
        f"{at.zh} 收回了规则包 {reversal.pack} 给出的 {points.zh}。",
        f"On {at.en}, {points.en} that {reversal.pack} had given were taken back.",
    )
    if not reversal.owed:
        return said
    owed = speech.points(reversal.owed)
    more = Said(
        f"另有 {owed.zh} 无分可收，记为会员欠分。", f"{owed.en} more could not be taken and are owed."
    )
    return _joined([said, more])


def _by_whom(reversal: Reversal) -> list[Said]:
    by, approver = reversal.ordered_by or "–", reversal.approved_by or "–"
    if reversal.redated_by is not None:
        return [
            Said(
                f"因消费单中有规则出错而重新计算：{by} 提出，{approver} 批准。原因：{reversal.reason}。",
                f"The purchase, in which a rule had failed, was recomputed: {by} ordered it, {approver} "
                f"approved it. The reason given: {reversal.reason}.",
            )
        ]
    if reversal.undo_id is None:
        return []
    said = [
        Said(
            f"依据撤销单 {reversal.undo_id}：{by} 提出，{approver} 批准。",
            f"By the undo order {reversal.undo_id}, which {by} placed and {approver} approved.",
        )
    ]
    if reversal.reason:
        said.append(Said(f"撤销原因：{reversal.reason}。", f"The reason given: {reversal.reason}."))
    if reversal.approval:
        said.append(Said(f"批准意见：{reversal.approval}。", f"The approver said: {reversal.approval}."))
    return said


def _given(reversal: Reversal, speech: Speech) -> list[Said]:
    day, given = speech.day(reversal.bought_at), speech.points(reversal.given)
    said = [
        Said(
            f"这些积分来自 {day.zh}的消费单 {reversal.purchase_id}，该版本当时给了 {given.zh}。",
            f"They had been earned by the purchase {reversal.purchase_id} of {day.en}, in which the "
            f"version gave {given.en}.",
        )
    ]
    for rule, amount in reversal.rules[:SHOWN_MOST]:
        points = speech.points(amount)
        said.append(Said(f"规则 {rule}：{points.zh}。", f"Rule {rule}: {points.en}."))
    return said


def _sources(reversal: Reversal, speech: Speech) -> list[Said]:
    """Where points of other purchases made up for what was spent, which ones."""
    others = [source for source in reversal.sources if source.purchase_id != reversal.purchase_id]
    said = []
    for source in others[:SHOWN_MOST]:
        points, day = speech.points(source.points), speech.day(source.earned_at)
        if source.purchase_id is None:
            said.append(
                Said(
                    f"其中 {points.zh} 取自 {day.zh}手工调整所给，因为原来的积分已不在。",
                    f"{points.en} of them were taken from what had been given by hand on {day.en}, since "
                    "the original points were gone.",
                )
            )
            continue
        said.append(
            Said(
                f"其中 {points.zh} 取自 {day.zh}消费单 {source.purchase_id} 所得，因为原来的积分已不在。",
                f"{points.en} of them were taken from what the purchase {source.purchase_id} of {day.en} had "
                "earned, since the original points were gone.",
            )
        )
    if len(others) > SHOWN_MOST:
        more = len(others) - SHOWN_MOST
        said.append(Said(f"另有 {more} 批。", f"And {counted(more, 'more lot', 'more lots')}."))
    return said


def _in_all(reversal: Reversal, speech: Speech) -> list[Said]:
    if reversal.order_entries < 2:
        return []
    points, entries = speech.points(reversal.order_points), reversal.order_entries
    return [
        Said(
            f"这张撤销单共收回该会员 {points.zh}，涉及 {entries} 笔消费。",
            f"In all the order took {points.en} of this member back, of {counted(entries, 'purchase')}.",
        )
    ]


def _joined(parts: Sequence[Said]) -> Said:
    return Said.joined(parts, zh="", en=" ")


def _verdict(differences: Sequence[Difference]) -> Said:
    if not differences:
        return Said("账目、批次与依据的单据一致。", "Entry, lots and the order behind it say the same.")
    count = len(differences)
    return Said(
        f"注意：账目、批次与撤销单有 {count} 处不一致，见下。",
        f"ATTENTION: entry, lots and undo order disagree in {count} place{'' if count == 1 else 's'}.",
    )
