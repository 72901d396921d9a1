"""N-PORT filings from a stand-in of the SEC, and from local files: the steps, the rules, the interval they prove."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from monitor.backfill.asking import Budget
from monitor.backfill.filings import filings, series_by_ticker
from monitor.backfill.local import NportFiles
from monitor.backfill.nport import NportWay
from monitor.backfill.planning import wanted
from monitor.core.errors import FetchError, UsageError
from monitor.core.filling import Period
from monitor.core.model import Interval
from monitor.sources.calendars import sessions_between
from monitor.sources.profile import HttpProfile
from monitor.store import schema as t
from monitor.store.engine import Engine, reading, transaction
from monitor.store.queries import interval_turns
from monitor.store.sessions import ensure_sessions
from tests.backfill.stage import ALL, FILLED_AT, Waiting, fetcher, fill, outcomes, told
from tests.backfill.web import Book, web
from tests.filings import Holding, filing
from tests.reliability.serving import Fault
from tests.scenarios.stories import BASE, LANTERN, QUILL, Row, events, file, load, portfolio, session

SERIES = "S000099999"
JANUARY, DECEMBER = date(2026, 1, 31), date(2025, 12, 31)
TICKERS = "/files/company_tickers_mf.json"
FEED = f"/cgi-bin/browse-edgar?action=getcompany&CIK={SERIES}&type=NPORT-P&owner=include&count=100&output=atom"


def schedule(as_of: date, *rows: Row, kind: str = "NPORT-P", series: str = SERIES) -> bytes:
    """The filing of a day: the twelve lines and `rows`."""
    lines = [Holding(row.name.title(), row.identifier, str(row.shares), weight="5.0") for row in BASE.values()]
    lines += [Holding(row.name.title(), row.identifier, str(row.shares), weight="1.2") for row in rows]
    return filing(as_of, lines, kind=kind).replace(SERIES.encode(), series.encode())


def entry(number: int, form: str, filed: str) -> str:
    accession = f"0001752724-26-{number:06}"
    folder = f"/Archives/edgar/data/1234567/{accession.replace('-', '')}"
    return (
        f'<entry><category label="form type" term="{form}"/><content type="text/xml"><accession-number>{accession}'
        f"</accession-number><filing-date>{filed}</filing-date><filing-href>https://www.sec.gov{folder}/{accession}"
        f"-index.htm</filing-href><filing-type>{form}</filing-type></content><title>{form} &amp; more</title></entry>"
    )


def feed(*entries: str) -> bytes:
    head = '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
    return f"{head}<company-info><cik>0001234567</cik></company-info>{''.join(entries)}</feed>".encode()


def document(number: int) -> str:
    return f"/Archives/edgar/data/1234567/000175272426{number:06}/primary_doc.xml"


@pytest.fixture
def sec() -> Iterator[Book]:
    """The SEC: the fund's series, its filings of December and January, and the January one amended."""
    with web() as book:
        listed = {"fields": ["cik", "seriesId", "classId", "symbol"], "data": [[1234567, SERIES, "C000000001", "LANA"]]}
        book.pages[TICKERS] = json.dumps(listed).encode()
        book.pages[FEED] = feed(
            entry(3, "NPORT-P/A", "2026-03-30"), entry(2, "NPORT-P", "2026-03-27"), entry(1, "NPORT-P", "2026-02-25"),
            entry(9, "NPORT-EX", "2026-02-25"),
        )  # fmt: skip
        book.pages[document(1)] = schedule(DECEMBER)
        book.pages[document(2)] = schedule(JANUARY)
        book.pages[document(3)] = schedule(JANUARY, replace(QUILL, shares=90_000), kind="NPORT-P/A")
        yield book


def way(sec: Book, **more: object) -> NportWay:
    profile = HttpProfile("holdings-monitor Ann Example ann@example.org", min_interval=0.25, allow_private=True)
    found = NportWay(fetcher(), profile, sec.url, "Ann Example ann@example.org")
    for name, value in more.items():
        setattr(found, name, value)
    return found


HOLE = [file("LANA", n, portfolio()) for n in (15, 16)] + [file("LANA", n, portfolio(QUILL)) for n in (25, 26)]


def entered(engine: Engine) -> tuple[str, str]:
    (event,) = [e for e in events(engine) if e.ticker == "QLN"]
    interval = event.body["pos_session"]
    return interval["from"], interval["to"]


def test_from_ticker_to_documents_amendments_winning(sec: Book, stage: Engine) -> None:
    load(stage, HOLE)
    assert entered(stage) == (str(session(17)), str(session(25)))
    report = fill(stage, way(sec))
    assert sec.asked == [TICKERS, FEED, document(1), document(2), document(3)]
    assert sec.agents == {"holdings-monitor Ann Example ann@example.org"}
    assert outcomes(report) == {"new": 3}
    assert entered(stage) == (str(session(17)), str(session(19)))  # held on the last session of January
    (event,) = [e for e in events(stage) if e.ticker == "QLN"]
    assert "(90,000 shares in the N-PORT schedule of 2026-01-31)" in event.body["claim"]
    (note,) = told(stage)
    assert "2 schedules (dated 2025-12-31 … 2026-01-31) added" in note["lines"][0]


def test_an_exit_and_a_return_between_quarter_ends_are_claimed_as_an_interval(sec: Book, stage: Engine) -> None:
    load(stage, [file("LANA", n, portfolio(QUILL)) for n in (0, 1, 45, 46)])
    sec.pages[document(3)] = schedule(JANUARY, kind="NPORT-P/A")
    fill(stage, way(sec))
    assert [e for e in events(stage) if e.ticker == "QLN"] == []  # a list beside the files alerts nobody
    with reading(stage) as conn:
        found = interval_turns(conn, "QLN", None, None, lambda issuer, day: False)
    last = f"{session(45)} (20,000 shares in the file dated {session(45)})"
    assert [(one.kind, one.pos_session, one.basis) for one in found] == [
        ("INITIATED", Interval(date(2026, 1, 1), session(0)), "lists and files"),
        ("EXITED", Interval(session(2), session(19)), "lists and files"),
        ("RE_ENTERED", Interval(session(20), session(45)), "lists and files"),
    ]
    assert found[-1].claim == (
        f"Not held on {session(19)} (not in the N-PORT schedule of 2026-01-31), held on {last}: entry between"
    )


def test_schedules_alone_show_what_came_and_went(sec: Book, lite: Engine) -> None:
    sec.pages[document(1)] = schedule(DECEMBER, QUILL)
    sec.pages[document(2)] = schedule(JANUARY)
    sec.pages[document(3)] = schedule(date(2026, 2, 28), QUILL)
    fill(lite, way(sec))
    with reading(lite) as conn:
        found = interval_turns(conn, "Quillon", None, "lantern", lambda issuer, day: False)
        assert interval_turns(conn, QUILL.identifier, None, None, lambda issuer, day: False) == found
        with pytest.raises(UsageError, match="No security"):
            interval_turns(conn, "Nobody", None, None, lambda issuer, day: False)
    assert [(one.kind, one.as_of, one.basis) for one in found] == [
        ("EXITED", session(19), "lists"),
        ("RE_ENTERED", session(39), "lists"),
    ]
    assert found[0].claim == (
        "Held on 2025-12-31 (20,000 shares in the N-PORT schedule of 2025-12-31), not on 2026-01-30 (not in the N-PORT"
        " schedule of 2026-01-31): exit between"
    )


def test_what_is_stored_is_not_asked_again(sec: Book, lite: Engine) -> None:
    fill(lite, way(sec, budget=Budget(3)))
    assert sec.asked == [TICKERS, FEED, document(1)]
    sec.asked.clear()
    report = fill(lite, way(sec))
    assert sec.asked == [TICKERS, FEED, document(2), document(3)]
    assert outcomes(report) == {"new": 2}
    sec.asked.clear()
    assert outcomes(fill(lite, way(sec))) == {}
    assert sec.asked == [TICKERS, FEED]


def test_only_filings_that_can_be_of_the_period_are_asked_for(sec: Book, lite: Engine) -> None:
    fill(lite, way(sec), period=Period(date(2026, 3, 1), date(2026, 3, 31)))
    assert document(1) not in sec.asked
    assert document(3) in sec.asked
    sec.asked.clear()
    fill(lite, way(sec), period=Period(None, date(2025, 12, 1)))
    assert sec.asked == [TICKERS, FEED]


def test_an_amendment_may_be_of_any_time(sec: Book, lite: Engine) -> None:
    fill(lite, way(sec), period=Period(None, date(2026, 1, 1)))
    assert sec.asked == [TICKERS, FEED, document(1), document(3)]


def test_a_document_of_another_series_is_refused(sec: Book, lite: Engine) -> None:
    sec.pages[document(1)] = schedule(DECEMBER, series="S000011111")
    report = fill(lite, way(sec))
    assert [(one.outcome, one.code) for one in report.outcome.files] == [("refused", "fund"), ("new", ""), ("new", "")]


def test_the_pace_holds_over_all_requests(sec: Book, lite: Engine) -> None:
    waiting = Waiting()
    fill(lite, way(sec, fetcher=fetcher(waiting)))
    assert len(waiting.seconds) == 4


def test_without_a_contact_the_sec_is_not_asked(sec: Book, lite: Engine) -> None:
    with pytest.raises(UsageError, match="The SEC asks who is asking"):
        fill(lite, way(sec, contact=""))
    assert sec.asked == []


def test_a_fund_that_is_not_listed_needs_its_series(sec: Book, lite: Engine) -> None:
    sec.pages[TICKERS] = json.dumps({"fields": ["seriesId", "symbol"], "data": []}).encode()
    report = fill(lite, way(sec))
    assert [one.outcome for one in report.outcome.files] == ["failed"]
    assert "give --series" in report.outcome.files[0].text
    assert outcomes(fill(lite, way(sec, series=SERIES))) == {"new": 3}


def test_long_lists_of_filings_are_turned_over(sec: Book, lite: Engine) -> None:
    many = [entry(100 + n, "NPORT-P", "2019-05-30") for n in range(100)]
    sec.pages[FEED] = feed(*many)
    second = FEED.replace("&output", "&start=100&output")
    sec.pages[second] = feed(entry(1, "NPORT-P", "2026-02-25"))
    fill(lite, way(sec), period=Period(date(2026, 1, 1), None))
    assert sec.asked == [TICKERS, FEED, second, document(1)]


def test_what_the_sec_answers_instead_of_a_list_is_said(sec: Book, lite: Engine) -> None:
    for page in (b"<html>busy</html>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><feed>&a;</feed>", b"{", b""):
        sec.pages[FEED] = page
        assert [one.outcome for one in fill(lite, way(sec)).outcome.files] == ["failed"]
    with pytest.raises(FetchError):
        series_by_ticker(b'{"fields": [], "data": 1}')
    assert filings(feed("<entry><filing-type>NPORT-P</filing-type><filing-href>x</filing-href></entry>")) == []


def test_a_busy_server_ends_the_run(sec: Book, lite: Engine) -> None:
    sec.faults[document(1)] = [Fault(429, headers=(("Retry-After", "600"),), body=b"slow down")]
    report = fill(lite, way(sec))
    assert outcomes(report) == {"failed": 1}
    assert "asks us to wait 600 seconds" in report.stopped[0]


def test_offers_ask_the_lists_only_when_they_may(sec: Book, lite: Engine) -> None:
    with transaction(lite) as conn:
        found = wanted(conn, LANTERN, LANTERN.fund("LANA"), ALL, FILLED_AT)
    guess = way(sec).offer(found)
    assert (sec.asked, guess.requests) == ([], (guess.days or 0) + 2)
    known = way(sec, looks=True).offer(found)
    assert (known.requests, known.asks[0]) == (3, sec.url + document(1))
    assert "contact" in way(sec, contact="").offer(found).why


# --- local files ----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "filings"
    found.mkdir()
    return found


def test_documents_of_the_only_series_are_the_funds(folder: Path, lite: Engine) -> None:
    (folder / "january.xml").write_bytes(schedule(JANUARY, QUILL))
    (folder / "page.html").write_bytes(b"<html/>")
    report = fill(lite, NportFiles([folder]))
    assert outcomes(report) == {"new": 1}
    assert ["page.html" in text for text in report.unread] == [True]
    assert outcomes(fill(lite, NportFiles([folder]))) == {"heartbeat": 1}


def test_of_several_series_that_of_the_fund_is_chosen_by_list_name_or_word(folder: Path, lite: Engine) -> None:
    def write(name: str, series: str, called: bytes, as_of: date, *rows: Row) -> None:
        (folder / name).write_bytes(schedule(as_of, *rows, series=series).replace(b"Lantern A<", called + b"<"))

    def read(fund: str, series: str = "") -> list[str]:
        report = fill(lite, NportFiles([folder], series=series), fund)
        return [one.place.rpartition("/")[2] for one in report.outcome.files]

    write("a.xml", "S000011111", b"Harbour B", JANUARY, QUILL)
    write("b.xml", "S000022222", b"Meadow C", JANUARY)
    with pytest.raises(UsageError, match="Which is lantern/LANA"):
        read("LANA")
    write("c.xml", "S000033333", b"Lantern LANA", DECEMBER)
    assert read("LANA") == ["c.xml"]
    listed = {"fields": ["seriesId", "symbol"], "data": [["S000022222", "LANB"]]}
    (folder / "company_tickers_mf.json").write_text(json.dumps(listed))
    assert read("LANB") == ["b.xml"]
    assert read("LANC", "S000011111") == ["a.xml"]
    (folder / "company_tickers_mf.json").write_text("[")
    with pytest.raises(UsageError, match="list of tickers cannot be read"):
        read("LANB")


def test_real_filings_load(shared_data: Path, sqlite_engine: Engine) -> None:
    real = shared_data / "issuers" / "raw" / "sec_nport"
    with transaction(sqlite_engine) as conn:
        ensure_sessions(conn, "XNYS", FILLED_AT.date(), sessions_between)
    for fund, series, lines in (("LANA", "S000012000", 55), ("LANB", "S000013795", 913)):
        period = Period(date(2019, 1, 1), None)
        report = fill(sqlite_engine, NportFiles([real], series=series), fund, period=period)
        assert outcomes(report) == {"new": 1}, report.outcome.files
        with reading(sqlite_engine) as conn:
            query = select(t.schedule.c.lines).join(t.fund, t.fund.c.id == t.schedule.c.fund)
            kept = conn.execute(query.where(t.fund.c.ticker == fund)).scalar_one()
        assert kept == lines
