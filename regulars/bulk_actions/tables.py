"""Bulk actions, the frozen list of each, and what became of every item on it."""

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

from regulars.db.base import APPEND_ONLY, Instant, Json, metadata

bulk_action = Table(
    "bulk_action",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("place_id", Uuid, ForeignKey("place.id"), nullable=False),
    Column("wanted", Json, nullable=False),
    Column("versions", ARRAY(Text), nullable=False),
    Column("freeze_reason", Text),
    Column("state", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("items", Integer, nullable=False),
    Column("more", Boolean, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("changed", Integer, nullable=False, server_default=text("0")),
    Column("unchanged", Integer, nullable=False, server_default=text("0")),
    Column("refused", Integer, nullable=False, server_default=text("0")),
    Column("points_given", BigInteger, nullable=False, server_default=text("0")),
    Column("ordered_at", Instant, nullable=False),
    Column("ordered_by", Text, nullable=False),  # "operator:<id>", who may not approve
    Column("reason", Text),
    Column("decided_at", Instant),
    Column("decided_by", Text),
    Column("words", Text),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("wish_hash", Text),  # of what was asked for: the same id with another wish is refused
    Column("tiers", Integer, nullable=False, server_default=text("0")),
    Column("redated", BigInteger, nullable=False, server_default=text("0")),
    Column("missed_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("points_alone", BigInteger),  # what one person might give alone when the list was made
    Column("dropped", Integer, nullable=False, server_default=text("0")),  # closed, a failed rule being gone
    CheckConstraint("kind in ('retry', 'tell', 'restart', 'freeze', 'unfreeze', 'recompute')", name="kind"),
    CheckConstraint(
        "state in ('draft', 'in_review', 'rejected', 'approved', 'running', 'cancelled', 'finished')",
        name="state",
    ),
    CheckConstraint("(kind = 'freeze') = (freeze_reason is not null)", name="freeze_reason"),
    CheckConstraint("items > 0 and changed + unchanged + refused <= items", name="items"),
    Index("ix_bulk_action_ordered_at", "ordered_at", "id"),
)

bulk_action_item = Table(
    "bulk_action_item",
    metadata,
    Column("action_id", Uuid, ForeignKey("bulk_action.id"), nullable=False),
    Column("no", Integer, nullable=False),
    Column("subject_id", Uuid, nullable=False),  # the member, or the purchase that is recomputed
    Column("member_id", Uuid),
    Column("store_id", Uuid, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("redated", BigInteger, nullable=False, server_default=text("0")),  # points that get other dates
    Column("missed_minor", BigInteger, nullable=False, server_default=text("0")),  # discounts not offered
    Column("tier_to", Text),  # the tier that the member is raised to
    Column("dropped", Boolean, nullable=False, server_default=text("false")),  # a failed rule is gone
    PrimaryKeyConstraint("action_id", "no"),
    Index("ix_bulk_action_item_member_id", "member_id"),
    info=APPEND_ONLY,
)

bulk_action_result = Table(
    "bulk_action_result",
    metadata,
    Column("action_id", Uuid, ForeignKey("bulk_action.id"), nullable=False),
    Column("no", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("done_at", Instant, nullable=False),
    PrimaryKeyConstraint("action_id", "no"),
    info=APPEND_ONLY,
)
