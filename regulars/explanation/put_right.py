"""What recomputing a purchase put right afterwards: points, dates and the tier, by whose word."""

from dataclasses import dataclass
from datetime import datetime

from regulars.explanation.domain import Said
from regulars.explanation.speech import Speech
from regulars.kernel.written import spaced


@dataclass(frozen=True, slots=True)
class PutRight:
    """How a purchase in which a rule had failed was dealt with.

    Attributes:
        points: given on top; `redated`: given again with other dates.
        tier_to: to which the member was raised.
        by, approved_by: as the pages call them; nobody approved what one person may do alone.
    """

    at: datetime
    points: int
    redated: int
    tier_to: str | None
    versions: tuple[str, ...]
    by: str
    approved_by: str | None
    reason: str


def said_of(found: PutRight, speech: Speech) -> Said:
    """It in one passage."""
    at, by = speech.moment(found.at), ", ".join(found.versions)
    parts = [Said(f"{at.zh} 按 {by} 重新计算", f"On {at.en} it was recomputed by {by}")]
    if found.points:
        points = speech.points(found.points)
        parts.append(Said(f"补发 {points.zh}", f"{points.en} were given on top"))
    if found.redated:
        points = speech.points(found.redated)
        parts.append(Said(f"{points.zh}改有效期", f"{points.en} got other dates"))
    if found.tier_to is not None:
        tier = speech.tier(found.tier_to)
        parts.append(Said(spaced("会员升为", tier.zh), f"the member was moved up to {tier.en}"))
    if len(parts) == 1:
        parts.append(Said("没有要补的", "nothing was missing"))
    parts.append(Said(f"由 {found.by} 提出", f"ordered by {found.by}"))
    if found.approved_by is not None:
        parts.append(Said(f"{found.approved_by} 批准", f"approved by {found.approved_by}"))
    parts.append(Said(f"原因：{found.reason}", f"the reason given: {found.reason}"))
    whole = Said.joined(parts, zh="，", en="; ")
    return Said(f"{whole.zh}。", f"{whole.en}.")
