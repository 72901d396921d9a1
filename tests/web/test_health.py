"""The daemon's small server, over real sockets: what it says, to whom, and that nobody can keep it busy."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError

import pytest
from sqlalchemy import insert

from monitor.app import App, configured, quiet
from monitor.core.blindness import EVERYBODY
from monitor.core.errors import StoreError
from monitor.core.sight import Cause
from monitor.store import incidents
from monitor.store.codec import instant_text
from monitor.store.engine import Engine, transaction
from monitor.store.incidents import NewIncident
from monitor.store.ledger import delivery
from monitor.store.workers import Tick, register, report
from monitor.web import server as module
from monitor.web.answers import NoAnswer, Question
from monitor.web.health import Records, judge
from monitor.web.server import Server, Site, serving
from tests.ports import free_port
from tests.reliability.serving import wait_for

NOW = datetime(2026, 1, 7, 15, tzinfo=UTC)
TOKEN = "tell-nobody-0123456789"


def tick(name: str = "watch", ended: float | None = 1, failures: int = 0, started: float = 2) -> Tick:
    """A tick that began and ended so many seconds ago."""
    end = None if ended is None else NOW - timedelta(seconds=ended)
    outcome = "running" if end is None else "failed" if failures else "ok"
    return Tick(name, "here", NOW - timedelta(seconds=started), end, outcome, "", 3, failures)


TICKS = (tick(), tick("deliver"))


def app_of(folder: Path, **web: str) -> App:
    file = folder / "monitor.toml"
    file.write_text('[[watch]]\nissuer = "ark"\nfunds = ["ARKK"]\n', "utf-8")
    return configured(file, None, {f"HOLDINGS_MONITOR_WEB__{k}": v for k, v in web.items()}, lambda: NOW, quiet)


@dataclass
class Client:
    """Asks the server."""

    port: int

    def get(self, path: str, token: str = "", method: str = "GET", host: str = "") -> tuple[int, str, dict[str, str]]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if host:
            request.add_header("Host", host)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except HTTPError as error:
            return error.code, error.read().decode(), dict(error.headers)

    def raw(self, sent: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(sent)
            received = b""
            while part := connection.recv(4096):
                received += part
            return received


@contextmanager
def listening(site: Site) -> Iterator[Client]:
    with Server(site, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Client(server.server_port)
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def client(tmp_path: Path, engine: Engine) -> Iterator[Client]:
    with listening(Site(app_of(tmp_path), engine, lambda: TICKS)) as found:
        yield found


def test_all_is_well(client: Client) -> None:
    status, body, headers = client.get("/healthz")
    assert (status, headers["Content-Type"], headers["Cache-Control"]) == (200, "application/json", "no-store")
    found = json.loads(body)
    assert (found["status"], found["blind"], found["stuck"]) == ("ok", [], [])
    assert found["backlog"] == {"due": 0, "oldest_seconds": 0, "given_up": 0}
    assert [one["name"] for one in found["ticks"]] == ["watch", "deliver"]
    assert client.get("/readyz")[:2] == (200, "ready\n")


def test_blindness_asks_for_attention_and_is_no_reason_to_restart(tmp_path: Path, engine: Engine) -> None:
    with transaction(engine) as conn:
        incidents.add(conn, NewIncident("fund:ark/ARKK", Cause.LATE, NOW, "ARKK: late", "…", "I1"))
        incidents.add(conn, NewIncident("fund:ark/ARKW", Cause.CLOSED, NOW, "ARKW: closed?", "…", "I2"))
        incidents.add(conn, NewIncident(EVERYBODY, Cause.UNREACHABLE, NOW, "network", "…", "I3"))
        insert_delivery(conn, "pending", NOW - timedelta(minutes=30))
        insert_delivery(conn, "dead", NOW)
    with listening(Site(app_of(tmp_path), engine, lambda: TICKS)) as client:
        status, body, _ = client.get("/healthz")
        found = json.loads(body)
        assert (status, found["status"]) == (200, "attention")
        assert sorted(one["name"] for one in found["blind"]) == ["all", "ark/ARKK", "ark/ARKW"]
        assert found["backlog"] == {"due": 1, "oldest_seconds": 1800, "given_up": 1}
        text = client.get("/metrics")[1]
    assert 'holdings_monitor_incidents_open{kind="late"} 1.0' in text
    assert 'holdings_monitor_deliveries{channel="log",state="dead"} 1.0' in text
    assert "holdings_monitor_undelivered 1.0" in text
    assert "holdings_monitor_oldest_undelivered_seconds 1800.0" in text


def test_a_closed_fund_is_shown_and_asks_for_nothing(tmp_path: Path, engine: Engine) -> None:
    with transaction(engine) as conn:
        incidents.add(conn, NewIncident("fund:ark/ARKW", Cause.CLOSED, NOW, "ARKW: closed?", "…", "I2"))
    with listening(Site(app_of(tmp_path), engine, lambda: TICKS)) as client:
        found = json.loads(client.get("/healthz")[1])
    assert (found["status"], [one["kind"] for one in found["blind"]]) == ("ok", ["closed"])


def insert_delivery(conn: object, state: str, due: datetime) -> None:
    row = {"key": f"x:1:{state}", "item": "x", "revision": 1, "channel": "log", "severity": "high", "message": "{}"}
    times = {"created_at": instant_text(due), "due_at": instant_text(due), "state": state, "attempts": 0, "token": 0}
    conn.execute(insert(delivery).values(row | times))  # type: ignore[attr-defined]


def test_metrics_have_every_promised_name(client: Client, engine: Engine) -> None:
    register(engine, "here", "0.1.0", NOW)
    report(engine, "here", NOW, TICKS)
    status, text, headers = client.get("/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert {name.removeprefix("holdings_monitor_") for name in names} == {
        "build_info",
        "breaker_open",
        "deliveries",
        "events",
        "fetches_total",
        "files",
        "fund_newest_file_timestamp_seconds",
        "funds",
        "incidents_open",
        "items",
        "oldest_undelivered_seconds",
        "scrape_seconds",
        "tick_age_seconds",
        "tick_failures",
        "undelivered",
        "workers",
    }
    assert 'holdings_monitor_funds{issuer="ark",state="unseen"} 1.0' in text
    assert 'holdings_monitor_tick_age_seconds{tick="watch",worker="here"} 2.0' in text
    assert "holdings_monitor_workers 1.0" in text


def test_nothing_but_reading_is_answered(client: Client) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        status, body, headers = client.get("/healthz", method=method)
        assert (status, headers["Allow"]) == (405, "GET, HEAD")
    status, body, headers = client.get("/healthz", method="HEAD")
    assert (status, body) == (200, "")
    assert int(headers["Content-Length"]) > 10


def test_what_was_asked_is_not_repeated(client: Client) -> None:
    status, body, headers = client.get("/%3Cscript%3E?token=secret")
    assert status == 404
    assert "script" not in body
    assert "secret" not in body + str(headers)
    assert b"HTTP/1.0 400" in client.raw(b"GET /<x>\x07 nonsense and more\r\n\r\n")
    assert b"<x>" not in client.raw(b"NONSENSE /<x> HTTP/1.0\r\n\r\n")
    assert b" 431 " in client.raw(b"GET / HTTP/1.0\r\n" + b"A: b\r\n" * 200 + b"\r\n")
    assert b" 414 " in client.raw(b"GET /" + b"a" * 70_000 + b" HTTP/1.0\r\n\r\n")


def test_with_a_token_strangers_hear_one_word(tmp_path: Path, engine: Engine) -> None:
    site = Site(app_of(tmp_path, TOKEN=TOKEN), engine, lambda: TICKS)
    with listening(site) as client:
        for wrong in ("", "guess", TOKEN[:-1], f"{TOKEN} "[:-2]):
            assert client.get("/healthz", wrong)[:2] == (200, '{"status": "ok"}')
            status, _, headers = client.get("/metrics", wrong)
            assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
        assert "blind" in client.get("/healthz", TOKEN)[1]
        assert client.get("/metrics", TOKEN)[0] == 200
        assert b" 401 " in client.raw(b"GET /metrics HTTP/1.0\r\nAuthorization: Bearer \xff\xfe\r\n\r\n")


def test_without_a_token_pages_of_other_names_hear_one_word(client: Client) -> None:
    assert client.get("/healthz", host="evil.example")[1] == '{"status": "ok"}'
    assert client.get("/metrics", host="evil.example")[0] == 401
    assert "blind" in client.get("/healthz", host="localhost:8765")[1]


def test_the_token_is_in_no_answer_and_no_log(tmp_path: Path, engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with listening(Site(app_of(tmp_path, TOKEN=TOKEN), engine, lambda: TICKS)) as client:
        answers = [client.get(path, TOKEN) for path in ("/healthz", "/metrics", "/readyz", f"/x?token={TOKEN}")]
    assert TOKEN not in str(answers)
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("ticks", "word"),
    [
        (TICKS, "ok"),
        ((tick(ended=None, started=60), tick("deliver")), "ok"),  # one that runs
        ((tick(ended=None, started=3 * 3600), tick("deliver")), "down"),  # one that hangs
        ((tick(ended=1200, started=1201), tick("deliver")), "down"),  # one that does not begin any more
        ((tick("recheck", ended=1200, started=1201), *TICKS), "ok"),
        ((tick(failures=2), tick("deliver")), "attention"),
        ((), "ok"),  # a moment after the start
    ],
)
def test_ticks_that_are_stuck(ticks: tuple[Tick, ...], word: str) -> None:
    records = Records((), 0, None, 0, current=True)
    assert judge(records, ticks, {"watch": 10, "deliver": 10}, NOW).status == word


def test_an_older_schema_is_down_and_not_ready(tmp_path: Path, engine: Engine) -> None:
    assert judge(Records((), 0, None, 0, current=False), TICKS, {}, NOW).status == "down"


def test_a_database_that_does_not_answer_is_said_in_time(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(app_of(tmp_path), engine, lambda: TICKS)
    hanging = threading.Event()

    def hang() -> Records:
        hanging.wait(60)
        raise StoreError("The database cannot do this now.")

    monkeypatch.setattr(module, "ANSWER", 0.2)
    site.records = Question(hang, fresh=0)
    with listening(site) as client:
        status, body, _ = client.get("/healthz")  # while the question hangs
        assert (status, json.loads(body)["status"]) == (503, "down")
        assert "did not answer within 0.2 seconds" in json.loads(body)["reason"]
        assert client.get("/readyz")[0] == 503
        hanging.set()
        assert client.get("/healthz")[0] == 503


def test_metrics_of_a_database_that_is_away(tmp_path: Path, engine: Engine) -> None:
    site = Site(app_of(tmp_path), engine, lambda: TICKS)

    def away() -> bytes:
        raise StoreError("The database cannot do this now.")

    site.metrics = Question(away, fresh=0)
    with listening(site) as client:
        assert client.get("/metrics")[:2] == (503, "the values cannot be read now\n")


def test_slow_clients_are_ended_and_keep_nobody_waiting(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEADLINE", 300.0)
    monkeypatch.setattr(module.Handler, "timeout", 300.0)
    monkeypatch.setattr(module, "CONNECTIONS", 8)
    with listening(Site(app_of(tmp_path), engine, lambda: TICKS)) as client:
        slow = [socket.create_connection(("127.0.0.1", client.port), timeout=60) for _ in range(20)]
        for one in slow:
            one.sendall(b"GET /healthz HTTP/1.0\r\nX: ")
        assert client.get("/healthz")[0] == 200
        with monkeypatch.context() as patch:
            patch.setattr(module, "DEADLINE", 0.0)
            assert [one.recv(10) for one in slow] == [b""] * 20  # ended by us
        for one in slow:
            one.close()
        assert client.get("/healthz")[0] == 200


def test_a_question_is_asked_once_for_all_who_wait() -> None:
    asked: list[int] = []
    go = threading.Event()

    def ask() -> int:
        asked.append(1)
        go.wait(60)
        return len(asked)

    question = Question(ask, fresh=60)
    with pytest.raises(NoAnswer):
        question.answer(0.01)
    with pytest.raises(NoAnswer):
        question.answer(0.01)
    go.set()
    assert question.answer(60) == question.answer(60) == 1


def test_a_question_that_hangs_is_asked_again_after_a_while() -> None:
    now = [0.0]
    never = threading.Event()
    answers: list[Callable[[], object]] = [lambda: never.wait(60), lambda: True]
    question = Question(lambda: answers.pop(0)(), fresh=1, clock=lambda: now[0])
    with pytest.raises(NoAnswer):
        question.answer(0.01)
    now[0] = 61
    assert question.answer(60) is True
    never.set()


def answers(client: Client) -> bool:
    try:
        return client.get("/healthz")[0] == 200
    except OSError:
        return False


def test_it_listens_only_where_asked_and_takes_over_a_busy_port(
    tmp_path: Path, sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "AGAIN", 0.05)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        client = Client(port)
        with serving(app_of(tmp_path, ENABLED="false", PORT=str(port)), sqlite_engine, lambda: TICKS):
            pass
        app = app_of(tmp_path, ENABLED="true", PORT=str(port))
        with serving(app, sqlite_engine, lambda: TICKS):
            wait_for("the complaint", lambda: "trying again" in caplog.text, 60)
            taken.close()
            wait_for("an answer", lambda: answers(client), 60)
    assert caplog.text.count("trying again") == 1
    with pytest.raises(OSError, match="refused"):
        client.get("/healthz")


def test_it_can_be_stopped_at_any_moment(tmp_path: Path, sqlite_engine: Engine) -> None:
    for pause in (0.0, 0.001, 0.01, 0.1):
        with serving(app_of(tmp_path, ENABLED="true", PORT=str(free_port())), sqlite_engine, lambda: TICKS):
            time.sleep(pause)
        wait_for("its thread to end", lambda: "web" not in {one.name for one in threading.enumerate()}, 60)


def test_the_server_is_read_only_about_time(tmp_path: Path) -> None:
    """Ages never count from the future: a clock that was set back makes nothing stuck."""
    ahead = replace(tick(), started_at=NOW + timedelta(hours=1), ended_at=NOW + timedelta(hours=1))
    assert judge(Records((), 1, NOW + timedelta(hours=1), 0, current=True), (ahead,), {}, NOW).status == "ok"
