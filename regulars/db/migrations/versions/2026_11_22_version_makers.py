"""Who made each version of a pack, and of which version: its approver must be none of them.

Of versions made before, nobody noted what they were made of; their makers stand in `pack_version`.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_version_makers"
down_revision = "2026_11_22_recent_features"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pack_version_maker",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("based_on >= 0", name="based_on"),
        sa.ForeignKeyConstraint(["version_id"], ["pack_version.id"]),
        sa.PrimaryKeyConstraint("version_id", "made_by", "based_on"),
        info={"append_only": True},
    )
    op.execute(
        "create trigger keep_rows before update or delete on pack_version_maker "
        "for each row execute function refuse_change()"
    )
    op.execute(
        "create trigger keep_table before truncate on pack_version_maker "
        "for each statement execute function refuse_change()"
    )
    op.execute(
        "insert into pack_version_maker (version_id, made_by, based_on, made_at) "
        "select id, created_by, 0, created_at from pack_version"
    )
