"""What was bought, when, where, by whom, and how the rules saw it."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from regulars.db.base import APPEND_ONLY, Instant, Json, metadata

purchase = Table(
    "purchase",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("business_key", Text, nullable=False, unique=True),
    Column("terminal_id", Uuid, nullable=False),
    Column("store_id", Uuid, nullable=False),
    Column("business_day", Date, nullable=False),
    Column("receipt_no", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("idempotency_key", Text),
    Column("body_hash", LargeBinary, nullable=False),
    Column("source", Text, nullable=False),  # till | import
    Column("member_id", Uuid),
    Column("seq", BigInteger),
    Column("occurred_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("cashier", Text),
    Column("channel", Text, nullable=False),
    Column("original_purchase_id", Uuid),
    Column("quote_id", Uuid),
    Column("list_minor", BigInteger, nullable=False),
    Column("sales_minor", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("line_count", Integer, nullable=False),
    Column("flags", ARRAY(Text), nullable=False),
    Column("tenders", JSON, nullable=False),  # read whole: taking a document apart costs the till
    Column("lines", JSON, nullable=False),
    Column("evaluation", Json, nullable=False),
    Column("receipt", JSON, nullable=False),  # as answered, byte for byte: a replay gives the same
    UniqueConstraint("member_id", "seq"),
    CheckConstraint("(member_id is null) = (seq is null)", name="seq_with_member"),
    Index(
        "uq_purchase_idempotency",
        "terminal_id",
        "idempotency_key",
        unique=True,
        postgresql_where=text("idempotency_key is not null"),
    ),
    Index("ix_purchase_member_window", "member_id", "occurred_at", postgresql_include=["sales_minor", "seq"]),
    Index("ix_purchase_recorded_at", "recorded_at", postgresql_using="brin"),
    Index("ix_purchase_to_recompute", "id", postgresql_where=text("'recompute' = any(flags)")),
    info=APPEND_ONLY,
)

quote_use = Table(
    "quote_use",
    metadata,
    Column("quote_id", Uuid, primary_key=True),  # a quote serves one purchase, whatever happens at once
    Column("purchase_id", Uuid, nullable=False),
    info=APPEND_ONLY,
)

purchase_attribution = Table(
    "purchase_attribution",
    metadata,
    Column("purchase_id", Uuid, primary_key=True),
    Column("member_id", Uuid, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("sales_minor", BigInteger, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("flags", ARRAY(Text), nullable=False),
    Column("evaluation", Json, nullable=False),
    Column("receipt", JSON, nullable=False),
    UniqueConstraint("member_id", "seq"),
    Index("ix_purchase_attribution_member_window", "member_id", "occurred_at"),
    Index("ix_purchase_attribution_recorded_at", "recorded_at", postgresql_using="brin"),
    Index(
        "ix_purchase_attribution_to_recompute",
        "purchase_id",
        postgresql_where=text("'recompute' = any(flags)"),
    ),
    info=APPEND_ONLY,
)
