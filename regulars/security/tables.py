"""Who may act, what proves it, and what they did."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)

from regulars.db.base import APPEND_ONLY, Instant, Json, metadata

operator = Table(
    "operator",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

operator_role = Table(
    "operator_role",
    metadata,
    Column("operator_id", Uuid, ForeignKey("operator.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("place_id", Uuid, ForeignKey("place.id"), primary_key=True),
    Column("granted_at", Instant, nullable=False),
)

operator_session = Table(
    "operator_session",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("operator_id", Uuid, ForeignKey("operator.id"), nullable=False),
    Column("csrf_token", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("subject", Text, primary_key=True),  # "login:…" or "address:…", hashed
    Column("window_started_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
)

terminal_key = Table(
    "terminal_key",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("terminal_id", Uuid, ForeignKey("place.id"), nullable=False, index=True),
    Column("key_id", Text, nullable=False, unique=True),
    Column("secret_mac", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Uuid),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),  # to about an hour
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor_kind", Text, nullable=False),  # operator | terminal | workflow | command
    Column("actor_id", Text, nullable=False),
    Column("place_id", Uuid),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("before", Json),
    Column("after", Json),
    Column("reason", Text),
    Index("ix_audit_entry_subject", "subject_kind", "subject_id", "id"),
    # Also by the beginning of an action: all that was done to packs.
    Index("ix_audit_entry_action", "action", "id", postgresql_ops={"action": "text_pattern_ops"}),
    info=APPEND_ONLY,
)
