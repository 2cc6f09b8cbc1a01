"""Why a trial of a real receipt gives something else than the till gave, in the words of both languages."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from small_chain import PACKS

from regulars.explanation.recomputing import FactsRead
from regulars.explanation.trying import Came, Recorded
from regulars.kernel.ids import new_id
from regulars.rules import cases
from regulars.rules.case_model import Given
from regulars.rules.checker import examine
from regulars.rules.domain import PackVersion
from regulars.rules.evaluator import PackSet
from rules_ui.i18n import LanguageTag, Money, Speech
from rules_ui.preview_till import Beside, told_beside

NOW = datetime(2026, 11, 22, tzinfo=UTC)
GIVEN = Given.model_validate({"member": {"tier": "silver"}, "purchase": {"lines": [{"sales_minor": 5_000}]}})
TILL = Recorded(50, 0, None, ("double-day/1", "grocery-classic/2"), (), ())


def said(language: LanguageTag) -> Speech:
    return Speech(language, ZoneInfo("UTC"), Money("CNY", 2), NOW)


def packs(*codes: str) -> PackSet:
    found = []
    for code in codes:
        report = examine((PACKS / code / "pack.json").read_text())
        assert report.pack is not None
        assert report.document is not None
        found.append(PackVersion(new_id(), code, 0, report.pack.kind, "x", report.document))
    return PackSet(found)


def came(points: int) -> Came:
    member, purchase, store, calendar, _ = cases.facts_of(GIVEN)
    return Came(points, 0, None, FactsRead(member, purchase, store, calendar), (), ())


def told(recorded: Recorded, draft: int, live: int, now: tuple[str, ...], say: Speech) -> tuple[str, ...]:
    both = packs("double-day", "grocery-classic")
    return told_beside(Beside("double-day", recorded, came(draft), came(live), both, now), say)


def test_where_the_draft_gives_what_the_till_gave_nothing_is_to_be_explained() -> None:
    assert told(TILL, 50, 70, TILL.packs, said("en")) == ("The till gave the same.",)


def test_a_difference_that_what_is_live_does_not_have_is_the_drafts_own() -> None:
    own = told(TILL, 100, 50, TILL.packs, said("en"))
    assert own[1:] == (
        "What is live now gives the same as the till: the difference is this draft's.",
        "The member counts as of then: tier Silver.",
    )
    assert told(TILL, 100, 50, TILL.packs, said("zh"))[0] == "收银台当时给了 50 分、优惠 ¥0.00。"


def test_versions_limits_and_what_the_till_did_otherwise_are_named() -> None:
    recorded = replace(
        TILL, limited=(("double-day", "member-month"), ("gone", "g")), flags=("late", "discount_differs")
    )
    assert told(recorded, 100, 90, ("double-day/3", "grocery-classic/5"), said("en"))[1:-1] == (
        "Version 1 of this pack was in force then; now it is version 3.",
        "Other packs are in other versions than then: Grocery classic points.",
        "A limit had left less then: A member, a month, g."
        " A trial counts limits as if nothing had been given.",
        "The till charged other discounts than the rules offer.",
    )
    none = told(recorded, 100, 90, ("grocery-classic/2",), said("en"))
    assert "Version 1 of this pack was in force then; none is now." in none
    new = told(replace(TILL, packs=("grocery-classic/2",)), 100, 90, TILL.packs, said("en"))
    assert "No version of this pack was in force then." in new
    plain = told(TILL, 100, 90, TILL.packs, said("en"))
    assert "Today's rules give something else for it." in plain
