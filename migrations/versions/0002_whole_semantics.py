"""What the whole semantics need beside the first tables.

Every derived row is made again by the next command that writes, because the rules that make them have changed.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

VIEWS = (
    "v_holdings",
    "v_spells",
    "v_events",
    "v_items",
    "v_coverage",
    "v_deliveries",
    "v_snapshots",
    "v_refusals",
)


def upgrade() -> None:
    for view in VIEWS:
        op.execute(sa.text(f"DROP VIEW {view}"))
    weights_only()
    views()
    derive_again()


def weights_only() -> None:
    """A file may print weights and no share counts."""
    holding = sa.Table(
        "holding",
        sa.MetaData(),
        sa.Column("fund", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("snapshot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("security", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.Column("shares", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("fund", "snapshot", "security", name=op.f("pk_holding")),
        sqlite_with_rowid=False,  # the table is made again on SQLite: it must stay clustered
    )
    with op.batch_alter_table("holding", copy_from=holding) as batch:
        batch.alter_column("shares", existing_type=sa.BigInteger(), nullable=True)
    with op.batch_alter_table("spell") as batch:
        batch.alter_column("entry_shares", existing_type=sa.Text(), nullable=True)


def views() -> None:
    """The views as they were at this revision."""
    folder = Path(__file__).parent.parent / "sql"
    text = (folder / f"{revision}_{op.get_bind().dialect.name}.sql").read_text("utf-8")
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(sa.text(statement))


def derive_again() -> None:
    """Each issuer from its first file on."""
    op.execute(
        sa.text(
            "UPDATE issuer SET derive_from = (SELECT min(s.as_of) FROM snapshot s"
            " JOIN fund f ON f.id = s.fund WHERE f.issuer = issuer.id)"
        )
    )
