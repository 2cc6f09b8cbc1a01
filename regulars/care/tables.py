"""What the chain owes a member by way of following up."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, Uuid, text

from regulars.db.base import Instant, metadata

care_task = Table(
    "care_task",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("member_id", Uuid, ForeignKey("member.id"), nullable=False),
    Column("event_id", Uuid, ForeignKey("lifecycle_event.id"), nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("status", Text, nullable=False),
    Column("outcome", Text),
    Column("note", Text),
    Column("closed_at", Instant),
    Column("closed_by", Uuid, ForeignKey("operator.id")),
    CheckConstraint("status in ('open', 'closed')", name="status"),
    CheckConstraint("(status = 'closed') = (outcome is not null)", name="closed_with_outcome"),
    Index("ix_care_task_member_id", "member_id", "due_at"),
    Index("ix_care_task_open", "due_at", postgresql_where=text("status = 'open'")),
)
