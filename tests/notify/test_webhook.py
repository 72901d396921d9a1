"""The signed webhook and Apprise: what is posted, what an answer means, where it may not go, what is never shown."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
import sys
import threading
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from monitor.config import AppriseSettings, SlackSettings, SlackWebhookSettings, WebhookSettings
from monitor.core.errors import ConfigError
from monitor.notify.apprise import AppriseChannel
from monitor.notify.channels import Channel
from monitor.notify.slack import SlackChannel
from monitor.notify.slack_webhook import SlackWebhookChannel
from monitor.notify.webhook import WebhookChannel
from tests.notify import samples
from tests.notify.loopback import KEY, sent_error

RAW = b"\x01binary secret\xff"


def channel(url: str, secret: str | None = None, timeout: float = 30) -> WebhookChannel:
    hidden = SecretStr(secret) if secret else None
    settings = WebhookSettings(type="webhook", url=SecretStr(url), secret=hidden, timeout=timeout)
    return WebhookChannel("w", settings, clock=lambda: 1_758_625_200.7)


@pytest.mark.parametrize(
    ("secret", "used"), [("plain words", b"plain words"), ("whsec_" + base64.b64encode(RAW).decode(), RAW)]
)
def test_the_receiver_can_check_who_sent_it(httpserver: HTTPServer, secret: str, used: bytes) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_data("", status=202)
    channel(httpserver.url_for("/hook"), secret).send(samples.full(), key=KEY, thread=None)
    request = httpserver.log[-1][0]
    body = request.get_data()
    assert (request.headers["webhook-id"], request.headers["webhook-timestamp"]) == (KEY, "1758625200")
    mac = hmac.new(used, f"{KEY}.1758625200.".encode() + body, hashlib.sha256).digest()
    assert request.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    tree = json.loads(body)
    assert (tree["key"], tree["title"], tree["value"]) == (KEY, samples.full().title, "16300000")


def test_without_a_secret_nothing_is_signed_and_no_credentials_go_along(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("default login somebody password else\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(netrc))
    httpserver.expect_request("/hook").respond_with_data("")
    channel(httpserver.url_for("/hook")).send(samples.full(), key=KEY, thread=None)
    headers = httpserver.log[-1][0].headers
    assert "webhook-signature" not in headers
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("status", "permanent", "destination", "ambiguous"),
    [
        (301, True, True, False),
        (400, True, False, False),
        (401, True, True, False),
        (404, True, True, False),
        (408, False, False, True),
        (410, True, True, False),
        (413, True, False, False),
        (425, False, False, False),
        (429, False, False, False),
        (500, False, False, True),
        (503, False, False, True),
    ],
)
def test_a_status_says_whether_retrying_helps(
    httpserver: HTTPServer, status: int, permanent: bool, destination: bool, ambiguous: bool
) -> None:
    headers = {"Retry-After": "7", "Location": httpserver.url_for("/elsewhere")}
    httpserver.expect_request("/secret").respond_with_data("secret words", status=status, headers=headers)
    error = sent_error(channel(httpserver.url_for("/secret")))
    assert (error.permanent, error.destination, error.ambiguous) == (permanent, destination, ambiguous)
    assert error.retry_after == (None if permanent else 7.0)
    assert len(httpserver.log) == 1  # no redirect was followed


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "100.100.100.200", "fd00:ec2::254", "::ffff:169.254.169.254", "fe80::1"]
)
@pytest.mark.parametrize("kind", ["webhook", "slack", "slack-webhook"])
def test_a_name_that_means_a_metadata_service_is_not_asked(kind: str, address: str) -> None:
    def resolve(host: str, port: int) -> list[str]:
        return [address]

    url = "https://innocent.example/secret/"
    made: Channel
    if kind == "webhook":
        made = WebhookChannel("w", WebhookSettings(type="webhook", url=SecretStr(url)), resolve=resolve)
    elif kind == "slack":
        settings = SlackSettings(type="slack", channel="C1", token=SecretStr("secret"), base_url=url)
        made = SlackChannel("s", settings, resolve=resolve)
    else:
        hook = SlackWebhookSettings(type="slack-webhook", url=SecretStr(url))
        made = SlackWebhookChannel("h", hook, resolve=resolve)
    error = sent_error(made)
    assert (error.permanent, error.destination) == (True, True)
    assert "innocent" not in str(error)


def test_a_name_that_is_not_known_today_is_tried_again() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError

    settings = WebhookSettings(type="webhook", url=SecretStr("https://innocent.example/secret"))
    error = sent_error(WebhookChannel("w", settings, resolve=unknown))
    assert (error.permanent, error.ambiguous) == (False, False)


@pytest.fixture
def dropping() -> Iterator[int]:
    """A port where one request is taken and the connection dropped."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drop() -> None:
        connection, _ = listener.accept()
        listener.close()  # first: who sees the connection end finds nobody listening
        connection.recv(100_000)
        connection.close()

    thread = threading.Thread(target=drop, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(5)


def test_a_dropped_connection_is_ambiguous_and_a_refused_one_is_not(dropping: int) -> None:
    url = f"http://127.0.0.1:{dropping}/secret"
    assert sent_error(channel(url)).ambiguous
    error = sent_error(channel(url))
    assert (error.permanent, error.ambiguous) == (False, False)


def test_an_answer_that_never_ends_is_not_waited_for() -> None:
    listener, done = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def trickle() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(100_000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx")
            done.wait(20)

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    with listener:
        channel(f"http://127.0.0.1:{listener.getsockname()[1]}/hook").send(samples.full(), key=KEY, thread=None)
    done.set()
    thread.join(5)


# --- Apprise --------------------------------------------------------------------------------------


def apprise(url: str) -> AppriseChannel:
    return AppriseChannel("a", AppriseSettings(type="apprise", url=SecretStr(url)))


def test_apprise_posts_title_and_text(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("ok")
    apprise(httpserver.url_for("/hook").replace("http://", "json://")).send(samples.full(), key=KEY, thread=None)
    posted = json.loads(httpserver.log[-1][0].get_data())
    assert posted["title"] == samples.full().title
    assert "ARKF" in posted["message"]
    assert not posted.get("attachments")


def test_what_apprise_cannot_deliver_is_tried_again_and_nothing_is_logged(
    httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    httpserver.expect_request("/secret").respond_with_data("no", status=500)
    with caplog.at_level(logging.DEBUG):
        error = sent_error(apprise(httpserver.url_for("/secret").replace("http://", "json://")))
    assert (error.permanent, error.ambiguous) == (False, True)
    assert not [record for record in caplog.records if record.name.startswith("apprise")]


def test_an_address_apprise_does_not_know_is_said_without_showing_it() -> None:
    with pytest.raises(ConfigError, match=r"channels\.a: Apprise does not understand its url") as caught:
        apprise("nonsense-secret")
    assert "secret" not in str(caught.value)


def test_without_apprise_the_way_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r'pip install "holdings-monitor\[apprise\]"'):
        apprise("json://127.0.0.1/secret")
