"""The messages that rules asked for, each once."""

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Table, Text, Uuid

from regulars.db.base import APPEND_ONLY, Instant, Json, metadata

message_request = Table(
    "message_request",
    metadata,
    Column("no", BigInteger, Identity(always=True), primary_key=True),  # the order of their becoming visible
    Column("id", Uuid, nullable=False, unique=True),  # follows from purchase, pack version and rule
    Column("member_id", Uuid, ForeignKey("member.id"), nullable=False, index=True),
    Column("purchase_id", Uuid, nullable=False),
    Column("store_id", Uuid, nullable=False),
    Column("template", Text, nullable=False),
    Column("named_values", Json, nullable=False),
    Column("pack_version", Text, nullable=False),
    Column("rule_id", Text, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("requested_at", Instant, nullable=False),
    Index("ix_message_request_pack_version", "pack_version", "occurred_at", "id"),
    info=APPEND_ONLY,
)

message_fate = Table(
    "message_fate",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("undo_id", Uuid),  # the undo order that withdrew it; null: it was handed to who sends it
    Column("at", Instant, nullable=False),
    info=APPEND_ONLY,
)
