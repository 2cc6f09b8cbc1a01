"""The spine: places, people, members, ledger, rules, purchases, lifecycle, care and outbox."""

from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from regulars.db.base import Ltree

revision = "2026_11_22_spine"
down_revision = None
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)

APPEND_ONLY = (
    "audit_entry",
    "ledger_entry",
    "lifecycle_event",
    "lot",
    "lot_consumption",
    "member_consent",
    "pack_activation",
    "pack_version",
    "posting",
    "purchase",
    "purchase_attribution",
)

HOUSE_ACCOUNTS = ("points_issued", "points_expired")

_REFUSE_CHANGE = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'table % is append-only: % is refused; book a reversing row', tg_table_name, tg_op
        using errcode = 'restrict_violation';
end
$$
"""

_OPTIONAL_STATEMENT_STATISTICS = """
do $$ begin
    create extension if not exists pg_stat_statements;
exception when insufficient_privilege or undefined_file or feature_not_supported then
    raise notice 'pg_stat_statements is not available here; nothing depends on it';
end $$
"""


def upgrade() -> None:
    for extension in ("ltree", "btree_gist", "pg_trgm"):
        op.execute(f"create extension if not exists {extension}")
    op.execute(_OPTIONAL_STATEMENT_STATISTICS)
    _organisation()
    _security()
    _members()
    _ledger()
    _rules()
    _purchases()
    _lifecycle()
    _care()
    _outbox()
    _keep_history()
    _open_house_accounts()


def _keep_history() -> None:
    op.execute(_REFUSE_CHANGE)
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger keep_rows before update or delete on {table} "
            "for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger keep_table before truncate on {table} "
            "for each statement execute function refuse_change()"
        )


def _open_house_accounts() -> None:
    account = sa.table("account", sa.column("id", sa.Uuid), sa.column("kind"), sa.column("code"))
    rows = [
        {"id": uuid5(NAMESPACE_URL, f"regulars:account:{code}"), "kind": "house", "code": code}
        for code in HOUSE_ACCOUNTS
    ]
    op.bulk_insert(account, rows)


def _organisation() -> None:
    op.create_table(
        "chain",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("currency_exponent", sa.SmallInteger(), nullable=False),
        sa.Column("settings", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("places_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("id = 1", name="one_chain"),
        sa.PrimaryKeyConstraint("id", name="pk_chain"),
    )
    op.create_table(
        "place",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", Ltree(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("cutoff_minutes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("closed_at", Instant),
        sa.CheckConstraint("kind in ('hq', 'branch', 'store', 'terminal')", name="kind"),
        sa.CheckConstraint("cutoff_minutes between 0 and 1439", name="cutoff"),
        sa.ForeignKeyConstraint(["parent_id"], ["place.id"], name="fk_place_parent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_place"),
        sa.UniqueConstraint("code", name="uq_place_code"),
        sa.UniqueConstraint("path", name="uq_place_path"),
    )
    op.create_index("ix_place_path_gist", "place", ["path"], postgresql_using="gist")


def _security() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Uuid()),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB()),
        sa.Column("after", postgresql.JSONB()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
        info={"append_only": True},
    )
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject_kind", "subject_id", "id"])
    op.create_table(
        "operator",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("disabled_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_operator"),
        sa.UniqueConstraint("login", name="uq_operator_login"),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("window_started_at", Instant, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_sign_in_failure"),
    )
    op.create_table(
        "operator_role",
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("granted_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name="fk_operator_role_operator_id"),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name="fk_operator_role_place_id"),
        sa.PrimaryKeyConstraint("operator_id", "role", "place_id", name="pk_operator_role"),
    )
    op.create_table(
        "operator_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("last_seen_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name="fk_operator_session_operator_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_operator_session"),
    )
    op.create_table(
        "terminal_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("terminal_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("secret_mac", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("revoked_at", Instant),
        sa.ForeignKeyConstraint(["terminal_id"], ["place.id"], name="fk_terminal_key_terminal_id"),
        sa.PrimaryKeyConstraint("id", name="pk_terminal_key"),
        sa.UniqueConstraint("key_id", name="uq_terminal_key_key_id"),
    )
    op.create_index("ix_terminal_key_terminal_id", "terminal_key", ["terminal_id"])


def _members() -> None:
    op.create_table(
        "member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone_cipher", sa.LargeBinary()),
        sa.Column("phone_index", sa.LargeBinary()),
        sa.Column("phone_last4", sa.Text()),
        sa.Column("birthday", sa.Date()),
        sa.Column("gender", sa.Text()),
        sa.Column("locale", sa.Text()),
        sa.Column("home_store_id", sa.Uuid(), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("attributes", postgresql.JSONB(), nullable=False),
        sa.Column("enrolled_at", Instant, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.CheckConstraint("(phone_cipher is null) = (phone_index is null)", name="phone_whole"),
        sa.ForeignKeyConstraint(["home_store_id"], ["place.id"], name="fk_member_home_store_id"),
        sa.PrimaryKeyConstraint("id", name="pk_member"),
        sa.UniqueConstraint("number", name="uq_member_number"),
        sa.UniqueConstraint("phone_index", name="uq_member_phone_index"),
    )
    op.create_index("ix_member_home_store_id", "member", ["home_store_id", "id"])
    op.create_index("ix_member_phone_last4", "member", ["phone_last4"])
    op.create_table(
        "member_consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_member_consent_member_id"),
        sa.PrimaryKeyConstraint("id", name="pk_member_consent"),
        info={"append_only": True},
    )
    op.create_index("ix_member_consent_member_id", "member_consent", ["member_id"])
    op.create_table(
        "member_reference",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_member_reference_member_id"),
        sa.PrimaryKeyConstraint("reference", name="pk_member_reference"),
    )
    op.create_index("ix_member_reference_member_id", "member_reference", ["member_id"])


def _ledger() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.CheckConstraint("(kind = 'house') = (code is not null)", name="house_has_code"),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("code", name="uq_account_code"),
    )
    op.create_table(
        "balance",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "unit", name="pk_balance"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("effective_at", Instant, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_entry"),
        sa.UniqueConstraint("cause_id", "kind", name="uq_ledger_entry_cause_id_kind"),
        info={"append_only": True},
    )
    op.create_index("ix_ledger_entry_member_id", "ledger_entry", ["member_id", "effective_at"])
    op.create_table(
        "lot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("available_at", Instant, nullable=False),
        sa.Column("expires_at", Instant),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.PrimaryKeyConstraint("id", name="pk_lot"),
        info={"append_only": True},
    )
    op.create_index("ix_lot_account_id", "lot", ["account_id", "unit", "expires_at"])
    op.create_table(
        "lot_consumption",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.PrimaryKeyConstraint("lot_id", "entry_id", name="pk_lot_consumption"),
        info={"append_only": True},
    )
    op.create_index("ix_lot_consumption_entry_id", "lot_consumption", ["entry_id"])
    op.create_table(
        "posting",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("leg", sa.SmallInteger(), nullable=False),
        sa.Column("from_account_id", sa.Uuid(), nullable=False),
        sa.Column("to_account_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("pack_version", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.CheckConstraint("amount > 0 and from_account_id <> to_account_id", name="moves_something"),
        sa.PrimaryKeyConstraint("entry_id", "leg", name="pk_posting"),
        info={"append_only": True},
    )


def _rules() -> None:
    op.create_table(
        "pack_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("version > 0", name="version"),
        sa.PrimaryKeyConstraint("id", name="pk_pack_version"),
        sa.UniqueConstraint("code", "version", name="uq_pack_version_code_version"),
        info={"append_only": True},
    )
    op.create_table(
        "pack_activation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("pack_code", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Uuid()),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("live_from", Instant, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name="fk_pack_activation_place_id"),
        sa.ForeignKeyConstraint(["version_id"], ["pack_version.id"], name="fk_pack_activation_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pack_activation"),
        info={"append_only": True},
    )
    op.create_index("ix_pack_activation_place_id", "pack_activation", ["place_id", "pack_code", "live_from"])


def _purchases() -> None:
    op.create_table(
        "purchase",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=False),
        sa.Column("terminal_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("receipt_no", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text()),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid()),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("occurred_at", Instant, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("cashier", sa.Text()),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("original_purchase_id", sa.Uuid()),
        sa.Column("quote_id", sa.Uuid()),
        sa.Column("list_minor", sa.BigInteger(), nullable=False),
        sa.Column("sales_minor", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("tenders", postgresql.JSONB(), nullable=False),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("evaluation", postgresql.JSONB(), nullable=False),
        sa.Column("receipt", postgresql.JSON(), nullable=False),
        sa.CheckConstraint("(member_id is null) = (seq is null)", name="seq_with_member"),
        sa.PrimaryKeyConstraint("id", name="pk_purchase"),
        sa.UniqueConstraint("business_key", name="uq_purchase_business_key"),
        sa.UniqueConstraint("member_id", "seq", name="uq_purchase_member_id_seq"),
        info={"append_only": True},
    )
    op.create_index(
        "ix_purchase_member_window",
        "purchase",
        ["member_id", "occurred_at"],
        postgresql_include=["sales_minor", "seq"],
    )
    op.create_index("ix_purchase_recorded_at", "purchase", ["recorded_at"], postgresql_using="brin")
    op.create_index(
        "uq_purchase_idempotency",
        "purchase",
        ["terminal_id", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key is not null"),
    )
    op.create_table(
        "purchase_attribution",
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", Instant, nullable=False),
        sa.Column("sales_minor", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("evaluation", postgresql.JSONB(), nullable=False),
        sa.Column("receipt", postgresql.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("purchase_id", name="pk_purchase_attribution"),
        sa.UniqueConstraint("member_id", "seq", name="uq_purchase_attribution_member_id_seq"),
        info={"append_only": True},
    )
    op.create_index(
        "ix_purchase_attribution_member_window", "purchase_attribution", ["member_id", "occurred_at"]
    )


def _lifecycle() -> None:
    op.create_table(
        "lifecycle_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("event_no", sa.BigInteger(), nullable=False),
        sa.Column("after_seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("effective_at", Instant, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("tier_from", sa.Text()),
        sa.Column("tier_to", sa.Text()),
        sa.Column("stage_from", sa.Text()),
        sa.Column("stage_to", sa.Text()),
        sa.Column("purchase_id", sa.Uuid()),
        sa.Column("pack_version", sa.Text()),
        sa.Column("rule_id", sa.Text()),
        sa.Column("reason", postgresql.JSONB(), nullable=False),
        sa.Column("worked", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_lifecycle_event_member_id"),
        sa.PrimaryKeyConstraint("id", name="pk_lifecycle_event"),
        sa.UniqueConstraint("member_id", "event_no", name="uq_lifecycle_event_member_id_event_no"),
        sa.UniqueConstraint(
            "member_id",
            "kind",
            "effective_at",
            "after_seq",
            name="uq_lifecycle_event_member_id_kind_effective_at_after_seq",
        ),
        info={"append_only": True},
    )
    op.create_index("ix_lifecycle_event_effective_at", "lifecycle_event", ["effective_at"])
    op.create_index(
        "ix_lifecycle_event_revisits",
        "lifecycle_event",
        ["member_id", "id"],
        postgresql_where=sa.text("kind = 'revisit_due' and worked"),
    )
    op.create_table(
        "standing",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("home_store_id", sa.Uuid(), nullable=False),
        sa.Column("enrolled_at", Instant, nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("tier_since", Instant, nullable=False),
        sa.Column("tier_year_ends_at", Instant),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("stage_since", Instant, nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_event_no", sa.BigInteger(), nullable=False),
        sa.Column("first_purchase_at", Instant),
        sa.Column("last_purchase_at", Instant),
        sa.Column("visits", sa.BigInteger(), nullable=False),
        sa.Column("spend_minor", sa.BigInteger(), nullable=False),
        sa.Column("points_earned", sa.BigInteger(), nullable=False),
        sa.Column("spend_365d_minor", sa.BigInteger(), nullable=False),
        sa.Column("visits_365d", sa.BigInteger(), nullable=False),
        sa.Column("window_as_of", Instant, nullable=False),
        sa.Column("window_oldest_at", Instant),
        sa.Column("next_revisit_at", Instant),
        sa.Column("next_expiry_at", Instant),
        sa.Column("next_due_at", Instant),
        sa.Column("advanced_to", Instant, nullable=False),
        sa.Column("care_from", Instant, nullable=False),
        sa.Column("frozen_at", Instant),
        sa.Column("frozen_reason", sa.Text()),
        sa.CheckConstraint("stage in ('joined', 'active', 'at_risk', 'lapsed')", name="stage"),
        sa.CheckConstraint("spend_365d_minor >= 0 and visits_365d >= 0", name="window"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_standing_member_id"),
        sa.PrimaryKeyConstraint("member_id", name="pk_standing"),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("ix_standing_next_due_at", "standing", ["next_due_at"])
    op.create_index("ix_standing_stage_tier", "standing", ["stage", "tier"])


def _care() -> None:
    op.create_table(
        "care_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", Instant, nullable=False),
        sa.Column("opened_at", Instant, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("closed_at", Instant),
        sa.Column("closed_by", sa.Uuid()),
        sa.CheckConstraint("(status = 'closed') = (outcome is not null)", name="closed_with_outcome"),
        sa.CheckConstraint("status in ('open', 'closed')", name="status"),
        sa.ForeignKeyConstraint(["closed_by"], ["operator.id"], name="fk_care_task_closed_by"),
        sa.ForeignKeyConstraint(["event_id"], ["lifecycle_event.id"], name="fk_care_task_event_id"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_care_task_member_id"),
        sa.PrimaryKeyConstraint("id", name="pk_care_task"),
        sa.UniqueConstraint("event_id", name="uq_care_task_event_id"),
    )
    op.create_index("ix_care_task_member_id", "care_task", ["member_id", "due_at"])
    op.create_index("ix_care_task_open", "care_task", ["due_at"], postgresql_where=sa.text("status = 'open'"))


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("next_due_at", Instant),
        sa.Column("bulk", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("claimed_until", Instant),
        sa.Column("claimed_by", sa.Text()),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_waiting", "outbox", ["bulk", "id"])
    op.create_table(
        "relay_status",
        sa.Column("relay", sa.Text(), nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.Column("signals", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("lag_ms_median", sa.BigInteger()),
        sa.Column("lag_ms_max", sa.BigInteger()),
        sa.Column("last_error", sa.Text()),
        sa.PrimaryKeyConstraint("relay", name="pk_relay_status"),
    )
    op.create_table(
        "bulk_load",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("id = 1", name=op.f("ck_bulk_load_one_at_a_time")),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_load"),
    )
