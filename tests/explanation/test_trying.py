"""A draft tried beside what is live, and a case made of what was tried."""

from datetime import timedelta

import orjson
import pytest
from small_chain import MONDAY, SmallChain, discounted_line, line, lines

from regulars.explanation import trying
from regulars.explanation.as_case import expected_of, given_of
from regulars.explanation.service import speech_of
from regulars.explanation.trying import Came, Trial, draft_beside, sample, try_out
from regulars.purchases.errors import PurchaseUnknown
from regulars.purchases.finding import find_receipts
from regulars.rules.case_model import Given
from regulars.rules.catalogue import BUILT_IN
from regulars.rules.checker import examine
from regulars.rules.starters import starter_text
from regulars.security.scope import EVERYWHERE, Scope

TUESDAY = MONDAY + timedelta(days=1)


async def tried(chain: SmallChain, trial: Trial, text: str) -> tuple[Came, Came]:
    """With the draft, and live."""
    report = examine(text)
    assert report.pack is not None
    assert report.document is not None
    places = chain.desk.places
    async with chain.database.begin() as session:
        await places.refresh(session)
        live = (await chain.desk.packs.refresh(session)).at(trial.store_id, MONDAY)
        packs = draft_beside(live, report.pack, report.document)
        speech = await speech_of(session, places.chain, packs, places.store(trial.store_id).zone)
    return try_out(packs, trial, speech), try_out(live, trial, speech)


async def receipt(chain: SmallChain, purchase_id: object, scope: Scope = EVERYWHERE) -> Trial:
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)
        return await trying.receipt(session, chain.desk.places, purchase_id, scope, BUILT_IN)  # type: ignore[arg-type]


async def test_a_receipt_is_read_as_the_till_read_it_and_the_draft_stands_beside_what_is_live(
    chain: SmallChain,
) -> None:
    member = await chain.join()
    await chain.buy(member, line(101_000), occurred_at=MONDAY - timedelta(days=5))
    bought = await chain.buy(member, *lines((10_000, "GROCERY"), (500, "FUEL")), occurred_at=TUESDAY)
    trial = await receipt(chain, bought.purchase_id)
    with_draft, live = await tried(chain, trial, starter_text("double-day"))
    assert live.points == bought.receipt["points"]
    assert with_draft.points == 2 * live.points
    (rule,) = next(pack for pack in with_draft.packs if pack.pack == "double-day/0").rules
    assert rule.state == "applied"
    monday = await receipt(chain, (await chain.buy(member, line(10_000), occurred_at=MONDAY)).purchase_id)
    with_draft, live = await tried(chain, monday, starter_text("double-day"))
    assert with_draft.points == live.points
    (rule,) = next(pack for pack in with_draft.packs if pack.pack == "double-day/0").rules
    assert [each.holds for each in rule.conditions] == [True, False]
    assert rule.conditions[1].needed is not None


async def test_discounts_come_off_before_points_are_counted_and_limits_begin_at_nothing(
    chain: SmallChain,
) -> None:
    given = Given.model_validate(
        {
            "at": "2026-03-07T10:00",
            "member": {"tier": "silver"},
            "purchase": {"lines": [{"department": "GROCERY", "sales_minor": 100_000}]},
        }
    )
    await receipt_none(chain)
    trial = sample(given, chain.desk.places, chain.stores["east-1"], BUILT_IN)
    text = starter_text("silver-saturday").replace('"value": 2000', '"value": 9000')
    with_draft, live = await tried(chain, trial, text)
    assert (live.discount_minor, with_draft.discount_minor) == (2_000, 5_000)
    assert live.tier is None
    # Lines with any discount earn nothing in this chain.
    assert live.points == with_draft.points == 0


async def receipt_none(chain: SmallChain) -> None:
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)


async def test_a_case_of_a_receipt_expects_what_the_draft_gives_and_is_green(chain: SmallChain) -> None:
    member = await chain.join()
    bought = await chain.buy(
        member, line(10_000), discounted_line(900, 100, number=2), occurred_at=TUESDAY, channel="app"
    )
    trial = await receipt(chain, bought.purchase_id)
    for code in ("grocery-classic", "double-day", "silver-saturday", "classic-tiers", "staff-excluded"):
        report = examine(starter_text(code))
        assert report.pack is not None
        assert report.document is not None
        given = given_of(trial, report.pack)
        assert given is not None
        assert given["at"] == "2026-03-03T10:00"
        assert given["member"] == {
            "tier": "base",
            "enrolled_days": given["member"]["enrolled_days"],
            "stage": "lapsed",
        }
        assert given["purchase"]["channel"] == "app"
        assert given["purchase"]["lines"][1] == {
            "sku": "851057",
            "department": "GROCERY",
            "discount_minor": 100,
            "sales_minor": 800,
        }
        expected = expected_of(report.pack, report.document, given)
        case = {"name": {"zh": "小票", "en": "Receipt"}, "given": given, "expect": expected}
        document = orjson.loads(starter_text(code))
        document["cases"].append(case)
        again = examine(orjson.dumps(document))
        assert again.green, (code, again.findings)
        assert len(again.cases) == len(report.cases) + 1


async def test_a_receipt_is_found_by_its_number_and_day_where_one_may_look(chain: SmallChain) -> None:
    bought = await chain.buy(None, receipt_no="R-77", occurred_at=MONDAY)
    places = chain.desk.places
    everywhere, west = EVERYWHERE, Scope((places.get(chain.stores["west-1"]).path,))
    async with chain.database.begin() as session:
        found = await find_receipts(session, "R-77", MONDAY.date(), places.tills(), everywhere)
        assert [each.id for each in found] == [bought.purchase_id]
        assert await find_receipts(session, "R-77", TUESDAY.date(), places.tills(), everywhere) == []
        assert await find_receipts(session, "R-77", MONDAY.date(), places.tills(), west) == []
    with pytest.raises(PurchaseUnknown):
        await receipt(chain, bought.purchase_id, west)
