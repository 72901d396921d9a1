"""Asking in Slack as people do: an alert with buttons, a press, a command, and the daemon that answers."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import Run
from tests.cli.look_alike import body
from tests.notify.loopback_slack import LoopbackSlack, until

SECRETS = ("xoxb-secret-bot", "xapp-secret-app", "secret-ticket", "verification-secret")


@pytest.fixture
def slack(httpserver: HTTPServer, tmp_path: Path) -> Iterator[LoopbackSlack]:
    """A Slack on this machine, and a configuration that tells it of one fund."""
    (tmp_path / "monitor.toml").write_text(
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
[channels.chat]
type = "slack"
channel = "C1"
token = "{SECRETS[0]}"
base_url = "{httpserver.url_for("/api/")}"
interactive = true
app_token = "{SECRETS[1]}"
""",
        encoding="utf-8",
    )
    made = LoopbackSlack(httpserver)
    yield made
    made.stop()


@pytest.fixture
def alert(run: Run, httpserver: HTTPServer, slack: LoopbackSlack) -> dict[str, Any]:
    """The message about the entry of COIN, as Slack got it."""
    for number in (3, 4, 5, 6):
        text = body("ARKF", date(2022, 1, number))
        httpserver.expect_ordered_request(re.compile("/mirror/.*")).respond_with_data(text, content_type="text/csv")
        assert run("check", "--at", f"2022-01-0{number}T13:00:00Z").code == 0
    httpserver.expect_request(re.compile("/mirror/.*")).respond_with_data(text, content_type="text/csv")
    return next(tree for name, tree in slack.posted if name == "chat.postMessage" and "COINBASE" in tree["text"])


@pytest.fixture
def daemon(alert: object, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`run`, which must end in time and have said no secret."""
    command = [sys.executable, "-c", "from monitor.cli import main; main(['run'])"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
        assert "listening to Slack for chat" in said
        assert not [secret for secret in (*SECRETS, "Traceback") if secret in said], said
    finally:
        process.kill()
        process.wait()


def test_an_alert_can_be_asked_about_and_muted(
    run: Run, slack: LoopbackSlack, alert: dict[str, Any], daemon: subprocess.Popen[str]
) -> None:
    timeline, mute = ((one["action_id"], one["value"]) for one in alert["blocks"][-1]["elements"])
    there: dict[str, Any] = {"container": {"type": "message", "message_ts": "9.9", "channel_id": "C1"}}
    slack.send(slack.press(*timeline, "e1", **there))
    slack.send(slack.press(*mute, "e2", **there))
    slack.send(slack.press(*mute, "e2", **there))
    slack.send(slack.command("who-holds COIN on 2022-01-06", "e3"))
    until(lambda: len(slack.answers) == 3 and len(slack.acks) == 4, "three answers")
    answers = {answer["text"]: answer for answer in slack.answers}
    assert "COINBASE GLOBAL INC (COIN): when funds of ark held it" in answers
    assert "1 fund held COINBASE GLOBAL INC on 2022-01-06" in answers
    told = answers["Muted by anna (Slack U012AB): COINBASE GLOBAL INC (COIN)"]
    assert (told["response_type"], told["thread_ts"]) == ("in_channel", "9.9")
    rows = run("sql", "SELECT * FROM v_mutes", "--format", "json").rows
    assert [(row["scope"], row["channel"], row["by"]) for row in rows] == [("security", "chat", "Slack U012AB")]
    assert "Slack U012AB" in run("mute", "list").out
    command = str(told["blocks"][-1]["elements"][0]["text"]).partition("holdings-monitor ")[2]
    assert run(*command.split()).code == 0  # as the answer says
    assert "Slack U012AB" not in run("mute", "list").out


def test_a_slack_that_refuses_the_app_token_does_not_end_the_daemon(
    slack: LoopbackSlack, alert: object, tmp_path: Path
) -> None:
    slack.opening += [{"ok": False, "error": "invalid_auth"}] * 9
    command = [sys.executable, "-c", "from monitor.cli import main; main(['run'])"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: slack.opened or process.poll() is not None, "an attempt")
        time.sleep(1)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, said
    assert said.count("Slack answers invalid_auth") == 1
