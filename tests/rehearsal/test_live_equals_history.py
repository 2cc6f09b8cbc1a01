"""A rehearsal of what was live differs from history by nothing, whatever happened and in whatever order."""

from dataclasses import fields
from typing import ClassVar

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from invariants.test_invariants import COMMON, LONG, Chain, Workshop, workshop
from sqlalchemy import text

from regulars.db.session import Database
from regulars.kernel import clock
from regulars.lifecycle import repository as standings
from regulars.lifecycle.domain import Standing
from regulars.organisation.places import Places
from regulars.rehearsal import reading_repository
from regulars.rehearsal.drafts import Draft, RehearsedPacks
from regulars.rehearsal.limited import Limits
from regulars.rehearsal.replay import Stage, replay_anonymous, replay_member
from regulars.rehearsal.running import stored_rules
from regulars.rehearsal.sums import Frame, Pair, Span, Sums
from regulars.rehearsal.tally import Tally

__all__ = ["workshop"]

PROFILE = (
    settings(max_examples=400, stateful_step_count=50, **COMMON)
    if LONG
    else settings(
        max_examples=8, stateful_step_count=25, derandomize=True, phases=(Phase.generate,), **COMMON
    )
)
TOLD_OTHERWISE = {"next_due_at", "last_event_no", "window_as_of", "window_oldest_at", "frozen_reason"}
"""Numbers that count how often somebody looked, and what is kept for the window's own sake."""


async def replay_all(database: Database) -> Sums:
    """Replay every member under what was live, and hold each against its standing."""
    places = Places()
    async with database.read() as session:
        await places.refresh(session)
    packs = RehearsedPacks(await stored_rules(database), Draft((), places.headquarters.id), places)
    stage = Stage(packs, places, Limits())
    until = clock.now().replace(year=2100)
    tally = Tally(Frame(Span(None, until)))
    async with database.read() as session:
        ids = list(await session.scalars(text("select member_id from standing")))
        stored = await standings.peek(session, ids)
        async for history in reading_repository.histories(session, ids):
            tally.begin(history)
            time = replay_member(stage, history, tally)
            tally.end(history, time)
            kept = stored[history.member_id].standing
            time.window.roll_to(kept.window_as_of)
            window = {"spend_365d_minor": time.window.spend_minor, "visits_365d": time.window.visits}
            assert told(time.standing) | window == told(kept)
        async for bought in reading_repository.anonymous(session, until.replace(year=2000), until):
            replay_anonymous(stage, bought, tally)
    return tally.sums


def told(standing: Standing) -> dict[str, object]:
    names = {field.name for field in fields(Standing)} - TOLD_OTHERWISE
    return {name: getattr(standing, name) for name in names}


def assert_no_difference(sums: Sums) -> None:
    assert sums.differing_purchases == 0
    assert sums.differing_members == 0
    for pair in (sums.open_points, sums.expired_points, *sums.moves.values(), *sums.tiers.values()):
        assert pair == Pair(pair.before, pair.before)
    total = sums.total
    assert total.points_before == total.points_after
    assert total.discount_before_minor == total.discount_after_minor
    assert not sums.top


class RehearsedChain(Chain):
    """Everything that may happen to a chain, and then all of it again."""

    workshop: ClassVar[Workshop]

    def teardown(self) -> None:
        try:
            assert_no_difference(self.run(replay_all(self.world.chain.database)))
        finally:
            self.run(self.workshop.close(self.world))


@pytest.mark.timeout(0 if LONG else 300)
def test_what_was_live_gives_what_was_posted(workshop: Workshop) -> None:
    RehearsedChain.workshop = workshop
    run_state_machine_as_test(RehearsedChain, settings=PROFILE)
