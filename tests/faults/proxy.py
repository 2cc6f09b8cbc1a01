"""A TCP line of our own between two programs, which loses what it is told to lose."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

CHUNK_BYTES = 65_536
ANSWER_WITHIN_S = 20.0


class Cut(StrEnum):
    """When the line breaks.

    Attributes:
        REQUEST: before the other side hears of it.
        ANSWER: after the other side has answered; the answer is lost whole.
        HALF: in the middle of the answer.
    """

    REQUEST = "request"
    ANSWER = "answer"
    HALF = "half"


Judge = Callable[[bytes], Cut | None]
"""Asked about each piece that goes out: whether the line breaks now, and where."""


@dataclass
class Proxy:
    """One listening line.

    Attributes:
        host, port: where it leads.
        judge: decides; by default nothing is lost.
        cuts: how often it broke, by kind.
        listens_on: its own port, once it listens.
    """

    host: str
    port: int
    judge: Judge = field(default=lambda _: None)
    cuts: Counter[str] = field(default_factory=Counter)
    listens_on: int = 0
    _lines: set[asyncio.Task[None]] = field(default_factory=set)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it, or it is cut."""
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        task.add_done_callback(self._lines.discard)
        try:
            far_reader, far_writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            writer.transport.abort()
            return
        back = asyncio.create_task(_pour(far_reader, writer))
        with suppress(OSError, TimeoutError, asyncio.CancelledError):
            await self._forward(reader, writer, far_reader, far_writer, back)
        back.cancel()
        for end in (writer, far_writer):
            end.transport.abort()

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
        back: "asyncio.Task[None]",
    ) -> None:
        while piece := await reader.read(CHUNK_BYTES):
            cut = self.judge(piece)
            if cut is None:
                far_writer.write(piece)
                await far_writer.drain()
                continue
            self.cuts[cut.value] += 1
            if cut is Cut.REQUEST:
                return
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            far_writer.write(piece)
            answer = await asyncio.wait_for(far_reader.read(CHUNK_BYTES), ANSWER_WITHIN_S)
            if cut is Cut.HALF:
                writer.write(answer[: len(answer) // 2])
                await writer.drain()
            return

    async def close(self) -> None:
        """End every line."""
        for line in [*self._lines]:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(CHUNK_BYTES):
            writer.write(piece)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def line_to(port: int, host: str = "127.0.0.1") -> AsyncIterator[Proxy]:
    """A line to a port of this machine."""
    proxy = Proxy(host, port)
    server = await asyncio.start_server(proxy.carry, "127.0.0.1", 0)
    proxy.listens_on = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
