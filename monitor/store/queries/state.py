"""How the monitor itself is doing: fresh files, unfinished work, held files, undelivered messages. Read only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import and_, select

from monitor.core.calibration import Outcome, failures_in_a_row
from monitor.core.model import Standing
from monitor.core.sessions import Sessions
from monitor.core.sight import IN_VAIN
from monitor.core.watching import Expectation, Freshness
from monitor.store.calibrations import last_checks, outcomes
from monitor.store.codec import date_of_day, instant_text
from monitor.store.destinations import Destination, destinations
from monitor.store.engine import Connection
from monitor.store.incidents import listing
from monitor.store.ledger import delivery, digest_entry
from monitor.store.queries.calling import called
from monitor.store.queries.held import held_files
from monitor.store.queries.names import FundRef, funds_known
from monitor.store.queries.running import running
from monitor.store.queries.status_row import StatusRow
from monitor.store.schema import fetch, issuer, snapshot, standing
from monitor.store.sessions import sessions

LATE_SESSIONS = 2  # a daily file may be missing for the current session and the one before it is published


MEANINGS = {
    "dead": "given up: see `alerts list --state dead`",
    "failing": "tried in vain, will be tried again",
    "due": "not sent yet: is `run` running?",
    "planned": "will be sent later: digests, quiet hours",
}
ALARMING = frozenset({"unfinished", "quarantined", "dead", "failing", "due", "doubtful", "broken"})


def status(
    conn: Connection,
    now: datetime,
    watched: Collection[tuple[str, str]] = (),
    expected: Mapping[tuple[str, str], Expectation] = MappingProxyType({}),
) -> list[StatusRow]:
    """Freshness of every fund, then who works, unfinished work, quarantine and deliveries; counts are 0 where all is
    well.

    `watched` names funds (issuer, ticker) that get a row even while the database does not know them; `expected` is what
    the watch expects of them.
    """
    held = held_files(conn)
    known = {(one.issuer, one.ticker): one for one in funds_known(conn)}
    calendars = {code: Sessions(sessions(conn, code)) for code in {one.calendar for one in known.values()}}
    names = sorted(known.keys() | set(watched))
    uses = Counter(ticker.upper() for _, ticker in names)
    shared = {ticker for ticker, count in uses.items() if count > 1}
    rows = [
        _freshness(conn, known[name], _Day(now.date(), calendars[known[name].calendar]), expected.get(name))
        if name in known
        else _never_fetched(name[1])
        for name in names
    ]
    if watched:
        ours = set(watched)
        rows = [row if name in ours else _unwatched(row) for name, row in zip(names, rows, strict=True)]
    rows = [replace(row, name=called(*name, shared)) for name, row in zip(names, rows, strict=True)]
    rows += _incidents(conn) + running(conn, now) + _unfinished(conn)
    refs = [one.ref for one in held]
    since = min((one.known_at for one in held), default=None)
    rows.append(StatusRow("quarantine", "files", "quarantined" if held else "ok", len(held), since, _some(refs)))
    return (
        rows
        + _calibrations(conn, {one.id: called(*name, shared) for name, one in known.items()})
        + _deliveries(conn, instant_text(now))
    )


def _incidents(conn: Connection) -> list[StatusRow]:
    """What we are blind for; that a fund has closed is known and counts for nothing."""
    rows = [
        StatusRow("incident", one.name, one.kind, int(one.kind != "closed"), one.opened_at, one.headline)
        for one in listing(conn)
    ]
    return rows or [StatusRow("incident", "all", "ok", 0, None, "")]


def _some(names: Sequence[str], shown: int = 3) -> str:
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")


class _Day(NamedTuple):
    """Today, and the sessions of a fund's exchange."""

    today: date
    calendar: Sessions

    def behind(self, as_of: date) -> int:
        """Sessions after the last file's date up to yesterday: today's file may still come."""
        yesterday = self.calendar.before(self.today)
        return 0 if yesterday is None else max(0, self.calendar.distance(as_of, yesterday))


def _freshness(conn: Connection, fund: FundRef, day: _Day, expected: Expectation | None) -> StatusRow:
    query = (
        select(standing.c.as_of, standing.c.pos_session, snapshot.c.known_at)
        .join(snapshot, and_(snapshot.c.fund == standing.c.fund, snapshot.c.id == standing.c.snapshot))
        .where(standing.c.fund == fund.id, standing.c.standing == str(Standing.ACCEPTED))
        .order_by(standing.c.as_of.desc())
        .limit(1)
    )
    last = conn.execute(query).first()
    outcome, tried = _last_try(conn, fund)
    if last is None:
        state = "failing" if outcome in IN_VAIN else "empty"
        return StatusRow("fund", fund.ticker, state, 0, None, f"no accepted file yet{tried}")
    as_of = date_of_day(last.as_of)
    behind = day.behind(as_of)
    late = "failing" if outcome in IN_VAIN else "late"
    overdue = behind > _allowed(fund) if expected is None else expected.state is Freshness.LATE
    state = "closed" if fund.closed else late if overdue else "ok"
    return StatusRow("fund", fund.ticker, state, behind, last.known_at, f"last file {as_of}{_next(expected)}{tried}")


def _next(expected: Expectation | None) -> str:
    """A few words about the file to come."""
    if expected is None:
        return ""
    if expected.late_since is not None:
        return f", that of {expected.as_of} late since {_minute(expected.late_since)}"
    return f", that of {expected.as_of} expected from {_minute(expected.oldest.first)}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _never_fetched(ticker: str) -> StatusRow:
    return StatusRow("fund", ticker, "empty", 0, None, "watched, never fetched")


def _unwatched(row: StatusRow) -> StatusRow:
    """A fund whose files are here, and which nobody asked to follow: old files are no trouble."""
    return replace(row, state=row.state if row.state == "closed" else "not watched", count=0, since=None)


def _allowed(fund: FundRef) -> int:
    return 35 if fund.kind == "monthly" else LATE_SESSIONS


def _last_try(conn: Connection, fund: FundRef) -> tuple[str | None, str]:
    """The outcome of the last look for a file, and a few words about it."""
    query = select(fetch.c.at, fetch.c.outcome).where(fetch.c.fund == fund.id).order_by(fetch.c.id.desc()).limit(1)
    row = conn.execute(query).first()
    if row is None:
        return None, ""
    return row.outcome, f", last look {row.at[:16].replace('T', ' ')} UTC: {row.outcome}"


def _calibrations(conn: Connection, names: Mapping[int, str]) -> list[StatusRow]:
    """The newest look at what each fund's dates mean; two failures in a row need a person."""
    rows = []
    for check in last_checks(conn):
        failures = failures_in_a_row(outcomes(conn, check.fund))
        state = "doubtful" if failures >= 2 else check.outcome.value
        since = instant_text(check.at)
        detail = f"prices show {check.found.value}, the source says {check.configured.value}"
        if check.outcome is Outcome.UNKNOWN:
            detail = f"too few recent files to tell whether {check.configured.value} is right"
        rows.append(StatusRow("calibration", names[check.fund], state, failures, since, detail))
    return rows


def _unfinished(conn: Connection) -> list[StatusRow]:
    query = select(issuer.c.code, issuer.c.derive_from).order_by(issuer.c.code)
    rows = []
    for row in conn.execute(query):
        if row.derive_from is not None:
            day = str(date_of_day(row.derive_from))
            detail = f"files from {day} are stored but not yet compared; the next check does it"
            rows.append(StatusRow("work", row.code, "unfinished", 1, day, detail))
    return rows


def _deliveries(conn: Connection, now: str) -> list[StatusRow]:
    """Open and given-up messages per channel. What is only planned for later is waiting, not undelivered."""
    query = select(delivery.c.channel, delivery.c.state, delivery.c.error, delivery.c.due_at, delivery.c.created_at)
    found: dict[tuple[str, str], list[str]] = {}
    for row in conn.execute(query.where(delivery.c.state.in_(["pending", "sending", "dead"]))):
        state = "dead" if row.state == "dead" else "failing" if row.error else "due" if row.due_at <= now else "planned"
        found.setdefault((row.channel, state), []).append(row.created_at)
    lines = select(digest_entry.c.channel, digest_entry.c.due_at, digest_entry.c.created_at)
    for line in conn.execute(lines.where(digest_entry.c.state == "waiting")):
        state = "due" if line.due_at <= now else "planned"  # each is a line of a digest to come
        found.setdefault((line.channel, state), []).append(line.created_at)
    manners = destinations(conn)
    rows = [
        StatusRow("deliveries", channel, state, len(made), min(made), _meaning(state, manners.get(channel)))
        for (channel, state), made in sorted(found.items())
    ]
    return rows or [StatusRow("deliveries", "all", "ok", 0, None, "")]


def _meaning(state: str, manners: Destination | None) -> str:
    """What became of messages, and of those that wait: how their destination is doing."""
    if manners is None or not manners.failures or state not in ("failing", "due"):
        return MEANINGS[state]
    next_try = f", next try {manners.not_before:%Y-%m-%d %H:%M} UTC" if manners.not_before is not None else ""
    word = "failure" if manners.failures == 1 else "failures"
    return f"{manners.failures} {word} in a row{next_try}: {manners.last_error}"


def needs_attention(rows: Sequence[StatusRow]) -> bool:
    """Whether something is quarantined, unfinished or undelivered, a fund cannot be fetched, or an incident lasts."""
    return any(row.what == "incident" and row.count for row in rows) or any(
        row.state in ALARMING and (row.count or row.what == "fund") for row in rows
    )
