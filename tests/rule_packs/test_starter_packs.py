"""The packs that a chain begins with are green, and say what they are meant to say."""

import json
from datetime import UTC, datetime

import orjson
import pytest

from regulars.rules.canonical import canonical, content_hash
from regulars.rules.cases import NO_ID, calendar_at
from regulars.rules.checker import examine
from regulars.rules.domain import Evaluation, MemberFacts, PackVersion, PurchaseFacts, StoreFacts
from regulars.rules.errors import UnknownPack
from regulars.rules.evaluator import PackSet
from regulars.rules.sentences import pack_of, sentences
from regulars.rules.starters import FOLDER, GALLERY, gallery_codes, starter_codes, starter_text

HASHES = {
    "classic-tiers": "4f6a4d868afc",
    "grocery-classic": "4db31c6e1ea3",
    "silver-saturday": "9ee262023155",
    "staff-excluded": "7d30d262076a",
}
SATURDAY = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def test_the_four_starters_are_there() -> None:
    assert starter_codes() == ["classic-tiers", "grocery-classic", "silver-saturday", "staff-excluded"]
    assert {code: content_hash(starter_text(code))[:12] for code in starter_codes()} == HASHES
    with pytest.raises(UnknownPack):
        starter_text("../secrets")


def test_each_pack_of_the_gallery_belongs_to_a_trade() -> None:
    assert sorted(code for codes in GALLERY.values() for code in codes) == gallery_codes()


@pytest.mark.parametrize("code", gallery_codes())
def test_a_starter_is_green_without_a_warning(code: str) -> None:
    report = examine(starter_text(code))
    assert report.findings == ()
    assert len(report.cases) >= 8
    assert all(case.passed for case in report.cases)
    assert report.pack is not None
    assert report.pack.code == code


@pytest.mark.parametrize("code", gallery_codes())
def test_a_starter_is_said_in_both_languages(code: str) -> None:
    pack = pack_of(starter_text(code))
    for zh, en in zip(sentences(pack, "zh"), sentences(pack, "en"), strict=True):
        assert zh.effect != en.effect
        assert "\u4e00" <= zh.title[-1] <= "\u9fff" or zh.title[-1].isdigit()
        assert en.effect[0].isupper() or en.effect[0].isdigit()
        assert len(zh.conditions) == len(en.conditions)


@pytest.mark.parametrize("code", gallery_codes())
def test_a_starter_is_kept_in_its_canonical_text(code: str) -> None:
    assert canonical(json.loads(starter_text(code))) == starter_text(code)
    assert [file.name for file in (FOLDER / code).iterdir()] == ["pack.json"]


def bought(tags: tuple[str, ...] = (), **lines: int) -> Evaluation:
    documents = [json.loads(starter_text(code)) for code in starter_codes()]
    versions = [PackVersion(NO_ID, d["code"], 1, d["kind"], "hash", d) for d in documents]
    full = [
        {"line": number, "sku": "1", "department": department, "kind": "goods", "quantity_milli": 1000}
        | {"list_minor": value, "sales_minor": value, "discount_minor": 0, "promotional": False}
        for number, (department, value) in enumerate(lines.items(), 1)
    ]
    total = sum(lines.values())
    member = MemberFacts(
        known=True,
        tier="silver",
        stage="active",
        tags=tags,
        spend_365d_minor=299_999,
        visits_365d=9,
        qualifying_spend_minor=299_999 + total,
        visits=9,
        enrolled_days=90,
        frozen=False,
    )
    purchase = PurchaseFacts(total, total, "store", orjson.dumps(full))
    return PackSet(versions).evaluate(member, purchase, StoreFacts("s", "b"), calendar_at(SATURDAY), SATURDAY)


def test_all_four_together_earn_discount_and_move_up() -> None:
    evaluation = bought(GROCERY=1_000, PRODUCE=1_000, FUEL=1_000)
    assert {award.rule_id: award.points for award in evaluation.awards} == {"base": 20, "spend-regular": 5}
    assert [(d.line, d.amount_minor) for d in evaluation.discounts] == [(1, 50)]
    assert evaluation.tier is not None
    assert (evaluation.tier.tier, evaluation.tier.rank) == ("gold", 2)
    assert len(evaluation.outcomes) == 8


def test_staff_earn_nothing_get_no_discount_and_still_move_up() -> None:
    evaluation = bought(("staff",), GROCERY=1_000)
    assert (evaluation.points, evaluation.discounts, evaluation.reasons) == (0, (), ("excluded",))
    assert evaluation.tier is not None


def test_the_tier_pack_carries_the_numbers_of_time() -> None:
    document = json.loads(starter_text("classic-tiers"))
    plan = PackSet([PackVersion(NO_ID, "classic-tiers", 3, "tier", "hash", document)]).plan
    assert plan is not None
    assert plan.pack_version == "classic-tiers/3"
    assert [(b.code, b.rank, b.threshold_minor) for b in plan.bands] == [
        ("base", 0, 0),
        ("silver", 1, 100_000),
        ("gold", 2, 300_000),
    ]
    assert (plan.tier_year_days, plan.at_risk_after_days, plan.lapse_after_days) == (365, 60, 90)
    assert (plan.first_revisit_after_days, plan.revisit_every_days) == (3, 90)
    assert plan.bands[1].title_zh == "银卡"
