"""The benchmarks run: each work once, as small as it can be. Nothing here looks at how long anything took."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from monitor.core import identity
from tests.bench import generator, limits, rivals, table
from tests.bench.__main__ import main
from tests.bench.harness import Cost, Failed, NotMeasured, compete, measured, median
from tests.bench.table import Row

NAMES = ("TERN ROBOTICS", "PLOVER FOODS", "HERON MEDIA", "CRANE STEEL", "EGRET LABS", "STORK AIR", "RAIL PARTS")
COMPANIES = tuple((f"{name} INC", name[:4], f"{at}{at * 1111111 % 9999999:07}{at}") for at, name in enumerate(NAMES, 1))
SESSIONS = tuple(day for day in range(1, 18) if date(2022, 6, day).weekday() < 5)[:12]
LINES = 2 * (7 * 12 - 2)
FORM = 'date,fund,company,ticker,cusip,shares,"market value ($)","weight (%)"\n'
FOOTER = '"The principal risks of investing are not invented here."\n'


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two funds' invented files of twelve days, laid out as ARK's are kept."""
    root = tmp_path_factory.mktemp("ark")
    for fund in ("ARKK", "ARKQ"):
        (root / fund).mkdir()
        for at, day in enumerate(SESSIONS):
            file = root / fund / f"2022-06-{day:02}.csv"
            file.write_text(FORM + "".join(lines(fund, at, day)) + FOOTER, encoding="utf-8")
    return root


def lines(fund: str, session: int, day: int) -> Iterator[str]:
    """The rows of a file; the first company is left out of every fifth."""
    held = COMPANIES[1:] if session % 5 == 4 else COMPANIES
    shares = [10_000 + (100 * session if at == 2 else 0) for at in range(len(held))]
    for (name, ticker, cusip), count in zip(held, shares, strict=True):
        part = 100 * count / sum(shares)
        yield f'06/{day:02}/2022,{fund},"{name}",{ticker},{cusip},"{count:,}","${count * 20:,}.00",{part:.2f}%\n'


def test_a_process_is_measured_with_what_it_says(tmp_path: Path) -> None:
    work = "import json; x = bytearray(50_000_000); print('first'); print(json.dumps({'rows': 7, 'bytes': 3}))"
    cost = measured([sys.executable, "-S", "-c", work], cwd=tmp_path)
    assert (cost.rows, cost.bytes) == (7, 3)
    assert cost.peak > 50_000_000
    assert cost.seconds > 0


def test_children_of_a_process_count(tmp_path: Path) -> None:
    child = "sum(range(5_000_000))"
    work = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {child!r}])"
    assert measured([sys.executable, "-S", "-c", work], cwd=tmp_path).cpu >= 0.03


def test_a_failure_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="no such luck"):
        measured([sys.executable, "-c", "raise SystemExit('no such luck')"], cwd=tmp_path)


def test_contestants_take_turns_and_one_that_cannot_run_says_why(tmp_path: Path) -> None:
    turns: list[str] = []

    def run(name: str, seconds: float) -> Cost:
        turns.append(name)
        return Cost(seconds, seconds, int(seconds))

    def absent(folder: Path) -> Cost:
        raise NotMeasured("out of reach")

    seconds = iter((1.0, 9.0, 2.0))
    costs = compete(
        {"a": (lambda _: run("a", next(seconds)), 3), "b": (lambda _: run("b", 5), 1), "c": (absent, 3)}, tmp_path
    )
    assert turns == ["a", "b", "a", "a"]
    assert costs["a"] == Cost(2.0, 2.0, 9, 3)
    assert costs["c"] == "out of reach"
    assert list(tmp_path.iterdir()) == []


def test_the_median_of_two_is_between_them() -> None:
    assert median([Cost(1, 2, 3), Cost(3, 4, 1)]) == Cost(2, 3, 3, 2)


def test_the_table_compares_line_by_line() -> None:
    ours, theirs = Cost(2, 4, 2**20, said={"rows": 100}), Cost(1, 1, 2**20, said={"rows": 10})
    text = table.text([Row("work", ours, 5_000_000, "peer", theirs, "limit", "cannot", "bar", True)], ["a note"])
    head, row, note, _ = text.splitlines()
    assert head.split()[:3] == ["work", "lines", "raw"]
    assert row.split()[1:3] == ["100", "5.0"]
    assert "0.20" in row.split()
    assert "limit: cannot" in row
    assert note == "a note"


def test_limits_find_the_lines_of_a_file(small: Path, tmp_path: Path) -> None:
    assert limits.tokenise(small)["rows"] == LINES
    assert limits.insert(small, str(tmp_path / "x.db"))["rows"] == LINES


def test_the_invented_files_follow_from_the_seed(tmp_path: Path) -> None:
    plan = generator.Plan(funds=3, lines=30, issuers=2, securities=300)
    for name in ("one", "two"):
        generator.write(plan, tmp_path / name, 3)
    generator.write(generator.Plan(3, 30, 2, 300, seed=2), tmp_path / "other", 3)
    one, two, other = (
        [path.read_bytes() for path in sorted((tmp_path / name).rglob("*.csv"))] for name in ("one", "two", "other")
    )
    assert one == two != other
    assert len(one) == 3


def test_creations_move_most_counts_and_few_lines_come_or_go() -> None:
    plan = generator.Plan(funds=40, lines=100, issuers=1, securities=2000)
    before = {fund: generator.holds(plan, fund, 5) for fund in range(1, 41)}
    after = {fund: generator.holds(plan, fund, 6) for fund in range(1, 41)}
    moved = sum(1 for fund in before for one in before[fund] if before[fund][one] != after[fund].get(one))
    other = sum(len(before[fund].keys() ^ after[fund].keys()) for fund in before)
    assert 0.4 < moved / 4000 < 0.8
    assert 4 <= other <= 24


def test_invented_identifiers_have_a_right_check_digit() -> None:
    found = {generator.cusip(number) for number in range(20_000)}
    assert len(found) == 20_000
    assert all(identity.cusip_is_valid(one) for one in found)


def test_unknown_peers_are_refused() -> None:
    with pytest.raises(ValueError, match="git-history"):
        rivals.chosen("duckdb,excel")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    """What a work prints as JSON."""
    assert main([str(one) for one in arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_ark(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "ark", "--data", small, "--rounds", 1, "--folder", tmp_path, "--json")
    ours, least = found["rows"][0]["ours"], found["rows"][0]["least"]
    assert ours["said"]["rows"] == least["said"]["rows"] == LINES
    assert ours["said"]["lines"] == LINES
    assert ours["said"]["events"] > 0


def test_day(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "day", "--data", small, "--rounds", 1, "--days", 2, "--folder", tmp_path, "--json")
    assert [row["peer"] for row in found["rows"]] == ["", "the same on 12 days"]
    assert all(day["new"] == 2 for day in found["rows"][0]["ours"]["said"]["days"])


def test_size(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", "--data", str(small), "--database", "both", "--folder", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    for kind in ("sqlite", "postgres"):
        assert f"on {kind}: {LINES} lines, 24 files kept" in text
    assert text.count("bytes a line without the archive") == 2


WORLD = ("--funds", 4, "--issuers", 2, "--lines", 20, "--securities", 200)


def test_universe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "universe", *WORLD, "--days", 2, "--database", "both", "--folder", tmp_path, "--json")
    days = {row["work"]: row for row in found["rows"]}
    for kind in ("sqlite", "postgres"):
        wanted = [f"day 1, ours, {kind}", f"day 2, ours, {kind}", f"days 2–2, ours, {kind}"]
        assert [work for work in days if work.endswith(kind)] == wanted
        assert [days[work]["ours"]["said"]["days"][0]["new"] for work in wanted] == [4, 4, 4]
        assert all(days[work]["ours_to_limit"] for work in wanted)


def test_universe_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "universe", *WORLD, "--days", 1, "--processes", 2, "--folder", tmp_path, "--json")
    day = found["rows"][0]
    assert day["work"] == "day 1, ours, sqlite, 2 side by side"
    assert (day["ours"]["said"]["days"][0]["new"], day["ours"]["said"]["rows"]) == (4, 80)


def test_workers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "workers", *WORLD, "--days", 2, "--rounds", 1, "--folder", tmp_path, "--json")
    works = {row["work"]: row for row in found["rows"]}
    names = ("back-fill of 2 issuers", "each answer after 0.03 s", "rebuild of 2 issuers", "files of one issuer")
    assert list(works) == [f"{name}, sqlite" for name in names]
    for row in works.values():
        ours, theirs = row["ours"]["said"], row["theirs"]["said"]
        assert {**ours, "bytes": 0} == {**theirs, "bytes": 0}  # as many files, lines, events and items
    assert works["back-fill of 2 issuers, sqlite"]["ours"]["said"]["files"] == 8


def test_arithmetic(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["arithmetic", "--cpu", "100", "200", "--bytes", "40", "125", "--archive", "20"]) == 0
    rows = [line.strip("|\n ").split(" | ") for line in capsys.readouterr().out.splitlines()]
    assert rows[2] == ["lines a day", "3,000", "150,000", "4,500,000"]
    assert rows[3][1:] == ["0.3 s", "15.0 s", "8 min"]
    assert rows[-2][1:] == ["453.6 MB", "22.7 GB", "680.4 GB"]


def test_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "start", "--rounds", 1, "--seconds", 2, "--folder", tmp_path, "--json")
    assert [row["work"] for row in found["rows"]] == ["--help", "idle daemon"]


def test_queries(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    peers = ("--peers", "sqlite")  # the one that needs no installing
    found = run(capsys, "queries", "--data", small, "--calls", 2, *peers, "--folder", tmp_path, "--json")
    assert len(found["rows"]) == 5
    assert all(row["statements"] and row["theirs"] is not None for row in found["rows"])


def test_a_history_that_is_not_here_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ark", "--data", str(tmp_path / "none"), "--folder", str(tmp_path)]) == 0
    assert "is not here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--funds", "0"), "argument --funds: 0 is none"),
        (("--days", "62"), "there are 0 to 61 days, not 62"),
        (("--folder", "nowhere/here"), "the folder nowhere/here does not exist"),
    ],
)
def test_what_cannot_be_measured_is_said(
    arguments: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["universe", *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
