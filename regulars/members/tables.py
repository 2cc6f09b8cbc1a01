"""Who a member is. What the member's history amounts to stands in `lifecycle`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY

from regulars.db.base import APPEND_ONLY, Instant, Json, metadata

member = Table(
    "member",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("phone_cipher", LargeBinary),
    Column("phone_index", LargeBinary, unique=True),
    Column("phone_last4", Text),
    Column("birthday", Date),
    Column("gender", Text),
    Column("locale", Text),
    Column("home_store_id", Uuid, ForeignKey("place.id"), nullable=False),
    Column("tags", ARRAY(Text), nullable=False, server_default="{}"),
    Column("rule_tags", Json),  # cache of member_tag: tag → its end or null; null: rules never gave any
    Column("attributes", Json, nullable=False),
    Column("enrolled_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    CheckConstraint("(phone_cipher is null) = (phone_index is null)", name="phone_whole"),
    Index("ix_member_home_store_id", "home_store_id", "id"),
    Index("ix_member_phone_last4", "phone_last4"),
    Index("ix_member_name", "name"),
)

member_tag = Table(
    "member_tag",
    metadata,
    Column("id", Uuid, primary_key=True),  # follows from its cause
    Column("no", BigInteger, Identity(always=True), nullable=False),  # the order of recording
    Column("member_id", Uuid, ForeignKey("member.id"), nullable=False),
    Column("tag", Text, nullable=False),
    Column("given", Boolean, nullable=False),  # else it ends what was given before
    Column("effective_at", Instant, nullable=False),
    Column("until", Instant),
    Column("recorded_at", Instant, nullable=False),
    Column("purchase_id", Uuid),  # null, like version and rule: a person ended it
    Column("pack_version", Text),
    Column("rule_id", Text),
    Column("undo_id", Uuid),  # the undo order that struck what the purchase's rule wanted
    Column("ended_by", Text),  # "operator:<id>"
    CheckConstraint("until is null or given", name="until"),
    CheckConstraint(
        "num_nulls(purchase_id, pack_version, rule_id) = case when purchase_id is null then 3 else 0 end "
        "and (purchase_id is not null or ended_by is not null)",
        name="cause",
    ),
    Index("ix_member_tag_member_id", "member_id", "no"),
    Index("ix_member_tag_pack_version", "pack_version", "effective_at", "id"),
    info=APPEND_ONLY,
)

member_reference = Table(
    "member_reference",
    metadata,
    Column("reference", Text, primary_key=True),  # as the outside system knows the member, e.g. "cj-1007"
    Column("member_id", Uuid, ForeignKey("member.id"), nullable=False, index=True),
    Column("recorded_at", Instant, nullable=False),
)

member_consent = Table(
    "member_consent",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("member_id", Uuid, ForeignKey("member.id"), nullable=False, index=True),
    Column("purpose", Text, nullable=False),  # sms | email | wechat | phone_call | profiling
    Column("granted", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    info=APPEND_ONLY,
)
