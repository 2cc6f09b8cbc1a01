"""Numbers of a pack pass through the form without loss, in the units people use."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_chain import PACKS

from regulars.rules.model import Pack
from regulars.rules.text_edits import with_parameters
from rules_ui.i18n import Money, Speech
from rules_ui.parameter_form import parameters_of, read_parameters

SAY = Speech("en", ZoneInfo("UTC"), Money("USD", 2), datetime(2026, 11, 22, tzinfo=UTC))


def pack_text(code: str = "grocery-classic") -> str:
    return (PACKS / code / "pack.json").read_text()


def pack_in(text: str) -> Pack:
    return Pack.model_validate(orjson.loads(text))


PACK = pack_in(pack_text())


def shown(pack: Pack) -> dict[str, str]:
    return {one.name: one.value for one in parameters_of(pack, pack, {}, SAY)}


def test_money_is_shown_whole_and_rates_in_per_cent() -> None:
    values = shown(PACK)
    assert (values["regular_spend_minor"], values["regular_rate_bps"], values["valid_days"]) == (
        "1000",
        "125",
        "730",
    )


@pytest.mark.parametrize("path", sorted(PACKS.glob("*/pack.json")), ids=lambda path: path.parent.name)
def test_a_form_that_nobody_touched_changes_nothing(path: Path) -> None:
    pack = pack_in(path.read_text())
    assert read_parameters(pack, shown(pack), SAY) == ({}, [])


@given(minor=st.integers(0, 100_000_000), bps=st.integers(10_000, 100_000))
def test_every_allowed_number_survives_the_way_through_the_form(minor: int, bps: int) -> None:
    changed = pack_in(with_parameters(pack_text(), {"regular_spend_minor": minor, "regular_rate_bps": bps}))
    read, problems = read_parameters(PACK, shown(changed), SAY)
    assert problems == []
    assert read.get("regular_spend_minor", 100_000) == minor
    assert read.get("regular_rate_bps", 12_500) == bps


@pytest.mark.parametrize(
    "typed",
    [
        *("", "abc", "1.005", "-1", "1e400", "NaN", "Infinity", "1000000.01", "９" * 30, "0x10", "1 000"),
        *("1_0", "1e3", ".", "1.2.3", "1d", "+", "\u202e7"),
    ],
)
def test_what_is_no_allowed_amount_is_refused_with_the_bounds(typed: str) -> None:
    read, problems = read_parameters(PACK, {"regular_spend_minor": typed}, SAY)
    assert read == {}
    assert [(p.field, p.message) for p in problems] == [
        ("regular_spend_minor", "Write a number from 0 to 1000000, with at most 2 decimals.")
    ]


@pytest.mark.parametrize(
    ("typed", "minor"), [("1,234.5", 123_450), (" 7 ", 700), ("１２", 1_200), ("1，000", 100_000)]
)
def test_grouping_and_full_width_digits_are_understood(typed: str, minor: int) -> None:
    assert read_parameters(PACK, {"loyal_spend_minor": typed}, SAY) == ({"loyal_spend_minor": minor}, [])


def test_a_parameter_that_the_pack_does_not_have_is_ignored() -> None:
    assert read_parameters(PACK, {"nothing": "1"}, SAY) == ({}, [])


def test_bounds_are_read_as_people_write_them_and_say_once_what_they_count() -> None:
    bounds = {one.name: one.bounds for one in parameters_of(PACK, PACK, {}, SAY)}
    assert bounds["valid_days"] == "from 1 to 3,650 days"
    assert bounds["regular_rate_bps"] == "from 100% to 1,000%"
