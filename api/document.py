"""The OpenAPI document: what FastAPI derives, and what every operation has in common."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from api.baskets import KEY_MAX
from api.dependencies import Requires
from api.errors import CONTENT_TYPE
from api.session_cookies import CSRF_HEADER, PLAIN_NAME
from regulars.security.domain import Role
from regulars.security.policy import Permission, roles_with

_TERMINAL_KEY: Final = "terminalKey"
_SESSION: Final = "session"
_CSRF: Final = "csrfToken"
_SCHEMES: Final = {
    _TERMINAL_KEY: {
        "type": "http",
        "scheme": "bearer",
        "description": "A terminal's key, as `POST /v1/terminals/{terminal_id}/keys` shows it once.",
    },
    _SESSION: {
        "type": "apiKey",
        "in": "cookie",
        "name": PLAIN_NAME,
        "description": "The cookie that `POST /v1/session` sets; over HTTPS it is called `__Host-regulars`.",
    },
    _CSRF: {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "`csrf_token` of the session, with every change.",
    },
}
_SAFE: Final = frozenset({"get", "head"})
_RETRY_KEY: Final = ("post", "/v1/purchases")
_DERIVED: Final = ("HTTPValidationError", "ValidationError")
_PROBLEM: Final = {"$ref": "#/components/schemas/ProblemOut"}


def document_of(app: FastAPI) -> dict[str, Any]:
    """The document of an app, made at the first call.

    Args:
        app: with all its routes.
    Returns: OpenAPI 3.1; each operation says who may use it and how its errors look.
    """
    if app.openapi_schema is None:
        _complete(app.openapi(), app)
    assert app.openapi_schema is not None
    return app.openapi_schema


def _complete(document: dict[str, Any], app: FastAPI) -> None:
    permissions = dict(_permissions(app))
    document["components"]["securitySchemes"] = _SCHEMES
    for name in _DERIVED:
        document["components"]["schemas"].pop(name, None)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            permission = permissions.get((method, path))
            operation["security"] = [] if permission is None else list(_ways_in(method, permission))
            if (method, path) == _RETRY_KEY:
                _require_retry_key(operation)
            for status in ("422", "default"):
                if status in operation["responses"]:
                    operation["responses"][status] = {
                        "description": "Problem details (RFC 9457)",
                        "content": {CONTENT_TYPE: {"schema": _PROBLEM}},
                    }


def _require_retry_key(operation: dict[str, Any]) -> None:
    """The route takes the header as optional only so that its absence is answered by its own code."""
    for parameter in operation["parameters"]:
        if parameter["in"] == "header":
            parameter["required"] = True
            parameter["schema"] = {"type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": r"\S"}


def _ways_in(method: str, permission: Permission) -> Iterator[dict[str, list[str]]]:
    roles = roles_with(permission)
    if Role.TERMINAL in roles:
        yield {_TERMINAL_KEY: []}
    if roles - {Role.TERMINAL}:
        yield {_SESSION: []} if method in _SAFE else {_SESSION: [], _CSRF: []}


def _permissions(app: FastAPI) -> Iterator[tuple[tuple[str, str], Permission]]:
    for context in iter_route_contexts(app.routes):
        if not isinstance(context.original_route, APIRoute):
            continue
        for permission in _required(context.dependant):
            for method in context.methods or ():
                yield (method.lower(), str(context.path)), permission


def _required(dependant: Dependant) -> Iterator[Permission]:
    for needed in dependant.dependencies:
        if isinstance(needed.call, Requires):
            yield needed.call.permission
        yield from _required(needed)
