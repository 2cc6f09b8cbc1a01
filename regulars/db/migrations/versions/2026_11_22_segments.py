"""One row of features a member, kept as of an instant; and saved segments, version by version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_22_segments"
down_revision = "2026_11_22_signals_put_off"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "member_feature",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("home_store_id", sa.Uuid(), nullable=False),
        sa.Column("enrolled_us", sa.BigInteger(), nullable=False),
        sa.Column("visits", sa.BigInteger(), nullable=False),
        sa.Column("visits_365d", sa.BigInteger(), nullable=False),
        sa.Column("spend_365d_minor", sa.BigInteger(), nullable=False),
        sa.Column("leaves_at", Instant),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("tier", sa.Text(collation="C"), nullable=False),
        sa.Column("stage", sa.Text(collation="C"), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name="pk_member_feature"),
    )
    op.create_index("ix_member_feature_leaves_at", "member_feature", ["leaves_at"])
    op.create_table(
        "member_feature_state",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("as_of", Instant, nullable=False),
        sa.Column("seen_xid", sa.BigInteger(), nullable=False),
        sa.Column("written_xid", sa.BigInteger(), nullable=False),
        sa.Column("members", sa.BigInteger(), nullable=False),
        sa.Column("undecided_members", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="one_state"),
        sa.PrimaryKeyConstraint("id", name="pk_member_feature_state"),
    )
    op.create_table(
        "segment_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.CheckConstraint("version > 0", name="version"),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name="fk_segment_version_place_id"),
        sa.PrimaryKeyConstraint("id", name="pk_segment_version"),
        sa.UniqueConstraint("code", "version", name="uq_segment_version_code_version"),
        info={"append_only": True},
    )
    op.execute(
        "create trigger keep_rows before update or delete on segment_version "
        "for each row execute function refuse_change()"
    )
    op.execute(
        "create trigger keep_table before truncate on segment_version "
        "for each statement execute function refuse_change()"
    )
