"""Drafts, releases, and activations that end, are taken back, and say which release wrote them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_22_pack_releases"
down_revision = "2026_11_22_segments"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    _activations()
    _drafts()
    _releases()
    op.execute(
        "create trigger keep_rows before update or delete on pack_draft_revision "
        "for each row execute function refuse_change()"
    )
    op.execute(
        "create trigger keep_table before truncate on pack_draft_revision "
        "for each statement execute function refuse_change()"
    )


def _activations() -> None:
    op.add_column("pack_activation", sa.Column("live_until", Instant))
    op.add_column("pack_activation", sa.Column("voids_id", sa.BigInteger()))
    op.add_column("pack_activation", sa.Column("release_id", sa.Uuid()))
    op.add_column("pack_activation", sa.Column("rolled_back_id", sa.Uuid()))
    op.create_check_constraint(
        op.f("ck_pack_activation_live_until"), "pack_activation", "live_until >= live_from"
    )
    op.create_foreign_key(
        "fk_pack_activation_voids_id", "pack_activation", "pack_activation", ["voids_id"], ["id"]
    )
    op.create_foreign_key(
        "fk_pack_activation_rolled_back_id", "pack_activation", "pack_version", ["rolled_back_id"], ["id"]
    )


def _drafts() -> None:
    op.create_table(
        "pack_draft",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_pack_draft"),
    )
    op.create_table(
        "pack_draft_revision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer()),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("saved_at", Instant, nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.CheckConstraint("(kind = 'side') = (revision is null)", name=op.f("ck_pack_draft_revision_side")),
        sa.ForeignKeyConstraint(["code"], ["pack_draft.code"], name="fk_pack_draft_revision_code"),
        sa.PrimaryKeyConstraint("id", name="pk_pack_draft_revision"),
        sa.UniqueConstraint("code", "revision", name="uq_pack_draft_revision_code_revision"),
    )
    op.create_index("ix_pack_draft_revision_code", "pack_draft_revision", ["code", "no"])


def _releases() -> None:
    op.create_table(
        "pack_release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("place_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("authors", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("draft_revision", sa.Integer()),
        sa.Column("note", sa.Text()),
        sa.Column("submitted_at", Instant, nullable=False),
        sa.Column("submitted_by", sa.Text(), nullable=False),
        sa.Column("decided_at", Instant),
        sa.Column("decided_by", sa.Text()),
        sa.Column("words", sa.Text()),
        sa.Column("noted_to", Instant, nullable=False),
        sa.Column("next_due_at", Instant),
        sa.Column("reminders", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("change_no", sa.BigInteger(), nullable=False),
        sa.Column("told_no", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("stirred_at", Instant),
        sa.Column("stirred_done_at", Instant),
        sa.CheckConstraint(
            "state in ('in_review', 'rejected', 'withdrawn', 'approved', 'cancelled', 'scheduled', 'live', "
            "'retired', 'rolled_back')",
            name=op.f("ck_pack_release_state"),
        ),
        sa.ForeignKeyConstraint(["version_id"], ["pack_version.id"], name="fk_pack_release_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pack_release"),
    )
    op.create_index("ix_pack_release_code", "pack_release", ["code", "id"])
    op.create_index(
        "ix_pack_release_untold", "pack_release", ["id"], postgresql_where=sa.text("told_no < change_no")
    )
    op.create_table(
        "pack_release_place",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("starts", sa.Text(), nullable=False),
        sa.Column("ends", sa.Text()),
        sa.Column("starts_at", Instant, nullable=False),
        sa.Column("ends_at", Instant),
        sa.CheckConstraint(
            "state in ('planned', 'halted', 'rolled_back')", name=op.f("ck_pack_release_place_state")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_pack_release_place_ends")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name="fk_pack_release_place_place_id"),
        sa.ForeignKeyConstraint(["release_id"], ["pack_release.id"], name="fk_pack_release_place_release_id"),
        sa.PrimaryKeyConstraint("release_id", "place_id", name="pk_pack_release_place"),
    )
