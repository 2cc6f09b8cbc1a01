"""Tells how packs that are live together bear on each other, by title, and what can be done about it."""

from collections.abc import Mapping, Sequence
from typing import Final

from regulars.rules.conflicts import Meeting
from regulars.rules.domain import PackVersion
from regulars.rules.model import Pack
from rules_ui.contexts.clashes import Clash, Clashes, ClashSide
from rules_ui.i18n import N_, Speech

_MEET: Final = frozenset({"multipliers_meet", "discounts_meet"})
_WORDS: Final[Mapping[str, str]] = {
    "multipliers_meet": N_("Both can hold at once; the points then come to %(product)s."),
    "discounts_meet": N_("Both can take something off the same products at once."),
    "earnings_meet": N_(
        "Both can give points for the same amounts, and members get both: unless you mean it, narrow one."
    ),
    "tier_not_live": N_(
        "The first names the tier “%(tier)s”, which the second does not have: no member is in it."
    ),
    "tier_missing": N_(
        "The second names the tier “%(tier)s”, which the first does not have: no member is in it."
    ),
    "refuses_live": N_("The first refuses whenever the second gives something: the second gives nothing."),
    "refused_by_live": N_("The second refuses whenever the first gives something: the first gives nothing."),
    "second_of_kind": N_("They are of one kind, and in a store only one of them counts: end the other."),
    "group_pick_differs": N_(
        "Both have the stacking group “%(group)s”, and choose in it differently: choose alike, or rename one."
    ),
}
_ONE_GROUP: Final = N_(
    "If only the better one should count, write the same stacking group in both rules and publish both."
)
_NARROW: Final = N_(
    "One of the packs says itself which of its rules count together: to keep both apart, narrow conditions."
)


def clashes_of(
    met: Sequence[Meeting],
    live: Sequence[PackVersion],
    say: Speech,
    ours: Pack | None = None,
    most: int | None = None,
) -> Clashes:
    """Each meeting, with links to both packs.

    Args:
        met: what was found.
        live: the versions that it was found among.
        say: the reader's language.
        ours: the pack that is to go live beside them.
        most: of more, the first so many are told, and how many others there are.
    """
    told = met[:most]
    named = {one.ours for one in told} | {one.theirs for one in told}
    packs = {each.name: Pack.model_validate(each.document) for each in live if each.name in named}
    if ours is not None:
        packs[ours.code] = ours
    return Clashes(tuple(_clash(one, packs, say) for one in told), len(met) - len(told))


def _clash(one: Meeting, packs: Mapping[str, Pack], say: Speech) -> Clash:
    ours, theirs = packs[one.ours], packs[one.theirs]
    words = say.text(_WORDS[one.code], **{name: str(value) for name, value in one.details.items()})
    advice = ""
    if one.code in _MEET:
        advice = say.text(_NARROW if ours.stacking or theirs.stacking else _ONE_GROUP)
    return Clash(_side(ours, one.rule, say), _side(theirs, one.other_rule, say), words, advice)


def _side(pack: Pack, rule_id: str, say: Speech) -> ClashSide:
    rule = next((each.title.of(say.language) for each in pack.rules if each.id == rule_id), "")
    return ClashSide(f"/packs/{pack.code}", pack.title.of(say.language), rule)
