"""Every error as RFC 9457 problem details: the one table code → status stands here."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import asyncpg
import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from api.error_table import ROWS
from api.input_words import input_words
from api.language import Language, choose_language
from api.strict_json import BodyRefused
from regulars.db.away import is_away, sqlstate
from regulars.kernel.errors import InvalidInput, RegularsError

log = structlog.get_logger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 2
FIELDS_TOLD: Final = 5
METHOD_NOT_ALLOWED: Final = 405
_INPUT_PLACES: Final = frozenset({"body", "query", "path", "header", "cookie"})
_FORMS: Final = frozenset({"bool", "int", "str", "float", "date", "datetime", "uuid", "none"})
"""What pydantic puts behind a field's name for each form that it may have."""

_HTTP_CODES: Final[Mapping[int, str]] = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
}
_BY_DATABASE: Final = (
    SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
)
_UNSTORABLE: Final = frozenset({"22021", "22P05"})


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field in the reader's language."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as the edge presents it."""

    code: str
    status: int
    title: str
    detail: str
    field: str | None = None
    errors: tuple[FieldError, ...] = ()
    details: Mapping[str, object] | None = None
    retry_after_seconds: int | None = None


def problem_of(error: Exception, language: Language) -> Problem:
    """Any error as a problem in a language; what we do not know says nothing of its inside.

    Args:
        error: whatever was raised.
        language: zh or en.
    Returns: code, status and words.
    """
    if isinstance(error, InvalidInput):
        return _of_several(error, language)
    if isinstance(error, RegularsError):
        return _of_ours(error, language)
    if isinstance(error, RequestValidationError):
        fields = _of_one_field([_field_of(detail, language) for detail in error.errors()], language)
        return _with_fields("invalid_input", fields, language)
    code, status = _code_of_others(error)
    retry = RETRY_SECONDS if code == "database_unavailable" else None
    return _plain(code, language, status=status, retry_after_seconds=retry)


def _code_of_others(error: Exception) -> tuple[str, int | None]:
    if isinstance(error, BodyRefused):
        return error.code, None
    if isinstance(error, HTTPException):
        return _HTTP_CODES.get(error.status_code, "bad_request"), error.status_code
    if is_away(error):
        return "database_unavailable", None
    # A character that no database text can hold, from a path or a query.
    return ("bad_request" if sqlstate(error) in _UNSTORABLE else "internal_error"), None


def respond(problem: Problem) -> Response:
    """The problem as an HTTP answer."""
    body: dict[str, object] = {
        "type": f"urn:regulars:error:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.field is not None:
        body["field"] = problem.field
    if problem.errors:
        body["errors"] = [
            {"field": one.field, "code": one.code, "message": one.message} for one in problem.errors
        ]
    if problem.details:
        body["details"] = problem.details
    headers = {} if problem.retry_after_seconds is None else {"Retry-After": str(problem.retry_after_seconds)}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    content = orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS)
    return Response(content, problem.status, headers, media_type=CONTENT_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of the app by this module.

    Pages may set `app.state.error_page`, an async function of (request, problem, error) that answers
    errors outside of /v1.
    """
    for kind in (RegularsError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _answer)
    for database_error in _BY_DATABASE:
        app.add_exception_handler(database_error, _answer_of_database)


async def _answer(request: Request, error: Exception) -> Response:
    problem = problem_of(error, choose_language(request.headers.get("accept-language")))
    answer = await _shown(request, problem, error)
    if problem.status == METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return answer


async def _answer_of_database(request: Request, error: Exception) -> Response:
    """A database that is away is one line of the log a request; a trace each would fill the disk."""
    if not is_away(error):
        raise error
    log.warning("database_away", error=type(error).__name__, sqlstate=sqlstate(error))
    return await _answer(request, error)


async def _shown(request: Request, problem: Problem, error: Exception) -> Response:
    error_page = getattr(request.app.state, "error_page", None)
    if error_page is not None and not request.url.path.startswith(("/v1/", "/healthz", "/readyz")):
        page: Response = await error_page(request, problem, error)
        return page
    return respond(problem)


def _methods_at(request: Request) -> set[str]:
    """All that the address takes: the router itself tells those of the first route only."""
    path = request.url.path
    routes = iter_route_contexts(request.app.routes)
    found = (route.methods or () for route in routes if _pattern(str(route.path)).match(path))
    return {method for methods in found for method in methods}


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return compile_path(path)[0]


def _of_ours(error: RegularsError, language: Language) -> Problem:
    row = ROWS[error.code]
    retry = error.details.get("retry_after_seconds")
    return Problem(
        code=error.code,
        status=row.status,
        title=row.title(language),
        detail=row.detail(language, error.message, error.details),
        field=error.field,
        details=error.details or None,
        retry_after_seconds=retry if isinstance(retry, int) else None,
    )


def _of_several(error: InvalidInput, language: Language) -> Problem:
    fields = tuple(_fields_of(error, language))
    if len(error.problems) == 1:
        return replace(_of_ours(error.problems[0], language), errors=fields)
    statuses = {ROWS[one.code].status for one in fields}
    told = _with_fields(error.code, fields, language)
    return replace(told, status=statuses.pop()) if len(statuses) == 1 else told


def _fields_of(error: InvalidInput, language: Language) -> Iterator[FieldError]:
    for problem in error.problems:
        words = ROWS[problem.code].detail(language, problem.message, problem.details)
        yield FieldError(problem.field or "", problem.code, words)


def _with_fields(code: str, fields: Sequence[FieldError], language: Language) -> Problem:
    row = ROWS[code]
    colon = "：" if language == "zh" else ": "
    told = [f"{one.field}{colon}{one.message}" if one.field else one.message for one in fields[:FIELDS_TOLD]]
    words = "".join(told) if language == "zh" else "; ".join(each.removesuffix(".") for each in told) + "."
    return Problem(code, row.status, row.title(language), words, errors=tuple(fields))


def _of_one_field(found: Sequence[FieldError], language: Language) -> list[FieldError]:
    """What could have been given in one field in several forms, told once."""
    told: dict[tuple[str, str], dict[str, None]] = {}
    for one in found:
        told.setdefault((one.field, one.code), {})[one.message] = None
    stop, between = ("。", "，或") if language == "zh" else ("", ", or ")
    return [
        FieldError(field, code, between.join(each.removesuffix(stop) for each in messages) + stop)
        for (field, code), messages in told.items()
    ]


def _name_of(location: Sequence[object]) -> str:
    """A field's name, without the place in the request and without the forms that a union tried."""
    parts = list(location[1:] if location and location[0] in _INPUT_PLACES else location)
    if len(parts) > 1 and (parts[-1] in _FORMS or "[" in str(parts[-1])):
        parts.pop()
    name = ""
    for part in parts:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else str(part)
    return name


def _field_of(detail: Mapping[str, object], language: Language) -> FieldError:
    location = detail.get("loc", ())
    name = _name_of(location if isinstance(location, Sequence) else ())
    kind = str(detail.get("type", ""))
    code = {"missing": "field_missing", "extra_forbidden": "field_unknown"}.get(kind, "field_invalid")
    context = detail.get("ctx")
    context = context if isinstance(context, Mapping) else {}
    if code == "field_invalid":
        return FieldError(name or str(context.get("field", "")), code, input_words(kind, context, language))
    return FieldError(name, code, ROWS[code].detail(language, "", {}))


def _plain(
    code: str, language: Language, *, status: int | None = None, retry_after_seconds: int | None = None
) -> Problem:
    row = ROWS[code]
    return Problem(
        code,
        status or row.status,
        row.title(language),
        row.detail(language, "", {}),
        retry_after_seconds=retry_after_seconds,
    )
