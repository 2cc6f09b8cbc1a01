"""Every page that the routers name, where to see it, and a chain in which it shows something."""

import re
from collections.abc import Mapping, Sequence

from browser_site import Site
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from small_chain import ACTOR, SmallChain

from regulars.custom_fields import products
from regulars.custom_fields import service as fields
from regulars.custom_fields.domain import Choice as Option
from regulars.custom_fields.domain import CustomField
from regulars.kernel import clock
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.rehearsal import running as rehearsing
from regulars.rehearsal import service as rehearsal
from regulars.rehearsal.domain import Order
from regulars.releases import drafts, review
from regulars.releases.drafting import NewSave
from regulars.rules.live import LivePacks
from regulars.rules.starters import starter_text
from regulars.rules.text_edits import with_parameters
from regulars.segments.domain import Draft
from regulars.segments.service import save_segment
from regulars.undoing import service as undoing
from regulars.undoing import working
from rules_ui.app import ROUTERS

PACK = "grocery-classic"
AT_MOST = 2
"""Addresses of one page that are looked at."""


ASIDE = {"/members?q=nobody": 200, "/new-password/used": 404, "/nowhere": 404}
"""What no route names by itself: a list without anything in it, an error; with their status."""


def page_paths() -> list[str]:
    """The paths of all pages, in the order the routers have them: not streams, files or parts."""
    return [
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        and "GET" in (route.methods or ())
        and route.response_class is HTMLResponse
    ]


async def plant(chain: SmallChain) -> list[str]:
    """Give the chain of `browser_site` what else pages show: drafts, reviews, rehearsals, undo orders.

    Returns: addresses that no list links to.
    """
    at, save_id = clock.now(), new_id()
    async with chain.database.begin() as session:
        silver = {"===": [{"var": "member.tier"}, "silver"]}
        segment = Draft("silver-members", "HQ", "银卡会员", "Silver members", "", silver)
        await save_segment(session, segment, ACTOR, at, based_on=0)
        first = with_parameters(starter_text(PACK), {"valid_days": 365})
        await drafts.save_draft(session, PACK, NewSave(save_id, first, 0), ACTOR, at)
        wanted = review.Submission(new_id(), PACK, (chain.hq,), revision=1, note="有效期改为一年")
        await review.submit(session, wanted, ACTOR, at)
    await plant_fields(chain)
    newer = with_parameters(first, {"valid_days": 300, "regular_rate_bps": 13_000})
    async with chain.database.begin() as session:
        await drafts.save_draft(session, PACK, NewSave(new_id(), newer, 1), ACTOR, at)
        ordered = [
            await rehearsal.order_rehearsal(session, new_id(), Order((newer,), chain.hq), ACTOR, at)
            for _ in range(2)
        ]
        wish = undoing.Wish(PACK, 1, chain.hq, "let_be")
        undo = await undoing.order_undo(session, chain.desk.places, new_id(), wish, ACTOR, at)
    await rehearsing.run_rehearsal(rehearsing.Means(chain.database, clock.now, 0), ordered[0].id)
    means = working.Means(chain.database, LivePacks(), Places(), clock.now, 50)
    await working.work_through(means, undo.id)
    return [f"/rehearsals/{ordered[0].id}/members", f"/packs/{PACK}/edit/saves/{save_id}"]


async def plant_fields(chain: SmallChain) -> None:
    """Fields of the chain's own, with values of a store and of a product."""
    at = clock.now()
    formats = (Option("flagship", "旗舰店", "flagship"), Option("corner", "社区店", "corner shop"))
    ways = (Option("friend", "朋友介绍", "a friend"), Option("street", "路过", "passing by"))
    async with chain.database.begin() as session:
        for field in (
            CustomField(new_id(), "store", "format", "choice", "店型", "format", choices=formats),
            CustomField(new_id(), "member", "came_by", "choice", "入会渠道", "came to us by", choices=ways),
            CustomField(new_id(), "product", "own_brand", "boolean", "自有品牌", "own brand", default=False),
        ):
            await fields.define_field(session, field, ACTOR, at)
        await fields.set_values(session, "store", chain.stores["east-1"], {"format": "corner"}, ACTOR, at)
        await products.set_product_values(session, [("851057", {"own_brand": True})], ACTOR, at)


def planted(site: Site) -> Mapping[str, Sequence[str]]:
    """What stands for a parameter of a path in the chain of `browser_site`."""
    return {
        "member_id": [str(site.regular)],
        "purchase_id": [str(site.purchase)],
        "code": ["grocery-classic", "classic-tiers"],
        "version": ["1"],
        "offer": ["nobody-made-it"],
        "segment": ["silver-members"],
        "store_id": [str(site.chain.stores["east-1"])],
        "fact": ["calendar.weekday", "store.custom.format"],
        "place_id": [str(site.chain.stores["east-1"]), str(site.chain.tills["east-1-t1"])],
    }


def addresses(path: str, linked: Sequence[str], site: Site) -> list[str]:
    """Where a page is seen: at what other pages link to, else with the parameters that were planted.

    Args:
        path: as its route has it.
        linked: paths with queries that stand in links of pages seen already.
    """
    named = re.findall(r"{(\w+)(?::\w+)?}", path)
    if not named:
        return [path, *(each for each in linked if each.split("?")[0] == path and each != path)][:AT_MOST]
    if path.endswith("/compare"):  # only a draft differs from what is live
        return [path.replace("{code}", PACK)]
    known = planted(site)
    if all(name in known for name in named):
        return [_filled(path, known, place) for place in range(max(len(known[name]) for name in named))]
    return [each for each in linked if pattern_of(path).fullmatch(each.split("?")[0])][:AT_MOST]


def pattern_of(path: str) -> re.Pattern[str]:
    """What the addresses of a page look like."""
    return re.compile(re.sub(r"{\w+(?::\w+)?}", "[^/]+", path))


def _filled(path: str, known: Mapping[str, Sequence[str]], place: int) -> str:
    """A path with the parameters that stand at a place, or the last ones."""
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: known[found[1]][: place + 1][-1], path)
