"""What became of purchases in which a rule had failed; each is dealt with once."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from regulars.db.base import APPEND_ONLY, Instant, Json, metadata

purchase_recompute = Table(
    "purchase_recompute",
    metadata,
    Column("purchase_id", Uuid, nullable=False),
    Column("cause", Text, nullable=False),  # whose reading it mends: purchase | attribution
    Column("member_id", Uuid),
    Column("points", BigInteger, nullable=False),  # what the member got on top
    Column("entry_id", Uuid),  # the ledger entry that booked them, and what was redated
    Column("versions", ARRAY(Text), nullable=False),  # by which it was read
    Column("outcome", Json, nullable=False),  # what it came to, by rule
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("redated", BigInteger, nullable=False, server_default=text("0")),  # moved to lots of other dates
    Column("reversal_id", Uuid),  # the ledger entry that took those out of their lots
    Column("tier_event_id", Uuid),  # the lifecycle event that raised the member's tier
    Column("approved_by", Text),  # the second person; null where none was needed
    PrimaryKeyConstraint("purchase_id", "cause"),
    CheckConstraint("cause in ('purchase', 'attribution')", name="cause"),
    CheckConstraint(
        "points >= 0 and redated >= 0 and (points + redated = 0) = (entry_id is null)"
        " and (redated = 0) = (reversal_id is null)",
        name="points",
    ),
    Index(
        "uq_purchase_recompute_entry", "entry_id", unique=True, postgresql_where=text("entry_id is not null")
    ),
    Index(
        "uq_purchase_recompute_reversal",
        "reversal_id",
        unique=True,
        postgresql_where=text("reversal_id is not null"),
    ),
    Index("ix_purchase_recompute_recorded_at", "recorded_at"),
    info=APPEND_ONLY,
)
