"""Secrets go nowhere: one is planted wherever one can stand, every command is run against servers that refuse and that
repeat what they were told, and everything that was printed, logged, stored or sent is searched."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from pytest_httpserver import HTTPServer
from sqlalchemy.engine import make_url
from werkzeug import Request, Response

from monitor import cli
from monitor.config import load
from monitor.store.backup import backup
from monitor.store.engine import open_engine
from tests.cli.look_alike import DAYS, body
from tests.ports import free_port
from tests.reliability.serving import wait_for
from tests.test_readme import commands

PLACES = (
    "slacktoken", "apptoken", "slackhook", "hookpath", "hookquery", "hooksecret", "apprise", "mailpass", "database",
    "heartbeat", "webtoken", "operator", "mirror", "issuerurl",
)  # fmt: skip
PLANTED = {place: f"PLANT{place}9Zx7Q" for place in PLACES}
BUSY = 120  # seconds `run` may take to have tried every channel


@dataclass
class Echo:
    """A server that refuses everything and says back all it was told, as bad servers do."""

    calls: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        self.calls.append(request.path)
        told = f"{request.url} {request.headers} {request.get_data(as_text=True)}"
        if request.path.startswith("/api/"):
            return Response(json.dumps({"ok": False, "error": told}), 200, content_type="application/json")
        if request.path.endswith(".csv") or "mirror" in request.path:
            return Response(f"refused {told}", 500)
        return Response(f"refused {told}", 400, headers={"X-Echo": request.url})


@dataclass
class Mails:
    """A mail server that takes no password, and says which it was given."""

    listening: socket.socket
    logins: int = 0

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as line:
            self._say(line, "220 ready")
            while text := line.readline().decode(errors="replace").strip():
                word = text[:4].upper()
                self.logins += word == "AUTH"
                if word == "EHLO":
                    self._say(line, "250-here", "250 AUTH PLAIN")
                elif word == "QUIT":
                    return self._say(line, "221 bye")
                else:
                    self._say(line, f"535 no: {text} {PLANTED['mailpass']}" if word == "AUTH" else "250 OK")
        return None

    def _say(self, line: object, *answers: str) -> None:
        line.write("".join(f"{one}\r\n" for one in answers).encode())  # type: ignore[attr-defined]
        line.flush()  # type: ignore[attr-defined]


@pytest.fixture
def mails() -> Iterator[Mails]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        box = Mails(server)
        threading.Thread(target=box.serve, daemon=True).start()
        yield box
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def echo(httpserver: HTTPServer) -> Echo:
    found = Echo()
    httpserver.expect_request(re.compile("/.*")).respond_with_handler(found.answer)
    return found


@dataclass
class Place:
    """A configuration full of secrets, and all that was said so far."""

    folder: Path
    file: Path
    database: str
    secrets: dict[str, str]
    capsys: pytest.CaptureFixture[str]
    said: list[tuple[str, str]] = field(default_factory=list)

    def run(self, *arguments: str, code: int | None = None) -> str:
        """What a command printed on both outputs; the guard of the standard error is not there to help."""
        self.capsys.readouterr()
        found = cli.run(list(arguments))
        printed = self.capsys.readouterr()
        self.said.append((" ".join(arguments), printed.out + printed.err))
        assert code is None or found == code, printed.out + printed.err
        return printed.out + printed.err

    def process(self, code: str, **environ: str) -> subprocess.Popen[str]:
        """A process of its own, as `holdings-monitor` starts."""
        return subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=self.folder,
            env={**os.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def leaks(self) -> list[str]:
        """Where a secret was found: in outputs, in files of the folder, in any table."""
        found = [f"{name}: {place}" for name, text in self.said for place, secret in PLANTED.items() if secret in text]
        engine = open_engine(self.database)
        copy = self.folder / "searched.zip"
        backup(engine, copy)
        engine.dispose()
        with zipfile.ZipFile(copy) as archive:
            for name in archive.namelist():
                content = archive.read(name).decode(errors="replace")
                found += [f"table {name}: {place}" for place, secret in PLANTED.items() if secret in content]
        copy.unlink()
        for path in self.folder.rglob("*"):
            if path.is_file() and path not in (self.file, *self.folder.glob("secret.*")):
                content = path.read_bytes().decode("latin-1")
                found += [f"file {path.name}: {place}" for place, secret in PLANTED.items() if secret in content]
        return sorted(set(found))


@pytest.fixture
def place(
    tmp_path: Path,
    httpserver: HTTPServer,
    echo: Echo,
    mails: Mails,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Place:
    address = make_url(database_url)
    if address.get_backend_name() == "postgresql":
        address = address.set(password=PLANTED["database"])  # the server trusts everybody
    url = address.render_as_string(hide_password=False)
    here = httpserver.url_for("")
    (tmp_path / "secret.slack").write_text(PLANTED["slacktoken"], encoding="utf-8")
    (tmp_path / "secret.hook").write_text(f"{here}/hook/{PLANTED['hookpath']}?k={PLANTED['hookquery']}", "utf-8")
    (tmp_path / "secret.database").write_text(url, encoding="utf-8")
    (tmp_path / "secret.mail").write_text(PLANTED["mailpass"], encoding="utf-8")
    file = tmp_path / "monitor.toml"
    file.write_text(
        f"""
database_file = "secret.database"
[[watch]]
issuer = "ark"
funds = ["ARKF", "ARKW"]
[issuers.ark]
base_url = "{here}/mirror/?sig={PLANTED["mirror"]}"
allow_private = true
min_interval = 0
urls = {{ ARKF = "{here}/elsewhere/ARKF.csv?token={PLANTED["issuerurl"]}" }}
[alerts]
min_severity = "low"
[daemon]
log_level = "debug"
tick_seconds = 0.2
deliver_seconds = 0.2
tight_minutes = 0.01
interval_minutes = 0.01
[heartbeat]
url_env = "BEAT"
every_minutes = 0.01
[web]
enabled = true
port = {free_port()}
token_env = "WEB"
operator_token_env = "OPERATOR"
[channels.slack]
type = "slack"
channel = "C1"
token_file = "secret.slack"
app_token_env = "APP"
base_url = "{here}/api/"
[channels.slackhook]
type = "slack-webhook"
url_env = "SLACKHOOK"
[channels.hook]
type = "webhook"
url_file = "secret.hook"
secret_env = "SIGN"
[channels.phone]
type = "apprise"
url_env = "PHONE"
[channels.mail]
type = "mail"
host = "127.0.0.1"
port = {mails.listening.getsockname()[1]}
security = "none"
user = "monitor"
password_file = "secret.mail"
from = "m@example.org"
to = "d@example.org"
""",
        encoding="utf-8",
    )
    for name in [name for name in os.environ if name.startswith("HOLDINGS_MONITOR_")]:
        monkeypatch.delenv(name)
    secrets = {
        "BEAT": f"{here}/beat/{PLANTED['heartbeat']}",
        "WEB": PLANTED["webtoken"],
        "OPERATOR": PLANTED["operator"],
        "APP": PLANTED["apptoken"],
        "SLACKHOOK": f"{here}/services/T0/B0/{PLANTED['slackhook']}",
        "SIGN": PLANTED["hooksecret"],
        "PHONE": f"json://127.0.0.1:{httpserver.port}/notify/{PLANTED['apprise']}",
    }
    for name, secret in {**secrets, "HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}.items():
        monkeypatch.setenv(name, secret)
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path, file, url, secrets, capsys)


def pages(place: Place) -> str:
    """What the daemon answers, to whoever shows the token and to others."""
    here = f"http://127.0.0.1:{load(place.file, os.environ).web.port}"
    shown = {"Authorization": f"Bearer {PLANTED['webtoken']}"}

    def measured() -> bool:
        try:  # a busy machine may say for a while that it has no answer yet
            return requests.get(f"{here}/metrics", headers=shown, timeout=60).status_code == 200
        except OSError:
            return False

    wait_for("the first metrics", measured, BUSY)
    return "".join(
        requests.get(f"{here}{path}?token={PLANTED['webtoken']}", headers=headers, timeout=60).text
        for path in ("/healthz", "/readyz", "/metrics", "/other")
        for headers in (shown, {"Authorization": "Bearer wrong"})
    )


def loaded(place: Place) -> None:
    """History, and alerts that every channel refuses."""
    for name, days in (("history", DAYS[:3]), ("new", DAYS[3:5])):
        (place.folder / name).mkdir()
        for day in days:
            (place.folder / name / f"ARKF_{day}.csv").write_text(body("ARKF", day), encoding="utf-8")
    place.run("ingest", "history", "--source", "ark", code=0)
    place.run("ingest", "new", "--source", "ark", "--alert", code=3)


def test_no_command_shows_or_stores_a_secret(place: Place, echo: Echo, mails: Mails) -> None:
    loaded(place)
    place.run("check", code=1)
    for channel in ("slack", "slackhook", "hook", "phone", "mail"):
        assert channel in place.run("alerts", "list", "--format", "csv")
        place.run("test-alert", channel, code=1)
    asked = [("--help",), ("status",), ("status", "--format", "json"), ("doctor",), ("doctor", "--format", "json")]
    asked += [
        ("alerts", "list", "--format", "json"),
        ("alerts", "show", "1"),
        ("coverage",),
        ("funds",),
        ("db", "check"),
    ]
    asked += [("sql", "SELECT * FROM v_deliveries"), ("export", "deliveries", "--to", "deliveries.csv"), ("version",)]
    asked += [tuple(one.split()) for one in ("incidents list", "rules list", "mute list") if one in commands()]
    for one in asked:
        place.run(*one)
    assert {path.split("/")[1] for path in echo.calls} >= {"api", "services", "hook", "notify"}
    assert mails.logins
    assert place.leaks() == []


@pytest.mark.parametrize(
    ("form", "database_url"), [("text", "postgres"), ("json", "sqlite")], indirect=["database_url"]
)
def test_the_daemon_logs_and_stores_no_secret(place: Place, echo: Echo, mails: Mails, form: str) -> None:
    """At the level debug, with the libraries' own records."""
    loaded(place)
    echo.calls.clear()
    before = mails.logins
    process = place.process("from monitor.cli import main; main(['run'])", HOLDINGS_MONITOR_DAEMON__LOG=form)
    output: list[str] = []
    reader = threading.Thread(target=lambda: output.extend(process.stdout or ()), daemon=True)
    reader.start()
    try:
        until = time.monotonic() + BUSY
        wanted = {"mirror", "elsewhere", "beat"}
        while time.monotonic() < until and process.poll() is None:
            asked = {path.split("/")[1] for path in echo.calls}
            if wanted <= asked:
                break
            time.sleep(0.1)
        answers = pages(place)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    finally:
        process.kill()
    reader.join(timeout=60)
    place.said += [("run", "".join(output)), ("pages", answers)]
    assert "holdings_monitor_build_info" in answers
    assert process.returncode == 0, "".join(output)[-3000:]
    assert wanted <= {path.split("/")[1] for path in echo.calls}
    assert "urllib3" in "".join(output)
    assert mails.logins >= before
    assert place.leaks() == []


FAULTS = {
    "a wrong key": ("token_file", "tokenfile"),
    "a wrong type": ('channel = "C1"', "channel = 5"),
    "two secrets": ("app_token_env", 'token = "x"\napp_token_env'),
    "a missing variable": ("SLACKHOOK", "NOWHERE"),
    "no toml": ("[alerts]", "[alerts"),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_no_fault_of_a_configuration_shows_a_secret(place: Place, fault: str) -> None:
    old, new = FAULTS[fault]
    written = place.file.read_text("utf-8")
    for name in ("WEB", "APP", "SIGN", "PHONE", "BEAT"):  # the secrets themselves in the file, too
        key = re.search(rf'(\w+)_env = "{name}"', written)
        assert key is not None
        written = written.replace(key[0], f"{key[1]} = {json.dumps(place.secrets[name])}")
    place.file.write_text(written.replace(old, new, 1), encoding="utf-8")
    for arguments in (("status",), ("check",), ("doctor", "--offline"), ("test-alert", "slackhook")):
        place.run(*arguments)
    assert [one for one in place.said for secret in PLANTED.values() if secret in one[1]] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_out_of_reach_shows_no_password(place: Place) -> None:
    secret = PLANTED["database"]
    for url in (
        f"postgresql://monitor:{secret}@127.0.0.1:1/holdings",
        f"postgresql://127.0.0.1:1/holdings?user=monitor&password={secret}",
        f"postgresql://monitor:{secret}@127.0.0.1:1/holdings?sslmode={secret}",
        f"postgres://monitor:{secret}@",
        f"mysql://monitor:{secret}@127.0.0.1/holdings",
        f"postgresql://monitor:{secret}@127.0.0.1:port/holdings",
    ):
        (place.folder / "secret.database").write_text(url, encoding="utf-8")
        for arguments in (("status",), ("check",), ("db", "upgrade"), ("doctor", "--offline")):
            place.run(*arguments)
    assert [one for one in place.said if secret in one[1]] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_bug_shows_no_secret(place: Place) -> None:
    """A fault of the program itself prints a traceback; it passes the guard of the standard error."""
    code = (
        "import monitor.app\n"
        "def fall(self, *rest):\n"
        "    secret = self.config.channels['slack'].token.get_secret_value()\n"
        "    raise RuntimeError('no ' + secret)\n"
        "monitor.app.App.reading = fall\n"
        "from monitor.cli import main\n"
        "main(['status'])\n"
    )
    process = place.process(code)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "RuntimeError: no ***" in said
    assert PLANTED["slacktoken"] not in said


def test_every_key_of_a_secret_is_planted() -> None:
    """A new kind of secret must be added here: these are the keys that hold one."""
    from monitor.config.fields import SECRETS

    assert set(SECRETS) == {"token", "operator_token", "app_token", "password", "secret", "url"}
