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
    Column("changes", Integer, nullable=False, server_default=text("1")),  # transactions this stands for
    Column("put_off", Boolean, nullable=False, server_default=text("false")),  # waited in workflow_told
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
    Column("put_off", BigInteger, nullable=False, server_default=text("0")),
    Column("settled_ms_median", BigInteger),  # until told or put off
)

workflow_told = Table(
    "workflow_told",
    metadata,
    Column("member_id", Uuid, primary_key=True),
    Column("seq", BigInteger, nullable=False),  # the last purchase it was told of
    Column("due_at", Instant),  # it looks of itself by then at the latest; null: never, as far as is known
    Column("told_at", Instant, nullable=False),
    Column("owed_changes", Integer, nullable=False, server_default=text("0")),  # put off until it is quiet
    Column("owed_seq", BigInteger),
    Column("owed_due_at", Instant),
    Column("owed_since", Instant),
    CheckConstraint("(owed_changes > 0) = (owed_since is not null)", name="owed"),
    Index("ix_workflow_told_owed_since", "owed_since", postgresql_where=text("owed_since is not null")),
    postgresql_with={"fillfactor": "80"},
)

bulk_load = Table(
    "bulk_load",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("begun_at", Instant, nullable=False),
    Column("ended_at", Instant),  # null: runs, or was stopped half way
    CheckConstraint("id = 1", name="one_at_a_time"),
)
