"""Request bodies read strictly: what one reader takes for one thing and another for another is refused."""

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

JSON: Final = "application/json"
DEPTH_MAX: Final = 32
# Possessive, and content without a closing quote: looking again from every quote would take for ever.
_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKETS: Final = re.compile(rb"[\[{\]}]")


class BodyRefused(HTTPException):
    """The body is not one that we take.

    Attributes:
        code: which of the rows in `api.errors`.
    """

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(status, code)
        self.code = code


def read_json(body: bytes) -> object:
    """Parse a body that may be hostile.

    Args:
        body: raw, already within the size limit.
    Returns: plain Python values.
    Raises: BodyRefused: not JSON in UTF-8, deeper than 32, a name twice in an object, NaN or Infinity,
        a zero or half a character in a text.
    """
    if body.count(b"[") + body.count(b"{") > DEPTH_MAX and _depth(body) > DEPTH_MAX:
        raise BodyRefused("json_too_deep")
    try:
        value = json.loads(body.decode(), object_pairs_hook=_once_each, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BodyRefused("json_malformed") from None
    if b"\\u" in body and not _is_storable(value):
        raise BodyRefused("json_malformed")
    return value


def _is_storable(value: object) -> bool:
    """Whether no text in the value holds a zero or half a character, which no database takes."""
    if isinstance(value, dict):
        return all(_is_storable(key) and _is_storable(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(map(_is_storable, value))
    return not isinstance(value, str) or not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value)


def _depth(body: bytes) -> int:
    deepest = depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BodyRefused("json_name_twice")
    return made


def _no_constant(_: str) -> object:
    raise BodyRefused("json_not_finite")


class StrictRequest(Request):
    """A request whose JSON is read by `read_json`."""

    async def json(self) -> Any:  # noqa: ANN401 — the signature is Starlette's
        if not hasattr(self, "_json"):
            self._json = read_json(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route that reads its JSON strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly


def api_router(tag: str) -> APIRouter:
    """A router for one concept of the API; every router of ours is made here."""
    return APIRouter(prefix="/v1", tags=[tag], route_class=StrictRoute)
