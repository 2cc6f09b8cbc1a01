"""Adjustments by hand, and what became of each."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Table,
    Text,
    Uuid,
    text,
)

from regulars.db.base import Instant, metadata

adjustment = Table(
    "adjustment",
    metadata,
    Column("id", Uuid, primary_key=True),  # drawn by who asks; the cause of its entry
    Column("member_id", Uuid, ForeignKey("member.id"), nullable=False),
    Column("store_id", Uuid, ForeignKey("place.id"), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("reverses", Uuid, ForeignKey("adjustment.id")),
    Column("state", Text, nullable=False),
    Column("within_limit", Boolean, nullable=False),
    Column("on_day", Date, nullable=False),
    Column("requested_by", Text, nullable=False),  # "operator:<id>", who may not decide on it
    Column("requested_at", Instant, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", Instant),
    Column("words", Text),
    CheckConstraint("points <> 0", name="points"),
    CheckConstraint("state in ('waiting', 'posted', 'rejected', 'withdrawn')", name="state"),
    CheckConstraint(
        "(state = 'waiting') = (decided_at is null) and (decided_at is null) = (decided_by is null)",
        name="decided",
    ),
    CheckConstraint(
        "state = 'waiting' or (decided_by = requested_by) = (within_limit or state = 'withdrawn')",
        name="four_eyes",
    ),
    CheckConstraint("not within_limit or state = 'posted'", name="within_limit"),
    Index("ix_adjustment_member_id", "member_id", "requested_at", "id"),
    Index("ix_adjustment_requested_at", "requested_at", "id"),
    Index("ix_adjustment_waiting", "requested_at", "id", postgresql_where=text("state = 'waiting'")),
    Index("ix_adjustment_allowance", "requested_by", "on_day", postgresql_where=text("within_limit")),
    Index(
        "uq_adjustment_reverses",
        "reverses",
        unique=True,
        postgresql_where=text("state in ('waiting', 'posted')"),
    ),
)
