"""Segments know what members have done in the last 30 and 90 days, and when they last bought.

All is gathered anew at the next question: the state says nothing of the new columns yet.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_recent_features"
down_revision = "2026_11_22_member_names"
branch_labels = None
depends_on = None

NEW = ("visits_30d", "spend_30d_minor", "visits_90d", "spend_90d_minor", "last_visit_us")


def upgrade() -> None:
    for name in NEW:
        column = sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0"))
        op.add_column("member_feature", column)
    op.add_column("member_feature_state", sa.Column("whole_xid", sa.BigInteger()))
