"""An undo order keeps when its list was made, and how many purchases came after it."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_undo_listed_at"
down_revision = "2026_11_22_pack_outlays"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pack_undo", sa.Column("listed_at", sa.DateTime(timezone=True)))
    zero = sa.text("0")
    op.add_column("pack_undo", sa.Column("came_after", sa.BigInteger(), server_default=zero, nullable=False))
