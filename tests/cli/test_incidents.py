"""What the command line says of blindness: check, incidents, status; and the server of a real daemon."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
import sys
import urllib.request
from datetime import date
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import Run
from tests.cli.look_alike import body
from tests.ports import free_port
from tests.reliability.serving import wait_for

PATIENCE = 90.0  # seconds, on a busy machine

ANY = re.compile("/.*")
KEYS = {"id", "name", "kind", "opened_at", "closed_at", "headline", "detail", "notice"}


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
[channels.log]
type = "file"
path = "alerts.jsonl"
""",
        encoding="utf-8",
    )
    return file


def told(folder: Path) -> list[str]:
    file = folder / "alerts.jsonl"
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return [json.loads(line)["headline"] for line in lines]


def test_blindness_is_told_once_listed_and_ended(
    run: Run, httpserver: HTTPServer, configured: Path, tmp_path: Path
) -> None:
    httpserver.expect_request(ANY).respond_with_data(body("ARKF", date(2022, 1, 3)), content_type="text/csv")
    assert run("check", "--at", "2022-01-03T13:00:00Z").code == 0
    assert (
        run("incidents", "list").out.strip()
        == "No incident lasts. When each fund was last looked for: holdings-monitor status"
    )
    httpserver.clear()
    httpserver.expect_request(ANY).respond_with_data("", status=404)
    answers = [run("check", "--at", f"2022-01-03T14:0{minute}:00Z") for minute in range(5)]
    headline = "ARKF: no file can be fetched, 3 looks in vain in a row"
    assert [headline in answer.out for answer in answers] == [False, False, True, False, False]
    assert told(tmp_path) == [headline]
    rows = run("incidents", "list", "--format", "json").rows
    assert [(row["name"], row["kind"], row["closed_at"]) for row in rows] == [("ark/ARKF", "failing", None)]
    assert set(rows[0]) == KEYS
    status = run("status", "--format", "json")
    assert status.code == 3
    shown = [(row["name"], row["state"], row["count"]) for row in status.rows if row["what"] == "incident"]
    assert shown == [("ark/ARKF", "failing", 1)]
    assert "1 incident" in run("status").out

    httpserver.clear()
    httpserver.expect_request(ANY).respond_with_data(body("ARKF", date(2022, 1, 3)), content_type="text/csv")
    ended = run("check", "--at", "2022-01-03T15:02:00Z")
    assert ended.code == 0
    assert told(tmp_path)[1:] == ["ARKF: files again after 1 hour; file dated 2022-01-03"]
    assert run("incidents", "list", "--format", "json").rows == []
    listed = list(csv.DictReader(io.StringIO(run("incidents", "list", "--all", "--format", "csv").out)))
    assert [(row["name"], row["closed_at"]) for row in listed] == [("ark/ARKF", "2022-01-03T15:02:00.000000Z")]
    assert not [row for row in run("status", "--format", "json").rows if row["what"] == "incident" and row["count"]]


def test_a_dry_run_says_and_records_nothing(run: Run, httpserver: HTTPServer, configured: Path, tmp_path: Path) -> None:
    httpserver.expect_request(ANY).respond_with_data("", status=404)
    for minute in range(4):
        run("check", "--dry-run", "--at", f"2022-01-03T14:0{minute}:00Z")
    assert told(tmp_path) == []
    assert run("incidents", "list", "--all", "--format", "json").rows == []


def test_a_closed_fund_is_no_reason_for_attention(run: Run, httpserver: HTTPServer, configured: Path) -> None:
    text = body("ARKF", date(2022, 1, 3))
    httpserver.expect_request(ANY).respond_with_data(text, content_type="text/csv")
    assert run("check", "--at", "2022-01-03T13:00:00Z").code == 0
    httpserver.clear()
    httpserver.expect_request(ANY).respond_with_data(text.splitlines()[0] + "\n", content_type="text/csv")
    assert run("check", "--at", "2022-01-03T14:00:00Z").code == 1
    assert "has the fund closed?" in run("check", "--at", "2022-01-03T15:00:00Z").out
    rows = run("status", "--format", "json").rows
    shown = [(row["name"], row["state"], row["count"]) for row in rows if row["what"] == "incident"]
    assert shown == [("ark/ARKF", "closed", 0)]


def test_the_daemon_answers_while_it_runs(httpserver: HTTPServer, configured: Path, tmp_path: Path) -> None:
    httpserver.expect_request(ANY).respond_with_data(body("ARKF", date(2022, 1, 3)), content_type="text/csv")
    port = free_port()
    configured.write_text(configured.read_text("utf-8") + f"[web]\nenabled = true\nport = {port}\n", "utf-8")
    command = [sys.executable, "-c", "from monitor.cli import main; main(['run'])"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def asked(path: str) -> str:
            try:  # a busy machine may say for a while that it has no answer yet
                with opener.open(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                    return str(answer.read().decode())
            except OSError:
                return ""

        def health() -> dict[str, object] | None:
            said = json.loads(asked("/healthz") or "{}")
            return said if said.get("ticks") else None

        found = wait_for("its ticks", health, PATIENCE)
        metrics = wait_for("its metrics", lambda: asked("/metrics"), PATIENCE)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert found["status"] in ("ok", "attention")
    assert 'holdings_monitor_funds{issuer="ark"' in metrics
    assert f"answering at http://127.0.0.1:{port}/healthz" in said
    assert "Traceback" not in said
