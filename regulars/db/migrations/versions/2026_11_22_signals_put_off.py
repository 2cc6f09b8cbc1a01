"""What each workflow was last told, and the signals that may wait while the tills are busy."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_signals_put_off"
down_revision = "2026_11_22_spine"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "workflow_told",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("due_at", Instant),
        sa.Column("told_at", Instant, nullable=False),
        sa.Column("owed_changes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("owed_seq", sa.BigInteger()),
        sa.Column("owed_due_at", Instant),
        sa.Column("owed_since", Instant),
        sa.CheckConstraint("(owed_changes > 0) = (owed_since is not null)", name="owed"),
        sa.PrimaryKeyConstraint("member_id", name="pk_workflow_told"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_workflow_told_owed_since",
        "workflow_told",
        ["owed_since"],
        postgresql_where=sa.text("owed_since is not null"),
    )
    op.add_column("outbox", sa.Column("changes", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column(
        "outbox", sa.Column("put_off", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column(
        "relay_status", sa.Column("put_off", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("relay_status", sa.Column("settled_ms_median", sa.BigInteger()))
