"""The chain and its tree of places."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from regulars.db.base import Instant, Json, Ltree, metadata

chain = Table(
    "chain",
    metadata,
    Column("id", SmallInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("currency_exponent", SmallInteger, nullable=False),
    Column("settings", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("places_version", BigInteger, nullable=False, server_default=text("0")),  # grows with every change
    CheckConstraint("id = 1", name="one_chain"),
)

place = Table(
    "place",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("parent_id", Uuid, ForeignKey("place.id")),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("path", Ltree, nullable=False, unique=True),
    Column("time_zone", Text, nullable=False),
    Column("cutoff_minutes", Integer, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("closed_at", Instant),
    CheckConstraint("kind in ('hq', 'branch', 'store', 'terminal')", name="kind"),
    CheckConstraint("cutoff_minutes between 0 and 1439", name="cutoff"),
    Index("ix_place_path_gist", "path", postgresql_using="gist"),
)
