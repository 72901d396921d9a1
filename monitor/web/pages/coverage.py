"""*Coverage and quarantine*: which files we have of every fund, what is late, what was not believed and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request, Response

from monitor.core.errors import MonitorError, UsageError
from monitor.core.model import Standing
from monitor.core.sessions import Gap
from monitor.core.watching import Expectation
from monitor.store import archive, incidents
from monitor.store.engine import Connection
from monitor.store.incidents import IncidentRow
from monitor.store.queries import (
    CoverageRow,
    FundRef,
    HeldFile,
    coverage,
    find_held,
    funds_known,
    held_files,
    latest_files,
    refused_files,
)
from monitor.store.queries.held import NOT_COUNTED
from monitor.store.queries.prospects import prospect
from monitor.web.pages.deciding import powers
from monitor.web.pages.paging import sliced
from monitor.web.pages.rendering import Missing, Page, asked, reading, render

router = APIRouter(route_class=Page)
REFUSED = 100  # refused files of one part of the table
ENDED = 40  # incidents that ended, newest first
LINES = 40  # first lines of a stored file
WIDTH = 240  # characters of one of them
FIRST = 40_000  # bytes of a stored file that are looked at


@dataclass(frozen=True, slots=True)
class FundLine:
    """One fund: what we have, what is expected, what keeps us from seeing."""

    fund: FundRef
    last: date | None
    coverage: CoverageRow
    expected: Expectation | None
    blind: Sequence[IncidentRow]
    held: int

    @property
    def missing(self) -> int:
        """Sessions without a file between the first and the last."""
        return sum(one.sessions for one in self.coverage.gaps)

    @property
    def longest(self) -> Gap | None:
        """The longest run of them."""
        return max(self.coverage.gaps, key=lambda one: (one.sessions, one.last), default=None)

    @property
    def is_late(self) -> bool:
        """Whether its next file is overdue."""
        return self.expected is not None and self.expected.late_since is not None

    @property
    def share(self) -> float | None:
        """Sessions with a file, in percent of those between the first and the last."""
        known = self.coverage.sessions
        return None if not known else 100 * (known - self.missing) / known


@router.get("/coverage")
def whole(request: Request) -> Response:
    """Every fund, the incidents, the files that were not believed, those that were no files."""
    said = asked(request, "issuer", "files")
    history = reading(request)
    with history.connection() as conn:
        known = funds_known(conn, said["issuer"] or None)
        issuers = sorted({one.issuer for one in funds_known(conn)})
        noted = incidents.listing(conn, everything=True)
        held = _held(conn, said)
        refused = [one for one in refused_files(conn) if said["issuer"] in ("", one.issuer)]
        lines = _lines(conn, request, known, noted)
    return render(
        request,
        "coverage.html",
        {
            "said": said,
            "issuers": issuers,
            "lines": lines,
            "lasting": [one for one in noted if one.closed_at is None],
            "ended": [one for one in noted if one.closed_at is not None][:ENDED],
            "held": held,
            "refused": sliced(request, sorted(refused, key=lambda one: one.last_at, reverse=True), REFUSED, "refused"),
        },
    )


def _held(conn: Connection, said: dict[str, str]) -> list[HeldFile]:
    standings = NOT_COUNTED if said["files"] == "all" else (Standing.QUARANTINED,)
    found = [one for one in held_files(conn, standings=standings) if said["issuer"] in ("", one.issuer)]
    return sorted(found, key=lambda one: (one.as_of, one.fund), reverse=True)


def _lines(
    conn: Connection, request: Request, known: Sequence[FundRef], noted: Sequence[IncidentRow]
) -> list[FundLine]:
    last = latest_files(conn, known)
    expected = _expected(conn, request)
    waiting = held_files(conn)
    blind = [one for one in noted if one.closed_at is None]
    return [
        FundLine(
            fund,
            last[fund.id].as_of if fund.id in last else None,
            row,
            expected.get((fund.issuer, fund.ticker)),
            [one for one in blind if one.name in (f"{fund.issuer}/{fund.ticker}", fund.issuer, "all")],
            sum(one.fund_id == fund.id for one in waiting),
        )
        for fund, row in zip(known, coverage(conn, known), strict=True)
    ]


def _expected(conn: Connection, request: Request) -> dict[tuple[str, str], Expectation]:
    """What is expected of the watched funds; nothing where the configuration watches what no source describes."""
    app, now = reading(request).app, reading(request).now()
    try:
        return app.expectations(conn, now)
    except MonitorError:
        return {}


@router.get("/coverage/file/{ref:path}")
def one_file(request: Request, ref: str) -> Response:
    """One file that was not believed, or was none: why, its first lines, what accepting it would mean."""
    with reading(request).connection() as conn:
        try:
            found = find_held(conn, ref)
        except UsageError as error:
            raise Missing(str(error)) from None
        is_read = isinstance(found, HeldFile)
        return render(
            request,
            "file.html",
            {
                "file": found,
                "is_read": is_read,
                "prospect": prospect(conn, found) if isinstance(found, HeldFile) else None,
                "text": first_lines(archive.get(conn, found.sha256)),
            }
            | powers(request, found),
        )


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first lines of a stored file as text. `cut`: there is more."""

    lines: tuple[str, ...]
    size: int
    cut: bool
    binary: bool


def first_lines(body: bytes) -> Beginning:
    """What the bytes begin with, harmless: no control character but the line's end, long lines shortened."""
    start = body[:FIRST]
    text = start.decode("utf-8-sig", "replace")
    lines = text.splitlines()
    shown = tuple(_harmless(line) for line in lines[:LINES])
    return Beginning(shown, len(body), len(body) > FIRST or len(lines) > LINES, b"\x00" in start)


def _harmless(line: str) -> str:
    clean = "".join(one if one.isprintable() else "\ufffd" if one != "\t" else "  " for one in line[: WIDTH + 1])
    return clean[:WIDTH] + "…" if len(clean) > WIDTH else clean
