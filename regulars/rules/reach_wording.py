"""Where, when and for whom a rule counts, in words."""

from collections.abc import Sequence

from regulars.rules.catalogue import DOCUMENT_FIELDS
from regulars.rules.reach_model import Reach, Season
from regulars.rules.wording import Wording

_TIER = {"var": "member.tier"}
_WEEKDAY = "calendar.weekday"


def said_reach(wording: Wording, reaches: Sequence[Reach | None]) -> str:
    """The places, channels and tiers in words; empty where there is no limit to them."""
    return wording.pick("；", "; ").join(_reach(wording, reach) for reach in reaches if reach is not None)


def said_season(wording: Wording, seasons: Sequence[Season | None]) -> str:
    """The days and hours in words; empty where it is always."""
    return wording.pick("；", "; ").join(_season(wording, season) for season in seasons if season is not None)


def _reach(wording: Wording, reach: Reach) -> str:
    parts: list[str] = []
    if reach.places:
        parts.append(wording.pick("门店：", "at ") + wording.listing(reach.places))
    if reach.channels:
        parts.append(wording.pick("渠道：", "by ") + wording.listing(reach.channels))
    if reach.tiers:
        tiers = wording.listing([wording.words(tier, _TIER) for tier in reach.tiers])
        parts.append(wording.pick("等级：", "for ") + tiers)
    return wording.pick("，", ", ").join(parts)


def _season(wording: Wording, season: Season) -> str:
    parts: list[str] = []
    if season.from_ or season.until:
        parts.append(_span(wording, season.from_, season.until))
    if season.weekdays:
        names = {option.value: option for option in DOCUMENT_FIELDS[_WEEKDAY].options}
        days = [wording.pick(names[day].zh, names[day].en) for day in sorted(set(season.weekdays))]
        parts.append(wording.listing(days))
    if season.days_of_month:
        numbers = wording.listing([str(day) for day in sorted(set(season.days_of_month))])
        parts.append(wording.pick(f"每月 {numbers} 日", f"on day {numbers} of the month"))
    parts += [f"{hours.from_}–{hours.until}" for hours in season.hours or ()]
    if season.except_:
        days_off = wording.listing(season.except_)
        parts.append(wording.pick(f"{days_off} 除外", f"but not on {days_off}"))
    return wording.pick("，", ", ").join(parts)


def _span(wording: Wording, first: str | None, last: str | None) -> str:
    if first and last:
        return wording.pick(f"{first} 至 {last}", f"{first} to {last}")
    return (
        wording.pick(f"{first} 起", f"from {first}") if first else wording.pick(f"{last} 止", f"until {last}")
    )
