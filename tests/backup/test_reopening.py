"""After a restore every member waits in the outbox once, however many there are, the soonest due first."""

from itertools import pairwise

from small_chain import MONDAY, SmallChain
from sqlalchemy import text

from regulars.db.session import Database
from regulars.entrypoints.backup.reopening import MEMBERS_A_STATEMENT, reopen_workflows
from regulars.outbox.service import measure_backlog

COPIES = 2 * MEMBERS_A_STATEMENT + 7
_COPY_MEMBER = """
insert into member select (jsonb_populate_record(m, jsonb_build_object(
  'id', gen_random_uuid(), 'number', 'copy-' || i, 'phone_cipher', null, 'phone_index', null))).*
from member m, generate_series(1, :copies) i
"""
_COPY_STANDING = """
insert into standing select (jsonb_populate_record(s, jsonb_build_object(
  'member_id', m.id,
  'next_due_at', case when random() < 0.8 then now() + random() * interval '1 year' end))).*
from standing s, member m where m.number like 'copy-%'
"""


async def test_every_member_waits_once_in_order_of_need(chain: SmallChain, database: Database) -> None:
    await chain.buy(await chain.join())  # leaves rows of its own in the outbox
    async with database.begin() as session:
        for statement in (_COPY_MEMBER, _COPY_STANDING):
            await session.execute(text(statement), {"copies": COPIES} if ":copies" in statement else {})
    assert await reopen_workflows(database, MONDAY) == COPIES + 1
    async with database.read() as session:
        told = (await session.execute(text("select * from outbox order by id"))).all()
        standings = (await session.execute(text("select member_id, last_seq from standing"))).all()
    assert sorted((row.member_id, row.seq) for row in told) == sorted(tuple(row) for row in standings)
    assert {(row.bulk, row.claimed_until, row.created_at) for row in told} == {(True, None, MONDAY)}
    dues = [row.next_due_at for row in told]
    assert all(later is None or (sooner and sooner <= later) for sooner, later in pairwise(dues))
    assert None in dues


async def test_no_workflow_is_taken_to_know_what_the_lost_ones_were_told(
    chain: SmallChain, database: Database
) -> None:
    """What was put off for one of them would otherwise wait for a workflow that is not there."""
    member_id = await chain.join()
    async with database.begin() as session:
        await session.execute(
            text(
                "insert into workflow_told (member_id, seq, told_at, owed_changes, owed_seq, owed_since)"
                " values (:member, 1, now(), 2, 3, now())"
            ),
            {"member": member_id},
        )
    await reopen_workflows(database, MONDAY)
    async with database.begin() as session:
        assert await session.scalar(text("select count(*) from workflow_told")) == 0
        assert (await measure_backlog(session)).waiting == 1
