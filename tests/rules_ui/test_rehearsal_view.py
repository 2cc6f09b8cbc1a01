"""A rehearsal shows what its drafts make a difference in, be it points or money."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.rehearsal.report import Heading, report_of
from regulars.rehearsal.sums import Cell, MemberChange, Pair, RuleAmount, Sample, Sums, keep
from rules_ui.contexts.rehearsals import Found
from rules_ui.i18n import LanguageTag, Money, Speech
from rules_ui.rehearsal_view import Words, found_of

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MEMBER, STORE, PURCHASE = UUID(int=1), UUID(int=2), UUID(int=3)
WORDS = Words(
    tiers={"base": "Base", "silver": "Silver"},
    stages={},
    stores={"east-1": "East-1"},
    packs={"weekend": "Weekend savings"},
    rules={("weekend/1", "off"): "10 off"},
    limits={},
)
MONEY_ONLY = Cell(purchases=1, discount_after_minor=1_050)
POINTS_ONLY = Cell(purchases=1, points_before=10, points_after=25)


def sums_of(cell: Cell) -> Sums:
    """One member's one purchase, seen from all sides."""
    found = Sums(total=cell, members=1, by_rule={("weekend/1", "off"): cell})
    found.by_day, found.by_store, found.by_tier = {20261101: cell}, {STORE: cell}, {"silver": cell}
    found.by_decile, found.by_category = {1: cell}, {"": cell}
    figures = (cell.points_before, cell.points_after, cell.discount_before_minor, cell.discount_after_minor)
    given = (RuleAmount("weekend/1", "off", cell.discount_after_minor),)
    sample = Sample(PURCHASE, NOW, *figures, (), (), (), given)
    change = MemberChange(MEMBER, *figures, "silver", "silver", (sample,))
    for measure in ("points", "discount_minor"):
        if difference := change.difference(measure):
            found.winners[measure] = 1
            keep(found.top.setdefault((measure, "winners"), []), (difference, 1, change))
    return found


def shown(sums: Sums, language: LanguageTag = "en") -> Found:
    report = report_of(Heading((), "HQ", None, NOW), sums, {STORE: "east-1"}).as_json()
    return found_of(UUID(int=9), report, WORDS, Speech(language, ZoneInfo("UTC"), Money("USD", 2), NOW))


def test_a_draft_of_discounts_is_charted_in_money_by_tier_store_and_department() -> None:
    found = shown(sums_of(MONEY_ONLY))
    drawn = {chart.title: dict(chart.rows) for chart in found.charts if not chart.empty}
    assert drawn == {
        "Discounts by day": {"1 Nov": ("$0.00", "$10.50")},
        "By tenth of the members, 1 spends most: difference in discounts": {"1": ("$10.50",)},
        "By tier: difference in discounts": {"Silver": ("$10.50",)},
        "By store: difference in discounts": {"East-1": ("$10.50",)},
        "By department: difference in discounts": {"without department": ("$10.50",)},
    }
    assert found.summary.endswith("1 member gets more off, 0 get less off.")
    assert "0 位减少" in shown(sums_of(MONEY_ONLY), "zh").summary


def test_winners_of_a_discount_are_named_with_receipts_that_say_which_rule_takes_off_how_much() -> None:
    found = shown(sums_of(MONEY_ONLY))
    assert [(each.title, len(each.members)) for each in found.rankings] == [
        ("Winners by discount", 1),
        ("Losers by discount", 0),
    ]
    (sample,) = found.rankings[0].members[0].samples
    assert (sample.before, sample.after) == ("$0.00", "$10.50")
    assert (sample.rules_before, sample.rules_after) == ((), ("10 off: $10.50",))


def test_a_draft_of_points_is_charted_in_points_alone_and_one_of_both_in_both() -> None:
    points = shown(sums_of(POINTS_ONLY))
    assert not any("discounts" in chart.title for chart in points.charts)
    assert points.summary.endswith("1 member gains points, 0 lose some.")
    both = shown(sums_of(replace(POINTS_ONLY, discount_after_minor=1_050)))
    assert sum("difference in points" in chart.title for chart in both.charts) == 4
    assert sum("difference in discounts" in chart.title for chart in both.charts) == 4
    assert len(both.rankings) == 4


def test_messages_and_tags_that_rules_ask_for_are_counted() -> None:
    sums = sums_of(POINTS_ONLY)
    sums.messages, sums.tags = {"thanks": Pair(0, 12)}, {"coffee": Pair(3, 1)}
    told = [(one.title, one.before, one.after, one.difference) for one in shown(sums).asked]
    assert told == [("Message thanks", "0", "12", "+12"), ("Tag coffee", "3", "1", "−2")]
