"""An undo order may say which version should have decided instead, and give what is missing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from regulars.db.online import build_index

revision = "2026_11_22_corrections"
down_revision = "2026_11_22_rule_actions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("ix_pack_undo_item_cause_id", "pack_undo_item", ["cause_id"])
    zero = sa.text("0")
    op.add_column("pack_undo", sa.Column("to_version", sa.Integer()))
    for table, column in (
        ("pack_undo", "points_given"),
        ("pack_undo_item", "stood"),
        ("pack_undo_result", "given"),
    ):
        op.add_column(table, sa.Column(column, sa.BigInteger(), server_default=zero, nullable=False))
    none = sa.text("'[]'::jsonb")
    op.add_column(
        "pack_undo_item", sa.Column("gives", JSONB(none_as_null=True), server_default=none, nullable=False)
    )
    constraint = op.f("ck_pack_undo_result_reversal")
    op.drop_constraint(constraint, "pack_undo_result", type_="check")
    op.create_check_constraint(
        constraint, "pack_undo_result", "(taken + owed + given = 0) = (reversal_id is null)"
    )
