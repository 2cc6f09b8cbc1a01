"""What an undo cannot take back may be owed: by whom, and of which order."""

from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_points_owed"
down_revision = "2026_11_22_product_fields"
branch_labels = None
depends_on = None


def upgrade() -> None:
    account = sa.table("account", sa.column("id", sa.Uuid), sa.column("kind"), sa.column("code"))
    code = "points_owed"
    op.bulk_insert(
        account, [{"id": uuid5(NAMESPACE_URL, f"regulars:account:{code}"), "kind": "house", "code": code}]
    )
    for table, column in (("balance", "owed"), ("pack_undo", "points_owed"), ("pack_undo_result", "owed")):
        zero = sa.text("0")
        op.add_column(table, sa.Column(column, sa.BigInteger(), server_default=zero, nullable=False))
    op.create_check_constraint(op.f("ck_balance_owed"), "balance", "owed >= 0")
    _replace("pack_undo", "policy", "policy in ('let_be', 'within_balance', 'debt')")
    _replace("pack_undo_result", "taken", "taken between 0 and due and owed between 0 and due")
    _replace("pack_undo_result", "reversal", "(taken + owed = 0) = (reversal_id is null)")


def _replace(table: str, name: str, condition: str) -> None:
    constraint = op.f(f"ck_{table}_{name}")
    op.drop_constraint(constraint, table, type_="check")
    op.create_check_constraint(constraint, table, condition)
