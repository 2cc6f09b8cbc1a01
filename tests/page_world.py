"""Every page that the routers name, each with addresses to see it at."""

import re
from collections.abc import Iterator, Mapping, Sequence

from browser_site import Site
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from rules_ui.app import ROUTERS

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
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and route.response_class is HTMLResponse
    ]


def planted(site: Site) -> Mapping[str, Sequence[str]]:
    """What stands for a parameter of a path in the chain of `browser_site`."""
    return {
        "member_id": [str(site.regular)],
        "purchase_id": [str(site.purchase)],
        "code": ["grocery-classic", "classic-tiers"],
        "version": ["1"],
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
    known = planted(site)
    if all(name in known for name in named):
        return [_filled(path, known, place) for place in range(max(len(known[name]) for name in named))]
    return [each for each in linked if pattern_of(path).fullmatch(each.split("?")[0])][:AT_MOST]


def pattern_of(path: str) -> re.Pattern[str]:
    """What the addresses of a page look like."""
    return re.compile(re.sub(r"{\w+(?::\w+)?}", "[^/]+", path))


def fixed_first(paths: Sequence[str]) -> Iterator[str]:
    """Lists before what they list, so that links are known when they are needed."""
    yield from sorted(paths, key=lambda path: (path.count("{"), path.count("/")))


def _filled(path: str, known: Mapping[str, Sequence[str]], place: int) -> str:
    """A path with the parameters that stand at a place, or the last ones."""
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: known[found[1]][: place + 1][-1], path)
