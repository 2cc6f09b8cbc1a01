"""When a terminal's key was last used, to about an hour; of keys used before nobody noted it."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_terminal_key_use"
down_revision = "2026_11_22_version_makers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("terminal_key", sa.Column("last_used_at", sa.DateTime(timezone=True)))
