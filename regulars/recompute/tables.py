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
    Column("entry_id", Uuid),  # the ledger entry that booked them
    Column("versions", ARRAY(Text), nullable=False),  # by which it was read
    Column("outcome", Json, nullable=False),  # what it came to, by rule
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    PrimaryKeyConstraint("purchase_id", "cause"),
    CheckConstraint("cause in ('purchase', 'attribution')", name="cause"),
    CheckConstraint("points >= 0 and (points = 0) = (entry_id is null)", name="points"),
    Index(
        "uq_purchase_recompute_entry", "entry_id", unique=True, postgresql_where=text("entry_id is not null")
    ),
    info=APPEND_ONLY,
)
