"""The commands `evidence …`: lists beside the daily files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.cli.conftest import Run
from tests.cli.look_alike import BLOCK, cusip
from tests.filings import Holding, filing

SQUARE = Holding("Block Inc", BLOCK, "700000", weight="4.1")
TESLA = Holding("Tesla Inc", cusip("77770A1B"), "1000000", weight="9.0")


def add(run: Run, own_story: str, folder: Path, *holdings: Holding, day: str = "2022-01-31", fund: str = "ARKF") -> int:
    path = folder / f"{day}.xml"
    path.write_bytes(filing(date.fromisoformat(day), holdings))
    return run("evidence", "add", str(path), "--fund", fund, "--db", own_story).code


def test_a_schedule_is_kept_listed_and_asked(run: Run, own_story: str, tmp_path: Path) -> None:
    assert add(run, own_story, tmp_path, TESLA, SQUARE) == 0
    (kept,) = run("evidence", "list", "--format", "json", "--db", own_story).rows
    assert (kept["fund"], kept["source"], kept["as_of"], kept["pos_session"], kept["lines"]) == (
        "ARKF", "n-port", "2022-01-31", "2022-01-31", 2,
    )  # fmt: skip
    (said,) = run("evidence", "list", "--security", "SQ", "--format", "json", "--db", own_story).rows
    assert (said["state"], said["shares"], said["file_shares"]) == ("HELD", 700_000, None)
    (said,) = run(
        "evidence", "list", "--security", "COIN", "--fund", "ARKF", "--format", "json", "--db", own_story
    ).rows
    assert (said["state"], said["shares"]) == ("NOT_LISTED", None)
    query = "SELECT source, state, shares, complete FROM v_presence WHERE security IS NOT NULL ORDER BY shares"
    rows = run("sql", query, "--format", "json", "--db", own_story).rows
    assert [(r["source"], r["state"], r["shares"], r["complete"]) for r in rows] == [
        ("n-port", "HELD", 700_000, 1), ("n-port", "HELD", 1_000_000, 1),
    ]  # fmt: skip


def test_history_shows_what_lists_say(run: Run, own_story: str, tmp_path: Path) -> None:
    assert add(run, own_story, tmp_path, TESLA, SQUARE, day="2021-12-31") == 0
    (spell,) = run("history", "SQ", "--format", "json", "--db", own_story).rows
    assert [(fact["state"], fact["file_shares"]) for fact in spell["evidence"]] == [("HELD", 800_000)]
    assert "Beside the daily files:" in run("history", "SQ", "--db", own_story).out


def test_what_lists_show_of_one_security_is_a_claim_about_an_interval(run: Run, own_story: str, tmp_path: Path) -> None:
    assert add(run, own_story, tmp_path, TESLA, SQUARE, day="2022-03-31") == 0
    assert add(run, own_story, tmp_path, TESLA, day="2022-06-30") == 0
    rows = run("evidence", "claims", "--security", "SQ", "--format", "json", "--db", own_story).rows
    assert [(row["kind"], row["pos_session"], row["basis"]) for row in rows] == [
        ("RE_ENTERED", {"from": "2022-01-13", "to": "2022-03-31"}, "lists and files"),
        ("EXITED", {"from": "2022-04-01", "to": "2022-06-30"}, "lists"),
    ]
    said = "ARKF: Held on 2022-03-31 (700,000 shares in the N-PORT schedule of 2022-03-31), not on 2022-06-30"
    assert said in run("history", "SQ", "--db", own_story).out


def test_claims_that_rest_on_an_interval_are_listed(run: Run, story: str) -> None:
    rows = run("evidence", "claims", "--format", "json", "--db", story).rows
    assert all(row["pos_session"]["from"] != row["pos_session"]["to"] for row in rows)
    assert {row["basis"] for row in rows} <= {"interval"}


def test_wrong_use_is_said(run: Run, own_story: str, tmp_path: Path) -> None:
    page = tmp_path / "page.xml"
    page.write_text("<html>404</html>")
    refused = run("evidence", "add", str(page), "--fund", "ARKF", "--db", own_story)
    assert refused.code == 1
    assert "not an N-PORT" in refused.out
    assert run("evidence", "add", str(page), "--fund", "NONE", "--db", own_story).code == 2
    wrong = run("evidence", "add", str(page), "--fund", "ARKF", "--as", "rumour", "--db", own_story)
    assert (wrong.code, "n-port" in wrong.err) == (2, True)
    assert run("evidence", "list", "--db", own_story).out.strip() == "No evidence beside the daily files."


def test_calibrating_says_what_the_dates_mean(run: Run, own_story: str, tmp_path: Path) -> None:
    still = run("sources", "calibrate", "ark", "ARKF", "--against", "ARKW", "--db", own_story)
    assert still.code == 3  # every price of the story is 10: all sessions look alike
    assert "match the closes of several sessions" in still.out
    prices = tmp_path / "closes.csv"
    codes = [cusip(f"7777{at}A1B") for at in range(8)]
    rows = [f"2022-01-{day:02},{code},{10 if day == 6 else 20}" for day in (5, 6, 7) for code in codes]
    prices.write_text("\n".join(["date,cusip,close", *rows]))
    told = run("sources", "calibrate", "ark", "ARKF", "--prices", str(prices), "--format", "json", "--db", own_story)
    assert told.code == 3
    assert {row["configured"] for row in told.rows} == {"OPEN"}
    looked = run("sources", "calibrate", "ark", "ARKF", "--check", "--format", "json", "--db", own_story)
    assert (looked.code, looked.rows[0]["outcome"]) == (3, "unknown")
    for wrong in (["--check", "--against", "ARKW"], ["--prices", str(tmp_path / "none.csv")]):
        assert run("sources", "calibrate", "ark", *wrong, "--db", own_story).code == 2
