"""Fields of a chain's own for members and stores, and their values."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "2026_11_22_custom_fields"
down_revision = "2026_11_22_budgets"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "custom_field",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("help_zh", sa.Text(), nullable=False),
        sa.Column("help_en", sa.Text(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("choices", JSONB(), nullable=False),
        sa.Column("default_value", JSONB(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("retired_at", Instant),
        sa.CheckConstraint("subject in ('member', 'store')", name=op.f("ck_custom_field_subject")),
        sa.CheckConstraint(
            "type in ('choice', 'integer', 'money_minor', 'date', 'boolean')",
            name=op.f("ck_custom_field_type"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_custom_field"),
        sa.UniqueConstraint("subject", "code", name="uq_custom_field_subject_code"),
    )
    op.create_table(
        "custom_value",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("field_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid()),
        sa.Column("place_id", sa.Uuid()),
        sa.Column("value", JSONB(), nullable=False),
        sa.Column("set_at", Instant, nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.CheckConstraint("num_nonnulls(member_id, place_id) = 1", name=op.f("ck_custom_value_one_subject")),
        sa.ForeignKeyConstraint(["field_id"], ["custom_field.id"], name="fk_custom_value_field_id"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_custom_value_member_id"),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name="fk_custom_value_place_id"),
        sa.PrimaryKeyConstraint("id", name="pk_custom_value"),
    )
    for name, column in (("member", "member_id"), ("place", "place_id")):
        op.create_index(
            f"ux_custom_value_{name}",
            "custom_value",
            [column, "field_id"],
            unique=True,
            postgresql_where=sa.text(f"{column} is not null"),
        )
