"""Reservations that have ended are found by when they did."""

from regulars.db.online import build_index

revision = "2026_11_22_ended_reservations"
down_revision = "2026_11_22_pending_points"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("ix_budget_reservation_ended", "budget_reservation", ["expires_at"])
