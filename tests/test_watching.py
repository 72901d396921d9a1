"""Passes over what is due: times of day, holidays, changed clocks, leases, fences, politeness, locked databases."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select

from monitor import pipeline, watching
from monitor.app import App, configured, quiet
from monitor.core.errors import ConfigError, StoreError
from monitor.core.politeness import Breaker
from monitor.demo.issuer import LoopbackIssuer, serving
from monitor.sources.fetch import Fetcher
from monitor.sources.spec import Source
from monitor.store import engine as store_engine
from monitor.store import leases, queries, turns
from monitor.store import schema as t
from monitor.store import watch as store_watch
from monitor.store.engine import Engine, StoreConflict, StoreUnavailable, open_engine, reading
from monitor.store.workers import new_holder
from tests.history.test_catching_up import without_clock
from tests.scenarios.stories import derived, file, portfolio
from tests.watched import NEW_YORK, SESSIONS, Clock, at, looks, program, publish, steps

LANTERN = {"lantern": ("LANA", "LANB")}
MON, TUE = SESSIONS[5], SESSIONS[6]  # 9 and 10 March 2026, after the clocks changed on the 8th


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer() -> Iterator[LoopbackIssuer]:
    with serving() as found:
        for fund in LANTERN["lantern"]:
            publish(found, "lantern", fund, SESSIONS[0])
        yield found


def asked(engine: Engine) -> list[str]:
    """The local times of all looks, each once."""
    return list(
        dict.fromkeys(
            datetime.fromisoformat(instant).astimezone(NEW_YORK).strftime("%a %d %H:%M") for instant, _ in looks(engine)
        )
    )


def standings_by_day(engine: Engine) -> list[tuple[str, int, str]]:
    """Fund, day number and standing of every file."""
    with reading(engine) as conn:
        rows = conn.execute(select(t.standing.c.fund, t.standing.c.as_of, t.standing.c.standing))
        return sorted((str(row.fund), row.as_of, row.standing) for row in rows)


def live(app: App, engine: Engine, clock: Clock, instants: list[datetime], holder: str = "") -> None:
    """A daemon that begins at the first instant and ticks at each."""
    holder = holder or new_holder()
    app.join(engine, holder, instants[0])
    for instant in instants:
        clock.now = instant
        app.check_due(engine, holder)


def test_every_fund_is_asked_at_the_start_and_then_at_the_times_of_day(
    tmp_path: Path, sqlite_engine: Engine, issuer: LoopbackIssuer, clock: Clock
) -> None:
    engine = sqlite_engine
    app = program(
        tmp_path, issuer.url, clock, LANTERN, daemon='poll = ["01:30", "06:30", "20:30"]\ntight_minutes = 100000'
    )
    for fund in LANTERN["lantern"]:
        publish(issuer, "lantern", fund, SESSIONS[4])  # the file of Friday is there all the time
    live(app, engine, clock, steps(at(SESSIONS[4], 22), at(MON, 22), 30))
    assert asked(engine) == [
        "Fri 06 22:00",
        *(f"Sat 07 {one}" for one in ("01:30", "06:30", "20:30")),
        *(f"Sun 08 {one}" for one in ("01:30", "06:30", "20:30")),  # on this day the clocks change
        *(f"Mon 09 {one}" for one in ("01:30", "06:30", "20:30")),
    ]
    assert len(looks(engine)) == 2 * 10
    live(app, engine, clock, [at(MON, 22, 5)])  # a new start
    assert asked(engine)[-1] == "Mon 09 22:05"


def test_a_file_that_is_expected_is_asked_for_often_until_it_comes(
    tmp_path: Path, sqlite_engine: Engine, issuer: LoopbackIssuer, clock: Clock
) -> None:
    engine = sqlite_engine
    app = program(tmp_path, issuer.url, clock, {"lantern": ("LANA",)}, daemon='poll = ["12:00"]\ntight_minutes = 60')
    live(app, engine, clock, [at(SESSIONS[0], 20)])
    holder = new_holder()
    for instant in steps(at(SESSIONS[1], 10), at(SESSIONS[2], 9), 30):
        clock.now = instant
        if instant == at(SESSIONS[1], 18, 30):
            publish(issuer, "lantern", "LANA", SESSIONS[1])
        app.check_due(engine, holder)
    assert asked(engine)[1:] == [f"Tue 03 {one}" for one in ("12:00", "15:00", "16:00", "17:00", "18:00", "19:00")]


def test_habits_are_learned_and_holidays_stay_quiet(
    tmp_path: Path, sqlite_engine: Engine, issuer: LoopbackIssuer, clock: Clock
) -> None:
    engine = sqlite_engine
    good_friday, following = date(2026, 4, 3), date(2026, 4, 6)
    app = program(tmp_path, issuer.url, clock, {"lantern": ("LANA",)}, daemon='poll = ["06:00"]\ntight_minutes = 30')
    holder = new_holder()
    for day in SESSIONS[SESSIONS.index(following) - 7 : SESSIONS.index(following)]:
        for hour in (17, 18, 19):
            clock.now = at(day, hour)
            if hour == 18:
                publish(issuer, "lantern", "LANA", day)
            app.check(engine, (), dry_run=False, progress=lambda text, count: None)
    before = len(looks(engine))
    for instant in steps(at(good_friday, 0), at(following, 20), 30):
        clock.now = instant
        app.check_due(engine, holder)
    found = asked(engine)
    assert not [one for one in found if one.startswith(("Fri 03", "Sat 04", "Sun 05")) and "06:00" not in one]
    monday = [one for one in found if one.startswith("Mon 06")]
    assert monday[:3] == ["Mon 06 06:00", "Mon 06 16:00", "Mon 06 16:30"]
    assert len(looks(engine)) > before


def test_ten_missed_sessions_give_what_being_there_gave(tmp_path: Path, issuer: LoopbackIssuer, clock: Clock) -> None:
    made = {}
    for name in ("there", "away"):
        folder = tmp_path / name
        folder.mkdir()
        app = program(folder, issuer.url, clock, {"lantern": ("LANA",)}, dated=True)
        engine = app.open()
        for number, day in enumerate(SESSIONS[:14]):
            publish(issuer, "lantern", "LANA", day, dated=True)
            if name == "there" or number < 3 or number == 13:
                live(app, engine, clock, [at(day, 20, 30)])
        made[name] = derived(engine)
        engine.dispose()
        issuer.files = {}
    told, caught_up = made["there"], made["away"]
    for table in ("event", "item"):
        assert [without_clock(one) for one in told.pop(table)] == [without_clock(one) for one in caught_up.pop(table)]
    assert told == caught_up


@pytest.mark.parametrize("dated", [False, True])
def test_a_file_with_a_date_to_come_changes_nothing_for_those_that_follow(
    tmp_path: Path, sqlite_engine: Engine, issuer: LoopbackIssuer, clock: Clock, dated: bool
) -> None:
    app = program(tmp_path, issuer.url, clock, {"lantern": ("LANA",)}, dated=dated)
    for day in SESSIONS[:2]:
        publish(issuer, "lantern", "LANA", day, dated=dated)
        live(app, sqlite_engine, clock, [at(day, 20, 30)])
    place = f"{issuer.url}/lantern/LANA{f'_{SESSIONS[2]:%Y%m%d}' if dated else ''}.csv"
    issuer.publish(place, file("LANA", SESSIONS[2].replace(year=2027), portfolio())[1])
    live(app, sqlite_engine, clock, [at(SESSIONS[2], 18, 30)])
    with reading(sqlite_engine) as conn:
        assert store_watch.funds(conn, {"lantern"}, clock())["lantern", "LANA"].arrived == SESSIONS[1]
    for day in SESSIONS[2:4]:
        publish(issuer, "lantern", "LANA", day, dated=dated)
        live(app, sqlite_engine, clock, [at(day, 20, 30)])
    assert [word for _, _, word in standings_by_day(sqlite_engine)] == ["accepted"] * 4 + ["quarantined"]
    events = [json.loads(str(row["text"])) for row in derived(sqlite_engine)["event"]]
    first = min(events, key=lambda event: str(event["as_of"]))
    assert first["kind"] == "INITIATED"


@pytest.mark.parametrize("days", [-3, 3])
def test_a_clock_that_jumps_neither_loses_nor_doubles(
    tmp_path: Path, sqlite_engine: Engine, issuer: LoopbackIssuer, clock: Clock, days: int
) -> None:
    engine = sqlite_engine
    app = program(
        tmp_path, issuer.url, clock, {"lantern": ("LANA",)}, daemon='poll = ["20:30"]\ntight_minutes = 100000'
    )
    jump = timedelta(days=days)
    holder = new_holder()
    right = steps(at(SESSIONS[5], 20, 30), at(SESSIONS[7], 22), 90)
    wrong = [one + jump for one in right[:2]]
    app.join(engine, holder, wrong[0])
    for instant in [*wrong, *right]:
        clock.now = instant
        app.check_due(engine, holder)
    days_asked = asked(engine)
    assert days_asked[-2:] == ["Tue 10 20:30", "Wed 11 20:30"]
    assert len(days_asked) <= 6


# --- several daemons ------------------------------------------------------------------------------


def test_two_daemons_leave_one_set_of_looks(
    tmp_path: Path, database_url: str, issuer: LoopbackIssuer, clock: Clock
) -> None:
    app = program(tmp_path, issuer.url, clock, LANTERN, daemon='poll = ["06:30", "20:30"]\ntight_minutes = 100000')
    engines = [open_engine(database_url) for _ in range(2)]
    holders = [new_holder() for _ in engines]
    for engine, holder in zip(engines, holders, strict=True):
        app.join(engine, holder, clock.now)
    instants = steps(clock.now, clock.now + timedelta(days=1), 120)
    barrier = threading.Barrier(2, action=lambda: setattr(clock, "now", instants.pop(0)))
    count = len(instants)

    def daemon(number: int) -> None:
        for _ in range(count):
            barrier.wait(60)
            app.check_due(engines[number], holders[number])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(daemon, range(2)))
    found = looks(engines[0])
    assert len(set(found)) * 2 == len(found)  # one look for each of the two funds
    assert asked(engines[0]) == ["Mon 02 20:30", "Tue 03 06:30"]
    for engine in engines:
        engine.dispose()


def test_who_lost_its_lease_while_fetching_stores_nothing(
    tmp_path: Path, engine: Engine, issuer: LoopbackIssuer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = program(tmp_path, issuer.url, clock, {"lantern": ("LANA",)})
    real = Fetcher.fetch

    def slow(self: Fetcher, *arguments: object, **more: object) -> object:
        clock.now += timedelta(seconds=1000)  # the process slept through its lease, and somebody else took over
        assert leases.acquire(engine, "issuer:lantern", "other", clock.now, 60) is not None
        return real(self, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Fetcher, "fetch", slow)
    report = app.check_due(engine, new_holder())
    assert report.outcome.files == ()
    assert looks(engine) == []
    with reading(engine) as conn:
        assert conn.execute(select(t.lease.c.holder)).scalar() == "other"


def test_an_issuer_another_daemon_works_on_is_left_alone(
    tmp_path: Path, engine: Engine, issuer: LoopbackIssuer, clock: Clock
) -> None:
    app = program(tmp_path, issuer.url, clock, LANTERN)
    lease = leases.acquire(engine, "issuer:lantern", "other", clock.now, 60)
    assert lease is not None
    assert app.check_due(engine, new_holder()).outcome.files == ()
    leases.release(engine, lease)
    assert len(app.check_due(engine, new_holder()).outcome.files) == 2


# --- trouble --------------------------------------------------------------------------------------


def body(fund: str) -> str:
    """The first file of a fund."""
    return file(fund, SESSIONS[0], portfolio())[1].decode()


def serve(server: HTTPServer, fund: str, status: int = 200, headers: dict[str, str] | None = None) -> None:
    """From now on the fund's address answers so."""
    text = body(fund) if status == 200 else "no"
    request = server.expect_request(f"/lantern/{fund}.csv")
    request.respond_with_data(text, status=status, headers=headers, content_type="text/csv")


def breaker(engine: Engine, issuer: str = "lantern") -> Breaker:
    """How the issuer's server is to be treated."""
    with reading(engine) as conn:
        return store_watch.breakers(conn).get(issuer, Breaker())


def test_one_missing_file_is_no_failure_of_the_server(
    tmp_path: Path, engine: Engine, httpserver: HTTPServer, clock: Clock
) -> None:
    serve(httpserver, "LANA", 404)
    serve(httpserver, "LANB")
    app = program(tmp_path, httpserver.url_for("").rstrip("/"), clock, LANTERN)
    assert {one.outcome for one in app.check_due(engine, new_holder()).outcome.files} == {"failed", "new"}
    assert breaker(engine).failures == 0
    clock.now += timedelta(minutes=2)
    again = app.check_due(engine, new_holder()).outcome.files
    assert [(one.fund, one.outcome) for one in again] == [("LANA", "failed")]  # soon again, and only that


def test_a_failing_server_is_left_alone_longer_and_longer_and_probed_by_one_fund(
    tmp_path: Path, engine: Engine, httpserver: HTTPServer, clock: Clock
) -> None:
    for fund in LANTERN["lantern"]:
        serve(httpserver, fund, 503)
    app = program(tmp_path, httpserver.url_for("").rstrip("/"), clock, LANTERN, daemon="interval_minutes = 0.1")
    holder, gaps, last = new_holder(), [], clock.now
    end = clock.now + timedelta(hours=2)
    while clock.now < end:
        if files := app.check_due(engine, holder).outcome.files:
            gaps.append(((clock.now - last).total_seconds(), len(files)))
            last = clock.now
        clock.now += timedelta(seconds=10) if len(gaps) < 4 else timedelta(minutes=2)
    waits = [seconds for seconds, _ in gaps[1:]]
    assert waits[0] <= 20
    for number, seconds in enumerate(waits[:7]):  # each twice the one before, a quarter more or less, seen by our steps
        assert 0.75 * 15 * 2**number <= seconds <= 1.25 * 15 * 2**number + 120
    assert max(waits) <= 1.25 * 3600 + 120
    assert [count for _, count in gaps[:3]] == [2, 2, 2]
    assert {count for _, count in gaps[3:]} == {1}
    httpserver.clear()
    for fund in LANTERN["lantern"]:
        serve(httpserver, fund)
    clock.now += timedelta(hours=2)
    assert [one.outcome for one in app.check_due(engine, holder).outcome.files] == ["new", "new"]
    assert breaker(engine).failures == 0


def test_what_a_server_asks_for_is_done_also_after_a_restart(
    tmp_path: Path, engine: Engine, httpserver: HTTPServer, clock: Clock
) -> None:
    serve(httpserver, "LANA", 429, {"Retry-After": "600"})
    serve(httpserver, "LANB")
    app = program(tmp_path, httpserver.url_for("").rstrip("/"), clock, LANTERN, daemon="interval_minutes = 0.1")
    assert len(app.check_due(engine, new_holder()).outcome.files) == 1  # the rest waits as well
    for seconds in (1, 599):
        live(app, engine, clock, [at(SESSIONS[0], 20, 30) + timedelta(seconds=seconds)])
    assert len(httpserver.log) == 1
    live(app, engine, clock, [at(SESSIONS[0], 20, 40)])
    assert [request.path for request, _ in httpserver.log[1:]] == ["/lantern/LANB.csv", "/lantern/LANA.csv"]


def test_one_issuers_trouble_stops_no_other(
    tmp_path: Path, engine: Engine, issuer: LoopbackIssuer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(issuer, "candle", "CANA", SESSIONS[0])
    app = program(tmp_path, issuer.url, clock, {"lantern": ("LANA",), "candle": ("CANA",)})
    real = pipeline.keep

    def keeping(engine: Engine, source: Source, *arguments: object, **more: object) -> object:
        if source.id == "lantern":
            raise StoreError("its days are out of order")
        return real(engine, source, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(watching, "keep", keeping)
    report = app.check_due(engine, new_holder())
    assert [one.fund for one in report.outcome.files] == ["CANA"]
    assert report.problems == ("lantern: its days are out of order",)
    assert breaker(engine).failures == 1  # and the files are not downloaded with every tick
    assert breaker(engine, "candle").failures == 0


@pytest.mark.parametrize("times", [2, 3])
def test_a_transaction_ended_for_the_sake_of_another_is_done_again_at_once(
    tmp_path: Path,
    sqlite_engine: Engine,
    issuer: LoopbackIssuer,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    times: int,
) -> None:
    app = program(tmp_path, issuer.url, clock, LANTERN)
    left, real = iter(range(times)), pipeline._concluded

    def ended(*arguments: object) -> object:
        if next(left, None) is not None:
            raise StoreConflict("deadlock detected")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "_concluded", ended)
    if times < turns.TRIES:
        assert len(app.check_due(sqlite_engine, new_holder()).outcome.files) == 2
        return
    with pytest.raises(StoreConflict):
        app.check_due(sqlite_engine, new_holder())
    assert breaker(sqlite_engine).failures == 0  # the issuer has nothing to do with it


def test_a_locked_database_asks_no_issuer(
    tmp_path: Path, sqlite_url: str, issuer: LoopbackIssuer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_engine, "BUSY_SECONDS", 0.1)
    engine = open_engine(sqlite_url)
    app = program(tmp_path, issuer.url, clock, LANTERN)
    asked_for: list[object] = []
    monkeypatch.setattr(Fetcher, "fetch", lambda *arguments, **more: asked_for.append(arguments))
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable, match="locked by another program"):
        app.check_due(engine, new_holder())
    other.execute("ROLLBACK")
    other.close()
    assert asked_for == []
    monkeypatch.undo()
    assert len(app.check_due(engine, new_holder()).outcome.files) == 2
    engine.dispose()


def test_no_more_is_begun_once_the_daemon_is_to_stop(
    tmp_path: Path, engine: Engine, issuer: LoopbackIssuer, clock: Clock
) -> None:
    app = program(tmp_path, issuer.url, clock, LANTERN)
    calls = iter([False, False, True])
    report = app.check_due(engine, new_holder(), lambda: next(calls, True))
    assert len(report.outcome.files) == 1  # what was fetched is stored
    assert app.check_due(engine, new_holder(), lambda: True).outcome.files == ()


def test_a_renamed_file_is_found_where_the_configuration_says(
    tmp_path: Path, engine: Engine, issuer: LoopbackIssuer, clock: Clock
) -> None:
    issuer.publish(f"{issuer.url}/moved/here.csv", body("LANA").encode())
    program(tmp_path, issuer.url, clock, LANTERN)
    text = (tmp_path / "monitor.toml").read_text("utf-8")
    for urls, fine in ((f'LANA = "{issuer.url}/moved/here.csv"', True), (f'NONE = "{issuer.url}/x"', False)):
        (tmp_path / "monitor.toml").write_text(text + f"[issuers.lantern.urls]\n{urls}\n", "utf-8")
        app = configured(tmp_path / "monitor.toml", None, {}, clock, quiet)
        if fine:
            app.check_due(engine, new_holder())
            with reading(engine) as conn:
                places = conn.execute(select(t.fetch.c.place).order_by(t.fetch.c.id)).scalars().all()
            assert places == [f"{issuer.url}/moved/here.csv", f"{issuer.url}/lantern/LANB.csv"]
        else:
            with pytest.raises(ConfigError, match="has no fund NONE"):
                app.sources()


def test_status_says_which_file_is_expected_and_since_when_it_is_late(
    tmp_path: Path, sqlite_engine: Engine, issuer: LoopbackIssuer, clock: Clock
) -> None:
    app = program(tmp_path, issuer.url, clock, {"lantern": ("LANA",)})
    app.check_due(sqlite_engine, new_holder())

    def fund(now: datetime) -> queries.StatusRow:
        with reading(sqlite_engine) as conn:
            return queries.status(conn, now, app.watched_funds(), app.expectations(conn, now))[0]

    assert fund(clock.now).state == "ok"
    assert "last file 2026-03-02, that of 2026-03-03 expected from 2026-03-03 22:00 UTC" in fund(clock.now).detail
    late = fund(at(SESSIONS[3], 12))
    assert late.state == "late"
    assert "that of 2026-03-03 late since 2026-03-05 15:00 UTC" in late.detail
    assert "that of 2026-03-03 late since" in fund(clock.now + timedelta(days=2000)).detail  # however long ago
