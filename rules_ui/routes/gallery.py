"""Where a new pack begins: the gallery, its name, and the draft that is made of it."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api.dependencies import requires
from regulars.releases import beginning, drafts
from regulars.releases.beginning import NewPack
from regulars.releases.errors import PackCodeTaken
from regulars.rules import service as rules
from regulars.rules.chain_catalogue import catalogue_of
from regulars.rules.errors import UnknownPack
from regulars.rules.model import Pack
from regulars.rules.sentences import pack_of
from regulars.security.actor import Actor
from regulars.security.policy import Permission
from rules_ui import gallery
from rules_ui.contexts.base import FieldTrouble
from rules_ui.contexts.gallery import GalleryPage
from rules_ui.gallery import DRAFT, OWN, OwnPack, Wish
from rules_ui.i18n import N_, Speech
from rules_ui.ui import Pages, go

MOST_OWN: Final = 60
LONGEST_TITLE: Final = 200

router = APIRouter(prefix="/packs/new")
Editor = Annotated[Actor, Depends(requires(Permission.PACK_EDIT))]


@router.get("", response_class=HTMLResponse)
async def show(request: Request, ui: Pages, actor: Editor, begin: str = "") -> HTMLResponse:
    await ui.refresh()
    say = ui.speech(request, actor)
    async with ui.container.database.read() as session:
        if not begin:
            return ui.page(request, actor, GalleryPage(gallery.shelves(await _own(session), say)), say)
        pack = pack_of(await _text(session, begin))
        taken = await beginning.taken_codes(session)
        catalogue = await catalogue_of(session)
    view = gallery.begin_page(begin, pack, _wish(begin, pack, taken), say, catalogue)
    return ui.page(request, actor, view, say)


@router.post("", response_model=None)
async def begin(
    request: Request,
    ui: Pages,
    actor: Editor,
    begin: Annotated[str, Form(max_length=200)],
    code: Annotated[str, Form(max_length=100)] = "",
    title_zh: Annotated[str, Form(max_length=1_000)] = "",
    title_en: Annotated[str, Form(max_length=1_000)] = "",
) -> Response:
    await ui.refresh()
    say = ui.speech(request, actor)
    wish = Wish(code.strip(), title_zh.strip(), title_en.strip())
    problems = _problems(wish, say)
    async with ui.container.database.read() as session:
        text = await _text(session, begin)
        catalogue = await catalogue_of(session)
    if not problems:
        try:
            async with ui.container.database.begin() as session:
                new = NewPack(wish.code, wish.title_zh, wish.title_en, text)
                await beginning.begin_draft(session, new, actor, ui.container.now())
        except PackCodeTaken as taken:
            free = str(taken.details["free"])
            said = say.text(N_("This code is taken already; %(free)s is free."), free=free)
            problems = [FieldTrouble("code", said)]
        else:
            return go(f"/packs/{wish.code}/edit")
    view = gallery.begin_page(begin, pack_of(text), wish, say, catalogue, problems)
    return ui.page(request, actor, view, say, status=422)


def _problems(wish: Wish, say: Speech) -> list[FieldTrouble]:
    found = []
    if not beginning.can_be_code(wish.code):
        said = N_("Write small letters and digits with hyphens between them, such as double-day.")
        found.append(FieldTrouble("code", say.text(said)))
    for name, title in (("title_zh", wish.title_zh), ("title_en", wish.title_en)):
        if not 0 < len(title) <= LONGEST_TITLE or not title.isprintable():
            found.append(FieldTrouble(name, say.text(N_("Write a title of at most 200 characters."))))
    return found


def _wish(source: str, pack: Pack, taken: frozenset[str]) -> Wish:
    """What the form suggests: what the pack to begin with is called, and of a copy that it is one."""
    copied = source.partition(":")[0] in (OWN, DRAFT)
    zh, en = pack.title.zh, pack.title.en
    if copied:
        zh, en = f"{zh}（副本）", f"{en} (copy)"
    return Wish(beginning.free_code(pack.code, taken), zh[:LONGEST_TITLE], en[:LONGEST_TITLE])


async def _text(session: AsyncSession, source: str) -> str:
    """The text that a source stands for. Raises: UnknownPack; UnknownDraft."""
    ours = gallery.source_text(source)
    if ours is not None:
        return ours
    kind, _, name = source.partition(":")
    if kind == DRAFT:
        return _readable((await drafts.get_draft(session, name)).text, name)
    code, _, number = name.partition("/")
    if kind != OWN or not (number.isascii() and number.isdigit() and len(number) < 9):
        raise UnknownPack(name[:60])
    return (await rules.get_version(session, code, int(number))).text


def _readable(text: str, code: str) -> str:
    """A draft's text where it is a pack. Raises: UnknownPack."""
    try:
        pack_of(text)
    except ValueError:
        raise UnknownPack(code) from None
    return text


async def _own(session: AsyncSession) -> Sequence[OwnPack]:
    """The newest version of each pack, and the drafts that have none."""
    newest = await rules.newest_versions(session, limit=MOST_OWN)
    own = [OwnPack(each.version.code, each.version.version, each.text) for each in newest]
    known = {each.code for each in own}
    begun = [
        line.code for line in await drafts.list_drafts(session, limit=MOST_OWN) if line.code not in known
    ]
    return [*own, *[OwnPack(code, None, (await drafts.get_draft(session, code)).text) for code in begun]]
