"""What the history answers, asked through the command line on both databases."""

from __future__ import annotations

import csv
import io

import pytest

from monitor.core.model import Kind
from tests.cli.conftest import Run
from tests.cli.look_alike import BLOCK, COINBASE, HOSTILE

CHANGE_KEYS = [
    "id", "level", "kind", "issuer", "funds", "security", "as_of", "pos_session", "published", "known_at",
    "shares_before", "shares_after", "active_shares", "value", "currency", "weight_before", "weight_after", "absence",
    "claim", "score", "severity", "confidence", "status", "evidence",
]  # fmt: skip
SECURITY_KEYS = ["id", "name", "ticker", "cusip", "isin", "sedol", "figi"]


def test_funds_say_how_far_their_files_reach(run: Run, story: str) -> None:
    rows = run("funds", "--format", "json", "--db", story).rows
    assert [(row["fund"], row["first_file"], row["last_file"], row["files"]) for row in rows] == [
        ("ARKF", "2022-01-03", "2022-01-13", 9),
        ("ARKW", "2022-01-03", "2022-01-13", 9),
    ]
    assert rows[0]["value"] == 91_130_000


def test_coverage_counts_sessions_and_held_files(run: Run, story: str) -> None:
    rows = run("coverage", "--format", "json", "--db", story).rows
    assert list(rows[0]) == ["issuer", "fund", "first", "last", "sessions", "files", "gaps", "quarantined", "late"]
    assert rows[0] == {
        "issuer": "ark", "fund": "ARKF", "first": "2021-12-31", "last": "2022-01-12", "sessions": 9, "files": 9,
        "gaps": [], "quarantined": 1, "late": None,
    }  # fmt: skip


def test_holdings_are_those_of_the_latest_file_by_then(run: Run, story: str) -> None:
    weekend = run("holdings", "ARKF", "--on", "2022-01-09", "--format", "json", "--db", story).rows
    assert {row["as_of"] for row in weekend} == {"2022-01-07"}
    assert {row["pos_session"] for row in weekend} == {"2022-01-06"}
    assert len(weekend) == 11
    assert list(weekend[0]["security"]) == SECURITY_KEYS
    block = next(row for row in weekend if row["security"]["ticker"] == "SQ")
    assert (block["shares"], block["value"], block["currency"]) == (800_000, 8_000_000, "USD")
    assert block["security"]["cusip"] == BLOCK
    assert block["security"]["isin"] is None


def test_holdings_before_the_first_file_are_not_invented(run: Run, story: str) -> None:
    answer = run("holdings", "ARKF", "--on", "2021-12-31", "--db", story)
    assert answer.code == 0
    assert "There are no files of ARKF before 2022-01-03; load older ones with `ingest`" in answer.out
    rows = run("holdings", "ARKF", "--on", "2021-12-31", "--db", story, "--json")
    assert (rows.code, rows.out) == (0, "[]\n")
    assert "no files of ARKF before 2022-01-03" in rows.err


def test_a_difference_to_a_list_nobody_knows_is_none(run: Run, story: str) -> None:
    answer = run("holdings", "ARKF", "--against", "2021-12-31", "--db", story, "--json")
    assert (answer.code, answer.out) == (2, "")
    assert "no files of ARKF before 2022-01-03" in answer.err


def test_holdings_as_known_before_we_knew_anything(run: Run, story: str) -> None:
    answer = run("holdings", "ARKF", "--as-known", "2022-01-05T12:00:00Z", "--db", story)
    assert answer.code == 0
    assert "known at 2022-01-05 12:00" in answer.out


def test_the_difference_of_two_files(run: Run, story: str) -> None:
    rows = run(
        "holdings", "ARKF", "--on", "2022-01-13", "--against", "2022-01-03", "--format", "json", "--db", story
    ).rows
    found = {row["security"]["ticker"]: (row["shares_before"], row["shares_after"], row["change"]) for row in rows}
    assert found.pop("TSLA") == (1_003_000, 1_013_000, 10_000)
    assert found == {"SQ": (800_000, 0, -800_000), "COIN": (0, 600_000, 600_000)}
    assert {(row["as_of_before"], row["as_of_after"], row["split"]) for row in rows} == {
        ("2022-01-03", "2022-01-13", 1)
    }


def test_history_has_the_documented_keys(run: Run, story: str) -> None:
    rows = run("history", "SQ", "--format", "json", "--db", story).rows
    assert len(rows) == 1
    spell = dict(rows[0])
    assert list(spell.pop("security")) == SECURITY_KEYS
    assert spell == {
        "issuer": "ark", "fund": "ARKF", "opened": {"from": None, "to": "2021-12-31"},
        "closed": {"from": "2022-01-10", "to": "2022-01-10"}, "entry_shares": 800_000, "peak_shares": 800_000,
        "exit_shares": 0, "sessions": 6, "first_file": "2022-01-03", "last_file": "2022-01-10", "censored": "left",
        "exit_file": "2022-01-11", "evidence": [],
    }  # fmt: skip


def test_an_open_spell_is_computed_up_to_the_latest_file(run: Run, story: str) -> None:
    rows = run("history", "COIN", "--fund", "ARKF", "--format", "json", "--db", story).rows
    assert [(row["opened"], row["closed"], row["last_file"], row["peak_shares"]) for row in rows] == [
        ({"from": "2022-01-05", "to": "2022-01-05"}, None, "2022-01-13", 600_000)
    ]
    assert rows[0]["exit_shares"] is None


@pytest.mark.parametrize(
    "text", ["COIN", "coin", COINBASE, "coinbase", "Coinbase Global Inc", "DKNG", "US" + COINBASE + "0"]
)
def test_a_security_is_found_by_what_people_know(run: Run, story: str, text: str) -> None:
    answer = run("who-holds", text, "--format", "json", "--db", story)
    assert answer.code == 0
    assert {row["fund"] for row in answer.rows} == {"ARKF", "ARKW"}


def test_a_security_is_found_by_its_public_id(run: Run, story: str) -> None:
    public = run("history", "COIN", "--format", "json", "--db", story).rows[0]["security"]["id"]
    assert run("history", public, "--db", story).code == 0


def test_an_ambiguous_name_lists_the_candidates(run: Run, story: str) -> None:
    answer = run("history", "INC", "--db", story)
    assert answer.code == 2
    assert "several securities" in answer.err
    assert "ROKU INC" in answer.err


def test_an_unknown_name_is_answered_with_the_nearest(run: Run, story: str) -> None:
    answer = run("history", "COINN", "--db", story)
    assert answer.code == 2
    assert "Did you mean COIN?" in answer.err


def test_who_holds_on_a_day(run: Run, story: str) -> None:
    assert [
        row["fund"] for row in run("who-holds", "SQ", "--on", "2022-01-10", "--format", "json", "--db", story).rows
    ] == ["ARKF"]
    assert run("who-holds", "SQ", "--format", "json", "--db", story).rows == []


def test_who_holds_before_any_file_is_not_known(run: Run, story: str) -> None:
    answer = run("who-holds", "SQ", "--on", "2021-12-31", "--format", "json", "--db", story)
    assert (answer.code, answer.out) == (0, "[]\n")
    assert "There are no files of any fund before 2022-01-03" in answer.err


def test_who_holds_points_out_old_files_beside_the_table(run: Run, story: str) -> None:
    answer = run("who-holds", "COIN", "--on", "2022-01-28", "--db", story)
    assert "ARKF as of 2022-01-13, ARKW as of 2022-01-13" in answer.err
    assert run("who-holds", "COIN", "--on", "2022-01-27", "--db", story).err == ""
    assert run("who-holds", "COIN", "--on", "2022-01-28", "--format", "json", "--db", story).err == ""


@pytest.mark.parametrize("when", ["today", "-0d"])
def test_as_known_takes_a_date_like_any_other(run: Run, story: str, when: str) -> None:
    answer = run("holdings", "ARKF", "--as-known", when, "--format", "json", "--db", story)
    assert answer.code == 0, answer.err
    assert answer.rows[0]["as_of"] == "2022-01-13"


def test_as_known_of_a_date_is_its_end(run: Run, story: str) -> None:
    answer = run("holdings", "ARKF", "--as-known", "2022-01-05", "--db", story)
    assert "known at 2022-01-05 23:59 UTC" in answer.out


def test_changes_have_the_documented_keys_in_order(run: Run, story: str) -> None:
    rows = run("changes", "--format", "json", "--db", story).rows
    assert rows
    assert all(list(row) == CHANGE_KEYS for row in rows)
    assert [row["as_of"] for row in rows] == sorted(row["as_of"] for row in rows)
    assert {row["level"] for row in rows} == {"event", "item"}


def test_changes_tell_the_story(run: Run, story: str) -> None:
    rows = run("changes", "--level", "event", "--fund", "ARKF", "--format", "json", "--db", story).rows
    told = [(row["kind"], row["security"]["ticker"], row["as_of"]) for row in rows]
    assert ("INITIATED", "COIN", "2022-01-06") in told
    assert ("EXITED", "SQ", "2022-01-11") in told


def test_changes_are_filtered(run: Run, story: str) -> None:
    def kinds(*options: str) -> list[str]:
        return [row["kind"] for row in run("changes", *options, "--format", "json", "--db", story).rows]

    assert set(kinds("--kind", "exited")) == {"EXITED"}
    assert kinds("--since", "2022-02-01") == []
    assert kinds("--until", "2022-01-03") == []
    assert set(kinds("--security", "SQ")) == {"EXITED"}
    assert set(kinds("--fund", "ARKW")) <= {"INCREASED", "DECREASED"}
    assert len(kinds("--limit", "1")) == 1
    loud = run("changes", "--severity", "high", "--severity", "normal", "--format", "json", "--db", story).rows
    assert all(row["severity"] in ("high", "normal") for row in loud)
    assert kinds("--issuer", "ark") == kinds()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["changes", "--kind", "exitted"], "Did you mean EXITED?"),
        (["changes", "--severity", "loud"], "Known: high, normal, low"),
        (["changes", "--level", "fund"], "Known: event, item"),
        (["changes", "--since", "yesterdayish"], "is no date"),
        (["changes", "--since", "2022-01-06", "--until", "2022-01-05"], "later than --until 2022-01-05"),
        (["changes", "--issuer", "arc"], "Did you mean ark?"),
        (["holdings", "ARKG2"], "Did you mean"),
        (["holdings", "ARKF", "--as-known", "noon"], "is no instant"),
        (["coverage", "XYZ"], "No fund 'XYZ'"),
    ],
)
def test_wrong_use_is_explained(run: Run, story: str, arguments: list[str], words: str) -> None:
    answer = run(*arguments, "--db", story)
    assert answer.code == 2
    assert words in answer.err
    assert answer.out == ""


@pytest.mark.parametrize("word", ["-30d", "yesterday", "today", "-2w", "2022-01-03"])
def test_dates_are_written_as_people_do(run: Run, story: str, word: str) -> None:
    assert run("changes", "--since", word, "--db", story).code == 0


def test_every_kind_may_be_asked_for(run: Run, story: str) -> None:
    for kind in Kind:
        assert run("changes", "--kind", kind.value, "--db", story).code == 0


def test_csv_guards_against_formulas(run: Run, story: str) -> None:
    answer = run("holdings", "ARKF", "--format", "csv", "--db", story)
    rows = list(csv.DictReader(io.StringIO(answer.out)))
    hostile = next(row for row in rows if "HYPERLINK" in row["security.name"])
    assert hostile["security.name"] == f"'{HOSTILE}"
    assert hostile["security.ticker"] == "'+ODD"
    assert hostile["shares"] == "500000"


def test_hostile_questions_do_no_harm(run: Run, story: str) -> None:
    for text in ("'; DROP TABLE holding; --", "%", "_", "\x00", "\udcff", "é" * 300, "[bold]x[/bold]", " "):
        assert run("history", text, "--db", story).code == 2
    assert run("history", HOSTILE, "--db", story).code == 0


def test_tables_are_plain_in_a_pipe(run: Run, story: str) -> None:
    answer = run("holdings", "ARKF", "--db", story)
    assert "ARKF, file dated 2022-01-13 (positions after the close of 2022-01-12)" in answer.out
    assert "\x1b" not in answer.out
    assert "1,013,000" in answer.out


def test_asking_a_database_that_is_not_there(run: Run) -> None:
    answer = run("funds", "--db", "nowhere.db")
    assert answer.code == 1
    assert "holdings-monitor db upgrade" in answer.err
