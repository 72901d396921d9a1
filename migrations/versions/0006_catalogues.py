"""The funds that issuers list, and the second date that some files print."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


VIEWS = (
    "v_holdings",
    "v_spells",
    "v_events",
    "v_items",
    "v_flows",
    "v_trades",
    "v_coverage",
    "v_deliveries",
    "v_snapshots",
    "v_refusals",
    "v_identifiers",
    "v_presence",
    "v_incidents",
    "v_mutes",
)


def upgrade() -> None:
    for view in VIEWS:
        op.execute(sa.text(f"DROP VIEW {view}"))
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
    views()


def views() -> None:
    """The views as they are at this revision."""
    folder = Path(__file__).parent.parent / "sql"
    text = (folder / f"{revision}_{op.get_bind().dialect.name}.sql").read_text("utf-8")
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(sa.text(statement))
