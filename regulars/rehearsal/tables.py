"""Rehearsals, how far they are, and whom each would have made a difference for."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from regulars.db.base import Instant, Json, metadata

rehearsal = Table(
    "rehearsal",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("place_id", Uuid, ForeignKey("place.id"), nullable=False),
    Column("pack_hashes", ARRAY(Text), nullable=False),
    Column("packs", Json, nullable=False),  # code, version, kind, hash and text of each draft
    Column("since", Instant),  # null: from the first purchase on
    Column("until", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("cancel_asked", Boolean, nullable=False, server_default=text("false")),
    Column("purchases_done", BigInteger, nullable=False, server_default=text("0")),
    Column("purchases_in_all", BigInteger),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("failed_with", Text),  # an error's code
    Column("report", Json),
    Column("ordered_at", Instant, nullable=False),
    Column("ordered_by_kind", Text, nullable=False),
    Column("ordered_by_id", Text, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    CheckConstraint("state in ('queued', 'running', 'finished', 'failed', 'cancelled')", name="state"),
    CheckConstraint("(state = 'finished') = (report is not null)", name="finished_with_report"),
    CheckConstraint("(state = 'failed') = (failed_with is not null)", name="failed_with"),
    Index("ix_rehearsal_ordered_at", "ordered_at", "id"),
    Index("ix_rehearsal_pack_hashes", "pack_hashes", postgresql_using="gin"),
)

rehearsal_member = Table(
    "rehearsal_member",
    metadata,
    Column("rehearsal_id", Uuid, ForeignKey("rehearsal.id"), nullable=False),
    Column("measure", Text, nullable=False),  # points | discount_minor
    Column("side", Text, nullable=False),  # winners | losers
    Column("rank", Integer, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("change", Json, nullable=False),
    PrimaryKeyConstraint("rehearsal_id", "measure", "side", "rank"),
)
