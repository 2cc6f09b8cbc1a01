"""Accounts, entries, postings and lots: what is owned, and every movement of it."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from regulars.db.base import APPEND_ONLY, Instant, metadata

account = Table(
    "account",
    metadata,
    Column("id", Uuid, primary_key=True),  # a member's account has the member's id
    Column("kind", Text, nullable=False),
    Column("code", Text, unique=True),
    CheckConstraint("(kind = 'house') = (code is not null)", name="house_has_code"),
)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),  # earn | correct | expire | reverse | repay | adjust
    Column("cause_id", Uuid, nullable=False),  # the purchase, event, undo or adjustment that it books
    Column("member_id", Uuid, nullable=False),
    Column("effective_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    UniqueConstraint("cause_id", "kind"),
    Index("ix_ledger_entry_member_id", "member_id", "effective_at"),
    Index(
        "ix_ledger_entry_recorded_at",
        "recorded_at",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    ),
    info=APPEND_ONLY,
)

entry_reversal = Table(
    "entry_reversal",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("original_id", Uuid, nullable=False),
    Index("ix_entry_reversal_original_id", "original_id"),
    info=APPEND_ONLY,
)

posting = Table(
    "posting",
    metadata,
    Column("entry_id", Uuid, nullable=False),
    Column("leg", SmallInteger, nullable=False),
    Column("from_account_id", Uuid, nullable=False),
    Column("to_account_id", Uuid, nullable=False),
    Column("unit", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("pack_version", Text, nullable=False),
    Column("rule_id", Text, nullable=False),
    PrimaryKeyConstraint("entry_id", "leg"),
    CheckConstraint("amount > 0 and from_account_id <> to_account_id", name="moves_something"),
    info=APPEND_ONLY,
)

lot = Table(
    "lot",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("entry_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("unit", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("available_at", Instant, nullable=False),
    Column("expires_at", Instant),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_lot_account_id", "account_id", "unit", "expires_at"),
    info=APPEND_ONLY,
)

lot_consumption = Table(
    "lot_consumption",
    metadata,
    Column("lot_id", Uuid, nullable=False),
    Column("entry_id", Uuid, nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("lot_id", "entry_id"),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_lot_consumption_entry_id", "entry_id"),
    info=APPEND_ONLY,
)

balance = Table(
    "balance",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("unit", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),  # all that is owned, what is pending included
    Column("pending_until", Instant),  # the latest lot that was earned before it was available
    Column("owed", BigInteger, nullable=False, server_default=text("0")),  # what is earned pays it first
    PrimaryKeyConstraint("account_id", "unit"),
    CheckConstraint("owed >= 0", name="owed"),
    postgresql_with={"fillfactor": "80"},
)
