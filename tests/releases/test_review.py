"""Nothing is approved by who wrote it, twice, or when it has gone red."""

import asyncio
import json
from datetime import timedelta

import pytest
from rehearsal.world import Rehearsals
from releases.conftest import PACK, ReleaseWorld, richer
from small_chain import ACTOR
from sqlalchemy import text as sql

from regulars.kernel.ids import new_id
from regulars.releases import drafts, review, rollout, service
from regulars.releases.domain import reminded_at, waiting_since
from regulars.releases.errors import (
    ApprovalNeedsPerson,
    ApprovalRequired,
    DraftCodeDiffers,
    DraftRevisionOld,
    OwnReleaseApproval,
    RehearsalRequired,
    ReleasePlacesInvalid,
    ReleaseReasonMissing,
    ReleaseStateWrong,
    UnknownDraft,
    UnknownRelease,
)
from regulars.releases.policy import ReleasePolicy, set_policy
from regulars.releases.repository import Filter
from regulars.rules import repository as rules_repository
from regulars.rules import service as rules
from regulars.rules.canonical import content_hash
from regulars.rules.domain import PackVersion
from regulars.rules.errors import PackNotGreen
from regulars.rules.starters import starter_text
from regulars.rules.stored import StoredVersion
from regulars.security.actor import Actor
from regulars.security.errors import PermissionDenied
from regulars.security.scope import EVERYWHERE


def approve(world: ReleaseWorld, release_id: object, who: Actor) -> object:
    return world.do(lambda s: review.approve(s, release_id, who, world.at))  # type: ignore[arg-type]


async def test_whoever_wrote_a_part_of_it_may_not_approve(world: ReleaseWorld) -> None:
    await world.save(starter_text(PACK), "cleo")
    await world.save(richer(50), "anna", based_on=1)
    wanted = review.Submission(new_id(), PACK, (world.hq,), revision=2)
    asked = await world.do(lambda s: review.submit(s, wanted, world.person("dan"), world.at))
    for author in ("cleo", "anna", "dan"):
        with pytest.raises(OwnReleaseApproval):
            await approve(world, asked.id, world.person(author, "admin"))
    made = await world.do(lambda s: review.approve(s, asked.id, world.person("bo", "approver"), world.at))
    assert (made.state, made.decided_by) == ("approved", f"operator:{world.people['bo']}")


async def test_who_wrote_only_what_was_approved_long_ago_may_approve(world: ReleaseWorld) -> None:
    await world.approved(points=50)
    asked = await world.submit(who="cleo", points=60)
    assert f"operator:{world.people['anna']}" not in asked.authors
    await approve(world, asked.id, world.person("anna", "approver"))


async def test_who_wrote_a_version_stays_its_author_when_it_is_asked_for_again_by_its_number(
    world: ReleaseWorld,
) -> None:
    await world.save(starter_text(PACK), "cleo")
    await world.save(richer(50), "anna", based_on=1)
    wanted = review.Submission(new_id(), PACK, (world.hq,), revision=2)
    asked = await world.do(lambda s: review.submit(s, wanted, world.person("dan"), world.at))
    await world.do(lambda s: review.withdraw(s, asked.id, world.person("dan"), world.at))
    anew = review.Submission(new_id(), PACK, (world.hq,), version=asked.version)
    again = await world.do(lambda s: review.submit(s, anew, world.person("eve"), world.at))
    for author in ("cleo", "anna", "dan", "eve"):
        with pytest.raises(OwnReleaseApproval):
            await approve(world, again.id, world.person(author, "admin"))


async def test_who_made_a_version_that_nobody_approved_is_an_author_of_what_is_made_of_it(
    world: ReleaseWorld,
) -> None:
    await world.approved(points=50)
    for points, who in ((60, "cleo"), (70, "anna")):  # as the page of parameters makes them, without a draft
        await world.do(
            lambda s, n=points, by=who: rules.create_version(s, richer(n), world.person(by), world.at)
        )
    wanted = review.Submission(new_id(), PACK, (world.hq,), version=4)
    asked = await world.do(lambda s: review.submit(s, wanted, world.person("dan"), world.at))
    for author in ("cleo", "anna", "dan"):
        with pytest.raises(OwnReleaseApproval):
            await approve(world, asked.id, world.person(author, "admin"))
    # what was approved or published since begins anew
    await world.do(lambda s: review.approve(s, asked.id, world.person("bo", "approver"), world.at))
    later = await world.submit(who="eve", points=80)
    assert set(later.authors) == {f"operator:{world.people['eve']}"}


async def test_what_was_cancelled_before_anybody_approved_it_frees_no_author(world: ReleaseWorld) -> None:
    await world.save(richer(50), "anna")
    wanted = review.Submission(new_id(), PACK, (world.hq,), revision=1)
    asked = await world.do(lambda s: review.submit(s, wanted, world.person("dan"), world.at))
    releaser = world.person("rolf", "approver")
    await world.do(lambda s: rollout.cancel(s, asked.id, "not now", releaser, world.at))
    await world.save(richer(60), "cleo", based_on=1)
    anew = review.Submission(new_id(), PACK, (world.hq,), revision=2)
    again = await world.do(lambda s: review.submit(s, anew, world.person("dan"), world.at))
    with pytest.raises(OwnReleaseApproval):
        await approve(world, again.id, world.person("anna", "admin"))


async def test_a_command_approves_nothing(world: ReleaseWorld) -> None:
    asked = await world.submit()
    with pytest.raises(ApprovalNeedsPerson):
        await approve(world, asked.id, ACTOR)


async def test_an_approver_needs_the_right_at_or_above_each_place(world: ReleaseWorld) -> None:
    asked = await world.submit("east-1", "west-1")
    for role, place in (("approver", "east"), ("marketing", "HQ"), ("store", "HQ")):
        with pytest.raises(PermissionDenied):
            await approve(world, asked.id, world.person(f"{role}-{place}", role, place))
    with pytest.raises(UnknownRelease):
        await approve(world, asked.id, world.person("far", "approver", "east-2"))
    eastern = await world.submit("east-1", "east-2", points=60)
    await approve(world, eastern.id, world.person("regional", "approver", "east"))


async def test_of_two_approvals_at_once_one_decides(world: ReleaseWorld) -> None:
    asked = await world.submit()
    people = [world.person(name, "approver") for name in ("bo", "cy")]
    answers = await asyncio.gather(
        *(world.do(lambda s, who=who: review.approve(s, asked.id, who, world.at)) for who in people),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Release", "ReleaseStateWrong"]
    acts = [
        line.action for line in await world.do(lambda s: service.release_history(s, asked.id, EVERYWHERE))
    ]
    assert acts == ["release.submit", "release.approve"]


async def test_the_same_approval_twice_is_one(world: ReleaseWorld) -> None:
    asked = await world.submit()
    bo = world.person("bo", "approver")
    first = await approve(world, asked.id, bo)
    assert await approve(world, asked.id, bo) == first


async def test_what_went_red_since_it_was_made_is_refused_with_its_findings(world: ReleaseWorld) -> None:
    text = richer(50).replace("member.spend_365d_minor", "member.gone")
    version = PackVersion(new_id(), PACK, 2, "earning", content_hash(text), json.loads(text))
    # An older catalogue let it through.
    await world.do(
        lambda s: rules_repository.insert_version(s, StoredVersion(version, text, world.at, "command:tests"))
    )
    wanted = review.Submission(new_id(), PACK, (world.hq,), version=2)
    asked = await world.do(lambda s: review.submit(s, wanted, world.person("anna"), world.at))
    with pytest.raises(PackNotGreen) as refused:
        await approve(world, asked.id, world.person("bo", "approver"))
    assert "error" in {found.severity for found in refused.value.findings}
    assert (await world.release(asked)).state == "in_review"
    await world.do(lambda s: s.execute(sql("update pack_release set state = 'approved'")))
    with pytest.raises(PackNotGreen):
        await world.schedule(asked, ("HQ", "2026-03-03T08:00"))


async def test_what_would_clash_with_what_is_live_there_is_refused(world: ReleaseWorld) -> None:
    other = starter_text("classic-tiers").replace('"code": "classic-tiers"', '"code": "other-tiers"', 1)
    await world.save(other, code="other-tiers")
    wanted = review.Submission(new_id(), "other-tiers", (world.place("east"),), revision=1)
    asked = await world.do(lambda s: review.submit(s, wanted, world.person("anna"), world.at))
    bo = world.person("bo", "approver")
    with pytest.raises(PackNotGreen) as refused:
        await approve(world, asked.id, bo)
    assert "second_of_kind" in {found.code for found in refused.value.findings}
    ends = world.at + timedelta(days=10)
    await world.do(
        lambda s: rules.activate(
            s, "classic-tiers", None, place_id=world.place("east"), live_from=ends, actor=ACTOR, at=world.at
        )
    )
    await approve(world, asked.id, bo)
    with pytest.raises(PackNotGreen):
        await world.schedule(asked, ("east", (ends - timedelta(hours=1)).isoformat()))
    assert (await world.schedule(asked, ("east", ends.isoformat()))).state == "scheduled"


async def test_a_red_draft_cannot_be_submitted(world: ReleaseWorld) -> None:
    await world.save('{"code": "grocery-classic"}')
    wanted = review.Submission(new_id(), PACK, (world.hq,), revision=1)
    with pytest.raises(PackNotGreen):
        await world.do(lambda s: review.submit(s, wanted, world.person("anna"), world.at))
    assert len([v for v in await world.do(rules.list_versions) if v.code == PACK]) == 1


async def test_what_is_submitted_is_what_its_writer_saw(world: ReleaseWorld) -> None:
    await world.save(richer(50))
    await world.save(richer(60), "bo", based_on=1)
    wanted = review.Submission(new_id(), PACK, (world.hq,), revision=1)
    with pytest.raises(DraftRevisionOld):
        await world.do(lambda s: review.submit(s, wanted, world.person("anna"), world.at))


async def test_without_a_revision_the_newest_of_the_draft_is_submitted(world: ReleaseWorld) -> None:
    nothing = review.Submission(new_id(), PACK, (world.hq,))
    with pytest.raises(UnknownDraft):
        await world.do(lambda s: review.submit(s, nothing, world.person("anna"), world.at))
    await world.save(richer(50))
    await world.save(richer(60), based_on=1)
    made = await world.do(lambda s: review.submit(s, nothing, world.person("anna"), world.at))
    assert (made.draft_revision, made.version) == (2, 2)
    stored = await world.do(lambda s: rules.get_version(s, PACK, 2))
    assert stored.text == richer(60)


async def test_a_draft_of_one_pack_cannot_become_a_version_of_another(world: ReleaseWorld) -> None:
    await world.save(starter_text("silver-saturday"))
    wanted = review.Submission(new_id(), PACK, (world.hq,), revision=1)
    with pytest.raises(DraftCodeDiffers):
        await world.do(lambda s: review.submit(s, wanted, world.person("anna"), world.at))


async def test_submitting_twice_asks_once(world: ReleaseWorld) -> None:
    asked = await world.submit()
    wanted = review.Submission(new_id(), PACK, (world.hq,), revision=1)
    again = await world.do(lambda s: review.submit(s, wanted, world.person("anna"), world.at))
    assert again.id == asked.id


async def test_a_version_that_stands_already_can_be_released_again(world: ReleaseWorld) -> None:
    wanted = review.Submission(new_id(), "silver-saturday", (world.place("east-1"),), version=1)
    asked = await world.do(lambda s: review.submit(s, wanted, world.person("anna"), world.at))
    assert (asked.version, asked.state) == (1, "in_review")
    assert "command:tests" in asked.authors


@pytest.mark.parametrize("places", [(), (new_id(),)])
async def test_a_release_names_places_that_are_there(world: ReleaseWorld, places: tuple[object, ...]) -> None:
    wanted = review.Submission(new_id(), PACK, places, version=1)  # type: ignore[arg-type]
    with pytest.raises(ReleasePlacesInvalid):
        await world.do(lambda s: review.submit(s, wanted, world.person("anna"), world.at))


async def test_a_rejected_version_goes_back_to_its_author_with_words(world: ReleaseWorld) -> None:
    asked = await world.submit()
    bo = world.person("bo", "approver")
    with pytest.raises(ReleaseReasonMissing):
        await world.do(lambda s: review.reject(s, asked.id, " ", bo, world.at))
    with pytest.raises(ReleaseReasonMissing):
        await world.do(lambda s: review.reject(s, asked.id, " x ", bo, world.at))
    rejected = await world.do(lambda s: review.reject(s, asked.id, "太贵", bo, world.at))
    assert (rejected.state, rejected.words) == ("rejected", "太贵")
    with pytest.raises(ReleaseStateWrong):
        await approve(world, asked.id, bo)
    mended = await world.submit(points=10)
    assert (mended.version, mended.state) == (3, "in_review")
    assert f"operator:{world.people['anna']}" in mended.authors


async def test_a_withdrawn_version_waits_for_nobody(world: ReleaseWorld) -> None:
    asked = await world.submit()
    bo = world.person("bo", "approver")
    assert [r.id for r in await world.do(lambda s: service.waiting_for(s, bo, world.at))] == [asked.id]
    await world.do(lambda s: review.withdraw(s, asked.id, world.person("anna"), world.at))
    assert await world.do(lambda s: service.waiting_for(s, bo, world.at)) == []


async def test_what_waits_is_shown_to_who_can_move_it_on(world: ReleaseWorld) -> None:
    asked = await world.submit("east-1")

    async def waits_for(who: Actor) -> bool:
        return asked.id in {r.id for r in await world.do(lambda s: service.waiting_for(s, who, world.at))}

    bo = world.person("bo", "approver", "east")
    assert await waits_for(bo)
    assert not await waits_for(world.person("anna", "admin"))
    assert not await waits_for(world.person("cy", "approver", "west"))
    assert not await waits_for(world.person("mo", "marketing"))
    await approve(world, asked.id, bo)
    assert await waits_for(world.person("mo", "marketing"))
    assert await waits_for(world.person("anna", "admin"))


async def test_reminders_are_noted_while_nobody_decides(world: ReleaseWorld) -> None:
    asked = await world.submit()
    standing = await world.do(lambda s: service.advance(s, asked.id, world.at))
    assert standing.next_due_at == world.at + timedelta(days=1)
    for _ in range(2):
        await world.do(lambda s: service.advance(s, asked.id, world.at + timedelta(days=15)))
    acts = await world.do(lambda s: service.release_history(s, asked.id, EVERYWHERE))
    assert [line.action for line in acts] == ["release.submit", *["release.remind"] * 4]
    shown = await world.release(asked)
    assert (waiting_since(shown), reminded_at(shown)) == (world.at, world.at + timedelta(days=14))
    await approve(world, asked.id, world.person("bo", "approver"))
    standing = await world.do(lambda s: service.advance(s, asked.id, world.at + timedelta(days=60)))
    assert standing.next_due_at is None


async def test_a_list_shows_releases_as_they_are_now(world: ReleaseWorld) -> None:
    first = await world.scheduled(("HQ", "2026-03-03T08:00"))
    await world.submit("east-1", points=60)
    world.at += timedelta(days=2)

    async def found(**wanted: object) -> list[str]:
        shown = await world.do(
            lambda s: service.list_releases(s, EVERYWHERE, Filter(**wanted), world.at)  # type: ignore[arg-type]
        )
        return [release.state for release in shown.releases]

    assert await found() == ["in_review", "live"]
    assert await found(states=("live",)) == ["live"]
    assert await found(states=("scheduled",)) == []
    assert await found(code="silver-saturday") == []
    assert await found(place_id=world.place("east-1")) == ["in_review"]
    after = await world.do(
        lambda s: service.list_releases(s, EVERYWHERE, Filter(), world.at, before=first.id)
    )
    assert after.releases == ()


async def test_somebody_sees_releases_that_concern_his_places(world: ReleaseWorld) -> None:
    east, everywhere = await world.submit("east-1"), await world.submit("HQ", points=60)
    west = world.person("wes", "marketing", "west").scope
    shown = await world.do(lambda s: service.list_releases(s, west, Filter(), world.at))
    assert [release.id for release in shown.releases] == [everywhere.id]
    with pytest.raises(UnknownRelease):
        await world.do(lambda s: service.get_release(s, east.id, west, world.at))


async def test_a_chain_that_wants_approval_has_no_way_around_it(world: ReleaseWorld) -> None:
    await world.do(lambda s: set_policy(s, ReleasePolicy("required"), ACTOR, world.at))
    for publish in (
        lambda s: service.publish(
            s, richer(50), place_id=world.hq, live_from=world.at, actor=ACTOR, at=world.at
        ),
        lambda s: service.activate(
            s, PACK, None, place_id=world.hq, live_from=world.at, actor=ACTOR, at=world.at
        ),
    ):
        with pytest.raises(ApprovalRequired):
            await world.do(publish)
    await world.do(lambda s: set_policy(s, ReleasePolicy("direct"), ACTOR, world.at))
    await world.do(
        lambda s: service.publish(
            s, richer(50), place_id=world.hq, live_from=world.at, actor=ACTOR, at=world.at
        )
    )
    assert await world.live("east-1", world.at) == 2


async def test_what_cannot_stand_beside_what_is_live_is_not_published_directly_either(
    world: ReleaseWorld,
) -> None:
    second = starter_text("classic-tiers").replace('"code": "classic-tiers"', '"code": "other-tiers"')
    with pytest.raises(PackNotGreen) as refused:
        await world.do(
            lambda s: service.publish(
                s, second, place_id=world.place("east"), live_from=world.at, actor=ACTOR, at=world.at
            )
        )
    assert [found.code for found in refused.value.findings if found.severity == "error"] == ["second_of_kind"]
    async with world.chain.database.begin() as session:
        made = await rules.create_version(session, second, ACTOR, world.at)
    with pytest.raises(PackNotGreen):
        await world.do(
            lambda s: service.activate(
                s, made.code, 1, place_id=world.hq, live_from=world.at, actor=ACTOR, at=world.at
            )
        )


async def test_a_chain_that_wants_rehearsals_approves_nothing_without(world: ReleaseWorld) -> None:
    await world.do(lambda s: set_policy(s, ReleasePolicy(rehearsal="required"), ACTOR, world.at))
    asked = await world.submit()
    with pytest.raises(RehearsalRequired):
        await approve(world, asked.id, world.person("bo", "approver"))
    await world.chain.buy(await world.chain.join())
    rehearsals = Rehearsals(world.chain)
    await rehearsals.report(richer(60))
    with pytest.raises(RehearsalRequired):
        await approve(world, asked.id, world.person("bo", "approver"))
    await rehearsals.report(richer(50), place=world.place("east"))
    with pytest.raises(RehearsalRequired, match="for all its places"):
        await approve(world, asked.id, world.person("bo", "approver"))
    await rehearsals.report(richer(50))
    await approve(world, asked.id, world.person("bo", "approver"))
    near = await world.submit("east-1", points=70)
    await rehearsals.report(richer(70), place=world.place("east"))
    await approve(world, near.id, world.person("bo", "approver"))


async def test_every_act_stands_in_the_audit_log(world: ReleaseWorld) -> None:
    release = await world.scheduled(("east-1", "2026-03-03T08:00"), ("HQ", "2026-03-10T08:00"))
    await world.do(lambda s: rollout.halt(s, release.id, 2, "wait", world.person("anna"), world.at))
    world.at += timedelta(days=3)
    await world.roll_back(release)
    acts = await world.do(lambda s: service.release_history(s, release.id, EVERYWHERE))
    assert [line.action.removeprefix("release.") for line in acts] == [
        *("submit", "approve", "schedule", "halt", "go_live", "roll_back")
    ]
    assert [line.actor_kind for line in acts] == [*["operator"] * 4, "workflow", "operator"]
    assert acts[-1].reason == "too many points"
    saves = await world.do(lambda s: drafts.list_saves(s, PACK))
    assert len(saves) == 1
