"""Reservations that have ended are found by when they did."""

from alembic import op

revision = "2026_11_22_ended_reservations"
down_revision = "2026_11_22_pending_points"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_budget_reservation_ended", "budget_reservation", ["expires_at"])
