"""Tells a lifecycle event: what happened, and the figures that decided it, in both languages."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from regulars.explanation import words
from regulars.explanation.domain import Difference, Said
from regulars.explanation.events import EventGround, review_of
from regulars.explanation.speech import Speech
from regulars.kernel.words import counted
from regulars.lifecycle.domain import LifecycleEvent

LOTS_SHOWN: Final = 20
_TITLES: Final[Mapping[str, Said]] = {
    "joined": Said("入会。", "Joined."),
    "first_purchase": Said("首次消费，成为活跃会员。", "Made the first purchase."),
    "upgraded": Said("升级为{tier}。", "Moved up to {tier}."),
    "kept": Said("保级成功，继续为{tier}。", "Kept {tier} for another year."),
    "downgraded": Said("降级为{tier}。", "Moved down to {tier}."),
    "at_risk": Said("久未消费，有流失风险。", "Has been silent and is at risk."),
    "lapsed": Said("已流失。", "Has lapsed."),
    "reactivated": Said("再次消费，重新活跃。", "Came back."),
    "stage_moved": Said("按规则转为“{stage}”。", "Was taken by a rule to be {stage}."),
    "tier_corrected": Said("等级更正为{tier}。", "Had the tier put right: {tier}."),
    "stage_corrected": Said("阶段更正为“{stage}”。", "Had the stage put right: {stage}."),
    "revisit_due": Said("到了回访时间。", "Is due for a revisit."),
    "points_expired": Said("积分到期失效。", "Lost points that expired."),
    "silence_corrected": Said(
        "其实没有沉默：一笔消费是后来补录的。", "Was not silent after all: a late purchase came in."
    ),
    "frozen": Said("会员被冻结。", "Was frozen."),
    "unfrozen": Said("会员被解冻。", "Was unfrozen."),
}
_UNKNOWN: Final = Said("会员状态有变动。", "The member's standing changed.")


def summary_of(ground: EventGround, differences: tuple[Difference, ...], speech: Speech) -> tuple[Said, ...]:
    """What happened, what decided it, and whether the books agree.

    Args:
        ground: the event and what it stands on.
        differences: from `events.differences_of`.
        speech: the chain's, with the tiers of the event's pack.
    """
    kind = ground.event.kind
    title = words.filled(
        _TITLES.get(kind, _UNKNOWN),
        tier=speech.tier(ground.event.tier_to),
        stage=words.word(words.STAGES, ground.event.stage_to),
    )
    tell = _WHYS.get(kind)
    try:
        why = tell(ground, speech) if tell else []
    except (KeyError, TypeError, ValueError):
        why = []  # an older shape of the reason: what happened is still true
    return (title, *why, *_source(ground), _verdict(differences))


def _source(ground: EventGround) -> list[Said]:
    event = ground.event
    if event.kind == "stage_corrected":
        return [_stage_corrected(event)]
    if event.pack_version is None:
        return []
    if event.kind == "tier_corrected":
        return [_tier_corrected(event)]
    purchase_id = ground.stored.purchase_id
    if purchase_id is None:
        by_time = f"由时间决定，依据规则包 {event.pack_version}。"
        return [Said(by_time, f"Time decided it, by the pack {event.pack_version}.")]
    return [
        Said(
            f"由消费单 {purchase_id} 触发，依据规则包 {event.pack_version}。",
            f"The purchase {purchase_id} decided it, by the pack {event.pack_version}.",
        )
    ]


def _stage_corrected(event: LifecycleEvent) -> Said:
    if "corrects" not in event.reason:
        wrong = event.reason.get("undoes")
        return Said(
            f"经审批的撤销：规则包 {wrong} 的规则所作的阶段变动不再有效。",
            f"An approved order struck the move that a rule of the pack {wrong} had made.",
        )
    wrong, other = event.reason["corrects"], event.pack_version
    if "days_of" in event.reason:
        days_of = event.reason["days_of"]
        return Said(
            f"经审批的更正：规则包 {wrong} 的沉默天数所作的判定，改按规则包 {days_of} 的天数重新判定。",
            f"An approved order had what the days of silence of the pack {wrong} decided decided anew by "
            f"those of {days_of}.",
        )
    by_zh = f"改由规则包 {other} 重新判定" if other else "按另一版本不应发生"
    by_en = f"decided anew by the pack {other}" if other else "struck: the other version makes none"
    return Said(
        f"经审批的更正：规则包 {wrong} 的规则所作的阶段变动{by_zh}。",
        f"An approved order had the move that a rule of the pack {wrong} made {by_en}.",
    )


def _tier_corrected(event: LifecycleEvent) -> Said:
    pack = event.pack_version
    if "recomputed" not in event.reason:
        wrong = event.reason.get("corrects")
        return Said(
            f"经审批的更正：{wrong} 所作的判定改由规则包 {pack} 重新判定。",
            f"An approved order had what {wrong} decided decided anew by the pack {pack}.",
        )
    purchase_id = event.reason["recomputed"]
    return Said(
        f"消费单 {purchase_id} 中有规则出错，经审批重新计算：按规则包 {pack}，当时应达到此等级。",
        f"The purchase {purchase_id}, in which a rule had failed, was recomputed and approved: by the pack "
        f"{pack} it should have led to this tier.",
    )


def _verdict(differences: tuple[Difference, ...]) -> Said:
    if not differences:
        return Said("重新计算的结果与记录一致。", "Recomputing gives exactly what is on record.")
    return Said(
        f"注意：重新计算与记录有 {len(differences)} 处不一致，见下。",
        f"ATTENTION: recomputing disagrees with the record in {len(differences)} place(s).",
    )


def _spend(ground: EventGround, speech: Speech) -> list[Said]:
    reason = ground.event.reason
    spent, threshold = _whole(reason["spend_365d_minor"]), _whole(reason["threshold_minor"])
    has, needs = speech.money(spent), speech.money(threshold)
    said = [
        Said(
            f"365 天内有效消费 {has.zh}，门槛为 {needs.zh}。",
            f"Spent {has.en} in 365 days; the threshold is {needs.en}.",
        )
    ]
    if spent < threshold:
        gap = speech.money(threshold - spent)
        said.append(Said(f"差 {gap.zh}。", f"{gap.en} short."))
    return said


def _review(ground: EventGround, speech: Speech) -> list[Said]:
    review = review_of(ground)
    said = _spend(ground, speech)
    if review is not None and review.due_at is not None:
        day = speech.day(review.due_at)
        said.append(Said(f"等级有效期到 {day.zh}为止。", f"The tier year ended on {day.en}."))
    return said


def _silence(ground: EventGround, speech: Speech) -> list[Said]:
    reason = ground.event.reason
    since = datetime.fromisoformat(str(reason["silent_since"]))
    days = _whole(reason["after_days"])
    due, last = speech.day(since + timedelta(days=days)), speech.day(since)
    return [
        Said(
            f"自 {last.zh}起没有消费，满 {days} 天（{due.zh}）即判定。",
            f"No purchase since {last.en}; {counted(days, 'day')} of silence ended on {due.en}.",
        )
    ]


def _return(ground: EventGround, speech: Speech) -> list[Said]:
    since = speech.day(datetime.fromisoformat(str(ground.event.reason["silent_since"])))
    return [
        Said(f"上一次消费（或入会）在 {since.zh}。", f"The purchase before, or enrolment, was on {since.en}.")
    ]


def _expiry(ground: EventGround, speech: Speech) -> list[Said]:
    gone = speech.points(_whole(ground.event.reason["points"]))
    said = [Said(f"失效 {gone.zh}。", f"{gone.en} went.")]
    booked = ground.history.expired.get(ground.stored.id)
    lots = booked.lots if booked else ()
    for lot in lots[:LOTS_SHOWN]:
        left, earned = speech.points(lot.amount), speech.day(lot.earned_at)
        until = speech.day(lot.expires_at) if lot.expires_at else Said("–", "–")
        if lot.purchase_id is None:
            said.append(
                Said(
                    f"{earned.zh}手工调整所给尚余 {left.zh}，有效期至 {until.zh}。",
                    f"{left.en} left of those that were given by hand on {earned.en}, "
                    f"valid until {until.en}.",
                )
            )
            continue
        said.append(
            Said(
                f"{earned.zh}消费单 {lot.purchase_id} 所得尚余 {left.zh}，有效期至 {until.zh}。",
                f"{left.en} left of those that the purchase {lot.purchase_id} earned on {earned.en}, "
                f"valid until {until.en}.",
            )
        )
    if len(lots) > LOTS_SHOWN:
        more = len(lots) - LOTS_SHOWN
        said.append(Said(f"另有 {more} 批。", f"And {counted(more, 'more lot', 'more lots')}."))
    return said


def _revisit(ground: EventGround, speech: Speech) -> list[Said]:
    del speech
    plan = ground.plan
    if plan is None:
        return []
    return [
        Said(
            f"首单后 {plan.first_revisit_after_days} 天回访，此后每 {plan.revisit_every_days} 天一次。",
            f"{plan.first_revisit_after_days} days after the first purchase, then every "
            f"{plan.revisit_every_days} days.",
        )
    ]


def _correction(ground: EventGround, speech: Speech) -> list[Said]:
    late = speech.moment(datetime.fromisoformat(str(ground.event.reason["late_purchase_at"])))
    return [Said(f"{late.zh} 的一笔消费是后来补录的。", f"A purchase of {late.en} was recorded late.")]


def _freeze(ground: EventGround, speech: Speech) -> list[Said]:
    del speech
    code = ground.event.reason.get("code")
    reason = words.word(words.FREEZES, str(code)) if code else Said("–", "–")
    return [Said(f"原因：{reason.zh}。", f"Reason: {reason.en}.")]


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(value)
    return value


_WHYS: Final[Mapping[str, Callable[[EventGround, Speech], list[Said]]]] = {
    "upgraded": _spend,
    "kept": _review,
    "downgraded": _review,
    "at_risk": _silence,
    "lapsed": _silence,
    "reactivated": _return,
    "points_expired": _expiry,
    "revisit_due": _revisit,
    "silence_corrected": _correction,
    "frozen": _freeze,
    "unfrozen": _freeze,
}
