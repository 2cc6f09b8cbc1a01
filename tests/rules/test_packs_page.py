"""The page about packs shows parts that a pack can have, and names every form there is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pack_language import WORDS

from regulars.rules.action_model import DISCOUNT_FORMS, Discount, Earn
from regulars.rules.model import Pack
from regulars.rules.starters import GALLERY

PAGE = (Path(__file__).parents[2] / "docs" / "rules" / "packs.md").read_text(encoding="utf-8")
PARTS = re.findall(r'^```\n(".*?)^```', PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("part", PARTS, ids=[part.split(":")[0] for part in PARTS])
def test_what_the_page_shows_is_part_of_a_pack(pack: Any, part: str) -> None:
    shown = json.loads("{" + part.replace("{…}", json.dumps(WORDS)) + "}")
    week = {"type": "money_minor", "value": 1, "minimum": 0, "maximum": 9, "title": WORDS}
    made = Pack.model_validate(pack(parameters={"week_minor": week}, **shown))
    assert all(getattr(made, name) is not None for name in shown)


def test_the_page_names_every_field_of_the_actions_and_every_pack() -> None:
    assert len(PARTS) == 3
    fields = {*DISCOUNT_FORMS, *Discount.model_fields, *Earn.model_fields} - {"unit"}
    named = set(re.findall(r"[a-z_\-0-9]+", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))
    assert fields - named == set()
    assert {code for codes in GALLERY.values() for code in codes} - named == set()
