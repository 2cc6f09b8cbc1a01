"""The form of a draft as its tests see it, without a page around it."""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from regulars.rules.catalogue import BUILT_IN, Catalogue
from regulars.rules.checker import examine
from regulars.rules.starters import gallery_codes, starter_codes, starter_text
from rules_ui.contexts.editor import EditorBody
from rules_ui.editor.body import Shown, body_of
from rules_ui.editor.sheet import Offers
from rules_ui.i18n import Money, Speech

NOW = datetime(2026, 11, 22, tzinfo=UTC)
EN = Speech(language="en", zone=ZoneInfo("UTC"), money=Money("CNY", 2), now=NOW)
CODES = sorted({*starter_codes(), *gallery_codes()})


NO_OFFERS = Offers()


def shown(text: str, catalogue: Catalogue = BUILT_IN, offers: Offers = NO_OFFERS) -> EditorBody:
    report = examine(text, catalogue=catalogue)
    return body_of(Shown("a-pack", text, 1, report, ""), catalogue, offers, EN)


def parts(thing: object, kind: type[Any]) -> Iterator[Any]:
    """All views of a kind in a view."""
    if isinstance(thing, kind):
        yield thing
    if isinstance(thing, tuple):
        for each in thing:
            yield from parts(each, kind)
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from parts(getattr(thing, field.name), kind)


def document(code: str) -> Any:
    return json.loads(starter_text(code))
