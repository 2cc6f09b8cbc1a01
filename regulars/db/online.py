"""Changes of a schema in use that stop nobody from writing, and can be cut off and begun again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op

# What PostgreSQL is told of an index differs in kind from option to option; Alembic types it so, too.
_Option = Any
_BROKEN = sa.text("select not indisvalid from pg_index where indexrelid = to_regclass(:name)")
_PATIENCE = ("lock_timeout", "statement_timeout")


def build_index(name: str, table: str, columns: Sequence[str], **options: _Option) -> None:
    """Build an index of a table that others write to meanwhile.

    A revision does this before everything else: what it did before would stand when the build is cut off, and
    fail when it is done again. An index on a new column has a revision of its own.

    Args:
        name: of the index; what a build that was cut off has left under it is dropped first.
        table: that is there already.
        columns: of the index.
        options: as Alembic's `create_index` has them.
    """
    with op.get_context().autocommit_block(), _without_timeouts():
        if op.get_bind().scalar(_BROKEN, {"name": name}):
            op.drop_index(name, table, postgresql_concurrently=True)
        op.create_index(
            name, table, list(columns), if_not_exists=True, postgresql_concurrently=True, **options
        )


@contextmanager
def _without_timeouts() -> Iterator[None]:
    """It waits for the transactions of others as long as they take: it holds nobody up."""
    bind = op.get_bind()
    usual = {each: bind.scalar(sa.text(f"show {each}")) for each in _PATIENCE}
    for each in _PATIENCE:
        bind.execute(sa.text(f"set {each} = 0"))
    yield
    for each, value in usual.items():
        bind.execute(sa.text(f"set {each} = '{value}'"))
