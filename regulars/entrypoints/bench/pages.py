"""`bench pages`: what the server takes for each page, with a year of purchases and 100,000 members more.

Pages are found as a reader finds them: those that a route names, then what they link to.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from fastapi.routing import APIRoute

from regulars.db.session import Database, make_engine
from regulars.entrypoints.bench import page_chain
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.measured import Measured, at_most, percentile
from regulars.entrypoints.bench.page_asks import asks
from regulars.entrypoints.bench.page_visits import Ask, Looks, Reader, Seen, links_in, reader_of, web
from regulars.entrypoints.complete_journey.command import WHOLE_SOURCE_DAYS
from regulars.entrypoints.stack.running import running
from regulars.settings import Settings
from rules_ui.app import ROUTERS

MEMBERS: Final = 100_000
QUICK_MEMBERS: Final = 2_000
QUICK_DAYS: Final = 10
TRIED_A_PAGE: Final = 30
LIMIT_MS: Final = 200.0
LIMIT_KIB: Final = 150.0
SLOWEST_TOLD: Final = 10
_STREAMS: Final = ("/live", ".csv")
_PARAMETER: Final = re.compile(r"{(\w+)(?::\w+)?}")
SEARCHES: Final = ("cj-1", "cj-7", "90000000000012", "9000000000", "陈00012", "Ann 00004", "0123", "nobody")
"""References with a year of purchases, a whole number, its beginning, names, a phone's end, nobody."""

NARROWED: Final = (
    *(f"/members?q={words}" for words in SEARCHES),
    *("/audit?act=pack.publish", "/audit?who=staff-7", "/audit?act=member", "/audit?since=2026-01-01"),
    *("/operators?q=staff", "/places?q=cj", "/packs/grocery-classic/versions/1"),
)
"""What people type: no page links to it."""

Pages = dict[str, dict[str, Seen]]


QUICK: Final = Looks(2, 3)


async def measure(settings: Settings, *, quick: bool) -> Measured:
    """Import, add members, look at every page.

    Args:
        settings: of an empty folder of the bench's own.
        quick: the first days, and 2,000 members.
    """
    if quick:
        return await measure_chain(settings, QUICK_DAYS, QUICK_MEMBERS, QUICK)
    return await measure_chain(settings, WHOLE_SOURCE_DAYS, MEMBERS, Looks())


async def measure_chain(settings: Settings, days: int, members: int, looks: Looks) -> Measured:
    """As `measure`, with so many days, and members more."""
    async with running(settings, ("postgres", "temporal", "worker", "relay")) as stack:
        database = Database(make_engine(stack.database_url, application="regulars-bench", pool_size=4))
        try:
            planted = await page_chain.fill(database, settings, stack.database_url, days, members)
        finally:
            await database.close()
        return await look_at_all(stack.settings(settings), planted, looks)


async def look_at_all(settings: Settings, planted: Iterable[str], looks: Looks) -> Measured:
    """Look at every page of a chain that `page_chain.fill` filled.

    Args:
        settings: of its servers.
        planted: addresses that no page links to.
        looks: how often, and at how much.
    """
    async with web(settings) as served:
        async with reader_of(served, page_chain.LOGIN) as admin:
            tell("Looking at every page …")
            pages = await _look_around(admin, planted, looks)
            unseen = sorted({*page_paths()} - pages.keys())
            pages |= await _send_all(admin, looks)
            first_load_kib = await admin.first_load("/") / 1024
        async with reader_of(served, page_chain.STORE_LOGIN) as store:
            tell("Looking again, as a store does …")
            in_store = await _look_around(store, (), looks)
    bars = {f"{path} p95_ms": at_most(_share(seen.values(), 0.95), LIMIT_MS) for path, seen in pages.items()}
    bars |= {
        f"{path} in a store p95_ms": at_most(_share(seen.values(), 0.95), LIMIT_MS)
        for path, seen in in_store.items()
    }
    bars["first_load_kib"] = at_most(first_load_kib, LIMIT_KIB)
    return Measured(
        bars=bars,
        figures={
            "rounds": looks.rounds,
            "pages_not_seen": unseen,
            "slowest": _slowest({**pages, **{f"{path} in a store": seen for path, seen in in_store.items()}}),
            "pages": {path: _figures(seen) for path, seen in pages.items()},
            "pages_in_a_store": {path: _figures(seen) for path, seen in in_store.items()},
        },
    )


def page_paths() -> list[str]:
    """The paths of all that is answered with a page or a part of one: lists before what they list."""
    found = {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        and "GET" in (route.methods or ())
        and not route.path.endswith(_STREAMS)
    }
    return sorted(found, key=lambda path: (path.count("{"), path.count("/"), path))


async def _look_around(reader: Reader, planted: Iterable[str], looks: Looks) -> Pages:
    linked = dict.fromkeys((*planted, *NARROWED))
    pages: Pages = {}
    for path in page_paths():
        wanted = re.compile(_PARAMETER.sub("[^/]+", path))
        found = [each for each in linked if wanted.fullmatch(each.split("?")[0]) and each != path]
        seen = await _look_at(reader, [path, *found] if "{" not in path else found, looks, linked)
        if seen:
            pages[path] = seen
    return pages


async def _look_at(
    reader: Reader, addresses: list[str], looks: Looks, linked: dict[str, None]
) -> dict[str, Seen]:
    """The first addresses of a page that answer; what they link to is noted."""
    pages: dict[str, Seen] = {}
    for address in addresses[:TRIED_A_PAGE]:
        looked = await reader.look([Ask(address)], looks)
        if looked is not None:
            pages[address], text = looked
            linked.update((each, None) for each in links_in(text))
        if len(pages) >= looks.addresses:
            break
    return pages


async def _send_all(reader: Reader, looks: Looks) -> Pages:
    """What pages send while somebody types."""
    pages: Pages = {}
    for name, sent in (await asks(reader)).items():
        looked = await reader.look(sent, looks)
        if looked is not None:
            pages[name] = {sent[0].address: looked[0]}
    return pages


def _share(seen: Iterable[Seen], share: float) -> float:
    return percentile(sorted(each for one in seen for each in one.times_ms), share)


def _slowest(pages: Mapping[str, Mapping[str, Seen]]) -> Mapping[str, object]:
    ranked = sorted(pages, key=lambda path: -_share(pages[path].values(), 0.95))
    return {path: _told(pages[path]) for path in ranked[:SLOWEST_TOLD]}


def _told(seen: Mapping[str, Seen]) -> Mapping[str, object]:
    return {
        "p50_ms": round(_share(seen.values(), 0.5), 1),
        "p95_ms": round(_share(seen.values(), 0.95), 1),
        "first_ms": round(max(one.first_ms for one in seen.values()), 1),
    }


def _figures(seen: Mapping[str, Seen]) -> Mapping[str, object]:
    return {
        **_told(seen),
        "addresses": {
            address: {
                **_told({address: one}),
                "statements": one.statements,
                "kib": round(one.size / 1024, 1),
                "slowest_statement_ms": round(one.slowest_ms, 1),
                "slowest_statement": " ".join(one.slowest_statement.split())[:160],
            }
            for address, one in seen.items()
        },
    }
