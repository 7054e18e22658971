"""The public record: leaves, tiles, checkpoints, cosignatures, and the log's one row."""

import hashlib

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the row of an empty log."""
    op.create_table(
        "record_leaf",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("subjects", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_leaf")),
        sa.UniqueConstraint("position", name=op.f("uq_record_leaf_position")),
    )
    op.create_index("ix_record_leaf_waiting", "record_leaf", ["id"], postgresql_where=sa.text("position IS NULL"))
    op.create_index("ix_record_leaf_event", "record_leaf", ["event", "position"])
    op.create_index("ix_record_leaf_subjects", "record_leaf", ["subjects"], postgresql_using="gin")
    op.create_table(
        "record_tile",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "place", name=op.f("pk_record_tile")),
    )
    op.create_table(
        "record_checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("witnessed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_record_checkpoint")),
    )
    op.create_index(
        "ix_record_checkpoint_witnessed",
        "record_checkpoint",
        ["size"],
        postgresql_where=sa.text("witnessed_at IS NOT NULL"),
    )
    op.create_table(
        "record_cosignature",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("witness", sa.String(length=100), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["size"], ["record_checkpoint.size"], name=op.f("fk_record_cosignature_size_record_checkpoint")
        ),
        sa.PrimaryKeyConstraint("size", "witness", name=op.f("pk_record_cosignature")),
    )
    log = op.create_table(
        "record_log",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("holder", sa.String(length=40), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("halted", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_record_log_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_log")),
    )
    empty = hashlib.sha256(b"").digest()
    op.execute(
        log.insert().values(id=1, origin="", policy="", size=0, root=empty, holder="", until=sa.func.now(), halted="")
    )


def downgrade() -> None:
    """Take them away."""
    for table in ("record_cosignature", "record_checkpoint", "record_tile", "record_leaf", "record_log"):
        op.drop_table(table)
