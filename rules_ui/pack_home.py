"""Gathers what is live and what is on its way: for the cards above the packs, and for one pack's page."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.analytics.overview import read_failed_rules
from regulars.budgets.usage import Looked, Use, uses_before, uses_now
from regulars.outlays.service import outlay_of
from regulars.releases import service as releases
from regulars.releases.domain import Release
from regulars.releases.live_places import LivePlace, live_places
from regulars.releases.repository import Filter
from regulars.rules import service as rules
from regulars.rules.catalogue import Catalogue
from regulars.rules.conflicts import Meeting, meetings
from regulars.rules.domain import Limit, PackVersion
from regulars.rules.evaluator import PackSet
from regulars.rules.model import Pack
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui import outlay_view, release_view
from rules_ui.clash_view import clashes_of
from rules_ui.contexts.clashes import Clashes
from rules_ui.contexts.pack_home import BudgetLine, LiveAt, OutlayTold, PackHome, PackLive
from rules_ui.contexts.releases import ReleaseLine
from rules_ui.i18n import N_, Speech
from rules_ui.names import known_names, title_of_version
from rules_ui.rule_names import rule_names, said
from rules_ui.ui import Ui
from rules_ui.version_marks import Names

SHOWN: Final = 5
READ: Final = 50
ENDS_SOON: Final = timedelta(days=21)
BUDGETS_SHOWN: Final = 6
STRETCHES_SHOWN: Final = 7
_FOUND: Final[WeakKeyDictionary[PackSet, tuple[Meeting, ...]]] = WeakKeyDictionary()
"""Comparing each pack with each other takes a while, and a set never changes."""


async def home_of(session: AsyncSession, ui: Ui, actor: Actor, catalogue: Catalogue, say: Speech) -> PackHome:
    """The cards above the list of packs."""
    names = await known_names(session, ui)
    wanted = Filter(states=("in_review", "approved", "scheduled", "live"))
    page = await releases.list_releases(session, actor.scope, wanted, say.now, limit=READ)
    mine = await releases.waiting_for(session, actor, say.now, limit=SHOWN)
    is_mine = {release.id for release in mine}
    waits = [r for r in page.releases if r.state in ("in_review", "approved") and r.id not in is_mine]
    live = ui.container.packs.at(ui.container.places.headquarters.id, say.now)
    uses = await uses_now(session, live.limits, _looked(ui, actor), say.now)
    failed = await read_failed_rules(session, actor.scope_for(Permission.PURCHASE_READ))
    titles = {version.code: title_of_version(version, say) for version in live.versions}

    def lines(found: Sequence[Release]) -> tuple[ReleaseLine, ...]:
        return tuple(
            release_view.line_of(each, titles.get(each.code, each.code), names, say) for each in found[:SHOWN]
        )

    return PackHome(
        live=len(live.versions),
        mine=lines(mine),
        others=lines(waits),
        scheduled=lines([each for each in page.releases if each.state == "scheduled"]),
        ending=lines([each for each in page.releases if _ends_soon(each, say)]),
        budgets=_fullest(uses, live, titles, say),
        clashes=clashes_of(_met(live, catalogue), live.versions, say, most=SHOWN),
        failing=await _failing(session, failed.newest, failed.purchases, say) if failed else "",
    )


async def live_of(
    session: AsyncSession, ui: Ui, actor: Actor, shown: PackVersion, catalogue: Catalogue, say: Speech
) -> PackLive:
    """One pack at the tills."""
    code = shown.code
    names = await known_names(session, ui)
    places = [place for place in ui.container.places.all() if actor.scope.touches(place.path)]
    found = live_places(await rules.activation_log(session, code), list(ui.container.places.all()), say.now)
    seen = {place.code: place for place in places}
    live = ui.container.packs.at(ui.container.places.headquarters.id, say.now)
    limits = [limit for limit in live.limits if limit.pack_code == code]
    version = next((each for each in live.versions if each.code == code), None)
    uses = await uses_now(session, limits, _looked(ui, actor), say.now)
    budgets = [
        _budget(use, version, "", say, await _history(session, use, say))
        for use in uses
        if version is not None
    ]
    failed = await read_failed_rules(session, actor.scope_for(Permission.PURCHASE_READ))
    mine = [name for name in failed.newest if name.startswith(f"{code}/")] if failed else []
    return PackLive(
        places=tuple(_live_at(each, seen[each.place].id, names, say) for each in found if each.place in seen),
        budgets=tuple(budgets),
        clashes=clashes_of(_met_by(version, live, catalogue), live.versions, say) if version else Clashes(),
        failing=await _failing(session, mine, failed.purchases, say) if failed and mine else "",
        outlay=await _outlay(session, ui, actor, shown, say),
    )


async def _outlay(
    session: AsyncSession, ui: Ui, actor: Actor, shown: PackVersion, say: Speech
) -> OutlayTold | None:
    if shown.kind not in outlay_view.GIVING:
        return None
    stores = list(ui.container.places.stores())
    today = max((say.now.astimezone(store.zone).date() for store in stores), default=say.now.date())
    found = await outlay_of(session, shown.code, actor.scope, today)
    return outlay_view.told(found, {place.id: place.name for place in ui.container.places.all()}, say)


def _live_at(one: LivePlace, place_id: UUID, names: Names, say: Speech) -> LiveAt:
    then = ""
    if one.until is not None:
        what = (
            say.text(N_("version %(version)s"), version=one.next_version)
            if one.next_version
            else say.text(N_("nothing"))
        )
        then = say.text(N_("from %(when)s: %(what)s"), when=say.moment(one.until), what=what)
    since = say.text(N_("since %(when)s"), when=say.moment(one.since)) if one.since else ""
    return LiveAt(names.places.get(place_id, one.place), one.version, since, then)


async def _history(session: AsyncSession, use: Use, say: Speech) -> tuple[tuple[str, str], ...]:
    """What was given under a limit in its latest stretches; of limits of the whole pack alone."""
    if use.limit.per != "pack" or use.limit.every == "ever":
        return ()
    found = await uses_before(session, use.limit, None, before=None, most=STRETCHES_SHOWN)
    return tuple((each.period, _amount(use.limit, each.used, say)) for each in found)


def _looked(ui: Ui, actor: Actor) -> Looked:
    stores: list[tuple[UUID, ZoneInfo]] = [
        (store.id, store.zone) for store in ui.container.places.stores() if actor.scope.covers(store.path)
    ]
    return Looked(stores, ui.container.places.headquarters.zone)


def _fullest(
    uses: Sequence[Use], live: PackSet, titles: dict[str, str], say: Speech
) -> tuple[BudgetLine, ...]:
    by_code = {version.code: version for version in live.versions}
    full = sorted(uses, key=lambda use: -(use.used + use.reserved) / max(use.limit.at_most * use.counters, 1))
    return tuple(
        _budget(use, by_code[use.limit.pack_code], titles[use.limit.pack_code], say)
        for use in full[:BUDGETS_SHOWN]
    )


def _budget(
    use: Use, version: PackVersion, pack: str, say: Speech, history: tuple[tuple[str, str], ...] = ()
) -> BudgetLine:
    limit = use.limit
    own = next(each for each in Pack.model_validate(version.document).limits or () if each.code == limit.code)
    title = own.title.of(say.language)
    most = limit.at_most * use.counters
    left = "" if use.left is None else _amount(limit, use.left, say)
    if use.left is None and use.counters > 1:
        left = say.text(
            N_("used up at %(count)s of %(all)s stores"),
            count=say.number(use.used_up),
            all=say.number(use.counters),
        )
    return BudgetLine(
        title=f"{pack}: {title}" if pack else title,
        href=f"/packs/{limit.pack_code}" if pack else "",
        used=say.text(
            N_("%(used)s of %(most)s given"),
            used=_amount(limit, use.used, say),
            most=_amount(limit, most, say),
        ),
        left=left if use.left is None else say.text(N_("%(left)s left"), left=left),
        percent=min(100, 100 * (use.used + use.reserved) // most) if most else None,
        used_up=use.used_up >= use.counters,
        history=history,
    )


def _amount(limit: Limit, value: int, say: Speech) -> str:
    if limit.of == "money_minor":
        return say.amount(value)
    if limit.of == "points":
        return say.ngettext("%(num)s point", "%(num)s points", value)
    return say.ngettext("%(num)s use", "%(num)s uses", value)


def _met(live: PackSet, catalogue: Catalogue) -> tuple[Meeting, ...]:
    """How the packs that are live bear on each other; found once for each set of them."""
    if live not in _FOUND:
        _FOUND[live] = meetings(live.versions, catalogue)
    return _FOUND[live]


def _met_by(version: PackVersion, live: PackSet, catalogue: Catalogue) -> list[Meeting]:
    return [one for one in _met(live, catalogue) if version.name in (one.ours, one.theirs)]


def _ends_soon(release: Release, say: Speech) -> bool:
    ends = [p.ends_at for p in release.places if p.ends_at is not None and p.stage_at(say.now) == "live"]
    return release.state == "live" and bool(ends) and min(ends) - say.now <= ENDS_SOON


async def _failing(session: AsyncSession, rules_named: Sequence[str], purchases: int, say: Speech) -> str:
    named = said(rules_named, await rule_names(session, rules_named), say)
    return say.ngettext(
        "Rules failed in %(num)s purchase (%(rules)s): mend them, then recompute.",
        "Rules failed in %(num)s purchases (%(rules)s): mend them, then recompute.",
        purchases,
        rules=named,
    )
