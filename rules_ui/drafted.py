"""The draft of a pack as it stands, or what it would begin with."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.rules import service as rules
from rules_ui.editor.saving import head_of
from rules_ui.ui import Ui


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft's newest text.

    Attributes:
        revision: 0 where nothing was saved yet, and the text is what a draft would begin with.
    """

    code: str
    text: str
    revision: int


async def drafted(session: AsyncSession, ui: Ui, code: str) -> Drafted:
    """The draft of a pack; without one what is live at headquarters, else the newest version.

    Raises: UnknownPack: there is neither.
    """
    head = await head_of(session, code)
    if head is not None:
        return Drafted(code, head.text, head.line.revision or 0)
    packs = ui.container.packs.at(ui.container.places.headquarters.id, ui.container.now())
    live = next((version for version in packs.versions if version.code == code), None)
    return Drafted(code, (await rules.get_version(session, code, live.version if live else None)).text, 0)
