"""Counters of what packs gave under their limits, the claims behind them, and what quotes reserve."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_22_budgets"
down_revision = "2026_11_22_rehearsals"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)
KEY = ("pack_code", "limit_code", "unit", "subject", "period")


def upgrade() -> None:
    op.create_table(
        "budget_counter",
        *_key(),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("used >= 0 and reserved >= 0", name="amounts"),
        sa.PrimaryKeyConstraint(*KEY, name="pk_budget_counter"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "budget_use",
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        *_key(),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", Instant, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.CheckConstraint("amount <> 0", name="amount"),
        sa.PrimaryKeyConstraint("cause_id", "cause", *KEY, name="pk_budget_use"),
    )
    op.create_table(
        "budget_reservation",
        *_key(),
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("quotes", postgresql.JSONB(), nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.PrimaryKeyConstraint(*KEY, "holder", name="pk_budget_reservation"),
    )
    op.create_index("ix_budget_reservation_expires_at", "budget_reservation", [*KEY, "expires_at"])
    op.execute(
        "create trigger keep_rows before update or delete on budget_use "
        "for each row execute function refuse_change()"
    )
    op.execute(
        "create trigger keep_table before truncate on budget_use "
        "for each statement execute function refuse_change()"
    )


def _key() -> list["sa.Column[str]"]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in KEY]
