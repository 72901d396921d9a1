"""The story we exist for: after years of history two funds list Alibaba again, and people hear of it once."""

from __future__ import annotations

import email
import json
import sqlite3
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from pytest_httpserver import HTTPServer

from monitor import cli
from tests.ports import free_port

SHARES = {"ARKF": 49_799, "ARKW": 49_291}
PRICE = 164.29


class Mailbox:
    """Keeps what a real SMTP server received."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 kept"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, port
    server.stop()


def hand_made(shared_data: Path, folder: Path) -> Path:
    """The last known portfolio of each fund under a new date, with a line for Alibaba."""
    folder.mkdir()
    for fund, shares in SHARES.items():
        last = max((shared_data / "ark" / "raw" / fund).glob("*.csv"))
        day = last.stem.split(".")[0]
        text = last.read_text(encoding="utf-8").replace(f"{day[5:7]}/{day[8:10]}/{day[:4]}", "09/23/2025")
        head, rest = text.split("\n", 1)
        figures = f'"{shares:,}","${shares * PRICE:,.2f}",0.75%'
        line = f'09/23/2025,{fund},"ALIBABA GROUP HOLDING-SP ADR",BABA,01609W102,{figures}'
        (folder / f"{fund}_2025-09-23.csv").write_text(f"{head}\n{line}\n{rest}", encoding="utf-8")
    return folder


def write_config(path: Path, slack: str, port: int) -> Path:
    path.write_text(
        f"""
[web]
url = "https://monitor.fund.example"

[channels.slack]
type = "slack"
channel = "C1"
token = "xoxb-planted-secret"
base_url = "{slack}"

[channels.mail]
type = "mail"
host = "127.0.0.1"
port = {port}
security = "none"
from = "monitor@fund.example"
to = ["desk@fund.example"]
""",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def slack(httpserver: HTTPServer) -> HTTPServer:
    httpserver.expect_request("/api/chat.postMessage").respond_with_json({"ok": True, "channel": "C1", "ts": "1.5"})
    return httpserver


def posted(slack: HTTPServer) -> list[dict[str, Any]]:
    return [json.loads(request.get_data()) for request, _ in slack.log if request.path.endswith("chat.postMessage")]


def test_two_funds_reopen_alibaba_and_each_channel_hears_it_once(
    shared_data: Path,
    tmp_path: Path,
    database_url: str,
    mailbox: tuple[Mailbox, int],
    slack: HTTPServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    box, port = mailbox
    config = write_config(tmp_path / "monitor.toml", slack.url_for("/api/"), port)
    place = ["--config", str(config), "--db", database_url]
    files = [str(shared_data / "ark" / "raw" / fund) for fund in (*SHARES, "ARKQ", "ARKX")]
    assert cli.run(["ingest", *files, "--source", "ark", *place]) in (0, 3)
    assert not posted(slack)
    assert not box.mails

    new = str(hand_made(shared_data, tmp_path / "new"))
    for _ in range(2):  # the second time nothing is new
        assert cli.run(["ingest", new, "--source", "ark", "--alert", *place]) == 0
    capsys.readouterr()
    assert cli.run(["changes", "--since", "2025-09-23", "--level", "item", "--format", "json", *place]) == 0
    items = json.loads(capsys.readouterr().out)
    assert len(items) == 1
    item = items[0]
    assert (item["kind"], item["funds"], item["severity"]) == ("RE_ENTERED", ["ARKF", "ARKW"], "high")
    assert item["shares_after"] == sum(SHARES.values())
    assert round(item["value"] / 1e6, 1) == 16.3
    assert item["pos_session"]["to"] == "2025-09-22"
    assert "first seen since 2021" in item["claim"]
    gap = "2022-12-30 … 2025-09-19"
    assert gap in item["claim"]
    assert item["absence"]["last_held"] == "2021-09-02"
    assert item["absence"]["last_material"] == "2021-08-27"

    messages = posted(slack)
    assert len(messages) == 1
    blocks = json.dumps(messages[0]["blocks"], ensure_ascii=False)
    for part in ("first seen since 2021", "$16.3M", "49,799", "49,291", gap, "ARKQ", "does not hold it"):
        assert part in blocks
    assert len(box.mails) == 1
    bodies = [str(part.get_content()) for part in box.mails[0].walk() if part.get_content_maintype() == "text"]
    assert len(bodies) == 2
    for body in bodies:
        assert "first seen since 2021" in body
        assert "$16.3M" in body
        assert "https://monitor.fund.example/item/I" in body
        assert "https://monitor.fund.example/security/S" in body
    assert "https://monitor.fund.example/item/I" in blocks
    assert [part.get_content_type() for part in box.mails[0].walk()][-2:] == ["text/html", "image/png"]
    assert "planted-secret" not in capsys.readouterr().err


def test_a_database_file_without_the_history_tells_nothing_on_first_sight(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    new = str(hand_made(shared_data, tmp_path / "new"))
    assert cli.run(["ingest", new, "--source", "ark", "--alert", "--db", "first.db"]) == 0
    with sqlite3.connect(tmp_path / "first.db") as conn:
        assert conn.execute("SELECT COUNT(*) FROM event").fetchone() == (0,)
        assert conn.execute("SELECT COUNT(*) FROM delivery").fetchone() == (0,)
    assert "2 new" in capsys.readouterr().out
