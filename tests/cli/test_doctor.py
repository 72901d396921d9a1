"""doctor: what it sees of a healthy installation, what it says of a sick one, and that it changes and sends nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pytest_httpserver import HTTPServer
from sqlalchemy import text
from werkzeug import Request, Response

from monitor.cli.context import now
from monitor.store.codec import instant_text
from monitor.store.engine import open_engine, transaction
from monitor.store.migrate import upgrade
from tests.cli.conftest import Result, Run
from tests.cli.look_alike import body
from tests.ports import free_port

TOKEN, PASSWORD = "xoxb-doctor-secret-1", "mail-doctor-secret-1"


@dataclass
class Mailbox:
    """Takes anybody with the password and remembers who tried to send."""

    mails: list[str] = field(default_factory=list)
    logins: int = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope.mail_from)
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.logins += 1
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    port = free_port()
    server = Controller(
        box, hostname="127.0.0.1", port=port, authenticator=box.authenticate, auth_require_tls=False, auth_required=True
    )
    server.start()
    yield box, port
    server.stop()


@dataclass
class Servers:
    """Slack and an issuer on this machine; `calls` are the paths that were asked."""

    web: HTTPServer
    calls: list[str] = field(default_factory=list)
    slack: dict[str, dict[str, object]] = field(default_factory=dict)

    def answer(self, request: Request) -> Response:
        self.calls.append(request.path)
        if request.path.startswith("/api/"):
            found = self.slack.get(request.path.removeprefix("/api/"), {"ok": True, "user": "monitor", "team": "Desk"})
            return Response(json.dumps(found), content_type="application/json")
        return Response(body("ARKF", date(2022, 1, 3)), content_type="text/csv")


@pytest.fixture
def servers(httpserver: HTTPServer) -> Servers:
    found = Servers(httpserver)
    httpserver.expect_request(re.compile("/.*")).respond_with_handler(found.answer)
    return found


@pytest.fixture
def configured(tmp_path: Path, servers: Servers, mailbox: tuple[Mailbox, int], database_url: str) -> Path:
    """A whole installation on either database: every kind of channel that can be asked, secrets in files."""
    for name, secret in (("slack.token", TOKEN), ("mail.password", PASSWORD), ("database.url", database_url)):
        (tmp_path / name).write_text(secret, encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    file = tmp_path / "monitor.toml"
    file.write_text(
        f"""
database_file = "database.url"
[[watch]]
issuer = "ark"
funds = ["ARKF"]
[issuers.ark]
base_url = "{servers.web.url_for("/mirror/")}"
allow_private = true
min_interval = 0
[channels.slack]
type = "slack"
channel = "C1"
token_file = "slack.token"
base_url = "{servers.web.url_for("/api/")}"
[channels.hook]
type = "webhook"
url_env = "HOOK"
[channels.mail]
type = "mail"
host = "127.0.0.1"
port = {mailbox[1]}
security = "none"
user = "monitor"
password_file = "mail.password"
from = "m@example.org"
to = "d@example.org"
[channels.log]
type = "file"
path = "alerts.jsonl"
""",
        encoding="utf-8",
    )
    return file


@pytest.fixture(autouse=True)
def _hook(monkeypatch: pytest.MonkeyPatch, servers: Servers) -> None:
    monkeypatch.setenv("HOOK", servers.web.url_for("/hook/0123456789abcdef"))


def told(answer: Result) -> dict[tuple[str, str], tuple[str, str]]:
    """State and text by area and name; of several the worst."""
    order = ("ok", "skipped", "warning", "fault")
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for row in answer.rows:
        key = (row["area"], row["name"])
        if key not in found or order.index(row["state"]) > order.index(found[key][0]):
            found[key] = (row["state"], row["text"])
    return found


def test_a_healthy_installation_has_no_fault(
    run: Run, configured: Path, servers: Servers, mailbox: tuple[Mailbox, int]
) -> None:
    assert run("check", "--dry-run").code == 0
    servers.calls.clear()
    answer = run("doctor", "--format", "json")
    seen = told(answer)
    assert [one for one in answer.rows if one["state"] == "fault"] == []
    assert seen["configuration", "file"][1].endswith("monitor.toml")
    assert seen["database", "reachable"][0] == seen["database", "writable"][0] == "ok"
    assert seen["channel", "slack"][0] == seen["channel", "mail"][0] == seen["channel", "hook"][0] == "ok"
    assert seen["issuer", "ark"][0] == seen["clock", "ark"][0] == seen["clock", "database"][0] == "ok"
    assert seen["calendar", "XNYS"][0] == "ok"
    assert seen["daemon", "running"] == ("warning", "none reports")
    assert answer.code == 3
    assert mailbox[0].mails == []
    assert mailbox[0].logins == 1
    assert sorted(path for path in servers.calls if path.startswith("/api/")) == [
        "/api/auth.test",
        "/api/conversations.history",
        "/api/conversations.info",
    ]
    assert len([path for path in servers.calls if path.startswith("/mirror/")]) == 1
    assert not [path for path in servers.calls if path.startswith("/hook/")]
    assert TOKEN not in answer.out
    assert PASSWORD not in answer.out


def test_offline_asks_nobody(run: Run, configured: Path, servers: Servers) -> None:
    answer = run("doctor", "--offline", "--format", "json")
    assert servers.calls == []
    assert told(answer)["issuer", "ark"][0] == told(answer)["channel", "slack"][0] == "skipped"


def test_a_running_daemon_is_seen_and_a_silent_one_named(run: Run, configured: Path, database_url: str) -> None:
    engine, at = open_engine(database_url), now()
    with transaction(engine) as conn:
        for holder, last in (("here:1", at), ("gone:2", at - timedelta(hours=5))):
            conn.execute(
                text(
                    "INSERT INTO worker (holder, host, pid, version, started_at, seen_at)"
                    " VALUES (:holder, 'h', 1, '0', :seen, :seen)"
                ),
                {"holder": holder, "seen": instant_text(last)},
            )
        lease = {"until": instant_text(at + timedelta(minutes=1))}
        conn.execute(
            text("INSERT INTO lease (name, holder, token, until) VALUES ('watch', 'here:1', 1, :until)"), lease
        )
        issuer = {"until": instant_text(at + timedelta(minutes=9)), "at": instant_text(at)}
        conn.execute(text("INSERT INTO breaker VALUES ('ark', 5, :until, 'HTTP 503', :at)"), issuer)
    engine.dispose()
    seen = told(run("doctor", "--offline", "--format", "json"))
    assert seen["daemon", "running"] == ("ok", "1: here:1")
    assert "gone:2 was last heard of" in seen["daemon", "silent"][1]
    assert seen["daemon", "leases"] == ("ok", "watch by here:1")
    assert seen["daemon", "patience"][0] == "warning"


def test_what_slack_refuses_is_named(run: Run, configured: Path, servers: Servers) -> None:
    servers.slack["auth.test"] = {"ok": False, "error": "invalid_auth"}
    answer = run("doctor", "--format", "json")
    assert answer.code == 1
    assert told(answer)["channel", "slack"] == ("fault", "auth.test: invalid_auth")
    assert "/api/conversations.info" not in servers.calls
    servers.slack = {"conversations.history": {"ok": False, "error": "missing_scope"}}
    state, said = told(run("doctor", "--format", "json"))["channel", "slack"]
    assert state == "warning"
    assert "lacks the scope channels:history" in said
    servers.slack = {"conversations.info": {"ok": False, "error": "channel_not_found"}}
    assert told(run("doctor", "--format", "json"))["channel", "slack"][1] == "conversations.info: channel_not_found"


def test_a_wrong_password_and_a_dead_server_are_named(run: Run, configured: Path) -> None:
    Path("mail.password").write_text("wrong-one-entirely", encoding="utf-8")
    assert told(run("doctor", "--format", "json"))["channel", "mail"] == ("fault", "server: refuses with 535")
    configured.write_text(re.sub(r"port = \d+", "port = 1", configured.read_text("utf-8")), encoding="utf-8")
    assert told(run("doctor", "--format", "json"))["channel", "mail"][1].startswith("server: no use of 127.0.0.1:1")


@pytest.mark.parametrize(("hours", "state"), [(0, "ok"), (0.02, "warning"), (-3, "fault"), (3, "fault")])
def test_a_clock_that_is_off_is_noticed(hours: float, state: str) -> None:
    from monitor.doctor.outside import clock

    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    (found,) = clock("ark", format_datetime(at + timedelta(hours=hours), usegmt=True), at)
    assert (found.state, found.name) == (state, "ark")
    assert list(clock("ark", "soon", at)) == list(clock("ark", None, at)) == []


def test_a_clock_behind_what_was_recorded_is_noticed() -> None:
    from monitor.doctor.database import clock
    from monitor.store.health import Health

    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    later = Health(0, None, at + timedelta(days=2), "", (), (), ())
    assert clock(at, later).state == "fault"
    server = Health(0, at + timedelta(seconds=60), None, "", (), (), ())
    assert (clock(at, server).state, clock(at, server).text) == ("warning", "60 s from the database server's")


def test_an_issuer_that_does_not_answer_is_a_fault(run: Run, configured: Path, servers: Servers) -> None:
    servers.web.clear()
    state, said = told(run("doctor", "--format", "json"))["issuer", "ark"]
    assert state == "fault"
    assert said.startswith("ARKF: answered 500")


def test_open_secrets_are_noticed(run: Run, configured: Path) -> None:
    Path("slack.token").chmod(0o644)
    Path("mail.password").unlink()
    configured.write_text(configured.read_text("utf-8") + '[web]\ntoken = "short"\n', encoding="utf-8")
    configured.chmod(0o644)
    answer = run("doctor", "--offline", "--format", "json")
    seen = told(answer)
    assert seen["secrets", "channels.slack.token_file"][1] == f"everybody may read {configured.parent / 'slack.token'}"
    assert seen["secrets", "channels.mail.password_file"][0] == "fault"
    assert seen["channel", "mail"][0] == "fault"
    assert "web.token stand in" in seen["secrets", "in the file"][1]
    assert seen["secrets", "configuration"][0] == "warning"
    assert seen["secrets", "web.token"][0] == "warning"
    assert "short" not in json.dumps([one for one in answer.rows if one["name"] != "web.token"])
    assert answer.code == 1


@pytest.mark.parametrize(
    ("statement", "state", "words"),
    [
        ("UPDATE alembic_version SET version_num = '0002'", "warning", "it is at schema 0002, this program needs"),
        ("UPDATE alembic_version SET version_num = '9999'", "fault", "it is at schema 9999"),
    ],
)
def test_another_schema_is_noticed_and_left_alone(
    run: Run, configured: Path, database_url: str, statement: str, state: str, words: str
) -> None:
    engine = open_engine(database_url)
    with transaction(engine) as conn:
        conn.execute(text(statement))
    found = told(run("doctor", "--offline", "--format", "json"))["database", "schema"]
    assert found[0] == state
    assert words in found[1]
    with engine.connect() as conn:
        assert str(conn.execute(text("SELECT version_num FROM alembic_version")).scalar()) in statement
    engine.dispose()


def test_no_database_is_a_fault_and_none_is_made(run: Run, tmp_path: Path) -> None:
    answer = run("doctor", "--offline", "--format", "json")
    assert told(answer)["database", "reachable"][0] == "fault"
    assert answer.code == 1
    assert list(tmp_path.glob("*.db*")) == []
    unreachable = run("doctor", "--offline", "--format", "json", "--db", "postgresql://monitor:pw-secret@127.0.0.1:1/x")
    assert told(unreachable)["database", "reachable"][0] == "fault"
    assert "pw-secret" not in unreachable.out + unreachable.err


def test_a_damaged_file_is_a_fault(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "holdings.db"
    engine = open_engine(f"sqlite:///{file}")
    upgrade(engine)
    engine.dispose()  # the last connection writes the log into the file
    whole = bytearray(file.read_bytes())
    whole[8192:] = b"\x5a" * (len(whole) - 8192)
    file.write_bytes(whole)
    answer = run("doctor", "--offline", "--format", "json")
    assert answer.code == 1
    assert [row for row in answer.rows if row["area"] == "database" and row["state"] == "fault"]


def test_every_fault_of_the_configuration_is_a_finding(run: Run, tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text('[alert]\n[channels.x]\ntype = "slak"\n', encoding="utf-8")
    answer = run("doctor", "--format", "json")
    assert (answer.code, len(answer.rows)) == (1, 2)
    assert {row["area"] for row in answer.rows} == {"configuration"}
    assert 'did you mean "alerts"' in answer.out.replace("\\", "")
