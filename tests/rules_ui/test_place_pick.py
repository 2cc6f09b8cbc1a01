"""Of thousands of places a form offers the upper ones; the others are typed by code or name."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from regulars.organisation.domain import Place, PlaceKind
from regulars.security.policy import Permission
from rules_ui.place_pick import MOST_SHOWN, SUGGESTED, by_code, picked, picked_many, place_pick, suggested

OPENED = datetime(2026, 1, 1, tzinfo=UTC)


def place(number: int, kind: PlaceKind, code: str, name: str) -> Place:
    own = UUID(int=number)
    return Place(own, None, kind, code, name, own.hex, "UTC", 0, OPENED)


HQ = place(1, "hq", "HQ", "Headquarters")
EAST = place(2, "branch", "east", "East")
STORES = [place(10 + n, "store", f"s{n:04}", f"Shop {n}") for n in range(2_000)]
TWINS = [place(5_000 + n, "store", f"twin-{n}", "Station") for n in range(2)]
MANY = [HQ, EAST, *STORES, *TWINS]
RIGHT = Permission.PACK_UNDO


def test_few_places_are_all_options_and_the_first_is_chosen() -> None:
    pick = place_pick([HQ, EAST], [""], RIGHT)
    assert [(each.label, each.chosen) for each in pick.options] == [
        ("Headquarters · HQ", True),
        ("East · east", False),
    ]
    assert pick.suggest == ""


def test_of_many_the_upper_ones_and_what_is_chosen_are_options() -> None:
    pick = place_pick(MANY, [STORES[700].code, "Nowhere"], RIGHT, named=by_code, only="store")
    assert [each.value for each in pick.options if each.chosen] == ["s0700"]
    assert [each.value for each in pick.options] == ["HQ", "east", "s0700"]
    assert pick.typed == "Nowhere"
    assert pick.suggest == f"?right={RIGHT.value}&only=store"
    assert len(place_pick(STORES, [], RIGHT).options) == MOST_SHOWN


def test_everywhere_is_chosen_where_nothing_else_is() -> None:
    assert place_pick(MANY, [""], RIGHT, everywhere="All").options[0].chosen
    assert not place_pick(MANY, [str(EAST.id)], RIGHT, everywhere="All").options[0].chosen
    assert not any(each.chosen for each in place_pick([HQ, EAST], [], RIGHT, first=False).options)


@pytest.mark.parametrize("typed", ["s0007", "S0007", " shop 7 ", "Shop 7 · s0007", str(STORES[7].id)])
def test_what_is_typed_counts_more_than_what_is_chosen(typed: str) -> None:
    assert picked([str(HQ.id), typed], MANY) == str(STORES[7].id)
    assert picked([str(HQ.id), ""], MANY) == str(HQ.id)


def test_a_name_that_two_places_have_is_nobodys() -> None:
    assert picked(["", "Station"], MANY) == "Station"
    assert picked(["", "TWIN-1"], MANY, by_code) == "twin-1"


def test_several_are_ticked_and_typed_and_each_counts_once() -> None:
    sent = [str(HQ.id), "s0001，Shop 2、s0001; Nowhere"]
    assert picked_many(sent, MANY) == [str(HQ.id), str(STORES[1].id), str(STORES[2].id), "Nowhere"]


def test_few_are_suggested_and_what_stands_before_a_comma_stays() -> None:
    assert len(suggested("shop", MANY)) == SUGGESTED
    assert suggested("", MANY) == ()
    assert [each.value for each in suggested("s0001, twin", MANY)] == ["s0001, twin-0", "s0001, twin-1"]
    assert suggested("east", MANY)[0].value == "east"
