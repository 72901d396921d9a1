"""Many funds at one address, servers that have been asked too often, files that were renamed: with the real fetcher."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from werkzeug import Request, Response

from monitor.app import configured, quiet
from monitor.sources.fetch import Fetcher
from monitor.store.engine import reading
from monitor.store.watch import breakers
from tests.cli.conftest import Run
from tests.sources.endpoints.issuer import Issuer, csv, page
from tests.watched import looks

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
FUNDS = [f"WIL{letter}" for letter in "ABCDEFGHIJ"]
NOW = datetime(2026, 11, 24, 23, tzinfo=UTC)


def test_one_request_serves_all_funds_of_an_address(issuer: Issuer, run: Run) -> None:
    issuer.serves("/all.csv", csv(*FUNDS, day=MONDAY))
    issuer.source("/all.csv", funds=FUNDS, top="many_funds = true")
    assert run("check", "--at", "2026-11-24T23:00Z").code == 0
    assert len(issuer.asked("/all.csv")) == 1
    assert run("coverage", "--format", "json").out.count('"WIL') >= len(FUNDS)
    assert "10 not modified" in run("check", "--at", "2026-11-24T23:10Z").out
    assert [("If-None-Match" in one.headers) for one in issuer.asked("/all.csv")] == [False, True]
    issuer.serves("/all.csv", csv(*FUNDS, day=TUESDAY, shares=1100))
    assert "10 new" in run("check", "--at", "2026-11-24T23:20Z").out
    assert len(issuer.asked("/all.csv")) == 3


def test_a_fund_that_is_new_to_a_shared_address_gets_the_body(issuer: Issuer, run: Run) -> None:
    issuer.serves("/all.csv", csv(*FUNDS, day=MONDAY))
    issuer.source("/all.csv", funds=FUNDS, top="many_funds = true")
    run("check", "WILA", "WILB", "--at", "2026-11-24T23:00Z")
    said = run("check", "WILA", "WILB", "WILC", "WILD", "--at", "2026-11-24T23:10Z").out
    assert "2 new, 2 not modified" in said
    assert len(issuer.asked()) == 3  # 304 says nothing to those who have no copy; one body serves both


def test_a_shared_address_that_fails_is_asked_once(issuer: Issuer, run: Run) -> None:
    issuer.source("/all.csv", funds=FUNDS, top="many_funds = true")
    assert "10 not fetched" in run("check", "--at", "2026-11-24T23:00Z").out
    assert len(issuer.asked("/all.csv")) == 1


def test_funds_with_different_questions_share_nothing(issuer: Issuer, run: Run) -> None:
    issuer.answers("/export", lambda request: Response(csv(request.form["fund"], day=TUESDAY)))
    issuer.source("/export", funds=FUNDS[:3], http='method = "POST"\nform = { fund = "{T}" }')
    assert "3 new" in run("check", "--at", "2026-11-24T23:00Z").out
    assert [one.form["fund"] for one in issuer.asked()] == FUNDS[:3]


class Bouncer:
    """Refuses after so many requests; lets in again when the clock of the fetcher has gone on."""

    def __init__(self, status: int, patience: int, headers: dict[str, str]) -> None:
        self.status, self.patience, self.headers, self.left = status, patience, headers, patience

    def __call__(self, request: Request) -> Response:
        self.left -= 1
        if self.left < 0:
            return Response(page("Too many requests"), self.status, self.headers)
        return Response(csv(request.path[1:5], day=TUESDAY))


class Clockwork:
    """A clock for the fetcher: sleeping is what moves it."""

    def __init__(self, bouncer: Bouncer) -> None:
        self.now, self.slept, self.bouncer = 0.0, list[float](), bouncer

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)
        if seconds >= 15:
            self.bouncer.left = self.bouncer.patience


def fetcher(clock: Clockwork) -> Fetcher:
    return Fetcher(allow_private=True, trust_env=False, clock=lambda: clock.now, sleep=clock.sleep)


REFUSALS = {"403 of a burst": (403, {}), "429": (429, {}), "429 with a word": (429, {"Retry-After": "20"})}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_burst_is_waited_for_and_goes_on(issuer: Issuer, tmp_path: Path, kind: str) -> None:
    status, headers = REFUSALS[kind]
    bouncer = Bouncer(status, 4, headers)
    clock = Clockwork(bouncer)
    for fund in FUNDS:
        issuer.answers(f"/{fund}.csv", bouncer)
    issuer.source("/{T}.csv", funds=FUNDS, http="throttled_status = [403, 429]\nthrottle_wait_seconds = 15")
    app = configured(tmp_path / "monitor.toml", None, {}, lambda: NOW, quiet)
    app.kept.fetcher(lambda: fetcher(clock))
    with app.opened() as engine:
        outcome = app.check(engine, [], dry_run=False, progress=quiet)
    assert [one.outcome for one in outcome.files] == ["new"] * 10
    assert [one for one in clock.slept if one >= 15] == [20.0 if headers else 15.0] * 2


def test_a_daemon_leaves_the_issuer_alone_and_comes_back(issuer: Issuer, tmp_path: Path) -> None:
    bouncer = Bouncer(403, 4, {})
    clock = Clockwork(bouncer)
    for fund in FUNDS:
        issuer.answers(f"/{fund}.csv", bouncer)
    issuer.source("/{T}.csv", funds=FUNDS, http="throttled_status = [403]\nthrottle_wait_seconds = 15")
    at = [NOW]
    app = configured(tmp_path / "monitor.toml", None, {}, lambda: at[0], quiet)
    app.kept.fetcher(lambda: fetcher(clock))
    with app.opened() as engine:
        report = app.check_due(engine, "one")
        assert [one.outcome for one in report.outcome.files] == ["new"] * 4 + ["failed"]
        assert "asked too often" in report.outcome.files[-1].text
        with reading(engine) as conn:
            waits = breakers(conn)["willow"].not_before
        assert waits is not None
        assert (waits - NOW).total_seconds() == 15
        assert app.check_due(engine, "one").outcome.files == ()  # nobody is asked in the meantime
        bouncer.left, at[0] = 100, waits
        assert [one.outcome for one in app.check_due(engine, "one").outcome.files] == ["new"] * 5
    assert clock.slept == []


def test_a_server_that_stays_closed_ends_the_pass(issuer: Issuer, tmp_path: Path) -> None:
    bouncer = Bouncer(403, 0, {})
    clock = Clockwork(bouncer)
    for fund in FUNDS:
        issuer.answers(f"/{fund}.csv", bouncer)
    issuer.source("/{T}.csv", funds=FUNDS, http="throttled_status = [403]")
    app = configured(tmp_path / "monitor.toml", None, {}, lambda: NOW, quiet)
    app.kept.fetcher(lambda: fetcher(clock))
    with app.opened() as engine:
        outcome = app.check(engine, [], dry_run=False, progress=quiet)
        assert len(looks(engine)) == 1  # who was not asked has not failed
    assert len(issuer.asked()) == 2
    assert [one.text.split(":")[0] for one in outcome.files[1:]] == ["not asked"] * 9


def test_a_renamed_file_is_found_on_the_page_of_its_fund(issuer: Issuer, run: Run) -> None:
    new = "/data/Willow_Growth_WILO_HOLDINGS.csv"
    links = f'<a href="{new}">Holdings</a> <a href="/data/Willow_WILX_HOLDINGS.csv">another fund</a>'
    issuer.serves("/funds/wilo/", page(links), "text/html")
    issuer.source("/data/Willow_WILO_HOLDINGS.csv", page="/funds/{t}/", funds=("WILO", "WILX"))
    answer = run("sources", "probe", "willow", "WILO")
    assert answer.code == 1
    assert f"may be     {issuer.url(new)}" in answer.out
    issuer.serves("/data/Willow_WILO_HOLDINGS.csv", page(), "text/html")  # a page with 200 in its place
    again = run("sources", "probe", "willow", "WILO", "--json")
    assert again.code == 3
    assert again.rows[0]["proposals"] == [issuer.url(new)]


def test_an_operator_is_told_where_a_renamed_file_may_be(issuer: Issuer, run: Run) -> None:
    issuer.serves("/data/Willow_WILO_HOLDINGS.csv", csv("WILO", day=MONDAY))
    issuer.source("/data/Willow_{T}_HOLDINGS.csv", page="/funds/{t}/", funds=("WILO",))
    run("check", "--at", "2026-11-24T12:00Z")
    del issuer.handlers["/data/Willow_WILO_HOLDINGS.csv"]
    new = "/data/Willow_Growth_WILO_HOLDINGS.csv"
    issuer.serves("/funds/wilo/", page(f'<a href="{new}">Holdings</a>'), "text/html")
    for hour in range(13, 18):
        run("check", "--at", f"2026-11-24T{hour}:00Z")
    told = run("incidents", "list", "--format", "json")
    assert issuer.url(new) in told.out
