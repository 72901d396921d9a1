"""The command `backfill` as people call it: the plan, the run, what it prints and its exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.cli.progress import Progress
from tests.backfill.archives import Archive
from tests.backfill.test_git import years
from tests.backfill.web import Book, web
from tests.cli.conftest import Run
from tests.reliability.serving import Fault
from tests.scenarios.stories import file, portfolio, session

AT = ("--at", "2026-03-31T18:00:00Z")
RULE = """
[backfill]
url = "https://lantern.example/{t}_{date:YYYYMMDD}.csv"
note = "as public code asks for it"
"""


@pytest.fixture
def server(place: Path) -> Iterator[Book]:
    """The issuer at an address of this machine, which answers for past dates."""
    own = place / "issuers" / "lantern.toml"
    own.write_text(own.read_text().replace("[[funds]]", RULE + "\n[[funds]]", 1))
    with web() as book:
        settings = f'[issuers.lantern]\nbase_url = "{book.url}"\nallow_private = true\nmin_interval = 0\n'
        (place / "monitor.toml").write_text(f'database = "sqlite:///monitor.db"\n{settings}')
        yield book


def publish(server: Book, *numbers: int) -> None:
    for n in numbers:
        server.pages[f"/lana_{session(n):%Y%m%d}.csv"] = file("LANA", n, portfolio())[1]


@pytest.mark.usefixtures("place")
def test_a_dry_run_says_what_is_missing_and_compares_the_ways(run: Run, server: Book) -> None:
    publish(server, 0, 1)
    days = ("--from", "2026-01-05", "--to", "2026-01-12")
    assert run("backfill", "LANA", *days, "--to", "2026-01-06", "--via", "issuer", *AT).code == 0
    server.asked.clear()
    shown = run("backfill", "LANA", *days, "--dry-run", *AT)
    assert shown.code == 0
    assert "lantern/LANA 2026-01-05 … 2026-01-12: 6 sessions, 2 stored, 4 missing" in shown.out
    assert "missing 2026-01-07 … 2026-01-12 (4)" in shown.out
    assert f"issuer: {server.url}/lana_20260112.csv" in shown.out
    (plan,) = run("backfill", "LANA", *days, "--dry-run", "--json", *AT).rows
    assert plan["runs"] == [{"from": "2026-01-07", "to": "2026-01-12", "sessions": 4}]
    ways = {one["way"]: one for one in plan["ways"]}
    assert (ways["issuer"]["requests"], ways["issuer"]["days"], ways["issuer"]["possible"]) == (4, 4, True)
    assert "as public code asks for it" in ways["issuer"]["note"]
    assert (ways["nport"]["possible"], ways["wayback"]["possible"]) == (False, True)
    assert server.asked == []


def test_a_run_prints_what_became_longer_and_promises_one_note(run: Run, place: Path, server: Book) -> None:
    publish(server, 0, 1, 3)
    with (place / "monitor.toml").open("a") as out:
        out.write('[channels.log]\ntype = "file"\npath = "told.jsonl"\n')
    done = run("backfill", "lantern/LANA", "--from", "2026-01-05", "--to", "2026-01-08", "--via", "issuer", *AT)
    assert done.code == 0
    assert "4 files: 3 new, 1 not there" in done.out
    assert "lantern/LANA: 3 files (dated 2026-01-05 … 2026-01-08) added; its files begin 2026-01-05." in done.out
    (promised,) = run("alerts", "list", "--json").rows
    assert promised["headline"] == "History extended: LANA"
    again = run("backfill", "LANA", "--from", "2026-01-05", "--to", "2026-01-08", "--via", "issuer", "--json", *AT)
    assert again.rows[0]["outcomes"] == {}
    assert len(run("alerts", "list", "--json").rows) == 1


def test_exit_codes_say_how_it_went(run: Run, server: Book) -> None:
    days = ("--from", "2026-01-05", "--to", "2026-01-09", "--via", "issuer")
    server.missing = Fault(503, body=b"")
    broken = run("backfill", "LANA", *days, *AT)
    assert (broken.code, "stopped" in broken.out) == (1, True)
    server.missing = Fault(404, body=b"")
    publish(server, 0, 4)
    server.faults["/lana_20260107.csv"] = [Fault(429, headers=(("Retry-After", "900"),), body=b"")]
    partly = run("backfill", "LANA", *days, "--at", "2026-04-02T18:00:00Z")
    assert (partly.code, "Run the same command again" in partly.out) == (3, True)
    rest = run("backfill", "LANA", *days, "--at", "2026-04-02T20:00:00Z")
    assert (rest.code, "stopped" in rest.out) == (0, False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("LANA",), "Say --via"),
        (("--via", "issuer"), "Say whose history"),
        (("NONE", "--via", "issuer"), "No source has a fund"),
        (("LANA", "--via", "rumour"), "There is no way"),
        (("LANA", "--via", "git"), "needs one --path"),
        (("LANA", "--via", "files"), "needs --path"),
        (("LANA", "--via", "files", "--path", "none.zip"), "there is no none.zip"),
        (("LANA", "--via", "issuer", "--path", "x"), "has no meaning"),
        (("LANA", "--via", "git", "--path", "none"), "There is no repository"),
        (("LANA", "--via", "nport"), "The SEC asks who is asking"),
        (("LANA", "--via", "issuer", "--from", "2026-02-01", "--to", "2026-01-01"), "no day is between"),
        (("ark/LANA", "--source", "lantern", "--via", "issuer"), "is no fund of the source"),
    ],
)
@pytest.mark.usefixtures("server")
def test_wrong_use_is_said(run: Run, arguments: tuple[str, ...], said: str) -> None:
    wrong = run("backfill", *arguments, *AT)
    assert (wrong.code, said in wrong.err) == (2, True), wrong.err


def test_an_archive_is_filled_in_one_command(run: Run, place: Path) -> None:
    archive = Archive(place / "archive")
    archive.commit([("notes.csv", b"a,b\n1,2\n")])
    archive.commit([("notes.csv", b"a,b\n1,3\n")])
    years(archive, 8)
    plan = run("backfill", "LANA", "--path", "archive", "--dry-run", "--json", *AT).rows[0]
    (offer,) = [one for one in plan["ways"] if one["way"] == "git"]
    assert (offer["days"], offer["from"], offer["to"]) == (8, str(session(0)), str(session(7)))
    done = run("backfill", "--source", "lantern", "--via", "git", "--path", "archive", *AT)
    assert done.code == 0
    assert "16 new, 1 unreadable" in done.out
    assert "(2 versions)" in done.out
    assert {row["fund"]: row["files"] for row in run("funds", "--json").rows} == {"LANA": 8, "LANB": 8}


def test_local_files_and_filings_are_read(run: Run, place: Path) -> None:
    folder = place / "files"
    folder.mkdir()
    for n in range(3):
        name, body = file("LANA", n, portfolio())
        (folder / name).write_bytes(body)
    plan = run("backfill", "LANA", "--path", "files", "--dry-run", "--json", *AT).rows[0]
    assert [one["days"] for one in plan["ways"] if one["way"] == "files"] == [3]
    assert run("backfill", "LANA", "--via", "files", "--path", "files", *AT).code == 0
    empty = run("backfill", "LANA", "--via", "nport", "--path", "files", *AT)
    assert empty.code == 0
    assert "not read" in empty.out


@pytest.mark.usefixtures("place")
def test_a_fund_that_is_not_listed_is_one_where_its_source_admits_such(run: Run) -> None:
    for named in (("ezmoney/00999A",), ("00999a", "--source", "ezmoney")):
        (plan,) = run("backfill", *named, "--from", "2026-03-02", "--to", "2026-03-06", "--dry-run", "--json", *AT).rows
        assert (plan["issuer"], plan["fund"], plan["missing"]) == ("ezmoney", "00999A", 5)


KILLED = """
import os, signal, sys
from monitor.backfill import storing
written = storing.Storing._written
def write(self, conn, intake):
    written(self, conn, intake)
    global chunks
    chunks += 1
    if chunks == 2:
        os.kill(os.getpid(), signal.SIGKILL)
chunks = 0
storing.Storing._written = write
from monitor.cli import main
main(sys.argv[1:])
"""


def test_a_killed_process_is_finished_by_the_same_command(run: Run, place: Path, server: Book) -> None:
    publish(server, *range(30))
    line = ["backfill", "LANA", "--from", "2026-01-05", "--to", "2026-02-13", "--via", "issuer", *AT]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *line], cwd=place, env=environ, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    asked = len(server.asked)
    finished = run(*line)
    assert (finished.code, asked) == (0, 29)  # a holiday among them
    assert "9 files: 9 new" in finished.out  # what was not stored is fetched once more
    (row,) = run("funds", "--json").rows
    assert row["files"] == 29


def test_progress_shows_how_far_it_is_and_how_long_it_takes() -> None:
    class Terminal:
        """Remembers what is written to it."""

        def __init__(self) -> None:
            self.text = ""

        def write(self, text: str) -> int:
            self.text += text
            return len(text)

        def flush(self) -> None:
            """Nothing."""

        def isatty(self) -> bool:
            return True

    out = Terminal()
    progress = Progress(out)  # type: ignore[arg-type]
    progress.began -= 60
    progress.last -= 60
    progress("filling LANA", 30, 120)
    assert "filling LANA: 30 of 120 [█████               ] 3:0" in out.text
    assert out.text.endswith("left")
