"""What a release makes live where and when: each store by its own clock, step by step, and back again."""

from datetime import UTC, datetime, timedelta

import pytest
from releases.conftest import NOW, PACK, ReleaseWorld
from small_chain import ACTOR
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from regulars.kernel.ids import new_id
from regulars.organisation.domain import NewPlace
from regulars.organisation.service import open_place
from regulars.releases import rollout, service
from regulars.releases.domain import Step
from regulars.releases.errors import ReleasePlacesInvalid, ReleaseStateWrong, StartInvalid
from regulars.releases.newcomers import follow
from regulars.rules import service as rules
from regulars.rules.errors import VersionRolledBack
from regulars.security.errors import PermissionDenied
from regulars.security.scope import EVERYWHERE

MINUTE = timedelta(minutes=1)
EIGHT_NY = datetime(2026, 3, 3, 13, tzinfo=UTC)
EIGHT_CHICAGO = datetime(2026, 3, 3, 14, tzinfo=UTC)
MORNING = "2026-03-03T08:00"


async def test_each_store_changes_at_eight_by_its_own_clock(world: ReleaseWorld) -> None:
    await world.scheduled(("HQ", MORNING))
    for store, eight in (("east-1", EIGHT_NY), ("east-2", EIGHT_NY), ("west-1", EIGHT_CHICAGO)):
        assert await world.live(store, eight - MINUTE) == 1
        assert await world.live(store, eight) == 2
        assert await world.live(store, eight + timedelta(days=400)) == 2


async def test_a_store_that_opens_later_follows_its_own_clock(
    world: ReleaseWorld,
) -> None:
    release = await world.scheduled(("HQ", MORNING, "2026-03-05T00:00"))

    async def opened(code: str, zone: str | None) -> int:
        new = NewPlace(new_id(), "east", "store", code, code, zone)

        async def act(session: AsyncSession) -> int:
            place = await open_place(session, new, world.person("anna", "admin"), world.at)
            return await follow(session, place, world.person("anna", "admin"), world.at)

        done: int = await world.do(act)
        async with world.chain.database.begin() as session:
            await world.chain.desk.places.refresh(session)
        return done

    assert await opened("east-8", None) == 0
    assert await opened("east-9", "America/Los_Angeles") == 1
    eight = EIGHT_NY + timedelta(hours=3)
    assert [await world.live("east-9", at) for at in (EIGHT_NY, eight - MINUTE, eight)] == [1, 1, 2]
    midnight = datetime(2026, 3, 5, 5, tzinfo=UTC)
    assert [await world.live("east-9", midnight + timedelta(hours=h)) for h in (0, 3)] == [2, 1]
    assert await world.live("east-8", EIGHT_NY) == 2
    acts = await world.do(lambda s: service.release_history(s, release.id, EVERYWHERE))
    assert [line.action for line in acts][-1] == "release.follow"
    kept = await world.release(release)
    assert (kept.change_no, kept.places[0].ends_at) == (release.change_no + 1, midnight + timedelta(hours=3))


async def test_a_store_whose_morning_is_earlier_need_not_wait_for_others(
    world: ReleaseWorld,
) -> None:
    await world.scheduled(("west", "2026-03-03T08:00"), ("HQ", "2026-03-03T12:00"))
    assert await world.live("west-1", EIGHT_CHICAGO) == 2
    assert await world.live("east-1", EIGHT_CHICAGO) == 1
    assert await world.live("east-1", EIGHT_NY + timedelta(hours=4)) == 2


async def test_an_instant_with_its_offset_is_the_same_everywhere(world: ReleaseWorld) -> None:
    await world.scheduled(("HQ", "2026-03-03T08:00-05:00"))
    for store in ("east-1", "west-1"):
        assert await world.live(store, EIGHT_NY - MINUTE) == 1
        assert await world.live(store, EIGHT_NY) == 2


async def test_a_wall_time_that_does_not_exist_moves_forward(world: ReleaseWorld) -> None:
    await world.scheduled(("HQ", "2026-03-08T02:30"))
    moved = datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert await world.live("east-1", moved - MINUTE) == 1
    assert await world.live("east-1", moved) == 2


async def test_after_its_end_what_was_live_before_is_live_again(world: ReleaseWorld) -> None:
    release = await world.scheduled(("HQ", MORNING, "2026-03-05T00:00"))
    midnight = datetime(2026, 3, 5, 5, tzinfo=UTC)
    assert await world.live("east-1", midnight - MINUTE) == 2
    assert await world.live("east-1", midnight) == 1
    assert await world.live("west-1", midnight) == 2
    assert await world.live("west-1", midnight + timedelta(hours=1)) == 1
    world.at = midnight + timedelta(hours=2)
    assert (await world.release(release)).state == "retired"


async def test_a_later_step_takes_the_first_places_along(world: ReleaseWorld) -> None:
    await world.scheduled(("east-1", MORNING), ("HQ", "2026-03-10T08:00"))
    assert await world.live("east-1", EIGHT_NY) == 2
    assert await world.live("east-2", EIGHT_NY) == 1
    later = datetime(2026, 3, 20, tzinfo=UTC)
    assert await world.live("east-2", later) == 2
    world.at = later
    third = await world.scheduled(("HQ", "2026-03-25T08:00"), points=60)
    assert third.version == 3
    for store in ("east-1", "east-2", "west-1"):
        assert await world.live(store, later + timedelta(days=9)) == 3


async def test_a_later_step_leaves_alone_what_others_decided_for_a_place(world: ReleaseWorld) -> None:
    await world.do(
        lambda s: rules.activate(
            s, PACK, None, place_id=world.place("east-2"), live_from=NOW, actor=ACTOR, at=NOW
        )
    )
    await world.scheduled(("HQ", MORNING))
    assert await world.live("east-2", EIGHT_NY) is None
    assert await world.live("east-1", EIGHT_NY) == 2


async def test_a_held_step_does_not_begin_until_it_is_let_go(world: ReleaseWorld) -> None:
    release = await world.scheduled(("east-1", MORNING), ("HQ", "2026-03-10T08:00"))
    halted = await world.do(
        lambda s: rollout.halt(s, release.id, 2, "wait for figures", world.person("anna"), world.at)
    )
    later = datetime(2026, 3, 20, tzinfo=UTC)
    assert [place.state for place in halted.places] == ["planned", "halted"]
    assert await world.live("east-1", later) == 2
    assert await world.live("east-2", later) == 1
    world.at = later
    await world.do(
        lambda s: rollout.resume(s, release.id, 2, "2026-03-21T08:00", world.person("anna"), world.at)
    )
    assert await world.live("east-2", later + timedelta(days=2)) == 2


async def test_a_release_can_be_cancelled_until_it_is_live_and_leaves_nothing(world: ReleaseWorld) -> None:
    release = await world.scheduled(("HQ", MORNING))
    cancelled = await world.do(
        lambda s: rollout.cancel(s, release.id, "not now", world.person("anna"), world.at)
    )
    assert cancelled.state == "cancelled"
    await world.do(
        lambda s: rules.activate(
            s, PACK, None, place_id=world.hq, live_from=NOW + MINUTE, actor=ACTOR, at=NOW
        )
    )
    assert await world.live("east-1", EIGHT_NY + timedelta(days=30)) is None


async def test_what_is_live_cannot_be_cancelled_any_more(world: ReleaseWorld) -> None:
    release = await world.scheduled(("east-1", MORNING), ("HQ", "2026-03-10T08:00"))
    world.at = EIGHT_NY
    with pytest.raises(ReleaseStateWrong):
        await world.do(lambda s: rollout.cancel(s, release.id, "too late", world.person("anna"), world.at))


async def test_a_rolled_back_version_was_never_live_for_what_is_recorded_later(world: ReleaseWorld) -> None:
    release = await world.scheduled(("HQ", MORNING))
    world.at = EIGHT_CHICAGO + timedelta(hours=5)
    back = await world.roll_back(release)
    assert back.state == "rolled_back"
    for store in ("east-1", "west-1"):
        for at in (EIGHT_CHICAGO, world.at, world.at + timedelta(days=90)):
            assert await world.live(store, at) == 1


async def test_a_place_goes_back_alone_and_a_mended_version_reaches_it(world: ReleaseWorld) -> None:
    release = await world.scheduled(("east-1", MORNING), ("HQ", "2026-03-04T08:00"))
    world.at = datetime(2026, 3, 6, tzinfo=UTC)
    back = await world.roll_back(release, "east-1")
    assert back.state == "live"
    assert await world.live("east-1", EIGHT_NY) == 1
    assert await world.live("east-1", world.at) == 1
    assert await world.live("east-2", world.at) == 2
    await world.scheduled(("HQ", "2026-03-09T08:00"), points=60)
    mended = datetime(2026, 3, 10, tzinfo=UTC)
    assert [await world.live(store, mended) for store in ("east-1", "east-2", "west-1")] == [3, 3, 3]
    world.at = mended
    await world.scheduled(("HQ", "2026-03-11T08:00"), points=70)
    assert await world.live("east-1", mended + timedelta(days=5)) == 4


async def test_one_store_goes_back_while_the_others_stay(world: ReleaseWorld) -> None:
    release = await world.scheduled(("HQ", MORNING))
    world.at = EIGHT_CHICAGO + timedelta(days=1)
    for store in ("west-1", "east-2"):
        release = await world.roll_back(release, store)
    assert release.state == "live"
    assert [await world.live(s, world.at) for s in ("east-1", "east-2", "west-1")] == [2, 1, 1]
    assert await world.live("west-1", EIGHT_CHICAGO) == 1
    again = await world.roll_back(release, "west-1")
    assert again.places == release.places
    await world.scheduled(("HQ", "2026-03-09T08:00"), points=60)
    later = datetime(2026, 3, 10, tzinfo=UTC)
    assert [await world.live(s, later) for s in ("east-1", "east-2", "west-1")] == [3, 3, 3]
    with pytest.raises(ReleasePlacesInvalid):
        await world.roll_back(release, "east-1-t1")


async def test_a_rolled_back_version_is_never_used_there_again(world: ReleaseWorld) -> None:
    release = await world.scheduled(("east-1", MORNING))
    world.at = EIGHT_NY
    await world.roll_back(release)
    for place in ("east-1", "HQ", "east"):
        with pytest.raises(VersionRolledBack):
            await world.do(
                lambda s, place=place: rules.activate(
                    s, PACK, 2, place_id=world.place(place), live_from=world.at, actor=ACTOR, at=world.at
                )
            )
    again = await world.submit("west", points=50)
    assert again.version == 2
    with pytest.raises(VersionRolledBack):
        await world.submit("HQ", points=50)


async def test_going_back_where_the_same_version_stands_above_goes_to_the_one_before(
    world: ReleaseWorld,
) -> None:
    everywhere = await world.scheduled(("HQ", MORNING))
    world.at = EIGHT_CHICAGO
    one_store = await world.schedule(
        await world.approved("east-1", points=50), ("east-1", "2026-03-04T08:00")
    )
    assert one_store.version == everywhere.version == 2
    world.at = datetime(2026, 3, 5, tzinfo=UTC)
    await world.roll_back(one_store)
    assert await world.live("east-1", world.at) == 1
    assert await world.live("east-2", world.at) == 2


async def test_a_plan_that_rests_on_a_version_that_is_taken_back_is_drawn_anew(world: ReleaseWorld) -> None:
    first = await world.scheduled(("HQ", MORNING))
    world.at = EIGHT_CHICAGO
    await world.scheduled(("HQ", "2026-03-09T08:00"), points=60)
    between = datetime(2026, 3, 9, 12, 30, tzinfo=UTC)  # eight in New York, seven in Chicago
    assert await world.live("west-1", between) == 2
    await world.roll_back(first)
    assert await world.live("west-1", between) == 1
    assert await world.live("west-1", between + timedelta(hours=1)) == 3


async def test_an_end_that_is_set_now_ends_it_now_and_leaves_the_past_alone(world: ReleaseWorld) -> None:
    release = await world.scheduled(("HQ", MORNING))
    world.at = EIGHT_CHICAGO + timedelta(days=1)
    ended = await world.do(
        lambda s: rollout.retire(s, release.id, None, None, "season over", world.person("anna"), world.at)
    )
    assert ended.state == "retired"
    assert await world.live("east-1", world.at - MINUTE) == 2
    assert await world.live("east-1", world.at) == 1


async def test_a_step_may_start_now(world: ReleaseWorld) -> None:
    release = await world.scheduled(("HQ", NOW.isoformat()))
    assert release.state == "live"
    assert await world.live("west-1", NOW) == 2


@pytest.mark.parametrize(
    "start", ["2026-03-02T08:00", "yesterday", "2026-13-01T00:00", "2026-03-02T09:59-05:00"]
)
async def test_a_start_that_is_none_or_is_past_is_refused(world: ReleaseWorld, start: str) -> None:
    release = await world.approved()
    with pytest.raises(StartInvalid):
        await world.schedule(release, ("HQ", start))
    assert await world.live("east-1", NOW + timedelta(days=30)) == 1


async def test_a_start_that_is_past_for_one_store_only_is_refused(world: ReleaseWorld) -> None:
    release = await world.approved()
    with pytest.raises(StartInvalid):
        await world.schedule(release, ("HQ", "2026-03-02T09:30"))


async def test_a_plan_names_open_places_within_what_was_approved_each_once(world: ReleaseWorld) -> None:
    release = await world.approved("east")
    for steps in ([("HQ", MORNING)], [("west-1", MORNING)], [("east-1-t1", MORNING)]):
        with pytest.raises(ReleasePlacesInvalid):
            await world.schedule(release, *steps)
    with pytest.raises(ReleasePlacesInvalid):
        await world.schedule(release, ("east-1", MORNING), ("east-1", "2026-03-04T08:00"))
    with pytest.raises(ReleasePlacesInvalid):
        await world.do(lambda s: rollout.schedule(s, release.id, [], world.person("anna"), world.at))


async def test_who_releases_has_the_right_at_every_place(world: ReleaseWorld) -> None:
    release = await world.approved("HQ")
    eastern = world.person("eve", "marketing", "east")
    with pytest.raises(PermissionDenied):
        await world.do(
            lambda s: rollout.schedule(s, release.id, [Step((world.hq,), MORNING)], eastern, world.at)
        )
    made = await world.do(
        lambda s: rollout.schedule(
            s, release.id, [Step((world.place("east-1"),), MORNING)], eastern, world.at
        )
    )
    assert made.state == "scheduled"


async def test_another_plan_replaces_one_that_has_not_begun(world: ReleaseWorld) -> None:
    release = await world.scheduled(("HQ", MORNING))
    await world.schedule(release, ("east-1", "2026-03-04T08:00"))
    assert await world.live("west-1", EIGHT_CHICAGO + timedelta(days=30)) == 1
    assert await world.live("east-1", EIGHT_NY) == 1
    assert await world.live("east-1", EIGHT_NY + timedelta(days=1)) == 2


async def test_a_late_purchase_is_read_by_the_version_before(world: ReleaseWorld) -> None:
    release = await world.scheduled(("HQ", MORNING))
    world.at = EIGHT_CHICAGO + timedelta(hours=2)
    member = await world.chain.join(at=NOW)
    bought = EIGHT_NY + timedelta(minutes=30)
    await world.chain.buy(member, occurred_at=bought)
    await world.roll_back(release)
    await world.chain.post(world.chain.basket(member, occurred_at=bought + MINUTE), at=world.at)
    async with world.chain.database.read() as session:
        earned = await session.execute(
            text("select pack_version from posting where pack_version like :pack"), {"pack": f"{PACK}%"}
        )
        assert sorted(earned.scalars()) == [f"{PACK}/1", f"{PACK}/2"]
