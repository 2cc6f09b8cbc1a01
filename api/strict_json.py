"""Request bodies read strictly: what one reader takes for one thing and another for another is refused."""

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from regulars.kernel.beside import beside

JSON: Final = "application/json"
DEPTH_MAX: Final = 32
CONTAINERS_MAX: Final = 50_000
"""Lists and objects in a body: the parser makes all of them without letting anybody else go on."""
LARGE: Final = 1 << 16
"""Bytes from which on a body is read beside the loop that serves tills."""
# Possessive, and content without a closing quote: looking again from every quote would take for ever.
_STRINGS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_TOO_MANY: Final = b"[" * (DEPTH_MAX + 1)
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


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
    Raises: BodyRefused: not JSON in UTF-8, deeper than 32, more than 50,000 lists and objects, a name twice
        in an object, NaN or Infinity, a zero or half a character in a text.
    """
    if body.count(b"[") + body.count(b"{") > DEPTH_MAX:
        _refuse_bombs(_STRINGS.sub(b"", body).translate(_ONE_KIND, _NO_BRACKETS))
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
    return not isinstance(value, str) or _UNSTORABLE.search(value) is None


def _refuse_bombs(brackets: bytes) -> None:
    """Refuse more lists and objects, or deeper ones, than we read; which closes which is the parser's matter.

    The innermost pairs are taken away, level by level: a few passes, none of which looks at single bytes
    in Python, for anybody may send a body that holds nothing else.
    """
    if _TOO_MANY in brackets:
        raise BodyRefused("json_too_deep")
    if brackets.count(b"[") > CONTAINERS_MAX:
        raise BodyRefused("body_too_large", 413)
    left = brackets
    for _ in range(DEPTH_MAX):
        shorter = left.replace(b"[]", b"")
        if len(shorter) == len(left):
            return
        if _TOO_MANY in shorter:
            break
        left = shorter
    if b"[" in left:
        raise BodyRefused("json_too_deep")


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
            body = await self.body()
            self._json = await beside(read_json, body) if len(body) > LARGE else read_json(body)
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
