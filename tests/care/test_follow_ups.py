"""Follow-ups are opened once, seen where they belong, and closed once."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from small_chain import MONDAY, OPENED, SmallChain
from sqlalchemy import select

from regulars.care import service as care
from regulars.care.domain import NOTE_LENGTH_MAX, CareTask, Outcome
from regulars.care.errors import NoteTooLong, OutcomeUnknown, TaskClosed, TaskUnknown
from regulars.lifecycle import service as lifecycle
from regulars.lifecycle.following_up import follow_up
from regulars.security.actor import Actor
from regulars.security.scope import EVERYWHERE, NOWHERE, Scope
from regulars.security.tables import audit_entry

DUE = MONDAY + timedelta(days=3)
LATER = MONDAY + timedelta(days=5)
CALLER = Actor.command("caller")


async def advance(chain: SmallChain, member_id: UUID, to: datetime) -> int:
    async with chain.database.begin() as session:
        await lifecycle.advance(session, chain.desk.packs, chain.desk.places, [member_id], to, to)
        return await follow_up(session, [member_id], to)


async def due_member(chain: SmallChain, name: str = "Chen Jing", store: str = "east-1") -> UUID:
    member_id = await chain.join(name, store=store, at=MONDAY - timedelta(days=1))
    await chain.buy(member_id)
    assert await advance(chain, member_id, DUE) == 1
    return member_id


async def only_task(chain: SmallChain) -> CareTask:
    async with chain.database.begin() as session:
        (task,) = (await care.list_open(session, EVERYWHERE)).tasks
    return task


async def close(chain: SmallChain, task: CareTask, outcome: str, note: str | None = None) -> CareTask:
    async with chain.database.begin() as session:
        return await care.close_task(session, CALLER, task.id, outcome, note, LATER)


async def test_a_revisit_that_fell_due_opens_one_task_however_often_one_looks(chain: SmallChain) -> None:
    member_id = await due_member(chain)
    assert await advance(chain, member_id, DUE) == 0
    assert await advance(chain, member_id, DUE + timedelta(days=1)) == 0
    task = await only_task(chain)
    assert (task.member_id, task.kind, task.due_at) == (member_id, "revisit", DUE)


async def test_two_who_look_at_once_open_one_task(chain: SmallChain) -> None:
    member_id = await chain.join(at=MONDAY - timedelta(days=1))
    await chain.buy(member_id)
    opened = await asyncio.gather(*(advance(chain, member_id, DUE) for _ in range(4)))
    assert sum(opened) == 1


async def test_a_closed_revisit_is_not_opened_again(chain: SmallChain) -> None:
    member_id = await due_member(chain)
    await close(chain, await only_task(chain), "reached")
    assert await advance(chain, member_id, DUE + timedelta(days=1)) == 0


async def test_revisits_of_imported_history_open_no_task(chain: SmallChain) -> None:
    member_id = await chain.join(at=OPENED)
    await chain.buy(member_id, occurred_at=OPENED + timedelta(days=1))
    async with chain.database.begin() as session:
        events = await lifecycle.repository.events_of(session, [member_id])
    assert [event.kind for event in events[member_id]] == ["joined", "first_purchase"]
    assert await advance(chain, member_id, OPENED + timedelta(days=3)) == 0
    assert await advance(chain, member_id, OPENED + timedelta(days=4)) == 1


async def test_a_task_is_closed_with_an_outcome_and_the_operators_words(chain: SmallChain) -> None:
    await due_member(chain)
    closed = await close(chain, await only_task(chain), "reached", "  Likes the new bakery.  ")
    assert (closed.outcome, closed.note, closed.closed_at) == (
        Outcome.REACHED,
        "Likes the new bakery.",
        LATER,
    )
    async with chain.database.begin() as session:
        assert (await care.list_open(session, EVERYWHERE)).tasks == ()
        (audited,) = (
            await session.execute(select(audit_entry).where(audit_entry.c.action == "care_task.close"))
        ).all()
    assert audited.after == {"status": "closed", "outcome": "reached"}


async def test_the_same_closing_again_changes_nothing_and_gives_the_same_answer(chain: SmallChain) -> None:
    await due_member(chain)
    task = await only_task(chain)
    first = await close(chain, task, "no_answer", "rang twice")
    assert await close(chain, task, "no_answer", "rang twice") == first


async def test_the_second_to_close_is_told_how_it_ended(chain: SmallChain) -> None:
    await due_member(chain)
    task = await only_task(chain)
    await close(chain, task, "reached")
    with pytest.raises(TaskClosed) as told:
        await close(chain, task, "no_answer")
    assert told.value.details["outcome"] == "reached"
    assert told.value.details["closed_at"] == LATER.isoformat()


async def test_of_many_who_close_at_once_one_does(chain: SmallChain) -> None:
    await due_member(chain)
    task = await only_task(chain)
    outcomes = [outcome.value for outcome in Outcome]
    ends = await asyncio.gather(*(close(chain, task, each) for each in outcomes), return_exceptions=True)
    assert sum(isinstance(end, CareTask) for end in ends) == 1
    assert sum(isinstance(end, TaskClosed) for end in ends) == len(outcomes) - 1


async def test_who_may_not_see_the_members_store_sees_and_closes_nothing(chain: SmallChain) -> None:
    await due_member(chain, store="east-1")
    task = await only_task(chain)
    async with chain.database.begin() as session:
        west = Scope((chain.desk.places.store(chain.stores["west-1"]).path,))
        assert (await care.list_open(session, west)).tasks == ()
        assert await care.tasks_of(session, west, task.member_id) == []
        east = Scope((chain.desk.places.store(chain.stores["east-1"]).path,))
        assert [found.id for found in (await care.list_open(session, east)).tasks] == [task.id]
        outsider = Actor("operator", str(task.member_id), "Wu", (), scope=NOWHERE)
        with pytest.raises(TaskUnknown):
            await care.close_task(session, outsider, task.id, "reached", None, LATER)


async def test_open_tasks_come_page_by_page(chain: SmallChain) -> None:
    members = [await due_member(chain, f"Member {n}") for n in range(5)]
    seen: list[UUID] = []
    after = None
    for _ in range(3):
        async with chain.database.begin() as session:
            page = await care.list_open(session, EVERYWHERE, after=after, limit=2)
        seen += [task.member_id for task in page.tasks]
        after = page.next_after
    assert after is None
    assert sorted(seen) == sorted(members)


async def test_wrong_fields_are_named(chain: SmallChain) -> None:
    await due_member(chain)
    task = await only_task(chain)
    with pytest.raises(OutcomeUnknown) as unknown:
        await close(chain, task, "charmed")
    assert unknown.value.field == "outcome"
    with pytest.raises(NoteTooLong) as long:
        await close(chain, task, "reached", "x" * (NOTE_LENGTH_MAX + 1))
    assert long.value.field == "note"
