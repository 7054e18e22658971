"""Centres: hours, booked places, counter sessions, consents, what was read back, codes on paper; people known from a counter.

The first hours are the market's own choice (product.md gives none): on working days 9:00 to 12:00 and 13:00 to 17:00, two places
each quarter hour, at every centre with a window until an operator sets others.
"""

from datetime import date, time

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

HOURS = ((time(9), time(12)), (time(13), time(17)))
PLACES = 2
FIRST = date(2024, 1, 1)


def upgrade() -> None:
    """Make the tables and the first hours."""
    op.create_table(
        "pickup_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order", sa.String(length=11), nullable=False),
        sa.Column("pickup", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pickup_code")),
        sa.UniqueConstraint("order", name=op.f("uq_pickup_code_order")),
        sa.UniqueConstraint("pickup", name=op.f("uq_pickup_code_pickup")),
    )
    op.create_table(
        "booking",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("order", sa.String(length=11), nullable=True),
        sa.Column("centre", sa.String(length=12), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column(
            "visit",
            sa.Enum(
                "order",
                "papers",
                "result",
                "advice",
                name="visit",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "booked",
                "kept",
                "missed",
                "cancelled",
                name="booking_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "web",
                "api",
                "counter",
                "kiosk",
                "command",
                "job",
                name="booking_channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("place >= 1", name=op.f("ck_booking_place")),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_booking_centre_centre")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_booking_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
        sa.UniqueConstraint("code", name=op.f("uq_booking_code")),
    )
    op.create_index(op.f("ix_booking_centre"), "booking", ["centre"], unique=False)
    op.create_index("ix_booking_due", "booking", ["starts_at"], unique=False, postgresql_where="state = 'booked'")
    op.create_index(op.f("ix_booking_order"), "booking", ["order"], unique=False)
    op.create_index(op.f("ix_booking_person_id"), "booking", ["person_id"], unique=False)
    op.create_index(
        "uq_booking_person_hour", "booking", ["person_id", "hour"], unique=True, postgresql_where="state = 'booked'"
    )
    op.create_index(
        "uq_booking_place",
        "booking",
        ["centre", "starts_at", "place"],
        unique=True,
        postgresql_where="state = 'booked'",
    )
    op.create_table(
        "centre_hours",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("centre", sa.String(length=12), nullable=True),
        sa.Column("weekday", sa.SmallInteger(), nullable=True),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("places", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("opens < closes", name=op.f("ck_centre_hours_span")),
        sa.CheckConstraint("places between 0 and 50", name=op.f("ck_centre_hours_places")),
        sa.CheckConstraint("valid_to is null or valid_to >= valid_from", name=op.f("ck_centre_hours_validity")),
        sa.CheckConstraint("weekday between 1 and 7", name=op.f("ck_centre_hours_weekday")),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_centre_hours_centre_centre")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_centre_hours")),
    )
    op.create_index(op.f("ix_centre_hours_centre"), "centre_hours", ["centre"], unique=False)
    op.create_table(
        "counter_person",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("id_number", sa.Text(), nullable=False),
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("mobile", sa.Text(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim_hash", sa.String(length=64), nullable=True),
        sa.Column("claim_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_counter_person_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counter_person")),
        sa.UniqueConstraint("claim_hash", name=op.f("uq_counter_person_claim_hash")),
        sa.UniqueConstraint("id_hash", name=op.f("uq_counter_person_id_hash")),
        sa.UniqueConstraint("person_id", name=op.f("uq_counter_person_person_id")),
    )
    op.create_table(
        "handover",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("centre", sa.String(length=12), nullable=True),
        sa.Column("matter", sa.String(length=60), nullable=True),
        sa.Column("item", sa.String(length=60), nullable=True),
        sa.Column("district", sa.String(length=6), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order", sa.String(length=11), nullable=True),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_handover_centre_centre")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sa.UniqueConstraint("code", name=op.f("uq_handover_code")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_handover_token_hash")),
    )
    op.create_index(op.f("ix_handover_order"), "handover", ["order"], unique=False)
    op.create_table(
        "person_pass",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_pass_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_pass")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_person_pass_code_hash")),
        sa.UniqueConstraint("person_id", name=op.f("uq_person_pass_person_id")),
    )
    op.create_table(
        "counter_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("clerk", sa.String(length=11), nullable=False),
        sa.Column("centre", sa.String(length=12), nullable=False),
        sa.Column("window", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("order", sa.String(length=11), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "done",
                "goes_on_online",
                "papers_missing",
                "appointment",
                "advice_only",
                "left",
                "abandoned",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("documents_saved", sa.SmallInteger(), nullable=False),
        sa.Column("screen_hash", sa.String(length=64), nullable=True),
        sa.CheckConstraint("seconds is null or seconds >= 0", name=op.f("ck_counter_session_seconds")),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_counter_session_booking_id_booking")),
        sa.ForeignKeyConstraint(["centre"], ["centre.code"], name=op.f("fk_counter_session_centre_centre")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_counter_session_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counter_session")),
        sa.UniqueConstraint("code", name=op.f("uq_counter_session_code")),
        sa.UniqueConstraint("screen_hash", name=op.f("uq_counter_session_screen_hash")),
    )
    op.create_index("ix_counter_session_day", "counter_session", ["day", "centre"], unique=False)
    op.create_index(op.f("ix_counter_session_clerk"), "counter_session", ["clerk"], unique=False)
    op.create_index(op.f("ix_counter_session_order"), "counter_session", ["order"], unique=False)
    op.create_index(op.f("ix_counter_session_person_id"), "counter_session", ["person_id"], unique=False)
    op.create_index(
        "uq_counter_session_clerk", "counter_session", ["clerk"], unique=True, postgresql_where="ended_at IS NULL"
    )
    op.create_index(
        "uq_counter_session_window",
        "counter_session",
        ["centre", "window"],
        unique=True,
        postgresql_where="ended_at IS NULL",
    )
    op.create_table(
        "counter_consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("clerk", sa.String(length=11), nullable=False),
        sa.Column("acts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "how",
            sa.Enum(
                "signature_pad",
                "paper",
                "spoken",
                name="consent_how",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("document", sa.String(length=11), nullable=True),
        sa.Column("witness", sa.String(length=11), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("cardinality(acts) > 0", name=op.f("ck_counter_consent_acts")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_counter_consent_person_id_person")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["counter_session.id"], name=op.f("fk_counter_consent_session_id_counter_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counter_consent")),
        sa.UniqueConstraint("code", name=op.f("uq_counter_consent_code")),
    )
    op.create_index(op.f("ix_counter_consent_clerk"), "counter_consent", ["clerk"], unique=False)
    op.create_index(op.f("ix_counter_consent_document"), "counter_consent", ["document"], unique=False)
    op.create_index(op.f("ix_counter_consent_person_id"), "counter_consent", ["person_id"], unique=False)
    op.create_index(op.f("ix_counter_consent_witness"), "counter_consent", ["witness"], unique=False)
    op.create_index(
        "uq_counter_consent_running",
        "counter_consent",
        ["session_id"],
        unique=True,
        postgresql_where="withdrawn_at IS NULL",
    )
    op.create_table(
        "read_back",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("order", sa.String(length=11), nullable=False),
        sa.Column(
            "deed",
            sa.Enum(
                "place",
                "accept",
                "rework",
                "message",
                name="deed",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "shown",
                "confirmed",
                "done",
                "dropped",
                name="read_back_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("said", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "how",
            sa.Enum(
                "screen",
                "signature_pad",
                "paper",
                name="confirmed_how",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["counter_session.id"], name=op.f("fk_read_back_session_id_counter_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read_back")),
        sa.UniqueConstraint("code", name=op.f("uq_read_back_code")),
    )
    op.create_index(op.f("ix_read_back_order"), "read_back", ["order"], unique=False)
    op.create_index(
        "uq_read_back_open",
        "read_back",
        ["session_id"],
        unique=True,
        postgresql_where="state in ('shown', 'confirmed')",
    )
    op.create_index(
        "ix_audit_entry_on_behalf_of",
        "audit_entry",
        ["on_behalf_of"],
        unique=False,
        postgresql_where="on_behalf_of IS NOT NULL",
    )
    hours = sa.table("centre_hours", *(sa.column(name) for name in ("opens", "closes", "places", "valid_from")))
    op.bulk_insert(
        hours,
        [{"opens": opens, "closes": closes, "places": PLACES, "valid_from": FIRST} for opens, closes in HOURS],
    )


def downgrade() -> None:
    """Remove the tables."""
    op.drop_index("ix_audit_entry_on_behalf_of", table_name="audit_entry", postgresql_where="on_behalf_of IS NOT NULL")
    op.drop_index("uq_read_back_open", table_name="read_back", postgresql_where="state in ('shown', 'confirmed')")
    op.drop_index(op.f("ix_read_back_order"), table_name="read_back")
    op.drop_table("read_back")
    op.drop_index("uq_counter_consent_running", table_name="counter_consent", postgresql_where="withdrawn_at IS NULL")
    op.drop_index(op.f("ix_counter_consent_witness"), table_name="counter_consent")
    op.drop_index(op.f("ix_counter_consent_person_id"), table_name="counter_consent")
    op.drop_index(op.f("ix_counter_consent_document"), table_name="counter_consent")
    op.drop_index(op.f("ix_counter_consent_clerk"), table_name="counter_consent")
    op.drop_table("counter_consent")
    op.drop_index("uq_counter_session_window", table_name="counter_session", postgresql_where="ended_at IS NULL")
    op.drop_index("uq_counter_session_clerk", table_name="counter_session", postgresql_where="ended_at IS NULL")
    op.drop_index(op.f("ix_counter_session_person_id"), table_name="counter_session")
    op.drop_index(op.f("ix_counter_session_order"), table_name="counter_session")
    op.drop_index(op.f("ix_counter_session_clerk"), table_name="counter_session")
    op.drop_index("ix_counter_session_day", table_name="counter_session")
    op.drop_table("counter_session")
    op.drop_table("person_pass")
    op.drop_index(op.f("ix_handover_order"), table_name="handover")
    op.drop_table("handover")
    op.drop_table("counter_person")
    op.drop_index(op.f("ix_centre_hours_centre"), table_name="centre_hours")
    op.drop_table("centre_hours")
    op.drop_index("uq_booking_place", table_name="booking", postgresql_where="state = 'booked'")
    op.drop_index("uq_booking_person_hour", table_name="booking", postgresql_where="state = 'booked'")
    op.drop_index(op.f("ix_booking_person_id"), table_name="booking")
    op.drop_index(op.f("ix_booking_order"), table_name="booking")
    op.drop_index("ix_booking_due", table_name="booking", postgresql_where="state = 'booked'")
    op.drop_index(op.f("ix_booking_centre"), table_name="booking")
    op.drop_table("booking")
    op.drop_table("pickup_code")
