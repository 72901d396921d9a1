"""The first tables and the views.

`holding` is a plain table on PostgreSQL for now; its key starts with (fund, snapshot) and snapshot numbers grow
with the date, so that it can become range-partitioned without changing a key.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    names()
    facts()
    derived()
    promises()
    views()


def views() -> None:
    """The views as they were at this revision. A later migration that alters a table drops and creates them again."""
    folder = Path(__file__).parent.parent / "sql"
    text = (folder / f"{revision}_{op.get_bind().dialect.name}.sql").read_text("utf-8")
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(sa.text(statement))


def names() -> None:
    """Names, interned."""
    op.create_table(
        "issuer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("derive_from", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer")),
        sa.UniqueConstraint("code", name=op.f("uq_issuer_code")),
    )
    op.create_table(
        "fund",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("ticker", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("calendar", sa.String(length=8), nullable=False),
        sa.Column("closed", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.id"], name=op.f("fk_fund_issuer_issuer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund")),
        sa.UniqueConstraint("issuer", "ticker", name=op.f("uq_fund_issuer_ticker")),
    )
    op.create_table(
        "security",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("public", sa.String(length=16), nullable=False),
        sa.Column("asset_class", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security")),
        sa.UniqueConstraint("key", name=op.f("uq_security_key")),
        sa.UniqueConstraint("public", name=op.f("uq_security_public")),
    )
    op.create_table(
        "identifier",
        sa.Column("scheme", sa.String(length=8), nullable=False),
        sa.Column("value", sa.String(length=32), nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["security"], ["security.id"], name=op.f("fk_identifier_security_security")),
        sa.PrimaryKeyConstraint("scheme", "value", "security", name=op.f("pk_identifier")),
    )
    op.create_index("ix_identifier_security", "identifier", ["security"], unique=False)
    op.create_table(
        "listing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["security"], ["security.id"], name=op.f("fk_listing_security_security")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing")),
        sa.UniqueConstraint(
            "security", "name", "ticker", "identifier", name=op.f("uq_listing_security_name_ticker_identifier")
        ),
    )
    op.create_index("ix_listing_ticker", "listing", ["ticker"], unique=False)
    op.create_table(
        "session",
        sa.Column("calendar", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("calendar", "day", name=op.f("pk_session")),
        sqlite_with_rowid=False,
    )


def facts() -> None:
    """What was fetched and what it said: append-only."""
    op.create_table(
        "archive",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_archive")),
    )
    op.create_table(
        "fetch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fund", sa.Integer(), nullable=True),
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("arrival", sa.String(length=8), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_fetch_fund_fund")),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.id"], name=op.f("fk_fetch_issuer_issuer")),
        sa.ForeignKeyConstraint(["sha256"], ["archive.sha256"], name=op.f("fk_fetch_sha256_archive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetch")),
    )
    op.create_index("ix_fetch_fund_id", "fetch", ["fund", "id"], unique=False)
    op.create_table(
        "refusal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("fund", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_at", sa.String(length=27), nullable=False),
        sa.Column("last_at", sa.String(length=27), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_refusal_fund_fund")),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.id"], name=op.f("fk_refusal_issuer_issuer")),
        sa.ForeignKeyConstraint(["sha256"], ["archive.sha256"], name=op.f("fk_refusal_sha256_archive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal")),
    )
    op.create_table(
        "snapshot",
        sa.Column("fund", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("arrival", sa.String(length=8), nullable=False),
        sa.Column("known_at", sa.String(length=27), nullable=False),
        sa.Column("published_from", sa.String(length=27), nullable=True),
        sa.Column("published_to", sa.String(length=27), nullable=True),
        sa.Column("rank", sa.Text(), nullable=False),
        sa.Column("shares_exp", sa.SmallInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("positions", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("weight", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("dates", sa.Text(), nullable=False),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("operator", sa.String(length=8), nullable=True),
        sa.Column("operator_at", sa.String(length=27), nullable=True),
        sa.CheckConstraint("shares_exp BETWEEN 0 AND 12", name=op.f("ck_snapshot_shares_exp")),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_snapshot_fund_fund")),
        sa.ForeignKeyConstraint(["sha256"], ["archive.sha256"], name=op.f("fk_snapshot_sha256_archive")),
        sa.PrimaryKeyConstraint("fund", "id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("fund", "as_of", "sha256", name=op.f("uq_snapshot_fund_as_of_sha256")),
        sqlite_with_rowid=False,
    )
    # PostgreSQL: one plain table; partitions by snapshot are a later migration.
    op.create_table(
        "holding",
        sa.Column("fund", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("snapshot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("security", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.Column("shares", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("fund", "snapshot", "security", name=op.f("pk_holding")),
        sqlite_with_rowid=False,
    )


def derived() -> None:
    """What can be made again from the facts."""
    op.create_table(
        "standing",
        sa.Column("fund", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("standing", sa.String(length=12), nullable=False),
        sa.Column("convention", sa.String(length=10), nullable=False),
        sa.Column("pos_session", sa.Integer(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_standing_fund_fund")),
        sa.PrimaryKeyConstraint("fund", "snapshot", name=op.f("pk_standing")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_standing_fund_as_of", "standing", ["fund", "as_of"], unique=False)
    op.create_table(
        "link",
        sa.Column("fund", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("earlier", sa.Integer(), nullable=False),
        sa.Column("later", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("confidence", sa.String(length=8), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["earlier"], ["security.id"], name=op.f("fk_link_earlier_security")),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_link_fund_fund")),
        sa.ForeignKeyConstraint(["later"], ["security.id"], name=op.f("fk_link_later_security")),
        sa.PrimaryKeyConstraint("fund", "day", "earlier", "later", name=op.f("pk_link")),
    )
    op.create_table(
        "split",
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.Column("factor", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.id"], name=op.f("fk_split_issuer_issuer")),
        sa.ForeignKeyConstraint(["security"], ["security.id"], name=op.f("fk_split_security_security")),
        sa.PrimaryKeyConstraint("issuer", "day", "security", name=op.f("pk_split")),
    )
    op.create_table(
        "spell",
        sa.Column("fund", sa.Integer(), nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.Column("opened_day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opened_from", sa.Integer(), nullable=True),
        sa.Column("opened_to", sa.Integer(), nullable=True),
        sa.Column("first_file", sa.Integer(), nullable=False),
        sa.Column("entry_shares", sa.Text(), nullable=False),
        sa.Column("censored", sa.String(length=4), nullable=False),
        sa.Column("closed_day", sa.Integer(), nullable=True),
        sa.Column("closed_from", sa.Integer(), nullable=True),
        sa.Column("closed_to", sa.Integer(), nullable=True),
        sa.Column("exit_file", sa.Integer(), nullable=True),
        sa.Column("last_file", sa.Integer(), nullable=True),
        sa.Column("last_session", sa.Integer(), nullable=True),
        sa.Column("exit_shares", sa.Text(), nullable=True),
        sa.Column("last_shares", sa.Text(), nullable=True),
        sa.Column("material_file", sa.Integer(), nullable=True),
        sa.Column("material_session", sa.Integer(), nullable=True),
        sa.Column("material_shares", sa.Text(), nullable=True),
        sa.Column("peak_shares", sa.Text(), nullable=True),
        sa.Column("peak_file", sa.Integer(), nullable=True),
        sa.Column("files", sa.Integer(), nullable=True),
        sa.Column("last_line_file", sa.Integer(), nullable=True),
        sa.Column("last_line_session", sa.Integer(), nullable=True),
        sa.Column("last_line_shares", sa.Text(), nullable=True),
        sa.Column("last_line_day", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_spell_fund_fund")),
        sa.ForeignKeyConstraint(["security"], ["security.id"], name=op.f("fk_spell_security_security")),
        sa.PrimaryKeyConstraint("fund", "security", "opened_day", name=op.f("pk_spell")),
    )
    op.create_index("ix_spell_fund_open", "spell", ["fund", "closed_day"], unique=False)
    op.create_index("ix_spell_security", "spell", ["security"], unique=False)
    op.create_table(
        "sighting",
        sa.Column("fund", sa.Integer(), nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column("session", sa.Integer(), nullable=True),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_sighting_fund_fund")),
        sa.ForeignKeyConstraint(["security"], ["security.id"], name=op.f("fk_sighting_security_security")),
        sa.PrimaryKeyConstraint("fund", "security", name=op.f("pk_sighting")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("fund", sa.Integer(), nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_event_fund_fund")),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.id"], name=op.f("fk_event_issuer_issuer")),
        sa.ForeignKeyConstraint(["security"], ["security.id"], name=op.f("fk_event_security_security")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_as_of", "event", ["as_of"], unique=False)
    op.create_index("ix_event_fund_as_of", "event", ["fund", "as_of"], unique=False)
    op.create_index("ix_event_issuer_day", "event", ["issuer", "day"], unique=False)
    op.create_index("ix_event_security_as_of", "event", ["security", "as_of"], unique=False)
    op.create_table(
        "item",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.id"], name=op.f("fk_item_issuer_issuer")),
        sa.ForeignKeyConstraint(["security"], ["security.id"], name=op.f("fk_item_security_security")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
    )
    op.create_index("ix_item_as_of", "item", ["as_of"], unique=False)
    op.create_index("ix_item_issuer_day", "item", ["issuer", "day"], unique=False)
    op.create_index("ix_item_security_as_of", "item", ["security", "as_of"], unique=False)


def promises() -> None:
    """Messages promised and sent."""
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("due_at", sa.String(length=27), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.String(length=27), nullable=True),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.String(length=27), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("key", name=op.f("uq_delivery_key")),
    )
    op.create_index("ix_delivery_item", "delivery", ["item"], unique=False)
    op.create_index("ix_delivery_state_due_at", "delivery", ["state", "due_at"], unique=False)
