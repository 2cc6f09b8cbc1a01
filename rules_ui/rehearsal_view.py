"""Presents rehearsals: how far one is, and what a finished one found, as sentences, tables and charts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from regulars.rehearsal.domain import Rehearsal
from regulars.rehearsal.report import SIDES
from regulars.rehearsal.sums import MEASURES, Measure
from rules_ui.contexts.base import Choice
from rules_ui.contexts.compare import RehearsalLine
from rules_ui.contexts.rehearsals import (
    Compared,
    Found,
    LimitLine,
    MemberLine,
    Ranking,
    RehearsalProgress,
    SamplePurchase,
)
from rules_ui.i18n import N_, Speech
from rules_ui.rehearsal_charts import charts_of, differing
from rules_ui.version_marks import Names

Told = Mapping[str, Any]
SHOWN: Final = 5
_SIDES: Final = ("before", "after", "difference")
_RANKED: Final[Mapping[tuple[Measure, str], str]] = {
    ("points", "winners"): N_("Winners by points"),
    ("points", "losers"): N_("Losers by points"),
    ("discount_minor", "winners"): N_("Winners by discount"),
    ("discount_minor", "losers"): N_("Losers by discount"),
}
_MOVES: Final[Mapping[str, str]] = {
    "upgraded": N_("Moved up: %(from)s → %(to)s"),
    "kept": N_("Kept: %(to)s"),
    "downgraded": N_("Moved down: %(from)s → %(to)s"),
    "tier_corrected": N_("Tier put right: %(tier)s"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """What codes of a report are called.

    Attributes:
        tiers: by code; `stores` by code; `packs` by code; `rules` by (pack, rule).
        limits: title and unit by "pack/limit".
    """

    tiers: Mapping[str, str]
    stages: Mapping[str, str]
    stores: Mapping[str, str]
    packs: Mapping[str, str]
    rules: Mapping[tuple[str, str], str]
    limits: Mapping[str, tuple[str, str]]

    def rule(self, pack: str, rule: str) -> str:
        """What a rule is called; its id where it is not known."""
        return self.rules.get((pack, rule), rule)


def line_of(one: Rehearsal, names: Names, say: Speech) -> RehearsalLine:
    """A rehearsal in a list."""
    packs, report = packs_of(one, say), one.report
    return RehearsalLine(
        href=f"/rehearsals/{one.id}",
        state=one.state,
        where=names.places.get(one.place_id, "?"),
        when=f"{span_of(one, say)} · {say.ago(one.ordered_at)}",
        figures=say.text(N_("%(packs)s: %(figures)s"), packs=packs, figures=_in_short(report, say))
        if report is not None
        else packs,
    )


def packs_of(one: Rehearsal, say: Speech) -> str:
    """What is rehearsed, by title and version."""
    called = (
        say.text(
            N_("%(title)s (version %(version)s)"),
            title=titles["zh" if say.language == "zh" else "en"],
            version=name.rpartition("/")[2],
        )
        for name, titles in zip(one.pack_names, one.pack_titles, strict=True)
    )
    return ("、" if say.language == "zh" else ", ").join(called)


def span_of(one: Rehearsal, say: Speech) -> str:
    """Which purchases are compared."""
    until = say.day(one.until)
    if one.since is None:
        return say.text(N_("all purchases up to %(until)s"), until=until)
    return say.text(N_("%(since)s to %(until)s"), since=say.day(one.since), until=until)


def progress_of(one: Rehearsal, say: Speech, *, may_cancel: bool) -> RehearsalProgress:
    """How far a rehearsal is."""
    total = one.purchases_in_all
    if one.cancel_asked:
        said = say.text(N_("It is being cancelled."))
    elif one.state == "queued":
        said = say.text(N_("One rehearsal is at work at a time; this one waits for its turn."))
    elif total is None:
        said = say.text(N_("The history is being read."))
    else:
        said = say.ngettext(
            "%(done)s of %(num)s purchase replayed",
            "%(done)s of %(num)s purchases replayed",
            total,
            done=say.number(one.purchases_done),
        )
    return RehearsalProgress(
        rehearsal_id=str(one.id),
        state=one.state,
        percent=100 * one.purchases_done // total if total else None,
        said=said,
        may_cancel=may_cancel and not one.cancel_asked,
    )


def found_of(rehearsal_id: UUID, report: Told, words: Words, say: Speech) -> Found:
    """What a finished rehearsal found.

    Args:
        rehearsal_id: whose.
        report: as `regulars.rehearsal.report` writes it.
        words: what its codes are called.
        say: the reader's language.
    """
    return Found(
        summary=_summary(report, say),
        assumption=report["assumptions"]["zh" if say.language == "zh" else "en"],
        figures=tuple(_figures(report, say)),
        charts=tuple(charts_of(report, words.tiers, words.stores, say)),
        moves=tuple(_moves(report, words, say)),
        asked=tuple(_asked(report, say)),
        rules=tuple(_rules(report, words, say)),
        limits=tuple(_limits(report, words, say)),
        rankings=tuple(_rankings(report, words, say)),
        more=ranked_choices(str(rehearsal_id), "", "", say),
    )


def _rankings(report: Told, words: Words, say: Speech) -> list[Ranking]:
    """Who would have gained and lost most, by what the drafts make a difference in."""
    return [
        Ranking(
            id=f"{side}-{measure}",
            title=say.text(_RANKED[measure, side]),
            members=tuple(
                member_line(rank, one, measure, words, say)
                for rank, one in enumerate(report["top"][f"{side}_by_{measure}"][:SHOWN], 1)
            ),
        )
        for measure in differing(report)
        for side in SIDES
    ]


def ranked_choices(rehearsal_id: str, measure: str, side: str, say: Speech) -> tuple[Choice, ...]:
    """The four lists of members."""
    return tuple(
        Choice(
            f"/rehearsals/{rehearsal_id}/members?measure={key[0]}&side={key[1]}",
            say.text(title),
            key == (measure, side),
        )
        for key, title in _RANKED.items()
    )


def member_line(rank: int, one: Told, measure: str, words: Words, say: Speech) -> MemberLine:
    """A member in the order of the differences."""
    money = measure == "discount_minor"
    stem = "discount" if money else "points"
    suffix = "_minor" if money else ""
    tier = words.tiers.get(one["tier_before"], one["tier_before"])
    after = words.tiers.get(one["tier_after"], one["tier_after"])
    return MemberLine(
        href=f"/members/{one['member_id']}",
        who=say.text(N_("Member …%(id)s"), id=str(one["member_id"])[-6:]),
        rank=str(rank),
        before=_said(one[f"{stem}_before{suffix}"], say, money=money),
        after=_said(one[f"{stem}_after{suffix}"], say, money=money),
        difference=_signed(one[f"{stem}_difference{suffix}"], say, money=money),
        tier=tier if tier == after else f"{tier} → {after}",
        samples=tuple(_sample(each, words, say, money=money) for each in one["samples"]),
    )


def _sample(one: Told, words: Words, say: Speech, *, money: bool) -> SamplePurchase:
    stem, suffix = ("discount", "_minor") if money else ("points", "")
    by_rule = "discounts" if money else "rules"

    def rules(side: str) -> tuple[str, ...]:
        told = one.get(f"{by_rule}_{side}", ())
        return tuple(
            f"{words.rule(each['pack'], each['rule'])}: {_said(each['amount'], say, money=money)}"
            for each in told
        )

    return SamplePurchase(
        href=f"/purchases/{one['purchase_id']}",
        when=say.moment(datetime.fromisoformat(one["occurred_at"])),
        before=_said(one[f"{stem}_before{suffix}"], say, money=money),
        after=_said(one[f"{stem}_after{suffix}"], say, money=money),
        rules_before=rules("before"),
        rules_after=rules("after"),
    )


def _in_short(report: Told, say: Speech) -> str:
    points = _signed(report["points"]["difference"], say)
    money = _signed(report["discount_minor"]["difference"], say, money=True)
    return say.text(N_("%(points)s points, %(money)s discounts"), points=points, money=money)


def _summary(report: Told, say: Speech) -> str:
    in_all = say.text(
        N_("%(purchases)s of %(members)s: %(points)s points and %(money)s discounts."),
        purchases=say.ngettext("%(num)s purchase", "%(num)s purchases", report["purchases"]),
        members=say.ngettext("%(num)s member", "%(num)s members", report["members"]),
        points=_signed(report["points"]["difference"], say),
        money=_signed(report["discount_minor"]["difference"], say, money=True),
    )
    told = [
        _for_how_many(report["winners"][each], report["losers"][each], each, say)
        for each in differing(report)
    ]
    return ("" if say.language == "zh" else " ").join((in_all, *told))


def _for_how_many(winners: int, losers: int, measure: Measure, say: Speech) -> str:
    if measure == "points":
        more = say.ngettext("%(num)s member gains points", "%(num)s members gain points", winners)
        less = say.ngettext("%(num)s loses some", "%(num)s lose some", losers)
    else:
        more = say.ngettext("%(num)s member gets more off", "%(num)s members get more off", winners)
        less = say.ngettext("%(num)s gets less off", "%(num)s get less off", losers)
    return say.text(N_("%(winners)s, %(losers)s."), winners=more, losers=less)


def _figures(report: Told, say: Speech) -> list[Compared]:
    nothing = {"before": 0, "after": 0, "difference": 0}
    owed = report.get("owed_points", nothing)
    return [
        _compared(say.text(N_("Points given")), report["points"], say),
        _compared(say.text(N_("Discounts offered")), report["discount_minor"], say, money=True),
        _compared(say.text(N_("Points expired")), report["expired_points"], say),
        _compared(say.text(N_("Points taken back")), report.get("taken_back_points", nothing), say),
        _compared(say.text(N_("Points open at the end")), report["liability_points"], say),
        *([_compared(say.text(N_("Points owed at the end")), owed, say)] if any(owed.values()) else ()),
    ]


def _moves(report: Told, words: Words, say: Speech) -> list[Compared]:
    called = {**words.tiers, **words.stages}
    found = []
    for row in (*report["tier_moves"], *report["stage_moves"]):
        sides = {
            "from": called.get(row["from_code"], row["from_code"] or "–"),
            "to": called.get(row["to_code"], row["to_code"] or "–"),
        }
        sides["tier"] = sides["to"]
        title = say.text(_MOVES.get(row["kind"], N_("%(from)s → %(to)s")), **sides)
        found.append(_compared(title, row["members"], say))
    return found


def _asked(report: Told, say: Speech) -> list[Compared]:
    """Messages that rules want sent, and tags that they give."""
    told = ((N_("Message %(code)s"), "messages"), (N_("Tag %(code)s"), "tags"))
    return [
        _compared(say.text(title, code=row["code"]), row["times"], say)
        for title, part in told
        for row in report.get(part, ())
    ]


def _rules(report: Told, words: Words, say: Speech) -> list[Compared]:
    """By rule, whichever version of its pack it stands in: what it gave beside what it would have given."""
    sums: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    titles: dict[tuple[str, str], str] = {}
    for row in report["by_rule"]:
        key = (row["pack"].partition("/")[0], row["rule"])
        titles[key] = f"{words.rule(row['pack'], row['rule'])} · {words.packs.get(key[0], key[0])}"
        kept = sums.setdefault(key, {name: dict.fromkeys(_SIDES, 0) for name in MEASURES})
        for name in MEASURES:
            for side in _SIDES:
                kept[name][side] += row[name][side]
    return [
        _compared(
            titles[key],
            changes[name],
            say,
            money=name == "discount_minor",
        )
        for key, changes in sums.items()
        for name in MEASURES
        if changes[name]["before"] or changes[name]["after"]
    ]


def _limits(report: Told, words: Words, say: Speech) -> list[LimitLine]:
    found = []
    for row in report.get("limits", ()):
        title, unit = words.limits.get(row["limit"], (row["limit"], ""))
        first = row["first_used_up_on"]
        found.append(
            LimitLine(
                title=title,
                given=_said(row["given"], say, money=unit == "money_minor"),
                withheld=_said(row["withheld"], say, money=unit == "money_minor"),
                used_up=say.day(date.fromisoformat(first)) if first else say.text(N_("never")),
            )
        )
    return found


def _compared(title: str, change: Told, say: Speech, *, money: bool = False) -> Compared:
    difference = change["difference"]
    return Compared(
        title=title,
        before=_said(change["before"], say, money=money),
        after=_said(change["after"], say, money=money),
        difference=_signed(difference, say, money=money),
        more=difference > 0,
        less=difference < 0,
    )


def _said(value: int, say: Speech, *, money: bool = False) -> str:
    return say.amount(value) if money else say.number(value)


def _signed(value: int, say: Speech, *, money: bool = False) -> str:
    sign = "+" if value > 0 else "−" if value < 0 else "" if money else "±"
    return f"{sign}{_said(abs(value), say, money=money)}"
