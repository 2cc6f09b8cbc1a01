"""Undo orders of pack versions, and which ledger entry an entry takes back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "2026_11_22_undoing"
down_revision = "2026_11_22_ended_reservations"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)
Json = JSONB(none_as_null=True)


def upgrade() -> None:
    op.create_table(
        "entry_reversal",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("original_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_entry_reversal"),
        info={"append_only": True},
    )
    op.create_index("ix_entry_reversal_original_id", "entry_reversal", ["original_id"])
    _orders()
    _lists()
    for table in ("entry_reversal", "pack_undo_item", "pack_undo_result"):
        op.execute(
            f"create trigger keep_rows before update or delete on {table} "
            "for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger keep_table before truncate on {table} "
            "for each statement execute function refuse_change()"
        )


def _orders() -> None:
    op.create_table(
        "pack_undo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pack_code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("since", Instant),
        sa.Column("until", Instant, nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text()),
        sa.Column("preview", Json),
        *(
            sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)
            for name in ("members_in_all", "members_done", "points_taken", "differences")
        ),
        sa.Column("done_after", sa.Uuid()),
        sa.Column("ordered_at", Instant, nullable=False),
        sa.Column("ordered_by", sa.Text(), nullable=False),
        sa.Column("decided_at", Instant),
        sa.Column("decided_by", sa.Text()),
        sa.Column("words", sa.Text()),
        sa.Column("started_at", Instant),
        sa.Column("ended_at", Instant),
        sa.CheckConstraint("policy in ('let_be', 'within_balance')", name="policy"),
        sa.CheckConstraint(
            "state in ('preparing', 'empty', 'in_review', 'rejected', 'approved', 'running', 'paused', "
            "'cancelled', 'finished')",
            name="state",
        ),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name="fk_pack_undo_place_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pack_undo"),
    )
    op.create_index("ix_pack_undo_ordered_at", "pack_undo", ["ordered_at", "id"])


def _lists() -> None:
    op.create_table(
        "pack_undo_item",
        sa.Column("undo_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", Instant, nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("takes", sa.BigInteger(), nullable=False),
        sa.Column("rules", Json, nullable=False),
        sa.Column("lots", Json, nullable=False),
        sa.CheckConstraint("takes between 0 and due and due <= points", name="takes"),
        sa.ForeignKeyConstraint(["undo_id"], ["pack_undo.id"], name="fk_pack_undo_item_undo_id"),
        sa.PrimaryKeyConstraint("undo_id", "member_id", "entry_id", name="pk_pack_undo_item"),
        info={"append_only": True},
    )
    op.create_table(
        "pack_undo_result",
        sa.Column("undo_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("version_name", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("reversal_id", sa.Uuid()),
        sa.Column("done_at", Instant, nullable=False),
        sa.CheckConstraint("taken between 0 and due", name="taken"),
        sa.CheckConstraint("(taken = 0) = (reversal_id is null)", name="reversal"),
        sa.ForeignKeyConstraint(["undo_id"], ["pack_undo.id"], name="fk_pack_undo_result_undo_id"),
        sa.PrimaryKeyConstraint("undo_id", "entry_id", name="pk_pack_undo_result"),
        info={"append_only": True},
    )
    op.create_index("ix_pack_undo_result_entry_id", "pack_undo_result", ["entry_id"])
