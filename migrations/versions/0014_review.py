"""Review: published notices and the clauses found in them; what a public buyer asks, why he keeps a clause, what stops an order."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from market.orders.terms import default_rows

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NEW_TERMS = ("objection_days", "amend_days")
KINDS = ("order", "tender", "listing", "item", "standard")
SEVERITIES = ("block", "justify", "warn")


def kept_as(name: str, *values: str) -> sa.Enum:
    """A closed set of words, held by a CHECK called `name`."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)


def upgrade() -> None:
    """Make the tables, the columns of orders and the two terms (a market that began later has them already)."""
    op.create_table(
        "review_notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column(
            "state", kept_as("notice_state", "open", "in_force", "objected", "replaced", "ended"), nullable=False
        ),
        sa.Column("kind", kept_as("notice_kind", *KINDS), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("district", sa.String(length=6), nullable=True),
        sa.Column("item", sa.String(length=60), nullable=True),
        sa.Column("fund", kept_as("notice_fund", "fiscal", "state-owned", "private"), nullable=True),
        sa.Column("texts", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("object_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("objected_rules", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("objection", sa.Text(), nullable=True),
        sa.Column("objected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_review_notice_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_notice")),
        sa.UniqueConstraint("code", name=op.f("uq_review_notice_code")),
        sa.UniqueConstraint("kind", "subject", "number", name=op.f("uq_review_notice_kind_subject_number")),
    )
    op.create_index(
        "uq_review_notice_current",
        "review_notice",
        ["kind", "subject"],
        unique=True,
        postgresql_where="state IN ('open', 'in_force', 'objected')",
    )
    op.create_index("ix_review_notice_open", "review_notice", ["object_by"], postgresql_where="state = 'open'")
    op.create_index("ix_review_notice_published", "review_notice", ["published_at", "id"])
    op.create_index(op.f("ix_review_notice_organisation_id"), "review_notice", ["organisation_id"])
    op.create_table(
        "review_clause",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", kept_as("clause_kind", *KINDS), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("rule", sa.String(length=12), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("severity", kept_as("clause_severity", *SEVERITIES), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("words", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["review_notice.id"], name=op.f("fk_review_clause_notice_id_review_notice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_clause")),
    )
    op.create_index(
        "uq_review_clause_found",
        "review_clause",
        ["kind", "subject", "rule", "field"],
        unique=True,
        postgresql_where="notice_id IS NULL",
    )
    op.create_index("ix_review_clause_month", "review_clause", ["month", "rule"])
    op.create_index(op.f("ix_review_clause_notice_id"), "review_clause", ["notice_id"])

    op.add_column("order", sa.Column("requirements", sa.Text(), server_default="", nullable=False))
    op.add_column("order", sa.Column("conditions", sa.Text(), server_default="", nullable=False))
    op.add_column("order", sa.Column("reasons", postgresql.JSONB(), server_default="{}", nullable=False))
    op.add_column("order", sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True))

    add = sa.text(
        "INSERT INTO order_term (name, item, region, value, valid_from, source) "
        "VALUES (:name, NULL, NULL, :value, :valid_from, :source) ON CONFLICT DO NOTHING"
    )
    for row in default_rows():
        if row.name in NEW_TERMS:
            op.execute(add.bindparams(name=row.name, value=row.value, valid_from=row.valid_from, source=row.source))


def downgrade() -> None:
    """Drop them; orders that an objection stops lose the stop and keep their term."""
    op.execute(sa.text("DELETE FROM order_term WHERE name IN ('objection_days', 'amend_days')"))
    for column in ("stopped_at", "reasons", "conditions", "requirements"):
        op.drop_column("order", column)
    op.drop_table("review_clause")
    op.drop_table("review_notice")
