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


NAMED_BY_FOUR = "uq_listing_security_name_ticker_identifier"


def upgrade() -> None:
    for view in VIEWS:
        op.execute(sa.text(f"DROP VIEW {view}"))
    classes()
    weights_only()
    evidence()
    flows_and_trades()
    waiting_splits()
    left_out()
    told_before()
    published_totals()
    operators()
    views()
    derive_again()


def classes() -> None:
    """What a line is belongs to the line as printed. A warrant may have been stored as the share it was printed as
    on another day; the two forms the earlier rules knew apart by name are set right."""
    listing = sa.Table(
        "listing",
        sa.MetaData(),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("asset_class", sa.String(length=8), nullable=True),
        sa.ForeignKeyConstraint(["security"], ["security.id"], name=op.f("fk_listing_security_security")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing")),
        sa.UniqueConstraint("security", "name", "ticker", "identifier", name=NAMED_BY_FOUR),
        sa.Index("ix_listing_ticker", "ticker"),
    )
    op.add_column("listing", sa.Column("asset_class", sa.String(length=8), nullable=True))
    op.execute(
        sa.text(
            "UPDATE listing SET asset_class = CASE"
            " WHEN upper(name) LIKE '% WT' OR upper(name) LIKE '%-CW__' THEN 'right'"
            " ELSE (SELECT s.asset_class FROM security s WHERE s.id = listing.security) END"
        )
    )
    with op.batch_alter_table("listing", copy_from=listing) as batch:
        batch.alter_column("asset_class", existing_type=sa.String(length=8), nullable=False)
        batch.drop_constraint(NAMED_BY_FOUR, type_="unique")
        batch.create_unique_constraint(
            op.f("uq_listing_security_name_ticker_identifier_asset_class"),
            ["security", "name", "ticker", "identifier", "asset_class"],
        )
    op.drop_column("security", "asset_class")


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


def evidence() -> None:
    """Lists of what a fund held that are not its daily files, and what prices said about its dates."""
    op.create_table(
        "schedule",
        sa.Column("fund", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("complete", sa.SmallInteger(), nullable=False),
        sa.Column("below", sa.String(length=20), nullable=False),
        sa.Column("rank", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("known_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_schedule_fund_fund")),
        sa.ForeignKeyConstraint(["sha256"], ["archive.sha256"], name=op.f("fk_schedule_sha256_archive")),
        sa.PrimaryKeyConstraint("fund", "sha256", name=op.f("pk_schedule")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_schedule_fund_session", "schedule", ["fund", "session"], unique=False)
    op.create_table(
        "presence",
        sa.Column("fund", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("ids", sa.Text(), nullable=False),
        sa.Column("shares", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("weight", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_presence_fund_fund")),
        sa.ForeignKeyConstraint(["sha256"], ["archive.sha256"], name=op.f("fk_presence_sha256_archive")),
        sa.PrimaryKeyConstraint("fund", "sha256", "key", name=op.f("pk_presence")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_presence_key", "presence", ["key"], unique=False)
    op.create_table(
        "calibration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fund", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("first", sa.Integer(), nullable=True),
        sa.Column("last", sa.Integer(), nullable=True),
        sa.Column("found", sa.String(length=10), nullable=False),
        sa.Column("configured", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("prices", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_calibration_fund_fund")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
    )
    op.create_index("ix_calibration_fund_id", "calibration", ["fund", "id"], unique=False)


def flows_and_trades() -> None:
    """What creations and redemptions explain between two files, and what they do not."""
    op.create_table(
        "flow",
        sa.Column("fund", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("previous", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column("session_from", sa.Integer(), nullable=True),
        sa.Column("session_to", sa.Integer(), nullable=True),
        sa.Column("gap", sa.Integer(), nullable=False),
        sa.Column("factor", sa.String(length=24), nullable=True),
        sa.Column("units", sa.Integer(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("in_flow", sa.Integer(), nullable=True),
        sa.Column("in_groups", sa.Integer(), nullable=True),
        sa.Column("active", sa.Integer(), nullable=True),
        sa.Column("rebalance", sa.SmallInteger(), nullable=False),
        sa.Column("confidence", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_flow_fund_fund")),
        sa.PrimaryKeyConstraint("fund", "snapshot", name=op.f("pk_flow")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_flow_as_of", "flow", ["as_of"], unique=False)
    op.create_table(
        "trade",
        sa.Column("fund", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("snapshot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=12), nullable=False),
        sa.Column("shares_before", sa.Text(), nullable=True),
        sa.Column("shares_after", sa.Text(), nullable=True),
        sa.Column("split", sa.String(length=40), nullable=False),
        sa.Column("active_shares", sa.Text(), nullable=True),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("outside", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["listing"], ["listing.id"], name=op.f("fk_trade_listing_listing")),
        sa.ForeignKeyConstraint(["security"], ["security.id"], name=op.f("fk_trade_security_security")),
        sa.PrimaryKeyConstraint("fund", "snapshot", "security", name=op.f("pk_trade")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_trade_security", "trade", ["security"], unique=False)


def waiting_splits() -> None:
    """A split may be decided by a later file, and shown by one fund some days after another."""
    op.drop_table("split")
    op.create_table(
        "split",
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("shown_by", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.Column("factor", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.id"], name=op.f("fk_split_issuer_issuer")),
        sa.ForeignKeyConstraint(["security"], ["security.id"], name=op.f("fk_split_security_security")),
        sa.PrimaryKeyConstraint("issuer", "shown_by", "day", "security", name=op.f("pk_split")),
    )
    op.create_table(
        "pending",
        sa.Column("fund", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.Column("factor", sa.String(length=40), nullable=False),
        sa.Column("previous", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.Integer(), nullable=False),
        sa.Column("session_from", sa.Integer(), nullable=True),
        sa.Column("session_to", sa.Integer(), nullable=True),
        sa.Column("settled", sa.Integer(), nullable=True),
        sa.Column("decision", sa.String(length=8), nullable=True),
        sa.Column("listed", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_pending_fund_fund")),
        sa.ForeignKeyConstraint(["security"], ["security.id"], name=op.f("fk_pending_security_security")),
        sa.PrimaryKeyConstraint("fund", "day", "security", name=op.f("pk_pending")),
    )


def published_totals() -> None:
    """Some files print how many shares the fund has; of some the name alone says the date."""
    op.add_column("snapshot", sa.Column("outstanding", sa.Text(), nullable=True))
    op.add_column("snapshot", sa.Column("dated_by", sa.String(length=4), nullable=True))


def left_out() -> None:
    """Lines that creation baskets leave out."""
    op.create_table(
        "outside",
        sa.Column("fund", sa.Integer(), nullable=False),
        sa.Column("security", sa.Integer(), nullable=False),
        sa.Column("since", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_outside_fund_fund")),
        sa.ForeignKeyConstraint(["security"], ["security.id"], name=op.f("fk_outside_security_security")),
        sa.PrimaryKeyConstraint("fund", "security", "since", name=op.f("pk_outside")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_outside_fund_until", "outside", ["fund", "until"], unique=False)


def operators() -> None:
    """What operators say of identities."""
    op.create_table(
        "operator_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("fund", sa.Integer(), nullable=True),
        sa.Column("earlier", sa.Integer(), nullable=False),
        sa.Column("later", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(length=4), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.id"], name=op.f("fk_operator_link_issuer_issuer")),
        sa.ForeignKeyConstraint(["fund"], ["fund.id"], name=op.f("fk_operator_link_fund_fund")),
        sa.ForeignKeyConstraint(["earlier"], ["security.id"], name=op.f("fk_operator_link_earlier_security")),
        sa.ForeignKeyConstraint(["later"], ["security.id"], name=op.f("fk_operator_link_later_security")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_link")),
    )
    op.create_index("ix_operator_link_issuer", "operator_link", ["issuer"], unique=False)


def told_before() -> None:
    """What was told and has been replaced or taken back."""
    op.create_table(
        "superseded",
        sa.Column("item", sa.String(length=20), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issuer"], ["issuer.id"], name=op.f("fk_superseded_issuer_issuer")),
        sa.PrimaryKeyConstraint("item", "at", name=op.f("pk_superseded")),
    )


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
