"""A piece of a page that is sent again and again, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from fastapi.responses import StreamingResponse
from starlette.requests import Request

BEAT_S: Final = 2.0
LONGEST_STREAM_BEATS = 150
"""After five minutes the browser connects again, and is asked anew who it is."""
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def stream_of(request: Request, draw: Callable[[], Awaitable[str]]) -> StreamingResponse:
    """Answer with a piece of a page, drawn anew at each beat until the reader is gone.

    Args:
        request: the reader's.
        draw: makes the HTML.
    """

    async def beats() -> AsyncIterator[str]:
        for beat in range(LONGEST_STREAM_BEATS):
            if beat:
                await asyncio.sleep(BEAT_S)
            if await request.is_disconnected():
                return
            yield as_message(await draw())

    return StreamingResponse(beats(), media_type="text/event-stream", headers=_HEADERS)


def as_message(html: str) -> str:
    """One unnamed server-sent event."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines() if line.strip())
    return f"{lines}\n"
