"""What the database has committed and Temporal has still to hear."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from regulars.db.base import Instant, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("member_id", Uuid, nullable=False),
    Column("seq", BigInteger, nullable=False),  # the member's last purchase when this was written
    Column("events", Integer, nullable=False),  # lifecycle events written in the same transaction
    Column("next_due_at", Instant),
    Column("bulk", Boolean, nullable=False),  # waits while an import runs
    Column("created_at", Instant, nullable=False),
    Column("claimed_until", Instant),
    Column("claimed_by", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Index("ix_outbox_waiting", "bulk", "id"),  # no changing column, so that a claim stays within its page
)

relay_status = Table(
    "relay_status",
    metadata,
    Column("relay", Text, primary_key=True),
    Column("seen_at", Instant, nullable=False),
    Column("signals", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("lag_ms_median", BigInteger),
    Column("lag_ms_max", BigInteger),
    Column("last_error", Text),
)

bulk_load = Table(
    "bulk_load",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("begun_at", Instant, nullable=False),
    Column("ended_at", Instant),  # null: runs, or was stopped half way
    CheckConstraint("id = 1", name="one_at_a_time"),
)
