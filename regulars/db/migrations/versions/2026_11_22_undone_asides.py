"""Undo orders end tags, put stages back and withdraw messages; people end tags that rules gave."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from regulars.db.online import build_index

revision = "2026_11_22_undone_asides"
down_revision = "2026_11_22_recompute_orders"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)
COUNTS = ("tags_changed", "stages_moved", "messages_withdrawn")


def upgrade() -> None:
    build_index("ix_pack_undo_result_reversal_id", "pack_undo_result", ["reversal_id"])
    zero = sa.text("0")
    for name in COUNTS:
        op.add_column("pack_undo", sa.Column(name, sa.BigInteger(), server_default=zero, nullable=False))
    op.add_column("pack_undo_item", sa.Column("aside", JSONB(none_as_null=True)))
    _tags()
    _messages()


def _tags() -> None:
    op.add_column("member_tag", sa.Column("undo_id", sa.Uuid()))
    op.add_column("member_tag", sa.Column("ended_by", sa.Text()))
    for name in ("purchase_id", "pack_version", "rule_id"):
        op.alter_column("member_tag", name, nullable=True)
    op.create_check_constraint(
        op.f("ck_member_tag_cause"),
        "member_tag",
        "num_nulls(purchase_id, pack_version, rule_id) = case when purchase_id is null then 3 else 0 end "
        "and (purchase_id is not null or ended_by is not null)",
    )


def _messages() -> None:
    op.create_table(
        "message_fate",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("undo_id", sa.Uuid()),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("request_id", name="pk_message_fate"),
        info={"append_only": True},
    )
    # Nobody noted who had read what: all that could be read by now may have been sent.
    op.execute("insert into message_fate (request_id, at) select id, requested_at from message_request")
    op.execute(
        "create trigger keep_rows before update or delete on message_fate "
        "for each row execute function refuse_change()"
    )
    op.execute(
        "create trigger keep_table before truncate on message_fate "
        "for each statement execute function refuse_change()"
    )
