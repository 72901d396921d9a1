"""check and run against an issuer on this machine: what is fetched, stored, told, and how the daemon ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.cli.conftest import Run
from tests.cli.look_alike import body

ANY = re.compile("/.*")


@pytest.fixture
def configured(httpserver: HTTPServer, tmp_path: Path) -> Path:
    """A configuration that watches one fund through this machine and tells a file."""
    file = tmp_path / "monitor.toml"
    file.write_text(
        f"""
database = "sqlite:///watch.db"
[[watch]]
issuer = "ark"
funds = ["ARKF"]
[issuers.ark]
base_url = "{httpserver.url_for("/mirror/")}"
allow_private = true
min_interval = 0
[alerts]
min_severity = "low"
[daemon]
deliver_seconds = 1
[channels.log]
type = "file"
path = "alerts.jsonl"
""",
        encoding="utf-8",
    )
    return file


def serve(httpserver: HTTPServer, day: date) -> None:
    """From now on the issuer publishes the file of `day`."""
    httpserver.clear()
    httpserver.expect_request(ANY).respond_with_data(body("ARKF", day), content_type="text/csv")


def test_check_fetches_stores_and_tells_once(
    run: Run, httpserver: HTTPServer, configured: Path, tmp_path: Path
) -> None:
    for number in (3, 4, 5):
        serve(httpserver, date(2022, 1, number))
        answer = run("check", "--at", f"2022-01-0{number}T13:00:00Z")
        assert answer.code == 0, answer.err
        assert "1 file: 1 new" in answer.out
    seen, _ = httpserver.log[0]
    assert seen.path.startswith("/mirror/")
    serve(httpserver, date(2022, 1, 6))
    assert run("check", "--at", "2022-01-06T13:00:00Z").code == 0
    told = (tmp_path / "alerts.jsonl").read_text(encoding="utf-8")
    assert "COINBASE GLOBAL INC" in told
    assert "already known" in run("check", "--at", "2022-01-06T14:00:00Z").out
    assert (tmp_path / "alerts.jsonl").read_text(encoding="utf-8") == told
    coverage = run("coverage", "ARKF", "--format", "json").rows[0]
    assert (coverage["files"], coverage["late"]) == (4, 0)


def test_check_asks_for_attention_while_a_message_is_undelivered(
    run: Run, httpserver: HTTPServer, configured: Path, tmp_path: Path
) -> None:
    (tmp_path / "alerts.jsonl").mkdir()  # a file cannot be written here: the channel refuses
    for number in (3, 4, 5, 6):
        serve(httpserver, date(2022, 1, number))
        answer = run("check", "--at", f"2022-01-0{number}T13:00:00Z")
    assert answer.code == 3
    again = run("check", "--at", "2022-01-06T13:00:01Z")
    assert again.code == 3
    assert re.search(r"Undelivered: \d+ \(.*log: \d+ (dead|failing)", again.err)


def test_check_dry_run_stores_nothing(run: Run, httpserver: HTTPServer, configured: Path) -> None:
    serve(httpserver, date(2022, 1, 3))
    answer = run("check", "--dry-run", "--at", "2022-01-03T13:00:00Z")
    assert answer.code == 0
    assert "nothing was stored" in answer.out
    assert run("coverage", "--format", "json").rows == []


def test_an_error_page_is_refused_and_fails_the_pass(run: Run, httpserver: HTTPServer, configured: Path) -> None:
    httpserver.expect_request(ANY).respond_with_data("<html><title>Moved</title></html>", content_type="text/html")
    answer = run("check", "--at", "2022-01-03T13:00:00Z")
    assert answer.code == 1
    assert "refused (refused: html 1)" in answer.out


def test_a_server_that_fails_is_said(run: Run, httpserver: HTTPServer, configured: Path) -> None:
    httpserver.expect_request(ANY).respond_with_data("", status=503)
    answer = run("check", "--at", "2022-01-03T13:00:00Z")
    assert answer.code == 1
    assert "1 file: 1 not fetched" in answer.out
    assert "503" in answer.out
    row = run("status", "--format", "json").rows[0]
    assert (row["what"], row["name"], row["state"], row["count"]) == ("fund", "ARKF", "failing", 0)


def test_a_watched_fund_has_a_status_before_the_first_check(run: Run, configured: Path) -> None:
    assert run("db", "upgrade").code == 0
    answer = run("status", "--format", "json")
    assert answer.code == 0
    assert [(row["name"], row["state"], row["detail"]) for row in answer.rows if row["what"] == "fund"] == [
        ("ARKF", "empty", "watched, never fetched")
    ]


def test_a_named_fund_is_checked_and_an_unknown_one_is_not(run: Run, httpserver: HTTPServer, configured: Path) -> None:
    serve(httpserver, date(2022, 1, 3))
    assert run("check", "ark/ARKF", "--at", "2022-01-03T13:00:00Z").code == 0
    wrong = run("check", "ARKNOTHING")
    assert wrong.code == 2
    assert "No source has a fund" in wrong.err


def test_the_daemon_checks_at_once_and_ends_with_sigterm(
    httpserver: HTTPServer, configured: Path, tmp_path: Path
) -> None:
    asked: list[str] = []

    def slow(request: Request) -> Response:
        asked.append(request.path)
        time.sleep(1)  # the signal arrives while this is on its way
        return Response(body("ARKF", date(2022, 1, 3)), content_type="text/csv")

    httpserver.expect_request(ANY).respond_with_handler(slow)
    command = [sys.executable, "-c", "from monitor.cli import main; main(['run'])"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 120
        while not asked and time.monotonic() < until and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert asked
    assert "SIGTERM: finishing what has begun" in said
    assert "checked: 1 new" in said
    assert "Traceback" not in said


def test_the_daemon_refuses_a_faulty_configuration(run: Run, tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text(
        '[channels.chat]\ntype = "slack"\nchannel = "C1"\ntoken_env = "NO"\n', "utf-8"
    )
    answer = run("run")
    assert answer.code == 2
    assert "channels.chat" in answer.err
    (tmp_path / "monitor.toml").write_text("", "utf-8")
    idle = run("run")
    assert idle.code == 2
    assert "Nothing is watched yet" in idle.err
    assert not list(tmp_path.glob("*.db"))
