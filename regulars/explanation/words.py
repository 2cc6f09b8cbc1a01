"""What codes of an evaluation are called in both languages: notes, reasons, flags, stages, freezes."""

from collections.abc import Mapping
from typing import Final

from regulars.explanation.domain import Said
from regulars.kernel import written

NOTES: Final[Mapping[str, Said]] = {
    "no_member": Said("没有出示会员身份。", "No member was named."),
    "frozen": Said("会员账户当时已冻结。", "The account was frozen."),
    "capped": Said("已达到每单优惠上限。", "Limited to the most that one purchase may get."),
    "excluded": Said("被规则包 {subject} 排除。", "Excluded by {subject}."),
    "outranked": Said(
        "与“{subject}”不同享，本单按“{subject}”计。",
        "It does not count together with “{subject}”, which does count.",
    ),
    "limited": Said("受限额“{subject}”约束。", "Limited by “{subject}”."),
    "out_of_scope": Said("不在适用范围内。", "It is not meant for this place, channel or tier."),
    "out_of_season": Said("不在适用时段内。", "It is not meant for this day or hour."),
}
LIMITED_WINNER: Final = Said(
    "“{subject}”受限额约束而减少或未给，但本规则不会因此补上。",
    "A limit left “{subject}” less or nothing; this rule does not step in for it.",
)
RIVALS: Final = Said(
    "与“{subjects}”{more}不同享，按哪项计由所购商品决定。",
    "It does not count together with “{subjects}”{more}: what is bought decides.",
)
LIMITED_RIVAL: Final = Said(
    "与“{subject}”不同享；本单若按“{subject}”计，因其额度已用完，两项都不给。",
    "If “{subject}” counts instead of it on the purchase, neither gives anything: its limit is used up.",
)
REASONS: Final[Mapping[str, Said]] = {
    "frozen": Said("账户已冻结，本单不积分。", "The account is frozen, so nothing is earned."),
    "no_member": Said("没有出示会员身份，本单不积分。", "No member was named, so nothing is earned."),
    "excluded": Said("该会员不参加本单的部分权益。", "This member is excluded from earning."),
    "limited": Said("部分权益已达限额。", "A limit left less than the rules give."),
    "nothing_left": Said(
        "优惠后应付为 0，没有可积分的金额，本单不积分。",
        "The discounts left nothing to pay, so there is nothing to earn points on.",
    ),
}
FLAGS: Final[Mapping[str, Said]] = {
    "late": Said("这笔消费是后来补录的。", "The purchase was recorded late."),
    "discount_differs": Said(
        "收银台实际给的优惠与规则不同。", "The till charged other discounts than the rules offer."
    ),
    "recompute": Said("有规则出错，待重算。", "A rule failed: to be recomputed."),
    "over_budget": Said("收银台给的优惠超出限额。", "The till charged more than a limit had left."),
    "quote_invalid": Said("收银台出示的报价无效。", "The quote was not one of ours."),
    "quote_expired": Said("报价已过期。", "The quote had expired."),
    "quote_used": Said(
        "这份报价已被另一笔消费使用，本单按当时的规则重新计算。",
        "The quote had served another purchase; this one was read anew.",
    ),
    "quote_for_another_basket": Said("报价对应的是另一个购物篮。", "The quote was for another basket."),
}
STAGES: Final[Mapping[str, Said]] = {
    "joined": Said("已入会未消费", "joined, no purchase yet"),
    "active": Said("活跃", "active"),
    "at_risk": Said("有流失风险", "at risk"),
    "lapsed": Said("已流失", "lapsed"),
}
FREEZES: Final[Mapping[str, Said]] = {
    "fraud_suspected": Said("疑似欺诈", "suspected fraud"),
    "member_request": Said("会员要求", "the member's wish"),
    "data_dispute": Said("资料有争议", "data in dispute"),
    "other": Said("其他原因", "another reason"),
}
FAILED: Final = Said(
    "这条规则执行出错（{tag}），因此没有给出任何权益。",
    "This rule could not be read ({tag}), so it gave nothing.",
)
NOT_SO: Final = Said("未满足：{condition}", "Not so: {condition}")
REACHED: Final = Said("已达到：{condition}", "Reached: {condition}")
NOT_CONCERNED: Final = Said(
    "不限制本单；未满足：{condition}", "Does not concern this purchase; not so: {condition}"
)
IDLE: Final = Said("条件满足，但本单没有适用的商品。", "It holds, but had nothing to give on this basket.")
OPEN: Final = Said(
    "已知条件都满足，是否适用取决于购物篮。", "All that is known holds; it depends on the basket."
)
NOTHING: Final = Said("本单没有符合的商品。", "It had nothing to give here.")


def filled(template: Said, **values: Said | str) -> Said:
    """A sentence with its blanks filled in, each in its language."""
    zh = {name: value if isinstance(value, str) else value.zh for name, value in values.items()}
    en = {name: value if isinstance(value, str) else value.en for name, value in values.items()}
    return Said(written.filled(template.zh, **zh), template.en.format_map(en))


def note_words(note: str, subject_names: Mapping[str, Said]) -> Said:
    """Why a rule gave less than it might.

    Args:
        note: of an outcome, e.g. "capped" or "outranked:double".
        subject_names: what rules and limits are called, by code.
    Returns: a sentence; the code itself where we have no words for it.
    """
    kind, _, subject = note.partition(":")
    template = NOTES.get(kind)
    if template is None:
        return Said(note, note)
    return filled(template, subject=subject_names.get(subject, Said(subject, subject)))


def word(table: Mapping[str, Said], code: str | None) -> Said:
    """A code's words; the code itself where it has none."""
    return table.get(code or "") or Said(code or "–", code or "–")
