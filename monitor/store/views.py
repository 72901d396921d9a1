"""The documented views: what SQL users read. Their names and columns are promised; the tables are not.

Only text is made here. A migration holds the frozen SQL that creates the views; a test keeps both equal.
Dates are `date` on PostgreSQL and ISO text on SQLite; instants are UTC text on both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from monitor.core.columns import Sort
from monitor.store.claim_text import ACTIVE, AFTER, AS_OF, BEFORE, LAST, NAME, TICKER, claim_sql
from monitor.store.claim_text import FUND as FUND_MARK
from monitor.store.coded import CONFIDENCES, KINDS, SEVERITIES

Dialect = Literal["sqlite", "postgresql"]
Say = Callable[["Words"], str]


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """One column: its name, how it is computed, what it says, and what its values are."""

    name: str
    sql: str | Say
    says: str
    sort: Sort = Sort.TEXT


@dataclass(frozen=True, slots=True)
class View:
    """One view: what a row is, its columns, and where they come from."""

    name: str
    says: str
    columns: tuple[ViewColumn, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Words:
    """The few things SQLite and PostgreSQL say differently."""

    dialect: Dialect

    def day(self, sql: str) -> str:
        """A date from days since 1970."""
        if self.dialect == "sqlite":
            return f"date({sql} * 86400, 'unixepoch')"
        return f"(DATE '1970-01-01' + {sql})"

    def shares(self, number: str, exponent: str) -> str:
        """A quantity from its integer and exponent: exact on PostgreSQL, a double on SQLite."""
        if self.dialect == "sqlite":
            cases = " ".join(f"WHEN {places} THEN 1e{places}" for places in range(13))
            return f"{number} / CASE {exponent} {cases} END"
        return f"round({number} * power(10::numeric, -{exponent}), {exponent})"

    def scaled(self, number: str, places: int) -> str:
        """A decimal from an integer with a fixed number of decimals."""
        if self.dialect == "sqlite":
            return f"{number} / 1e{places}"
        return f"{number} * 0.{'1'.zfill(places)}"

    def ratio(self, part: str, whole: str) -> str:
        """One integer as a part of another, null when the whole is 0."""
        if self.dialect == "sqlite":
            return f"round({part} * 1.0 / nullif({whole}, 0), 8)"
        return f"round({part}::numeric / nullif({whole}, 0), 8)"

    def instant(self, micros: str) -> str:
        """UTC text of microseconds since 1970, as Python writes it."""
        part = f"{micros} % 1000000"
        if self.dialect == "sqlite":
            seconds = f"strftime('%Y-%m-%dT%H:%M:%S', {micros} / 1000000, 'unixepoch')"
            return f"{seconds} || CASE WHEN {part} = 0 THEN '' ELSE printf('.%06d', {part}) END || 'Z'"
        seconds = f"to_char(to_timestamp({micros} / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')"
        return f"{seconds} || CASE WHEN {part} = 0 THEN '' ELSE '.' || lpad(({part})::text, 6, '0') END || 'Z'"

    def grouped(self, number: str) -> str:
        """The size of a whole number with commas."""
        if self.dialect == "sqlite":
            return f"printf('%,d', abs({number}))"
        return f"to_char(abs({number}), 'FM999,999,999,999,999,990')"

    def day_text(self, sql: str) -> str:
        """A date from days since 1970, as text."""
        return self.day(sql) if self.dialect == "sqlite" else f"{self.day(sql)}::text"

    def claim(self, level: str, funds: str) -> str:
        """The sentence of a row `b`, with what its columns say put back."""
        fields = {
            AFTER: self.grouped("b.shares_after"),
            BEFORE: self.grouped("b.shares_before"),
            ACTIVE: self.grouped("b.active_shares"),
            LAST: self.day_text("b.session_to"),
            AS_OF: self.day_text("b.as_of"),
            FUND_MARK: funds,
            TICKER: f"' (' || {PRINTED_TICKER} || ')'",
            NAME: PRINTED_NAME,
        }
        return claim_sql(level, "b.claim", fields, "char" if self.dialect == "sqlite" else "chr")


def create_statement(view: View, dialect: Dialect) -> str:
    """The CREATE VIEW statement of `view`."""
    words = Words(dialect)
    lines = []
    for column in view.columns:
        sql = column.sql if isinstance(column.sql, str) else column.sql(words)
        lines.append(f"    {sql} AS {column.name}")
    return f"CREATE VIEW {view.name} AS\nSELECT\n" + ",\n".join(lines) + f"\nFROM {view.source}"


def _column(name: str, sql: str, says: str, sort: Sort = Sort.TEXT) -> ViewColumn:
    return ViewColumn(name, sql, says, sort)


def _instant(name: str, sql: str, says: str) -> ViewColumn:
    return ViewColumn(name, sql, says, Sort.INSTANT)


def _whole(name: str, sql: str, says: str) -> ViewColumn:
    return ViewColumn(name, sql, says, Sort.WHOLE)


def _quantity(name: str, sql: str | Say, says: str) -> ViewColumn:
    return ViewColumn(name, sql, says, Sort.NUMBER)


def _day(name: str, sql: str, says: str) -> ViewColumn:
    return ViewColumn(name, lambda words: words.day(sql), says, Sort.DAY)


def _amount(name: str, sql: str, says: str) -> ViewColumn:
    return ViewColumn(name, lambda words: _decimal(words, sql), says, Sort.NUMBER)


def _scaled(name: str, sql: str, places: int, says: str) -> ViewColumn:
    return ViewColumn(name, lambda words: words.scaled(sql, places), says, Sort.NUMBER)


PRINTED_NAME = "CASE WHEN b.listing IS NULL THEN b.name ELSE l.name END"
PRINTED_TICKER = "CASE WHEN b.listing IS NULL THEN b.ticker ELSE nullif(l.ticker, '') END"


ISSUER = _column("issuer", "i.code", "short name of the issuer")
FUND = _column("fund", "f.ticker", "ticker of the fund")
SECURITY = _column("security", "s.public", "our public id of the security")

HOLDINGS = View(
    "v_holdings",
    "One position of one fund in one accepted file: what was held.",
    (
        ISSUER,
        FUND,
        _day("as_of", "n.as_of", "date printed in the file"),
        _day("pos_session", "t.pos_session", "session after whose close this was true; null when unknown"),
        SECURITY,
        _column("name", "l.name", "name as printed in this file"),
        _column("ticker", "l.ticker", "ticker as printed in this file"),
        _column("identifier", "l.identifier", "identifier as printed in this file"),
        _column("asset_class", "l.asset_class", "equity, coin, cash, future, option, swap, bond or right"),
        _quantity(
            "shares",
            lambda words: words.shares("h.shares", "n.shares_exp"),
            "number of shares or units; null in a file of weights",
        ),
        _scaled("value", "h.value", 2, "market value in `currency`; null when not printed"),
        _scaled("weight", "h.weight", 4, "percent points of the fund; null when not printed"),
        _column("currency", "n.currency", "currency of the file"),
        _instant("known_at", "n.known_at", "when we had the file"),
    ),
    """holding h
JOIN snapshot n ON n.fund = h.fund AND n.id = h.snapshot
JOIN standing t ON t.fund = h.fund AND t.snapshot = h.snapshot AND t.standing = 'accepted'
JOIN fund f ON f.id = h.fund
JOIN issuer i ON i.id = f.issuer
JOIN security s ON s.id = h.security
JOIN listing l ON l.id = h.listing""",
)

SPELLS = View(
    "v_spells",
    "One unbroken run of files in which a fund held a security; still open while `closed` is null.",
    (
        ISSUER,
        FUND,
        SECURITY,
        _column("name", "l.name", "name in the last file of the run that lists it"),
        _column("ticker", "l.ticker", "ticker in that file"),
        _day("opened", "p.opened_day", "day of the file that settled the entry"),
        _day("opened_from", "p.opened_from", "first session in which the entry may have happened; null when unknown"),
        _day("opened_to", "p.opened_to", "last session in which the entry may have happened; null when unknown"),
        _day("closed", "p.closed_day", "day of the file that settled the exit; null while held"),
        _day("closed_from", "p.closed_from", "first session in which the exit may have happened"),
        _day("closed_to", "p.closed_to", "last session in which the exit may have happened"),
        _day("first_file", "p.first_file", "date of the first file that lists it"),
        _day("last_file", "p.last_file", "date of the last file that lists it; null while held"),
        _quantity("entry_shares", lambda words: _decimal(words, "p.entry_shares"), "shares in the first file"),
        _quantity("peak_shares", lambda words: _decimal(words, "p.peak_shares"), "most shares held; null while held"),
        _quantity("exit_shares", lambda words: _decimal(words, "p.exit_shares"), "what was left at the exit"),
        _whole("files", "p.files", "number of files in the run; null while held"),
        _column("censored", "p.censored", "left: held already in the first file we have; none: we saw the entry"),
    ),
    """spell p
JOIN fund f ON f.id = p.fund
JOIN issuer i ON i.id = f.issuer
JOIN security s ON s.id = p.security
LEFT JOIN listing l ON l.id = (
    WITH RECURSIVE same (security) AS (
        SELECT p.security
        UNION
        SELECT k.later FROM same JOIN link k ON k.fund = p.fund AND k.earlier = same.security
    )
    SELECT x.id
    FROM standing t
    JOIN holding h ON h.fund = t.fund AND h.snapshot = t.snapshot AND h.security IN (SELECT security FROM same)
    JOIN listing x ON x.id = h.listing
    WHERE t.fund = p.fund AND t.standing = 'accepted'
        AND t.as_of BETWEEN p.first_file AND coalesce(p.last_file, 2147483647)
    ORDER BY t.as_of DESC, x.name, x.ticker, x.identifier
    LIMIT 1
)""",
)


def _change(level: str, funds: str) -> tuple[ViewColumn, ...]:
    """The columns that events and items (`level`) share; `funds` is the SQL of the tickers."""
    return (
        _day("session_from", "b.session_from", "first session in which it may have happened; null when unknown"),
        _day("session_to", "b.session_to", "last session in which it may have happened; null when unknown"),
        ViewColumn("known_at", lambda words: words.instant("b.known_at"), "when we knew", Sort.INSTANT),
        _quantity(
            "shares_before", lambda words: _decimal(words, "b.shares_before"), "shares before; null when unknown"
        ),
        _quantity("shares_after", lambda words: _decimal(words, "b.shares_after"), "shares after; null when unknown"),
        _quantity(
            "active_shares",
            lambda words: _decimal(words, "b.active_shares"),
            "the change with the fund's own flows removed; null when unknown",
        ),
        _scaled("value", "b.value", 2, "value of the change in `currency`; null when unknown"),
        _column("currency", "b.currency", "currency of `value`"),
        _scaled("weight_before", "b.weight_before", 4, "percent points before"),
        _scaled("weight_after", "b.weight_after", 4, "percent points after"),
        _day("last_held", "b.last_held", "session of the last holding before an absence"),
        _day("last_material", "b.last_material", "session of the last material holding before an absence"),
        _whole("absence_sessions", "b.absence_sessions", "sessions it was gone"),
        _whole("absence_days", "b.absence_days", "days it was gone"),
        _whole("uncovered_sessions", "b.uncovered_sessions", "sessions of the absence no file covers"),
        ViewColumn("claim", lambda words: words.claim(level, funds), "the sentence people are told"),
        _column("confidence", CONFIDENCES.sql("b.confidence"), "high or low"),
        _column("status", "'current'", "current, superseded or correction"),
    )


EVENTS = View(
    "v_events",
    "One change of one position of one fund between two accepted files.",
    (
        _column("id", "b.id", "id of the event, for `why`"),
        _column("kind", KINDS.sql("b.kind"), "what happened: INITIATED, EXITED, INCREASED …"),
        ISSUER,
        FUND,
        SECURITY,
        _column("name", PRINTED_NAME, "name of the security"),
        _column("ticker", PRINTED_TICKER, "ticker of the security"),
        _day("as_of", "b.as_of", "date of the file that shows the change"),
        _day("day", "b.day", "date of the file that settled it"),
        *_change("event", "f.ticker"),
    ),
    """event b
JOIN fund f ON f.id = b.fund
JOIN issuer i ON i.id = b.issuer
JOIN security s ON s.id = b.security
LEFT JOIN listing l ON l.id = b.listing""",
)

ITEMS = View(
    "v_items",
    "One change of one security over all funds of an issuer: what people are told.",
    (
        _column("id", "b.id", "id of the item, for `why`"),
        _column("kind", KINDS.sql("b.kind"), "what happened: INITIATED, EXITED, INCREASED …"),
        ISSUER,
        _column("funds", "b.funds", "tickers of the funds that changed"),
        SECURITY,
        _column("name", PRINTED_NAME, "name of the security"),
        _column("ticker", PRINTED_TICKER, "ticker of the security"),
        _day("as_of", "b.as_of", "date of the file that shows the change"),
        _day("day", "b.day", "date of the file that settled it"),
        _column("severity", SEVERITIES.sql("b.severity"), "high, normal or low"),
        _whole("score", "b.score", "rank among the items, higher first"),
        *_change("item", "b.funds"),
    ),
    """item b
JOIN issuer i ON i.id = b.issuer
JOIN security s ON s.id = b.security
LEFT JOIN listing l ON l.id = b.listing""",
)

COVERAGE = View(
    "v_coverage",
    "One fund: how much of its history the accepted files cover.",
    (
        ISSUER,
        FUND,
        _column("name", "f.name", "name of the fund"),
        _day("first", "c.first", "date of the first accepted file; null when there is none"),
        _day("last", "c.last", "date of the last accepted file"),
        _whole("files", "coalesce(c.files, 0)", "number of accepted files"),
        _whole(
            "sessions",
            "(SELECT count(*) FROM session x WHERE x.calendar = f.calendar"
            " AND x.day BETWEEN c.first_session AND c.last_session)",
            "trading days from the first to the last position session",
        ),
        _whole("covered", "coalesce(c.covered, 0)", "how many of them a file shows"),
        _whole(
            "quarantined",
            "(SELECT count(*) FROM standing q WHERE q.fund = f.id AND q.standing = 'quarantined')",
            "files held back",
        ),
        _whole(
            "refused", "(SELECT count(*) FROM refusal r WHERE r.fund = f.id)", "bodies that were not holdings files"
        ),
        _day("closed", "f.closed", "day the fund closed; null while it lives"),
    ),
    """fund f
JOIN issuer i ON i.id = f.issuer
LEFT JOIN (
    SELECT t.fund, min(t.as_of) AS first, max(t.as_of) AS last, count(*) AS files,
        min(t.pos_session) AS first_session, max(t.pos_session) AS last_session,
        count(DISTINCT t.pos_session) AS covered
    FROM standing t
    WHERE t.standing = 'accepted'
    GROUP BY t.fund
) c ON c.fund = f.id""",
)

DELIVERIES = View(
    "v_deliveries",
    "One message for one channel: promised, sent, or given up.",
    (
        _whole("id", "d.id", "number of the delivery"),
        _column("item", "d.item", "id of the item, or of a notice"),
        _whole("revision", "d.revision", "1 for the first telling, more for corrections"),
        _column("kind", KINDS.sql("b.kind"), "what happened; null for notices"),
        _column("issuer", "i.code", "short name of the issuer; null for notices"),
        SECURITY,
        _column("channel", "d.channel", "name of the channel"),
        _column("severity", "d.severity", "high, normal or low"),
        _column("state", "d.state", "pending, sending, sent, dead or withdrawn"),
        _whole("attempts", "d.attempts", "how often sending was tried"),
        _instant("created_at", "d.created_at", "when it was promised"),
        _instant("due_at", "d.due_at", "when it is to be tried next"),
        _instant("sent_at", "d.sent_at", "when the channel took it; null before"),
        _column("error", "d.error", "why the last attempt failed"),
    ),
    """delivery d
LEFT JOIN item b ON b.id = d.item
LEFT JOIN issuer i ON i.id = b.issuer
LEFT JOIN security s ON s.id = b.security""",
)

SNAPSHOTS = View(
    "v_snapshots",
    "One published version of one fund's holdings, whatever became of it.",
    (
        ISSUER,
        FUND,
        _day("as_of", "n.as_of", "date printed in the file"),
        _whole("number", "n.id % 256", "number of this version among those of its date, by arrival"),
        _day("pos_session", "t.pos_session", "session after whose close it was true; null when unknown"),
        _column(
            "standing", "t.standing", "accepted, quarantined, discarded, superseded or rejected; null: not yet judged"
        ),
        _column("convention", "t.convention", "how the printed date relates to the session"),
        _column("reasons", "t.reasons", "why it is not accepted: JSON array of gate and text"),
        _column("cautions", "t.warnings", "what the gates noticed: JSON array of gate and text"),
        _column("notes", "n.warnings", "what the reader noticed: JSON array of sentences"),
        _column("operator", "n.operator", "accept or reject when a person decided"),
        _column("arrival", "n.arrival", "live or history"),
        _instant("known_at", "n.known_at", "when we had it"),
        _instant("published_from", "n.published_from", "last poll without it; null when never polled"),
        _instant("published_to", "n.published_to", "first poll with it; null when never polled"),
        _whole("lines", "n.lines", "lines in the file"),
        _whole("positions", "n.positions", "positions they make"),
        _whole("unread", "n.unread", "rows that could not be used"),
        _scaled("value", "n.value", 2, "market value of all lines in `currency`"),
        _scaled("weight", "n.weight", 4, "weights of all lines in percent points"),
        _column("currency", "n.currency", "currency of the file"),
        _column("place", "n.place", "where it came from"),
        _column("sha256", "n.sha256", "SHA-256 of the file"),
        _day("announced", "n.announced", "a second date printed: when it was announced, or the day it is for"),
        _column(
            "dated_by", "n.dated_by", "where the date stands: file, name; or poll: follows from it, said: a person"
        ),
    ),
    """snapshot n
JOIN fund f ON f.id = n.fund
JOIN issuer i ON i.id = f.issuer
LEFT JOIN standing t ON t.fund = n.fund AND t.snapshot = n.id""",
)

REFUSALS = View(
    "v_refusals",
    "One body that was not a holdings file, or not one of ours.",
    (
        _whole("id", "r.id", "number of the refusal"),
        ISSUER,
        _column("fund", "f.ticker", "ticker of the fund it was fetched for; null when unknown"),
        _column("code", "r.code", "short word for the kind of refusal"),
        _column("text", "r.text", "the sentence"),
        _column("place", "r.place", "where it came from"),
        _column("sha256", "r.sha256", "SHA-256 of the body"),
        _instant("first_at", "r.first_at", "when it was seen first"),
        _instant("last_at", "r.last_at", "when it was seen last"),
        _whole("times", "r.times", "how often it was seen"),
    ),
    """refusal r
JOIN issuer i ON i.id = r.issuer
LEFT JOIN fund f ON f.id = r.fund""",
)

IDENTIFIERS = View(
    "v_identifiers",
    "One name, ticker or identifier of a security in a fund, with the dates of the first and last file that has it.",
    (
        ISSUER,
        FUND,
        _column("security", "r.public", "our public id of the position: the earliest identity of its chain of links"),
        _column("identity", "s.public", "our public id of the line that printed it"),
        _column("kind", "x.kind", "name, ticker, cusip, isin, sedol or figi"),
        _column("value", "x.value", "as printed; identifiers as verified"),
        _day("valid_from", "x.first", "date of the first accepted file"),
        _day("valid_to", "x.last", "date of the last accepted file"),
        _column("source", "'file'", "where it is from: the issuer's files"),
        _column("confidence", "x.confidence", "verified: has a check digit; printed: as the issuer wrote it"),
        _whole("reused", "CASE WHEN x.users > 1 THEN 1 ELSE 0 END", "1: another security of the fund has had it, too"),
        _whole("conflict", "x.conflict", "1: another security had this ticker or identifier at the same time"),
    ),
    """(
    WITH RECURSIVE up (fund, security, root) AS (
        SELECT k.fund, k.later, k.earlier FROM link k
        UNION
        SELECT up.fund, up.security, k.earlier FROM up JOIN link k ON k.fund = up.fund AND k.later = up.root
    ), top (fund, security, root) AS (
        SELECT up.fund, up.security, min(up.root) FROM up
        WHERE NOT EXISTS (SELECT 1 FROM link k WHERE k.fund = up.fund AND k.later = up.root)
        GROUP BY up.fund, up.security
    ), seen (fund, security, listing, first, last) AS (
        SELECT h.fund, h.security, h.listing, min(t.as_of), max(t.as_of)
        FROM holding h
        JOIN standing t ON t.fund = h.fund AND t.snapshot = h.snapshot AND t.standing = 'accepted'
        GROUP BY h.fund, h.security, h.listing
    ), said (fund, security, kind, value, confidence, first, last) AS (
        SELECT n.fund, n.security, 'name', l.name, 'printed', n.first, n.last
        FROM seen n JOIN listing l ON l.id = n.listing WHERE l.name <> ''
        UNION ALL
        SELECT n.fund, n.security, 'ticker', l.ticker, 'printed', n.first, n.last
        FROM seen n JOIN listing l ON l.id = n.listing WHERE l.ticker <> ''
        UNION ALL
        SELECT n.fund, n.security, d.scheme, d.value, 'verified', n.first, n.last
        FROM seen n JOIN identifier d ON d.security = n.security
    ), spoken (fund, security, root, kind, value, confidence, first, last) AS (
        SELECT a.fund, a.security, coalesce(top.root, a.security), a.kind, a.value, a.confidence,
            min(a.first), max(a.last)
        FROM said a LEFT JOIN top ON top.fund = a.fund AND top.security = a.security
        GROUP BY a.fund, a.security, coalesce(top.root, a.security), a.kind, a.value, a.confidence
    ), spans AS (
        SELECT p.*, min(p.first) OVER same AS begun, max(p.last) OVER same AS ended
        FROM spoken p WINDOW same AS (PARTITION BY p.fund, p.root, p.kind, p.value)
    ), shared AS (
        SELECT q.*, dense_rank() OVER others AS place,
            max(q.ended) OVER (others GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier,
            min(q.begun) OVER (others GROUPS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS later
        FROM spans q WINDOW others AS (PARTITION BY q.fund, q.kind, q.value ORDER BY q.begun, q.root)
    )
    SELECT w.fund, w.security, w.root, w.kind, w.value, w.confidence, w.first, w.last,
        max(w.place) OVER (PARTITION BY w.fund, w.kind, w.value) AS users,
        CASE WHEN w.kind <> 'name' AND (w.earlier >= w.begun OR w.later <= w.ended) THEN 1 ELSE 0 END AS conflict
    FROM shared w
) x
JOIN fund f ON f.id = x.fund
JOIN issuer i ON i.id = f.issuer
JOIN security s ON s.id = x.security
JOIN security r ON r.id = x.root""",
)

INTERVAL = (
    _day("session_from", "w.session_from", "first session in which it may have happened; null when unknown"),
    _day("session_to", "w.session_to", "last session in which it may have happened; null when unknown"),
)
FACTOR = _quantity(
    "flow_factor", lambda words: _decimal(words, "w.factor"), "what creations and redemptions did; null when unknown"
)
CONFIDENCE = _column("confidence", "w.confidence", "low when little of the flow is explained, or over several sessions")

FLOWS = View(
    "v_flows",
    "Two consecutive accepted files of one fund: what creations and redemptions explain.",
    (
        ISSUER,
        FUND,
        _day("as_of", "w.as_of", "date of the newer file"),
        _day("previous", "o.as_of", "date of the older file"),
        *INTERVAL,
        _whole("gap", "w.gap", "sessions from one file to the other"),
        FACTOR,
        _whole("units", "w.units", "net creation units; null when unknown"),
        _whole("lines", "w.lines", "equity lines in both files"),
        _whole("unchanged", "w.unchanged", "lines whose share count did not change"),
        _whole("in_flow", "w.in_flow", "lines that changed with the flow; null across more than 5 sessions"),
        _whole("in_groups", "w.in_groups", "lines that changed by another common ratio"),
        _whole("active", "w.active", "lines that neither explains"),
        _whole("rebalance", "w.rebalance", "1 when most lines were re-sized, else 0"),
        CONFIDENCE,
    ),
    """flow w
JOIN snapshot o ON o.fund = w.fund AND o.id = w.previous
JOIN fund f ON f.id = w.fund
JOIN issuer i ON i.id = f.issuer""",
)

TRADES = View(
    "v_trades",
    "One line of one fund that was bought or sold between two files, the fund's own flows removed.",
    (
        ISSUER,
        FUND,
        _day("as_of", "w.as_of", "date of the file that shows it"),
        *INTERVAL,
        SECURITY,
        _column("name", "l.name", "name as printed"),
        _column("ticker", "l.ticker", "ticker as printed"),
        _column("identifier", "l.identifier", "identifier as printed"),
        _column(
            "label",
            "d.label",
            "ACTIVE, NEW or GONE; PENDING: perhaps a split; REBALANCE: the fund re-sized most of its lines",
        ),
        _quantity(
            "shares_before", lambda words: _decimal(words, "d.shares_before"), "before, in shares of the newer file"
        ),
        _quantity("shares_after", lambda words: _decimal(words, "d.shares_after"), "shares after"),
        _column("split", "d.split", "new shares per old one between the two files"),
        FACTOR,
        _whole("units", "w.units", "net creation units; null when unknown"),
        _quantity(
            "active_shares",
            lambda words: _decimal(words, "d.active_shares"),
            "after minus flow factor times before; null where no size may be claimed",
        ),
        _scaled("value", "d.value", 2, "value of `active_shares` in `currency`; null when unknown"),
        _quantity(
            "share_of_fund", lambda words: words.ratio("d.value", "n.value"), "`value` as a part of the fund, 0 … 1"
        ),
        _column("currency", "n.currency", "currency of `value`"),
        CONFIDENCE,
    ),
    """trade d
JOIN flow w ON w.fund = d.fund AND w.snapshot = d.snapshot
JOIN snapshot n ON n.fund = d.fund AND n.id = d.snapshot
JOIN fund f ON f.id = d.fund
JOIN issuer i ON i.id = f.issuer
JOIN security s ON s.id = d.security
JOIN listing l ON l.id = d.listing""",
)


PRESENCE = View(
    "v_presence",
    "One security on one list beside a fund's daily files: an N-PORT, an archived or re-published copy.",
    (
        ISSUER,
        FUND,
        _day("as_of", "c.as_of", "date the list states"),
        _day("pos_session", "c.session", "session after whose close it was true"),
        _column("source", "c.source", "back-file, archive, n-port or third-party, in falling weight"),
        _whole("complete", "c.complete", "1: what the list leaves out was not held"),
        _column("security", "s.public", "our public id; null when no file we have lists that identity"),
        _column("names", "p.names", "names as printed: JSON array"),
        _column("ids", "p.ids", "verified identifiers, scheme:value"),
        _column("state", "p.state", "HELD, or NOT_LISTED for a short position"),
        _quantity("shares", lambda words: _decimal(words, "p.shares"), "as printed; null when not said"),
        _quantity("value", lambda words: _decimal(words, "p.value"), "as printed; null when not said"),
        _quantity("weight", lambda words: _decimal(words, "p.weight"), "percent points of the fund"),
        _instant("known_at", "c.known_at", "when we had the list"),
        _column("place", "c.place", "where it came from"),
        _column("sha256", "c.sha256", "SHA-256 of the document"),
    ),
    """presence p
JOIN schedule c ON c.fund = p.fund AND c.sha256 = p.sha256
JOIN fund f ON f.id = p.fund
JOIN issuer i ON i.id = f.issuer
LEFT JOIN security s ON s.key = p.key""",
)

INCIDENTS = View(
    "v_incidents",
    "One time we could not see what an issuer or fund published, from its first notice to its end.",
    (
        _whole("id", "c.id", "number of the incident"),
        _column("subject", "c.subject", "fund:ISSUER/TICKER, issuer:ISSUER, or all"),
        _column("kind", "c.kind", "late, missing, failing, renamed, closed, stale …"),
        _instant("opened_at", "c.opened_at", "when it was noticed"),
        _instant("closed_at", "c.closed_at", "when it ended; null while it lasts"),
        _column("headline", "c.headline", "what people were told"),
        _column("detail", "c.detail", "what was seen, and what may help"),
        _column("notice", "c.notice", "item of the notice in `v_deliveries`; null: told as part of a larger one"),
    ),
    "incident c",
)

MUTES = View(
    "v_mutes",
    "One wish not to hear of something until a day.",
    (
        _whole("id", "m.id", "number of the mute"),
        _column("scope", "m.scope", "security, fund, issuer or kind"),
        _column("value", "m.value", "public id, ISSUER/TICKER, issuer or kind"),
        _column("label", "m.label", "what people call it"),
        _column("channel", "m.channel", "the channel it is for; null: all"),
        _instant("until", "m.until", "when it ends by itself"),
        _instant("at", "m.at", "when it was said"),
        _column("by", "m.by", "who said it, and where"),
        _column("note", "m.note", "why"),
        _instant("ended_at", "m.ended_at", "when it was lifted early; null: it was not"),
    ),
    "mute m",
)

VIEWS: tuple[View, ...] = (
    HOLDINGS,
    SPELLS,
    EVENTS,
    ITEMS,
    FLOWS,
    TRADES,
    COVERAGE,
    DELIVERIES,
    SNAPSHOTS,
    REFUSALS,
    IDENTIFIERS,
    PRESENCE,
    INCIDENTS,
    MUTES,
)


def _decimal(words: Words, sql: str) -> str:
    return f"CAST({sql} AS {'REAL' if words.dialect == 'sqlite' else 'numeric'})"
