"""What people and places are called on the pages that tell who did what where."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from regulars.rules import service as rules
from regulars.rules.domain import PackVersion
from regulars.rules.parts import Words
from regulars.security import service as security
from rules_ui.i18n import Speech
from rules_ui.ui import Ui
from rules_ui.version_marks import Names

_NAMED = 4


async def known_names(session: AsyncSession, ui: Ui) -> Names:
    """What operators and places are called."""
    return Names(
        await security.operator_names(session),
        {place.id: place.name for place in ui.container.places.all()},
    )


async def pack_titles(
    session: AsyncSession, names: Iterable[tuple[str, int]], say: Speech
) -> dict[tuple[str, int], str]:
    """What versions of packs are called: (code, version) → title."""
    found = await rules.titles(session, set(names))
    return {name: titles["zh" if say.language == "zh" else "en"] for name, titles in found.items()}


def title_of_version(version: PackVersion, say: Speech) -> str:
    """What a version at hand is called."""
    return Words.model_validate(version.document["title"]).of(say.language)


def listed(place_ids: Iterable[UUID], names: Names, say: Speech) -> str:
    """Some places by name: the first few, and how many more."""
    known = [names.places.get(place_id, "?") for place_id in place_ids]
    separator = "、" if say.language == "zh" else ", "
    more = f" +{len(known) - _NAMED}" if len(known) > _NAMED else ""
    return separator.join(known[:_NAMED]) + more
