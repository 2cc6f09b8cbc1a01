"""The migrations and the tables tell one story, and history cannot be rewritten."""

import ast
import asyncio
import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects.postgresql.base import ischema_names

import regulars
from regulars.db.base import Ltree, metadata
from regulars.db.migrate import is_current, scripts, upgrade
from regulars.db.online import build_index
from regulars.db.session import Database, make_engine

ischema_names["ltree"] = Ltree
for concept in pkgutil.iter_modules(regulars.__path__):
    if concept.ispkg and importlib.util.find_spec(f"regulars.{concept.name}.tables"):
        importlib.import_module(f"regulars.{concept.name}.tables")

ON_NEW_COLUMNS = {"uq_purchase_recompute_reversal"}
"""Of released revisions: empty when they were built, under a lock that the revision takes anyway."""
APPEND_ONLY = [table for table in metadata.sorted_tables if table.info.get("append_only")]

CATALOGUE: Mapping[str, str] = {
    "columns": """select table_name, column_name, udt_name, is_nullable, is_identity,
                         identity_generation, column_default
                  from information_schema.columns where table_schema = 'public'""",
    "constraints": """select conrelid::regclass::text, conname, pg_get_constraintdef(oid)
                      from pg_constraint where connamespace = 'public'::regnamespace""",
    "indexes": "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'",
    "options": """select relname, reloptions from pg_class
                  where relnamespace = 'public'::regnamespace and relkind = 'r'""",
}


async def _catalogue(url: str) -> dict[str, set[tuple[object, ...]]]:
    connection = await asyncpg.connect(url)
    try:
        return {
            part: {
                tuple(map(str, row))
                for row in await connection.fetch(query)
                if "alembic_version" not in str(row) and "pg_stat_statements" not in str(row)
            }
            for part, query in CATALOGUE.items()
        }
    finally:
        await connection.close()


async def test_migrations_make_exactly_the_tables(database_url: str, empty_database_url: str) -> None:
    engine = make_engine(empty_database_url, application="regulars-test")
    async with engine.begin() as connection:
        for extension in ("ltree", "btree_gist", "pg_trgm"):
            await connection.exec_driver_sql(f"create extension {extension}")
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    migrated, declared = await _catalogue(database_url), await _catalogue(empty_database_url)
    for part in CATALOGUE:
        assert migrated[part] == declared[part], part


async def test_alembic_finds_no_difference(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_of_two_upgrades_at_once_one_waits_and_a_later_one_changes_nothing(
    empty_database_url: str,
) -> None:
    assert not await is_current(empty_database_url)
    ran = await asyncio.wait_for(
        asyncio.gather(upgrade(empty_database_url), upgrade(empty_database_url)), timeout=60
    )
    assert sorted(ran) == [[], [step.revision for step in scripts().walk_revisions()][::-1]]
    assert await upgrade(empty_database_url) == []
    assert await is_current(empty_database_url)


def _build(connection: Connection) -> None:
    context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
    with context.begin_transaction(_per_migration=True), Operations.context(context):
        build_index("ix_audit_entry_action", "audit_entry", ["action", "id"])


async def test_an_index_is_built_while_others_write_and_anew_after_it_was_cut_off(database_url: str) -> None:
    engine = make_engine(database_url, application="regulars-test")
    reader, writer = [await asyncpg.connect(database_url) for _ in range(2)]
    valid = "select indisvalid from pg_index where indexrelid = to_regclass('ix_audit_entry_action')"
    try:
        await reader.execute(
            "update pg_index set indisvalid = false where indexrelid = 'ix_audit_entry_action'::regclass"
        )
        busy = reader.transaction()
        await busy.start()
        await reader.execute("lock table audit_entry in row exclusive mode")
        async with engine.connect() as connection:
            await connection.exec_driver_sql("set lock_timeout = '1s'")
            await connection.commit()
            building = asyncio.create_task(connection.run_sync(_build))
            await asyncio.sleep(1.2)
            assert not building.done()
            await writer.execute("set lock_timeout = '1s'; lock table audit_entry in row exclusive mode")
            await busy.rollback()
            await asyncio.wait_for(building, timeout=30)
            assert await connection.scalar(text("show lock_timeout")) == "1s"
        assert await reader.fetchval(valid) is True
    finally:
        await reader.close()
        await writer.close()
        await engine.dispose()


def test_an_index_of_a_table_in_use_is_built_concurrently_before_anything_else() -> None:
    folder = Path(regulars.__file__).parent / "db" / "migrations" / "versions"
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
        made = {_first(each) for each in calls if ast.unparse(each.func) == "op.create_table"}
        blocking = {
            _named(each) for each in calls if ast.unparse(each.func) == "op.create_index" and each.args
        }
        assert {name for name, table in blocking if table not in made} <= ON_NEW_COLUMNS, path.name
        upgrade = next(each for each in tree.body if getattr(each, "name", "") == "upgrade")
        steps = [ast.unparse(each) for each in getattr(upgrade, "body", ()) if isinstance(each, ast.Expr)]
        built = [step.startswith("build_index(") for step in steps]
        assert built == sorted(built, reverse=True), path.name


def _first(call: ast.Call) -> str:
    return ast.unparse(call.args[0])


def _named(call: ast.Call) -> tuple[str, str]:
    return ast.literal_eval(call.args[0]) if isinstance(call.args[0], ast.Constant) else "", ast.unparse(
        call.args[1]
    )


@pytest.mark.parametrize("table", APPEND_ONLY, ids=lambda table: table.name)
async def test_append_only_table_refuses_every_change(table: Table, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    first = next(column.name for column in table.columns if not column.identity)
    try:
        await _insert_any_row(connection, table)
        for change in (
            f"update {table.name} set {first} = {first}",
            f"delete from {table.name}",
            f"truncate {table.name} cascade",
        ):
            with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
                await connection.execute(change)
        assert await connection.fetchval(f"select count(*) from {table.name}") == 1
    finally:
        await connection.close()


async def _insert_any_row(connection: asyncpg.Connection, table: Table) -> None:
    """A row of arbitrary values: references are switched off for it."""
    samples = {
        "UUID": "gen_random_uuid()", "TEXT": "'x'", "BIGINT": "1", "INTEGER": "1", "SMALLINT": "1",
        "TIMESTAMP WITH TIME ZONE": "now()", "DATE": "current_date", "BYTEA": "'x'::bytea", "BOOLEAN": "true",
        "JSONB": "'{}'", "JSON": "'{}'", "TEXT[]": "'{}'",
    }  # fmt: skip
    columns = [column for column in table.columns if not column.identity]
    names = ", ".join(column.name for column in columns)
    checked = {"purchase_recompute.cause": "'purchase'"}
    values = ", ".join(
        checked.get(str(column)) or samples[column.type.compile(connection_dialect)] for column in columns
    )
    await connection.execute("set session_replication_role = replica")  # no foreign keys for this row
    await connection.execute(f"insert into {table.name} ({names}) values ({values})")
    await connection.execute("reset session_replication_role")


connection_dialect = make_engine("postgresql://nowhere", application="regulars-test").dialect
