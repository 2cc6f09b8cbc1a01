"""Where a pack's points and money went lately, for its page."""

from collections.abc import Mapping
from uuid import UUID

from regulars.outlays.service import DAYS, Given, Outlay
from regulars.rules.domain import PackKind
from rules_ui.contexts.charts import Chart, Series
from rules_ui.contexts.pack_home import OutlayTold
from rules_ui.i18n import N_, Speech

GIVING: frozenset[PackKind] = frozenset({"earning", "discount"})


def told(outlay: Outlay, stores: Mapping[UUID, str], say: Speech) -> OutlayTold:
    """What a pack gave, in figures, by day, and where most of it went.

    Args:
        outlay: of the latest days.
        stores: names by id.
        say: the reader's language.
    """
    return OutlayTold(
        title=say.text(N_("What it gave in the last %(days)s days"), days=DAYS),
        figures=tuple(_figures(outlay.total, say)),
        charts=tuple(_charts(outlay, say)),
        stores=tuple((stores.get(store_id, "–"), _said(given, say)) for store_id, given in outlay.stores),
        as_of=_as_of(outlay, say),
    )


def _figures(total: Given, say: Speech) -> list[tuple[str, str]]:
    found = []
    if total.points or total.points_taken:
        found.append((say.text(N_("Points given")), say.number(total.points)))
    if total.points_taken:
        found.append((say.text(N_("Points taken back")), say.number(total.points_taken)))
    if total.discount_minor:
        found.append((say.text(N_("Money off")), say.amount(total.discount_minor)))
    return found


def _charts(outlay: Outlay, say: Speech) -> list[Chart]:
    labels = tuple(say.day(day) for day, _ in outlay.days)
    head = say.text(N_("Day"))
    found = []
    if outlay.total.points or outlay.total.points_taken:
        lines = [Series(say.text(N_("Points given")), tuple(given.points for _, given in outlay.days))]
        if outlay.total.points_taken:
            taken = tuple(given.points_taken for _, given in outlay.days)
            lines.append(Series(say.text(N_("Points taken back")), taken))
        found.append(Chart("line", say.text(N_("Points by day")), head, labels, tuple(lines)))
    if outlay.total.discount_minor:
        off = Series(say.text(N_("Money off")), tuple(given.discount_minor for _, given in outlay.days))
        found.append(
            Chart(
                "line",
                say.text(N_("Discounts by day")),
                head,
                labels,
                (off,),
                decimals=say.money.exponent,
                before=say.currency_sign,
            )
        )
    return found


def _said(given: Given, say: Speech) -> str:
    parts = []
    if given.discount_minor:
        parts.append(say.amount(given.discount_minor))
    if given.points or given.points_taken:
        points = given.points - given.points_taken
        parts.append(say.ngettext("%(num)s point", "%(num)s points", points))
    return " · ".join(parts)


def _as_of(outlay: Outlay, say: Speech) -> str:
    if outlay.as_of is None:
        return say.text(N_("Not added up yet; the worker does so every five minutes."))
    if outlay.back_to is not None:
        since = say.moment(outlay.back_to)
        return say.text(
            N_("Being added up for the first time: so far what was recorded since %(when)s."), when=since
        )
    return say.text(N_("Added up at %(when)s, every five minutes."), when=say.moment(outlay.as_of))
