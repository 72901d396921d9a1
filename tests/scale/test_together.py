"""Two worker processes make what one process makes, and more of it at once; what goes wrong is told by its name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from monitor import pipeline, rebuilding
from monitor.backfill import Filling, Report
from monitor.backfill.issuer import IssuerWay
from monitor.backfill.local import FilesWay
from monitor.backfill.together import run_on
from monitor.backfill.ways import Way
from monitor.core.errors import StoreError
from monitor.core.filling import Period
from monitor.scale import files
from monitor.scale.crew import AHEAD, Crew, Lost
from monitor.scale.hidden import Hidden
from monitor.scale.rebuilding import rebuild
from monitor.sources.spec import Source
from monitor.store import past
from monitor.store.engine import Engine, reading
from tests.backfill.stage import FILLED_AT, PLAN, fetcher, fill, issuer, outcomes, polite, rows, told
from tests.backfill.web import Book, Web, web
from tests.reliability.serving import Fault, serving
from tests.scale import stage as jobs
from tests.scale.stage import POISON, address, alone, history, kit, taken
from tests.scenarios.stories import LANTERN, file, portfolio, session

RULE = """
[backfill]
url = "{url}/{{t}}_{{date:YYYYMMDD}}.csv"
first = 2026-01-05
"""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few files in a job that there are several."""
    monkeypatch.setattr(files, "FILES", 6)


def fill_on(crew: Crew, engine: Engine, way: Way, *chosen: tuple[Source, str], period: Period | None = None) -> Report:
    found = [(source, source.fund(ticker)) for source, ticker in chosen]
    filling = Filling(
        engine, found, period or Period(), PLAN, ("console",), FILLED_AT, lambda: FILLED_AT, jitter=lambda: 0.5
    )
    return run_on(crew, address(engine), filling, way, lambda text, count, total: None)


# --- the same -------------------------------------------------------------------------------------


def test_files_become_what_one_process_makes_of_them(own: Crew, stage: Engine, lite: Engine) -> None:
    found = [*history(), ("LANA_2026-01-06x.csv", b"<html>no file</html>")]
    expected = alone(lite, found)
    own.largest = 0
    done = taken(own, stage, found)
    assert rows(stage) == rows(lite)
    assert sorted(done.outcome.files, key=repr) == sorted(expected.files, key=repr)
    assert (done.outcome.events, done.outcome.items) == (expected.events, expected.items)
    assert 0 < own.largest <= AHEAD * own.full  # all of them may not be there yet
    again = taken(own, stage, found)
    assert {one.outcome for one in again.outcome.files} == {"heartbeat", "refused"}
    assert rows(stage) == rows(lite)


def test_a_back_fill_from_files_says_the_same_once(own: Crew, stage: Engine, lite: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, body in history():
        (folder / name).write_bytes(body)
    expected = fill(lite, FilesWay([folder]), "LANA", "LANB")
    report = fill_on(own, stage, FilesWay([folder]), (LANTERN, "LANA"), (LANTERN, "LANB"))
    assert rows(stage) == rows(lite)
    assert sorted(report.outcome.files, key=repr) == sorted(expected.outcome.files, key=repr)
    assert (report.extended, report.stopped, report.unread) == (expected.extended, expected.stopped, expected.unread)
    assert [one["lines"] for one in told(stage)] == [one["lines"] for one in told(lite)]
    with reading(stage) as conn:
        assert past.is_derivation_due(conn) is False


def publish(server: Book) -> None:
    for fund in ("LANA", "LANB"):
        for n in (0, 1, 2, 4, 5, 6, 7):
            server.pages[f"/{fund.lower()}_{session(n):%Y%m%d}.csv"] = file(fund, n, portfolio())[1]


def test_an_issuer_is_asked_for_the_same_days_in_the_same_order(own: Crew, lite: Engine, stage: Engine) -> None:
    with web() as server:
        publish(server)
        source = polite(issuer(RULE.format(url=server.url)))
        period = Period(session(0), session(7))
        expected = fill(lite, IssuerWay(fetcher()), "LANA", "LANB", of=source, period=period)
        asked, server.asked = server.asked, []
        other = replace(source, id="glimmer", name="Glimmer")
        report = fill_on(own, stage, IssuerWay(fetcher()), (source, "LANA"), (source, "LANB"), period=period)
        assert server.asked == asked
        assert outcomes(report) == outcomes(expected)
        assert rows(stage) == rows(lite)
        server.asked = []
        fill_on(own, stage, IssuerWay(fetcher()), (source, "LANA"), (other, "LANA"), period=period)
        assert server.asked == [one for one in asked if one.startswith("/lana")]  # of the other issuer alone


def test_everything_is_derived_again_issuer_by_issuer(own: Crew, stage: Engine) -> None:
    other = replace(LANTERN, id="glimmer", name="Glimmer")
    sources = {one.id: one for one in (LANTERN, other)}
    for source in sources.values():
        alone(stage, history(8), source)
    before = rows(stage)
    expected = rebuilding.rebuild(stage, sources, progress=files.quiet)
    done = rebuild(own, stage, address(stage), sources, files.quiet)
    assert (done.report, done.before, done.lost) == (expected, 0, ())
    assert rows(stage) == before
    with pytest.raises(StoreError, match="no source describes it"):
        rebuild(own, stage, address(stage), {"lantern": LANTERN}, files.quiet)


# --- what goes wrong ------------------------------------------------------------------------------


def test_a_file_that_ends_its_readers_is_named_and_stops_nothing(own: Crew, lite: Engine) -> None:
    found = [*history(6), ("LANA_bad.csv", POISON)]
    bodies = files.chunks(pipeline.local(found))
    done = list(own.each("store-lantern", jobs.store_or_end, Hidden(kit(lite)), bodies, files.one_by_one))
    lost = [(chunk.bodies[0].place, result.text) for chunk, result in done if isinstance(result, Lost)]
    assert [name for name, _ in lost] == ["LANA_bad.csv"]
    assert "ended every process" in lost[0][1]
    assert sum(len(result) for _, result in done if not isinstance(result, Lost)) == len(history(6))
    assert [result for _, result in own.each("square", jobs.square, Hidden(2), [4])] == [32]  # and it goes on


def test_a_bug_surfaces_after_the_rest_is_done(own: Crew) -> None:
    with pytest.raises(ZeroDivisionError):
        own.call("bug", jobs.is_a_bug, Hidden(jobs.SECRET), 1)
    assert own.call("square", jobs.square, Hidden(3), 2) == 12


def test_trouble_with_the_database_comes_home_in_words_without_its_password(own: Crew) -> None:
    wrong = files.Kit(f"postgresql://me:{jobs.SECRET}@127.0.0.1:1/nowhere", LANTERN, FILLED_AT)
    with pytest.raises(StoreError, match="A worker cannot use the database") as caught:
        own.call("derive", files.derive, Hidden(wrong), "lantern")
    assert jobs.SECRET not in str(caught.value)


# --- politeness -----------------------------------------------------------------------------------


class Gauge(Book):
    """How many requests are there at once. A request waits for `company`, or not longer than it must."""

    def __init__(self, company: int) -> None:
        super().__init__()
        self.company, self.inside, self.most = company, 0, 0
        self.changed = threading.Condition()

    def answer(self, path: str) -> Fault:
        """Counts."""
        with self.changed:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.most >= self.company, timeout=60)
        found = super().answer(path)
        with self.changed:
            self.inside -= 1
        return found


@pytest.mark.parametrize(("job", "company"), [(jobs.asks_in_turn, 1), (jobs.asks_at_once, 2)])
def test_a_server_is_asked_by_one_process_at_a_time(
    own: Crew, job: Callable[[Hidden[str], str], int], company: int
) -> None:
    with serving(Web()) as server:
        gauge = server.book = Gauge(company)
        done = [result for _, result in own.each("ask", job, Hidden(server.url), [f"/{n}" for n in range(8)])]
        assert done == [404] * 8
        assert gauge.most == company
