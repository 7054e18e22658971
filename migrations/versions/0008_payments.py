"""Payments: instalments, visits to the gateway, refunds, earnings, the ledger, events, differences.

The ledger is only added to: a trigger refuses every change and removal of its rows, and at the commit another one refuses an
entry whose lines do not add up to zero.
"""

from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: the platform's fee from the first day: none
FIRST_FEE = {
    "valid_from": date(2020, 1, 1),
    "permille": 0,
    "source": "西市不收平台服务费。/ West Market takes no fee.",
}

KEEP = """
CREATE FUNCTION ledger_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is only added to: no % on %', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER ledger_entry_kept BEFORE UPDATE OR DELETE ON ledger_entry
  FOR EACH ROW EXECUTE FUNCTION ledger_is_only_added_to();
CREATE TRIGGER ledger_line_kept BEFORE UPDATE OR DELETE ON ledger_line
  FOR EACH ROW EXECUTE FUNCTION ledger_is_only_added_to();
CREATE TRIGGER ledger_entry_never_emptied BEFORE TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_only_added_to();
CREATE TRIGGER ledger_line_never_emptied BEFORE TRUNCATE ON ledger_line
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_only_added_to();
CREATE FUNCTION ledger_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE rest bigint;
BEGIN
  SELECT sum(fen) INTO rest FROM ledger_line WHERE entry_id = NEW.entry_id;
  IF rest <> 0 THEN
    RAISE EXCEPTION 'entry % of the ledger does not balance: % fen too much', NEW.entry_id, rest;
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_line_balances AFTER INSERT ON ledger_line
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_balances();
"""


def upgrade() -> None:
    """Make the tables, the fee's first row and the guards of the ledger."""
    op.create_table(
        "difference",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("about", sa.String(length=11), nullable=True),
        sa.Column("order", sa.String(length=11), nullable=True),
        sa.Column("ours_fen", sa.BigInteger(), nullable=False),
        sa.Column("theirs_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "mended",
                "settled",
                name="difference_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("how", sa.String(length=24), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("person", sa.String(length=11), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difference")),
        sa.UniqueConstraint("code", name=op.f("uq_difference_code")),
    )
    op.create_index(op.f("ix_difference_order"), "difference", ["order"], unique=False)
    op.create_index(op.f("ix_difference_state"), "difference", ["state"], unique=False)
    op.create_index("uq_difference_open", "difference", ["kind", "ref"], unique=True, postgresql_where="state = 'open'")
    op.create_table(
        "escrow",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("vendor", sa.String(length=11), nullable=False),
        sa.Column("dispute", sa.String(length=11), nullable=True),
        sa.Column("decided_fen", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escrow")),
        sa.UniqueConstraint("code", name=op.f("uq_escrow_code")),
    )
    op.create_index(op.f("ix_escrow_vendor"), "escrow", ["vendor"], unique=False)
    op.create_table(
        "fee_rate",
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("permille", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("permille between 0 and 1000", name=op.f("ck_fee_rate_permille")),
        sa.PrimaryKeyConstraint("valid_from", name=op.f("pk_fee_rate")),
    )
    op.create_table(
        "gateway_endpoint",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_endpoint")),
        sa.UniqueConstraint("gateway", "url", name=op.f("uq_gateway_endpoint_gateway_url")),
    )
    op.create_table(
        "gateway_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("event", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "stored",
                "applied",
                "no_effect",
                "not_ours",
                name="event_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("thing", sa.String(length=16), nullable=True),
        sa.Column("ref", sa.String(length=200), nullable=True),
        sa.Column("account", sa.String(length=200), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.SmallInteger(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_event")),
        sa.UniqueConstraint("gateway", "event", name=op.f("uq_gateway_event_gateway_event")),
    )
    op.create_index(op.f("ix_gateway_event_state"), "gateway_event", ["state"], unique=False)
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "account",
            sa.Enum(
                "gateway",
                "bank",
                "chargebacks",
                "vendor_debt",
                "losses",
                "escrow",
                "vendor",
                "payouts",
                "refunds",
                "fee",
                name="ledger_account_kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("owner", sa.String(length=11), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("account", "owner", name=op.f("uq_ledger_account_account_owner")),
    )
    op.create_table(
        "payout_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=True),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("needs", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=True),
        sa.Column("bank", sa.String(length=200), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_account")),
        sa.UniqueConstraint("code", name=op.f("uq_payout_account_code")),
        sa.UniqueConstraint("ref", name=op.f("uq_payout_account_ref")),
    )
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("mended", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("escrow_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "due",
                "begun",
                "held",
                "released",
                "refunded",
                "taken_back",
                "void",
                name="payment_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("pay_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "method",
            sa.Enum(
                "card",
                "wallet",
                "invoice",
                "nothing",
                name="payment_method",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("invoiced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("fen >= 0", name=op.f("ck_payment_fen")),
        sa.ForeignKeyConstraint(["escrow_id"], ["escrow.id"], name=op.f("fk_payment_escrow_id_escrow")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("code", name=op.f("uq_payment_code")),
        sa.UniqueConstraint("escrow_id", "number", "part", name=op.f("uq_payment_escrow_id_number_part")),
    )
    op.create_index(op.f("ix_payment_state"), "payment", ["state"], unique=False)
    op.create_table(
        "bank_transfer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "paid_in",
                "refund",
                "payout",
                "clawback",
                name="transfer_kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.String(length=11), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "recorded",
                "confirmed",
                "rejected",
                name="transfer_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("recorded_by", sa.String(length=11), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.String(length=11), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint("fen > 0", name=op.f("ck_bank_transfer_fen")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_bank_transfer_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_transfer")),
        sa.UniqueConstraint("code", name=op.f("uq_bank_transfer_code")),
    )
    op.create_index(op.f("ix_bank_transfer_about"), "bank_transfer", ["about"], unique=False)
    op.create_index(op.f("ix_bank_transfer_payment_id"), "bank_transfer", ["payment_id"], unique=False)
    op.create_index(op.f("ix_bank_transfer_recorded_by"), "bank_transfer", ["recorded_by"], unique=False)
    op.create_index(op.f("ix_bank_transfer_state"), "bank_transfer", ["state"], unique=False)
    op.create_index(
        "uq_bank_transfer_open", "bank_transfer", ["about"], unique=True, postgresql_where="state = 'recorded'"
    )
    op.create_index(
        "uq_bank_transfer_reference",
        "bank_transfer",
        ["reference"],
        unique=True,
        postgresql_where="state in ('recorded', 'confirmed')",
    )
    op.create_table(
        "checkout",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "open",
                "succeeded",
                "refused",
                name="checkout_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(length=11), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=True),
        sa.Column("charge", sa.String(length=200), nullable=True),
        sa.Column("url", sa.String(length=2000), nullable=True),
        sa.Column("closing", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("cause", sa.String(length=60), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_checkout_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkout")),
        sa.UniqueConstraint("charge", name=op.f("uq_checkout_charge")),
        sa.UniqueConstraint("code", name=op.f("uq_checkout_code")),
        sa.UniqueConstraint("ref", name=op.f("uq_checkout_ref")),
    )
    op.create_index(op.f("ix_checkout_payment_id"), "checkout", ["payment_id"], unique=False)
    op.create_index(op.f("ix_checkout_person"), "checkout", ["person"], unique=False)
    op.create_index(
        "ix_checkout_unanswered", "checkout", ["begun_at"], unique=False, postgresql_where="state in ('asked', 'open')"
    )
    op.create_index(
        "uq_checkout_open", "checkout", ["payment_id"], unique=True, postgresql_where="state in ('asked', 'open')"
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("order", sa.String(length=11), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_ledger_entry_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_entry_key")),
    )
    op.create_index(op.f("ix_ledger_entry_order"), "ledger_entry", ["order"], unique=False)
    op.create_index(op.f("ix_ledger_entry_payment_id"), "ledger_entry", ["payment_id"], unique=False)
    op.create_table(
        "payout",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor", sa.String(length=11), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("clawed_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "due",
                "begun",
                "paid",
                "returned",
                "dropped",
                name="payout_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("sent_fen", sa.BigInteger(), nullable=False),
        sa.Column("by_transfer", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=True),
        sa.Column("transfer", sa.String(length=200), nullable=True),
        sa.Column("ref", sa.String(length=200), nullable=True),
        sa.Column("failure", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("clawed_fen between 0 and fen", name=op.f("ck_payout_clawed")),
        sa.CheckConstraint("fen > 0 and fee_fen >= 0", name=op.f("ck_payout_fen")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payout_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
        sa.UniqueConstraint("code", name=op.f("uq_payout_code")),
        sa.UniqueConstraint("ref", name=op.f("uq_payout_ref")),
        sa.UniqueConstraint("transfer", name=op.f("uq_payout_transfer")),
    )
    op.create_index(op.f("ix_payout_payment_id"), "payout", ["payment_id"], unique=False)
    op.create_index(op.f("ix_payout_state"), "payout", ["state"], unique=False)
    op.create_index(op.f("ix_payout_vendor"), "payout", ["vendor"], unique=False)
    op.create_index(
        "ix_payout_waiting", "payout", ["vendor"], unique=False, postgresql_where="state in ('due', 'returned')"
    )
    op.create_table(
        "chargeback",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("checkout_id", sa.BigInteger(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "open", "won", "lost", name="chargeback_state", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column(
            "state_before",
            sa.Enum(
                "due",
                "begun",
                "held",
                "released",
                "refunded",
                "taken_back",
                "void",
                name="payment_state_before",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("fen > 0", name=op.f("ck_chargeback_fen")),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkout.id"], name=op.f("fk_chargeback_checkout_id_checkout")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_chargeback_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chargeback")),
        sa.UniqueConstraint("code", name=op.f("uq_chargeback_code")),
        sa.UniqueConstraint("ref", name=op.f("uq_chargeback_ref")),
    )
    op.create_index(op.f("ix_chargeback_payment_id"), "chargeback", ["payment_id"], unique=False)
    op.create_index(op.f("ix_chargeback_state"), "chargeback", ["state"], unique=False)
    op.create_table(
        "clawback",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "begun", "done", "failed", name="clawback_state", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("owed", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=True),
        sa.Column("failure", sa.String(length=200), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("fen > 0", name=op.f("ck_clawback_fen")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_clawback_payout_id_payout")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clawback")),
        sa.UniqueConstraint("code", name=op.f("uq_clawback_code")),
        sa.UniqueConstraint("ref", name=op.f("uq_clawback_ref")),
    )
    op.create_index(op.f("ix_clawback_payout_id"), "clawback", ["payout_id"], unique=False)
    op.create_index(op.f("ix_clawback_state"), "clawback", ["state"], unique=False)
    op.create_table(
        "ledger_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("fen <> 0", name=op.f("ck_ledger_line_fen")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ledger_account.id"], name=op.f("fk_ledger_line_account_id_ledger_account")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_ledger_line_entry_id_ledger_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_line")),
    )
    op.create_index(
        "ix_ledger_line_account_fen", "ledger_line", ["account_id"], unique=False, postgresql_include=["fen"]
    )
    op.create_index(op.f("ix_ledger_line_entry_id"), "ledger_line", ["entry_id"], unique=False)
    op.create_table(
        "refund",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("checkout_id", sa.BigInteger(), nullable=True),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "cancelled",
                "dispute",
                "late",
                "amended",
                "chargeback_won",
                "officer",
                name="refund_cause",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "begun",
                "done",
                "failed",
                name="refund_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=True),
        sa.Column("failure", sa.String(length=200), nullable=True),
        sa.Column("person", sa.String(length=11), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("fen > 0", name=op.f("ck_refund_fen")),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkout.id"], name=op.f("fk_refund_checkout_id_checkout")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("code", name=op.f("uq_refund_code")),
        sa.UniqueConstraint("form_key", name=op.f("uq_refund_form_key")),
        sa.UniqueConstraint("ref", name=op.f("uq_refund_ref")),
    )
    op.create_index(op.f("ix_refund_payment_id"), "refund", ["payment_id"], unique=False)
    op.create_index(op.f("ix_refund_person"), "refund", ["person"], unique=False)
    op.create_index(op.f("ix_refund_state"), "refund", ["state"], unique=False)
    fee = sa.table("fee_rate", sa.column("valid_from", sa.Date()), sa.column("permille"), sa.column("source"))
    op.bulk_insert(fee, [FIRST_FEE])
    op.execute(KEEP)


def downgrade() -> None:
    """Remove the tables with all that they hold."""
    op.drop_index(op.f("ix_refund_state"), table_name="refund")
    op.drop_index(op.f("ix_refund_person"), table_name="refund")
    op.drop_index(op.f("ix_refund_payment_id"), table_name="refund")
    op.drop_table("refund")
    op.drop_index(op.f("ix_ledger_line_entry_id"), table_name="ledger_line")
    op.drop_index("ix_ledger_line_account_fen", table_name="ledger_line", postgresql_include=["fen"])
    op.drop_table("ledger_line")
    op.drop_index(op.f("ix_clawback_state"), table_name="clawback")
    op.drop_index(op.f("ix_clawback_payout_id"), table_name="clawback")
    op.drop_table("clawback")
    op.drop_index(op.f("ix_chargeback_state"), table_name="chargeback")
    op.drop_index(op.f("ix_chargeback_payment_id"), table_name="chargeback")
    op.drop_table("chargeback")
    op.drop_index("ix_payout_waiting", table_name="payout", postgresql_where="state in ('due', 'returned')")
    op.drop_index(op.f("ix_payout_vendor"), table_name="payout")
    op.drop_index(op.f("ix_payout_state"), table_name="payout")
    op.drop_index(op.f("ix_payout_payment_id"), table_name="payout")
    op.drop_table("payout")
    op.drop_index(op.f("ix_ledger_entry_payment_id"), table_name="ledger_entry")
    op.drop_index(op.f("ix_ledger_entry_order"), table_name="ledger_entry")
    op.drop_table("ledger_entry")
    op.drop_index("uq_checkout_open", table_name="checkout", postgresql_where="state in ('asked', 'open')")
    op.drop_index("ix_checkout_unanswered", table_name="checkout", postgresql_where="state in ('asked', 'open')")
    op.drop_index(op.f("ix_checkout_person"), table_name="checkout")
    op.drop_index(op.f("ix_checkout_payment_id"), table_name="checkout")
    op.drop_table("checkout")
    op.drop_index(
        "uq_bank_transfer_reference", table_name="bank_transfer", postgresql_where="state in ('recorded', 'confirmed')"
    )
    op.drop_index("uq_bank_transfer_open", table_name="bank_transfer", postgresql_where="state = 'recorded'")
    op.drop_index(op.f("ix_bank_transfer_state"), table_name="bank_transfer")
    op.drop_index(op.f("ix_bank_transfer_recorded_by"), table_name="bank_transfer")
    op.drop_index(op.f("ix_bank_transfer_payment_id"), table_name="bank_transfer")
    op.drop_index(op.f("ix_bank_transfer_about"), table_name="bank_transfer")
    op.drop_table("bank_transfer")
    op.drop_index(op.f("ix_payment_state"), table_name="payment")
    op.drop_table("payment")
    op.drop_table("reconciliation")
    op.drop_table("payout_account")
    op.drop_table("ledger_account")
    op.drop_index(op.f("ix_gateway_event_state"), table_name="gateway_event")
    op.drop_table("gateway_event")
    op.drop_table("gateway_endpoint")
    op.drop_table("fee_rate")
    op.drop_index(op.f("ix_escrow_vendor"), table_name="escrow")
    op.drop_table("escrow")
    op.drop_index("uq_difference_open", table_name="difference", postgresql_where="state = 'open'")
    op.drop_index(op.f("ix_difference_state"), table_name="difference")
    op.drop_index(op.f("ix_difference_order"), table_name="difference")
    op.drop_table("difference")
    op.execute("DROP FUNCTION ledger_is_only_added_to")
    op.execute("DROP FUNCTION ledger_entry_balances")
