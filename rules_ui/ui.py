"""What the pages share within one process, and how a page is answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.requests import Request

from api.container import Container
from regulars.organisation.errors import NoChain
from regulars.rules.domain import LifecyclePlan
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui.board import Board
from rules_ui.contexts.base import NavItem, Notice, Shell, SignedInAs, Tone, View
from rules_ui.i18n import LANGUAGE_COOKIE, N_, LanguageTag, Money, Speech, choose_language
from rules_ui.ops.watch import Watch
from rules_ui.ops.words import QUEUES as QUEUES_OF_OPS
from rules_ui.queues import Queues
from rules_ui.render import render
from rules_ui.sections import home_of, tabs_of
from workflows.messages import TASK_QUEUE

LANGS: Final[Mapping[LanguageTag, str]] = {"zh": "zh-CN", "en": "en"}
_OTHER: Final[Mapping[LanguageTag, tuple[LanguageTag, str]]] = {"zh": ("en", "English"), "en": ("zh", "中文")}
_NAV: Final = (
    ("/", N_("Overview"), "layout-dashboard", Permission.OVERVIEW_READ),
    ("/desk", N_("Desk"), "qrcode", Permission.ADJUSTMENT_READ),
    ("/members", N_("Members"), "users", Permission.MEMBER_READ),
    ("/packs", N_("Rule packs"), "adjustments", Permission.PACK_READ),
    ("/segments", N_("Segments"), "users-group", Permission.SEGMENT_READ),
    ("/ops", N_("Operations"), "activity", Permission.WORKFLOW_OPERATE),
    ("/places", N_("Admin"), "settings", Permission.PLACE_READ),
)
_UNDER: Final[Mapping[str, tuple[str, ...]]] = {
    "/packs": ("/releases", "/rehearsals", "/undos"),
    "/segments": ("/new-segment",),
}
"""Pages that belong to an entry of the menu, though their addresses do not say so."""

NOTICES: Final[Mapping[str, tuple[Tone, str]]] = {
    "enrolled": ("good", N_("Welcome! The member is enrolled.")),
    "adjusted": ("good", N_("The points are adjusted.")),
    "adjustment-waits": ("warn", N_("Submitted. Somebody else must approve it before points move.")),
    "adjustment-approved": ("good", N_("Approved. The points are adjusted.")),
    "adjustment-rejected": ("good", N_("Refused. No points move.")),
    "adjustment-withdrawn": ("good", N_("Withdrawn. No points move.")),
    "task-closed": ("good", N_("The revisit is closed.")),
    "tag-ended": ("good", N_("The tag has ended. A rule may give it again.")),
    "tag-was-ended": ("plain", N_("The tag had ended already.")),
    "frozen": ("good", N_("The account is frozen. Purchases earn nothing from now on.")),
    "unfrozen": ("good", N_("The account is unfrozen. Purchases earn again from now on.")),
    "was-frozen": ("warn", N_("The account was frozen already.")),
    "was-not-frozen": ("warn", N_("The account was not frozen.")),
    "saved": ("good", N_("Saved as a new version; its cases pass. Publish it to make it live.")),
    "unchanged": ("plain", N_("Nothing was changed.")),
    "submitted": ("good", N_("Submitted. Somebody else has to approve it now.")),
    "approved": ("good", N_("Approved. Now it can be planned where and when it begins.")),
    "rejected": ("good", N_("Sent back to the authors with your words.")),
    "withdrawn": ("good", N_("Withdrawn.")),
    "scheduled": ("good", N_("Planned. Nobody is needed when it begins.")),
    "halted": ("good", N_("The step is held.")),
    "resumed": ("good", N_("The step is planned again.")),
    "cancelled": ("good", N_("Cancelled.")),
    "rolled-back": ("good", N_("Rolled back: the version before counts again from now on.")),
    "retired": ("good", N_("Its end is set.")),
    "undo-approved": ("good", N_("Approved. It is carried out now, while the tills go on.")),
    "undo-rejected": ("good", N_("Refused. Nothing is taken back.")),
    "undo-cancelled": ("good", N_("Given up. What was taken back by then stays taken back.")),
    "undo-paused": ("good", N_("It rests after the batch that is at work.")),
    "undo-resumed": ("good", N_("It goes on.")),
    "segment-saved": ("good", N_("Saved as a new version.")),
    "published": ("good", N_("Published. The next quote already follows this version.")),
    "not-drafted": ("plain", N_("There is no draft yet: the first change begins one.")),
    "went-back": ("good", N_("The draft is again as that save; what it was before is kept in the history.")),
    "opened": ("good", N_("The place is open.")),
    "revoked": ("good", N_("The key is revoked.")),
    "added": ("good", N_("The operator is added.")),
    "disabled": ("good", N_("The operator is shut out from the next request on.")),
    "enabled": ("good", N_("The operator may sign in again.")),
    "roles-set": ("good", N_("The roles are changed. They count from the next request on.")),
    "sessions-ended": ("good", N_("Signed out everywhere else.")),
    "signed-them-out": ("good", N_("The operator is signed out everywhere.")),
    "password-set": ("good", N_("The password is changed. Every other session has ended.")),
    "password-taken": ("good", N_("The new password counts. Sign in with it.")),
    "language-set": ("good", N_("The language is chosen.")),
    "place-changed": ("good", N_("The place is changed, from now on.")),
    "place-closed": ("good", N_("The place is closed. Its history stays.")),
    "policy-set": ("good", N_("The settings count from now on.")),
    "bound-asked": (
        "good",
        N_("Asked for. It counts once another administrator of the whole chain approves."),
    ),
    "bound-dropped": ("good", N_("Turned down. What counts now stays.")),
    "field-added": ("good", N_("The field is added: rules may ask it from now on.")),
    "field-changed": ("good", N_("The words are changed.")),
    "field-retired": ("good", N_("Retired: it takes no more values, and forms offer it no more.")),
    "values-set": ("good", N_("Saved. Purchases from now on see it.")),
    "signed-out": ("good", N_("You are signed out.")),
}
"""What a page may be told by `?done=` after a redirect."""


class Ui:
    """The pages' view of the process."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.board = Board(container.database, Queues(container.temporal.client, [TASK_QUEUE]))
        self.ops_queues = Queues(container.temporal.client, tuple(QUEUES_OF_OPS))
        self.watch = Watch(container.temporal.client)

    async def refresh(self) -> None:
        """Notice what other processes changed of places and packs."""
        async with self.container.database.read() as session:
            await self.container.places.refresh(session)
            await self.container.packs.refresh(session)

    def language(self, request: Request, actor: Actor | None) -> LanguageTag:
        """The reader's language."""
        return choose_language(
            cookie=request.cookies.get(LANGUAGE_COOKIE),
            own=actor.locale if actor else None,
            accepted=request.headers.get("accept-language", ""),
        )

    def speech(self, request: Request, actor: Actor | None, zone: str | None = None) -> Speech:
        """The reader's language and clock; the chain's own zone where none is asked for."""
        money, home_zone = Money("CNY", 2), "UTC"
        try:
            chain = self.container.places.chain
            money = Money(chain.currency, chain.currency_exponent)
            home_zone = self.home_zone()
        except NoChain:
            pass
        return Speech(
            language=self.language(request, actor),
            zone=ZoneInfo(zone or home_zone),
            money=money,
            now=self.container.now(),
        )

    def home_zone(self) -> str:
        """The zone of headquarters."""
        return self.container.places.headquarters.time_zone

    def may_see_workflows(self, actor: Actor) -> bool:
        """Whether Temporal's own pages are shown to the actor: they know no places."""
        return actor.may_at(Permission.WORKFLOW_OPERATE, self.container.places.headquarters.path)

    def plan_at(self, store_id: UUID, at: datetime) -> LifecyclePlan | None:
        """The numbers of the tier pack that is live at a place."""
        return self.container.packs.at(store_id, at).plan

    def chain_plan(self) -> LifecyclePlan | None:
        """The numbers of the tier pack that is live at headquarters."""
        return self.plan_at(self.container.places.headquarters.id, self.container.now())

    def shell(self, request: Request, actor: Actor | None, language: LanguageTag) -> Shell:
        """The frame of a page."""
        path = request.url.path
        query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
        other, name = _OTHER[language]
        chain_name = headquarters = ""
        try:
            chain_name = self.container.places.chain.name
            headquarters = self.container.places.headquarters.path
        except NoChain:
            pass
        return Shell(
            lang=LANGS[language],
            here=path + query,
            other_language=other,
            other_lang=LANGS[other],
            other_language_name=name,
            chain_name=chain_name,
            nav=_nav(actor, home_of(path)) if actor else (),
            tabs=tabs_of(actor, path, headquarters) if actor else (),
            operator=_signed_in_as(actor) if actor else None,
            csrf_token=(actor.csrf_token or "") if actor else "",
            notice=_notice(request.query_params.get("done")),
        )

    def page(
        self,
        request: Request,
        actor: Actor | None,
        view: View,
        say: Speech | None = None,
        *,
        status: int = 200,
    ) -> HTMLResponse:
        """Answer with a view."""
        said = say or self.speech(request, actor)
        html = render(view, self.shell(request, actor, said.language), said)
        return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})


async def ui_of(request: Request) -> Ui:
    """The pages' view of the process that serves a request."""
    ui: Ui = request.app.state.ui
    return ui


Pages = Annotated[Ui, Depends(ui_of)]
"""What a page's route asks for."""


def go(path: str) -> RedirectResponse:
    """Send the browser to a page after a change; it comes with GET."""
    return RedirectResponse(path, status_code=303)


def own_path(wish: str | None) -> str:
    """A path on this host, whatever was asked for: never another host's address."""
    if not wish or not wish.startswith("/") or wish.startswith(("//", "/\\")) or not wish.isprintable():
        return "/"
    parts = urlsplit(wish)
    return "/" if parts.scheme or parts.netloc or parts.path == "/sign-in" else wish


def wants_part(request: Request) -> bool:
    """Whether only a piece of the page is asked for."""
    return request.query_params.get("part") == "1"


def by_htmx(request: Request) -> bool:
    """Whether htmx asks, and so takes a piece of a page."""
    return request.headers.get("hx-request") == "true"


def _nav(actor: Actor, path: str) -> tuple[NavItem, ...]:
    return tuple(
        NavItem(
            href,
            label,
            icon,
            path == href or (href != "/" and path.startswith((href, *_UNDER.get(href, ())))),
        )
        for href, label, icon, permission in _NAV
        if actor.may(permission)
    )


def _signed_in_as(actor: Actor) -> SignedInAs:
    roles: Sequence[str] = sorted({grant.role.value for grant in actor.grants})
    return SignedInAs(actor.name, actor.name[:1].upper(), tuple(roles))


def _notice(code: str | None) -> Notice | None:
    found = NOTICES.get(code or "")
    return Notice(*found) if found else None
