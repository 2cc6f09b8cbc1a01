"""The way through the framework for what tills send all day: the same answers in fewer steps."""

from collections.abc import Callable
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from api.dependencies import Requires
from api.strict_json import JSON, StrictRequest, StrictRoute

_PLAIN: Final = frozenset({JSON, f"{JSON}; charset=utf-8", f"{JSON};charset=utf-8"})
_NOTHING: Final = object()
_MISSING: Final = {"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}


class TillRoute(StrictRoute):
    """A route whose endpoint takes `body`, `request`, `actor` and `idempotency_key`, and returns a Response.

    Policy, body and document come from its declaration, as everywhere. But FastAPI's own way from there to
    the endpoint costs more than reading the body and finding out who sends it, so a request that is plain
    JSON goes directly, in the same order; any other takes the general way.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401
        super().__init__(path, endpoint, **options)
        (self.policy,) = (d.call for d in self.dependant.dependencies if isinstance(d.call, Requires))
        self._body: TypeAdapter[object] = TypeAdapter(endpoint.__annotations__["body"])

    def read_plain(self, body: bytes) -> object | None:
        """The body as the endpoint takes it, where it is so plain that nothing need be said about it."""
        del body
        return None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = StrictRequest(scope, receive)
        if scope["method"] not in (self.methods or ()) or request.headers.get("content-type") not in _PLAIN:
            await super().handle(scope, receive, send)
            return
        try:
            raw = await request.body()
            plain = self.read_plain(raw)
            said = _NOTHING if plain is not None or not raw else await request.json()
        except ClientDisconnect:
            raise HTTPException(400) from None
        actor = await self.policy(request)
        response = await self.endpoint(
            body=self._read(said) if plain is None else plain,
            request=request,
            actor=actor,
            idempotency_key=request.headers.get("idempotency-key"),
        )
        await response(scope, receive, send)

    def _read(self, said: object) -> object:
        if said is _NOTHING:
            raise RequestValidationError([_MISSING])
        try:
            return self._body.validate_python(said)
        except ValidationError as error:
            found = error.errors(include_url=False)
            raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in found]) from None


class Shortcut(BaseRoute):
    """Stands before all routes and leads straight to one: looking for it costs more than its policy."""

    def __init__(self, route: TillRoute) -> None:
        self.route = route

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Only what is exactly this route's; everything else is looked for as ever."""
        route = self.route
        if (
            scope["type"] != "http"
            or scope["path"] != route.path
            or scope["method"] not in (route.methods or ())
        ):
            return Match.NONE, {}
        return Match.FULL, {"endpoint": route.endpoint, "route": route, "path_params": {}}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self.route.handle(scope, receive, send)
