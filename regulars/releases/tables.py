"""Drafts that people write together, and the releases that take a version from review to retirement."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from regulars.db.base import APPEND_ONLY, Instant, metadata

pack_draft = Table(
    "pack_draft",
    metadata,
    Column("code", Text, primary_key=True),
    Column("revision", Integer, nullable=False),  # the newest
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", Text, nullable=False),
)

pack_draft_revision = Table(
    "pack_draft_revision",
    metadata,
    Column("id", Uuid, primary_key=True),  # drawn by who saves
    Column("no", BigInteger, Identity(always=True), nullable=False),
    Column("code", Text, ForeignKey("pack_draft.code"), nullable=False),
    Column("revision", Integer),  # null: refused for another's change, and kept aside
    Column("based_on", Integer, nullable=False),  # 0: on nothing
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),  # as written: it may be wrong
    Column("note", Text),
    Column("saved_at", Instant, nullable=False),
    Column("saved_by", Text, nullable=False),
    UniqueConstraint("code", "revision"),
    CheckConstraint("(kind = 'side') = (revision is null)", name="side"),
    Index("ix_pack_draft_revision_code", "code", "no"),
    info=APPEND_ONLY,
)

pack_release = Table(
    "pack_release",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("version_id", Uuid, ForeignKey("pack_version.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("place_ids", ARRAY(Uuid), nullable=False),  # where it was asked for; below them too
    Column("authors", ARRAY(Text), nullable=False),  # "operator:<id>", who may not approve
    Column("draft_revision", Integer),
    Column("note", Text),
    Column("submitted_at", Instant, nullable=False),
    Column("submitted_by", Text, nullable=False),
    Column("decided_at", Instant),  # approved or rejected
    Column("decided_by", Text),
    Column("words", Text),  # the latest said: to the author, or why it was stopped
    Column("noted_to", Instant, nullable=False),  # what time decided up to then is written down
    Column("next_due_at", Instant),
    Column("reminders", Integer, nullable=False, server_default=text("0")),
    Column("change_no", BigInteger, nullable=False),  # grows with every act
    Column("told_no", BigInteger, nullable=False, server_default=text("0")),  # what its workflow has heard
    Column("stirred_at", Instant),  # when what it makes live last changed for members' due dates
    Column("stirred_done_at", Instant),  # up to which stir members were looked at anew
    CheckConstraint(
        "state in ('in_review', 'rejected', 'withdrawn', 'approved', 'cancelled', 'scheduled', 'live', "
        "'retired', 'rolled_back')",
        name="state",
    ),
    Index("ix_pack_release_code", "code", "id"),
    Index("ix_pack_release_untold", "id", postgresql_where=text("told_no < change_no")),
)

pack_release_place = Table(
    "pack_release_place",
    metadata,
    Column("release_id", Uuid, ForeignKey("pack_release.id"), primary_key=True),
    Column("place_id", Uuid, ForeignKey("place.id"), primary_key=True),
    Column("step", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("starts", Text, nullable=False),  # as said: an instant, or a wall time of each store's own
    Column("ends", Text),
    Column("starts_at", Instant, nullable=False),  # by the place's own clock
    Column("ends_at", Instant),
    CheckConstraint("state in ('planned', 'halted', 'rolled_back')", name="state"),
    CheckConstraint("ends_at > starts_at", name="ends"),
)
