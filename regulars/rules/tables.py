"""Pack versions, which never change, and where and when each is live."""

from sqlalchemy import (
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
)

from regulars.db.base import APPEND_ONLY, Instant, metadata

pack_version = Table(
    "pack_version",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("document", Text, nullable=False),  # the pack as JSON text, byte for byte what was hashed
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    UniqueConstraint("code", "version"),
    CheckConstraint("version > 0", name="version"),
    info=APPEND_ONLY,
)

pack_version_maker = Table(
    "pack_version_maker",
    metadata,
    Column("version_id", Uuid, ForeignKey("pack_version.id"), primary_key=True),
    Column("made_by", Text, primary_key=True),  # others may come to the same content later
    Column("based_on", Integer, primary_key=True, autoincrement=False),  # version changed; 0: none is known
    Column("made_at", Instant, nullable=False),
    CheckConstraint("based_on >= 0", name="based_on"),
    info=APPEND_ONLY,
)

pack_activation = Table(
    "pack_activation",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("pack_code", Text, nullable=False),
    Column("version_id", Uuid, ForeignKey("pack_version.id")),  # null: switched off here from live_from on
    Column("place_id", Uuid, ForeignKey("place.id"), nullable=False),
    Column("live_from", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("reason", Text),
    Column("live_until", Instant),  # null: for good
    Column("voids_id", BigInteger, ForeignKey("pack_activation.id")),  # takes that row back, says nothing
    Column("release_id", Uuid),
    Column("rolled_back_id", Uuid, ForeignKey("pack_version.id")),  # never used here again
    CheckConstraint("live_until >= live_from", name="live_until"),
    Index("ix_pack_activation_place_id", "place_id", "pack_code", "live_from"),
    info=APPEND_ONLY,
)
