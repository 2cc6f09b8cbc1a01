"""What packs gave is added up by day and store behind the tills; the first time the worker adds up all.

Entries are found by when they were recorded: a BRIN index costs an insert next to nothing.
"""

import sqlalchemy as sa
from alembic import op

from regulars.db.online import build_index

revision = "2026_11_22_pack_outlays"
down_revision = "2026_11_22_undone_asides"
branch_labels = None
depends_on = None

SUMS = ("points_given", "points_taken", "discount_minor")


def upgrade() -> None:
    build_index(
        "ix_ledger_entry_recorded_at",
        "ledger_entry",
        ["recorded_at"],
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_table(
        "pack_outlay",
        sa.Column("pack_code", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in SUMS),
        sa.PrimaryKeyConstraint("pack_code", "day", "version", "store_id", name=op.f("pk_pack_outlay")),
    )
    op.create_table(
        "pack_outlay_state",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_xid", sa.BigInteger(), nullable=False),
        sa.Column("written_xid", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_pack_outlay_state_one_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pack_outlay_state")),
    )
