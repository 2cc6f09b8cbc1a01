"""What the checks found of a pack, and how it gets on with what is live where it is to go."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from regulars.kernel.beside import beside
from regulars.rules.catalogue import Catalogue
from regulars.rules.checker import Report
from regulars.rules.conflicts import Meeting, meetings_of
from rules_ui.case_view import CASE_FAILED
from rules_ui.clash_view import clashes_of
from rules_ui.contexts.clashes import Clashes
from rules_ui.i18n import Speech
from rules_ui.ui import Ui

SHOWN: Final = 6


def findings_of(report: Report, say: Speech) -> tuple[tuple[str, str], ...]:
    """How grave each is, and its sentence; failing cases are counted elsewhere."""
    return tuple(
        (one.severity, one.zh if say.language == "zh" else one.en)
        for one in report.findings
        if one.code != CASE_FAILED
    )


async def clashes_beside(
    ui: Ui, report: Report, place_ids: Iterable[UUID], catalogue: Catalogue, say: Speech
) -> Clashes:
    """The first things to know about a pack that is right by itself, beside what is live at places now.

    Of what one rule does with several of another pack, the first is told.
    """
    pack = report.pack
    if pack is None or not report.green:
        return Clashes()
    at_places = (ui.container.packs.at(place_id, say.now).versions for place_id in place_ids)
    live = tuple({each.id: each for versions in at_places for each in versions}.values())
    met = await beside(meetings_of, pack, live, catalogue)
    told: dict[object, Meeting] = {}
    for one in met:
        told.setdefault((one.code, one.theirs, one.rule, *one.details.items()), one)
    return clashes_of(tuple(told.values()), live, say, pack, SHOWN)
