"""quarantine, alerts, test-alert and db: the operator's commands on both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from monitor.core.model import Severity
from monitor.notify.message import notice
from monitor.notify.wire import to_json
from monitor.store import claims, migrate, outbox
from monitor.store.engine import open_engine, transaction
from monitor.store.outbox import NewDelivery
from tests.cli.conftest import Run

HELD_KEYS = ["file", "state", "issuer", "fund", "as_of", "reasons", "place", "sha256", "known_at"]


def held(run: Run, db: str) -> str:
    """How the command line names the held file."""
    rows = run("quarantine", "list", "--format", "json", "--db", db).rows
    assert len(rows) == 1
    return str(rows[0]["file"])


def test_the_quarantine_lists_reasons(run: Run, story: str) -> None:
    rows = run("quarantine", "list", "--format", "json", "--db", story).rows
    assert list(rows[0]) == HELD_KEYS
    assert (rows[0]["fund"], rows[0]["as_of"], rows[0]["state"]) == ("ARKF", "2022-01-14", "quarantined")
    assert any(reason["gate"] == "rows" for reason in rows[0]["reasons"])
    everything = run("quarantine", "list", "--all", "--format", "json", "--db", story).rows
    assert [row["state"] for row in everything] == ["quarantined", "refused"]
    assert everything[1]["reasons"][0]["gate"] == "html"


def test_a_held_file_is_shown_with_its_lines(run: Run, story: str) -> None:
    name = held(run, story)
    answer = run("quarantine", "show", name, "--db", story)
    assert answer.code == 0
    assert "rows:" in answer.out
    assert "01/14/2022,ARKF" in answer.out
    tree = run("quarantine", "show", name, "--format", "json", "--db", story).rows[0]
    assert tree["sha256"].startswith(name.rpartition("/")[2])
    assert tree["first_lines"][0].startswith("date,fund")
    by_hash = run("quarantine", "show", tree["sha256"][:10], "--format", "json", "--db", story).rows[0]
    assert by_hash == tree


def test_an_accepted_file_counts(run: Run, own_story: str) -> None:
    name = held(run, own_story)
    answer = run("quarantine", "accept", name, "--db", own_story)
    assert answer.code == 0, answer.err
    assert run("coverage", "ARKF", "--format", "json", "--db", own_story).rows[0]["files"] == 10
    assert run("quarantine", "list", "--format", "json", "--db", own_story).rows == []
    assert run("status", "--db", own_story).code == 0


def test_a_rejected_file_counts_for_nothing(run: Run, own_story: str) -> None:
    name = held(run, own_story)
    assert run("quarantine", "reject", name, "--db", own_story).code == 0
    assert run("coverage", "ARKF", "--format", "json", "--db", own_story).rows[0]["files"] == 9
    assert run("status", "--db", own_story).code == 0
    states = [row["state"] for row in run("quarantine", "list", "--all", "--format", "json", "--db", own_story).rows]
    assert states == ["rejected", "refused"]


def test_a_word_can_be_changed(run: Run, own_story: str) -> None:
    name = held(run, own_story)
    for verdict, files in (("accept", 10), ("reject", 9), ("accept", 10)):
        answer = run("quarantine", verdict, name, "--db", own_story)
        assert answer.code == 0, answer.err
        assert f"{name} is {verdict}ed" in answer.out
        assert run("coverage", "ARKF", "--format", "json", "--db", own_story).rows[0]["files"] == files


def test_a_file_nobody_doubted_can_be_rejected(run: Run, own_story: str) -> None:
    assert "accepted" in run("quarantine", "show", "ARKF/2022-01-13", "--db", own_story).out
    assert run("quarantine", "reject", "ARKF/2022-01-13", "--db", own_story).code == 0
    assert run("coverage", "ARKF", "--format", "json", "--db", own_story).rows[0]["files"] == 8


def test_a_refused_body_can_be_read_again_but_not_accepted(run: Run, own_story: str) -> None:
    refused = run("quarantine", "list", "--all", "--format", "json", "--db", own_story).rows[1]["file"]
    answer = run("quarantine", "accept", refused, "--db", own_story)
    assert answer.code == 2
    assert "replayed" in answer.err
    again = run("quarantine", "replay", refused, "--db", own_story)
    assert again.code == 1
    assert "html" in again.out


def test_a_held_file_read_again_is_still_held(run: Run, own_story: str) -> None:
    answer = run("quarantine", "replay", held(run, own_story), "--db", own_story)
    assert answer.code == 3
    assert "still held" in answer.out


def test_unknown_files_are_not_decided(run: Run, story: str) -> None:
    for command in ("show", "accept", "reject", "replay"):
        assert run("quarantine", command, "ARKF/2030-01-01", "--db", story).code == 2


@pytest.fixture
def with_deliveries(database_url: str) -> str:
    """A database with one dead and one sent delivery of a channel that no configuration has."""
    engine = open_engine(database_url)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with transaction(engine) as conn:
        for name in ("NDEAD", "NSENT"):
            message = notice(name, f"=headline of {name}", at=now, severity=Severity.HIGH)
            outbox.enqueue(conn, [NewDelivery(name, 1, "log", "high", to_json(message))], now=now)
    first = claims.claim(engine, now=now, lease_seconds=60, limit=1)[0]
    claims.record_failure(engine, first, error="channel_not_found", retry_at=None, now=now)
    second = claims.claim(engine, now=now, lease_seconds=60, limit=1)[0]
    claims.record_sent(engine, second, receipt="r1", now=now)
    engine.dispose()
    return database_url


def test_alerts_are_listed_and_shown(run: Run, with_deliveries: str) -> None:
    rows = run("alerts", "list", "--format", "json", "--db", with_deliveries).rows
    assert {row["item"]: row["state"] for row in rows} == {"NDEAD": "dead", "NSENT": "sent"}
    assert list(rows[0]) == [
        "id", "item", "revision", "channel", "severity", "state", "attempts", "created_at", "due_at", "sent_at",
        "error", "headline", "form",
    ]  # fmt: skip
    dead = run("alerts", "list", "--state", "dead", "--format", "json", "--db", with_deliveries).rows
    assert [row["error"] for row in dead] == ["channel_not_found"]
    shown = run("alerts", "show", dead[0]["id"], "--db", with_deliveries)
    assert shown.code == 0
    assert "headline of NDEAD" in shown.out
    assert run("alerts", "show", dead[0]["id"], "--format", "json", "--db", with_deliveries).rows[0]["message"]
    assert "'=headline" in run("alerts", "list", "--format", "csv", "--db", with_deliveries).out


def test_a_dead_delivery_asks_for_attention(run: Run, with_deliveries: str) -> None:
    answer = run("status", "--format", "json", "--db", with_deliveries)
    assert answer.code == 3
    assert [row["state"] for row in answer.rows if row["what"] == "deliveries"] == ["dead"]


def test_a_dead_delivery_is_sent_again(run: Run, with_deliveries: str, tmp_path: Path) -> None:
    number = run("alerts", "list", "--state", "dead", "--format", "json", "--db", with_deliveries).rows[0]["id"]
    waiting = run("alerts", "resend", number, "--db", with_deliveries)
    assert waiting.code == 3
    config = tmp_path / "monitor.toml"
    config.write_text('[channels.log]\ntype = "file"\npath = "alerts.jsonl"\n', encoding="utf-8")
    run("alerts", "resend", number, "--db", with_deliveries)
    assert json.loads((tmp_path / "alerts.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert run("status", "--db", with_deliveries).code == 0


def test_wrong_alerts_are_wrong_use(run: Run, with_deliveries: str) -> None:
    assert run("alerts", "show", "999", "--db", with_deliveries).code == 2
    assert run("alerts", "resend", "999", "--db", with_deliveries).code == 2
    assert run("alerts", "list", "--state", "lost", "--db", with_deliveries).code == 2
    assert run("alerts", "resend", "--db", with_deliveries).code == 2
    assert run("alerts", "resend", "1", "--dead", "--db", with_deliveries).code == 2
    assert run("alerts", "resend", "--channel", "gone", "--db", with_deliveries).code == 2


def test_all_dead_letters_of_a_channel_are_sent_again(run: Run, with_deliveries: str, tmp_path: Path) -> None:
    config = tmp_path / "monitor.toml"
    config.write_text('[channels.log]\ntype = "file"\npath = "alerts.jsonl"\n', encoding="utf-8")
    failing = run("alerts", "list", "--failing", "--format", "json", "--db", with_deliveries).rows
    assert [row["item"] for row in failing] == ["NDEAD"]
    answer = run("alerts", "resend", "--channel", "log", "--db", with_deliveries)
    assert (answer.code, "1 dead letter to be sent again" in answer.err) == (0, True)
    shown = run("alerts", "show", failing[0]["id"], "--format", "json", "--db", with_deliveries).rows[0]
    assert (shown["state"], shown["attempts"], shown["next_try"]) == ("sent", 1, None)
    assert ":" in shown["holder"]
    assert run("alerts", "resend", "--dead", "--db", with_deliveries).code == 0
    assert run("alerts", "list", "--item", "NDEAD", "--failing", "--db", with_deliveries).out.strip() == "No alerts."


def test_the_test_alert_goes_through_the_channel(run: Run, tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text('[channels.console]\ntype = "console"\n', encoding="utf-8")
    answer = run("test-alert", "console")
    assert answer.code == 0
    assert "Test alert: Two ARK funds reopen Alibaba" in answer.out
    wrong = run("test-alert", "slack")
    assert wrong.code == 2
    assert "configured: console" in wrong.err
    assert not (tmp_path / "holdings.db").exists()


@pytest.mark.filterwarnings("error:Skipped unsupported reflection")  # an index of ours is nothing to warn of
def test_a_database_is_made_checked_saved_and_loaded(run: Run, own_story: str, tmp_path: Path, blank_url: str) -> None:
    assert "up to date" in run("db", "upgrade", "--db", own_story).out
    assert "Nothing is wrong" in run("db", "check", "--db", own_story).out
    saved = run("db", "backup", "copy.zip", "--db", own_story)
    assert saved.code == 0, saved.err
    assert run("db", "backup", "copy.zip", "--db", own_story).code == 2
    loaded = run("db", "restore", "copy.zip", "--db", blank_url)
    assert loaded.code == 0, loaded.err
    questions = (["changes"], ["coverage"], ["history", "SQ"])
    for question in questions:
        asked = [run(*question, "--format", "json", "--db", db).out for db in (own_story, blank_url)]
        assert asked[0] == asked[1]
    assert run("db", "restore", "copy.zip", "--db", blank_url).code == 1
    assert run("db", "restore", "copy.zip", "--force", "--db", blank_url).code == 0


def test_rebuilding_gives_the_same_answers(run: Run, own_story: str) -> None:
    questions = (["changes"], ["coverage"], ["history", "SQ"], ["history", "COIN"])
    before = [run(*question, "--format", "json", "--db", own_story).out for question in questions]
    answer = run("db", "rebuild", "--db", own_story)
    assert answer.code == 0
    assert "Rebuilt from 19 files of 1 issuer:" in answer.out
    assert before == [run(*question, "--format", "json", "--db", own_story).out for question in questions]


def test_upgrading_an_older_database_derives_again(run: Run, blank_url: str) -> None:
    engine = open_engine(blank_url)
    migrate.upgrade(engine, "0001")
    engine.dispose()
    answer = run("db", "upgrade", "--db", blank_url)
    assert answer.code == 0
    assert "from schema 0001 to" in answer.out
    assert "Rebuilt from 0 files" in answer.out


def test_an_upgrade_that_was_cut_off_is_finished_by_the_next(run: Run, own_story: str) -> None:
    """The schema step is committed with the mark of what must be derived; the derivation was killed."""
    engine = open_engine(own_story)
    with transaction(engine) as conn:
        conn.execute(text("UPDATE issuer SET derive_from = 18000"))
        conn.execute(text("DELETE FROM trade"))
    engine.dispose()
    answer = run("db", "upgrade", "--db", own_story)
    assert "was not made to the end" in answer.out
    assert "Rebuilt from" in answer.out
    assert run("trades", "--format", "json", "--db", own_story).rows
    assert "is up to date" in run("db", "upgrade", "--db", own_story).out


def test_a_message_number_beyond_all_is_unknown(run: Run, story: str) -> None:
    answer = run("alerts", "show", "9" * 40, "--db", story)
    assert answer.code == 2
    assert "Traceback" not in answer.err


def test_upgrade_makes_a_database(run: Run, blank_url: str) -> None:
    assert "was made" in run("db", "upgrade", "--db", blank_url).out
    assert run("db", "check", "--db", blank_url).code == 0


def test_a_missing_or_foreign_backup_is_wrong_use(run: Run, tmp_path: Path) -> None:
    (tmp_path / "foreign.zip").write_text("no archive", encoding="utf-8")
    for name, words in (
        ("nothing.zip", "There is no file nothing.zip."),
        ("foreign.zip", "foreign.zip is no backup made by `db backup`, or it was cut short."),
        (".", ". is a folder."),
    ):
        answer = run("db", "restore", name, "--db", "a.db")
        assert answer.code == 2
        assert words in answer.err
    assert not (tmp_path / "a.db").exists()


@pytest.mark.parametrize("name", ["there.zip", "folder", "missing/x.zip"])
def test_a_backup_that_cannot_be_written_is_wrong_use(run: Run, sqlite_story: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "there.zip").write_text("mine", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    answer = run("db", "backup", name, "--db", sqlite_story)
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert (tmp_path / "there.zip").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "command",
    [
        ["status"], ["funds"], ["quarantine", "list"], ["quarantine", "accept", "ABCDEF"], ["alerts", "resend", "1"],
        ["db", "check"], ["db", "backup", "x.zip"], ["db", "rebuild"], ["sql", "SELECT 1"],
    ],
)  # fmt: skip
def test_a_question_makes_no_database(run: Run, tmp_path: Path, command: list[str]) -> None:
    answer = run(*command, "--db", "a.db")
    assert answer.code == 1
    assert "There is no database" in answer.err
    assert not (tmp_path / "a.db").exists()
