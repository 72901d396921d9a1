"""The funds that issuers list, and the second date that some files print."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogue",
        sa.Column("issuer", sa.String(40), nullable=False),
        sa.Column("ticker", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "ticker", name=op.f("pk_catalogue")),
    )
    op.add_column("snapshot", sa.Column("announced", sa.Integer(), nullable=True))
