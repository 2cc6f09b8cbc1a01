"""Members are found by their name."""

from regulars.db.online import build_index

revision = "2026_11_22_member_names"
down_revision = "2026_11_22_bulk_actions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("ix_member_name", "member", ["name"])
