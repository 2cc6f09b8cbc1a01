"""The charts of a rehearsal: day by day, and where it makes a difference."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from regulars.rehearsal.sums import MEASURES, Measure
from rules_ui.contexts.charts import Chart, Series
from rules_ui.i18n import N_, Speech

Told = Mapping[str, Any]
MOST_BARS: Final = 20
_BY_DAY: Final[Mapping[Measure, str]] = {
    "points": N_("Points by day"),
    "discount_minor": N_("Discounts by day"),
}
_BY: Final[Mapping[Measure, str]] = {
    "points": N_("%(title)s: difference in points"),
    "discount_minor": N_("%(title)s: difference in discounts"),
}


def charts_of(report: Told, tiers: Mapping[str, str], stores: Mapping[str, str], say: Speech) -> list[Chart]:
    """What a report shows as pictures.

    Args:
        report: as `regulars.rehearsal.report` writes it.
        tiers, stores: what they are called, by code; tiers from the lowest up.
        say: the reader's language.
    Returns: both measures by day; by tenth, tier, store and department whatever differs.
    """
    found = [_by_day(report["by_day"], measure, say) for measure in MEASURES]
    rungs = {code: rank for rank, code in enumerate(tiers)}
    climbed = sorted(report["by_tier"], key=lambda row: rungs.get(row["key"], len(rungs)))
    for measure in differing(report):
        tenths, departments = report["by_decile"], _departments(report, say)
        found += [
            _bars(N_("By tenth of the members, 1 spends most"), N_("Tenth"), tenths, {}, measure, say),
            _bars(N_("By tier"), N_("Tier"), climbed, tiers, measure, say),
            _lying(N_("By store"), N_("Store"), report["by_store"], stores, measure, say),
            _lying(N_("By department"), N_("Department"), departments, {}, measure, say),
        ]
    return [chart for chart in found if chart.labels]


def differing(report: Told) -> tuple[Measure, ...]:
    """What the drafts make a difference in, points or discounts or both; points where in neither."""
    sides = (report["winners"], report["losers"])
    found = (each for each in MEASURES if report[each]["difference"] or any(side[each] for side in sides))
    return tuple(found) or MEASURES[:1]


def _by_day(days: Sequence[Told], measure: Measure, say: Speech) -> Chart:
    """What was given and would have been given, day by day."""
    return _in_unit(
        Chart(
            "line",
            say.text(_BY_DAY[measure]),
            say.text(N_("Day")),
            tuple(say.day(date.fromisoformat(row["key"])) for row in days),
            (
                Series(say.text(N_("As it was")), tuple(row[measure]["before"] for row in days)),
                Series(say.text(N_("With the draft")), tuple(row[measure]["after"] for row in days)),
            ),
        ),
        measure,
        say,
    )


def _bars(
    title: str, head: str, rows: Sequence[Told], called: Mapping[str, str], measure: Measure, say: Speech
) -> Chart:
    """The difference of each row, in their order."""
    return _in_unit(
        Chart(
            "bar",
            say.text(_BY[measure], title=say.text(title)),
            say.text(head),
            tuple(called.get(row["key"], row["key"]) for row in rows),
            (Series(say.text(N_("Difference")), tuple(row[measure]["difference"] for row in rows)),),
        ),
        measure,
        say,
    )


def _lying(
    title: str, head: str, rows: Sequence[Told], called: Mapping[str, str], measure: Measure, say: Speech
) -> Chart:
    """The greatest differences, one below the other: names may be long and many."""
    greatest = sorted(rows, key=lambda row: (-abs(row[measure]["difference"]), row["key"]))[:MOST_BARS]
    return replace(_bars(title, head, greatest, called, measure, say), across=True)


def _in_unit(chart: Chart, measure: Measure, say: Speech) -> Chart:
    """Points are whole; money has the chain's decimals and sign."""
    if measure == "points":
        return chart
    return replace(chart, decimals=say.money.exponent, before=say.currency_sign)


def _departments(report: Told, say: Speech) -> list[Told]:
    return [
        {
            "key": row["department"] or say.text(N_("without department")),
            "points": {"difference": row["points_difference"]},
            "discount_minor": row["discount_minor"],
        }
        for row in report["by_category"]
    ]
