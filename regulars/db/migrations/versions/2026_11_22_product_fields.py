"""Fields of a chain's own for products, and their values."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "2026_11_22_product_fields"
down_revision = "2026_11_22_undoing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A handful of definitions: checking them anew under the lock takes no time.
    op.drop_constraint(op.f("ck_custom_field_subject"), "custom_field", type_="check")
    op.create_check_constraint(
        op.f("ck_custom_field_subject"), "custom_field", "subject in ('member', 'store', 'product')"
    )
    op.create_table(
        "custom_product",
        sa.Column("product_code", sa.Text(), nullable=False),
        sa.Column("fields", JSONB(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("product_code", name="pk_custom_product"),
    )
