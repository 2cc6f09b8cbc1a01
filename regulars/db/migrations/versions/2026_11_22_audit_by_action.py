"""Acts of one kind are found in the audit log without reading all that came after them."""

from regulars.db.online import build_index

revision = "2026_11_22_audit_by_action"
down_revision = "2026_11_22_terminal_key_use"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index(
        "ix_audit_entry_action",
        "audit_entry",
        ["action", "id"],
        postgresql_ops={"action": "text_pattern_ops"},
    )
