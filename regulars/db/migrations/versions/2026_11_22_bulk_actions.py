"""Bulk actions of ops, the frozen list of each, and what became of every item."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "2026_11_22_bulk_actions"
down_revision = "2026_11_22_adjustments"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)
Json = JSONB(none_as_null=True)


def upgrade() -> None:
    op.create_table(
        "bulk_action",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("wanted", Json, nullable=False),
        sa.Column("versions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("freeze_reason", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("more", sa.Boolean(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)
            for name in ("changed", "unchanged", "refused")
        ),
        sa.Column("points_given", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("ordered_at", Instant, nullable=False),
        sa.Column("ordered_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("decided_at", Instant),
        sa.Column("decided_by", sa.Text()),
        sa.Column("words", sa.Text()),
        sa.Column("started_at", Instant),
        sa.Column("ended_at", Instant),
        sa.CheckConstraint(
            "kind in ('retry', 'tell', 'restart', 'freeze', 'unfreeze', 'recompute')", name="kind"
        ),
        sa.CheckConstraint(
            "state in ('draft', 'in_review', 'rejected', 'approved', 'running', 'cancelled', 'finished')",
            name="state",
        ),
        sa.CheckConstraint("(kind = 'freeze') = (freeze_reason is not null)", name="freeze_reason"),
        sa.CheckConstraint("items > 0 and changed + unchanged + refused <= items", name="items"),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name="fk_bulk_action_place_id"),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_action"),
    )
    op.create_index("ix_bulk_action_ordered_at", "bulk_action", ["ordered_at", "id"])
    _lists()
    for table in ("bulk_action_item", "bulk_action_result"):
        op.execute(
            f"create trigger keep_rows before update or delete on {table} "
            "for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger keep_table before truncate on {table} "
            "for each statement execute function refuse_change()"
        )


def _lists() -> None:
    op.create_table(
        "bulk_action_item",
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid()),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["bulk_action.id"], name="fk_bulk_action_item_action_id"),
        sa.PrimaryKeyConstraint("action_id", "no", name="pk_bulk_action_item"),
        info={"append_only": True},
    )
    op.create_index("ix_bulk_action_item_member_id", "bulk_action_item", ["member_id"])
    op.create_table(
        "bulk_action_result",
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("done_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["bulk_action.id"], name="fk_bulk_action_result_action_id"),
        sa.PrimaryKeyConstraint("action_id", "no", name="pk_bulk_action_result"),
        info={"append_only": True},
    )
