"""`bench pages`: what the server takes for each page, with a year of purchases and 100,000 members more.

Pages are found as a reader finds them: those that a route names, then what they link to.
"""

import re
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Final

import asyncpg
import httpx
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from rich.console import Console
from sqlalchemy import event

from regulars.db.session import Database, make_engine
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.measured import Measured, at_most, percentile
from regulars.entrypoints.bench.population import add_model, populate
from regulars.entrypoints.bootstrap import bootstrap
from regulars.entrypoints.complete_journey.command import WHOLE_SOURCE_DAYS, phone_keys
from regulars.entrypoints.complete_journey.importer import Wish, import_history
from regulars.entrypoints.complete_journey.source import CURRENCY, TIME_ZONE, Slice
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.stack.running import running
from regulars.entrypoints.web import build
from regulars.kernel.clock import now
from regulars.kernel.ids import new_id
from regulars.organisation.places import Places
from regulars.security.actor import Actor
from regulars.security.domain import Role, RoleAt
from regulars.security.service import NewOperator, create_operator
from regulars.settings import Settings
from rules_ui.app import ROUTERS

MEMBERS: Final = 100_000
QUICK_MEMBERS: Final = 2_000
QUICK_DAYS: Final = 10
ROUNDS: Final = 20
QUICK_ROUNDS: Final = 3
ADDRESSES_A_PAGE: Final = 10
TRIED_A_PAGE: Final = 60
LIMIT_MS: Final = 200.0
LOGIN: Final = "bench"
PASSWORD: Final = "everything here is gone at once"  # noqa: S105 — a chain that lives for minutes
SEE_OTHER: Final = 303
ORIGIN: Final = "http://localhost"
_LINK: Final = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
_PARAMETER: Final = re.compile(r"{(\w+)(?::\w+)?}")
_NAMED: Final = """
update member set name = (array['陈', '林', '王', 'Li ', 'Ann ', 'Bo '])[1 + right(number, 3)::int % 6]
    || right(number, 5), phone_last4 = right(number, 4)
where name = 'Bench member'
"""
SEARCHES: Final = ("cj-1", "cj-7", "90000000000012", "9000000000", "陈00012", "Ann 00004", "0123", "nobody")
"""References with a year of purchases, a whole number, its beginning, names, a phone's end, nobody."""


@dataclass(slots=True)
class Seen:
    """What one address took.

    Attributes:
        slowest_statement: the one that took longest in any round, and its milliseconds.
    """

    times_ms: list[float] = field(default_factory=list)
    statements: int = 0
    slowest_ms: float = 0.0
    slowest_statement: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """The web process, a reader who is signed in, and a clock at its statements."""

    reader: httpx.AsyncClient
    statements: list[tuple[str, float]]


async def measure(settings: Settings, *, quick: bool) -> Measured:
    """Import, add members, look at every page.

    Args:
        settings: of an empty folder of the bench's own.
        quick: the first days, and 2,000 members.
    """
    if quick:
        return await measure_chain(settings, QUICK_DAYS, QUICK_MEMBERS, QUICK_ROUNDS)
    return await measure_chain(settings, WHOLE_SOURCE_DAYS, MEMBERS, ROUNDS)


async def measure_chain(settings: Settings, days: int, members: int, rounds: int) -> Measured:
    """As `measure`, with so many days, members more, and looks at each address."""
    async with running(settings, ("postgres", "temporal")) as stack:
        database = Database(make_engine(stack.database_url, application="regulars-bench", pool_size=4))
        try:
            await _fill(database, settings, stack.database_url, days, members)
        finally:
            await database.close()
        async with _world(stack.settings(settings)) as world:
            return await _measure(world, members, rounds)


async def _fill(database: Database, settings: Settings, url: str, days: int, members: int) -> None:
    fitting = settings.model_copy(update={"chain_currency": CURRENCY, "chain_time_zone": TIME_ZONE})
    at = now()
    await bootstrap(database, fitting, at)
    tell("Importing …")
    await import_history(
        Wish(url, phone_keys(settings), Slice(0, to_day=days)), database, Console(quiet=True)
    )
    places = Places()
    async with database.begin() as session:
        await places.refresh(session)
        everywhere = (RoleAt(Role.ADMIN, places.headquarters.id),)
        reader = NewOperator(new_id(), LOGIN, "Bench", PASSWORD, "zh", everywhere)
        await create_operator(session, reader, Actor.command("bench"), at)
    till = next(place for place in places.all() if place.kind == "terminal")
    assert till.parent_id is not None
    model = await add_model(database, settings, till.parent_id, till.id, at)
    tell(f"Adding {members:,} members …")
    await populate(url, model, members)
    await _name_them(url)


async def _name_them(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_NAMED)
        await connection.execute("vacuum analyze member")
    finally:
        await connection.close()


@asynccontextmanager
async def _world(settings: Settings) -> AsyncIterator[World]:
    """The web part within this process, so that no network and no other program is in the figures."""
    app = build(settings)
    container = app.state.container
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Origin": ORIGIN}
    try:
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as reader:
            answer = await reader.post("/sign-in", data={"login": LOGIN, "password": PASSWORD})
            if answer.status_code != SEE_OTHER:
                raise StackProblem(f"Nobody can sign in: {answer.status_code}.")
            with _statements(container.database) as statements:
                yield World(reader, statements)
    finally:
        await container.close()


@contextmanager
def _statements(database: Database) -> Iterator[list[tuple[str, float]]]:
    """What the database is asked, each with its milliseconds, in the list that is given."""
    asked: list[tuple[str, float]] = []
    started: list[float] = []
    engine = database.engine.sync_engine

    def before(*_: object) -> None:
        started.append(time.perf_counter())

    def after(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append((statement, 1_000 * (time.perf_counter() - started.pop())))

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)


def page_paths() -> list[str]:
    """The paths of all pages: lists before what they list."""
    found = [
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        and "GET" in (route.methods or ())
        and route.response_class is HTMLResponse
    ]
    return sorted(found, key=lambda path: (path.count("{"), path.count("/")))


async def _measure(world: World, members: int, rounds: int) -> Measured:
    linked = dict.fromkeys(
        (*(f"/members?q={words}" for words in SEARCHES), "/packs/grocery-classic/versions/1")
    )
    pages: dict[str, dict[str, Seen]] = {}
    unseen = []
    for path in page_paths():
        wanted = re.compile(_PARAMETER.sub("[^/]+", path))
        found = [each for each in linked if wanted.fullmatch(each.split("?")[0]) and each != path]
        seen = await _look_around(world, [*found, path] if "{" not in path else found, rounds, linked)
        if seen:
            pages[path] = seen
        else:
            unseen.append(path)
    bars = {f"{path} p95_ms": at_most(_share(seen.values(), 0.95), LIMIT_MS) for path, seen in pages.items()}
    return Measured(
        bars=bars,
        figures={
            "members_added": members,
            "rounds": rounds,
            "pages_not_seen": unseen,
            "pages": {path: _figures(seen) for path, seen in pages.items()},
        },
    )


async def _look_around(
    world: World, addresses: Sequence[str], rounds: int, linked: dict[str, None]
) -> dict[str, Seen]:
    """The first addresses of a page that answer: copied members have purchases without a record."""
    pages: dict[str, Seen] = {}
    for address in addresses[:TRIED_A_PAGE]:
        seen = await _look(world, address, rounds, linked)
        if seen is not None:
            pages[address] = seen
        if len(pages) >= ADDRESSES_A_PAGE:
            break
    return pages


async def _look(world: World, address: str, rounds: int, linked: dict[str, None]) -> Seen | None:
    """Ask for one address: once to warm up, which also tells what it links to; then for the figures."""
    first = await world.reader.get(address)
    if first.status_code != 200:
        tell(f"{address}: {first.status_code}")
        return None
    linked.update((unescape(each), None) for each in _LINK.findall(first.text))
    seen = Seen()
    for _ in range(rounds):
        world.statements.clear()
        started = time.perf_counter()
        await world.reader.get(address)
        seen.times_ms.append(1_000 * (time.perf_counter() - started))
        seen.statements = len(world.statements)
        statement, took_ms = max(world.statements, key=lambda each: each[1], default=("", 0.0))
        if took_ms > seen.slowest_ms:
            seen.slowest_ms, seen.slowest_statement = took_ms, statement
    return seen


def _share(seen: Iterable[Seen], share: float) -> float:
    return percentile(sorted(each for one in seen for each in one.times_ms), share)


def _figures(seen: Mapping[str, Seen]) -> Mapping[str, object]:
    return {
        "p50_ms": round(_share(seen.values(), 0.5), 1),
        "p95_ms": round(_share(seen.values(), 0.95), 1),
        "addresses": {
            address: {
                "p50_ms": round(_share([one], 0.5), 1),
                "p95_ms": round(_share([one], 0.95), 1),
                "statements": one.statements,
                "slowest_statement_ms": round(one.slowest_ms, 1),
                "slowest_statement": " ".join(one.slowest_statement.split())[:160],
            }
            for address, one in seen.items()
        },
    }
