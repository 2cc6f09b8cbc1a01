"""Tags that rules give and end, what members keep of them, and messages that rules ask for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "2026_11_22_rule_actions"
down_revision = "2026_11_22_quote_uses"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)
Json = JSONB(none_as_null=True)


def upgrade() -> None:
    op.add_column("member", sa.Column("rule_tags", Json))
    _tags()
    _messages()
    for table in ("member_tag", "message_request"):
        op.execute(
            f"create trigger keep_rows before update or delete on {table} "
            "for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger keep_table before truncate on {table} "
            "for each statement execute function refuse_change()"
        )


def _tags() -> None:
    op.create_table(
        "member_tag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("effective_at", Instant, nullable=False),
        sa.Column("until", Instant),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("pack_version", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.CheckConstraint("until is null or given", name="until"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_member_tag_member_id"),
        sa.PrimaryKeyConstraint("id", name="pk_member_tag"),
        info={"append_only": True},
    )
    op.create_index("ix_member_tag_member_id", "member_tag", ["member_id", "no"])


def _messages() -> None:
    op.create_table(
        "message_request",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("named_values", Json, nullable=False),
        sa.Column("pack_version", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("occurred_at", Instant, nullable=False),
        sa.Column("requested_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_message_request_member_id"),
        sa.PrimaryKeyConstraint("no", name="pk_message_request"),
        sa.UniqueConstraint("id", name="uq_message_request_id"),
        info={"append_only": True},
    )
    op.create_index("ix_message_request_member_id", "message_request", ["member_id"])
