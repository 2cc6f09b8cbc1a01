"""What a person is told when a page cannot be shown: what happened, and what to do now."""

from dataclasses import replace
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.dependencies import public
from api.errors import Problem, problem_of
from regulars.kernel.errors import RegularsError
from regulars.security.actor import Actor
from regulars.security.errors import CsrfRefused, NotSignedIn
from rules_ui.contexts.entry import ErrorPage, ErrorPart
from rules_ui.i18n import N_, Speech
from rules_ui.ui import Ui, by_htmx

TOO_LARGE = 413
_ADVICE = {
    403: (
        N_("You may not do this"),
        N_("Your roles do not allow it here. An administrator can give you the role."),
    ),
    404: (
        N_("There is nothing here"),
        N_("It does not exist, or lies outside of the places that you see."),
    ),
    405: (N_("There is nothing here"), N_("This address is not meant to be opened like this.")),
    409: (N_("That cannot be done now"), N_("Something else came first. Open the page again and look anew.")),
    422: (N_("That could not be read"), N_("Go back, look at the fields again, and send once more.")),
    503: (
        N_("One moment, please"),
        N_("The database does not answer just now. Nothing is lost; try again in a few seconds."),
    ),
}
_AGAIN, _HOME = N_("Open the page again"), N_("To the overview")
_TOO_LARGE = (
    N_("That is too large"),
    N_("At most %(most)s MB can be sent at a time. Nothing was changed: send less, or split the file."),
)
_EXPIRED = (
    N_("This form has expired"),
    N_("You were signed out or signed in anew since it was opened. Open the page again and repeat."),
)
_BROKEN = (
    N_("Something went wrong on our side"),
    N_("Nothing was changed. Try again; if it stays, tell your administrator when it happened."),
)


async def error_answer(ui: Ui, request: Request, problem: Problem, error: Exception) -> Response:
    """Answer an error with a page; whoever is not signed in is asked to do so.

    Args:
        ui: the pages of this process.
        request: what was asked.
        problem: the error as the API presents it.
        error: what was raised.
    """
    if isinstance(error, NotSignedIn):
        return _to_sign_in(request)
    actor = await _reader(request)
    say = ui.speech(request, actor)
    if _names_nothing(error):
        problem = replace(problem, status=404)
    title, advice = _words(problem, error, say, ui.container.settings.request_limit_bytes)
    if by_htmx(request):
        sent = request.method == "POST"
        again = sent and problem.status >= 500
        answer = ui.page(request, actor, ErrorPart(title, advice, again), say, status=problem.status)
        if sent:  # beside what was typed, not in its place
            answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#refused", "innerHTML"
        return answer
    back = _back(request, problem.status)
    view = ErrorPage(
        status=problem.status,
        title=title,
        advice=advice,
        back=back,
        back_label=say.text(_HOME if back == "/" else _AGAIN),
        trace=problem.code if problem.status >= 500 else None,
    )
    return ui.page(request, actor, view, say, status=problem.status)


def _names_nothing(error: Exception) -> bool:
    """Whether the address itself cannot be read, as one that was cut off: nobody has filled in anything."""
    return isinstance(error, RequestValidationError) and any(
        detail["loc"][0] == "path" for detail in error.errors()
    )


def _to_sign_in(request: Request) -> Response:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    wish = here if request.method == "GET" and "/live" not in here else "/"
    target = "/sign-in" if wish == "/" else f"/sign-in?next={quote(wish, safe='')}"
    if by_htmx(request):
        return HTMLResponse("", status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)


async def _reader(request: Request) -> Actor | None:
    """Who reads the page, for its menu; nobody where that cannot be found out now."""
    if request.method != "GET":
        return None
    try:
        return await public(request)
    except (RegularsError, SQLAlchemyError, OSError):
        return None


def _words(problem: Problem, error: Exception, say: Speech, limit_bytes: int) -> tuple[str, str]:
    if isinstance(error, CsrfRefused):
        return say.text(_EXPIRED[0]), say.text(_EXPIRED[1])
    if problem.status == TOO_LARGE:
        most = say.decimal(limit_bytes * 10 >> 20, 1)
        return say.text(_TOO_LARGE[0]), say.text(_TOO_LARGE[1], most=most)
    title, advice = _ADVICE.get(problem.status, _BROKEN if problem.status >= 500 else _ADVICE[422])
    if isinstance(error, RegularsError) and problem.status not in (403, 404):
        return say.text(title), problem_of(error, say.language).detail
    return say.text(title), say.text(advice)


def _back(request: Request, status: int) -> str:
    """The page with the form that was refused, where there is one: it can be filled in once more."""
    if request.method == "POST" and status != 404 and _is_ours(request):
        return request.headers.get("referer", "/")
    return "/"


def _is_ours(request: Request) -> bool:
    home = f"{request.url.scheme}://{request.headers.get('host', '')}/"
    return request.headers.get("referer", "").startswith(home)
