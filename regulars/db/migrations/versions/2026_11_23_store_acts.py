"""In which hours each version did anything, by store, and how far back the first adding up has come.

What was added up so far is added up anew, step by step, by the keeper of figures. A worker of the release
before adds up nothing until it is replaced: the columns that it does not know take no empty value.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_store_acts"
down_revision = "2026_11_22_pack_acts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("delete from pack_outlay_state")
    op.execute("delete from pack_act")
    op.add_column("pack_outlay_state", sa.Column("counted_from", sa.Uuid(), nullable=False))
    op.add_column("pack_act", sa.Column("store_id", sa.Uuid(), nullable=False))
    op.drop_constraint(op.f("pk_pack_act"), "pack_act", type_="primary")
    op.create_primary_key(op.f("pk_pack_act"), "pack_act", ["version", "kind", "store_id", "hour"])
