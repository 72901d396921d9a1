"""What running without losing anything needs: leases, ticks, manners, incidents, digests, mutes."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
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
)


def upgrade() -> None:
    for view in VIEWS:
        op.execute(sa.text(f"DROP VIEW {view}"))
    op.add_column("delivery", sa.Column("holder", sa.String(length=64), nullable=True))
    op.create_index("ix_delivery_channel_created_at", "delivery", ["channel", "created_at"], unique=False)
    op.create_index("ix_delivery_channel_state", "delivery", ["channel", "state"], unique=False)
    op.create_index("ix_snapshot_known_at", "snapshot", ["known_at"], unique=False)
    tables()
    views()


def tables() -> None:
    """Records of the running program; empty at first."""
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "worker",
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.String(length=27), nullable=False),
        sa.Column("seen_at", sa.String(length=27), nullable=False),
        sa.Column("stopped_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_worker")),
    )
    op.create_table(
        "tick",
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.String(length=27), nullable=False),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "holder", name=op.f("pk_tick")),
    )
    op.create_table(
        "breaker",
        sa.Column("issuer", sa.String(length=40), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.String(length=27), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("issuer", name=op.f("pk_breaker")),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=96), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.String(length=27), nullable=False),
        sa.Column("closed_at", sa.String(length=27), nullable=True),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("notice", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("subject", "kind", "opened_at", name=op.f("uq_incident_subject_kind_opened_at")),
    )
    op.create_index("ix_incident_closed_at", "incident", ["closed_at"], unique=False)
    op.create_table(
        "destination",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("not_before", sa.String(length=27), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_sent_at", sa.String(length=27), nullable=True),
        sa.Column("told_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_destination")),
    )
    op.create_table(
        "digest_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("cadence", sa.String(length=8), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("due_at", sa.String(length=27), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.String(length=20), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_entry")),
        sa.UniqueConstraint("item", "revision", "channel", name=op.f("uq_digest_entry_item_revision_channel")),
    )
    op.create_index("ix_digest_entry_state_due_at", "digest_entry", ["state", "due_at"], unique=False)
    op.create_table(
        "mute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=True),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mute")),
    )
    op.create_index("ix_mute_until", "mute", ["until"], unique=False)


def views() -> None:
    """The views as they are at this revision."""
    folder = Path(__file__).parent.parent / "sql"
    text = (folder / f"{revision}_{op.get_bind().dialect.name}.sql").read_text("utf-8")
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(sa.text(statement))
