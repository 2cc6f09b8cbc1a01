"""What every answer tells the browser not to do, with a fresh nonce for our own scripts."""

from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from regulars.kernel.ids import new_token

NONCE_BYTES: Final = 16
TEMPORAL_PATH: Final = "/temporal"

_Header = tuple[bytes, bytes]
_ALWAYS: Final[tuple[_Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
_HSTS: Final[_Header] = (b"strict-transport-security", b"max-age=31536000")
_NOT_KEPT: Final[_Header] = (b"cache-control", b"no-store")
_SET: Final = frozenset(name for name, _ in (*_ALWAYS, _HSTS)) | {b"content-security-policy"}
_OURS: Final = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
# Temporal's own pages start from inline scripts; they are another program's, shown to ops only.
_TEMPORALS: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "frame-ancestors 'none'; base-uri 'self'; object-src 'none'"
)


class SecurityHeaders:
    """ASGI middleware: sets the headers, and `request.state.csp_nonce` for templates."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = new_token(NONCE_BYTES)
        scope.setdefault("state", {})["csp_nonce"] = nonce
        ours = not _is_temporals(scope["path"])
        policy = _OURS.format(nonce=nonce) if ours else _TEMPORALS

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                secure = scope["scheme"] == "https"
                message["headers"] = _with_ours(message["headers"], policy, ours=ours, secure=secure)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def with_security(headers: Iterable[_Header], *, secure: bool) -> list[_Header]:
    """The headers of an answer of ours with those that every answer has.

    Args:
        headers: names in lower case.
        secure: whether it was asked over TLS.
    """
    policy = _OURS.format(nonce=new_token(NONCE_BYTES))
    return _with_ours(headers, policy, ours=True, secure=secure)


def _with_ours(headers: Iterable[_Header], policy: str, *, ours: bool, secure: bool) -> list[_Header]:
    kept = [header for header in headers if header[0] not in _SET]
    if ours and not any(name == b"cache-control" for name, _ in kept):
        kept.append(_NOT_KEPT)
    if secure:
        kept.append(_HSTS)
    return [*kept, *_ALWAYS, (b"content-security-policy", policy.encode())]


def _is_temporals(path: str) -> bool:
    return path == TEMPORAL_PATH or path.startswith(TEMPORAL_PATH + "/")
