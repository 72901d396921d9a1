"""Jobs done twice, notes not told yet, patience, secrets and refusals: what needs no cluster to be tried."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import insert

from monitor import pipeline
from monitor.backfill import Filling, Report, far
from monitor.backfill.asking import ENOUGH, Budget
from monitor.backfill.issuer import IssuerWay
from monitor.backfill.local import FilesWay
from monitor.backfill.together import run_on
from monitor.backfill.ways import Way
from monitor.core.errors import StoreError, UsageError
from monitor.core.filling import Period
from monitor.scale import files, opening, rebuilding, work
from monitor.scale.crew import Crew
from monitor.scale.hidden import Hidden
from monitor.scale.where import Where, refuse_elsewhere
from monitor.sources import registry
from monitor.sources.spec import Source
from monitor.store import archived, facts, past, save
from monitor.store import engine as store_engine
from monitor.store import schema as t
from monitor.store.archived import Archived
from monitor.store.codec import day_of
from monitor.store.engine import Engine, StoreConflict, StoreUnavailable, open_engine, reading, transaction
from monitor.store.names import Names
from monitor.store.partitions import month_of
from tests.backfill.stage import FILLED_AT, PLAN, fetcher, fill, issuer, outcomes, polite, rows, told
from tests.backfill.web import Book, web
from tests.cli.conftest import Run
from tests.reliability.serving import Fault
from tests.scale.stage import SECRET, Here, address, alone, history, kit, square, taken
from tests.scenarios.stories import LANTERN, NOW, Row, cusip, file, portfolio, session

RULE = """
[backfill]
url = "{url}/{{t}}_{{date:YYYYMMDD}}.csv"
first = 2026-01-05
"""


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a scheduler it is always our turn."""
    monkeypatch.setattr(far, "turn", lambda name, pause: nullcontext())


def here(forgets: int = 0) -> Crew:
    return cast(Crew, Here(forgets))


def fill_here(
    engine: Engine,
    way: Way,
    *tickers: str,
    of: Source,
    period: Period | None = None,
    forgets: int = 0,
    now: datetime = FILLED_AT,
) -> Report:
    chosen = [(of, of.fund(ticker)) for ticker in tickers]
    filling = Filling(engine, chosen, period or Period(), PLAN, ("console",), now, lambda: now, jitter=lambda: 0.5)
    return run_on(here(forgets), address(engine), filling, way, lambda text, count, total: None)


def publish(server: Book, sessions: range) -> None:
    for n in sessions:
        server.pages[f"/lana_{session(n):%Y%m%d}.csv"] = file("LANA", n, portfolio())[1]


# --- done twice -----------------------------------------------------------------------------------


def test_a_chunk_that_is_stored_twice_is_there_once(stage: Engine, lite: Engine) -> None:
    alone(lite, history(8))
    taken(here(forgets=2), stage, history(8))
    assert rows(stage) == rows(lite)


def test_asks_whose_result_was_lost_are_not_asked_again(lite: Engine, fresh: Callable[[], Engine]) -> None:
    once = fresh()
    with web() as server:
        publish(server, range(2, 25))
        source, period = polite(issuer(RULE.format(url=server.url))), Period(session(0), session(24))
        expected = fill(once, IssuerWay(fetcher()), of=source, period=period)
        asked, server.asked = server.asked, []
        report = fill_here(lite, IssuerWay(fetcher()), "LANA", of=source, period=period, forgets=1)
        assert server.asked == asked
    assert rows(lite) == rows(once)
    assert outcomes(report) == outcomes(expected) == {"new": 23, "absent": 2}


def test_what_was_derived_and_not_told_is_told_by_the_next_run(lite: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, body in history(3, ("LANA",)):
        (folder / name).write_bytes(body)
    fill_here(lite, FilesWay([folder]), "LANA", of=LANTERN)
    assert [note["headline"] for note in told(lite)] == ["History extended: LANA"]
    with transaction(lite) as conn:  # as if the client had been killed between the two
        save.mark_untold(conn, (past.issuer(conn, "lantern") or (0, None))[0])
    before = rows(lite)
    fill_here(lite, FilesWay([folder]), "LANA", of=LANTERN, now=FILLED_AT + timedelta(hours=1))
    assert ["after a run that was cut off" in note["lines"][0] for note in told(lite)] == [False, True]
    fill_here(lite, FilesWay([folder]), "LANA", of=LANTERN, now=FILLED_AT + timedelta(hours=2))
    assert (rows(lite), len(told(lite))) == (before, 2)


def test_a_mark_for_deriving_outlives_that_of_telling(lite: Engine) -> None:
    alone(lite, history(1))
    with transaction(lite) as conn:
        number = (past.issuer(conn, "lantern") or (0, None))[0]
        save.mark_untold(conn, number)
        save.mark_underived(conn, number, session(0))
        save.settle_told(conn, number)
        assert past.issuer(conn, "lantern") == (number, session(0))


def test_a_rebuild_that_was_cut_off_does_the_rest(lite: Engine) -> None:
    other = replace(LANTERN, id="glimmer", name="Glimmer")
    sources = {one.id: one for one in (LANTERN, other)}
    for source in sources.values():
        alone(lite, history(4), source)
    before = rows(lite)
    with transaction(lite) as conn:
        save.mark_underived(conn, (past.issuer(conn, "glimmer") or (0, None))[0], date.min)
    done = rebuilding.rebuild(here(), lite, address(lite), sources, files.quiet)
    assert (done.report.issuers, done.before) == (1, 1)
    done = rebuilding.rebuild(here(), lite, address(lite), sources, files.quiet)
    assert (done.report.issuers, done.before) == (2, 0)
    assert rows(lite) == before
    with reading(lite) as conn:
        assert past.is_derivation_due(conn) is False


def test_a_rebuild_that_cannot_be_marks_nothing(lite: Engine) -> None:
    alone(lite, history(4))
    away = Archived(month_of(session(0)), 1, "0" * 64, "/srv/archive/lines.parquet", "2026-11-27T00:00:00Z")
    with transaction(lite) as conn:
        archived.note(conn, away)
    with pytest.raises(StoreError, match="are archived"):
        rebuilding.rebuild(here(), lite, address(lite), {LANTERN.id: LANTERN}, files.quiet)
    with reading(lite) as conn:
        assert past.is_derivation_due(conn) is False


# --- side by side ---------------------------------------------------------------------------------


def test_others_may_write_while_a_worker_derives(lite: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_engine, "BUSY_SECONDS", 0.1)
    other, written = open_engine(address(lite)), list[int]()

    def meanwhile(text: str, _count: int) -> None:
        if text == "deriving":
            with transaction(other) as conn:
                written.append(save.issuer_id(conn, f"other{len(written)}", "Other"))

    bodies = pipeline.local(history(3, ("LANA",)))
    pipeline.store_chunk(lite, LANTERN, bodies, now=FILLED_AT, progress=files.quiet)
    filled = far.Kit(address(lite), LANTERN, frozenset({"LANA"}), FILLED_AT, Period(), PLAN)
    monkeypatch.setattr(far, "quiet", meanwhile)
    far.derive(Hidden(filled), "lantern")
    assert len(written) == 3
    before = rows(lite)
    monkeypatch.setattr(rebuilding, "quiet", meanwhile)
    rebuilding._again(Hidden(rebuilding.Kit(address(lite), {"lantern": LANTERN})), "lantern")
    assert len(written) == 6  # once: what concerns other issuers is no reason to do it again
    assert rows(lite) == before
    other.dispose()


def newcomers(number: int) -> list[Row]:
    """Lines of one day: one nobody has met, one of the day before, and one that has another name every day."""
    met = [Row(f"NEWCOMER {n} INC", f"N{n}", cusip(f"9{n:02}55A10"), 1_000 + n) for n in (number, max(0, number - 1))]
    return [*dict.fromkeys(met), Row(f"RENAMED {number} CORP", "REN", cusip("91234A10"), 5_000)]


def test_names_that_two_processes_remember_stay_true(
    stage: Engine, lite: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [file("LANA", n, portfolio(*newcomers(n))) for n in range(8)]
    two = [(open_engine(address(stage)), Names()) for _ in range(2)]

    def store(number: int) -> None:
        engine, names = two[number % 2]
        bodies = pipeline.local(found[number : number + 1])
        pipeline.store_chunk(engine, LANTERN, bodies, now=NOW, progress=files.quiet, names=names)

    def fails(*arguments: object) -> None:
        raise ZeroDivisionError

    for number in range(len(found)):
        if number in (4, 5):  # its names were written, and with all else undone
            with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
                patch.setattr(facts, "bulk_insert", fails)
                store(number)
        store(number)
    pipeline.derive_issuer(two[1][0], LANTERN, now=NOW, progress=files.quiet, names=two[1][1])
    alone(lite, found)
    assert rows(stage) == rows(lite)
    for engine, _ in two:
        engine.dispose()


def test_another_run_remembers_nothing_of_this_one() -> None:
    with work.names_at("sqlite:///a.db", NOW) as ours, work.names_at("sqlite:///a.db", FILLED_AT) as others:
        assert others is not ours
    with work.names_at("sqlite:///a.db", NOW) as again:
        assert again is ours


def test_a_worker_that_outlives_a_database_writes_into_the_one_that_took_its_place(
    tmp_path: Path, sqlite_template: Path
) -> None:
    url, path = f"sqlite:///{tmp_path / 'monitor.db'}", tmp_path / "monitor.db"
    shutil.copyfile(sqlite_template, path)
    with transaction(work.engine_at(url)) as conn:
        save.issuer_id(conn, "lantern", "Lantern")
    assert work.engine_at(url) is work.engine_at(url)
    shutil.copyfile(sqlite_template, tmp_path / "other.db")
    (tmp_path / "other.db").replace(path)
    for rest in tmp_path.glob("monitor.db-*"):
        rest.unlink()
    with transaction(work.engine_at(url)) as conn:
        assert past.issuer(conn, "lantern") is None
        save.issuer_id(conn, "quillon", "Quillon")
    engine = open_engine(url)
    with reading(engine) as conn:
        assert past.issuer(conn, "quillon") is not None
    engine.dispose()


def test_another_run_sees_the_sessions_that_were_added_since(lite: Engine) -> None:
    url, added = address(lite), date(2079, 7, 10)
    assert not far._calendar(url, "XNYS", NOW).is_session(added)
    with transaction(lite) as conn:
        conn.execute(insert(t.session).values(calendar="XNYS", day=day_of(added)))
    assert far._calendar(url, "XNYS", FILLED_AT).is_session(added)


# --- asking ---------------------------------------------------------------------------------------


def test_limits_silence_and_a_failing_server_end_the_asking_as_in_one_process(fresh: Callable[[], Engine]) -> None:
    with web() as server:
        publish(server, range(95, 100))
        for n in (94, 93):
            server.pages[f"/lana_{session(n):%Y%m%d}.csv"] = Fault(500)
        source, period = polite(issuer(RULE.format(url=server.url))), Period(session(0), session(99))
        for limit in (None, 7, 40):
            one, many = fresh(), fresh()
            expected = fill(one, IssuerWay(fetcher(), Budget(limit)), of=source, period=period)
            asked, server.asked = server.asked, []
            report = fill_here(many, IssuerWay(fetcher(), Budget(limit)), "LANA", of=source, period=period)
            assert (server.asked, report.stopped, outcomes(report)) == (asked, expected.stopped, outcomes(expected))
            assert rows(one) == rows(many)
            server.asked = []
            if limit == 7:
                assert report.stopped == (f"lantern: {ENOUGH}",)


def test_an_address_that_does_not_look_at_the_date_is_found_out(fresh: Callable[[], Engine]) -> None:
    one, many = fresh(), fresh()
    with web() as server:
        server.missing = Fault(200, body=file("LANA", 3, portfolio())[1])
        source, period = polite(issuer(RULE.format(url=server.url))), Period(session(0), session(9))
        expected = fill(one, IssuerWay(fetcher()), of=source, period=period)
        asked, server.asked = server.asked, []
        report = fill_here(many, IssuerWay(fetcher()), "LANA", of=source, period=period)
        assert (server.asked, report.stopped) == (asked, expected.stopped)
        assert len(asked) == 3


# --- hidden ---------------------------------------------------------------------------------------


def test_what_travels_says_nothing_and_arrives_whole(lite: Engine) -> None:
    secret = replace(kit(lite), database=f"postgresql://me:{SECRET}@db.example/holdings")
    hidden = pickle.loads(pickle.dumps(Hidden(secret)))
    assert hidden.value == secret
    assert hidden.value is pickle.loads(pickle.dumps(Hidden(secret))).value  # unpacked once in a process
    assert f"{hidden}{hidden!r}{[hidden]}" == "<hidden><hidden>[<hidden>]"
    assert SECRET.encode() not in pickle.dumps(hidden)
    chunk = files.Chunk(tuple(pipeline.local(history(2, ("LANA",)))))
    assert repr(chunk) == "<2 files>"


def test_every_source_can_travel() -> None:
    sources = registry.load(None)
    assert Hidden(sources).value == sources


def test_files_are_sent_in_small_pieces() -> None:
    bodies = [replace(body, content=b"x" * (1 << 20)) for body in pipeline.local(history(30, ("LANA",)))]
    assert [len(one.bodies) for one in files.chunks(bodies)] == [4, 4, 4, 4, 4, 4, 4, 2]
    small = [replace(body, content=b"x") for body in bodies]
    assert [len(one.bodies) for one in files.chunks(small)] == [30]


# --- workers --------------------------------------------------------------------------------------


def test_a_busy_database_is_waited_for_and_a_lost_one_not_for_ever() -> None:
    now, slept = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    troubles: list[Exception] = [StoreConflict("a deadlock"), StoreUnavailable("locked")]

    def busy() -> str:
        if troubles:
            raise troubles.pop()
        return "done"

    assert work.patiently(busy, clock=lambda: now[0], sleep=sleep) == "done"
    assert len(slept) == 2

    def away() -> str:
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        work.patiently(away, clock=lambda: now[0], sleep=sleep)
    assert work.PATIENCE < now[0] < work.PATIENCE + 30

    def wrong() -> str:
        raise StoreUnavailable("no such table", passing=False)

    slept.clear()
    with pytest.raises(StoreUnavailable):
        work.patiently(wrong, clock=lambda: now[0], sleep=sleep)
    assert slept == []


def test_a_worker_of_another_version_refuses_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "SETTLED", 0.0)
    found = work.perform("holdings-monitor 0.0.1 (schema 0001, Python 3.8)", square, Hidden(1), 2)
    assert isinstance(found, work.Trouble)
    assert isinstance(found.error(), UsageError)
    assert "Install the same version everywhere" in found.text
    assert work.perform(work.stamp(), square, Hidden(1), 2) == 4


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "database", "words"),
    [
        (Where("tcp://10.1.2.3:8786"), "sqlite:///a.db", "SQLite is a file of this machine"),
        (Where("tls://cluster.example:8786"), "sqlite:///a.db", "SQLite is a file of this machine"),
        (Where("cluster.example:8786"), "postgresql://db/h", "no scheduler's address"),
        (Where("http://cluster.example:8786"), "postgresql://db/h", "no scheduler's address"),
        (Where("tcp://cluster.example:port"), "postgresql://db/h", "no scheduler's address"),
        (Where("tls://me:pw@cluster.example:8786"), "postgresql://db/h", "^'cluster.example:8786' is no scheduler's"),
        (Where(workers=2), "sqlite://", "belongs to one process"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_begins(where: Where, database: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        refuse_elsewhere(where, database)


@pytest.mark.parametrize(
    ("where", "database"),
    [
        (Where("tcp://127.0.0.1:8786"), "sqlite:///a.db"),
        (Where("tls://[::1]:8786"), "sqlite:///a.db"),
        (Where("tcp://localhost:8786"), "sqlite:///a.db"),
        (Where(workers=3), "sqlite:///a.db"),
        (Where("tls://cluster.example:8786"), "postgresql://db/h"),
    ],
)
def test_what_can_work_is_not_refused(where: Where, database: str) -> None:
    refuse_elsewhere(where, database)


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r'pip install "holdings-monitor\[cluster\]"'), opening.crew(Where(workers=1)):
        pass


def test_the_command_line_refuses_what_makes_no_sense(run: Run, place: Path) -> None:
    (place / "a.csv").write_bytes(history(1)[0][1])
    both = run("ingest", "a.csv", "--source", "lantern", "--workers", "2", "--cluster", "tcp://127.0.0.1:1")
    assert (both.code, "not both" in both.err) == (2, True)
    none = run("ingest", "a.csv", "--source", "lantern", "--cluster", "")
    assert (none.code, "--cluster is empty" in none.err) == (2, True)
    live = run("ingest", "a.csv", "--source", "lantern", "--workers", "2", "--alert")
    assert (live.code, "no workers" in live.err) == (2, True)
    far = run("backfill", "LANA", "--via", "files", "--path", "a.csv", "--cluster", "tcp://10.9.8.7:8786")
    assert (far.code, "SQLite is a file of this machine" in far.err) == (2, True)
    assert not (place / "monitor.db").exists()


def test_the_commands_hand_their_work_over(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch, fresh: Callable[[], Engine]
) -> None:
    crew = Here()

    @contextmanager
    def opened(where: Where) -> Iterator[Here]:
        assert where in (Where(workers=2), Where("tcp://127.0.0.1:8786"))
        yield crew

    monkeypatch.setattr(opening, "crew", opened)
    (place / "files").mkdir()
    for name, body in [*history(2), ("LANA_2026-01-07.csv", b"<html>")]:
        (place / "files" / name).write_bytes(body)
    first = run("ingest", "files", "--source", "lantern", "--workers", "2")
    assert (first.code, first.out.splitlines()[-1][:45]) == (0, "5 files: 4 new, 1 refused (refused: html 1). ")
    assert crew.names == ["store-lantern", "derive-lantern"]
    rebuilt = run("db", "rebuild", "--cluster", "tcp://127.0.0.1:8786")
    assert (rebuilt.code, "Rebuilt from 4 files of 1 issuer" in rebuilt.out) == (0, True)
    filled = run("backfill", "LANA", "--via", "files", "--path", "files", "--workers", "2")
    assert (filled.code, "2 already known" in filled.out) == (0, True)
    assert crew.names[2:] == ["rebuild", "store-lantern", "derive-lantern"]
