"""An undo order may decide tiers anew."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_tier_corrections"
down_revision = "2026_11_22_corrections"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pack_undo_item", sa.Column("tier_from", sa.Text()))
    op.add_column("pack_undo_item", sa.Column("tier_to", sa.Text()))
    zero, no = sa.text("0"), sa.text("false")
    op.add_column("pack_undo", sa.Column("tiers_moved", sa.BigInteger(), server_default=zero, nullable=False))
    op.add_column("pack_undo_result", sa.Column("moved", sa.Boolean(), server_default=no, nullable=False))
    constraint = op.f("ck_pack_undo_result_reversal")
    op.drop_constraint(constraint, "pack_undo_result", type_="check")
    op.create_check_constraint(
        constraint, "pack_undo_result", "(taken + owed + given = 0 and not moved) = (reversal_id is null)"
    )
