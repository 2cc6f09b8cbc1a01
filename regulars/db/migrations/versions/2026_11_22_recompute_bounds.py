"""Bulk actions keep what one person might give alone then, and which purchases they only close."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_recompute_bounds"
down_revision = "2026_11_22_undo_listed_at"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bulk_action", sa.Column("points_alone", sa.BigInteger()))
    zero, no = sa.text("0"), sa.text("false")
    op.add_column("bulk_action", sa.Column("dropped", sa.Integer(), server_default=zero, nullable=False))
    op.add_column("bulk_action_item", sa.Column("dropped", sa.Boolean(), server_default=no, nullable=False))
