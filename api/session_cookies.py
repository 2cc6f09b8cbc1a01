"""The cookie that carries an operator's session, and where a request comes from."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request, Response

from api.container import Container
from regulars.security.errors import CsrfRefused, HttpsRequired

SECURE_NAME: Final = "__Host-regulars"
PLAIN_NAME: Final = "regulars_session"
CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf_token"
_IPV6_HOME_BITS: Final = 64


def session_token(request: Request, container: Container) -> str | None:
    """The session token that the request carries."""
    return request.cookies.get(_name(request, container))


def set_session(request: Request, response: Response, container: Container, token: str, seconds: int) -> None:
    """Hand a fresh token to the browser.

    Raises: HttpsRequired: plain HTTP from another machine.
    """
    secure = _is_secure(request, container)
    response.set_cookie(
        _name(request, container),
        token,
        max_age=seconds,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def clear_session(request: Request, response: Response, container: Container) -> None:
    """Make the browser forget its token."""
    response.delete_cookie(
        _name(request, container),
        path="/",
        secure=_is_secure(request, container),
        httponly=True,
        samesite="lax",
    )


def require_private_way(request: Request, container: Container) -> None:
    """Refuse to take a password that others on the network could read. Raises: HttpsRequired."""
    if not _is_secure(request, container) and not _is_loopback(request.url.hostname or ""):
        raise HttpsRequired


def require_own_origin(request: Request, container: Container) -> None:
    """Refuse a request that a page of another site makes. Raises: CsrfRefused."""
    headers: Mapping[str, str] = request.headers
    origin = headers.get("origin")
    if origin is not None:
        if origin != _own_origin(request, container):
            raise CsrfRefused
    elif headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise CsrfRefused


def client_address(request: Request) -> str:
    """The network address that attempts are counted by; of IPv6 the home network."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(ip_network(f"{host.split('%')[0]}/{_IPV6_HOME_BITS}", strict=False))


def _name(request: Request, container: Container) -> str:
    return SECURE_NAME if _is_secure(request, container) else PLAIN_NAME


def _is_secure(request: Request, container: Container) -> bool:
    public = container.settings.public_url
    return public.startswith("https://") if public else request.url.scheme == "https"


def _own_origin(request: Request, container: Container) -> str:
    public = container.settings.public_url
    if public:
        parts = urlsplit(public)
        return f"{parts.scheme}://{parts.netloc}"
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
