"""Blindness before a real issuer on this machine, with the real fetcher: who is told what, on both databases."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select
from werkzeug import Request, Response

from monitor.app import App, configured, quiet
from monitor.blindness import LookReport
from monitor.store.engine import Engine, reading
from monitor.store.ledger import delivery, incident
from tests.cli.look_alike import body
from tests.ports import free_port

EASTERN = timedelta(hours=5)
Answer = Callable[[Request], Response]


def csv(ticker: str, day: date) -> Response:
    return Response(body(ticker, day), content_type="text/csv")


class Issuer:
    """Answers for each fund as the story wants it; `page` is the issuer's home page."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.answers: dict[str, Response | Answer] = {}
        self.page: Response | None = None
        self.asked: list[str] = []
        server.expect_request(re.compile("/.*")).respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        self.asked.append(request.path)
        for ticker, found in self.answers.items():
            if f"_{ticker}_" in request.path:
                return found if isinstance(found, Response) else found(request)
        if request.path.endswith(".csv") or self.page is None:
            return Response("not here", status=404)
        return self.page

    def serve(self, day: date, *tickers: str) -> None:
        for ticker in tickers:
            self.answers[ticker] = csv(ticker, day)


class Story:
    """The program watching two funds of one issuer; time is the story's."""

    def __init__(self, folder: Path, engine: Engine, bases: dict[str, str], funds: dict[str, list[str]]) -> None:
        self.engine, self.now = engine, datetime(2022, 1, 3, 14, tzinfo=UTC)
        watch = "".join(f'[[watch]]\nissuer = "{one}"\nfunds = {json.dumps(funds[one])}\n' for one in funds)
        reach = "".join(
            f'[issuers.{one}]\nbase_url = "{base}"\nallow_private = true\nmin_interval = 0\n'
            for one, base in bases.items()
        )
        self.file = folder / "monitor.toml"
        self.file.write_text(watch + reach + '[channels.log]\ntype = "file"\npath = "told.jsonl"\n', "utf-8")

    def app(self, **extra: str) -> App:
        """As after a restart: nothing is remembered but what the database keeps."""
        return configured(
            self.file, None, {f"HOLDINGS_MONITOR_{k}": v for k, v in extra.items()}, lambda: self.now, quiet
        )

    def at(self, day: date, hour: float) -> None:
        """It is that hour in New York (winter)."""
        self.now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour) + EASTERN

    def look(self, times: int = 1, hours: float = 1, **extra: str) -> list[str]:
        """So many passes, each followed by a look; the headlines of what was promised meanwhile."""
        before = len(self.notices())
        for _ in range(times):
            app = self.app(**extra)
            app.check(self.engine, (), dry_run=False, progress=quiet)
            app.look(self.engine)
            self.now += timedelta(hours=hours)
        return self.notices()[before:]

    def notices(self) -> list[str]:
        with reading(self.engine) as conn:
            rows = conn.execute(select(delivery.c.message).order_by(delivery.c.id))
            messages = [json.loads(row.message) for row in rows]
        return [one["headline"] for one in messages if one["form"] == "notice"]

    def lines(self, number: int = -1) -> list[str]:
        with reading(self.engine) as conn:
            rows = conn.execute(select(delivery.c.message).order_by(delivery.c.id))
            found: list[str] = [json.loads(row.message) for row in rows][number]["lines"]
        return found

    def kinds(self) -> list[tuple[str, str]]:
        """What lasts."""
        with reading(self.engine) as conn:
            rows = conn.execute(select(incident).where(incident.c.closed_at.is_(None)).order_by(incident.c.id))
            return [(row.subject, row.kind) for row in rows]


@pytest.fixture
def issuer(httpserver: HTTPServer) -> Issuer:
    return Issuer(httpserver)


@pytest.fixture
def story(tmp_path: Path, engine: Engine, issuer: Issuer) -> Story:
    """Two funds whose files of 3 January are known."""
    made = Story(tmp_path, engine, {"ark": issuer.server.url_for("/m")}, {"ark": ["ARKF", "ARKW"]})
    issuer.serve(date(2022, 1, 3), "ARKF", "ARKW")
    made.at(date(2022, 1, 3), 8)
    assert made.look() == []
    return made


GONE = Response("no", status=404)
PAGE = Response("<html><title>Welcome</title></html>", content_type="text/html")


@pytest.mark.parametrize(
    "answer", [GONE, PAGE, Response("", status=503), Response("hello")], ids=["404", "html", "503", "text"]
)
def test_looks_in_vain_are_told_once_and_the_end_once(story: Story, issuer: Issuer, answer: Response) -> None:
    issuer.answers["ARKF"] = answer
    assert story.look(2, 0.1) == []
    assert story.look(4, 0.1) == ["ARKF: no file can be fetched, 3 looks in vain in a row"]
    issuer.serve(date(2022, 1, 3), "ARKF")
    assert story.look(3, 0.1) == ["ARKF: files again after 24 minutes; file dated 2022-01-03"]
    assert story.kinds() == []


def test_the_number_of_looks_is_a_setting(story: Story, issuer: Issuer) -> None:
    issuer.answers["ARKF"] = GONE
    assert story.look(1, BLINDNESS__FAILURES="1") == ["ARKF: no file can be fetched, 1 look in vain in a row"]


def test_switched_off_it_says_nothing(story: Story, issuer: Issuer) -> None:
    issuer.answers["ARKF"] = GONE
    assert story.look(5, BLINDNESS__ENABLED="false") == []


def test_all_funds_of_an_issuer_are_one_notice(story: Story, issuer: Issuer) -> None:
    issuer.answers = {"ARKF": GONE, "ARKW": GONE}
    assert story.look(5, 0.1) == ["ARK Invest: no file of any of the 2 funds can be fetched"]
    issuer.serve(date(2022, 1, 3), "ARKW")
    again = story.look(2, 0.1)
    assert [one.partition(" after ")[0] for one in again] == [
        "ARK Invest: files again",
        "ARKF: no file can be fetched, 6 looks in vain in a row",
    ]
    issuer.serve(date(2022, 1, 3), "ARKF")
    assert len(story.look(2)) == 1


def test_a_page_in_place_of_the_file_may_say_where_it_is(story: Story, issuer: Issuer) -> None:
    link = "/x/ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS_2.csv"
    issuer.answers["ARKF"] = Response(f"<html>moved <a href='{link}'>here</a></html>", content_type="text/html")
    assert story.look(3, 0.1) == ["ARKF: its file seems to have another address now"]
    assert link in story.lines()[-1]


def test_a_renamed_file_is_proposed_with_the_line_to_write(story: Story, issuer: Issuer) -> None:
    base = issuer.server.url_for("/m")
    new = "ARK_BLOCKCHAIN_&amp;_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv"
    issuer.page = Response(
        f'<a href="{base}/new/{new}">Holdings</a> <a href="/x/ARK_NEXT_GENERATION_INTERNET_ETF_ARKW_HOLDINGS.csv">W</a>'
        '<a href="http://169.254.169.254/ARK_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv">no</a>',
        content_type="text/html",
    )
    issuer.answers["ARKF"] = lambda request: csv("ARKF", date(2022, 1, 4)) if "/new/" in request.path else GONE
    assert story.look(6, 0.1) == ["ARKF: its file seems to have another address now"]
    meant = f"{base}/new/ARK_BLOCKCHAIN_&_FINTECH_INNOVATION_ETF_ARKF_HOLDINGS.csv"
    assert story.lines()[-2:] == ["[issuers.ark.urls]", f'ARKF = "{meant}"']
    assert "169.254" not in " ".join(story.lines())
    assert sum(path.endswith("/m") or path == "/m/" for path in issuer.asked) == 1  # the page is asked once
    assert not any("/new/" in path for path in issuer.asked)  # and nothing is switched
    story.file.write_text(story.file.read_text("utf-8") + f'[issuers.ark.urls]\nARKF = "{meant}"\n', "utf-8")
    assert story.look()[0].startswith("ARKF: files again")


def test_a_holiday_is_not_late_and_a_working_day_is(story: Story, issuer: Issuer) -> None:
    issuer.serve(date(2022, 1, 14), "ARKF", "ARKW")
    issuer.answers["ARKF"] = csv("ARKF", date(2022, 1, 13))
    issuer.answers["ARKW"] = csv("ARKW", date(2022, 1, 13))
    story.at(date(2022, 1, 13), 9)
    story.look()
    issuer.serve(date(2022, 1, 18), "ARKF", "ARKW")  # 17 January is a holiday
    story.at(date(2022, 1, 14), 9)
    missing = [one for one in story.notices() if "late" in one]
    assert missing == []


def test_a_late_file_is_told_once_and_ends_with_the_file(story: Story, issuer: Issuer) -> None:
    issuer.serve(date(2022, 1, 4), "ARKW")
    story.at(date(2022, 1, 4), 9)
    assert story.look() == []
    story.at(date(2022, 1, 5), 23)
    issuer.serve(date(2022, 1, 5), "ARKW")
    assert story.look(3) == ["ARKF: the file dated 2022-01-04 is late"]
    issuer.serve(date(2022, 1, 5), "ARKF")
    told = story.look(2)
    assert [one.partition(" after ")[0] for one in told] == ["ARKF: files again"]
    assert "2022-01-04" in story.lines()[0]  # the file that never came


def test_after_a_week_down_nothing_is_late_before_the_first_look(story: Story, issuer: Issuer) -> None:
    story.at(date(2022, 1, 13), 12)
    story.app().look(story.engine)
    assert story.notices() == []
    issuer.serve(date(2022, 1, 13), "ARKF", "ARKW")
    assert [one for one in story.look() if "late" in one] == []


def test_a_weekend_with_a_holiday_is_not_late(story: Story, issuer: Issuer) -> None:
    days = [date(2022, 1, day) for day in (4, 5, 6, 7, 10, 11, 12, 13)]
    for day in days:
        issuer.serve(day, "ARKF", "ARKW")
        story.at(day, 9)
        assert story.look() == []
    friday = date(2022, 1, 14)
    issuer.answers = {
        one: Response(
            body(one, date(2022, 1, 13)).replace("01/13/2022", "01/14/2022").replace("1,013,000", "1,015,000")
        )
        for one in ("ARKF", "ARKW")
    }
    story.at(friday, 9)
    assert story.look() == []
    for number in (15, 16, 17):  # Saturday, Sunday, Martin Luther King Day
        story.at(date(2022, 1, number), 22)
        assert story.look() == []
    story.at(date(2022, 1, 19), 12)
    assert story.look() == ["ARK Invest: the files of all 2 funds are late"]


def test_a_file_that_never_came_is_noted_once(story: Story, issuer: Issuer) -> None:
    issuer.serve(date(2022, 1, 5), "ARKF", "ARKW")  # that of the 4th was never there, and nobody was late yet
    story.at(date(2022, 1, 4), 20)
    told = story.look(3, 0.1)
    assert told == ["ARK Invest: files of 2 funds were never seen"]
    assert story.lines()[0] == "ARKF: none dated 2022-01-04; the next is 2022-01-05."
    assert story.kinds() == []


def test_an_empty_list_asks_once_whether_the_fund_has_closed(story: Story, issuer: Issuer) -> None:
    issuer.answers["ARKF"] = Response(body("ARKF", date(2022, 1, 3)).splitlines()[0] + "\n")
    assert story.look(1) == []
    assert story.look(1) == ["ARKF: has the fund closed?"]
    issuer.answers["ARKF"] = GONE
    issuer.serve(date(2022, 1, 10), "ARKW")
    story.at(date(2022, 1, 10), 9)
    assert not any("ARKF" in one for one in story.look(9))
    assert ("fund:ark/ARKF", "closed") in story.kinds()


def test_a_fund_its_source_calls_closed_is_said_once(tmp_path: Path, engine: Engine, issuer: Issuer) -> None:
    story = Story(tmp_path, engine, {"ark": issuer.server.url_for("/m")}, {"ark": ["CTRU", "ARKW"]})
    issuer.serve(date(2022, 8, 1), "ARKW")
    story.now = datetime(2022, 8, 1, 14, tzinfo=UTC)
    said = ["CTRU has closed: the description of its source gives 2022-07-26 as its last day"]
    assert story.look(6, 0.1) == said
    assert not any("CTRU" in path for path in issuer.asked)


def test_a_redirect_to_a_page_of_closed_funds_is_such_a_question(story: Story, issuer: Issuer) -> None:
    issuer.page = Response("<html><title>Our funds</title></html>", content_type="text/html")
    issuer.answers["ARKF"] = Response("", status=302, headers={"Location": "/closed-funds/"})
    assert story.look(2) == ["ARKF: has the fund closed?"]
    assert story.look(5) == []


def test_two_quarantined_files_in_a_row_are_told(story: Story, issuer: Issuer) -> None:
    told = []
    for number, kept in ((4, slice(1, 4)), (5, slice(5, 8)), (6, slice(1, 99))):
        day = date(2022, 1, number)
        lines = body("ARKF", day).splitlines()
        issuer.answers["ARKF"] = Response("\n".join([lines[0], *lines[kept]]) + "\n")
        issuer.serve(day, "ARKW")
        story.at(day, 9)
        told.append(story.look(2))
    assert told[:2] == [[], ["ARKF: 2 files in a row are quarantined"]]
    assert [one.partition(" after ")[0] for one in told[2]] == ["ARKF: files again"]


def test_the_same_content_under_new_dates(story: Story, issuer: Issuer) -> None:
    same = body("ARKF", date(2022, 1, 3))
    told = []
    for day in (4, 5, 6):
        issuer.answers["ARKF"] = Response(same.replace("01/03/2022", f"01/0{day}/2022"))
        issuer.serve(date(2022, 1, day), "ARKW")
        story.at(date(2022, 1, day), 9)
        told.append(story.look())
    assert told == [[], ["ARKF: the same content under new dates, 2 files in a row"], []]


def test_the_network_down_is_one_notice(tmp_path: Path, engine: Engine) -> None:
    base = f"http://127.0.0.1:{free_port()}/"
    story = Story(tmp_path, engine, {"ark": base, "spdr": base}, {"ark": ["ARKF", "ARKW"], "spdr": ["SPY"]})
    assert story.look(5, 0.1) == ["No issuer can be reached: is the network down?"]
    assert story.kinds() == [("all", "unreachable")]


def test_two_processes_say_it_once(story: Story, issuer: Issuer) -> None:
    issuer.answers["ARKF"] = GONE
    story.look(2, 0.1)
    app = story.app()
    app.check(story.engine, (), dry_run=False, progress=quiet)
    with ThreadPoolExecutor(4) as pool:
        reports: list[LookReport] = list(pool.map(lambda _: story.app().look(story.engine), range(8)))
    assert sum(len(one.opened) for one in reports) == 1
    assert len(story.notices()) == 1


def test_all_is_well_is_said_once_a_day(story: Story, issuer: Issuer) -> None:
    issuer.serve(date(2022, 1, 4), "ARKF", "ARKW")
    story.at(date(2022, 1, 4), 17)
    assert story.look(1, ALERTS__ALL_CLEAR="18:00") == []
    told = story.look(4, 1, ALERTS__ALL_CLEAR="18:00")
    assert told == ["Holdings monitor: all clear. 2 funds looked at, 2 new files, 2 position changes"]
    story.at(date(2022, 1, 5), 18)
    assert len(story.look(1, ALERTS__ALL_CLEAR="18:00")) == 1


@pytest.mark.parametrize("day", [date(2022, 3, 13), date(2022, 11, 6)], ids=["spring", "autumn"])
def test_all_is_well_is_said_once_when_clocks_change(story: Story, day: date) -> None:
    story.now = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
    story.app().check(story.engine, (), dry_run=False, progress=quiet)
    for _ in range(11):  # every half hour from midnight, through the hour that is left out or comes twice
        story.app(ALERTS__ALL_CLEAR="02:30").look(story.engine)
        story.now += timedelta(minutes=30)
    story.now += timedelta(hours=12)
    story.app(ALERTS__ALL_CLEAR="02:30").look(story.engine)
    told = [one for one in story.notices() if one.startswith("Holdings monitor")]
    assert len(told) == 1
