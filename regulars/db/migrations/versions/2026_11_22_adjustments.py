"""Points that people give or take by hand, and the house's account of them."""

from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_adjustments"
down_revision = "2026_11_22_tier_corrections"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    account = sa.table("account", sa.column("id", sa.Uuid), sa.column("kind"), sa.column("code"))
    code = "points_adjusted"
    op.bulk_insert(
        account, [{"id": uuid5(NAMESPACE_URL, f"regulars:account:{code}"), "kind": "house", "code": code}]
    )
    op.create_table(
        "adjustment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reverses", sa.Uuid()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("within_limit", sa.Boolean(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", Instant, nullable=False),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", Instant),
        sa.Column("words", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_adjustment"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_adjustment_member_id"),
        sa.ForeignKeyConstraint(["store_id"], ["place.id"], name="fk_adjustment_store_id"),
        sa.ForeignKeyConstraint(["reverses"], ["adjustment.id"], name="fk_adjustment_reverses"),
        sa.CheckConstraint("points <> 0", name=op.f("ck_adjustment_points")),
        sa.CheckConstraint(
            "state in ('waiting', 'posted', 'rejected', 'withdrawn')", name=op.f("ck_adjustment_state")
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (decided_at is null) and (decided_at is null) = (decided_by is null)",
            name=op.f("ck_adjustment_decided"),
        ),
        sa.CheckConstraint(
            "state = 'waiting' or (decided_by = requested_by) = (within_limit or state = 'withdrawn')",
            name=op.f("ck_adjustment_four_eyes"),
        ),
        sa.CheckConstraint("not within_limit or state = 'posted'", name=op.f("ck_adjustment_within_limit")),
    )
    op.create_index("ix_adjustment_member_id", "adjustment", ["member_id", "requested_at", "id"])
    op.create_index("ix_adjustment_requested_at", "adjustment", ["requested_at", "id"])
    waiting, alone = sa.text("state = 'waiting'"), sa.text("within_limit")
    op.create_index("ix_adjustment_waiting", "adjustment", ["requested_at", "id"], postgresql_where=waiting)
    op.create_index(
        "ix_adjustment_allowance", "adjustment", ["requested_by", "on_day"], postgresql_where=alone
    )
    op.create_index(
        "uq_adjustment_reverses",
        "adjustment",
        ["reverses"],
        unique=True,
        postgresql_where=sa.text("state in ('waiting', 'posted')"),
    )
