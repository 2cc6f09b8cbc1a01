"""A chain that was backed up, its stack at rest."""

import pytest
from backup_world import BackedUp, enrol_the_named, make_keys
from small_chain import open_small_chain
from sqlalchemy import text

from regulars.db.migrate import upgrade
from regulars.db.session import Database, make_engine
from regulars.entrypoints.backup.making import write_backup
from regulars.entrypoints.backup.server import serving
from regulars.entrypoints.backup.teller import Silence
from regulars.entrypoints.stack import postgres
from regulars.entrypoints.stack.datadir import DataDir
from regulars.entrypoints.stack.parts import DATABASE

FLEETING = (
    "insert into sign_in_failure values ('login:x', now(), 3)",
    "insert into relay_status (relay, seen_at, signals, events) values ('r', now(), 0, 0)",
    "insert into workflow_told (member_id, seq, told_at) select id, 1, now() from member",
)
"""Rows that mean nothing after a restore."""


@pytest.fixture(scope="module")
async def backed_up(tmp_path_factory: pytest.TempPathFactory) -> BackedUp:
    """A small chain with six purchases of two members, in a data folder that nobody uses."""
    root = tmp_path_factory.mktemp("at-rest") / "data"
    keys = make_keys(root)
    data_dir = DataDir(root)
    data_dir.prepare(0)
    async with serving(data_dir, postgres.FOR_TESTS) as cluster:
        await postgres.ensure_database(cluster, DATABASE)
        url = cluster.url(DATABASE)
        await upgrade(url)
        database = Database(make_engine(url, application="regulars-test"))
        chain = await open_small_chain(database)
        await enrol_the_named(chain)
        for member_id in chain.members.values():
            for _ in range(3):
                await chain.buy(member_id)
        async with database.begin() as session:
            for statement in FLEETING:
                await session.execute(text(statement))
        await database.close()
        made = await write_backup(url, keys, root.parent / "made", 0, Silence())
    return BackedUp(data_dir, keys, made)
