"""Asking how many members a condition holds for: who counts, who is shown, and which way it goes."""

from typing import Any
from uuid import UUID

import pytest
from segments.conditions import adversaries
from small_chain import MONDAY, SmallChain, line
from sqlalchemy import insert, text

from regulars.organisation.places import Places
from regulars.security.scope import EVERYWHERE, NOWHERE, Scope
from regulars.segments import repository, service
from regulars.segments.checking import check_condition, check_text
from regulars.segments.domain import Counted, Question
from regulars.segments.errors import FeaturesNotReady, SegmentNotGreen, SegmentTooSlow
from regulars.segments.features import microseconds
from regulars.segments.refreshing import refresh
from regulars.segments.rows import estimate
from regulars.segments.tables import member_feature, member_feature_state

EVERYBODY = {"var": "member.known"}
IN_SQL = {"and": [{">": [{"var": "member.visits"}, 2]}, {"!": [{"in": ["gold", {"var": "member.tags"}]}]}]}
CHOSEN_TAGS = {"if": [{">=": [{"var": "member.visits"}, 0]}, {"var": "member.tags"}, ["none"]]}
IN_ROWS = {"and": [{">": [{"var": "member.visits"}, 2]}, {"!": [{"in": ["gold", CHOSEN_TAGS]}]}]}


ANY = Question()


async def ask(
    chain: SmallChain, tree: object, question: Question = ANY, scope: Scope = EVERYWHERE, **how: Any
) -> Counted:
    async with chain.database.read() as session:
        return await service.count_members(session, scope, check_condition(tree), question, **how)


async def crowd(chain: SmallChain, members: int = 600) -> None:
    """Members at home in the three stores by turns, with nothing but features."""
    homes = [chain.stores[code] for code in ("east-1", "east-2", "west-1")]
    rows = [
        {
            **{name: value for name, value in one.items() if name != "enrolled_days"},
            "member_id": UUID(int=number),
            "home_store_id": homes[number % 3],
            "enrolled_us": microseconds(MONDAY),
        }
        for number, one in enumerate(adversaries(members, (0,)))
    ]
    state = {"id": 1, "as_of": MONDAY, "seen_xid": 0, "written_xid": 0, "members": members}
    async with chain.database.begin() as session:
        await session.execute(insert(member_feature), rows)
        await session.execute(insert(member_feature_state), {**state, "undecided_members": 0})


async def test_a_purchase_moves_a_member_into_a_segment(chain: SmallChain) -> None:
    rich, poor = await chain.join("Rich"), await chain.join("Poor")
    tree = {">=": [{"var": "member.spend_365d_minor"}, 50_000]}
    await chain.buy(rich, line(50_000), occurred_at=MONDAY)
    await chain.buy(poor, line(49_999), occurred_at=MONDAY)
    async with chain.database.begin() as session:
        await refresh(session, MONDAY)
    answer = await ask(chain, tree, Question(sample=5))
    assert (answer.members, answer.matching, answer.as_of) == (2, 1, MONDAY)
    assert [(one.member_id, one.facts) for one in answer.sample] == [
        (rich, {"member.spend_365d_minor": 50_000})
    ]


async def test_before_features_were_ever_gathered_nothing_is_guessed(chain: SmallChain) -> None:
    with pytest.raises(FeaturesNotReady):
        await ask(chain, EVERYBODY)


async def test_an_operator_counts_members_at_home_in_its_own_places(chain: SmallChain) -> None:
    await crowd(chain)
    async with chain.database.read() as session:
        places = Places()
        await places.refresh(session)
    at = {code: places.by_code(code).path for code in ("HQ", "east", "east-1", "west")}
    seen = {code: (await ask(chain, EVERYBODY, scope=Scope((path,)))).members for code, path in at.items()}
    assert seen == {"HQ": 600, "east": 400, "east-1": 200, "west": 200}
    assert (await ask(chain, EVERYBODY, scope=NOWHERE)).members == 0
    within = Question(sample=200, within=at["east"])
    for tree in (IN_SQL, IN_ROWS):
        own = await ask(chain, tree, within, Scope((at["west"],)))
        assert (own.members, own.matching, own.sample) == (0, 0, ())
        below = await ask(chain, tree, within, Scope((at["east-1"],)))
        assert below.members == 200
        assert {one.member_id.int % 3 for one in below.sample} == {0}


async def test_row_by_row_finds_what_sql_finds_and_shows_the_same_members(
    chain: SmallChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "ROWS_AT_ONCE", 100)
    await crowd(chain)
    for question in (Question(), Question(sample=7), Question(sample=7, seed=5), Question(sample=200)):
        sql, rows = await ask(chain, IN_SQL, question), await ask(chain, IN_ROWS, question)
        assert (sql.way, rows.way) == ("sql", "rows")
        assert (sql.members, sql.matching) == (rows.members, rows.matching) == (600, sql.matching)
        assert 0 < sql.matching < 600
        assert sql.sample == rows.sample
        assert len(sql.sample) == min(question.sample, sql.matching)
    assert rows.refusal is not None
    assert rows.refusal.pointer == "/and/1/!/0/in/1/if"
    assert rows.statement is None
    assert sql.statement is not None
    assert "member_feature.visits > " in sql.statement
    assert "gold" not in sql.statement


async def test_while_somebody_types_what_the_engine_must_decide_is_estimated_and_said_to_be(
    chain: SmallChain,
) -> None:
    await crowd(chain)
    exact = await ask(chain, IN_ROWS, Question(sample=7))
    roughly = await ask(chain, IN_ROWS, Question(sample=7), rows_most=150)
    assert (exact.members, exact.looked_at) == (600, None)
    assert roughly.members == 600
    assert roughly.looked_at is not None
    assert 100 < roughly.looked_at < 200
    assert abs(roughly.matching - exact.matching) < 60
    assert roughly.sample == exact.sample
    narrowed = {"and": [{">": [{"var": "member.visits"}, 9]}, IN_ROWS]}
    left = (await ask(chain, {">": [{"var": "member.visits"}, 9]})).matching
    assert 0 < left < 600
    few = await ask(chain, narrowed, rows_most=left)
    assert (few.looked_at, few.way) == (None, "rows"), "the database leaves so few that all are decided"
    assert few.matching == (await ask(chain, {"and": [IN_SQL, narrowed["and"][0]]})).matching
    assert (await ask(chain, narrowed, rows_most=left - 1)).looked_at is not None
    assert (await ask(chain, IN_SQL, rows_most=1)).looked_at is None


@pytest.mark.parametrize(
    ("decided", "candidates", "matching", "failed"),
    [([True, False, None], 9, 3, 3), ([True, False], 5, 3, 0), ([False] * 3, 10**9, 0, 0), ([], 7, 0, 0)],
)
def test_an_estimate_is_the_nearest_whole_number_of_members(
    decided: list[bool | None], candidates: int, matching: int, failed: int
) -> None:
    found = estimate(decided, candidates)
    assert (found.matching, found.failed, found.looked_at) == (matching, failed, len(decided))


async def test_the_same_seed_shows_the_same_members_and_another_others(chain: SmallChain) -> None:
    await crowd(chain)
    shown = [await ask(chain, EVERYBODY, Question(sample=10, seed=seed)) for seed in (1, 1, 2)]
    ids = [[one.member_id for one in answer.sample] for answer in shown]
    assert ids[0] == ids[1] != ids[2]


async def test_a_rare_segment_in_a_large_chain_is_sampled_whole(
    chain: SmallChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "_LOOKED_AT", 6)
    await crowd(chain)
    tree = {"===": [{"var": "member.tier"}, "银卡"]}
    rare = await ask(chain, tree, Question(sample=200))
    assert rare.matching == len(rare.sample) > 5


async def test_a_statement_that_takes_too_long_is_given_up(
    chain: SmallChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SQL_SECONDS", 1)
    await crowd(chain)
    async with chain.database.begin() as holding:
        await holding.execute(text("lock table member_feature in access exclusive mode"))
        with pytest.raises(SegmentTooSlow, match="please ask for fewer places"):
            await ask(chain, EVERYBODY)


async def test_row_by_row_gives_up_in_time(chain: SmallChain) -> None:
    await crowd(chain)
    with pytest.raises(SegmentTooSlow, match="'if' cannot run in the database"):
        await ask(chain, IN_ROWS, rows_seconds=0)


@pytest.mark.parametrize(
    ("tree", "code", "pointer"),
    [
        ({"var": "purchase.sales_minor"}, "operand_type", ""),
        ({">": [{"var": "purchase.sales_minor"}, 1]}, "path_not_for_kind", "/>/0"),
        ({"some": [{"var": "purchase.lines"}, {"var": "promotional"}]}, "path_not_for_kind", "/some/0"),
        ({">": [{"var": "member.shoe_size"}, 1]}, "path_unknown", "/>/0/var"),
        ({">": [{"var": "member.visits"}, {"param": "p"}]}, "parameter_unknown", "/>/1/param"),
        ({">": [{"var": "member.visits"}, 1.5]}, "fraction_found", "/>/1"),
        ({">": [{"var": "member.tier"}, 1]}, "operand_type", "/>/0"),
        ({"sql": ["drop table member"]}, "operator_unknown", ""),
        ({"or": [{"var": "member.known"}] * 2_000}, "too_complex", ""),
        (7, "operand_type", ""),
        (None, "literal_refused", ""),
    ],
)
def test_what_cannot_be_asked_is_said_with_its_place(tree: Any, code: str, pointer: str) -> None:
    with pytest.raises(SegmentNotGreen) as refused:
        check_condition(tree)
    assert (code, pointer) in [(found.code, found.pointer) for found in refused.value.findings]


def test_hostile_texts_are_findings_and_no_harm() -> None:
    nested = '{"!":[' * 100_000 + '{"var":"member.known"}' + "]}" * 100_000
    for hostile in (nested, "[" * 200_000, b"\xff", "NaN", '{"and":[{"var":"member.known"}],"and":[]}', ""):
        with pytest.raises(SegmentNotGreen):
            check_text(hostile)


def nested(operator: str, levels: int) -> Any:
    tree: Any = {"var": "member.frozen"}
    for _ in range(levels):
        tree = {operator: [tree, EVERYBODY, tree] if operator == "if" else [tree]}
    return tree


@pytest.mark.parametrize(("operator", "levels"), [("!", 23), ("and", 23), ("if", 8)])
async def test_the_deepest_condition_that_is_taken_is_answered(
    chain: SmallChain, operator: str, levels: int
) -> None:
    await crowd(chain, 60)
    answer = await ask(chain, nested(operator, levels), Question(sample=3))
    assert (answer.way, answer.members) == ("sql", 60)
    assert 0 < answer.matching <= 60


async def test_a_thousand_values_in_one_condition_are_answered(chain: SmallChain) -> None:
    await crowd(chain)
    tree = {"in": [{"var": "member.tier"}, [f"tier-{number}" for number in range(1_900)] + ["银卡"]]}
    assert 0 < (await ask(chain, tree)).matching < 600


@pytest.mark.parametrize("chosen", [["a"], ["b"]], ids=str)
async def test_a_condition_that_reads_nothing_holds_for_all_or_none(
    chain: SmallChain, chosen: list[str]
) -> None:
    await crowd(chain, 60)
    for stack in (chosen, {"if": [{"===": ["x", "x"]}, chosen, ["a"]]}):
        answer = await ask(chain, {"in": ["a", stack]}, Question(sample=3))
        assert (answer.members, answer.matching) == (60, 60 if chosen == ["a"] else 0)
        assert len(answer.sample) == min(3, answer.matching)


async def test_a_rare_segment_is_sampled_whole_by_the_engine_too(
    chain: SmallChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "_LOOKED_AT", 6)
    await crowd(chain)
    rare = {"===": [{"var": "member.tier"}, "银卡"]}
    by_sql = await ask(chain, rare, Question(sample=200))
    by_engine = await ask(chain, {"and": [rare, {"!": [{"in": ["a", CHOSEN_TAGS]}]}]}, Question(sample=200))
    assert (by_sql.way, by_engine.way) == ("sql", "rows")
    assert [one.member_id for one in by_sql.sample] == [one.member_id for one in by_engine.sample]
