"""The tables, and nothing else: no queries, no connections, no decisions.

Facts are append-only (`archive`, `fetch`, `snapshot`, `holding`, `refusal`, `schedule`, `presence`, `calibration`,
the interned names);
`standing`, `link`, `split`, `flow`, `trade`, `spell`, `event` and `item` are derived from them and can be made again,
bit for bit, by `db rebuild`. The tables of the running program
(`delivery`, leases, incidents …) are in `ledger.py`; they are records and never derived.

Numbers are exact integers: shares are `shares / 10**snapshot.shares_exp`, values are cents of the file's
currency, weights are 10⁻⁶ of the fund (10⁻⁴ percent points). Instants are UTC text
`YYYY-MM-DDTHH:MM:SS.ffffffZ`, dates are integers: days since 1970-01-01. SQL users read the views in
`views.py`; those are the contract, the tables are not.

The migrations make the tables. What is peculiar to PostgreSQL is noted as `info`: as an argument it would load all
drivers of PostgreSQL wherever tables are named.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
)

from monitor.store.coded import CONFIDENCES, KINDS, SEVERITIES, Amount, Coded
from monitor.store.ledger import (
    breaker,
    delivery,
    destination,
    digest_entry,
    incident,
    lease,
    metadata,
    mute,
    tick,
    worker,
)

__all__ = [
    "archive",
    "archived",
    "breaker",
    "calibration",
    "delivery",
    "destination",
    "digest_entry",
    "event",
    "fetch",
    "flow",
    "fund",
    "holding",
    "identifier",
    "incident",
    "issuer",
    "item",
    "kept_track",
    "lease",
    "link",
    "listing",
    "metadata",
    "mute",
    "operator_link",
    "outside",
    "pending",
    "presence",
    "refusal",
    "schedule",
    "security",
    "session",
    "sighting",
    "snapshot",
    "spell",
    "split",
    "standing",
    "superseded",
    "tick",
    "trade",
    "worker",
]

# --- names, interned ------------------------------------------------------------------------------

issuer = Table(
    "issuer",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    # The first day (days since 1970) whose derived rows are not yet made; null when all are. Facts and
    # this mark commit together, so that a crash between storing and deriving is finished by the next run.
    Column("derive_from", Integer),
)

fund = Table(
    "fund",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("issuer", Integer, ForeignKey("issuer.id"), nullable=False),
    Column("ticker", String(40), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),  # active | index | monthly | crypto | option
    Column("calendar", String(8), nullable=False),
    Column("closed", Integer),  # date
    UniqueConstraint("issuer", "ticker"),
)

# One identity as published, before any linking: "cusip:01609W102", "sedol:B3Z5T14", "local:ark/ARKG:…".
security = Table(
    "security",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("public", String(16), nullable=False, unique=True),  # what people see: S + 10 hex digits of the key
)

identifier = Table(
    "identifier",
    metadata,
    Column("scheme", String(8), primary_key=True),  # cusip | isin | sedol | figi
    Column("value", String(32), primary_key=True),
    Column("security", Integer, ForeignKey("security.id"), primary_key=True),
    Index("ix_identifier_security", "security"),
)

# Name, ticker and identifier as printed, once per version, and what such a line is: under one identifier a company
# may print a warrant one day and a share the next, so the class belongs here.
listing = Table(
    "listing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("security", Integer, ForeignKey("security.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("ticker", Text, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("asset_class", String(8), nullable=False),
    UniqueConstraint("security", "name", "ticker", "identifier", "asset_class"),
    Index("ix_listing_ticker", "ticker"),
)
for _column in (listing.c.ticker, listing.c.name):  # as people type them; the operators are those that serve LIKE 'X%'
    Index(
        f"ix_listing_{_column.name}_folded",
        func.upper(_column).label("folded"),
        info={"postgresql_ops": {"folded": "text_pattern_ops"}},
    )

# Exchange sessions, so that SQL and the command line can count them without a calendar library.
session = Table(
    "session",
    metadata,
    Column("calendar", String(8), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# --- facts ----------------------------------------------------------------------------------------

archive = Table(
    "archive",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", Integer, nullable=False),  # bytes before compression
    Column("body", LargeBinary, nullable=False),  # zstd
    Column("stored_at", String(27), nullable=False),
    # The body without which this one cannot be unpacked; that one stands by itself. See packing.py.
    Column("base", String(64), ForeignKey("archive.sha256")),
)

fetch = Table(
    "fetch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fund", Integer, ForeignKey("fund.id")),
    Column("issuer", Integer, ForeignKey("issuer.id"), nullable=False),
    Column("place", Text, nullable=False),  # URL without secrets, or the name of a local file
    Column("arrival", String(8), nullable=False),  # live | history
    Column("at", String(27), nullable=False),
    Column("status", Integer),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("sha256", String(64), ForeignKey("archive.sha256")),
    # new | heartbeat (same bytes as before) | not-modified | absent (no file of that day) | refused | failed
    Column("outcome", String(16), nullable=False),
    Column("detail", Text),
    Index("ix_fetch_fund_id", "fund", "id"),
)

# A body that is not a holdings file, or not one of ours. One row per (issuer, fund, body).
refusal = Table(
    "refusal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("issuer", Integer, ForeignKey("issuer.id"), nullable=False),
    Column("fund", Integer, ForeignKey("fund.id")),
    Column("sha256", String(64), ForeignKey("archive.sha256"), nullable=False),
    Column("place", Text, nullable=False),
    Column("code", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("first_at", String(27), nullable=False),
    Column("last_at", String(27), nullable=False),
    Column("times", Integer, nullable=False),
)

# One published version of one fund's holdings for one as_of. `id` carries the date, so that the
# clustered key of `holding` keeps a fund's history in time order and Postgres can partition by it.
snapshot = Table(
    "snapshot",
    metadata,
    Column("fund", Integer, ForeignKey("fund.id"), primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False),  # as_of * 256 + number of arrival
    Column("as_of", Integer, nullable=False),
    Column("sha256", String(64), ForeignKey("archive.sha256"), nullable=False),
    Column("place", Text, nullable=False),
    Column("arrival", String(8), nullable=False),
    Column("known_at", String(27), nullable=False),
    Column("published_from", String(27)),  # last poll without this content; null when never polled
    Column("published_to", String(27)),  # first poll with it
    # Ranks revisions of one as_of whatever order they were loaded in: publication time, name hint, hash.
    Column("rank", Text, nullable=False),
    Column("shares_exp", SmallInteger, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("positions", Integer, nullable=False),
    Column("value", BigInteger),  # cents, all lines
    Column("weight", BigInteger),  # 10^-6, all lines
    Column("currency", String(3), nullable=False),
    Column("dates", Text, nullable=False),  # all dates printed, ISO, comma separated
    Column("warnings", Text, nullable=False),  # JSON array: what the reader noticed
    Column("unread", Integer, nullable=False),
    Column("operator", String(8)),  # accept | reject: a person's word, which is a fact
    Column("operator_at", String(27)),
    Column("outstanding", Text),  # the fund's own shares as the file prints them, exact decimal
    # file | name | poll | said: where the as-of date stands, or what it follows from; null before it was recorded
    Column("dated_by", String(4)),
    Column("announced", Integer),  # a second date printed: when the list was announced, or the day it is for
    UniqueConstraint("fund", "as_of", "sha256"),
    CheckConstraint("shares_exp BETWEEN 0 AND 12", name="shares_exp"),
    Index("ix_snapshot_known_at", "known_at"),
    sqlite_with_rowid=False,
)

holding = Table(
    "holding",
    metadata,
    Column("fund", Integer, primary_key=True, autoincrement=False),
    Column("snapshot", Integer, primary_key=True, autoincrement=False),
    Column("security", Integer, primary_key=True, autoincrement=False),
    Column("listing", Integer, nullable=False),
    Column("shares", BigInteger),  # / 10**snapshot.shares_exp; null in a file that prints weights only
    Column("value", BigInteger),  # cents
    Column("weight", Integer),  # 10^-6 of the fund, as printed; null when not printed
    # Wide columns stand on multiples of their width: 36 bytes of values, none of padding between them.
    sqlite_with_rowid=False,
    info={"postgresql_partition_by": "RANGE (snapshot)"},  # by month or year of the files' dates, see `partitions.py`
)

# Months and years whose lines have left `holding` for a file (`db archive`). Whatever follows from them stays.
archived = Table(
    "archived",
    metadata,
    Column("first", Integer, primary_key=True, autoincrement=False),  # days since 1970-01-01
    Column("until", Integer, nullable=False),  # the day after the last one
    Column("rows", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),  # of the file
    Column("file", Text, nullable=False),  # where it was written
    Column("at", String(27), nullable=False),
)

# What deriving still needs of archived lines: the counts of a security in a spell that was open when they left.
kept_track = Table(
    "kept_track",
    metadata,
    Column("fund", Integer, primary_key=True, autoincrement=False),
    Column("security", Integer, primary_key=True, autoincrement=False),
    Column("first", Integer, primary_key=True, autoincrement=False),  # as in `archived`
    Column("points", LargeBinary, nullable=False),  # packed, see `tracks.py`
    sqlite_with_rowid=False,
)

# A list of what a fund held that is not its issuer's daily file: an N-PORT, an archived or re-published copy.
# It alerts nobody and never overwrites a file; it narrows intervals and refutes claims.
schedule = Table(
    "schedule",
    metadata,
    Column("fund", Integer, ForeignKey("fund.id"), primary_key=True),
    Column("sha256", String(64), ForeignKey("archive.sha256"), primary_key=True),
    Column("source", String(12), nullable=False),  # back-file | archive | n-port | third-party
    Column("as_of", Integer, nullable=False),  # the date it states
    Column("session", Integer, nullable=False),  # session after whose close it was true
    Column("complete", SmallInteger, nullable=False),  # 1: what it does not list was not held
    Column("below", String(20), nullable=False),  # percent points under which it leaves lines out; "0"
    Column("rank", String(16), nullable=False),  # of two for one session the later one counts
    Column("title", Text, nullable=False),  # what it says it is: the series name
    Column("place", Text, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("known_at", String(27), nullable=False),
    Index("ix_schedule_fund_session", "fund", "session"),
    sqlite_with_rowid=False,
)

# One security a schedule speaks of. `key` is its identity as published (it need not be one of `security`).
presence = Table(
    "presence",
    metadata,
    Column("fund", Integer, ForeignKey("fund.id"), primary_key=True),
    Column("sha256", String(64), ForeignKey("archive.sha256"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("session", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # HELD | NOT_LISTED | BELOW_RESOLUTION | UNKNOWN
    Column("names", Text, nullable=False),  # JSON array: the names printed
    Column("ids", Text, nullable=False),  # every verified identifier, "cusip:… isin:…"
    Column("shares", Text),
    Column("value", Text),
    Column("weight", Text),  # percent points
    Index("ix_presence_key", "key"),
    sqlite_with_rowid=False,
)

# What comparing implied prices with closes said about a fund's dates, each time it was asked.
calibration = Table(
    "calibration",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fund", Integer, ForeignKey("fund.id"), nullable=False),
    Column("at", String(27), nullable=False),
    Column("first", Integer),  # dates of the files compared
    Column("last", Integer),
    Column("found", String(10), nullable=False),
    Column("configured", String(10), nullable=False),
    Column("outcome", String(8), nullable=False),  # agrees | differs | unknown
    Column("files", Integer, nullable=False),  # that speak for `found`
    Column("compared", Integer, nullable=False),
    Column("prices", Text, nullable=False),  # where the closes came from
    Index("ix_calibration_fund_id", "fund", "id"),
)

# An operator's word on two identities: a fact, never changed; the last one on a pair counts. Without a fund it is said
# of all funds of the issuer.
operator_link = Table(
    "operator_link",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("issuer", Integer, ForeignKey("issuer.id"), nullable=False),
    Column("fund", Integer, ForeignKey("fund.id")),
    Column("earlier", Integer, ForeignKey("security.id"), nullable=False),
    Column("later", Integer, ForeignKey("security.id"), nullable=False),
    Column("verb", String(4), nullable=False),  # link | cut
    Column("day", Integer, nullable=False),  # in files dated so or later
    Column("at", String(27), nullable=False),
    Column("note", Text, nullable=False),
    Index("ix_operator_link_issuer", "issuer"),
)

# --- derived from facts ---------------------------------------------------------------------------

# What the gates made of each snapshot. `day` is the as_of at which the verdict was settled.
standing = Table(
    "standing",
    metadata,
    Column("fund", Integer, ForeignKey("fund.id"), primary_key=True),
    Column("snapshot", Integer, primary_key=True, autoincrement=False),
    Column("as_of", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("standing", String(12), nullable=False),
    Column("convention", String(10), nullable=False),
    Column("pos_session", Integer),
    Column("reasons", Text, nullable=False),  # JSON array of {gate, text}
    Column("warnings", Text, nullable=False),  # JSON array of {gate, text}
    Index("ix_standing_fund_as_of", "fund", "as_of"),
    sqlite_with_rowid=False,
)

# Two identities that are one position over time in one fund: `later` continues `earlier` from `day` on.
link = Table(
    "link",
    metadata,
    Column("fund", Integer, ForeignKey("fund.id"), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("earlier", Integer, ForeignKey("security.id"), primary_key=True),
    Column("later", Integer, ForeignKey("security.id"), primary_key=True),
    Column("kind", String(20), nullable=False),  # IDENTIFIER_CHANGE | SUCCESSOR
    Column("rule", String(24), nullable=False),
    Column("confidence", String(8), nullable=False),
    Column("evidence", Text, nullable=False),
    Index("ix_link_earlier", "earlier"),
    Index("ix_link_later", "later"),
)

split = Table(
    "split",
    metadata,
    Column("issuer", Integer, ForeignKey("issuer.id"), primary_key=True),
    Column("shown_by", String(40), primary_key=True),  # "": all funds; else a fund whose files showed it on another day
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("security", Integer, ForeignKey("security.id"), primary_key=True),
    Column("settled", Integer, nullable=False),  # as_of of the file that decided it: `day`, or a file later
    Column("factor", String(40), nullable=False),  # new shares per old, exact decimal or a/b
    Column("rule", String(24), nullable=False),
    Column("evidence", Text, nullable=False),
)

# Two consecutive accepted files of one fund side by side: what its own creations and redemptions explain.
flow = Table(
    "flow",
    metadata,
    Column("fund", Integer, ForeignKey("fund.id"), primary_key=True),
    Column("snapshot", Integer, primary_key=True, autoincrement=False),  # the newer file
    Column("previous", Integer, nullable=False),  # the snapshot before
    Column("as_of", Integer, nullable=False),  # of the newer file
    Column("session_from", Integer),  # sessions in which the changes happened; null when unknown
    Column("session_to", Integer),
    Column("gap", Integer, nullable=False),  # sessions from one file to the other
    Column("factor", String(24)),  # decimal; null when too few lines are common, or across a long gap
    Column("units", Integer),  # net creation units; null when unknown
    Column("lines", Integer, nullable=False),  # equity lines in both files
    Column("unchanged", Integer, nullable=False),
    Column("in_flow", Integer),  # these three are null across a long gap
    Column("in_groups", Integer),
    Column("active", Integer),
    Column("rebalance", SmallInteger, nullable=False),  # 0 | 1
    Column("confidence", String(8), nullable=False),  # high | low
    Index("ix_flow_as_of", "as_of"),
    sqlite_with_rowid=False,
)

# One line of the newer file of a `flow` (of the older one when it is gone) that the flow does not explain.
trade = Table(
    "trade",
    metadata,
    Column("fund", Integer, primary_key=True, autoincrement=False),
    Column("snapshot", Integer, primary_key=True, autoincrement=False),
    Column("security", Integer, ForeignKey("security.id"), primary_key=True),  # as that file publishes it
    Column("listing", Integer, ForeignKey("listing.id"), nullable=False),
    Column("label", String(12), nullable=False),  # ACTIVE | NEW | GONE | PENDING | REBALANCE
    Column("shares_before", Text),  # exact decimals, before in shares of the newer file; null when not published
    Column("shares_after", Text),
    Column("split", String(40), nullable=False),  # new shares per old one between the two files, 1 or a/b
    Column("active_shares", Text),  # null where no size may be claimed
    Column("value", BigInteger),  # cents of `active_shares`
    Column("outside", SmallInteger, nullable=False),  # 1: baskets leave the line out, no flow is taken out of it
    Index("ix_trade_security", "security"),
    sqlite_with_rowid=False,
)

# A line whose count changed by a whole ratio at an unmoved price: the fund's next file decides.
pending = Table(
    "pending",
    metadata,
    Column("fund", Integer, ForeignKey("fund.id"), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("security", Integer, ForeignKey("security.id"), primary_key=True),
    Column("factor", String(40), nullable=False),
    Column("previous", Integer, nullable=False),  # the snapshot before
    Column("snapshot", Integer, nullable=False),
    Column("session_from", Integer),
    Column("session_to", Integer),
    Column("settled", Integer),  # as_of of the file that decided, and what it decided; null while waiting
    Column("decision", String(8)),  # split | undone | trade
    Column("listed", Integer),  # the security as the waiting file publishes it
)

# A line that a fund's creation baskets leave out, from one file to another (null: still).
outside = Table(
    "outside",
    metadata,
    Column("fund", Integer, ForeignKey("fund.id"), primary_key=True),
    Column("security", Integer, ForeignKey("security.id"), primary_key=True),
    Column("since", Integer, primary_key=True, autoincrement=False),
    Column("until", Integer),
    Index("ix_outside_fund_until", "fund", "until"),
    sqlite_with_rowid=False,
)

# An unbroken run of a material position. Open while `closed_day` is null; what only the end can tell
# (peak, last material holding, exit) is filled in when it closes.
spell = Table(
    "spell",
    metadata,
    Column("fund", Integer, ForeignKey("fund.id"), primary_key=True),
    Column("security", Integer, ForeignKey("security.id"), primary_key=True),
    Column("opened_day", Integer, primary_key=True, autoincrement=False),
    Column("opened_from", Integer),  # session interval of the entry
    Column("opened_to", Integer),
    Column("first_file", Integer, nullable=False),
    Column("entry_shares", Text),  # null in a file that prints weights only
    Column("censored", String(4), nullable=False),  # left | none
    Column("closed_day", Integer),
    Column("closed_from", Integer),
    Column("closed_to", Integer),
    Column("exit_file", Integer),  # first file as crumb or gone
    Column("last_file", Integer),  # last file with a line before exit_file
    Column("last_session", Integer),
    Column("exit_shares", Text),  # what was left at exit_file: crumb size or 0
    Column("last_shares", Text),
    Column("material_file", Integer),  # last file in which the position was material
    Column("material_session", Integer),
    Column("material_shares", Text),
    Column("peak_shares", Text),
    Column("peak_file", Integer),
    Column("files", Integer),
    Column("last_line_file", Integer),  # last file that listed it at all, crumbs included
    Column("last_line_session", Integer),
    Column("last_line_shares", Text),
    Column("last_line_day", Integer),  # the day that told us the crumb was gone
    Index("ix_spell_security", "security"),
    Index("ix_spell_fund_open", "fund", "closed_day"),
)

# The first accepted file that listed a security in a fund at all, however small the line: what keeps
# "first in our records" honest about traces that never became a position.
sighting = Table(
    "sighting",
    metadata,
    Column("fund", Integer, ForeignKey("fund.id"), primary_key=True),
    Column("security", Integer, ForeignKey("security.id"), primary_key=True),
    Column("as_of", Integer, nullable=False),
    Column("session", Integer),
    Column("day", Integer, nullable=False),
    Index("ix_sighting_security", "security"),
    sqlite_with_rowid=False,
)

# Events and items: what filters and views need in columns, the rest of the document packed. See documents.py.
_SAID = (
    ("listing", Integer, True),  # one that prints its name and ticker; null: they are in the next two
    ("name", Text, True),
    ("ticker", Text, True),
    ("kind", Coded(KINDS.words), False),
    ("as_of", Integer, False),
    ("day", Integer, False),
    ("session_from", Integer, True),
    ("session_to", Integer, True),
    ("known_at", BigInteger, True),  # microseconds since 1970
    ("shares_before", Amount(), True),
    ("shares_after", Amount(), True),
    ("active_shares", Amount(), True),
    ("value", BigInteger, True),  # cents
    ("currency", String(8), False),
    ("weight_before", Amount(), True),  # 10^-4 percent points, also beyond four decimals
    ("weight_after", Amount(), True),
    ("last_held", Integer, True),
    ("last_material", Integer, True),
    ("absence_sessions", Integer, True),
    ("absence_days", Integer, True),
    ("uncovered_sessions", Integer, True),
    ("claim", Text, False),  # with marks, see claim_text.py
    ("score", Integer, False),
    ("severity", Coded(SEVERITIES.words), False),
    ("confidence", Coded(CONFIDENCES.words), False),
    ("rest", LargeBinary, False),  # of the document, see compact.py
)

event = Table(
    "event",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("issuer", Integer, ForeignKey("issuer.id"), nullable=False),
    Column("fund", Integer, ForeignKey("fund.id"), nullable=False),
    Column("security", Integer, ForeignKey("security.id"), nullable=False),  # root of the links
    *(Column(name, kind, nullable=nullable) for name, kind, nullable in _SAID),
    Index("ix_event_issuer_day", "issuer", "day"),
    Index("ix_event_fund_as_of", "fund", "as_of"),
    Index("ix_event_security_as_of", "security", "as_of"),
    Index("ix_event_as_of", "as_of"),
)

item = Table(
    "item",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("issuer", Integer, ForeignKey("issuer.id"), nullable=False),
    Column("funds", Text, nullable=False),  # tickers of those that changed, with ", " between
    Column("security", Integer, ForeignKey("security.id"), nullable=False),
    *(Column(name, kind, nullable=nullable) for name, kind, nullable in _SAID),
    Index("ix_item_issuer_day", "issuer", "day"),
    Index("ix_item_security_as_of", "security", "as_of"),
    Index("ix_item_as_of", "as_of"),
)

# What an item said when it was told, once it says something else or is no longer derived. A record like `delivery`.
superseded = Table(
    "superseded",
    metadata,
    Column("item", String(20), primary_key=True),
    Column("at", String(27), primary_key=True),  # when we came to know better
    Column("issuer", Integer, ForeignKey("issuer.id"), nullable=False),
    Column("body", Text, nullable=False),  # JSON, as it was told
)
