"""No request body larger than the settings allow is ever held in memory."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.strict_json import BodyRefused


class BodyLimit:
    """ASGI middleware: whoever reads a body that is too large gets BodyRefused instead.

    Refusing where the body is read, not before, lets the app answer it like every other error.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self.app = app
        self.limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "")
        seen = 0

        async def receive_within_limit() -> Message:
            nonlocal seen
            if said.isdigit() and int(said) > self.limit_bytes:
                raise BodyRefused("body_too_large", 413)
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.limit_bytes:
                raise BodyRefused("body_too_large", 413)
            return message

        await self.app(scope, receive_within_limit, send)
