"""What an undo took back is told with the purchase, among the member's events, and by itself."""

from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from small_chain import MONDAY, SmallChain, line
from undoing.world import DAY, Undoing, give_points

from regulars.entrypoints.explaining import explain_in, prove_in
from regulars.explanation.domain import EventExplanation, PurchaseExplanation
from regulars.explanation.errors import EventUnknown
from regulars.explanation.event_service import explain_event, list_events
from regulars.explanation.history import EventPage
from regulars.explanation.reversals import TAKEN_BACK, Reversal, TakenFrom, differences_of, explained
from regulars.explanation.shelf import Shelf
from regulars.explanation.speech import Speech
from regulars.organisation.places import Places
from regulars.security.scope import EVERYWHERE, Scope


@pytest.fixture
async def undoing(chain: SmallChain) -> Undoing:
    """A gift that expires after a day was bought twice, and later undone wherever its points were."""
    async with chain.database.begin() as session:
        await chain.desk.places.refresh(session)
    await give_points(chain, valid_days=5)
    undoing = Undoing(chain)
    ann = await chain.join("Ann")
    await chain.buy(ann, line(2_000), occurred_at=MONDAY)
    await chain.buy(ann, line(3_000), occurred_at=MONDAY + 8 * DAY)
    return undoing


async def purchase_of(undoing: Undoing, points: int) -> UUID:
    rows = await undoing.rows("select id from purchase where points = :points", points=points)
    found: UUID = rows[0]["id"]
    return found


async def events_of(undoing: Undoing, **wanted: object) -> EventPage:
    async with undoing.chain.database.read() as session:
        ann = undoing.chain.members["Ann"]
        return await list_events(session, ann, EVERYWHERE, **wanted)  # type: ignore[arg-type]


async def test_a_purchase_says_what_was_taken_of_it_when_why_and_by_whom(undoing: Undoing) -> None:
    undone = await undoing.do(policy="within_balance", note="The gift was never meant to be doubled")
    found = await explain_in(undoing.chain.database, await purchase_of(undoing, 60))
    assert isinstance(found, PurchaseExplanation)
    assert found.agrees
    (taken,) = found.taken_back
    assert (taken.points, taken.owed, taken.pack, taken.undo_id) == (30, 0, "gift/1", undone.id)
    assert (taken.ordered_by, taken.approved_by) == (undone.ordered_by, taken.approved_by)
    assert taken.approved_by == f"operator:{undoing.approver.id}"
    assert found.summary[0].en == "The purchase earned 60 points."
    assert found.summary[1] == taken.words
    for part in ("30 points", "gift/1", str(undone.id), "never meant to be doubled", str(taken.approved_by)):
        assert part in taken.words.en, part
    for part in ("收回", "30 分", "撤销单", "批准", "撤销原因"):
        assert part in taken.words.zh, part
    proof = await prove_in(undoing.chain.database, None)
    assert proof.ok


async def test_the_entry_itself_is_explained_with_where_its_points_came_from(undoing: Undoing) -> None:
    await undoing.do(policy="within_balance")
    spent = await purchase_of(undoing, 40)
    entry = (await explain_in(undoing.chain.database, spent)).taken_back
    assert isinstance(entry, tuple)
    found = await explain_in(undoing.chain.database, entry[0].entry_id)
    assert isinstance(found, EventExplanation)
    assert (found.kind, found.event_no, found.purchase_id) == (TAKEN_BACK, None, spent)
    assert found.agrees
    english = " ".join(said.en for said in found.summary)
    assert "in which the version gave 20 points" in english
    assert "In all the order took 50 points of this member back, of 2 purchases." in english
    assert found.summary[-1].en == "Entry, lots and the order behind it say the same."
    assert all(said.zh for said in found.summary)


async def test_the_list_of_events_tells_what_was_taken_back_between_them(undoing: Undoing) -> None:
    undone = await undoing.do(policy="within_balance")
    page = await events_of(undoing)
    kinds = [event.kind for event in page.lines]
    assert kinds.count(TAKEN_BACK) == 1
    line_told = page.lines[kinds.index(TAKEN_BACK)]
    assert (line_told.points, line_told.undo_id, line_told.pack) == (50, undone.id, "gift/1")
    times = [event.recorded_at for event in page.lines]
    assert times == sorted(times, reverse=True)
    paged: list[str] = []
    before = None
    while True:
        part = await events_of(undoing, limit=1, before=before)
        paged += [event.kind for event in part.lines]
        before = part.next_before
        if before is None:
            break
    assert paged == kinds
    alone = await events_of(undoing, kind=TAKEN_BACK)
    assert [event.kind for event in alone.lines] == [TAKEN_BACK]
    assert TAKEN_BACK not in [event.kind for event in (await events_of(undoing, kind="joined")).lines]


async def test_an_entry_is_told_only_where_its_member_is_at_home(undoing: Undoing) -> None:
    await undoing.do()
    (event,) = (await events_of(undoing, kind=TAKEN_BACK)).lines
    chain, places = undoing.chain, Places()
    nowhere = Scope(("west",))
    async with chain.database.read() as session:
        await places.refresh(session)
        with pytest.raises(EventUnknown):
            await explain_event(session, Shelf(), places, event.event_id, nowhere)
        other = await explain_event(
            session, Shelf(), places, event.event_id, EVERYWHERE, chain.members["Ann"]
        )
        assert other.kind == TAKEN_BACK
        with pytest.raises(EventUnknown):
            await explain_event(session, Shelf(), places, event.event_id, EVERYWHERE, chain.hq)
        assert (await list_events(session, chain.members["Ann"], nowhere)).lines == ()


def a_reversal() -> Reversal:
    some = UUID(int=1)
    return Reversal(
        some,
        some,
        some,
        some,
        MONDAY,
        MONDAY,
        points=20,
        owed=5,
        given=25,
        pack="gift/1",
        rules=(("base", 20),),
        undo_id=some,
        policy="debt",
        ordered_at=MONDAY,
        ordered_by="anna",
        approved_at=MONDAY,
        approved_by="bo",
        reason=None,
        approval=None,
        result=25,
        order_points=20,
        order_entries=1,
        sources=(TakenFrom(some, MONDAY, 20),),
    )


def test_points_of_other_purchases_and_points_owed_are_told() -> None:
    speech = Speech("CNY", 2, ZoneInfo("Asia/Shanghai"), {})
    lots = (TakenFrom(UUID(int=1), MONDAY, 5), TakenFrom(UUID(int=2), MONDAY - DAY, 15))
    found = explained(replace(a_reversal(), sources=lots, reason="买错了", approval="同意"), speech)
    english, chinese = (" ".join(said.of(language) for said in found.summary) for language in ("en", "zh"))
    assert "5 points more could not be taken and are owed." in english
    assert f"15 points of them were taken from what the purchase {UUID(int=2)} of 1 Mar 2026" in english
    assert "anna placed and bo approved" in english
    for part in ("记为会员欠分", "取自 2026年3月1日消费单", "撤销原因：买错了。", "批准意见：同意。"):
        assert part in chinese, part


def test_an_entry_that_took_other_points_than_its_lots_or_its_order_say_is_a_difference() -> None:
    right = a_reversal()
    assert differences_of(right) == ()
    assert [one.kind for one in differences_of(replace(right, sources=()))] == ["lots"]
    assert [one.kind for one in differences_of(replace(right, result=None))] == ["reversal"]
    assert [one.kind for one in differences_of(replace(right, result=24))] == ["reversal"]
    assert [one.kind for one in differences_of(replace(right, given=24))] == ["points"]
