"""What recomputing does beside giving points, who approved it, and what a bulk action was asked for."""

import sqlalchemy as sa
from alembic import op

from regulars.db.online import build_index

revision = "2026_11_22_recompute_orders"
down_revision = "2026_11_22_audit_by_action"
branch_labels = None
depends_on = None

NONE_YET = sa.text("0")


def upgrade() -> None:
    build_index("ix_purchase_recompute_recorded_at", "purchase_recompute", ["recorded_at"])
    op.add_column(
        "purchase_recompute", sa.Column("redated", sa.BigInteger(), nullable=False, server_default=NONE_YET)
    )
    for column in (
        sa.Column("reversal_id", sa.Uuid()),
        sa.Column("tier_event_id", sa.Uuid()),
        sa.Column("approved_by", sa.Text()),
    ):
        op.add_column("purchase_recompute", column)
    constraint = op.f("ck_purchase_recompute_points")
    op.drop_constraint(constraint, "purchase_recompute", type_="check")
    op.create_check_constraint(
        constraint,
        "purchase_recompute",
        "points >= 0 and redated >= 0 and (points + redated = 0) = (entry_id is null)"
        " and (redated = 0) = (reversal_id is null)",
    )
    op.create_index(
        "uq_purchase_recompute_reversal",
        "purchase_recompute",
        ["reversal_id"],
        unique=True,
        postgresql_where=sa.text("reversal_id is not null"),
    )
    op.add_column("bulk_action", sa.Column("wish_hash", sa.Text()))
    for table, name, kind in (
        ("bulk_action", "tiers", sa.Integer()),
        ("bulk_action", "redated", sa.BigInteger()),
        ("bulk_action", "missed_minor", sa.BigInteger()),
        ("bulk_action_item", "redated", sa.BigInteger()),
        ("bulk_action_item", "missed_minor", sa.BigInteger()),
    ):
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=NONE_YET))
    op.add_column("bulk_action_item", sa.Column("tier_to", sa.Text()))
