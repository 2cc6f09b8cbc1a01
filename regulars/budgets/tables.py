"""What packs have given under their limits, what quotes hold, and every claim that made it so."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, PrimaryKeyConstraint, Table, Text, Uuid

from regulars.db.base import APPEND_ONLY, Instant, Json, metadata

_KEY = ("pack_code", "limit_code", "unit", "subject", "period")

budget_counter = Table(
    "budget_counter",
    metadata,
    *(Column(name, Text, nullable=False) for name in _KEY),
    Column("used", BigInteger, nullable=False),  # the sum of the claims
    Column("reserved", BigInteger, nullable=False),  # the sum of the reservations
    PrimaryKeyConstraint(*_KEY),
    CheckConstraint("used >= 0 and reserved >= 0", name="amounts"),
    postgresql_with={"fillfactor": "80"},
)

budget_use = Table(
    "budget_use",
    metadata,
    Column("cause_id", Uuid, nullable=False),
    Column("cause", Text, nullable=False),  # purchase | attribution | recompute
    *(Column(name, Text, nullable=False) for name in _KEY),
    Column("amount", BigInteger, nullable=False),
    Column("effective_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    PrimaryKeyConstraint("cause_id", "cause", *_KEY),
    CheckConstraint("amount <> 0", name="amount"),
    info=APPEND_ONLY,
)

budget_reservation = Table(
    "budget_reservation",
    metadata,
    *(Column(name, Text, nullable=False) for name in _KEY),
    Column("holder", Uuid, nullable=False),  # the member, else the till: one basket at a time
    Column("amount", BigInteger, nullable=False),  # of the largest of the holder's open quotes
    Column("quotes", Json, nullable=False),  # quote → until when, and rule → what it was promised
    Column("expires_at", Instant, nullable=False),
    PrimaryKeyConstraint(*_KEY, "holder"),
    CheckConstraint("amount >= 0", name="amount"),
    Index("ix_budget_reservation_expires_at", *_KEY, "expires_at"),
    Index("ix_budget_reservation_ended", "expires_at"),
)
