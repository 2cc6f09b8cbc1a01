"""What docs/backup.md tells to do works as it stands there."""

import re
from pathlib import Path

import asyncpg
from backup_world import enrol_the_named
from small_chain import SmallChain

PAGE = Path(__file__).parents[2] / "docs" / "backup.md"


async def test_the_statements_for_a_database_of_ones_own_announce_every_member(
    chain: SmallChain, database_url: str
) -> None:
    await enrol_the_named(chain)
    (statements,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(statements)
        told = await connection.fetch("select member_id, bulk, created_at <= now() as due from outbox")
    finally:
        await connection.close()
    assert {row["member_id"] for row in told} == set(chain.members.values())
    assert len(told) == len(chain.members)
    assert {(row["bulk"], row["due"]) for row in told} == {(True, True)}
