"""Until when some of an account's value is pending: null where nothing ever was."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_pending_points"
down_revision = "2026_11_22_custom_fields"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("balance", sa.Column("pending_until", sa.DateTime(timezone=True)))
