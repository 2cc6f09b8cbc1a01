"""The migrations and the tables tell one story, and history cannot be rewritten."""

import importlib
import pkgutil
from collections.abc import Mapping

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql.base import ischema_names

import regulars
from regulars.db.base import Ltree, metadata
from regulars.db.migrate import is_current, scripts, upgrade
from regulars.db.session import Database, make_engine

ischema_names["ltree"] = Ltree
for concept in pkgutil.iter_modules(regulars.__path__):
    if concept.ispkg and importlib.util.find_spec(f"regulars.{concept.name}.tables"):
        importlib.import_module(f"regulars.{concept.name}.tables")

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


async def test_a_second_upgrade_changes_nothing(empty_database_url: str) -> None:
    assert not await is_current(empty_database_url)
    assert await upgrade(empty_database_url) == [step.revision for step in scripts().walk_revisions()][::-1]
    assert await upgrade(empty_database_url) == []
    assert await is_current(empty_database_url)


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
