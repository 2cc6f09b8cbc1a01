"""A change of one value leaves every other byte as it stands."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.canonical import canonical
from regulars.rules.errors import PointerUnknown
from regulars.rules.starters import starter_text
from regulars.rules.text_edits import (
    escaped,
    fragment,
    inserted,
    moved,
    removed,
    replaced,
    replaced_raw,
    steps_of,
    with_member,
)

AWKWARD = '{ "a" : [1,2 , 3],\n    "b~/c": {"d":"x"} ,"e": [] , "f": {} }'
values = st.recursive(
    st.booleans() | st.integers(-(2**40), 2**40) | st.text('ab~/"\\ 中\n{}[],:', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('ab~/" 中', max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


def _pointers(value: object, here: str = "") -> list[str]:
    below = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    return [here, *(p for key, child in below for p in _pointers(child, f"{here}/{escaped(str(key))}"))]


def _set(value: object, pointer: str, new: object) -> object:
    if not pointer:
        return new
    copy = json.loads(json.dumps(value))
    *above, last = steps_of(pointer)
    holder = copy
    for step in above:
        holder = holder[int(step)] if isinstance(holder, list) else holder[step]
    holder[int(last) if isinstance(holder, list) else last] = new
    return copy


@given(values, values, st.data(), st.sampled_from((None, 1, 3)))
def test_a_replaced_value_is_the_only_thing_that_changes(
    value: object, new: object, data: st.DataObject, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    pointer = data.draw(st.sampled_from(_pointers(value)))
    after = replaced(text, pointer, new)
    assert json.loads(after) == _set(value, pointer, new)
    assert replaced_raw(after, pointer, fragment(text, pointer)) == text


@given(st.lists(values, max_size=5), values, st.data(), st.sampled_from((None, 2)))
def test_what_is_put_into_a_list_and_taken_out_again_leaves_the_text_as_it_was(
    members: list[object], new: object, data: st.DataObject, indent: int | None
) -> None:
    text = json.dumps({"list": members, "z": 1}, ensure_ascii=False, indent=indent)
    at = data.draw(st.integers(0, len(members)))
    after = inserted(text, "/list", new, index=at)
    assert json.loads(after)["list"] == [*members[:at], new, *members[at:]]
    assert removed(after, f"/list/{at}") == text


@given(st.lists(values, min_size=1, max_size=5), st.data())
def test_a_moved_member_keeps_its_characters(members: list[object], data: st.DataObject) -> None:
    text = json.dumps(members, ensure_ascii=False, indent=2)
    old, new = (data.draw(st.integers(0, len(members) - 1)) for _ in range(2))
    raw = fragment(text, f"/{old}")
    after = moved(text, f"/{old}", new)
    rest = [*members[:old], *members[old + 1 :]]
    assert json.loads(after) == [*rest[:new], members[old], *rest[new:]]
    assert fragment(after, f"/{new}") == raw


def test_odd_spacing_and_odd_keys_stay() -> None:
    assert replaced(AWKWARD, "/b~0~1c/d", "y") == AWKWARD.replace('"x"', '"y"')
    assert removed(AWKWARD, "/a/1") == AWKWARD.replace("2 , 3", "3")
    assert inserted(AWKWARD, "/e", 5) == AWKWARD.replace("[] ", "[5] ")
    assert with_member(AWKWARD, "/f", "g", 1) == AWKWARD.replace("{} }", '{"g": 1} }')
    assert with_member(AWKWARD, "", "e", 1) == AWKWARD.replace("[] ", "1 ")


def test_a_new_member_of_a_canonical_pack_stands_as_the_canonical_text_has_it() -> None:
    text = starter_text("grocery-weekend")
    document = json.loads(text)
    rule = {**document["rules"][0], "id": "another", "order": 30}
    document["rules"].append(rule)
    assert inserted(text, "/rules", rule) == canonical(document)


@pytest.mark.parametrize("pointer", ["/nothing", "/a/3", "/a/-1", "/a/x", "/a/0/b", "a", "/a/٣"])
def test_a_place_that_is_not_there_is_said(pointer: str) -> None:
    with pytest.raises(PointerUnknown) as told:
        replaced(AWKWARD, pointer, 1)
    assert told.value.details["pointer"] == pointer


def test_the_whole_cannot_be_taken_away_and_an_object_is_no_list() -> None:
    with pytest.raises(PointerUnknown):
        removed(AWKWARD, "")
    with pytest.raises(PointerUnknown):
        inserted(AWKWARD, "/f", 1)
    with pytest.raises(PointerUnknown):
        with_member(AWKWARD, "/a", "g", 1)
    with pytest.raises(PointerUnknown):
        moved(AWKWARD, "/b~0~1c/d", 0)
