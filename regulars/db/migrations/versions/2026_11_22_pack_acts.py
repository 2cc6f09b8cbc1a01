"""In which hours each version did anything, so that its effects are found without reading all the others.

What was added up so far is added up anew, once, by the keeper of figures.
"""

import sqlalchemy as sa
from alembic import op

from regulars.db.online import build_index

revision = "2026_11_22_pack_acts"
down_revision = "2026_11_22_recompute_bounds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index(
        "ix_purchase_attribution_recorded_at",
        "purchase_attribution",
        ["recorded_at"],
        postgresql_using="brin",
    )
    op.create_table(
        "pack_act",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind in ('award', 'discount', 'refusal')", name=op.f("ck_pack_act_kind")),
        sa.PrimaryKeyConstraint("version", "kind", "hour", name=op.f("pk_pack_act")),
    )
    op.execute("delete from pack_outlay_state")
