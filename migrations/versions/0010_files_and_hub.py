"""Documents: readers, data hub consents, resumable uploads, virus scans, retention terms, slips."""

from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OLD_PURPOSES = ("licence", "practitioner", "listing")
PURPOSES = (*OLD_PURPOSES, "paper", "contract", "result", "message", "proof")
CHOICE = "The market's choice, to be compared with the plan of the city's archive before it opens. "
#: purpose, length, unit, counted from, source
TERMS = (
    ("licence", 5, "years", "end", CHOICE + "Entry can be examined for five years after a vendor has left."),
    ("practitioner", 5, "years", "end", CHOICE + "As the licences of its firm."),
    ("listing", 3, "years", "end", CHOICE + "What was offered can be shown for three years after the offer ended."),
    ("paper", 3, "years", "end", CHOICE + "Papers that a matter asked for serve the order alone."),
    ("contract", 15, "years", "end", CHOICE + "As long as the result it is about."),
    (
        "result",
        15,
        "years",
        "end",
        "资产评估法 article 29: files are kept for at least 15 years; the market keeps all results so.",
    ),
    ("message", 3, "years", "end", CHOICE + "What the sides wrote to each other serves the order and its disputes."),
    ("proof", 5, "years", "end", CHOICE + "A decision about money can be examined for five years."),
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "document_reader",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner_code", sa.String(length=11), nullable=False),
        sa.Column("person", sa.String(length=11), nullable=True),
        sa.Column("organisation", sa.String(length=11), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(person IS NULL) <> (organisation IS NULL)", name=op.f("ck_document_reader_one_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_reader")),
    )
    op.create_index(op.f("ix_document_reader_organisation"), "document_reader", ["organisation"], unique=False)
    op.create_index(op.f("ix_document_reader_owner_code"), "document_reader", ["owner_code"], unique=False)
    op.create_index(op.f("ix_document_reader_person"), "document_reader", ["person"], unique=False)
    op.create_index(
        "uq_document_reader_running",
        "document_reader",
        ["owner_code", "person", "organisation"],
        unique=True,
        postgresql_where="ended_at IS NULL",
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "retention_term",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "licence",
                "practitioner",
                "listing",
                "paper",
                "contract",
                "result",
                "message",
                "proof",
                name="retention_purpose",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("length", sa.SmallInteger(), nullable=False),
        sa.Column(
            "unit",
            sa.Enum("years", "days", name="term_unit", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column(
            "counted",
            sa.Enum("given", "end", name="counted_from", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("length >= 0", name=op.f("ck_retention_term_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_term")),
        sa.UniqueConstraint("purpose", "valid_from", name=op.f("uq_retention_term_purpose_valid_from")),
    )
    op.create_table(
        "slip",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("order_code", sa.String(length=11), nullable=False),
        sa.Column("person", sa.String(length=11), nullable=True),
        sa.Column("organisation", sa.String(length=11), nullable=True),
        sa.Column("originals", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("centre", sa.String(length=60), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_by", sa.String(length=11), nullable=True),
        sa.Column("missing", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slip")),
        sa.UniqueConstraint("code", name=op.f("uq_slip_code")),
    )
    op.create_index(op.f("ix_slip_order_code"), "slip", ["order_code"], unique=False)
    op.create_index(op.f("ix_slip_organisation"), "slip", ["organisation"], unique=False)
    op.create_index(op.f("ix_slip_person"), "slip", ["person"], unique=False)
    op.create_index(op.f("ix_slip_received_by"), "slip", ["received_by"], unique=False)
    op.create_table(
        "data_consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("order_code", sa.String(length=11), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=11), nullable=False),
        sa.Column("organisation", sa.String(length=11), nullable=True),
        sa.Column("clerk", sa.String(length=11), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held", sa.Boolean(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_data_consent_document_id_document")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_consent")),
        sa.UniqueConstraint("code", name=op.f("uq_data_consent_code")),
    )
    op.create_index(op.f("ix_data_consent_clerk"), "data_consent", ["clerk"], unique=False)
    op.create_index(op.f("ix_data_consent_order_code"), "data_consent", ["order_code"], unique=False)
    op.create_index(op.f("ix_data_consent_organisation"), "data_consent", ["organisation"], unique=False)
    op.create_index(op.f("ix_data_consent_person"), "data_consent", ["person"], unique=False)
    op.create_index(
        "uq_data_consent_running",
        "data_consent",
        ["order_code", "kind"],
        unique=True,
        postgresql_where="withdrawn_at IS NULL",
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("received between 0 and size", name=op.f("ck_upload_received")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_upload_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("code", name=op.f("uq_upload_code")),
    )
    op.create_index(op.f("ix_upload_person_id"), "upload", ["person_id"], unique=False)
    op.create_table(
        "upload_part",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("upload_id", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_upload_part_size")),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name=op.f("fk_upload_part_upload_id_upload"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_part")),
        sa.UniqueConstraint("upload_id", "start", name=op.f("uq_upload_part_upload_id_start")),
    )
    op.add_column(
        "document",
        sa.Column(
            "source",
            sa.Enum(
                "given",
                "hub",
                "again",
                "made",
                name="document_source",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
            server_default="given",
        ),
    )
    op.add_column("document", sa.Column("issuer", sa.String(length=120), nullable=True))
    op.add_column("document", sa.Column("valid_to", sa.Date(), nullable=True))
    op.add_column("document", sa.Column("bound_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("document", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "document",
        sa.Column(
            "removal",
            sa.Enum(
                "withdrawn", "term", "erased", name="removal", native_enum=False, create_constraint=True, length=24
            ),
            nullable=True,
        ),
    )
    op.alter_column("document", "person_id", existing_type=sa.BIGINT(), nullable=True)
    op.add_column(
        "stored_file",
        sa.Column(
            "scan",
            sa.Enum("not_scanned", "clean", "found", name="scan", native_enum=False, create_constraint=True, length=24),
            nullable=False,
            server_default="not_scanned",
        ),
    )
    op.add_column("stored_file", sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("stored_file", sa.Column("found", sa.String(length=200), nullable=True))
    op.add_column("stored_file", sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_stored_file_scan"), "stored_file", ["scan"], unique=False)
    op.alter_column("document", "source", server_default=None)
    op.alter_column("stored_file", "scan", server_default=None)
    _allow_purposes(PURPOSES)
    table = sa.table(
        "retention_term",
        *(sa.column(name) for name in ("purpose", "length", "unit", "counted", "valid_from", "source")),
    )
    names = ("purpose", "length", "unit", "counted", "source")
    op.bulk_insert(
        table, [dict(zip(names, row, strict=True), valid_from=date(2026, 1, 1)) for row in TERMS], multiinsert=False
    )


def downgrade() -> None:
    """Remove the tables. Documents of orders stay, and so those without a person."""
    _allow_purposes(OLD_PURPOSES, also_old_rows=False)
    op.drop_index(op.f("ix_stored_file_scan"), table_name="stored_file")
    op.drop_column("stored_file", "gone_at")
    op.drop_column("stored_file", "found")
    op.drop_column("stored_file", "scanned_at")
    op.drop_column("stored_file", "scan")
    op.drop_column("document", "removal")
    op.drop_column("document", "ended_at")
    op.drop_column("document", "bound_at")
    op.drop_column("document", "valid_to")
    op.drop_column("document", "issuer")
    op.drop_column("document", "source")
    op.drop_table("upload_part")
    op.drop_index(op.f("ix_upload_person_id"), table_name="upload")
    op.drop_table("upload")
    op.drop_index("uq_data_consent_running", table_name="data_consent", postgresql_where="withdrawn_at IS NULL")
    op.drop_index(op.f("ix_data_consent_person"), table_name="data_consent")
    op.drop_index(op.f("ix_data_consent_organisation"), table_name="data_consent")
    op.drop_index(op.f("ix_data_consent_order_code"), table_name="data_consent")
    op.drop_index(op.f("ix_data_consent_clerk"), table_name="data_consent")
    op.drop_table("data_consent")
    op.drop_index(op.f("ix_slip_received_by"), table_name="slip")
    op.drop_index(op.f("ix_slip_person"), table_name="slip")
    op.drop_index(op.f("ix_slip_organisation"), table_name="slip")
    op.drop_index(op.f("ix_slip_order_code"), table_name="slip")
    op.drop_table("slip")
    op.drop_table("retention_term")
    op.drop_index(
        "uq_document_reader_running",
        table_name="document_reader",
        postgresql_where="ended_at IS NULL",
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index(op.f("ix_document_reader_person"), table_name="document_reader")
    op.drop_index(op.f("ix_document_reader_owner_code"), table_name="document_reader")
    op.drop_index(op.f("ix_document_reader_organisation"), table_name="document_reader")
    op.drop_table("document_reader")


def _allow_purposes(purposes: tuple[str, ...], also_old_rows: bool = True) -> None:
    """Only these purposes from here on; what is there already is not looked at when `also_old_rows` is false."""
    op.execute("ALTER TABLE document DROP CONSTRAINT ck_document_document_purpose")
    listed = ", ".join(f"'{one}'" for one in purposes)
    op.execute(
        f"ALTER TABLE document ADD CONSTRAINT ck_document_document_purpose CHECK (purpose IN ({listed}))"
        + ("" if also_old_rows else " NOT VALID")
    )
