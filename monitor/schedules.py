"""How a list of a fund's past holdings comes in: read, checked against the fund, kept as presence facts.

It tells nobody: what follows from it is derived again by the pipeline. Within the caller's transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from monitor.bodies import Body
from monitor.core import evidence
from monitor.core.errors import MonitorError, ParseError
from monitor.core.evidence import Listed, Origin, Schedule
from monitor.core.identity import fund_name
from monitor.core.model import Arrival, Line
from monitor.core.sessions import Sessions, pos_session
from monitor.intake import FileOutcome, Intake, fund_number, refuse
from monitor.sources.nport import EMPTY, read_nport
from monitor.sources.read import fund_of, read_file
from monitor.sources.spec import FundSpec, Source
from monitor.store import archive, presence

LEAST = 5  # verified identifiers from which "none of them was ever this fund's" means another fund


@dataclass(frozen=True, slots=True)
class Read:
    """What a schedule says, before it is known whether to believe it. `title`: what it calls itself."""

    as_of: date
    title: str
    rank: str
    lines: tuple[Listed, ...]


def take(
    intake: Intake,
    spec: FundSpec,
    place: str,
    content: bytes,
    origin: Origin,
    calendar: Sessions,
    *,
    series: str = "",
) -> None:
    """One schedule of the fund `spec`, if an N-PORT of this `series` when that is known. What cannot be used becomes a
    recorded refusal."""
    try:
        is_nport = origin is Origin.NPORT
        read = _nport(intake.source, spec, content, series) if is_nport else _file(intake.source, spec, place, content)
        _keep(intake, spec, place, content, origin, read, calendar)
    except MonitorError as error:
        refuse(intake, Body(place, content, Arrival.HISTORY), error)


def _nport(source: Source, spec: FundSpec, content: bytes, series: str) -> Read:
    report = read_nport(content)
    if series and report.series_id != series:
        raise ParseError(f"the document is about series {report.series_id}, not {series}", code="fund")
    lines = []
    for row, one in enumerate(report.lines, start=1):
        lines.append((one.line(row), () if one.title.upper() in EMPTY else (one.title,)))
    title = f"{report.series or report.registrant} {report.series_id}".strip()
    rank = f"{int(report.is_amendment)} {report.signed[:10]}"
    return Read(report.as_of, title, rank, evidence.listed(fund_name(source.id, spec.ticker), lines))


def _file(source: Source, spec: FundSpec, place: str, content: bytes) -> Read:
    file = read_file(source, content, expected_fund=spec.ticker)
    ticker = fund_of(source, file, place) if file.fund else spec.ticker
    if ticker != spec.ticker:
        raise ParseError(f"the file is about {ticker}, not {spec.ticker}", code="fund")
    lines: list[tuple[Line, tuple[str, ...]]] = [(line, ()) for line in file.lines]
    listed = evidence.listed(fund_name(source.id, spec.ticker), lines)
    return Read(file.as_of, f"file of {spec.ticker}", "", listed)


def _keep(
    intake: Intake, spec: FundSpec, place: str, content: bytes, origin: Origin, read: Read, calendar: Sessions
) -> None:
    if not read.lines:
        raise ParseError("no line can be used", code="rows")
    fund = fund_number(intake, spec)
    intake.write(intake.conn)  # what the fund's files say is asked below
    if origin is Origin.NPORT:
        session = calendar.on_or_before(read.as_of)
    else:
        session = pos_session(calendar, intake.source.convention_on(spec.ticker, read.as_of), read.as_of)
    if session is None:
        raise ParseError(f"the session of {read.as_of} is not known, so the list proves nothing", code="as_of")
    sha256 = archive.put(intake.conn, content, intake.now)
    _check_owner(intake, spec, fund, sha256, read)
    below = intake.source.resolution_on(read.as_of) if origin is not Origin.NPORT else Decimal(0)
    complete = origin is not Origin.THIRD_PARTY
    schedule = Schedule(session, read.as_of, origin, sha256, complete, read.rank, read.lines, below)
    new = presence.add(intake.conn, fund, schedule, title=read.title, place=place, at=intake.now)
    if new:
        since = _first_concerned(intake, spec, fund, schedule)
        intake.since = since if intake.since is None else min(since, intake.since)
    words = f"{read.title}: {len(read.lines)} securities after the close of {session}"
    outcome = "new" if new else "heartbeat"
    intake.outcomes.append(FileOutcome(place, outcome, spec.ticker, read.as_of, text=words, sha256=sha256))


def _check_owner(intake: Intake, spec: FundSpec, fund: int, sha256: str, read: Read) -> None:
    """Raises ParseError when the list is plainly another fund's: it is stored as such, or shares no security."""
    others = [ticker for ticker in presence.owners(intake.conn, sha256) if ticker != spec.ticker]
    if others:
        raise ParseError(f"this document is kept as a schedule of {', '.join(others)} already", code="fund")
    known = presence.known_identities(intake.conn, fund)
    said = {text for line in read.lines for text in line.ids}
    if len(known) >= LEAST and len(said) >= LEAST and not known & said:
        raise ParseError(
            f"none of its {len(said)} identifiers was ever in a file of {spec.ticker}: is it {read.title!r} you mean?",
            code="fund",
        )


def _first_concerned(intake: Intake, spec: FundSpec, fund: int, schedule: Schedule) -> date:
    """The first day whose files may now mean something else: from the schedule's session on, and before it the
    exits of lines that may only have been too small to be published."""
    source, last = intake.source, schedule.session
    hidden = [r for r in source.resolutions if r.below > 0 and source.resolution_on(last) > 0]
    start = min((r.valid_from or date.min for r in hidden), default=last)
    return presence.exits_since(intake.conn, fund, start, last) or last
