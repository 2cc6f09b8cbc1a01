"""Tills and a desk at work: mixed messages through real HTTP, each sent until it is answered."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

import httpx
from faults import baskets
from faults.chance import Random, chance
from faults.till_log import Sent, TillLog
from small_chain import SmallChain

PAUSE_S = 0.1
HOT = "hot"
DESK_S_OWN = "member-1"
"""The member whom only the desk touches, so that freezes and unfreezes take turns."""
REPLAYS = 3
SETTLES = frozenset({200, 201, 204, 400, 403, 404, 409, 413, 422})
LINES_PER_TILL = 2
"""How many send at once with one till's key: the one that sells, and the one that sends what was kept."""


class Shop(Protocol):
    """Wherever tills can sell: a whole stack, or one web application.

    Attributes:
        keys: bearer of each till, by code.
    """

    chain: SmallChain
    keys: dict[str, str]

    def client(self, till: str | None) -> httpx.AsyncClient:
        """A till, or the desk, on a connection of its own."""
        ...


@dataclass
class Load:
    """The tills and the desk of a running stack."""

    world: Shop
    log: TillLog
    seed: int
    members: list[str] = field(default_factory=list)
    pause_s: float = 0.02
    _acknowledged: dict[str, list[Sent]] = field(default_factory=lambda: defaultdict(list))
    _unclaimed: list[Sent] = field(default_factory=list)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def sell(self, till: str, line: int) -> None:
        """One till at work until the load stops; what it has sent it sees through."""
        draw = chance(self.seed, till, line)
        async with self.world.client(till) as client:
            while not self._stopping.is_set():
                await self._one_message(client, till, f"{line}-{next(self._numbers)}", draw)
                await asyncio.sleep(self.pause_s * draw.random() * 2)

    async def _one_message(self, client: httpx.AsyncClient, till: str, receipt_no: str, draw: Random) -> None:
        known = self._acknowledged[till]
        dice = draw.random()
        if known and dice < 0.08:
            await replay(self.log, client, draw.choice(known))
        elif known and dice < 0.14:
            await self._contradict(client, draw.choice(known), draw)
        else:
            await self._buy(client, till, receipt_no, draw)

    async def _buy(self, client: httpx.AsyncClient, till: str, receipt_no: str, draw: Random) -> None:
        kind = draw.choices(("purchase", "quoted", "late", "anonymous"), (60, 15, 15, 10))[0]
        member = None if kind == "anonymous" else self._member(draw)
        body = baskets.purchase(draw, receipt_no, member, late=kind == "late")
        if kind == "quoted":
            body = await self._quoted(client, till, body) or body
        key = f"{till}/{receipt_no}"
        message = self.log.new(kind, "POST", "/v1/purchases", body, till=till, key=key)
        await send(self.log, client, message, {201})
        if message.status == 201:
            self._acknowledged[till].append(message)
            if kind == "anonymous":
                self._unclaimed.append(message)

    def _member(self, draw: Random) -> str:
        return self.members[0] if draw.random() < 0.4 else draw.choice(self.members)

    async def _quoted(
        self, client: httpx.AsyncClient, till: str, body: dict[str, Any]
    ) -> dict[str, Any] | None:
        asked = {name: body[name] for name in ("member", "lines", "occurred_at")}
        message = self.log.new("quote", "POST", "/v1/quotes", asked, till=till)
        await send(self.log, client, message, {200})
        if message.status != 200:
            return None
        charged = {line["line"]: line for line in message.said["lines"]}
        lines = [line | {"discounts": charged[line["line"]]["discounts"]} for line in body["lines"]]
        return body | {"lines": lines, "quote": message.said["quote"]}

    async def _contradict(self, client: httpx.AsyncClient, known: Sent, draw: Random) -> None:
        """The same key, or the same receipt, with something else in it."""
        key = known.key if draw.random() < 0.5 else f"{known.key}/again"
        body = baskets.changed(json.loads(known.body))
        message = self.log.new("contradiction", "POST", known.path, body, till=known.till, key=key)
        await send(self.log, client, message, {409})
        if message.status == 409 and message.said["code"] != "idempotency_mismatch":
            self.log.surprise(message, message.said["code"])

    async def serve_desk(self) -> None:
        """The desk at work: it enrols, attributes and freezes until the load stops."""
        draw = chance(self.seed, "desk")
        async with self.world.client(None) as client:
            for number in count(1):
                if self._stopping.is_set():
                    return
                await draw.choice((self._enrol, self._attribute, self._freeze))(client, number, draw)
                await asyncio.sleep(self.pause_s * 10 * draw.random())

    async def _enrol(self, client: httpx.AsyncClient, number: int, draw: Random) -> None:
        reference = f"app-{number}"
        body = {"name": f"Li {number}", "home_store_code": "east-1", "references": [reference]}
        message = self.log.new("enrolment", "POST", "/v1/members", body, key=reference)
        await send(self.log, client, message, {201})
        self.members.append(reference)

    async def _attribute(self, client: httpx.AsyncClient, number: int, draw: Random) -> None:
        if self._unclaimed:
            bought = self._unclaimed.pop(draw.randrange(len(self._unclaimed)))
            message = self.log.new("attribution", "POST", _claim(bought), {"member": self._member(draw)})
            await send(self.log, client, message, {201})

    async def _freeze(self, client: httpx.AsyncClient, number: int, draw: Random) -> None:
        """Freeze a member of the desk's own and lift it again, each order by its own key."""
        path = f"/v1/members/{self.world.chain.members[DESK_S_OWN]}"
        for what, body in (("freeze", {"reason": "other"}), ("unfreeze", {})):
            key = f"{what}-{number:08d}"
            message = self.log.new(what, "POST", f"{path}/{what}", body, key=key)
            await send(self.log, client, message, {200})

    def stop(self) -> None:
        self._stopping.set()

    async def replay_all(self, share: float = 0.1) -> None:
        """Send again, three times, whatever was ambiguous, and a share of the rest."""
        draw = chance(self.seed, "replays")
        for till in self.world.keys:
            async with self.world.client(till) as client:
                for one in [one for one in self.log.purchases() if one.till == till]:
                    times = REPLAYS if one.ambiguous else int(draw.random() < share)
                    for _ in range(times):
                        await replay(self.log, client, one)


async def send(log: TillLog, client: httpx.AsyncClient, message: Sent, wanted: set[int]) -> None:
    """Send until answered, the same bytes and the same key each time."""
    started = time.monotonic()
    while message.status is None:
        answer = await try_once(client, message)
        if isinstance(answer, str) or answer.status_code not in SETTLES:
            _unsettled(log, message, answer)
            await asyncio.sleep(PAUSE_S)
            continue
        message.status, message.answer = answer.status_code, answer.content
        message.was_done_before = answer.headers.get("idempotency-replayed") == "true"
        message.seconds = time.monotonic() - started
        log.settled(message)
    if message.status not in wanted and not _came_through_before(message):
        log.surprise(message, f"{message.status} {message.answer.decode()[:300]}")


async def try_once(client: httpx.AsyncClient, message: Sent) -> httpx.Response | str:
    """One try: the answer, or how it failed to come."""
    message.tries += 1
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": message.key} if message.key else {})
    try:
        return await client.request(message.method, message.path, content=message.body, headers=headers)
    except httpx.TransportError as error:
        return type(error).__name__


async def replay(log: TillLog, client: httpx.AsyncClient, first: Sent) -> None:
    """Send an acknowledged purchase again: the answer must be the same to the byte."""
    again = Sent(first.number, first.kind, first.till, first.method, first.path, first.body, first.key)
    await send(log, client, again, {201})
    first.replays += 1
    if again.answer != first.answer:
        log.surprise(first, f"answered otherwise: {first.answer.decode()} then {again.answer.decode()}")


def _unsettled(log: TillLog, message: Sent, answer: httpx.Response | str) -> None:
    message.ambiguous += 1
    name = answer if isinstance(answer, str) else str(answer.status_code)
    log.unsettled[name] += 1
    if isinstance(answer, httpx.Response):
        code = answer.json().get("code") if "json" in answer.headers.get("content-type", "") else None
        if (answer.status_code, code) not in PASSING:
            log.surprise(message, f"{answer.status_code} {answer.text[:300]}")


PASSING = frozenset({(503, "database_unavailable")})
"""What a till may be told while something is down: try again."""


def _came_through_before(message: Sent) -> bool:
    """Whether an earlier try, whose answer was lost, did it."""
    done = {"enrolment": "reference_taken", "attribution": "already_attributed"}.get(message.kind)
    return message.ambiguous > 0 and done is not None and done in message.answer.decode()


def _claim(purchase: Sent) -> str:
    return f"/v1/purchases/{purchase.said['purchase_id']}/attribution"


@asynccontextmanager
async def selling(
    world: Shop,
    log: TillLog,
    seed: int,
    tills: Sequence[str] | None = None,
    *,
    desk: bool = True,
    pause_s: float = 0.02,
) -> AsyncIterator[Load]:
    """A load on a stack; at the end every message is seen through."""
    members = [str(world.chain.members[name]) for name in world.chain.members if name != DESK_S_OWN]
    members.insert(0, members.pop(members.index(str(world.chain.members[HOT]))))
    load = Load(world, log, seed, members, pause_s)
    async with asyncio.TaskGroup() as group:
        for till in tills or world.keys:
            for line in range(LINES_PER_TILL):
                group.create_task(load.sell(till, line))
        if desk:
            group.create_task(load.serve_desk())
        try:
            yield load
        finally:
            load.stop()
