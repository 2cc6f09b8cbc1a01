"""Adjustments are told among a member's events, and explained one by one."""

from datetime import timedelta
from uuid import UUID

import pytest
from adjustments.world import DAY, NOW, Adjusting

from regulars.analytics import member_story
from regulars.explanation.domain import EventExplanation
from regulars.explanation.errors import EventUnknown
from regulars.explanation.event_service import explain_event, list_events
from regulars.explanation.shelf import Shelf
from regulars.lifecycle import service as lifecycle
from regulars.rules.live import LivePacks
from regulars.security.policy import Permission
from regulars.security.scope import EVERYWHERE


async def test_story_and_explanation_of_an_expiry_tell_of_points_given_by_hand(
    world: Adjusting,
) -> None:
    member = await world.chain.join()
    given = await world.ask(member, 30, world.person("service_desk"), note="the till was down")
    later = NOW + 365 * DAY
    places = world.chain.desk.places
    async with world.chain.database.begin() as session:
        await lifecycle.advance(session, LivePacks(), places, [member], later, later)
    async with world.chain.database.read() as session:
        story, _ = await member_story.read_story(session, member, before=None, limit=9)
        (told,) = [item for item in story if item.kind == "points_adjusted"]
        assert (told.id, told.points, told.reason["why"]) == (given.id, 30, "the till was down")
        expired = next(item for item in story if item.kind == "points_expired")
        said = await explain_event(session, Shelf(), places, expired.id, EVERYWHERE, member)
    assert any("手工调整所给尚余 30 分" in one.zh for one in said.summary)
    assert said.agrees


async def test_a_members_events_tell_of_adjustments_between_them_page_by_page(world: Adjusting) -> None:
    member = await world.chain.join()
    given = await world.ask(member, 30, world.person("service_desk"))
    taken = await world.ask(member, -10, world.person("service_desk"), at=NOW + timedelta(minutes=1))
    later, places = NOW + 365 * DAY, world.chain.desk.places
    async with world.chain.database.begin() as session:
        await lifecycle.advance(session, LivePacks(), places, [member], later, later)
    async with world.chain.database.read() as session:
        whole = (await list_events(session, member, EVERYWHERE)).lines
        alone = (await list_events(session, member, EVERYWHERE, kind="points_adjusted")).lines
        paged, before = [], None
        while True:
            page = await list_events(session, member, EVERYWHERE, before=before, limit=1)
            paged += page.lines
            before = page.next_before
            if before is None:
                break
        elsewhere = world.person("store", "west-1").admitted(Permission.MEMBER_READ).scope
        assert (await list_events(session, member, elsewhere, kind="points_adjusted")).lines == ()
    assert [(one.adjustment_id, one.points) for one in alone] == [(taken.id, -10), (given.id, 30)]
    assert set(alone) < set(whole)
    assert paged == sorted(whole, key=lambda one: one.recorded_at, reverse=True) == list(whole)


async def test_an_adjustment_is_explained_by_who_why_and_where_its_points_lie(world: Adjusting) -> None:
    member, other = await world.chain.join(), await world.chain.join("Li Wei")
    desk, chief = world.person("service_desk"), world.person("admin")
    alone = await world.ask(member, 40, desk, note="the till was down", reason="missed_points")
    asked = await world.ask(member, 600, desk)
    await world.approve(asked, chief)
    back = await world.ask(member, None, desk, reverses=alone.id, reason="wrong_entry", at=NOW + DAY)
    places = world.chain.desk.places

    async def explained(event_id: UUID) -> tuple[list[str], EventExplanation]:
        async with world.chain.database.read() as session:
            found = await explain_event(session, Shelf(), places, event_id, EVERYWHERE, member)
        assert (found.kind, found.differences) == ("points_adjusted", ())
        return [said.en for said in found.summary], found

    words, found = await explained(alone.entry_id)
    assert words[0].endswith("40 points were given by hand.")
    assert words[1] == "Why: points that were missed. In words: the till was down"
    assert "alone" in words[2]
    assert words[3] == "40 points of them expire on 12 Mar 2027."
    assert words[4] == f"The adjustment {back.id} has taken it back whole."
    assert any("本人当日额度内" in said.zh for said in found.summary)
    assert (await explained(alone.id))[0] == words
    words, _ = await explained(asked.entry_id)
    assert f"{asked.requested_by} asked for it, operator:{chief.id} approved it." in words
    assert "The approver said: seen" in words
    words, _ = await explained(back.entry_id)
    assert "40 points of them had been given on 12 Mar 2026." in words
    assert f"It takes the adjustment {alone.id} back." in words
    west = world.person("store", "west-1").admitted(Permission.MEMBER_READ).scope
    async with world.chain.database.read() as session:
        for scope, who in ((EVERYWHERE, other), (west, member)):
            with pytest.raises(EventUnknown):
                await explain_event(session, Shelf(), places, alone.entry_id, scope, who)
