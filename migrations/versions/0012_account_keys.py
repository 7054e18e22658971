"""Account signing keys."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "account_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=11), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("public", sa.String(length=44), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(ended_at is null) = (sealed is not null)", name=op.f("ck_account_key_sealed")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_key_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_key")),
        sa.UniqueConstraint("code", name=op.f("uq_account_key_code")),
        sa.UniqueConstraint("public", name=op.f("uq_account_key_public")),
    )
    op.create_index(op.f("ix_account_key_person_id"), "account_key", ["person_id"], unique=False)
    op.create_index(
        "uq_account_key_running", "account_key", ["person_id"], unique=True, postgresql_where="ended_at IS NULL"
    )


def downgrade() -> None:
    """Remove the tables."""
    op.drop_index("uq_account_key_running", table_name="account_key", postgresql_where="ended_at IS NULL")
    op.drop_index(op.f("ix_account_key_person_id"), table_name="account_key")
    op.drop_table("account_key")
