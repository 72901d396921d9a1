"""Old lines leave for files and come back; what follows from them stays, and goes on as if they had never left."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from monitor.exporting import archived as files
from monitor.store import archived
from monitor.store.engine import open_engine, reading
from monitor.store.upkeep import check
from monitor.store.views import VIEWS
from tests.cli.conftest import Run
from tests.cli.look_alike import body

FIRST, LAST, LATER = date(2021, 10, 4), date(2022, 1, 7), date(2022, 1, 13)
NOW = datetime(2026, 11, 27, tzinfo=UTC)


def write(folder: Path, first: date, last: date) -> Path:
    """The files of the weekdays in between: Block is held from the first on and leaves with that of 2022-01-11."""
    folder.mkdir(exist_ok=True)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day.weekday() < 5 and day not in (date(2021, 11, 25), date(2021, 12, 24)):
            for fund in ("ARKF", "ARKW"):
                (folder / f"{fund}_{day}.csv").write_text(body(fund, day), encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Pair:
    """One database that archives and one that does not, with the same files, and the folder for the archive."""

    db: str
    other: str
    folder: Path


@pytest.fixture
def pair(run: Run, blank_url: str, tmp_path: Path) -> Pair:
    old, folder = write(tmp_path / "old", FIRST, LAST), tmp_path / "away"
    folder.mkdir()
    other = f"sqlite:///{tmp_path / 'other.db'}"
    for db in (blank_url, other):
        assert run("ingest", old, "--source", "ark", "--db", db).code == 0
    return Pair(blank_url, other, folder)


def archive(run: Run, pair: Pair) -> list[str]:
    done = run("db", "archive", "--before", "2022-01", "--to", pair.folder, "--db", pair.db)
    assert done.code == 0, done.err
    return sorted(one.name for one in pair.folder.iterdir())


def view(db: str, name: str) -> str:
    """A digest of every row of a view; instants and floats differ between any two databases."""
    columns = [one.name for v in VIEWS if v.name == name for one in v.columns if not one.name.endswith("_at")]
    engine = open_engine(db)
    with reading(engine) as conn:
        found = conn.execute(text(f"SELECT {', '.join(columns)} FROM {name}"))
        rows = sorted(str(tuple(map(plain, row))) for row in found)
    engine.dispose()
    assert rows, name
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def plain(cell: object) -> str:
    try:
        return f"{float(str(cell)):.9g}"
    except ValueError:
        return str(cell)


def sound(db: str) -> list[str]:
    engine = open_engine(db)
    found = [one.text for one in check(engine)]
    engine.dispose()
    return found


def held(db: str) -> int:
    engine = open_engine(db)
    with reading(engine) as conn:
        found = int(conn.execute(text("SELECT count(*) FROM holding")).scalar_one())
    engine.dispose()
    return found


def test_what_follows_goes_on_as_if_no_line_had_left(run: Run, pair: Pair, tmp_path: Path) -> None:
    assert archive(run, pair)[-1] in ("lines-2021.parquet", "lines-2021-12.parquet")  # PostgreSQL has a year of it
    assert sound(pair.db) == []
    later = write(tmp_path / "later", LAST, LATER)
    for db in (pair.db, pair.other):
        assert run("ingest", later, "--source", "ark", "--db", db).code == 0
    for name in ("v_events", "v_items", "v_flows", "v_trades", "v_coverage"):  # v_spells names lines that are away
        assert view(pair.db, name) == view(pair.other, name), name
    for what in ("SQ", "TSLA", "COIN"):
        one, other = (run("history", what, "--json", "--db", db).rows for db in (pair.db, pair.other))
        assert one == other
    assert sound(pair.db) == []


def test_questions_about_days_that_are_away_say_so(run: Run, pair: Pair) -> None:
    archive(run, pair)
    for asked in (
        ("holdings", "ARKF", "--on", "2021-11-10"),
        ("holdings", "ARKF", "--on", "2022-01-05", "--against", "2021-11-10"),
        ("who-holds", "TSLA", "--on", "2021-11-10"),
        ("position", "ARKF", "TSLA"),
    ):
        said = run(*asked, "--db", pair.db)
        assert (said.code, "are archived in" in said.err, "db restore-archive" in said.err) == (2, True, True), asked
    assert run("holdings", "ARKF", "--on", "2022-01-05", "--db", pair.db).code == 0
    assert run("position", "ARKF", "TSLA", "--since", "2022-01-01", "--db", pair.db).code == 0
    assert run("changes", "--since", "2021-10-01", "--db", pair.db).code == 0


def test_nothing_is_derived_without_its_lines(run: Run, pair: Pair, tmp_path: Path) -> None:
    archive(run, pair)
    said = run("db", "rebuild", "--db", pair.db)
    assert (said.code, "are archived" in said.err) == (1, True)
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "ARKF_2021-09-30.csv").write_text(body("ARKF", date(2021, 9, 30)), encoding="utf-8")
    said = run("ingest", tmp_path / "late", "--source", "ark", "--db", pair.db)
    assert (said.code, "before the end of what is archived" in said.out + said.err) == (1, True)


def test_months_that_are_not_over_stay(run: Run, pair: Pair) -> None:
    said = run("db", "archive", "--before", "2999-01", "--to", pair.folder, "--db", pair.db)
    assert (said.code, "still to come" in said.err, list(pair.folder.iterdir())) == (2, True, [])


def test_the_file_that_the_next_is_compared_with_stays(run: Run, pair: Pair, tmp_path: Path) -> None:
    assert run("db", "archive", "--before", "2023-01", "--to", pair.folder, "--db", pair.db).code == 0
    assert [one.name for one in pair.folder.iterdir()] == ["lines-2021.parquet"]
    later = write(tmp_path / "later", date(2022, 1, 10), LATER)
    for db in (pair.db, pair.other):
        assert run("ingest", later, "--source", "ark", "--db", db).code == 0
    assert view(pair.db, "v_events") == view(pair.other, "v_events")


def test_a_year_of_which_a_month_is_away_leaves_by_months(run: Run, pair: Pair) -> None:
    for before in ("2021-11", "2023-01"):  # by the second day a file of 2021 belongs to a whole year
        assert run("db", "archive", "--before", before, "--to", pair.folder, "--db", pair.db).code == 0
    names = sorted(one.stem for one in pair.folder.iterdir())
    months = ["lines-2021-10", "lines-2021-11", "lines-2021-12"]
    assert names == (months if pair.db.startswith("sqlite") else ["lines-2021"])
    for one in names:
        assert run("db", "restore-archive", pair.folder / f"{one}.parquet", "--db", pair.db).code == 0
    assert view(pair.db, "v_holdings") == view(pair.other, "v_holdings")


def test_a_fund_that_ended_and_comes_back_asks_for_its_last_file(run: Run, pair: Pair, tmp_path: Path) -> None:
    on, back = tmp_path / "on", tmp_path / "back"
    for folder, fund, day in ((on, "ARKF", date(2023, 2, 1)), (back, "ARKW", date(2023, 2, 2))):
        folder.mkdir()
        (folder / f"{fund}_{day}.csv").write_text(body(fund, day), encoding="utf-8")
    for db in (pair.db, pair.other):
        assert run("ingest", on, "--source", "ark", "--db", db).code == 0
    assert run("db", "archive", "--before", "2023-01", "--to", pair.folder, "--db", pair.db).code == 0
    said = run("ingest", back, "--source", "ark", "--db", pair.db)
    assert (said.code, "The next file of ARKW is compared with that of 2022-01-07" in said.err) == (1, True)
    for one in pair.folder.iterdir():
        assert run("db", "restore-archive", one, "--db", pair.db).code == 0
    assert run("ingest", back, "--source", "ark", "--db", pair.other).code == 0
    assert run("db", "rebuild", "--db", pair.db).code == 0
    assert view(pair.db, "v_events") == view(pair.other, "v_events")


def test_a_spell_that_ended_in_archived_months_still_ends_there(run: Run, pair: Pair, tmp_path: Path) -> None:
    later = write(tmp_path / "later", LAST, LATER)
    on = tmp_path / "on"
    on.mkdir()
    for fund in ("ARKF", "ARKW"):
        (on / f"{fund}_2024-03-01.csv").write_text(body(fund, date(2024, 3, 1)), encoding="utf-8")
    for db in (pair.db, pair.other):
        for some in (later, on):
            assert run("ingest", some, "--source", "ark", "--db", db).code == 0
    for before in ("2022-01", "2024-01"):  # what began in 2021 and ended in 2022
        assert run("db", "archive", "--before", before, "--to", pair.folder, "--db", pair.db).code == 0
    one, other = (run("history", "SQ", "--json", "--db", db).rows for db in (pair.db, pair.other))
    assert one == other


def test_lines_come_back_as_they_were(run: Run, pair: Pair) -> None:
    names = archive(run, pair)
    assert held(pair.db) < held(pair.other)
    listed = run("db", "partitions", "--json", "--db", pair.db).rows
    assert [one["state"] for one in listed[: len(names)]] == ["archived"] * len(names)
    for name in names:
        assert run("db", "restore-archive", pair.folder / name, "--db", pair.db).code == 0
    assert view(pair.db, "v_holdings") == view(pair.other, "v_holdings")
    assert sound(pair.db) == []
    assert run("db", "rebuild", "--db", pair.db).code == 0
    assert view(pair.db, "v_spells") == view(pair.other, "v_spells")
    assert run("db", "restore-archive", pair.folder / names[0], "--db", pair.db).code == 1  # it is here already


def test_a_file_is_readable_by_itself(run: Run, pair: Pair) -> None:
    table = pq.read_table(pair.folder / archive(run, pair)[0]).to_pylist()
    first = table[0]
    assert (first["issuer"], first["ticker"], first["as_of"]) == ("ark", "ARKF", FIRST)
    assert {one["name"] for one in table} >= {"TESLA INC", "BLOCK INC"}


class Killed(BaseException):
    """What no code of ours expects."""


def then_die(work: Callable[..., None]) -> Callable[..., None]:
    def both(*given: object) -> None:
        work(*given)
        raise Killed

    return both


@pytest.mark.parametrize("where", ["while it is written", "before it is named", "before it is recorded", "after"])
def test_killed_at_any_moment_it_goes_on(run: Run, pair: Pair, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def die(*_: object) -> None:
        raise Killed

    engine = open_engine(pair.db)
    before = held(pair.db)
    with monkeypatch.context() as patch:
        if where == "while it is written":
            patch.setattr(files, "_line", die)
        elif where == "before it is named":
            patch.setattr(files, "_same", die)
        elif where == "before it is recorded":
            patch.setattr(archived, "remove", die)
        else:
            patch.setattr(archived, "remove", then_die(archived.remove))
        with pytest.raises(Killed):
            files.archive_before(engine, date(2022, 1, 1), pair.folder, NOW, lambda *_: None)
    assert (held(pair.db) == before) is (where != "after")
    engine.dispose()
    names = archive(run, pair)
    assert not [one for one in names if one.startswith(".")]
    for name in names:
        assert run("db", "restore-archive", pair.folder / name, "--db", pair.db).code == 0
    assert view(pair.db, "v_holdings") == view(pair.other, "v_holdings")


def test_a_file_that_holds_something_else_is_never_trusted(run: Run, pair: Pair) -> None:
    name = archive(run, pair)[0]
    path = pair.folder / name
    assert run("db", "restore-archive", path, "--db", pair.db).code == 0
    path.write_bytes(path.read_bytes()[:-40] + b"x" * 40)
    before = held(pair.db)
    said = run("db", "archive", "--before", "2022-01", "--to", pair.folder, "--db", pair.db)
    assert (said.code, held(pair.db)) == (1, before)
    assert run("db", "restore-archive", path, "--db", pair.db).code == 1
