"""What the web's forms send while somebody types, and the desk when it looks somebody up."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from regulars.entrypoints.bench.page_chain import OTHER_PACK, PACK, SEGMENT, SILVER, WIDE
from regulars.entrypoints.bench.page_visits import Ask, Reader
from rules_ui.segment_form import NEW

_REVISION: Final = re.compile(r'name="based_on" value="(\d+)"')
_IN_THE_ENGINE: Final = {"in": ["staff", {"if": [SILVER, {"var": "member.tags"}, ["staff"]]}]}
"""Chooses between two lists, which SQL is not asked to do."""


async def asks(reader: Reader) -> Mapping[str, Sequence[Ask]]:
    """By name; where one holds several, they are sent in turn, so that each changes something."""
    conditions = {"few": SILVER, "many": WIDE, "row by row": _IN_THE_ENGINE}
    edit = f"/packs/{PACK}/edit"
    revision = _REVISION.search((await reader.client.get(edit)).text)
    based_on = revision[1] if revision else "0"
    days = {"based_on": based_on, "do": "set-number-days", "at": "/parameters/valid_days/value"}
    added = {"based_on": NEW, "do": "add-condition", "at": "/when", "value": "condition"}
    return {
        **{
            f"count while typing, {name}": [Ask("/segment-counts", {"when": orjson.dumps(when).decode()})]
            for name, when in conditions.items()
        },
        "count of a saved segment": [Ask(f"/segments/{SEGMENT}/count?sample=1")],
        "condition changed": [Ask("/segment-form", added)],
        "draft changed": [Ask(edit, {**days, "value": str(360 + number)}) for number in range(8)],
        "draft tried on a sample": [Ask(f"/packs/{OTHER_PACK}/preview?source=sample")],
        "desk finds by digits": [Ask("/desk", {"q": "0123"})],
        "desk finds by name": [Ask("/desk", {"q": "陈000"})],
        "number typed at enrolment": [Ask("/desk/enrol/check", {"phone": "13800001234"})],
    }
