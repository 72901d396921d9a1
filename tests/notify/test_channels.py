"""What every channel must do with every message, and the two that need no server."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from monitor.config import AppriseSettings, SlackWebhookSettings, WebhookSettings
from monitor.core.errors import DeliveryError
from monitor.notify.apprise import AppriseChannel
from monitor.notify.channels import CHANNELS, Channel, Searchable
from monitor.notify.console import ConsoleChannel
from monitor.notify.file import FileChannel
from monitor.notify.handing import asking
from monitor.notify.mail import MailChannel
from monitor.notify.message import Message
from monitor.notify.slack import SlackChannel
from monitor.notify.slack_webhook import SlackWebhookChannel
from monitor.notify.webhook import WebhookChannel
from tests.notify import samples
from tests.notify.loopback import HOUR, KEY, mail_settings, slack_settings

EVERY = samples.every()


@pytest.fixture
def carried(request: pytest.FixtureRequest) -> Callable[[str], tuple[Channel, Callable[[], str]]]:
    """By type: a channel on a loopback destination, and what can be read at that destination as text."""

    def make(kind: str) -> tuple[Channel, Callable[[], str]]:
        if kind == "console":
            out = io.StringIO()
            return ConsoleChannel("c", out), out.getvalue
        if kind == "file":
            path = request.getfixturevalue("tmp_path") / "deep" / "alerts.jsonl"
            return FileChannel("f", path), lambda: path.read_text(encoding="utf-8")
        if kind == "mail":
            box, port = request.getfixturevalue("mailbox")
            return MailChannel("m", mail_settings(port)), lambda: _all_text(box.mails[-1])
        return _over_http(kind, request.getfixturevalue("httpserver"))

    return make


def _over_http(kind: str, server: HTTPServer) -> tuple[Channel, Callable[[], str]]:
    def posted() -> str:
        return json.dumps(json.loads(server.log[-1][0].get_data()), ensure_ascii=False)

    if kind == "slack-webhook":
        server.expect_request("/hook").respond_with_data("ok")
        settings = SlackWebhookSettings(type="slack-webhook", url=SecretStr(server.url_for("/hook")), timeout=30)
        return SlackWebhookChannel("h", settings), posted
    if kind == "webhook":
        server.expect_request("/hook", method="POST").respond_with_data("", status=204)
        return WebhookChannel("w", WebhookSettings(type="webhook", url=SecretStr(server.url_for("/hook")))), posted
    if kind == "apprise":
        server.expect_request("/hook").respond_with_data("ok")
        url = SecretStr(server.url_for("/hook").replace("http://", "json://"))
        return AppriseChannel("a", AppriseSettings(type="apprise", url=url)), posted
    server.expect_request("/api/chat.postMessage").respond_with_json({"ok": True, "channel": "C1", "ts": "1.5"})
    server.expect_request("/api/chat.update").respond_with_json({"ok": True, "channel": "C1", "ts": "1.5"})
    return SlackChannel("s", slack_settings(server)), posted


def _all_text(mail: EmailMessage) -> str:
    parts = [str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([str(mail["Subject"]), *parts])


@pytest.mark.parametrize("kind", CHANNELS)
@pytest.mark.parametrize("message", EVERY.values(), ids=EVERY)
def test_every_channel_carries_every_message(
    kind: str, message: Message, carried: Callable[[str], tuple[Channel, Callable[[], str]]]
) -> None:
    channel, received = carried(kind)
    receipt = channel.send(message, key=KEY, thread=None)
    assert receipt.reference
    assert receipt == channel.send(message, key=KEY, thread=receipt.reference)
    text = received()
    assert message.title[:20].split("<")[0].split("&")[0].split('"')[0] in text
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b\ufeff]", text)
    for part in message.funds:
        assert re.split("[<&`@]", part.fund)[0] in text


@pytest.mark.parametrize("kind", ["slack", "slack-webhook"])
def test_slack_is_never_told_to_call_anyone(
    kind: str, carried: Callable[[str], tuple[Channel, Callable[[], str]]]
) -> None:
    channel, received = carried(kind)
    channel.send(samples.hostile(samples.HOSTILE["mention"]), key=KEY, thread=None)
    assert not re.search(r"<[!@#]", received())
    assert json.loads(received())["unfurl_links"] is False
    assert json.loads(received())["metadata"]["event_payload"]["key"] == KEY


# --- file and console -----------------------------------------------------------------------------


def test_the_file_holds_everything_and_survives_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"key": "torn', encoding="utf-8")
    channel = FileChannel("f", path)
    assert channel.find(KEY, thread=None, age=HOUR) is None
    channel.send(samples.full(), key=KEY, thread=None)
    line = json.loads(path.read_text(encoding="utf-8").splitlines()[1])
    assert (line["key"], line["item"], line["severity"], line["value"]) == (KEY, "I7d1f0a4c2e9b", "high", "16300000")
    assert [part["fund"] for part in line["funds"]] == ["ARKF", "ARKW"]
    assert line["claim"].startswith("Two ARK funds reopen Alibaba")
    assert isinstance(channel, Searchable)
    assert channel.find(KEY, thread=None, age=HOUR)
    assert channel.find("other", thread=None, age=HOUR) is None
    assert FileChannel("g", tmp_path / "none").find(KEY, thread=None, age=HOUR) is None


def test_what_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    out = io.StringIO()
    out.close()
    for channel in (FileChannel("f", tmp_path), ConsoleChannel("c", out)):
        with pytest.raises(DeliveryError) as caught:
            channel.send(samples.full(), key=KEY, thread=None)
        assert not caught.value.permanent
    with pytest.raises(DeliveryError):
        FileChannel("f", tmp_path).find(KEY, thread=None, age=HOUR)


@pytest.mark.parametrize("kind", CHANNELS)
def test_every_channel_asks_in_the_last_moment(
    kind: str, carried: Callable[[str], tuple[Channel, Callable[[], str]]]
) -> None:
    channel, received = carried(kind)
    channel.send(samples.full(), key="first", thread=None)
    before = received()

    def no() -> None:
        raise DeliveryError("too late", permanent=False)

    with asking(no), pytest.raises(DeliveryError, match="too late"):
        channel.send(samples.full(2), key=KEY, thread="C1/1.5")
    assert received() == before
