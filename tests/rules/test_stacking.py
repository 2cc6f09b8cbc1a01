"""Which rules count where several hold: groups within groups."""

from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack_language import basket, errors, evaluated, live, notes

from regulars.rules.case_model import Given
from regulars.rules.cases import facts_of
from regulars.rules.sentences import pack_of
from regulars.rules.stack_wording import stacking_sentence
from regulars.rules.starters import starter_text


def stack(group: str, pick: str, *members: Any) -> dict[str, Any]:
    return {"group": group, "pick": pick} | ({"members": list(members)} if members else {})


def discounts(pack: Any, rule: Any, tree: Any, **groups: tuple[str, int]) -> Any:
    """A discount pack whose rules each take an amount off: rule=(group, amount), in this order."""
    rules = [
        rule(name, order, discount={"amount_minor": amount}) | {"group": group}
        for order, (name, (group, amount)) in enumerate(groups.items())
    ]
    case = {"name": {"zh": "一", "en": "one"}, "given": {}, "expect": {"discount_minor": 0}}
    return pack("save", "discount", rules=rules, cases=[case], stacking=tree)


def given_by(document: Any) -> dict[str, int]:
    assert errors(document) == set()
    return {d.rule_id: d.amount_minor for d in evaluated(document, purchase=basket(1_000)).discounts}


@pytest.mark.parametrize(
    ("pick", "expected"),
    [
        ("all", {"a": 20, "b": 10, "c": 30}),
        ("first", {"a": 20}),
        ("highest", {"c": 30}),
        ("lowest", {"b": 10}),
    ],
)
def test_a_group_picks_among_its_rules(pack: Any, rule: Any, pick: str, expected: Any) -> None:
    document = discounts(pack, rule, stack("g", pick), a=("g", 20), b=("g", 10), c=("g", 30))
    assert given_by(document) == expected


def test_groups_nest_and_the_better_side_counts_as_a_whole(pack: Any, rule: Any) -> None:
    tree = stack("top", "highest", stack("pair", "all", "x", "y"), "single")
    members = {"a": ("x", 20), "b": ("y", 20)}
    assert given_by(discounts(pack, rule, tree, **members, c=("single", 30))) == {"a": 20, "b": 20}
    document = discounts(pack, rule, tree, **members, c=("single", 50))
    assert given_by(document) == {"c": 50}
    told = notes(evaluated(document, purchase=basket(1_000)))
    assert told == {"a": "outranked:c", "b": "outranked:c", "c": None}


def test_a_plain_member_gives_its_best_rule(pack: Any, rule: Any) -> None:
    tree = stack("top", "all", "x", "y")
    document = discounts(pack, rule, tree, a=("x", 20), b=("x", 30), c=("y", 10))
    assert given_by(document) == {"b": 30, "c": 10}


def test_a_rule_stands_in_a_group_beside_its_members(pack: Any, rule: Any) -> None:
    tree = stack("top", "lowest", "x")
    assert given_by(discounts(pack, rule, tree, a=("top", 20), b=("x", 30))) == {"a": 20}


def test_what_gives_nothing_does_not_stand_in_the_way(pack: Any, rule: Any) -> None:
    for pick in ("first", "lowest"):
        document = discounts(pack, rule, stack("g", pick), a=("g", 0), b=("g", 30))
        assert given_by(document) == {"b": 30}


def test_equal_ones_go_by_their_order(pack: Any, rule: Any) -> None:
    for pick in ("first", "highest", "lowest"):
        document = discounts(pack, rule, stack("g", pick), z=("g", 20), a=("g", 20))
        assert given_by(document) == {"z": 20}


def test_a_pack_with_a_tree_stands_among_others_as_one(pack: Any, rule: Any) -> None:
    tree = stack("basket", "all", "x", "y")
    whole = discounts(pack, rule, tree, a=("x", 20), b=("y", 20))
    for amount, expected in ((30, {"a", "b"}), (50, {"other"})):
        other = pack(
            "other",
            "discount",
            rules=[rule("other", discount={"amount_minor": amount, "group": "basket"})],
        )
        facts = facts_of(Given.model_validate({"purchase": basket(1_000)}))
        assert {d.rule_id for d in live(whole, other).evaluate(*facts).discounts} == expected
        assert {d.rule_id for d in live(other, whole).evaluate(*facts).discounts} == expected


def earning(pack: Any, rule: Any, tree: Any, *rules: Any) -> Any:
    document = pack(rules=[rule("base", 0, earn={"unit": "points", "per": 100}) | {"group": "base"}, *rules])
    return document | ({"stacking": tree} if tree else {})


def test_rules_that_earn_are_picked_alike(pack: Any, rule: Any) -> None:
    more = [
        rule("gift", 1, earn={"unit": "points", "points": 7}) | {"group": "extra"},
        rule("gold", 2, earn={"unit": "points", "points": 5}) | {"group": "extra"},
    ]
    for tree, expected in (
        (None, {"base": 10, "gift": 7, "gold": 5}),
        (stack("all", "all", "base", "extra"), {"base": 10, "gift": 7, "gold": 5}),
        (stack("all", "all", "base", stack("extra", "highest")), {"base": 10, "gift": 7}),
        (stack("all", "all", "base", stack("extra", "lowest")), {"base": 10, "gold": 5}),
        (stack("all", "highest", "base", stack("extra", "all")), {"gift": 7, "gold": 5}),
    ):
        document = earning(pack, rule, tree, *more)
        assert errors(document) == set()
        awards = evaluated(document, purchase=basket(1_000)).awards
        assert {award.rule_id: award.points for award in awards} == expected


def test_multipliers_are_weighed_by_what_they_make_together(pack: Any, rule: Any) -> None:
    rates = {"m1": 12_500, "m2": 15_000, "m3": 18_000}
    more = [
        rule(name, order, multiply={"rate_bps": rate}) | {"group": "one" if name == "m3" else "both"}
        for order, (name, rate) in enumerate(rates.items(), 1)
    ]
    tree = stack("top", "highest", "base", stack("both", "all"), "one")
    evaluation = evaluated(earning(pack, rule, tree, *more), purchase=basket(10_000))
    assert evaluation.points == 187  # 1.25 × 1.5 is more than 1.8
    assert notes(evaluation)["m3"] == "outranked:m1"


WRONG = [
    (stack("g", "all"), {"group": "other"}, "group_not_stacked", "/rules/0"),
    (stack("g", "all"), {}, "group_missing", "/rules/0"),
    (stack("g", "all", "a", "b"), {"group": "a"}, "group_without_rule", "/stacking"),
    (stack("g", "all", "g"), {"group": "g"}, "id_repeated", "/stacking"),
    (stack("g", "best"), {"group": "g"}, "choice_expected", "/stacking/pick"),
    (stack("g", "all", {"group": "a"}), {"group": "a"}, "field_missing", "/stacking/members/0"),
    (stack("g", "all", 7), {"group": "a"}, "text_expected", "/stacking/members/0"),
    (stack("g", "all", "A b"), {"group": "a"}, "code_expected", "/stacking/members/0"),
]


@pytest.mark.parametrize(("tree", "part", "code", "pointer"), WRONG)
def test_what_is_wrong_with_stacking_is_found(
    pack: Any, rule: Any, tree: Any, part: Any, code: str, pointer: str
) -> None:
    assert (code, pointer) in errors(pack(rules=[rule("base") | part], stacking=tree))


def test_a_group_is_named_once(pack: Any, rule: Any) -> None:
    twice = rule("base", discount={"amount_minor": 1, "group": "g"}) | {"group": "g"}
    case = {"name": {"zh": "一", "en": "one"}, "given": {}, "expect": {"discount_minor": 0}}
    document = pack("save", "discount", rules=[twice], cases=[case])
    assert errors(document) == {("group_twice", "/rules/0/group")}


groups = st.sampled_from("abcd")
picks = st.sampled_from(["all", "first", "highest", "lowest"])
trees = st.builds(
    lambda one, two, three: stack("top", one, "a", stack("in", two, "b", "c"), stack("d", three)),
    picks,
    picks,
    picks,
)


@given(
    trees,
    st.lists(st.tuples(groups, st.integers(0, 50)), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_order_of_writing_decides_nothing(
    pack: Any, rule: Any, tree: Any, members: list[tuple[str, int]], chance: Any
) -> None:
    named = {f"r{i}": member for i, member in enumerate(members)}
    document = discounts(pack, rule, tree, **named)
    facts = facts_of(Given.model_validate({"purchase": basket(400, 300)}))
    straight = live(document).evaluate(*facts)
    rules = document["rules"].copy()
    chance.shuffle(rules)
    turned = stack("top", tree["pick"], *reversed(tree["members"]))
    assert live(document | {"rules": rules, "stacking": turned}).evaluate(*facts) == straight
    assert sum(d.amount_minor for d in straight.discounts) == let_through(tree, named)[1]


def let_through(node: Any, named: dict[str, tuple[str, int]]) -> tuple[int, int]:
    """Where the first rule that counts stands, and what the group gives, told as simply as can be."""
    group, pick = (node, "highest") if isinstance(node, str) else (node["group"], node["pick"])
    inside = [(place, off) for place, (g, off) in enumerate(named.values()) if g == group and off]
    below = [] if isinstance(node, str) else node.get("members", [])
    inside += [found for member in below if (found := let_through(member, named))[1]]
    if not inside:
        return len(named), 0
    if pick == "all":
        return min(inside)[0], sum(off for _, off in inside)
    if pick == "first":
        return min(inside)
    sign = -1 if pick == "highest" else 1
    return min(inside, key=lambda found: (sign * found[1], found[0]))


def test_a_huge_tree_is_told_quickly(pack: Any, rule: Any) -> None:
    wide = [stack(f"g{i}", "all", *(f"g{i}-{j}" for j in range(50))) for i in range(50)]
    document = pack(rules=[rule("base") | {"group": "other"}], stacking=stack("top", "all", *wide))
    begun = process_time()
    found = errors(document)
    assert process_time() - begun < 0.5
    assert ("group_not_stacked", "/rules/0") in found


def test_stacking_is_said_from_the_outside_in() -> None:
    pack = pack_of(starter_text("print-shop-offers"))
    assert stacking_sentence(pack, "zh") == (
        "只取最高的一项（可同享（只取最高的一项（会员彩印；夜间彩印）；"
        "黑白打印满量价；装订第二本半价）；每满 200 减 20）"
    )
    assert stacking_sentence(pack, "en") == (
        "Only the highest (together (only the highest "
        "(Colour printing for members; Colour printing by night); "
        "Black and white by quantity; The second binding half price); 20 off for each 200)"
    )
    assert stacking_sentence(pack_of(starter_text("grocery-classic")), "zh") == ""
