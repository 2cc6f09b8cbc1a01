"""What limits leave somebody just now, as the till would decide: how much, for whom, until when."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from regulars.budgets.counters import Occasion, key_of
from regulars.budgets.domain import Meter
from regulars.explanation.domain import LimitLeft, PackSaid, RuleSaid, Said
from regulars.explanation.speech import Speech
from regulars.explanation.stored import RuleKey
from regulars.explanation.words import LIMITED_RIVAL, LIMITED_WINNER, NOTES, RIVALS, filled
from regulars.rules.domain import Limit, LimitEvery, LimitOf, LimitPer
from regulars.rules.evaluator import PackSet
from regulars.rules.model import PackLimit

_LEFT: Final = Said("{whose}{span}还剩 {amount}", "{amount} left for {whose} {span}")
_WHOLE: Final = Said("{left}，超出则整笔不给", "{left}; given only where the whole fits")
_USED_UP: Final = Said("{whose}{span}的额度已用完", "what {whose} could get {span} is used up")
_WHOSE: Final[Mapping[LimitPer, Said]] = {
    "member": Said("该会员", "this member"),
    "store": Said("本店", "this store"),
    "pack": Said("本活动", "the whole campaign"),
}
_SPANS: Final[Mapping[LimitEvery, Said]] = {
    "day": Said("今日", "today"),
    "week": Said("本周", "this week"),
    "month": Said("本月", "this month"),
    "year": Said("今年", "this year"),
    "ever": Said("累计", "in all"),
}
_NAMED: Final = 3
"""Of many rivals so many are named."""
_MAY_GIVE: Final = frozenset({"applied", "idle", "open"})
_GIVES: Final[Mapping[str, tuple[LimitOf, ...]]] = {
    "earning": ("points", "uses"),
    "discount": ("money_minor", "uses"),
}
"""What limits of a kind of pack are about."""


def limits_left(packs: PackSet, meter: Meter, occasion: Occasion, speech: Speech) -> tuple[LimitLeft, ...]:
    """How much each limit of some packs still allows.

    Args:
        packs: the live ones.
        meter: their counters as they stand.
        occasion: for whom, where and when; what its holder has reserved counts as left.
        speech: the chain's.
    Returns: one a limit, those of a member first, in the order of their codes.
    Source: docs/semantics.md, "Limits and budgets".
    """
    found = [
        _left(
            limit,
            compiled.version.name,
            _title(compiled.pack.limits or (), limit.code),
            meter,
            occasion,
            speech,
        )
        for compiled in packs.packs
        for limit in packs.limits
        if limit.pack_code == compiled.version.code and limit.of in _GIVES.get(compiled.kind, ())
    ]
    return tuple(sorted(found, key=lambda one: (one.per != "member", one.pack, one.limit)))


def without_used_up(
    packs: Sequence[PackSaid], left: Sequence[LimitLeft], rivals: Mapping[RuleKey, frozenset[RuleKey]]
) -> tuple[PackSaid, ...]:
    """The packs as told without a basket, a rule of which a limit leaves nothing told as giving nothing.

    Args:
        packs: as told before limits.
        left: what limits leave.
        rivals: of each rule those that may count instead of it, which is remarked; where such a one has used
            its limit up, neither gives anything.
    """
    told = [replace(pack, rules=tuple(_rule(rule, pack, left) for rule in pack.rules)) for pack in packs]
    before = [rule for pack in packs for rule in pack.rules]
    after = [(pack.pack, rule) for pack in told for rule in pack.rules]
    used_up = {
        (pack, rule.rule): rule.title
        for was, (pack, rule) in zip(before, after, strict=True)
        if rule is not was
    }
    others = {(pack, rule.rule): rule.title for pack, rule in after if rule.state in _MAY_GIVE}
    return tuple(
        replace(
            pack,
            rules=tuple(
                _remarked(rule, rivals.get((pack.pack, rule.rule), frozenset()), used_up, others)
                for rule in pack.rules
            ),
        )
        for pack in told
    )


def left_of(rule: str, pack: str, left: Sequence[LimitLeft]) -> tuple[LimitLeft, ...]:
    """The limits that bear on a rule."""
    return tuple(one for one in left if one.pack == pack and rule in one.rules)


def _rule(rule: RuleSaid, pack: PackSaid, left: Sequence[LimitLeft]) -> RuleSaid:
    used_up = [one.words for one in left_of(rule.rule, pack.pack, left) if not one.left]
    if not used_up or rule.state not in _MAY_GIVE:
        return rule
    return replace(rule, state="withheld", why=Said.joined(used_up))


def _remarked(
    rule: RuleSaid, over: frozenset[RuleKey], used_up: Mapping[RuleKey, Said], others: Mapping[RuleKey, Said]
) -> RuleSaid:
    """With what those that may count instead of it mean for it, by whether they still give anything."""
    if rule.outranked_by is not None and rule.outranked_by in used_up:
        limited = filled(LIMITED_WINNER, subject=used_up[rule.outranked_by])
        return replace(rule, why=Said.joined([rule.why, limited], zh="", en=" "))
    if rule.state not in _MAY_GIVE:
        return rule
    said = [filled(LIMITED_RIVAL, subject=title) for key, title in used_up.items() if key in over]
    open_ones = [title for key, title in others.items() if key in over]
    if open_ones:
        said.insert(0, _rivals(open_ones))
    return replace(rule, remarks=tuple(said))


def _rivals(titles: Sequence[Said]) -> Said:
    more = len(titles) - _NAMED
    rest = Said(f"等 {len(titles)} 项", f" and {more} more") if more > 0 else Said("", "")
    named = Said.joined(titles[:_NAMED], zh="”、“", en="”, “")
    return filled(RIVALS, subjects=named, more=rest)


def _left(
    limit: Limit, pack: str, title: Said, meter: Meter, occasion: Occasion, speech: Speech
) -> LimitLeft:
    key = key_of(limit, occasion)
    left = meter.counter(key).left(limit.at_most, occasion) if key is not None else 0
    return LimitLeft(
        pack=pack,
        limit=limit.code,
        title=title,
        rules=limit.rule_ids,
        of=limit.of,
        per=limit.per,
        every=limit.every,
        at_most=limit.at_most,
        left=left,
        partial=limit.partial,
        words=NOTES["no_member"] if key is None else _words(limit, left, speech),
    )


def _words(limit: Limit, left: int, speech: Speech) -> Said:
    whose, span = _WHOSE[limit.per], _SPANS[limit.every]
    if not left:
        return _sentence(filled(_USED_UP, whose=whose, span=span))
    told = filled(_LEFT, whose=whose, span=span, amount=_amount(limit, left, speech))
    part = limit.partial or limit.of == "uses"
    return _sentence(told if part else filled(_WHOLE, left=told))


def _amount(limit: Limit, left: int, speech: Speech) -> Said:
    match limit.of:
        case "points":
            return speech.points(left)
        case "money_minor":
            return speech.money(left)
        case "uses":
            return Said(f"{left:,} 次", f"{left:,} time{'' if left == 1 else 's'}")


def _sentence(said: Said) -> Said:
    return Said(f"{said.zh}。", f"{said.en[:1].upper()}{said.en[1:]}.")


def _title(limits: Sequence[PackLimit], code: str) -> Said:
    title = next(limit.title for limit in limits if limit.code == code)
    return Said(title.zh, title.en)
