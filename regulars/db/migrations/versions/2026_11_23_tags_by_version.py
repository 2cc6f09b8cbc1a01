"""What a version did to tags, and which messages it asked for, is listed by the version."""

from alembic import op

from regulars.db.online import build_index

revision = "2026_11_23_tags_by_version"
down_revision = "2026_11_23_store_acts"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_member_tag_pack_version", "member_tag", ("pack_version", "effective_at", "id")),
    ("ix_message_request_pack_version", "message_request", ("pack_version", "occurred_at", "id")),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        build_index(name, table, columns)


def downgrade() -> None:
    for name, table, _ in INDEXES:
        op.drop_index(name, table)
