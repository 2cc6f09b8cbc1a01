"""A quote serves one purchase; purchases in which a rule failed are found, and their end is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from regulars.db.online import build_index

revision = "2026_11_22_quote_uses"
down_revision = "2026_11_22_points_owed"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    flagged = sa.text("'recompute' = any(flags)")
    build_index("ix_purchase_to_recompute", "purchase", ["id"], postgresql_where=flagged)
    build_index(
        "ix_purchase_attribution_to_recompute",
        "purchase_attribution",
        ["purchase_id"],
        postgresql_where=flagged,
    )
    op.create_table(
        "quote_use",
        sa.Column("quote_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("quote_id", name="pk_quote_use"),
        info={"append_only": True},
    )
    # A quote lives for minutes, and what is delivered later than this is flagged for other reasons.
    op.execute(
        "insert into quote_use select quote_id, id from purchase "
        "where quote_id is not null and recorded_at > now() - interval '7 days' "
        "and not flags && array['quote_invalid', 'quote_expired', 'quote_for_another_basket'] "
        "order by recorded_at, id on conflict do nothing"
    )
    op.create_table(
        "purchase_recompute",
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid()),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.Uuid()),
        sa.Column("versions", ARRAY(sa.Text()), nullable=False),
        sa.Column("outcome", JSONB(none_as_null=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.CheckConstraint("cause in ('purchase', 'attribution')", name="cause"),
        sa.CheckConstraint("points >= 0 and (points = 0) = (entry_id is null)", name="points"),
        sa.PrimaryKeyConstraint("purchase_id", "cause", name="pk_purchase_recompute"),
        info={"append_only": True},
    )
    op.create_index(
        "uq_purchase_recompute_entry",
        "purchase_recompute",
        ["entry_id"],
        unique=True,
        postgresql_where=sa.text("entry_id is not null"),
    )
    for table in ("quote_use", "purchase_recompute"):
        op.execute(
            f"create trigger keep_rows before update or delete on {table} "
            "for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger keep_table before truncate on {table} "
            "for each statement execute function refuse_change()"
        )
