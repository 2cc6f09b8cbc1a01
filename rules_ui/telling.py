"""Lifecycle events as a person would tell them: what happened, and what decided it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rules_ui.i18n import N_, Speech
from rules_ui.words import word_for

OF_ELSEWHERE = N_("A member of another store")
"""Stands for somebody who bought here and is at home where the reader may not look."""

Titles = Mapping[str, str]
Reason = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a kind of event is told: its sentence, its picture, its colour."""

    sentence: str
    icon: str
    mark: str


MANNERS: Mapping[str, Manner] = {
    "joined": Manner(N_("joined"), "user-plus", "care"),
    "first_purchase": Manner(N_("made the first purchase"), "cash-register", "good"),
    "upgraded": Manner(N_("moved up to %(tier)s"), "arrow-up", "up"),
    "kept": Manner(N_("kept %(tier)s for another year"), "star", "up"),
    "downgraded": Manner(N_("moved down to %(tier)s"), "arrow-down", "quiet"),
    "at_risk": Manner(N_("has been silent and is at risk"), "alert-triangle", "warn"),
    "lapsed": Manner(N_("has lapsed"), "zzz", "quiet"),
    "reactivated": Manner(N_("came back"), "sparkles", "good"),
    "stage_moved": Manner(N_("was moved to another stage by a rule"), "alert-triangle", "warn"),
    "tier_corrected": Manner(N_("had the tier put right: %(tier)s"), "history", "quiet"),
    "stage_corrected": Manner(N_("had the stage put right"), "history", "quiet"),
    "revisit_due": Manner(N_("is due for a revisit"), "phone-call", "care"),
    "points_expired": Manner(N_("lost points that expired"), "clock", "quiet"),
    "silence_corrected": Manner(N_("was not silent after all: a late purchase came in"), "history", "good"),
    "points_taken_back": Manner(N_("lost points that were taken back"), "coin", "quiet"),
    "points_adjusted": Manner(N_("had points adjusted by hand"), "pencil", "care"),
    "tag_ended": Manner(N_("had a tag ended by hand"), "tags", "care"),
    "frozen": Manner(N_("was frozen"), "snowflake", "care"),
    "unfrozen": Manner(N_("was unfrozen"), "sun", "good"),
}
TITLES: Mapping[str, str] = {
    "joined": N_("Joined"),
    "first_purchase": N_("First purchase"),
    "upgraded": N_("Moved up to %(tier)s"),
    "kept": N_("Kept %(tier)s for another year"),
    "downgraded": N_("Moved down to %(tier)s"),
    "at_risk": N_("At risk"),
    "lapsed": N_("Lapsed"),
    "reactivated": N_("Came back"),
    "stage_moved": N_("Stage moved by a rule"),
    "tier_corrected": N_("Tier put right: %(tier)s"),
    "stage_corrected": N_("Stage put right"),
    "revisit_due": N_("Revisit fell due"),
    "points_expired": N_("Points expired"),
    "silence_corrected": N_("Silence corrected"),
    "points_taken_back": N_("Points taken back"),
    "points_adjusted": N_("Points adjusted by hand"),
    "tag_ended": N_("Tag ended by hand"),
    "frozen": N_("Frozen"),
    "unfrozen": N_("Unfrozen"),
}
_UNKNOWN = Manner(N_("changed"), "info-circle", "quiet")


def manner_of(kind: str) -> Manner:
    """How to tell an event of this kind; a plain manner for one we have no words for."""
    return MANNERS.get(kind, _UNKNOWN)


def sentence(kind: str, tier: str | None, titles: Titles, say: Speech) -> str:
    """What happened to somebody, to follow the name."""
    return say.text(manner_of(kind).sentence, tier=title_of(tier, titles, say))


def title(kind: str, tier: str | None, titles: Titles, say: Speech) -> str:
    """What happened, as a heading."""
    return say.text(TITLES.get(kind, _UNKNOWN.sentence), tier=title_of(tier, titles, say))


def title_of(tier: str | None, titles: Titles, say: Speech) -> str:
    """What a tier is called: as the live pack says, else as we know it."""
    if not tier:
        return ""
    return titles.get(tier) or say.text(word_for("tier", tier))


def why(kind: str, reason: Reason, say: Speech) -> str:
    """The figures that decided an event, as a sentence; "" where there is nothing to add."""
    tell = _WHYS.get(kind)
    try:
        return tell(reason, say) if tell else ""
    except (KeyError, TypeError, ValueError):
        return ""  # an older shape of the reason: the heading alone is still true


def _spend(reason: Reason, say: Speech) -> str:
    spend, threshold = _whole(reason["spend_365d_minor"]), _whole(reason["threshold_minor"])
    return say.text(
        N_("Spent %(spend)s in 365 days; the threshold is %(threshold)s."),
        spend=say.amount(spend),
        threshold=say.amount(threshold),
    )


def _silence(reason: Reason, say: Speech) -> str:
    since = datetime.fromisoformat(str(reason["silent_since"]))
    return say.ngettext(
        "No purchase since %(date)s, for %(num)s day.",
        "No purchase since %(date)s, for %(num)s days.",
        _whole(reason["after_days"]),
        date=say.day(since),
    )


def _return(reason: Reason, say: Speech) -> str:
    since = datetime.fromisoformat(str(reason["silent_since"]))
    return say.text(N_("The purchase before was on %(date)s."), date=say.day(since))


def _expiry(reason: Reason, say: Speech) -> str:
    return say.ngettext("%(num)s point went.", "%(num)s points went.", _whole(reason["points"]))


def _taken_back(reason: Reason, say: Speech) -> str:
    lost = say.ngettext(
        "%(num)s point that %(pack)s had given was taken back.",
        "%(num)s points that %(pack)s had given were taken back.",
        _whole(reason["points"]),
        pack=str(reason["pack"]),
    )
    if not reason.get("ordered_by"):
        return lost
    by = say.text(
        N_("Ordered by %(name)s, approved by %(approver)s."),
        name=str(reason["ordered_by"]),
        approver=str(reason.get("approved_by") or "–"),
    )
    why = say.text(N_("Reason: %(reason)s"), reason=str(reason["why"])) if reason.get("why") else ""
    return " ".join(part for part in (lost, by, why) if part)


def _adjusted(reason: Reason, say: Speech) -> str:
    by = say.text(N_("Asked for by %(name)s."), name=str(reason["ordered_by"]))
    if reason.get("approved_by"):
        by = say.text(
            N_("Asked for by %(name)s, approved by %(approver)s."),
            name=str(reason["ordered_by"]),
            approver=str(reason["approved_by"]),
        )
    what = say.text(word_for("adjustment_reason", str(reason["code"])))
    return f"{what}: {reason['why']} · {by}" if say.language == "en" else f"{what}：{reason['why']} · {by}"


def _tag_ended(reason: Reason, say: Speech) -> str:
    told = say.text(
        N_("The tag %(tag)s was ended by %(name)s."), tag=str(reason["tag"]), name=str(reason["ordered_by"])
    )
    if not reason.get("why"):
        return told
    return " ".join((told, say.text(N_("Reason: %(reason)s"), reason=str(reason["why"]))))


def _freeze(reason: Reason, say: Speech) -> str:
    code = reason.get("code")
    return say.text(word_for("freeze", str(code))) if code else ""


def _correction(reason: Reason, say: Speech) -> str:
    late = datetime.fromisoformat(str(reason["late_purchase_at"]))
    return say.text(N_("A purchase of %(date)s was recorded late."), date=say.day(late))


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(value)
    return value


_WHYS: Mapping[str, Callable[[Reason, Speech], str]] = {
    "upgraded": _spend,
    "kept": _spend,
    "downgraded": _spend,
    "at_risk": _silence,
    "lapsed": _silence,
    "reactivated": _return,
    "points_expired": _expiry,
    "points_taken_back": _taken_back,
    "points_adjusted": _adjusted,
    "tag_ended": _tag_ended,
    "frozen": _freeze,
    "silence_corrected": _correction,
}
