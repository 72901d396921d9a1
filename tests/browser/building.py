"""Builds the town's database through the real pipeline: history, three weeks of polls, notices, and what went wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from monitor import pipeline
from monitor.app import App, quiet
from monitor.core.errors import DeliveryError, FetchError
from monitor.core.evidence import Origin
from monitor.core.model import Severity
from monitor.core.sight import Cause
from monitor.delivery import deliver_due
from monitor.fetching import Answer
from monitor.pipeline import AlertPlan
from monitor.sources.fetch import Fetched
from monitor.sources.spec import Source
from monitor.store import incidents
from monitor.store.engine import Engine, transaction
from monitor.store.incidents import NewIncident
from monitor.store.sessions import ensure_sessions
from tests.browser import town
from tests.deliveries import FakeChannel
from tests.filings import Holding, filing
from tests.scenarios.stories import BASE, File, session, weekdays

POLLED = 106  # number of the first session whose files are polled
PLAN = AlertPlan(("desk", "mail"), Severity.LOW)
BUSY = DeliveryError("rate_limited, asked to wait 30 s", permanent=False, retry_after=30)
GONE = DeliveryError('550 5.1.1 <desk@example.org>: no such mailbox & "closed"', permanent=True)


def build(folder: Path) -> App:
    """The program of the town with its database in `folder`, complete."""
    app = town.program(folder)
    sources = {name: app.source(name) for name in town.FUNDS}
    with app.opened() as engine:
        with transaction(engine) as conn:
            ensure_sessions(conn, "XNYS", town.NOW.date(), weekdays)
        later = _history(engine, sources)
        _evidence(engine, sources["lantern"])
        desk, mail = FakeChannel("desk"), FakeChannel("mail")
        for number in range(POLLED, town.LAST + 1):
            now = _evening(session(number))
            if number == 118:
                mail.answers = [GONE, *mail.answers]
            if number == town.LAST:
                mail.answers = [BUSY] * 9
            _poll(engine, sources, later, number, now)
            _deliver(engine, now, desk, mail)
        _restated(engine, sources["lantern"])
        _blind(engine)
    return app


def _evening(day: date) -> datetime:
    return datetime.combine(day, time(20, tzinfo=UTC))


def _deliver(engine: Engine, now: datetime, *channels: FakeChannel) -> None:
    named = {one.name: one for one in channels}
    deliver_due(engine, named, now=lambda: now, report=lambda _: None, pause=lambda _: None)


def _history(engine: Engine, sources: Mapping[str, Source]) -> dict[tuple[str, int], File]:
    """Loads the files before the polls; the later ones by fund and session."""
    later = {}
    for name, source in sources.items():
        early = [("moved.html", b"<!DOCTYPE html><title>We & you</title><script>alert(1)</script>")]
        for ticker in town.FUNDS[name]:
            for number, file in town.files(ticker):
                if number < POLLED:
                    early.append(file)
                else:
                    later[ticker, number] = file
        pipeline.ingest(
            engine, source, early, now=_evening(session(POLLED - 1)), alert=False, plan=PLAN, progress=quiet
        )
    return later


def _evidence(engine: Engine, source: Source) -> None:
    """A schedule from the time when Lantern C was silent."""
    lines = [Holding("TAMARISK WATER LTD", town.TAMAR.identifier, "30000", "3000000.00", "2.10")]
    lines += [Holding(one.name, one.identifier, str(one.shares)) for one in BASE.values()]
    body = filing(session(45), lines, series="Lantern Consumer")
    now = _evening(session(POLLED - 1))
    pipeline.learn(
        engine, source, "LANC", [("nport.xml", body)], Origin.NPORT, now=now, plan=AlertPlan(), progress=quiet
    )


def _poll(
    engine: Engine,
    sources: Mapping[str, Source],
    files: Mapping[tuple[str, int], File],
    number: int,
    now: datetime,
) -> None:
    for source in sources.values():
        answers = list(_answers(source, files, number, now))
        pipeline.keep(engine, source, answers, now=now, plan=PLAN, progress=quiet)


def _answers(source: Source, files: Mapping[tuple[str, int], File], number: int, now: datetime) -> Iterator[Answer]:
    for ticker, spec in source.funds.items():
        place = f"https://{source.id}.example/{ticker}.csv"
        if ticker == "LANX" and number > 117:
            yield Answer(spec, place, FetchError("404 Not Found", url=place, status=404, retry=False), None)
        elif ticker == "LANA" and number == town.LATE:
            continue  # it comes three sessions later
        elif ticker == "LANA" and number == town.LATE + 3:
            yield _fetched(source, ticker, files[ticker, town.LATE][1])
            yield _fetched(source, ticker, files[ticker, number][1])
        elif ticker == "LANC" and number == town.LAST:
            yield _fetched(source, ticker, b"\n".join(files[ticker, number][1].split(b"\n")[:5]) + b"\n")
        else:
            yield _fetched(source, ticker, files[ticker, number][1])


def _fetched(source: Source, ticker: str, body: bytes) -> Answer:
    place = f"https://{source.id}.example/{ticker}.csv"
    result = Fetched(body, hashlib.sha256(body).hexdigest(), 200, place, (), 0.01)
    return Answer(source.funds[ticker], place, result, None)


def _restated(engine: Engine, source: Source) -> None:
    """The last file of Lantern A once more, with a larger position in Quillon: what was told is corrected."""
    number, listed = list(town.portfolios("LANA"))[-1]
    rows = [replace(row, shares=row.shares + 30_000) if row.ticker == "AMBE" else row for row in listed]
    answer = _fetched(source, "LANA", town.file("LANA", number, rows, ".v2")[1])
    pipeline.keep(engine, source, [answer], now=town.NOW - timedelta(minutes=20), plan=PLAN, progress=quiet)


def _blind(engine: Engine) -> None:
    """Incidents: one that lasts, two that ended."""
    began = _evening(session(118))
    failing = NewIncident(
        "fund:lantern/LANX", Cause.FAILING, began, "LANX: 3 looks in vain", "404 Not Found <LANX.csv>", None
    )
    late = NewIncident(
        "fund:lantern/LANA", Cause.LATE, began, "LANA: the file is late", "expected by 21:00", None, ended=True
    )
    missing = NewIncident("fund:lantern/LANC", Cause.MISSING, began, "LANC: a file never came", "", None, ended=True)
    with transaction(engine) as conn:
        for one in (failing, late, missing):
            incidents.add(conn, one)
