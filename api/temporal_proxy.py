"""Temporal's own pages under /temporal, for operators who may work on every workflow of the chain."""

from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Final

import httpx
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from api.container import container_of
from api.dependencies import Parts, requires_for_foreign_page
from api.session_cookies import PLAIN_NAME, SECURE_NAME
from regulars.outbox.errors import TemporalAway
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.policy import Permission

router = APIRouter(include_in_schema=False)
Ops = Annotated[Actor, Depends(requires_for_foreign_page(Permission.WORKFLOW_OPERATE))]

_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_NOT_PASSED_BACK: Final = _HOP_BY_HOP | {b"date"}
_NEVER_CHANGES: Final = "/_app/immutable/"  # files named by their content: 200 of them a page
_OURS: Final = frozenset({b"host", b"cookie", b"authorization", b"content-length"})


@router.api_route("/temporal", methods=_METHODS, response_model=None)
@router.api_route("/temporal/{path:path}", methods=_METHODS, response_model=None)
async def pass_on(request: Request, actor: Ops, parts: Parts) -> Response:
    """Hand the request to Temporal's UI as it came, without our session.

    Temporal knows no places: who sees one workflow there sees, and may end, them all.
    """
    await parts.places.refresh_now_and_then(parts.database)
    if not actor.scope.covers(parts.places.headquarters.path):
        raise PermissionDenied(Permission.WORKFLOW_OPERATE)
    address = container_of(request).settings.temporal_ui_address
    if address is None:
        raise TemporalAway("no address of Temporal's UI is set")
    client = container_of(request).temporal_ui
    # The decoded path would turn the %2F of a workflow id into a slash, and find nothing.
    target = f"http://{address}{request.scope['raw_path'].decode('ascii')}"
    query = request.scope["query_string"].decode("ascii")
    outgoing = client.build_request(
        request.method,
        f"{target}?{query}" if query else target,
        headers=_request_headers(request),
        content=await request.body(),
    )
    try:
        answer = await client.send(outgoing, stream=True)
    except httpx.TransportError:
        raise TemporalAway("Temporal's UI does not answer") from None
    passed = StreamingResponse(_body(answer), answer.status_code)
    passed.raw_headers = [
        (name.lower(), value) for name, value in answer.headers.raw if name.lower() not in _NOT_PASSED_BACK
    ]
    if _NEVER_CHANGES in request.url.path and answer.status_code == httpx.codes.OK:
        passed.headers["cache-control"] = "private, max-age=31536000, immutable"
    return passed


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def _request_headers(request: Request) -> list[tuple[bytes, bytes]]:
    kept = [
        (name, value) for name, value in request.headers.raw if name not in _HOP_BY_HOP and name not in _OURS
    ]
    if "accept-encoding" not in request.headers:
        kept.append((b"accept-encoding", b"identity"))  # else the HTTP client asks for gzip by itself
    cookies = "; ".join(_foreign(request.cookies.items()))
    return [*kept, (b"cookie", cookies.encode("latin-1"))] if cookies else kept


def _foreign(cookies: Iterable[tuple[str, str]]) -> Iterable[str]:
    return (f"{name}={value}" for name, value in cookies if name not in (SECURE_NAME, PLAIN_NAME))
