"""A plain purchase gets the same answer from the wire as through the framework, and nothing else is taken."""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
import uvicorn
from small_chain import SmallChain
from web_world import WebWorld

from api import till_wire
from api.till_sharing import Shares
from api.till_wire import BEGINS, TillDoor, TillProtocol, read_head
from regulars.kernel.clock import now

_NONCE = re.compile(rb"nonce-[^']+")
GENERAL = {"x-told-by": "test"}
"""A header that only the parser takes."""


def sold(receipt_no: str = "000231", **changes: object) -> dict[str, Any]:
    lines = [{"line": 1, "sku": "1033142", "department": "GROCERY", "list_minor": 1299}]
    occurred_at = now().isoformat()
    return {"receipt_no": receipt_no, "occurred_at": occurred_at, "lines": lines} | changes


@dataclass(frozen=True)
class Told:
    """An answer as it came."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def lasting(self) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Without what is another one in each answer."""
        kept = [(name, _NONCE.sub(b"nonce", value)) for name, value in self.headers if name != b"date"]
        return self.status, sorted(kept)


class Line:
    """A connection of a till's."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, bearer: str) -> None:
        self.reader, self.writer, self.bearer = reader, writer, bearer

    def request(self, body: Mapping[str, Any] | bytes, key: str = "k-1", **headers: str) -> bytes:
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        said = {
            "Host": "localhost",
            "Authorization": f"Bearer {self.bearer}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "Content-Length": str(len(raw)),
            **headers,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        return BEGINS + lines.encode() + b"\r\n" + raw

    async def ask(self, *parts: bytes) -> Told:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            await asyncio.sleep(0.01 if len(parts) > 1 else 0)
        return await self.answer()

    async def answer(self) -> Told:
        head, *lines = (await self.reader.readuntil(b"\r\n\r\n")).rstrip().split(b"\r\n")
        pairs = [line.split(b": ", 1) for line in lines]
        headers = [(name.lower(), value) for name, value in pairs]
        length = int(dict(headers)[b"content-length"])
        return Told(int(head[9:12]), headers, await self.reader.readexactly(length))


@dataclass
class Site:
    """The application as the web part serves it."""

    server: uvicorn.Server
    port: int
    bearer: str
    taken: list[int]
    may_answer: asyncio.Event
    lines: list[Line] = field(default_factory=list)

    async def line(self) -> Line:
        self.lines.append(Line(*await asyncio.open_connection("127.0.0.1", self.port), self.bearer))
        return self.lines[-1]


@pytest.fixture
async def site(world: WebWorld, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    taken: list[int] = []
    may_answer = asyncio.Event()
    may_answer.set()
    answer = TillDoor.answer

    async def counted(door: TillDoor, *said: Any) -> Any:
        taken.append(1)
        await may_answer.wait()
        return await answer(door, *said)

    monkeypatch.setattr(TillDoor, "answer", counted)
    config = uvicorn.Config(
        world.app, http=TillProtocol, port=0, log_config=None, lifespan="off", server_header=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 — uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    opened = Site(server, port, await world.bearer(), taken, may_answer)
    try:
        yield opened
    finally:
        for line in opened.lines:
            line.writer.close()
            with suppress(OSError):
                await line.writer.wait_closed()
        server.should_exit = True
        await serving


async def test_what_is_answered_from_the_wire_is_what_the_framework_answers(
    site: Site, chain: SmallChain
) -> None:
    await chain.join(references=["cj-1007"])
    body = sold(member="cj-1007")
    line = await site.line()
    first = await line.ask(line.request(body))
    assert (first.status, len(site.taken)) == (201, 1)
    again, through = await line.ask(line.request(body)), await line.ask(line.request(body, **GENERAL))
    assert len(site.taken) == 2
    assert again.lasting == through.lasting
    assert first.body == again.body == through.body
    assert (b"idempotency-replayed", b"false") in first.headers


async def test_a_refusal_is_the_same_either_way(site: Site) -> None:
    line = await site.line()
    await line.ask(line.request(sold("7")))
    stranger = {"Authorization": "Bearer nobody.secret"}
    torn = [{"line": 1, "sku": "1", "list_minor": 5, "sales_minor": 4}]
    for wrong in (
        {"body": {"receipt_no": "1"}},
        {"key": " "},
        stranger,
        stranger | {"Accept-Language": "zh-CN"},
        {"body": sold("7", cashier="c-13")},
        {"body": sold("8", occurred_at="2999-01-01T00:00:00Z")},
        {"body": sold("9", lines=torn)},
    ):
        said: dict[str, Any] = {"body": sold("other"), "key": "k-1", **wrong}
        told = await line.ask(line.request(**said))
        through = await line.ask(line.request(**said, **GENERAL))
        assert told.status >= 400
        assert (told.lasting, told.body) == (through.lasting, through.body)


async def test_a_proxy_that_speaks_tls_is_believed_either_way(site: Site) -> None:
    line = await site.line()
    body = sold()
    await line.ask(line.request(body))
    proxied = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    told = await line.ask(line.request(body, **proxied))
    through = await line.ask(line.request(body, **proxied, **GENERAL))
    assert len(site.taken) == 2
    assert told.lasting == through.lasting
    assert b"strict-transport-security" in dict(told.headers)


async def test_a_purchase_in_pieces_is_one(site: Site) -> None:
    line = await site.line()
    whole = line.request(sold())
    cut = len(BEGINS) + 20
    assert (await line.ask(whole[:cut], whole[cut:-40], whole[-40:-1], whole[-1:])).status == 201
    assert len(site.taken) == 1


async def test_a_first_line_in_pieces_is_the_parsers(site: Site) -> None:
    line = await site.line()
    whole = line.request(sold())
    assert (await line.ask(whole[:9], whole[9:])).status == 201
    assert site.taken == []


async def test_what_comes_while_a_purchase_is_under_way_has_its_turn(site: Site) -> None:
    line = await site.line()
    first, second = line.request(sold("1"), "k-1"), line.request(sold("2"), "k-2")
    other = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    line.writer.write(first)
    await asyncio.sleep(0.002)
    line.writer.write(second + other)
    assert [(await line.answer()).status for _ in range(3)] == [201, 201, 200]
    assert (await line.ask(line.request(sold("3"), "k-3"))).status == 201
    assert len(site.taken) == 2


async def test_what_nobody_foresaw_is_left_to_the_framework_with_what_came_after(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        await asyncio.sleep(0.02)
        raise ValueError("unforeseen")

    monkeypatch.setattr(TillDoor, "answer", fails)
    line = await site.line()
    line.writer.write(line.request(sold("1"), "k-1"))
    await asyncio.sleep(0.01)
    line.writer.write(line.request(sold("2"), "k-2"))
    assert [(await line.answer()).status for _ in range(2)] == [201, 201]


async def test_a_body_that_looks_like_a_purchase_is_none(site: Site) -> None:
    """What the parser has begun is the parser's, however its bytes are cut."""
    line = await site.line()
    hidden = line.request(sold("hidden"))
    outer = line.request(hidden, "outer", **GENERAL)
    at = len(outer) - len(hidden)
    told = await line.ask(outer[:at], outer[at:])
    assert (told.status, site.taken) == (400, [])
    assert (await line.ask(line.request(sold("hidden"), "k-2"))).status == 201


async def test_a_till_that_hangs_up_takes_nothing_back(site: Site, world: WebWorld) -> None:
    line = await site.line()
    body = sold()
    line.writer.write(line.request(body))
    await line.writer.drain()
    await asyncio.sleep(0.005)
    line.writer.close()
    for _ in range(200):
        await asyncio.sleep(0.01)
        if not site.server.server_state.tasks and site.taken:
            break
    await world.container.purchases.close()
    other = await site.line()
    told = await other.ask(other.request(body))
    assert (b"idempotency-replayed", b"true") in told.headers


async def test_a_server_that_stops_answers_what_is_under_way(site: Site) -> None:
    line, listening = await site.line(), site.server.servers[0]
    site.may_answer.clear()
    line.writer.write(line.request(sold()))
    while not site.taken:  # noqa: ASYNC110 — as above
        await asyncio.sleep(0.001)
    site.server.should_exit = True
    while listening.is_serving():  # noqa: ASYNC110 — it tells its connections in the same step
        await asyncio.sleep(0.001)
    site.may_answer.set()
    told = await line.answer()
    assert told.status == 201
    assert (b"connection", b"close") in told.headers
    assert await line.reader.read() == b""


async def test_a_till_too_many_has_its_answer_and_comes_in_anew(
    site: Site, world: WebWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(till_wire, "LOOK_SECONDS", 0.2)
    selling = [0, 0]
    world.app.state.till_door.shares = Shares(selling, own=0)
    lines = [await site.line() for _ in range(4)]
    let_go: list[int] = []
    async with asyncio.timeout(30):
        for number in itertools.count():
            line = lines[number % 4]
            told = await line.ask(line.request(sold(f"{number:06}"), f"k-{number}"))
            assert told.status == 201
            if (b"connection", b"close") in told.headers:
                assert await line.reader.read() == b""
                let_go.append(number)
                selling[1] = 4  # it comes in at another process, which has others
                lines[number % 4] = await site.line()
            elif let_go and number > let_go[-1] + 30:
                break
    assert len(let_go) <= 4


HEAD = b"Host: a\r\nAuthorization: Bearer x.y\r\nContent-Type: application/json\r\nContent-Length: 2"


def test_a_plain_head_is_read() -> None:
    head = read_head(HEAD + b"\r\nIDEMPOTENCY-KEY:  k 1 \r\nConnection: Keep-Alive")
    assert head is not None
    assert (head.bearer, head.length, head.key, head.language) == ("x.y", 2, "k 1", None)


@pytest.mark.parametrize(
    "more",
    [
        b"Transfer-Encoding: chunked",
        b"Content-Length: 2",
        b"content-length: 3",
        b"Expect: 100-continue",
        b"Upgrade: websocket",
        b"Connection: close",
        b"Cookie: a=b",
        b"Idempotency-Key: \xe7\x86\x9f",
        b"Idempotency-Key: a\tb",
        b"Idempotency-Key: a\nTransfer-Encoding: chunked",
        b"Idempotency-Key: a\x00",
        b"Idempotency-Key:",
        b"Idempotency-Key : a",
        b" folded",
        b"nonsense",
        b"",
        b"X-Forwarded-Proto: wss",
    ],
)
def test_a_head_that_says_more_is_the_parsers(more: bytes) -> None:
    assert read_head(HEAD + b"\r\n" + more) is None


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        (b"Content-Length: 2", b"Content-Length: +2"),
        (b"Content-Length: 2", b"Content-Length: 0x2"),
        (b"Content-Length: 2", b"Content-Length: 2, 2"),
        (b"Content-Length: 2", b"Content-Length: 99999999"),
        (b"Bearer x.y", b"Basic x.y"),
        (b"application/json", b"application/json; charset=gbk"),
    ],
)
def test_a_head_that_says_it_otherwise_is_the_parsers(said: bytes, instead: bytes) -> None:
    assert read_head(HEAD.replace(said, instead)) is None
