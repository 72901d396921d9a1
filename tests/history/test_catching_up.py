"""An issuer whose sessions have addresses of their own: what was missed is caught up, as if we had never been away."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from monitor import cli
from monitor.demo.issuer import LoopbackIssuer, serving
from monitor.sources.calendars import sessions_between
from monitor.store import schema as t
from monitor.store.engine import open_engine, reading
from tests.scenarios.stories import QUILL, TOML, derived, file, portfolio

FUND = """
[[funds]]
ticker = "LANA"
name = "Lantern LANA"
kind = "active"
urls = [{ url = "https://lantern.example/{date:YYYY}/LANA_{date:DD-MMM-YY}.csv" }]
"""
CLOCK = ("known_at", "published", "published_from", "published_to")  # when we came to know: the one difference

CONFIG = """
database = "sqlite:///{name}.db"
[[watch]]
issuer = "lantern"
[issuers.lantern]
base_url = "{url}"
allow_private = true
min_interval = 0
[channels.told]
type = "file"
path = "{name}.jsonl"
"""
SESSIONS = sessions_between("XNYS", date(2026, 3, 2), date(2026, 4, 10))


def publish(issuer: LoopbackIssuer, number: int) -> None:
    """The file of a session: a security comes, leaves and returns."""
    day = SESSIONS[number]
    rows = portfolio() if number in (0, 1, 5) else portfolio(replace(QUILL, shares=40_000 + 500 * number))
    issuer.publish(f"{issuer.url}/{day:%Y}/LANA_{day:%d-%b-%y}.csv", file("LANA", day, rows)[1])


def after(number: int) -> str:
    """The evening of a session, New York being four or five hours behind."""
    return datetime.combine(SESSIONS[number] + timedelta(days=1), time(1), UTC).isoformat()


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "issuers").mkdir()
    (tmp_path / "issuers" / "lantern.toml").write_text(TOML + FUND, encoding="utf-8")
    return tmp_path


def check(name: str, url: str, at: str) -> int:
    Path(f"{name}.toml").write_text(CONFIG.format(name=name, url=url), encoding="utf-8")
    return cli.run(["check", "--config", f"{name}.toml", "--at", at])


def test_ten_missed_sessions_give_what_being_there_gave(stage: Path) -> None:
    with serving() as issuer:
        for number in range(14):
            publish(issuer, number)
            assert check("there", issuer.url, after(number)) == 0
            if number < 3 or number == 13:
                assert check("away", issuer.url, after(number)) == 0
    there, away = (open_engine(f"sqlite:///{stage / name}.db") for name in ("there", "away"))
    told, caught_up = derived(there), derived(away)
    for table in ("event", "item"):
        assert [without_clock(row) for row in told.pop(table)] == [without_clock(row) for row in caught_up.pop(table)]
    assert told == caught_up
    assert len(told["spell"]) >= 2
    for engine in (there, away):
        engine.dispose()


def test_a_day_without_a_file_is_absent_and_hinders_no_later_one(stage: Path) -> None:
    with serving() as issuer:
        publish(issuer, 0)
        assert check("away", issuer.url, after(0)) == 0
        publish(issuer, 2)
        assert check("away", issuer.url, after(2)) == 0
        assert check("away", issuer.url, after(3)) == 0
    engine = open_engine(f"sqlite:///{stage / 'away.db'}")
    with reading(engine) as conn:
        outcomes = conn.execute(select(t.fetch.c.outcome).order_by(t.fetch.c.id)).scalars().all()
        assert outcomes[-3:] == ["not-modified", "absent", "absent"]  # in UTC it is the next day already
        assert outcomes.count("new") == 2
        assert outcomes.count("failed") == 0
        stored = conn.execute(select(t.snapshot.c.as_of).order_by(t.snapshot.c.as_of)).scalars().all()
        assert stored == [(SESSIONS[n] - date(1970, 1, 1)).days for n in (0, 2)]
    engine.dispose()


def test_the_first_look_takes_the_newest_file_and_stops(stage: Path) -> None:
    with serving() as issuer:
        for number in (0, 1):
            publish(issuer, number)
        assert check("away", issuer.url, after(2)) == 0
    engine = open_engine(f"sqlite:///{stage / 'away.db'}")
    with reading(engine) as conn:
        outcomes = conn.execute(select(t.fetch.c.outcome).order_by(t.fetch.c.id)).scalars().all()
        assert outcomes[-1] == "new"
        assert set(outcomes[:-1]) == {"absent"}
    engine.dispose()


def without_clock(row: dict[str, object]) -> dict[str, object]:
    """An event or item without the instants at which we looked."""
    body = json.loads(str(row["text"]))
    return row | {"text": {key: value for key, value in body.items() if key not in CLOCK}}
