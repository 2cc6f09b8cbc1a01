"""Two changes of one draft come together where they touch different things, and never silently."""

import json
import time

import pytest

from regulars.releases.merging import changes, merge
from regulars.rules.starters import starter_text

BASE = {
    "code": "p",
    "title": {"zh": "甲", "en": "A"},
    "parameters": {"x": {"value": 1}, "y": {"value": 2}},
    "rules": [{"id": "a", "when": True}, {"id": "b", "when": True}],
}


def text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def changed(**parts: object) -> str:
    return text({**BASE, **parts})


def _deep(more: dict[str, object]) -> object:
    value: dict[str, object] = dict.fromkeys((f"k{n}" for n in range(18_000)), 1)
    value |= more
    for _ in range(45):
        value = {"a": value}
    return value


def test_changes_of_different_values_come_together() -> None:
    mine = changed(parameters={"x": {"value": 7}, "y": {"value": 2}})
    theirs = changed(title={"zh": "乙", "en": "A"})
    together = merge(text(BASE), mine, theirs)
    assert together.text is not None
    made = json.loads(together.text)
    assert (made["parameters"]["x"]["value"], made["title"]["zh"]) == (7, "乙")
    assert (together.mine, together.theirs, together.conflicts) == (
        ["/parameters/x/value"],
        ["/title/zh"],
        [],
    )


def test_the_same_value_changed_differently_is_a_conflict() -> None:
    together = merge(text(BASE), changed(code="mine"), changed(code="theirs"))
    assert (together.text, together.conflicts) == (None, ["/code"])


def test_the_same_change_twice_is_one() -> None:
    together = merge(text(BASE), changed(code="new"), changed(code="new", title={"zh": "乙", "en": "A"}))
    assert together.text is not None
    assert json.loads(together.text)["title"]["zh"] == "乙"


def test_rules_are_known_by_their_ids_so_that_both_may_add_one() -> None:
    a, b = BASE["rules"]
    mine = changed(rules=[a, {"id": "mine", "when": True}, b])
    theirs = changed(rules=[a, b, {"id": "theirs", "when": True}])
    together = merge(text(BASE), mine, theirs)
    assert together.text is not None
    assert [rule["id"] for rule in json.loads(together.text)["rules"]] == ["a", "mine", "b", "theirs"]
    assert together.mine == ["/rules/mine"]


def test_a_rule_removed_by_one_and_changed_by_the_other_is_a_conflict() -> None:
    a, b = BASE["rules"]
    together = merge(text(BASE), changed(rules=[a]), changed(rules=[a, {**b, "when": False}]))
    assert (together.text, together.conflicts) == (None, ["/rules/b"])


def test_rules_put_into_two_different_orders_are_a_conflict() -> None:
    rules = [{"id": name} for name in "abc"]
    base, mine, theirs = (
        changed(rules=[rules[i] for i in order]) for order in ((0, 1, 2), (1, 0, 2), (2, 1, 0))
    )
    assert merge(base, mine, theirs).conflicts == ["/rules"]
    one = merge(base, mine, base)
    assert one.text is not None
    assert [rule["id"] for rule in json.loads(one.text)["rules"]] == ["b", "a", "c"]


def test_a_plain_list_is_one_value() -> None:
    together = merge(text({"l": [1, 2]}), text({"l": [1, 2, 3]}), text({"l": [0, 1, 2]}))
    assert together.conflicts == ["/l"]


def test_true_is_not_one() -> None:
    together = merge(text({"v": 1}), text({"v": True}), text({"v": 1, "w": 2}))
    assert together.text is not None
    assert '"v": true' in together.text


@pytest.mark.parametrize("broken", ["", "{", "[" * 10_000, '{"a": 1, "a": 2}', "NaN"])
def test_a_text_that_nobody_can_read_is_one_value(broken: str) -> None:
    assert merge(text(BASE), broken, changed(code="theirs")).conflicts == [""]
    assert merge(text(BASE), broken, broken).text == broken


def test_a_name_with_a_slash_is_written_as_a_json_pointer() -> None:
    assert changes(text({"a/b": {"~": 1}}), text({"a/b": {"~": 2}})) == ["/a~1b/~0"]


def test_cases_of_a_real_pack_come_together_by_their_names() -> None:
    base = starter_text("grocery-classic")
    value = json.loads(base)
    mine, theirs = json.loads(base), json.loads(base)
    mine["cases"][0]["given"]["at"] = "2026-01-05T10:00"
    theirs["cases"].pop()
    together = merge(base, json.dumps(mine), json.dumps(theirs))
    assert together.text is not None
    made = json.loads(together.text)
    assert len(made["cases"]) == len(value["cases"]) - 1
    assert made["cases"][0]["given"]["at"] == "2026-01-05T10:00"


@pytest.mark.parametrize(
    ("base", "mine", "theirs"),
    [
        ({}, {f"a{n}": 1 for n in range(9_900)}, {f"b{n}": 1 for n in range(9_900)}),
        (
            {"rules": [{"id": f"r{n}"} for n in range(9_000)]},
            {"rules": [{"id": f"r{n}"} for n in reversed(range(9_000))]},
            {"rules": [{"id": f"r{n}"} for n in range(9_000)], "priority": 1},
        ),
        (_deep({}), _deep({"x": 1}), _deep({"y": 1})),
    ],
    ids=["many new keys", "all rules turned round", "much in the depth"],
)
def test_the_largest_drafts_come_together_while_tills_wait_a_moment_only(
    base: object, mine: object, theirs: object
) -> None:
    began = time.process_time()
    merge(text(base), text(mine), text(theirs))
    assert time.process_time() - began < 5  # a moment; what grows by the square took from 2 to 245 seconds


def test_two_drafts_that_fit_but_not_together_are_a_conflict() -> None:
    mine, theirs = ({f"{who}{n}": "x" * 100 for n in range(2_000)} for who in "ab")
    together = merge("{}", text(mine), text(theirs))
    assert (together.text, together.conflicts) == (None, [""])


def test_what_both_add_stands_behind_what_it_was_added_behind() -> None:
    def listed(codes: str) -> str:
        return text({"rules": [{"id": code} for code in codes]})

    together = merge(listed("abc"), listed("xaybzc"), listed("a1b2c3"))
    assert together.text is not None
    assert "".join(rule["id"] for rule in json.loads(together.text)["rules"]) == "xay1bz2c3"
