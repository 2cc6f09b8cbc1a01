"""Looks at pages of the web within one process: what the server takes, what it asks, what it links to."""

import gc
import gzip
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import unescape
from typing import Final

import httpx
from fastapi import FastAPI
from sqlalchemy import event

from regulars.db.session import Database
from regulars.entrypoints.bench.frame import tell
from regulars.entrypoints.bench.page_chain import PASSWORD
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.web import build, look_less_for_garbage
from regulars.kernel.clock import now
from regulars.settings import Settings
from rules_ui.i18n import LANGUAGE_COOKIE, LANGUAGES, LanguageTag
from rules_ui.render import compile_all
from rules_ui.ui import Ui

ORIGIN: Final = "http://localhost"
SEE_OTHER: Final = 303
_LINK: Final = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
_STATIC: Final = re.compile(r'(?:src|href)="(/static/[^"#]+)')
_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Looks:
    """How often one looks.

    Attributes:
        rounds: at each address in each language, after one to warm up.
        addresses: of each page.
    """

    rounds: int = 6
    addresses: int = 6
    languages: Sequence[LanguageTag] = tuple(LANGUAGES)


@dataclass(slots=True)
class Seen:
    """What one address took.

    Attributes:
        first_ms: the first time in this process, in the slower language.
        slowest_statement: the one that took longest in any round, and its milliseconds.
    """

    first_ms: float = 0.0
    times_ms: list[float] = field(default_factory=list)
    statements: int = 0
    size: int = 0
    slowest_ms: float = 0.0
    slowest_statement: str = ""


class Clock:
    """The web part's clock: each look comes some seconds after the last, so that none finds its figures."""

    STEP: Final = timedelta(seconds=2)

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def step(self) -> None:
        self._ahead += self.STEP

    def __call__(self) -> datetime:
        return now() + self._ahead


@dataclass(frozen=True, slots=True)
class Web:
    """The web part within this process."""

    app: FastAPI
    clock: Clock


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that a page sends.

    Attributes:
        form: by POST; None: by GET.
    """

    address: str
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is signed in to the web part of this process, and a clock at its statements."""

    clock: Clock
    client: httpx.AsyncClient
    statements: list[tuple[str, float]]

    async def look(self, asks: Sequence[Ask], looks: Looks) -> tuple[Seen, str] | None:
        """Send one of several like requests, in turn and in each language in turn, and take the time.

        Args:
            asks: the first is what is looked at; where there are more, each round sends the next.
            looks: how often.
        Returns: what it took, and what the page was; None where it does not answer.
        """
        seen, text = Seen(), ""
        for number in range(1 + looks.rounds):
            for language in looks.languages:
                answer, took_ms = await self._ask(asks[number % len(asks)], language)
                if answer.status_code != 200:
                    tell(f"{asks[0].address}: {answer.status_code}")
                    return None
                if number:
                    self._note(seen, took_ms)
                else:
                    seen.first_ms, text = max(seen.first_ms, took_ms), answer.text
                    seen.size = len(answer.content)
        return seen, text

    async def _ask(self, ask: Ask, language: LanguageTag) -> tuple[httpx.Response, float]:
        self.clock.step()
        self.client.cookies.set(LANGUAGE_COOKIE, language)
        self.statements.clear()
        started = time.perf_counter()
        answer = await (
            self.client.get(ask.address)
            if ask.form is None
            else self.client.post(ask.address, data=dict(ask.form), headers={"HX-Request": "true"})
        )
        return answer, 1_000 * (time.perf_counter() - started)

    def _note(self, seen: Seen, took_ms: float) -> None:
        seen.times_ms.append(took_ms)
        seen.statements = max(seen.statements, len(self.statements))
        statement, slowest_ms = max(self.statements, key=lambda each: each[1], default=("", 0.0))
        if slowest_ms > seen.slowest_ms:
            seen.slowest_ms, seen.slowest_statement = slowest_ms, statement

    async def first_load(self, address: str) -> int:
        """Bytes that a browser fetches for a page with nothing kept: itself and its files, compressed."""
        page = await self.client.get(address)
        total = len(gzip.compress(page.content))
        for name in sorted(set(_STATIC.findall(page.text))):
            async with self.client.stream("GET", name, headers={"Accept-Encoding": "gzip"}) as answer:
                total += sum([len(chunk) async for chunk in answer.aiter_raw()])
        return total


def links_in(text: str) -> list[str]:
    """Addresses on this host that a page links to, or asks of itself."""
    return [unescape(each) for each in _LINK.findall(text)]


@asynccontextmanager
async def web(settings: Settings) -> AsyncIterator[Web]:
    """The web part within this process, so that no network and no other program is in the figures.

    It stands as one that serves does: with its templates compiled, and looking as seldom for garbage.
    """
    app, clock = build(settings), Clock()
    app.state.container = replace(app.state.container, now=clock)
    app.state.ui = Ui(app.state.container)
    await compile_all()
    usually = gc.get_threshold()
    look_less_for_garbage()
    try:
        yield Web(app, clock)
    finally:
        gc.unfreeze()
        gc.set_threshold(*usually)
        await app.state.container.close()


@asynccontextmanager
async def reader_of(web: Web, login: str) -> AsyncIterator[Reader]:
    """Sign somebody in."""
    transport = httpx.ASGITransport(web.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}) as client:
        answer = await client.post("/sign-in", data={"login": login, "password": PASSWORD})
        if answer.status_code != SEE_OTHER:
            raise StackProblem(f"Nobody can sign in: {answer.status_code}.")
        token = _TOKEN.search((await client.get("/account")).text)
        client.headers["X-CSRF-Token"] = token[1] if token else ""
        with _statements(web.app.state.container.database) as statements:
            yield Reader(web.clock, client, statements)


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
