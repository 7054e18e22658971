"""The shipped catalogue: categories, districts, centres, items, matters, price standards."""

from alembic import op

from market.catalogue.shipping import load

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is missing."""
    load(op.get_bind())


def downgrade() -> None:
    """Remove the shipped versions that nobody replaced, and the places."""
    op.execute("DELETE FROM catalogue_version WHERE created_by = 'system' AND number = 1")
    op.execute(
        "DELETE FROM catalogue_entry e WHERE NOT EXISTS (SELECT 1 FROM catalogue_version v WHERE v.entry_id = e.id)"
    )
    for table in ("category", "district", "centre"):
        op.execute(f"DELETE FROM {table}")
