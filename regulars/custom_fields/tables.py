"""Fields of a chain's own, and their values for members, stores and products."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from regulars.db.base import Instant, Json, metadata

custom_field = Table(
    "custom_field",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("help_zh", Text, nullable=False),
    Column("help_en", Text, nullable=False),
    Column("low", BigInteger, nullable=False),
    Column("high", BigInteger, nullable=False),
    Column("choices", Json, nullable=False),  # [{"value", "zh", "en"}]
    Column("default_value", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("retired_at", Instant),
    UniqueConstraint("subject", "code"),
    CheckConstraint("subject in ('member', 'store', 'product')", name="subject"),
    CheckConstraint("type in ('choice', 'integer', 'money_minor', 'date', 'boolean')", name="type"),
)

custom_value = Table(
    "custom_value",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("field_id", Uuid, ForeignKey("custom_field.id"), nullable=False),
    Column("member_id", Uuid, ForeignKey("member.id")),
    Column("place_id", Uuid, ForeignKey("place.id")),
    Column("value", Json, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("set_by", Text, nullable=False),
    CheckConstraint("num_nonnulls(member_id, place_id) = 1", name="one_subject"),
    Index(
        "ux_custom_value_member",
        "member_id",
        "field_id",
        unique=True,
        postgresql_where=text("member_id is not null"),
    ),
    Index(
        "ux_custom_value_place",
        "place_id",
        "field_id",
        unique=True,
        postgresql_where=text("place_id is not null"),
    ),
)

custom_product = Table(
    "custom_product",
    metadata,
    Column("product_code", Text, primary_key=True),  # as tills write it
    Column("fields", Json, nullable=False),  # what is set, by the fields' codes
    Column("set_at", Instant, nullable=False),
    Column("set_by", Text, nullable=False),
)
