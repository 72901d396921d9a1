"""Copies of the Wayback Machine, from a stand-in: its index, the bodies as they were, the time of each copy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select

from monitor.backfill.asking import Budget
from monitor.backfill.planning import wanted
from monitor.backfill.wayback import WaybackWay
from monitor.core.filling import Period
from monitor.sources.profile import HttpProfile
from monitor.sources.spec import Source, Url
from monitor.store import schema as t
from monitor.store.engine import Engine, transaction
from tests.backfill.stage import ALL, FILLED_AT, dates, fetcher, fill, outcomes, told
from tests.backfill.web import Book, web
from tests.reliability.serving import Fault
from tests.scenarios.stories import LANTERN, QUILL, file, load, portfolio, session

OLD, NEW = "https://lantern.example/old/LANA.csv", "https://lantern.example/LANA.csv"
FIELDS = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]


@pytest.fixture
def archive() -> Iterator[Book]:
    with web() as book:
        yield book


def source(*urls: Url) -> Source:
    funds = dict(LANTERN.funds)
    funds["LANA"] = replace(funds["LANA"], urls=urls or (Url(OLD, valid_to=session(9)), Url(NEW, session(10))))
    return replace(LANTERN, funds=funds)


def way(archive: Book, **more: object) -> WaybackWay:
    found = WaybackWay(fetcher(), HttpProfile(min_interval=0, allow_private=True), archive.url)
    for name, value in more.items():
        setattr(found, name, value)
    return found


def index(url: str, **more: str) -> str:
    asked = {"url": url, "output": "json", **more}
    fixed = [("filter", "statuscode:200"), ("collapse", "digest"), ("limit", "20000")]
    return "/cdx/search/cdx?" + urlencode([*asked.items(), *fixed])


def listed(url: str, *stamps: str) -> bytes:
    rows = [["key", stamp, url, "text/csv", "200", "D" + stamp, "1"] for stamp in stamps]
    return json.dumps([FIELDS, *rows]).encode()


def copy(url: str, stamp: str) -> str:
    return f"/web/{stamp}id_/{url}"


@pytest.fixture
def full(archive: Book) -> Book:
    """Two copies of the old address, two of the new one, the last of them of a file that is known."""
    archive.pages[index(OLD)] = listed(OLD, "20260106090000", "20260108090000")
    archive.pages[index(NEW, **{"from": f"{session(10):%Y%m%d}"})] = listed(NEW, "20260121090000")
    for url, stamp, n in ((OLD, "20260106090000", 0), (OLD, "20260108090000", 2), (NEW, "20260121090000", 11)):
        archive.pages[copy(url, stamp)] = file("LANA", n, portfolio(*([QUILL] if n > 5 else [])))[1]
    return archive


def test_every_address_the_fund_ever_had_is_looked_up_and_each_copy_fetched(full: Book, stage: Engine) -> None:
    report = fill(stage, way(full), of=source())
    assert outcomes(report) == {"new": 3}
    assert [urlsplit(one).path for one in full.asked] == [
        "/cdx/search/cdx", copy(OLD, "20260106090000"), copy(OLD, "20260108090000"),
        "/cdx/search/cdx", copy(NEW, "20260121090000"),
    ]  # fmt: skip
    assert dates(stage) == [session(0), session(2), session(11)]
    with transaction(stage) as conn:
        rows = conn.execute(select(t.snapshot.c.rank, t.snapshot.c.known_at).order_by(t.snapshot.c.as_of)).all()
        kept = conn.execute(select(t.fetch.c.last_modified).order_by(t.fetch.c.id)).scalars().all()
    assert rows[0].rank.startswith("2026-01-06T09:00:00.000000Z|")
    assert rows[0].known_at.startswith("2026-03-31")
    assert kept[0] == "2026-01-06T09:00:00+00:00"
    assert [one["headline"] for one in told(stage)] == ["History extended: LANA"]


def test_copies_that_are_here_are_not_fetched_again(full: Book, lite: Engine) -> None:
    fill(lite, way(full, budget=Budget(2)), of=source())
    full.asked.clear()
    assert outcomes(fill(lite, way(full), of=source())) == {"new": 2}
    full.asked.clear()
    assert outcomes(fill(lite, way(full), of=source())) == {}
    assert len(full.asked) == 2  # the index alone


def test_a_copy_that_leads_to_another_has_its_time(full: Book, lite: Engine) -> None:
    there = copy(OLD, "20260105230000")
    full.pages[there] = full.pages[copy(OLD, "20260106090000")]
    full.pages[copy(OLD, "20260106090000")] = Fault(302, headers=(("Location", there),), body=b"")
    fill(lite, way(full), of=source())
    with transaction(lite) as conn:
        first = conn.execute(select(t.snapshot.c.rank).order_by(t.snapshot.c.as_of)).scalars().first()
    assert first is not None
    assert first.startswith("2026-01-05T23:00:00")


def test_a_copy_of_a_known_file_tells_when_it_was_there(full: Book, lite: Engine) -> None:
    load(lite, [file("LANA", 0, portfolio())])
    assert outcomes(fill(lite, way(full), of=source())) == {"heartbeat": 1, "new": 2}
    with transaction(lite) as conn:
        first = conn.execute(select(t.snapshot.c.rank).order_by(t.snapshot.c.as_of)).scalars().first()
    assert first is not None
    assert first.startswith("2026-01-06T09:00:00")


def test_pages_that_are_no_files_are_refused_with_words(full: Book, lite: Engine) -> None:
    full.pages[copy(NEW, "20260121090000")] = b"<html>not found</html>"
    report = fill(lite, way(full), of=source())
    assert [one.code for one in report.outcome.files if one.outcome == "refused"] == ["html"]


def test_a_period_narrows_the_question(archive: Book, lite: Engine) -> None:
    fill(lite, way(archive), of=source(Url(NEW)), period=Period(session(3), session(8)))
    asked = parse_qs(urlsplit(archive.asked[0]).query)
    assert (asked["from"], asked["to"]) == (["20260108"], ["20260115"])


def test_of_dated_addresses_all_that_begin_alike_are_looked_up(archive: Book, lite: Engine) -> None:
    fill(lite, way(archive), of=source(Url("https://lantern.example/{date:YYYY}/LANA_{date:YYYYMMDD}.csv")))
    asked = parse_qs(urlsplit(archive.asked[0]).query)
    assert (asked["url"], asked["matchType"]) == (["https://lantern.example/"], ["prefix"])


@pytest.mark.parametrize("answer", [b"", b"[]", b"\n"])
def test_an_address_without_copies_gives_nothing(archive: Book, lite: Engine, answer: bytes) -> None:
    archive.missing = Fault(200, body=answer)
    report = fill(lite, way(archive), of=source())
    assert (outcomes(report), report.stopped) == ({}, ())


@pytest.mark.parametrize("answer", [Fault(200, body=b"<html>"), Fault(200, body=b'{"a": 1}'), Fault(404, body=b"")])
def test_an_index_that_answers_something_else_ends_the_run(archive: Book, lite: Engine, answer: Fault) -> None:
    archive.missing = answer
    report = fill(lite, way(archive), of=source())
    assert "index of the archive" in report.stopped[0]
    assert len(archive.asked) == 1


def test_offers_ask_the_index_only_when_they_may(full: Book, lite: Engine) -> None:
    of = source()
    with transaction(lite) as conn:
        found = wanted(conn, of, of.fund("LANA"), ALL, FILLED_AT)
    guess = way(full).offer(found)
    assert (guess.requests, guess.days, full.asked) == (2, None, [])
    known = way(full, looks=True).offer(found)
    assert (known.requests, known.first, known.last) == (3, date(2026, 1, 6), date(2026, 1, 21))
    nowhere = replace(found, spec=replace(found.spec, urls=()))
    assert "no address" in way(full).offer(nowhere).why
