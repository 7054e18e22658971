"""Orders: needs, contracts, stages of the work, disputes, terms."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from market.orders.terms import default_rows

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_term",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("item", sa.String(length=60), nullable=True),
        sa.Column("region", sa.String(length=6), nullable=True),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_term")),
        sa.UniqueConstraint(
            "name",
            "item",
            "region",
            "valid_from",
            name=op.f("uq_order_term_name_item_region_valid_from"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    term = sa.table(
        "order_term",
        *(sa.column(name) for name in ("name", "item", "region", "value", "source")),
        sa.column("valid_from", sa.Date()),
    )
    op.bulk_insert(
        term,
        [
            {
                "name": row.name,
                "item": row.item,
                "region": row.region,
                "value": row.value,
                "valid_from": row.valid_from,
                "source": row.source,
            }
            for row in default_rows()
        ],
    )
    op.create_table(
        "order",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "in_review",
                "selecting",
                "awarded",
                "contracted",
                "funded",
                "under_way",
                "delivered",
                "accepted",
                "closed",
                "disputed",
                "cancelled",
                "failed",
                name="order_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state_before",
            sa.Enum(
                "draft",
                "in_review",
                "selecting",
                "awarded",
                "contracted",
                "funded",
                "under_way",
                "delivered",
                "accepted",
                "closed",
                "disputed",
                "cancelled",
                "failed",
                name="order_state_before",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column(
            "buyer_kind",
            sa.Enum(
                "citizen",
                "firm",
                "public_body",
                name="buyer_kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "channel",
            sa.Enum(
                "web",
                "api",
                "counter",
                "kiosk",
                "command",
                "job",
                name="order_channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("clerk", sa.String(length=11), nullable=True),
        sa.Column("consent", sa.String(length=11), nullable=True),
        sa.Column("matter", sa.String(length=60), nullable=True),
        sa.Column("item", sa.String(length=60), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("district", sa.String(length=6), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "fund",
            sa.Enum("private", "fiscal", name="fund", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("needed_by", sa.Date(), nullable=True),
        sa.Column("ceiling_fen", sa.BigInteger(), nullable=True),
        sa.Column(
            "way",
            sa.Enum(
                "direct",
                "draw",
                "price",
                "best_value",
                "auction",
                "merit_draw",
                name="way",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("justification", sa.Text(), nullable=True),
        sa.Column(
            "plan",
            sa.Enum("whole", "milestones", name="payment_plan", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("listing", sa.String(length=11), nullable=True),
        sa.Column("publication", sa.SmallInteger(), nullable=True),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("vendor_id", sa.BigInteger(), nullable=True),
        sa.Column("price_fen", sa.BigInteger(), nullable=True),
        sa.Column("days", sa.SmallInteger(), nullable=True),
        sa.Column("standard_version", sa.String(length=11), nullable=True),
        sa.Column("low_fen", sa.BigInteger(), nullable=True),
        sa.Column("reference_fen", sa.BigInteger(), nullable=True),
        sa.Column("high_fen", sa.BigInteger(), nullable=True),
        sa.Column("waiting_for", sa.String(length=24), nullable=True),
        sa.Column(
            "waiting_on",
            sa.Enum(
                "buyer",
                "vendor",
                "operator",
                "market",
                name="waiting_on",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contracted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("funded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("reworks", sa.SmallInteger(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.CheckConstraint("price_fen is null or price_fen >= 0", name=op.f("ck_order_price")),
        sa.CheckConstraint("step between 1 and 5", name=op.f("ck_order_step")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_order_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_order_person_id_person")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_order_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order")),
        sa.UniqueConstraint("code", name=op.f("uq_order_code")),
    )
    op.create_index("ix_order_buyer", "order", ["organisation_id", "person_id", "state"], unique=False)
    op.create_index(op.f("ix_order_clerk"), "order", ["clerk"], unique=False)
    op.create_index(op.f("ix_order_consent"), "order", ["consent"], unique=False)
    op.create_index("ix_order_due", "order", ["due_at"], unique=False, postgresql_where="due_at IS NOT NULL")
    op.create_index(op.f("ix_order_item"), "order", ["item"], unique=False)
    op.create_index(op.f("ix_order_listing"), "order", ["listing"], unique=False)
    op.create_index(op.f("ix_order_state"), "order", ["state"], unique=False)
    op.create_index("ix_order_vendor", "order", ["vendor_id", "state"], unique=False)
    op.create_table(
        "asked_vendor",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("listing", sa.String(length=11), nullable=False),
        sa.Column("publication", sa.SmallInteger(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "answer",
            sa.Enum(
                "waiting",
                "confirmed",
                "declined",
                "lapsed",
                "taken_back",
                name="answer",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_asked_vendor_order_id_order")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_asked_vendor_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked_vendor")),
    )
    op.create_index(op.f("ix_asked_vendor_listing"), "asked_vendor", ["listing"], unique=False)
    op.create_index(op.f("ix_asked_vendor_order_id"), "asked_vendor", ["order_id"], unique=False)
    op.create_index(op.f("ix_asked_vendor_vendor_id"), "asked_vendor", ["vendor_id"], unique=False)
    op.create_index(
        "uq_asked_vendor_waiting", "asked_vendor", ["order_id"], unique=True, postgresql_where="answer = 'waiting'"
    )
    op.create_table(
        "excluded_offer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("listing", sa.String(length=11), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_excluded_offer_order_id_order")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_excluded_offer_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_excluded_offer")),
        sa.UniqueConstraint("order_id", "listing", name=op.f("uq_excluded_offer_order_id_listing")),
    )
    op.create_index("ix_excluded_offer_vendor", "excluded_offer", ["vendor_id", "id"], unique=False)
    op.create_table(
        "contract",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "offered",
                "in_force",
                "replaced",
                "dropped",
                name="contract_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column(
            "proposed_by",
            sa.Enum(
                "buyer",
                "vendor",
                "operator",
                "market",
                name="proposed_by",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sign_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("in_force_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_contract_document_id_document")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_contract_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
        sa.UniqueConstraint("code", name=op.f("uq_contract_code")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_contract_order_id_number")),
    )
    op.create_index(op.f("ix_contract_digest"), "contract", ["digest"], unique=False)
    op.create_index(
        "uq_contract_in_force", "contract", ["order_id"], unique=True, postgresql_where="state = 'in_force'"
    )
    op.create_index("uq_contract_offered", "contract", ["order_id"], unique=True, postgresql_where="state = 'offered'")
    op.create_table(
        "dispute",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "decided",
                "withdrawn",
                name="dispute_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "party",
            sa.Enum(
                "buyer",
                "vendor",
                "operator",
                "market",
                name="disputing_party",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("claim_fen", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("documents", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=True),
        sa.Column("buyer_fen", sa.BigInteger(), nullable=True),
        sa.Column("vendor_fen", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("claim_fen >= 0", name=op.f("ck_dispute_claim")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_dispute_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("code", name=op.f("uq_dispute_code")),
    )
    op.create_index(op.f("ix_dispute_order_id"), "dispute", ["order_id"], unique=False)
    op.create_index("uq_dispute_open", "dispute", ["order_id"], unique=True, postgresql_where="state = 'open'")
    op.create_table(
        "milestone",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "under_way",
                "delivered",
                "accepted",
                "ended",
                name="milestone_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("is_funded", sa.Boolean(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.SmallInteger(), nullable=False),
        sa.Column("accept_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_lapse", sa.Boolean(), nullable=False),
        sa.CheckConstraint("fen >= 0", name=op.f("ck_milestone_fen")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_milestone_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_milestone_order_id_number")),
    )
    op.create_table(
        "order_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "party",
            sa.Enum(
                "buyer",
                "vendor",
                "operator",
                "market",
                name="writing_party",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("person", sa.String(length=11), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("documents", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_message_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_message")),
        sa.UniqueConstraint("form_key", name=op.f("uq_order_message_form_key")),
    )
    op.create_index(op.f("ix_order_message_order_id"), "order_message", ["order_id"], unique=False)
    op.create_index(op.f("ix_order_message_person"), "order_message", ["person"], unique=False)
    op.create_table(
        "order_paper",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "buyer",
                "hub",
                "result",
                name="paper_source",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("saved", sa.Boolean(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_order_paper_document_id_document")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_paper_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_paper")),
        sa.UniqueConstraint("order_id", "name", name=op.f("uq_order_paper_order_id_name")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("milestone_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("documents", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("digests", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exchange_receipt", sa.String(length=80), nullable=True),
        sa.Column("exchanged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestone.id"], name=op.f("fk_delivery_milestone_id_milestone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("milestone_id", "round", name=op.f("uq_delivery_milestone_id_round")),
    )
    op.create_table(
        "extension",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("milestone_id", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("days between 1 and 365", name=op.f("ck_extension_days")),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestone.id"], name=op.f("fk_extension_milestone_id_milestone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension")),
    )
    op.create_index(
        "uq_extension_open", "extension", ["milestone_id"], unique=True, postgresql_where="answered_at IS NULL"
    )
    op.create_table(
        "pause",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("milestone_id", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column(
            "party",
            sa.Enum(
                "buyer",
                "vendor",
                "operator",
                "market",
                name="pausing_party",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestone.id"], name=op.f("fk_pause_milestone_id_milestone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause")),
    )
    op.create_index("uq_pause_open", "pause", ["milestone_id"], unique=True, postgresql_where="ended_at IS NULL")
    op.create_table(
        "signature",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "party",
            sa.Enum(
                "buyer",
                "vendor",
                "operator",
                "market",
                name="signing_party",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("person", sa.String(length=11), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "account_key",
                "qualified",
                "paper",
                name="sign_method",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("key", sa.String(length=11), nullable=True),
        sa.Column("signature", sa.String(length=400), nullable=True),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_signature_contract_id_contract")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_signature_document_id_document")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
        sa.UniqueConstraint("contract_id", "party", name=op.f("uq_signature_contract_id_party")),
    )
    op.create_index(op.f("ix_signature_person"), "signature", ["person"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_signature_person"), table_name="signature")
    op.drop_table("signature")
    op.drop_index("uq_pause_open", table_name="pause", postgresql_where="ended_at IS NULL")
    op.drop_table("pause")
    op.drop_index("uq_extension_open", table_name="extension", postgresql_where="answered_at IS NULL")
    op.drop_table("extension")
    op.drop_table("delivery")
    op.drop_table("order_paper")
    op.drop_index(op.f("ix_order_message_person"), table_name="order_message")
    op.drop_index(op.f("ix_order_message_order_id"), table_name="order_message")
    op.drop_table("order_message")
    op.drop_table("milestone")
    op.drop_index("uq_dispute_open", table_name="dispute", postgresql_where="state = 'open'")
    op.drop_index(op.f("ix_dispute_order_id"), table_name="dispute")
    op.drop_table("dispute")
    op.drop_index("uq_contract_offered", table_name="contract", postgresql_where="state = 'offered'")
    op.drop_index("uq_contract_in_force", table_name="contract", postgresql_where="state = 'in_force'")
    op.drop_index(op.f("ix_contract_digest"), table_name="contract")
    op.drop_table("contract")
    op.drop_index("ix_excluded_offer_vendor", table_name="excluded_offer")
    op.drop_table("excluded_offer")
    op.drop_index("uq_asked_vendor_waiting", table_name="asked_vendor", postgresql_where="answer = 'waiting'")
    op.drop_index(op.f("ix_asked_vendor_vendor_id"), table_name="asked_vendor")
    op.drop_index(op.f("ix_asked_vendor_order_id"), table_name="asked_vendor")
    op.drop_index(op.f("ix_asked_vendor_listing"), table_name="asked_vendor")
    op.drop_table("asked_vendor")
    op.drop_index("ix_order_vendor", table_name="order")
    op.drop_index(op.f("ix_order_state"), table_name="order")
    op.drop_index(op.f("ix_order_listing"), table_name="order")
    op.drop_index(op.f("ix_order_item"), table_name="order")
    op.drop_index("ix_order_due", table_name="order", postgresql_where="due_at IS NOT NULL")
    op.drop_index(op.f("ix_order_consent"), table_name="order")
    op.drop_index(op.f("ix_order_clerk"), table_name="order")
    op.drop_index("ix_order_buyer", table_name="order")
    op.drop_table("order")
    op.drop_table("order_term")
