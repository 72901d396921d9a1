"""Issuers that answer for past dates: what is asked, in what order, what is never asked again, and when to stop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import islice

import pytest
from sqlalchemy import select

from monitor.backfill.asking import Budget, Piece
from monitor.backfill.issuer import IssuerWay
from monitor.backfill.planning import Wanted, wanted
from monitor.core.filling import Period
from monitor.sources.spec import Source
from monitor.store import schema as t
from monitor.store.engine import Engine, reading, transaction
from tests.backfill.stage import FILLED_AT, Waiting, dates, fetcher, fill, issuer, outcomes, polite, told
from tests.backfill.web import Book, packed, web
from tests.reliability.serving import Fault
from tests.scenarios.stories import QUILL, events, file, load, portfolio, session

HOLIDAY = session(3)
RULE = """
[backfill]
url = "{url}/{{t}}_{{date:YYYYMMDD}}.csv"
first = 2026-01-05
absent = ["Fund Holdings as of,-"]
absent_codes = ["rows"]
"""
SHELL = b"Lantern A\nFund Holdings as of,-\n"
TEMPLATE = b"date,fund,name,ticker,id,shares,value,weight,sedol\n"


@pytest.fixture
def server() -> Iterator[Book]:
    with web() as book:
        yield book


def address(fund: str, day: date) -> str:
    return f"/{fund.lower()}_{day:%Y%m%d}.csv"


def publish(server: Book, fund: str, *numbers: int) -> None:
    for n in numbers:
        server.pages[address(fund, session(n))] = file(fund, n, portfolio(*([QUILL] if n >= 5 else [])))[1]


def source(server: Book, **more: str) -> Source:
    return polite(issuer(RULE.format(url=server.url), **more))


def until(number: int) -> Period:
    return Period(session(0), session(number))


def test_missing_days_are_asked_for_newest_first_and_stored_silently(server: Book, stage: Engine) -> None:
    publish(server, "LANA", 0, 1, 2, 4, 5, 6)
    load(stage, [file("LANA", 6, portfolio(QUILL))])
    report = fill(stage, IssuerWay(fetcher()), of=source(server), period=until(6))
    assert server.asked == [address("LANA", session(n)) for n in (5, 4, 3, 2, 1, 0)]
    assert outcomes(report) == {"new": 5, "absent": 1}
    assert dates(stage) == [session(n) for n in (0, 1, 2, 4, 5, 6)]
    assert [(e.kind, e.as_of) for e in events(stage) if e.ticker == "QLN"] == [("INITIATED", session(5))]
    (note,) = told(stage)
    assert (note["form"], note["headline"]) == ("notice", "History extended: LANA")
    assert "5 files (dated 2026-01-05 … 2026-01-12) added; its files begin 2026-01-05." in note["lines"][0]


def test_what_is_stored_or_was_not_there_is_not_asked_again(server: Book, lite: Engine) -> None:
    publish(server, "LANA", 0, 1, 2, 4)
    server.pages[address("LANA", session(5))] = SHELL
    server.pages[address("LANA", session(6))] = TEMPLATE
    report = fill(lite, IssuerWay(fetcher()), of=source(server), period=until(6))
    assert outcomes(report) == {"new": 4, "absent": 3}
    server.asked.clear()
    again = fill(lite, IssuerWay(fetcher()), of=source(server), period=until(6))
    assert (server.asked, outcomes(again), again.extended) == ([], {}, ())
    assert len(told(lite)) == 1


def test_a_file_that_was_not_there_yet_is_asked_for_again(server: Book, lite: Engine) -> None:
    soon = FILLED_AT.date()
    period = Period(soon - timedelta(days=3), soon)
    fill(lite, IssuerWay(fetcher()), of=source(server), period=period)
    first = list(server.asked)
    fill(lite, IssuerWay(fetcher()), of=source(server), period=period)
    assert server.asked == first * 2


def test_a_run_that_stopped_is_finished_by_the_next(server: Book, lite: Engine) -> None:
    publish(server, "LANA", *range(10))
    first = fill(lite, IssuerWay(fetcher(), Budget(4)), of=source(server), period=until(9))
    assert first.stopped == ("lantern: as many were asked for as --limit allows",)
    second = fill(lite, IssuerWay(fetcher()), of=source(server), period=until(9))
    assert (outcomes(first), outcomes(second)) == ({"new": 4}, {"new": 6})
    assert len(server.asked) == len(set(server.asked)) == 10


class Killed(BaseException):
    """As when the process ends here."""


class Killing(IssuerWay):
    """Ends with the 26th piece."""

    def pieces(self, group: Sequence[Wanted]) -> Iterator[Piece]:
        """The pieces until then."""
        yield from islice(super().pieces(group), 25)
        raise Killed


def test_a_killed_run_keeps_what_was_stored_and_the_next_one_tells_of_it(server: Book, lite: Engine) -> None:
    publish(server, "LANA", *range(30))
    with pytest.raises(Killed):
        fill(lite, Killing(fetcher()), of=source(server), period=until(29))
    assert (len(dates(lite)), told(lite), events(lite)) == (20, [], [])
    report = fill(lite, IssuerWay(fetcher()), of=source(server), period=until(29))
    assert outcomes(report) == {"new": 10}
    assert len(dates(lite)) == 30
    assert [one["headline"] for one in told(lite)] == ["History extended: LANA"]
    assert {e.as_of for e in events(lite)} == {session(5)}


def test_the_server_is_asked_at_its_pace(server: Book, lite: Engine) -> None:
    publish(server, "LANA", *range(5))
    waiting = Waiting()
    fill(lite, IssuerWay(fetcher(waiting)), of=polite(source(server), 7.0), period=until(4))
    assert len(waiting.seconds) == 4
    assert all(6 < one <= 7 * 5 for one in waiting.seconds)


def test_a_server_that_asks_us_to_wait_is_waited_for(server: Book, lite: Engine) -> None:
    publish(server, "LANA", 0, 1)
    server.faults[address("LANA", session(1))] = [Fault(429, headers=(("Retry-After", "30"),), body=b"later")]
    waiting = Waiting()
    report = fill(lite, IssuerWay(fetcher(waiting)), of=source(server), period=until(1))
    assert outcomes(report) == {"new": 2}
    assert 30.0 in waiting.seconds


def test_a_server_that_asks_for_an_hour_ends_the_run_and_is_left_alone(server: Book, lite: Engine) -> None:
    publish(server, "LANA", 0, 1, 2)
    server.faults[address("LANA", session(1))] = [Fault(429, headers=(("Retry-After", "3600"),), body=b"later")]
    report = fill(lite, IssuerWay(fetcher()), of=source(server), period=until(2))
    assert outcomes(report) == {"new": 1, "failed": 1}
    assert report.stopped == ("lantern: the server asks us to wait 3600 seconds",)
    server.asked.clear()
    again = fill(lite, IssuerWay(fetcher()), of=source(server), period=until(2))
    assert server.asked == []
    assert "is left alone until 2026-03-31 19:00 UTC" in again.stopped[0]
    later = fill(lite, IssuerWay(fetcher()), of=source(server), period=until(2), now=FILLED_AT + timedelta(hours=2))
    assert outcomes(later) == {"new": 2}


def test_three_failures_in_a_row_end_the_run(server: Book, lite: Engine) -> None:
    server.missing = Fault(503, body=b"maintenance")
    publish(server, "LANA", 9)
    report = fill(lite, IssuerWay(fetcher()), of=source(server), period=until(9))
    assert outcomes(report) == {"new": 1, "failed": 3}
    assert "failed 3 times in a row" in report.stopped[0]
    with reading(lite) as conn:
        assert conn.execute(select(t.breaker.c.issuer)).scalars().all() == ["lantern"]


def test_an_address_that_does_not_look_at_the_date_is_left_after_three_answers(server: Book, lite: Engine) -> None:
    body = file("LANA", 9, portfolio())[1]
    server.missing = Fault(200, body=body)
    report = fill(lite, IssuerWay(fetcher()), of=source(server), period=until(9))
    assert outcomes(report) == {"new": 1, "heartbeat": 2}
    assert "does not look at the date" in report.stopped[0]


def test_after_a_long_silence_older_days_are_left_alone(server: Book, lite: Engine) -> None:
    far = polite(issuer(RULE.format(url=server.url).replace("2026-01-05", "2025-12-01")))
    period = Period(date(2025, 12, 1), session(60))
    publish(server, "LANA", 60)
    report = fill(lite, IssuerWay(fetcher()), of=far, period=period)
    assert outcomes(report) == {"new": 1, "absent": 60}
    assert len(server.asked) == 61
    again = fill(lite, IssuerWay(fetcher()), of=far, period=period, now=FILLED_AT + timedelta(days=30))
    assert len(server.asked) - 61 == 3  # those so young that the file may only have been late
    assert outcomes(again) == {"absent": 3}


def test_what_is_refused_is_kept_with_words_and_asked_again(server: Book, lite: Engine) -> None:
    server.pages[address("LANA", session(0))] = b"<html>moved</html>"
    for _ in range(2):
        report = fill(lite, IssuerWay(fetcher()), of=source(server), period=until(0))
        assert [(one.outcome, one.code) for one in report.outcome.files] == [("refused", "html")]


def test_a_file_of_another_fund_is_refused(server: Book, lite: Engine) -> None:
    server.pages[address("LANA", session(0))] = file("LANB", 0, portfolio())[1]
    report = fill(lite, IssuerWay(fetcher()), of=source(server), period=until(0))
    assert [(one.outcome, one.code) for one in report.outcome.files] == [("refused", "fund")]


def test_month_ends_are_asked_for_where_the_issuer_has_only_these(server: Book, lite: Engine) -> None:
    rule = RULE.format(url=server.url) + 'days = "month-ends"\n'
    of = polite(issuer(rule))
    server.pages[address("LANA", date(2026, 1, 31))] = file("LANA", session(19), portfolio())[1]
    report = fill(lite, IssuerWay(fetcher()), of=of, period=Period(session(0), date(2026, 3, 15)))
    assert server.asked == [address("LANA", day) for day in (date(2026, 2, 28), date(2026, 1, 31))]
    assert outcomes(report) == {"new": 1, "absent": 1}
    fill(lite, IssuerWay(fetcher()), of=of, period=Period(session(0), date(2026, 3, 15)))
    assert len(server.asked) == 2


def test_one_file_of_many_funds_is_asked_for_once(server: Book, lite: Engine) -> None:
    rule = RULE.format(url=server.url).replace("{t}_", "all_")
    of = polite(issuer(rule, more="many_funds = true\n"))
    for n in (0, 1):
        rows = [file(fund, n, portfolio())[1].decode().split("\n", 1)[1] for fund in ("LANA", "LANB", "ELSE")]
        server.pages[f"/all_{session(n):%Y%m%d}.csv"] = TEMPLATE + "".join(rows).encode()
    fill(lite, IssuerWay(fetcher()), "LANA", "LANB", of=of, period=until(2))
    assert len(server.asked) == 3
    assert dates(lite, "LANA") == dates(lite, "LANB") == [session(0), session(1)]
    fill(lite, IssuerWay(fetcher()), "LANA", "LANB", of=of, period=until(2))
    assert len(server.asked) == 3


def test_compressed_answers_are_read(server: Book, lite: Engine) -> None:
    server.pages[address("LANA", session(0))] = packed(file("LANA", 0, portfolio())[1])
    assert outcomes(fill(lite, IssuerWay(fetcher()), of=source(server), period=until(0))) == {"new": 1}


def test_an_offer_names_addresses_requests_and_time_and_asks_nobody(server: Book, lite: Engine) -> None:
    of = polite(source(server), 2.0)
    load(lite, [file("LANA", 1, portfolio())])
    with transaction(lite) as conn:
        found = wanted(conn, of, of.fund("LANA"), until(3), FILLED_AT)
    offer = IssuerWay(fetcher()).offer(found)
    assert (offer.days, offer.requests, offer.seconds) == (3, 3, 6.0)
    assert (offer.first, offer.last) == (session(0), session(3))
    assert offer.asks[0] == server.url + address("LANA", session(3))
    assert server.asked == []


@pytest.mark.parametrize(
    ("rule", "period", "why"),
    [
        ("", until(3), "does not answer for past dates"),
        (RULE.format(url="https://own.example/{{slug}}").replace("{{slug}}", "{slug}"), until(3), "has no key 'slug'"),
        (RULE.format(url="https://own.example").replace("first = 2026-01-05\n", ""), Period(), "say --from"),
    ],
)
def test_an_offer_says_what_stands_in_the_way(lite: Engine, rule: str, period: Period, why: str) -> None:
    of = issuer(rule)
    with transaction(lite) as conn:
        found = wanted(conn, of, of.fund("LANA"), period, FILLED_AT)
    assert why in IssuerWay(fetcher()).offer(found).why


def test_without_a_last_day_what_is_newer_than_our_files_is_left_to_the_daemon(server: Book, lite: Engine) -> None:
    publish(server, "LANA", 0, 1, 2, 3)
    load(lite, [file("LANA", 2, portfolio())])
    fill(lite, IssuerWay(fetcher()), of=source(server), period=Period(session(0), None))
    assert server.asked == [address("LANA", session(n)) for n in (1, 0)]
    assert dates(lite) == [session(0), session(1), session(2)]
