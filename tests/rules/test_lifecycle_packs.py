"""The days of silence and revisits in a pack of their own."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pack_language import WORDS, errors, live
from small_chain import MONDAY, OPENED, SmallChain, open_small_chain

from regulars.db.session import Database
from regulars.lifecycle.repository import events_of
from regulars.lifecycle.service import advance
from regulars.rules import service as rules
from regulars.rules.checker import examine
from regulars.rules.domain import BASE_TIER
from regulars.rules.starters import starter_text
from regulars.security.actor import Actor

DAYS = {
    "at_risk_after_days": 30,
    "lapse_after_days": 45,
    "first_revisit_after_days": 1,
    "revisit_every_days": 20,
}
DAY = timedelta(days=1)
ACTOR = Actor.command("tests")


def timing(pack: Any, **parts: Any) -> dict[str, Any]:
    """A lifecycle pack, with the cases of its edges."""

    def case(silent: int, **expect: Any) -> dict[str, Any]:
        return {"name": WORDS, "given": {"silent_days": silent}, "expect": expect}

    cases = [
        case(29, stage="active"),
        case(30, stage="at_risk"),
        case(44, stage="at_risk"),
        case(45, stage="lapsed", revisit_after_days=1),
        {"name": WORDS, "given": {"member": {"visits": 1}}, "expect": {"revisit_after_days": 20}},
    ]
    document: dict[str, Any] = pack("rhythm", "lifecycle", rules=[], lifecycle=DAYS, cases=cases)
    return document | parts


def test_its_cases_are_those_of_time(pack: Any) -> None:
    report = examine(json.dumps(timing(pack)))
    assert (report.findings, len(report.cases)) == ((), 5)
    wrong = timing(pack, lifecycle=DAYS | {"at_risk_after_days": 31})
    found = examine(json.dumps(wrong)).findings
    assert [(f.code, f.pointer) for f in found] == [("case_failed", "/cases/1/expect/stage")]


def test_a_tier_packs_cases_can_ask_for_time_as_well() -> None:
    document = json.loads(starter_text("classic-tiers"))
    for silent, stage in ((59, "active"), (60, "at_risk"), (90, "lapsed")):
        document["cases"].append(
            {"name": WORDS, "given": {"silent_days": silent}, "expect": {"stage": stage}}
        )
    assert examine(json.dumps(document)).green


def test_its_days_stand_before_those_of_the_tier_pack(pack: Any) -> None:
    tiers = json.loads(starter_text("classic-tiers"))
    alone = live(tiers).plan
    both = live(timing(pack), tiers).plan
    assert alone is not None
    assert both is not None
    assert (both.bands, both.tier_year_days) == (alone.bands, alone.tier_year_days)
    assert (both.pack_version, both.days_version) == ("classic-tiers/1", "rhythm/1")
    assert (alone.days_version, alone.at_risk_after_days) == ("classic-tiers/1", 60)
    assert (both.at_risk_after_days, both.lapse_after_days) == (30, 45)
    assert (both.first_revisit_after_days, both.revisit_every_days) == (1, 20)


def test_without_tiers_everybody_stays_on_one_step(pack: Any) -> None:
    plan = live(timing(pack)).plan
    assert plan is not None
    assert [(band.code, band.threshold_minor) for band in plan.bands] == [(BASE_TIER, 0)]
    assert (plan.pack_version, plan.days_version, plan.lapse_after_days) == ("rhythm/1", "rhythm/1", 45)
    assert live().plan is None


WRONG = [
    ({"lifecycle": None}, "tier_part_missing", ""),
    ({"lifecycle": DAYS | {"tier_year_days": 365}}, "part_misplaced", "/lifecycle/tier_year_days"),
    ({"lifecycle": DAYS | {"lapse_after_days": 30}}, "lapse_before_risk", "/lifecycle/lapse_after_days"),
    (
        {"lifecycle": DAYS | {"revisit_every_days": 0}},
        "amount_out_of_bounds",
        "/lifecycle/revisit_every_days",
    ),
    ({"scope": {"channels": ["app"]}}, "part_misplaced", "/scope"),
    (
        {"tiers": [{"code": "base", "rank": 0, "title": WORDS, "threshold": 0}]},
        "tier_part_misplaced",
        "/tiers",
    ),
]


@pytest.mark.parametrize(("part", "code", "pointer"), WRONG)
def test_what_is_wrong_with_it_is_found(pack: Any, part: Any, code: str, pointer: str) -> None:
    assert errors(timing(pack, **part)) == {(code, pointer)}


def test_it_may_do_without_rules_and_no_other_pack_can(pack: Any, rule: Any) -> None:
    assert ("action_wrong_kind", "/rules/0/then/earn") in errors(timing(pack, rules=[rule()]))
    case = {"name": WORDS, "given": {}, "expect": {"points": 0}}
    assert errors(pack(rules=[], cases=[case])) == {("list_length", "/rules")}
    tiers = json.loads(starter_text("classic-tiers"))
    del tiers["lifecycle"]["tier_year_days"]
    assert ("field_missing", "/lifecycle") in errors(tiers)


async def test_time_follows_it_and_names_it(database: Database, pack: Any) -> None:
    chain: SmallChain = await open_small_chain(database, packs=("classic-tiers",))
    async with database.begin() as session:
        await rules.publish(
            session,
            json.dumps(timing(pack)),
            place_id=chain.hq,
            live_from=OPENED,
            actor=ACTOR,
            at=OPENED,
        )
    member = await chain.join(at=MONDAY - DAY)
    await chain.buy(member)
    end = MONDAY + 60 * DAY
    async with database.begin() as session:
        await advance(session, chain.desk.packs, chain.desk.places, [member], end, end)
        events = (await events_of(session, [member]))[member]
    told = [
        (e.kind, (e.effective_at - MONDAY).days, e.pack_version) for e in events if e.effective_at > MONDAY
    ]
    assert told == [
        ("revisit_due", 1, "rhythm/1"),
        ("revisit_due", 21, "rhythm/1"),
        ("at_risk", 30, "rhythm/1"),
        ("revisit_due", 41, "rhythm/1"),
        ("lapsed", 45, "rhythm/1"),
    ]
