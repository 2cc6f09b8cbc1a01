"""What each pack version gave at a store on a day, when it did so, and how far that has been added up."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from regulars.db.base import Instant, metadata

_ZERO = text("0")

pack_outlay = Table(
    "pack_outlay",
    metadata,
    Column("pack_code", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("version", Integer, nullable=False),
    Column("store_id", Uuid, nullable=False),
    Column("points_given", BigInteger, nullable=False, server_default=_ZERO),
    Column("points_taken", BigInteger, nullable=False, server_default=_ZERO),  # taken back, or owed instead
    Column("discount_minor", BigInteger, nullable=False, server_default=_ZERO),
    PrimaryKeyConstraint("pack_code", "day", "version", "store_id"),
)

pack_act = Table(
    "pack_act",
    metadata,
    Column("version", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("hour", BigInteger, nullable=False),  # of the ids, since 1970
    Column("store_id", Uuid, nullable=False),
    PrimaryKeyConstraint("version", "kind", "store_id", "hour"),
    CheckConstraint("kind in ('award', 'discount', 'refusal')", name="kind"),
)

pack_outlay_state = Table(
    "pack_outlay_state",
    metadata,
    Column("id", SmallInteger, primary_key=True),
    Column("as_of", Instant, nullable=False),
    Column("recorded_to", Instant, nullable=False),  # by the clock of the latest of what has been added up
    Column("seen_xid", BigInteger, nullable=False),  # every transaction before this one has been added up
    Column("written_xid", BigInteger, nullable=False),  # of this row; another one after a restore elsewhere
    Column("counted_from", Uuid, nullable=False),  # lower ids have yet to be added up; of zeros: none
    CheckConstraint("id = 1", name="one_state"),
)
