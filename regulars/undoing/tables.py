"""Undo orders, the frozen list of each, and what became of every entry on it."""

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

from regulars.db.base import APPEND_ONLY, Instant, Json, metadata

pack_undo = Table(
    "pack_undo",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("pack_code", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("to_version", Integer),  # that should have decided instead; null: none
    Column("place_id", Uuid, ForeignKey("place.id"), nullable=False),
    Column("since", Instant),  # null: from the first purchase on
    Column("until", Instant, nullable=False),
    Column("policy", Text, nullable=False),
    Column("note", Text),
    Column("state", Text, nullable=False),
    Column("content_hash", Text),  # of the frozen list
    Column("preview", Json),
    Column("members_in_all", BigInteger, nullable=False, server_default=text("0")),
    Column("members_done", BigInteger, nullable=False, server_default=text("0")),
    Column("points_taken", BigInteger, nullable=False, server_default=text("0")),
    Column("points_owed", BigInteger, nullable=False, server_default=text("0")),
    Column("points_given", BigInteger, nullable=False, server_default=text("0")),
    Column("tiers_moved", BigInteger, nullable=False, server_default=text("0")),
    Column("tags_changed", BigInteger, nullable=False, server_default=text("0")),
    Column("stages_moved", BigInteger, nullable=False, server_default=text("0")),
    Column("messages_withdrawn", BigInteger, nullable=False, server_default=text("0")),
    Column("differences", BigInteger, nullable=False, server_default=text("0")),
    Column("done_after", Uuid),  # the last member who was dealt with
    Column("ordered_at", Instant, nullable=False),
    Column("ordered_by", Text, nullable=False),  # "operator:<id>", who may not approve
    Column("decided_at", Instant),
    Column("decided_by", Text),
    Column("words", Text),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("listed_at", Instant),  # what is recorded from then on is not on the list
    Column("came_after", BigInteger, nullable=False, server_default=text("0")),  # purchases; told at the end
    CheckConstraint("policy in ('let_be', 'within_balance', 'debt')", name="policy"),
    CheckConstraint(
        "state in ('preparing', 'empty', 'in_review', 'rejected', 'approved', 'running', 'paused', "
        "'cancelled', 'finished')",
        name="state",
    ),
    Index("ix_pack_undo_ordered_at", "ordered_at", "id"),
)

pack_undo_item = Table(
    "pack_undo_item",
    metadata,
    Column("undo_id", Uuid, ForeignKey("pack_undo.id"), nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("entry_id", Uuid, nullable=False),  # the ledger entry that booked the awards
    Column("cause_id", Uuid, nullable=False),  # the purchase
    Column("store_id", Uuid, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("takes", BigInteger, nullable=False),
    Column("rules", Json, nullable=False),  # [[rule, points], …] in the order of the postings
    Column("lots", Json, nullable=False),  # [[lot, points], …]
    Column("stood", BigInteger, nullable=False, server_default=text("0")),
    Column("gives", Json, nullable=False, server_default=text("'[]'::jsonb")),  # awards
    Column("tier_from", Text),  # of a tier that is decided anew
    Column("tier_to", Text),
    Column("aside", Json),  # a tag, a stage or a message instead of points
    PrimaryKeyConstraint("undo_id", "member_id", "entry_id"),
    Index("ix_pack_undo_item_cause_id", "cause_id"),
    CheckConstraint("takes between 0 and due and due <= points", name="takes"),
    info=APPEND_ONLY,
)

pack_undo_result = Table(
    "pack_undo_result",
    metadata,
    Column("undo_id", Uuid, ForeignKey("pack_undo.id"), nullable=False),
    Column("entry_id", Uuid, nullable=False),
    Column("version_name", Text, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("taken", BigInteger, nullable=False),
    Column("owed", BigInteger, nullable=False, server_default=text("0")),
    Column("given", BigInteger, nullable=False, server_default=text("0")),
    Column("moved", Boolean, nullable=False, server_default=text("false")),
    Column("reversal_id", Uuid),  # the ledger entry that took it back, or gave; the event that moved
    Column("done_at", Instant, nullable=False),
    PrimaryKeyConstraint("undo_id", "entry_id"),
    CheckConstraint("taken between 0 and due and owed between 0 and due", name="taken"),
    CheckConstraint("(taken + owed + given = 0 and not moved) = (reversal_id is null)", name="reversal"),
    Index("ix_pack_undo_result_entry_id", "entry_id"),
    Index("ix_pack_undo_result_reversal_id", "reversal_id"),
    info=APPEND_ONLY,
)
