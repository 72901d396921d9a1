"""The files behind an answer: what became of them, what their date means, and the rows that print a security."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from monitor.core.errors import ParseError, StoreError
from monitor.core.identity import fund_name, positions_of
from monitor.core.model import Convention, HoldingsFile, Position
from monitor.sources.printed import printed
from monitor.sources.read import read_file
from monitor.sources.spec import Source
from monitor.store import archive
from monitor.store.engine import Connection
from monitor.store.queries.grounds import Calibration, StoredFile, last_calibration
from monitor.why.facts import FileFacts, PrintedLine

MEANS = {
    Convention.CLOSE: "the positions after the close of the last session on or before the date printed",
    Convention.OPEN: "the positions after the close of the last session before the date printed",
    Convention.CALENDAR: "the positions after the close of the last session on or before the date printed",
    Convention.MONTH_END: "the positions after the close of the last session on or before the date printed",
    Convention.UNKNOWN: "not known: no session is claimed",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rows to look for: those whose identity is one of `keys`; `position` is what they add up to."""

    keys: Collection[str]
    position: Position | None


def file_facts(conn: Connection, source: Source | None, file: StoredFile, role: str, wanted: Wanted) -> FileFacts:
    """A stored file with the rows that print what is wanted, read from its archived bytes."""
    rows, note = _rows(conn, source, file, wanted.keys)
    position = wanted.position
    return FileFacts(
        role,
        file.fund.ticker,
        file.as_of,
        file.pos_session,
        file.convention,
        _dating(conn, source, file),
        file.standing,
        (*file.reasons, *file.warnings),
        file.place,
        file.sha256,
        file.arrival,
        file.known_at,
        {"from": file.published_from, "to": file.published_to},
        rows,
        note,
        position.shares if position is not None else None,
        position.value if position is not None else None,
        position.weight if position is not None else None,
        file.value,
    )


def _rows(
    conn: Connection, source: Source | None, file: StoredFile, keys: Collection[str]
) -> tuple[tuple[PrintedLine, ...], str]:
    """The rows of the file with one of these identities, and a note where there is none to show."""
    if not keys:
        return (), ""
    if source is None:
        return (), f"no source describes {file.fund.issuer}: its files cannot be read again"
    try:
        body = archive.get(conn, file.sha256)
        at = datetime.fromisoformat(file.known_at)
        read, table = read_file(source, body, name=file.place, fetched=at), printed(source, body)
    except (ParseError, StoreError) as error:
        return (), f"the stored bytes cannot be read again: {error}"
    numbers = rows_of_keys(fund_name(file.fund.issuer, file.fund.ticker), read, keys)
    found = tuple(PrintedLine(row, table.rows[row]) for row in numbers if row in table.rows)
    return found, "" if found else "not listed"


def rows_of_keys(fund: str, file: HoldingsFile, keys: Collection[str]) -> Sequence[int]:
    """The numbers of the rows of a file of `fund` (see `fund_name`) that print one of these identities."""
    return [line.row for line in file.lines if any(p.key in keys for p in positions_of(fund, [line]))]


def _dating(conn: Connection, source: Source | None, file: StoredFile) -> str:
    """What the printed date means in this file, and where we have it from."""
    if file.convention is None:
        return "not yet judged"
    words = [f"{file.convention}: {MEANS[file.convention]}"]
    if source is not None:
        words.append(_period(source, file.fund.ticker, file.as_of))
    checked = last_calibration(conn, file.fund)
    if checked is not None:
        words.append(_checked(checked))
    return "; ".join(word for word in words if word)


def _period(source: Source, fund: str, as_of: date) -> str:
    """The period of the source's description that says so."""
    for period in sorted(source.conventions, key=lambda one: fund not in one.funds):
        starts = period.valid_from is None or period.valid_from <= as_of
        ends = period.valid_to is None or as_of <= period.valid_to
        if (fund in period.funds or not period.funds) and starts and ends:
            since = f" from {period.valid_from}" if period.valid_from else ""
            until = f" until {period.valid_to}" if period.valid_to else ""
            whose = f" of {fund}" if period.funds else ""
            note = f": {period.note}" if period.note else ""
            return f"described in the source {source.id} for files{whose}{since}{until}{note}"
    return f"the source {source.id} describes no period for it"


def _checked(one: Calibration) -> str:
    return (
        f"prices compared {one.at[:10]}: {one.files} of {one.compared} files say {one.found} ({one.outcome} with"
        f" {one.configured}; closes from {one.prices})"
    )
