"""What segments ask of members, one row each; and the segments that were saved, version by version."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from regulars.db.base import APPEND_ONLY, Instant, metadata

# Nothing here is ever null but `leaves_at`: a condition over these columns is true or false, never unknown.
member_feature = Table(
    "member_feature",
    metadata,
    Column("member_id", Uuid, primary_key=True),
    Column("home_store_id", Uuid, nullable=False),
    Column("enrolled_us", BigInteger, nullable=False),  # microseconds since 1970: a day count is one division
    Column("visits", BigInteger, nullable=False),
    Column("visits_365d", BigInteger, nullable=False),
    Column("spend_365d_minor", BigInteger, nullable=False),
    Column("leaves_at", Instant, index=True),  # not later than a purchase leaves a window, or a tag ends
    Column("frozen", Boolean, nullable=False),
    Column("tier", Text(collation="C"), nullable=False),
    Column("stage", Text(collation="C"), nullable=False),
    Column("tags", ARRAY(Text), nullable=False),
    Column("visits_30d", BigInteger, nullable=False, server_default=text("0")),
    Column("spend_30d_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("visits_90d", BigInteger, nullable=False, server_default=text("0")),
    Column("spend_90d_minor", BigInteger, nullable=False, server_default=text("0")),
    # Of the last purchase; without any, of enrolment.
    Column("last_visit_us", BigInteger, nullable=False, server_default=text("0")),
)

member_feature_state = Table(
    "member_feature_state",
    metadata,
    Column("id", SmallInteger, primary_key=True),
    Column("as_of", Instant, nullable=False),
    Column("seen_xid", BigInteger, nullable=False),  # every transaction before this one had been seen
    Column("written_xid", BigInteger, nullable=False),  # of this row; another one after a restore elsewhere
    Column("members", BigInteger, nullable=False),
    Column("undecided_members", BigInteger, nullable=False),
    # The same as written_xid where all columns were gathered; whoever knows only the older ones leaves it.
    Column("whole_xid", BigInteger),
    CheckConstraint("id = 1", name="one_state"),
)

segment_version = Table(
    "segment_version",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("place_id", Uuid, ForeignKey("place.id"), nullable=False),
    Column("hash", Text, nullable=False),
    Column("document", Text, nullable=False),  # JSON text, byte for byte what was hashed
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("reason", Text),
    UniqueConstraint("code", "version"),
    CheckConstraint("version > 0", name="version"),
    info=APPEND_ONLY,
)
