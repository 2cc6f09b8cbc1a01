"""Rehearsals of draft packs on real history, with their reports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "2026_11_22_rehearsals"
down_revision = "2026_11_22_pack_releases"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)
Json = JSONB(none_as_null=True)


def upgrade() -> None:
    op.create_table(
        "rehearsal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("pack_hashes", ARRAY(sa.Text()), nullable=False),
        sa.Column("packs", Json, nullable=False),
        sa.Column("since", Instant),
        sa.Column("until", Instant, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cancel_asked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("purchases_done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("purchases_in_all", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed_with", sa.Text()),
        sa.Column("report", Json),
        sa.Column("ordered_at", Instant, nullable=False),
        sa.Column("ordered_by_kind", sa.Text(), nullable=False),
        sa.Column("ordered_by_id", sa.Text(), nullable=False),
        sa.Column("started_at", Instant),
        sa.Column("ended_at", Instant),
        sa.CheckConstraint("state in ('queued', 'running', 'finished', 'failed', 'cancelled')", name="state"),
        sa.CheckConstraint("(state = 'finished') = (report is not null)", name="finished_with_report"),
        sa.CheckConstraint("(state = 'failed') = (failed_with is not null)", name="failed_with"),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name="fk_rehearsal_place_id"),
        sa.PrimaryKeyConstraint("id", name="pk_rehearsal"),
    )
    op.create_index("ix_rehearsal_ordered_at", "rehearsal", ["ordered_at", "id"])
    op.create_index("ix_rehearsal_pack_hashes", "rehearsal", ["pack_hashes"], postgresql_using="gin")
    op.create_table(
        "rehearsal_member",
        sa.Column("rehearsal_id", sa.Uuid(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("change", Json, nullable=False),
        sa.ForeignKeyConstraint(["rehearsal_id"], ["rehearsal.id"], name="fk_rehearsal_member_rehearsal_id"),
        sa.PrimaryKeyConstraint("rehearsal_id", "measure", "side", "rank", name="pk_rehearsal_member"),
    )
