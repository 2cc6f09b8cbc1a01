"""Lines and tenders of a purchase are kept as written: no till waits while they are taken apart.

Rewrites the table, and nobody sells meanwhile: some seconds for each 100,000 purchases.
"""

from alembic import op

revision = "2026_11_23_purchase_texts"
down_revision = "2026_11_23_tags_by_version"
branch_labels = None
depends_on = None

_ALTER = """alter table purchase alter lines type {kind} using lines::{kind},
                                alter tenders type {kind} using tenders::{kind}"""


def upgrade() -> None:
    op.execute("set local statement_timeout = 0")
    op.execute(_ALTER.format(kind="json"))


def downgrade() -> None:
    op.execute("set local statement_timeout = 0")
    op.execute(_ALTER.format(kind="jsonb"))
