"""A text that was examined lately is not examined again; another chain's fields make it another question."""

from datetime import UTC, datetime

from regulars.custom_fields.domain import CustomField
from regulars.kernel.ids import new_id
from regulars.rules.catalogue import BUILT_IN
from regulars.rules.examined import catalogue_with, examined
from regulars.rules.starters import starter_text

PET = CustomField(new_id(), "member", "has_pet", "boolean", "养宠物", "Has a pet", default=False)


def test_who_asks_again_gets_the_same_report() -> None:
    text = starter_text("silver-saturday")
    first = examined(text, ())
    assert first.green
    assert examined(text, ()) is first
    assert examined(text + " ", ()) is not first


def test_a_chains_own_fields_are_part_of_the_question() -> None:
    text = starter_text("silver-saturday").replace('"member.tier"', '"member.custom.has_pet"')
    assert not examined(text, ()).green
    known = {each.code for each in examined(text, (PET,)).findings}
    assert known != {each.code for each in examined(text, ()).findings}
    gone = datetime(2026, 1, 1, tzinfo=UTC)
    retired = CustomField(
        PET.id,
        "member",
        "has_pet",
        "boolean",
        "养宠物",
        "Has a pet",
        retired_at=gone,
    )
    assert catalogue_with((retired,)) is not catalogue_with((PET,))
    assert catalogue_with(()) is BUILT_IN
