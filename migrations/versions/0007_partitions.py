"""On PostgreSQL `holding` is partitioned by the date of the files; old months can be archived.

A partition is a month; of the years before last year, which are asked about more seldom than they are planned about, a
whole year: planning a question about all of a history costs about 0.02 ms for each partition it might need. Measured
with the history of nine funds, a position through time and the spells of a security: 156 months 3.7 and 8.0 ms, 13
years 0.5 and 0.6 ms (one table: 0.2 and 0.3). There is no default partition: it would have to be looked through, and
locked against readers, for every partition that is made; whoever writes makes the partition it needs.

The rows are moved fund by fund inside the database, in the order of their key: nothing is held in memory here, and the
index is built afterwards, as dense as it can be. Until the end the disk holds the rows twice. SQLite keeps its one
clustered table.
"""

from datetime import date, timedelta
from pathlib import Path

import sqlalchemy as sa
from alembic import context, op

revision = "0007"
down_revision = "0006"
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
COLUMNS = "fund, snapshot, security, listing, shares, value, weight"
MOVE = (
    f"INSERT INTO holding ({COLUMNS}) SELECT {COLUMNS} FROM holding_whole"  # noqa: S608 – our own columns
    " WHERE fund = :fund ORDER BY snapshot, security"
)
EPOCH = date(1970, 1, 1)
REVISIONS = 256  # numbers of snapshots to a day
AHEAD = 3  # months after this one
# Rows are only added. They are frozen by the vacuum that follows them (never again before a wrap-around), and that
# comes after a tenth of a month, so that the newest days are read without looking for deleted rows, too.
PARTITION = "fillfactor = 100, autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.1"
# Few rows, each written again and again: room on the page for the next version of a row (no index has to hear of it),
# and a vacuum by the number of changes, because a fifth of four rows is nothing.
HOT = ("issuer", "lease", "worker", "tick", "breaker", "destination")
OFTEN = "fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500"


def upgrade() -> None:
    op.create_table(
        "archived",
        sa.Column("first", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_archived")),
    )
    op.create_table(
        "kept_track",
        sa.Column("fund", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("security", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("fund", "security", "first", name=op.f("pk_kept_track")),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        partition()


def partition() -> None:
    """Makes `holding` anew and moves its rows."""
    for view in VIEWS:
        op.execute(f"DROP VIEW {view}")
    op.execute("ALTER TABLE holding RENAME TO holding_whole")
    op.execute("ALTER TABLE holding_whole RENAME CONSTRAINT pk_holding TO pk_holding_whole")
    op.execute(
        "CREATE TABLE holding (fund integer NOT NULL, snapshot integer NOT NULL, security integer NOT NULL,"
        " listing integer NOT NULL, shares bigint, value bigint, weight integer) PARTITION BY RANGE (snapshot)"
    )
    for name, first, until in spans():
        op.execute(
            f"CREATE TABLE {name} PARTITION OF holding"
            f" FOR VALUES FROM ({first * REVISIONS}) TO ({until * REVISIONS}) WITH ({PARTITION})"
        )
    move()
    op.execute("DROP TABLE holding_whole")
    op.execute(
        "ALTER TABLE holding ADD CONSTRAINT pk_holding PRIMARY KEY (fund, snapshot, security) WITH (fillfactor = 100)"
    )
    for table in HOT:
        op.execute(f"ALTER TABLE {table} SET ({OFTEN})")
    op.execute("ANALYZE holding")
    views()


def spans() -> list[tuple[str, int, int]]:
    """Names and days of the partitions: for what there is, for this month and the next ones."""
    conn = op.get_bind()
    today = conn.execute(sa.text("SELECT CURRENT_DATE")).scalar_one()
    found: dict[tuple[int, int, int], None] = {}
    for (day,) in conn.execute(sa.text("SELECT DISTINCT snapshot >> 8 FROM holding_whole")):
        year, month = (EPOCH + timedelta(days=day)).timetuple()[:2]
        found[(year, month, 1) if year >= today.year - 1 else (year, 1, 12)] = None
    for ahead in range(AHEAD + 1):
        months = today.year * 12 + today.month - 1 + ahead
        found[months // 12, months % 12 + 1, 1] = None
    return [span(*one) for one in sorted(found)]


def span(year: int, month: int, months: int) -> tuple[str, int, int]:
    """The name of a partition, its first day and the one after its last."""
    end = year * 12 + month - 1 + months
    name = f"holding_{year:04}" if months == 12 else f"holding_{year:04}_{month:02}"
    first, until = date(year, month, 1), date(end // 12, end % 12 + 1, 1)
    return name, (first - EPOCH).days, (until - EPOCH).days


def move() -> None:
    """Fund by fund, in the order of the key."""
    conn, last, told = op.get_bind(), -1, context.config.attributes.get("progress")
    total = conn.execute(sa.text("SELECT max(fund) FROM holding_whole")).scalar() or 0
    following = sa.text("SELECT min(fund) FROM holding_whole WHERE fund > :last")
    while (fund := conn.execute(following, {"last": last}).scalar()) is not None:
        conn.execute(sa.text(MOVE), {"fund": fund})
        last = fund
        if told is not None:
            told("moving lines into partitions, fund", fund, total)


def views() -> None:
    """The views as they were: none of them has changed."""
    text = (Path(__file__).parent.parent / "sql" / "0006_postgresql.sql").read_text("utf-8")
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(sa.text(statement))
