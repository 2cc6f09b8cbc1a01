"""Who counts as an author of what is released, and so may not approve it."""

import pytest
from releases.conftest import PACK, ReleaseWorld, richer

from regulars.kernel.ids import new_id
from regulars.releases import drafts, review
from regulars.releases.authorship import lineage
from regulars.releases.errors import OwnReleaseApproval
from regulars.rules import service as rules
from regulars.rules.stored import Making


def approve(world: ReleaseWorld, release_id: object, who: object) -> object:
    return world.do(lambda s: review.approve(s, release_id, who, world.at))  # type: ignore[arg-type]


def named(world: ReleaseWorld, *people: str) -> set[str]:
    return {f"operator:{world.people[who]}" for who in people}


def test_lineage_goes_back_to_what_was_settled_and_ends_in_a_circle_too() -> None:
    makings = [
        Making(1, "old", 0),
        Making(2, "bo", 1),
        Making(3, "cy", 2),
        Making(2, "again", 3),
        Making(4, "x", 1),
    ]
    assert {one.made_by for one in lineage(makings, 3, {1})} == {"bo", "cy", "again"}
    assert {one.made_by for one in lineage(makings, 2, {1, 3})} == {"bo", "again"}
    assert {one.made_by for one in lineage(makings, 1, {1})} == {"old"}
    assert lineage(makings, 9, set()) == set()


async def test_who_made_the_version_that_a_version_was_made_of_is_its_author_whatever_was_approved_between(
    world: ReleaseWorld,
) -> None:
    async def make(points: int, who: str, based_on: int) -> int:
        made = await world.do(
            lambda s: rules.create_version(s, richer(points), world.person(who), world.at, based_on=based_on)
        )
        return int(made.version)

    await world.approved(points=50)
    aside = await make(60, "cleo", 2)
    aside = await make(61, "finn", aside)
    await world.approved(points=70)  # made of the draft, which knows nothing of cleo's and finn's numbers
    taken_up = await make(62, "anna", aside)
    wanted = review.Submission(new_id(), PACK, (world.hq,), version=taken_up)
    asked = await world.do(lambda s: review.submit(s, wanted, world.person("dan"), world.at))
    assert asked.authors == tuple(
        sorted(f"operator:{world.people[who]}" for who in ("anna", "cleo", "dan", "finn"))
    )
    for author in ("cleo", "finn"):
        with pytest.raises(OwnReleaseApproval):
            await approve(world, asked.id, world.person(author, "admin"))
    fresh = await make(71, "gus", aside + 1)
    again = review.Submission(new_id(), PACK, (world.hq,), version=await make(71, "ida", fresh - 1))
    same = await world.do(lambda s: review.submit(s, again, world.person("dan"), world.at))
    assert {f"operator:{world.people[who]}" for who in ("gus", "ida", "anna", "cleo", "finn")} <= {
        *same.authors
    }


async def test_who_restores_what_another_wrote_does_not_make_it_his_own(world: ReleaseWorld) -> None:
    written = await world.save(richer(90), "cleo")
    await world.save(richer(40), "anna", based_on=1)
    wanted = review.Submission(new_id(), PACK, (world.hq,), revision=2)
    asked = await world.do(lambda s: review.submit(s, wanted, world.person("dan"), world.at))
    await approve(world, asked.id, world.person("bo", "approver"))
    await world.do(
        lambda s: drafts.restore_draft(
            s,
            PACK,
            save_id=written.revision.line.id,
            based_on=2,
            new_id=new_id(),
            actor=world.person("eve"),
            at=world.at,
        )
    )
    anew = review.Submission(new_id(), PACK, (world.hq,), revision=3)
    again = await world.do(lambda s: review.submit(s, anew, world.person("dan"), world.at))
    assert {*again.authors} == named(world, "cleo", "dan", "eve")
    with pytest.raises(OwnReleaseApproval):
        await approve(world, again.id, world.person("cleo", "admin"))
