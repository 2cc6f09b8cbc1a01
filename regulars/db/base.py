"""One MetaData for all tables, and the column types they share."""

from sqlalchemy import DateTime, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Instant = DateTime(timezone=True)
Json = JSONB(none_as_null=True)
Code = Text

APPEND_ONLY = {"append_only": True}
"""`info` of a table that the database itself keeps from UPDATE, DELETE and TRUNCATE."""


class Ltree(UserDefinedType[str]):
    """PostgreSQL's label path; dotted labels, compared as a tree."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "ltree"
