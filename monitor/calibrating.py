"""Calibrates stored funds: which convention do their prices show, and is it the one the source states?

The closes come from a file, from another fund, or from every other calibrated fund we have. It changes no
convention: that is written in the source's TOML by a person.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from monitor import telling
from monitor.core import calibration
from monitor.core.calibration import Closes, Fingerprint, Outcome, Period, Priced, Verdict
from monitor.core.errors import UsageError
from monitor.core.identity import ticker_root, verified_ids
from monitor.core.model import Convention, Severity
from monitor.core.sessions import Sessions
from monitor.notify.message import Message, notice
from monitor.sources.spec import Source
from monitor.store import calibrations
from monitor.store.calibrations import Check
from monitor.store.engine import Connection, Engine, transaction
from monitor.store.queries import FundRef, funds_known
from monitor.store.sessions import sessions as stored_sessions

RECENT = timedelta(days=45)  # what a check looks at
PEERS = 20  # funds compared with at most


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What the prices of one fund's files say: its periods with what is configured, and every file's own voice.

    `prices` says where the closes came from.
    """

    fund: FundRef
    told: tuple[tuple[Period, Convention, Outcome], ...]
    files: tuple[Fingerprint, ...]
    prices: str

    @property
    def agrees(self) -> bool:
        """Whether something was told and all of it leads to the configured sessions."""
        found = {outcome for _, _, outcome in self.told}
        return Outcome.AGREES in found and Outcome.DIFFERS not in found

    @property
    def advice(self) -> str:
        """What belongs into the TOML where it says something else."""
        differs = any(outcome is Outcome.DIFFERS for _, _, outcome in self.told)
        return calibration.advice(self.fund.ticker, [period for period, _, _ in self.told]) if differs else ""

    def unjudged(self) -> Mapping[Verdict, int]:
        """How many files could not be judged, by reason."""
        found: dict[Verdict, int] = {}
        for one in self.files:
            if one.verdict is not Verdict.MATCHED:
                found[one.verdict] = found.get(one.verdict, 0) + 1
        return found


def calibrate(
    conn: Connection,
    source: Source,
    fund: FundRef,
    *,
    against: FundRef | None = None,
    prices: tuple[str, Closes] | None = None,
    since: date | None = None,
    shelf: Shelf | None = None,
) -> Calibrated:
    """One fund over its stored history (from `since` on). Raises UsageError when `against` is not calibrated.

    `shelf` keeps what was read of other funds, where several are calibrated.
    """
    where, closes = prices or (shelf or Shelf(conn, since)).closes(fund, against)
    calendar = Sessions(stored_sessions(conn, fund.calendar))
    found = [
        calibration.fingerprint(file, closes, calendar) for _, file in calibrations.priced_files(conn, fund.id, since)
    ]

    def configured(day: date) -> Convention:
        return source.convention_on(fund.ticker, day)

    told = tuple(
        (period, configured(period.last), calibration.outcome(period, configured, calendar))
        for period in calibration.periods(found, calendar)
    )
    return Calibrated(fund, told, tuple(found), where)


class Shelf:
    """The priced files of funds whose sessions are known, read once, and which of them know a fund's lines."""

    def __init__(self, conn: Connection, since: date | None = None) -> None:
        self._conn, self._since = conn, since
        self._files: dict[int, list[tuple[date, Priced]]] = {}
        self._codes: dict[int, frozenset[str]] = {}
        self._funds = funds_known(conn)

    def closes(self, fund: FundRef, against: FundRef | None) -> tuple[str, Closes]:
        """The implied prices of one calibrated fund, or of the others that share most lines, other issuers first."""
        peers = [against] if against is not None else self._peers(fund)
        named = [one for one in peers if self._of(one)]
        if against is not None and not named:
            raise UsageError(f"{against.ticker} has no file whose session is known: it cannot calibrate another fund.")
        files = [file for one in named for file in self._of(one)]
        where = ", ".join(one.ticker for one in named) or "no other calibrated fund"
        return where, calibration.closes_of(files)

    def _peers(self, fund: FundRef) -> list[FundRef]:
        mine = self._known(fund)
        shared = {one.id: len(mine & self._known(one)) for one in self._funds if one.id != fund.id}
        found = [one for one in self._funds if shared.get(one.id, 0) >= calibration.LEAST]
        return sorted(found, key=lambda one: (one.issuer == fund.issuer, -shared[one.id], one.ticker))[:PEERS]

    def _known(self, fund: FundRef) -> frozenset[str]:
        if fund.id not in self._codes:
            listed = calibrations.identifiers(self._conn, fund.id).values()
            self._codes[fund.id] = frozenset(alias for aliases in listed for alias in aliases)
        return self._codes[fund.id]

    def _of(self, fund: FundRef) -> list[tuple[date, Priced]]:
        if fund.id not in self._files:
            read = calibrations.priced_files(self._conn, fund.id, self._since)
            self._files[fund.id] = [(session, file) for session, file in read if session is not None]
        return self._files[fund.id]


def read_closes(name: str, text: str) -> tuple[str, Closes]:
    """Closes from CSV with the columns date, close and one of ticker, cusip, isin.

    Raises UsageError naming the row.
    """
    rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    columns = [column.strip().lower() for column in rows.fieldnames or ()]
    rows.fieldnames = columns
    keys = [column for column in ("cusip", "isin", "ticker") if column in columns]
    if "date" not in columns or "close" not in columns or not keys:
        raise UsageError(f"{name} needs the columns date, close and one of ticker, cusip, isin; it has: {columns}")
    closes: dict[date, dict[str, Decimal]] = {}
    for number, row in enumerate(rows, start=2):
        try:
            day, close = date.fromisoformat((row["date"] or "").strip()), Decimal((row["close"] or "").strip())
        except (ValueError, InvalidOperation):
            raise UsageError(f"{name}, row {number}: a date as 2021-03-15 and a number are needed.") from None
        if close.is_finite() and close > 0:
            closes.setdefault(day, {}).update(dict.fromkeys(_aliases(row, keys), close))
    return name, closes


def _aliases(row: Mapping[str, str | None], keys: Sequence[str]) -> list[str]:
    found: list[str] = []
    for key in keys:
        printed = (row[key] or "").strip().upper()
        if key == "ticker":
            found += [f"ticker:{ticker_root(printed)}"] if printed else []
        else:
            found += verified_ids(printed)
    return found


# --- the monthly look -----------------------------------------------------------------------------


def recheck(
    engine: Engine,
    sources: Mapping[str, Source],
    funds: Sequence[FundRef],
    *,
    now: datetime,
    operators: Sequence[str],
    anyway: bool = False,
) -> list[tuple[FundRef, Check]]:
    """Looks again at funds that are due (or `anyway`), records it, and promises the operator a notice on the
    second failure in a row."""
    made = []
    with transaction(engine) as conn:
        shelf = Shelf(conn, (now - RECENT).date())
        for fund in funds:
            last = calibrations.last_look(conn, fund.id)
            if fund.issuer not in sources or not (anyway or calibration.is_due(last, now)):
                continue
            check = _look(conn, sources[fund.issuer], fund, now, shelf)
            calibrations.add_check(conn, check)
            failures = calibration.failures_in_a_row(calibrations.outcomes(conn, fund.id))
            if check.outcome is Outcome.DIFFERS and failures == 2:
                telling.tell_operator(conn, _warning(fund, check), operators, now)
            made.append((fund, check))
    return made


def _look(conn: Connection, source: Source, fund: FundRef, now: datetime, shelf: Shelf) -> Check:
    found = calibrate(conn, source, fund, since=(now - RECENT).date(), shelf=shelf)
    if not found.told:
        configured = source.convention_on(fund.ticker, now.date())
        return Check(fund.id, now, None, None, Convention.UNKNOWN, configured, Outcome.UNKNOWN, 0, 0, found.prices)
    period, configured, outcome = found.told[-1]
    return Check(
        fund.id,
        now,
        period.first,
        period.last,
        period.convention,
        configured,
        outcome,
        period.files,
        period.compared,
        found.prices,
    )


def _warning(fund: FundRef, check: Check) -> Message:
    name = hashlib.sha256(f"{fund.issuer} {fund.ticker} {check.at.date()}".encode()).hexdigest()[:12]
    lines = (
        f"The prices in {check.files} files dated {check.first} … {check.last} show {check.found.value}, the source"
        f" {fund.issuer!r} says {check.configured.value}. It is the second check in a row that fails.",
        "Until this is settled, sessions named in messages about the fund may be one off.",
        f"See: holdings-monitor sources calibrate {fund.issuer} {fund.ticker}",
    )
    headline = f"The dates in the files of {fund.ticker} may mean something else now"
    return notice(f"N{name}", headline, at=check.at, lines=lines, severity=Severity.HIGH)
