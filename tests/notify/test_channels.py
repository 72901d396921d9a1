"""What every channel must do with every message, and the two that need no server."""

from __future__ import annotations

import io
import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from werkzeug import Response

from monitor.config import MailSettings, SlackSettings, SlackWebhookSettings
from monitor.core.errors import DeliveryError
from monitor.notify.channels import CHANNELS, Channel, Searchable
from monitor.notify.console import ConsoleChannel
from monitor.notify.file import FileChannel
from monitor.notify.mail import MailChannel
from monitor.notify.message import Message
from monitor.notify.slack import SlackChannel
from monitor.notify.slack_webhook import SlackWebhookChannel
from tests.notify import samples

EVERY = samples.every()
HOUR = timedelta(hours=1)
KEY = "I7d1f0a4c2e9b:1:channel"


class Mailbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 kept"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, port
    server.stop()


def mail_settings(port: int, **more: object) -> MailSettings:
    plain = {"type": "mail", "host": "127.0.0.1", "port": port, "security": "none", "timeout": 5}
    return MailSettings.model_validate(
        {**plain, "from": "Monitor <monitor@fund.example>", "to": ["desk@fund.example", "b@fund.example"], **more}
    )


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
        settings = SlackWebhookSettings(type="slack-webhook", url=SecretStr(server.url_for("/hook")), timeout=5)
        return SlackWebhookChannel("h", settings), posted
    server.expect_request("/api/chat.postMessage").respond_with_json({"ok": True, "channel": "C1", "ts": "1.5"})
    server.expect_request("/api/chat.update").respond_with_json({"ok": True, "channel": "C1", "ts": "1.5"})
    return SlackChannel("s", slack_settings(server)), posted


def slack_settings(server: HTTPServer) -> SlackSettings:
    return SlackSettings(
        type="slack", channel="C1", token=SecretStr("xoxb-secret"), base_url=server.url_for("/api/"), timeout=5
    )


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
        assert part.fund.split("<")[0].split("&")[0].split("`")[0] in text


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


# --- mail -----------------------------------------------------------------------------------------


def test_a_mail_is_whole(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    channel = MailChannel("m", mail_settings(port))
    first = channel.send(samples.full(), key=KEY, thread=None)
    again = channel.send(samples.full(2), key="other", thread=first.reference)
    mail, reply = box.mails
    assert mail["Subject"] == "Two ARK funds reopen Alibaba, first seen since 2021"
    assert mail["Message-ID"] == first.reference
    assert first.reference.endswith("@fund.example>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == samples.NOW
    assert [a.addr_spec for a in mail["To"].addresses] == ["desk@fund.example", "b@fund.example"]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert reply["References"] == reply["In-Reply-To"] == first.reference != again.reference


def test_no_name_can_add_a_header(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    key = "k\r\nBcc: victim@example.org"
    MailChannel("m", mail_settings(port)).send(
        samples.hostile(samples.HOSTILE["header"]), key=key, thread="<a>\r\nX-Evil: 1"
    )
    assert box.mails[0]["Bcc"] is None
    assert box.mails[0]["X-Evil"] is None
    assert len(box.mails[0]["To"].addresses) == 2


class Tags(HTMLParser):
    """Every tag and attribute in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.mark.parametrize("text", samples.HOSTILE.values(), ids=samples.HOSTILE)
def test_the_letter_has_no_foreign_markup_and_nothing_remote(mailbox: tuple[Mailbox, int], text: str) -> None:
    box, port = mailbox
    MailChannel("m", mail_settings(port)).send(samples.hostile(text), key=KEY, thread=None)
    body = box.mails[0].get_body(("html",))
    assert body is not None
    tags = Tags()
    tags.feed(str(body.get_content()))
    assert {tag for tag, _ in tags.seen}.isdisjoint({"script", "img", "link", "iframe", "object", "form", "base"})
    assert not [name for _, attrs in tags.seen for name in attrs if name.startswith("on") or name == "src"]
    assert [attrs["href"] for tag, attrs in tags.seen if tag == "a"] == ["https://page.example/x?y=<z>|w"]


class Refusing:
    """Answers one command with one line."""

    def __init__(self, **answers: str) -> None:
        for command, answer in answers.items():
            setattr(self, f"handle_{command}", self._answering(answer))

    def _answering(self, answer: str) -> object:
        async def handle(*_: object) -> str:
            return answer

        return handle


@pytest.mark.parametrize(
    ("answers", "permanent"),
    [
        ({"DATA": "451 try later"}, False),
        ({"DATA": "554 no thank you"}, True),
        ({"MAIL": "421 too busy"}, False),
        ({"MAIL": "550 who are you"}, True),
        ({"RCPT": "450 mailbox busy"}, False),
        ({"RCPT": "550 no such mailbox"}, True),
    ],
)
def test_the_server_says_whether_retrying_helps(answers: dict[str, str], permanent: bool) -> None:
    server = Controller(Refusing(**answers), hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        with pytest.raises(DeliveryError) as caught:
            MailChannel("m", mail_settings(server.port)).send(samples.full(), key=KEY, thread=None)
    finally:
        server.stop()
    assert (caught.value.permanent, caught.value.ambiguous) == (permanent, False)


def test_no_server_is_temporary_and_certainly_not_sent() -> None:
    with pytest.raises(DeliveryError) as caught:
        MailChannel("m", mail_settings(free_port())).send(samples.full(), key=KEY, thread=None)
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)


def test_a_server_without_starttls_is_not_given_the_message(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    with pytest.raises(DeliveryError) as caught:
        MailChannel("m", mail_settings(port, security="starttls")).send(samples.full(), key=KEY, thread=None)
    assert caught.value.permanent
    assert box.mails == []


def test_starttls_with_login(tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    from aiosmtpd.smtp import AuthResult

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    box = Mailbox()

    def check(server: object, session: object, envelope: object, mechanism: object, auth: object) -> AuthResult:
        good = getattr(auth, "password", b"") == b"right"
        return AuthResult(success=good, handled=good)

    port = free_port()
    server = Controller(
        box, hostname="127.0.0.1", port=port, tls_context=context, authenticator=check, auth_required=True
    )
    server.start()
    login: dict[str, object] = {"security": "starttls", "user": "u", "ca_file": tmp_path / "ca.pem"}
    try:
        MailChannel("m", mail_settings(port, **login, password="right")).send(samples.full(), key=KEY, thread=None)
        with pytest.raises(DeliveryError, match="535") as refused:
            MailChannel("m", mail_settings(port, **login, password="wrong")).send(samples.full(), key=KEY, thread=None)
        with pytest.raises(DeliveryError, match="SSLCertVerificationError") as unknown:
            MailChannel("m", mail_settings(port, security="starttls")).send(samples.full(), key=KEY, thread=None)
    finally:
        server.stop()
    assert len(box.mails) == 1
    assert refused.value.permanent
    assert not unknown.value.permanent


# --- Slack ----------------------------------------------------------------------------------------


def sent_error(channel: Channel) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        channel.send(samples.full(), key=KEY, thread=None)
    assert "secret" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    "name",
    ["channel_not_found", "invalid_auth", "account_inactive", "not_in_channel", "token_revoked", "is_archived"],
)
def test_slack_refusals_need_a_person(httpserver: HTTPServer, name: str) -> None:
    httpserver.expect_request("/api/chat.postMessage").respond_with_json({"ok": False, "error": name})
    assert sent_error(SlackChannel("s", slack_settings(httpserver))).permanent


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "30"}, 30.0),
        ({"Retry-After": "3600"}, 3600.0),
        ({}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "Tue, 23 Sep 2025 11:02:40 GMT", "Date": "Tue, 23 Sep 2025 11:02:00 GMT"}, 40.0),
    ],
)
@pytest.mark.parametrize("kind", ["slack", "slack-webhook"])
def test_a_rate_limit_says_when(httpserver: HTTPServer, kind: str, headers: dict[str, str], wait: float | None) -> None:
    def answer(_: object) -> Response:
        response = Response('{"ok":false,"error":"ratelimited"}', status=429, headers=headers)
        response.headers.setdefault("Date", "Tue, 23 Sep 2025 11:02:00 GMT")
        return response

    httpserver.expect_request(re.compile(".*")).respond_with_handler(answer)
    error = sent_error(http_channel(kind, httpserver))
    assert (error.permanent, error.ambiguous, error.retry_after) == (False, False, wait)


def http_channel(kind: str, server: HTTPServer) -> Channel:
    if kind == "slack":
        return SlackChannel("s", slack_settings(server))
    url = SecretStr(server.url_for("/services/secret"))
    return SlackWebhookChannel("h", SlackWebhookSettings(type="slack-webhook", url=url, timeout=5))


@pytest.mark.parametrize("kind", ["slack", "slack-webhook"])
def test_a_server_fault_is_ambiguous(httpserver: HTTPServer, kind: str) -> None:
    httpserver.expect_request(re.compile(".*")).respond_with_data("oops", status=500)
    error = sent_error(http_channel(kind, httpserver))
    assert (error.permanent, error.ambiguous) == (False, True)


@pytest.mark.parametrize("kind", ["slack", "slack-webhook"])
def test_a_dropped_connection_is_ambiguous_and_a_refused_one_is_not(kind: str) -> None:
    import threading

    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def drop() -> None:
        connection, _ = listener.accept()
        connection.recv(100_000)
        connection.close()
        listener.close()

    thread = threading.Thread(target=drop, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{port}/secret/"
    channel: Channel = (
        SlackChannel("s", SlackSettings(type="slack", channel="C1", token=SecretStr("x"), base_url=url, timeout=5))
        if kind == "slack"
        else SlackWebhookChannel("h", SlackWebhookSettings(type="slack-webhook", url=SecretStr(url), timeout=5))
    )
    assert sent_error(channel).ambiguous
    thread.join(5)
    error = sent_error(channel)
    assert (error.permanent, error.ambiguous) == (False, False)


@pytest.mark.parametrize(
    ("status", "body"), [(400, "invalid_payload"), (403, "action_prohibited"), (404, "no_service")]
)
def test_webhook_refusals_need_a_person(httpserver: HTTPServer, status: int, body: str) -> None:
    httpserver.expect_request(re.compile(".*")).respond_with_data(body, status=status)
    error = sent_error(http_channel("slack-webhook", httpserver))
    assert error.permanent
    assert body in str(error)


def test_slack_finds_its_own_message_on_a_later_page(httpserver: HTTPServer) -> None:
    ours = {"ts": "7.7", "metadata": {"event_type": "x", "event_payload": {"key": KEY}}}
    pages = {
        "": {"ok": True, "messages": [{"ts": "9.9"}], "response_metadata": {"next_cursor": "two"}},
        "two": {"ok": True, "messages": [{"ts": "8.8", "metadata": {}}, ours]},
    }

    def answer(request: object) -> Response:
        form = request.values  # type: ignore[attr-defined]
        assert form["include_all_metadata"] in ("1", "true", "True")
        return Response(json.dumps(pages[form.get("cursor", "")]), content_type="application/json")

    httpserver.expect_request("/api/conversations.history").respond_with_handler(answer)
    channel = SlackChannel("s", slack_settings(httpserver))
    found = channel.find(KEY, thread=None, age=HOUR)
    assert found is not None
    assert found.reference == "C1/7.7"
    assert channel.find("another", thread=None, age=HOUR) is None


def test_slack_replies_in_the_thread_and_looks_there(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/chat.postMessage").respond_with_json({"ok": True, "channel": "C9", "ts": "2.0"})
    httpserver.expect_request("/api/chat.update").respond_with_json({"ok": True, "channel": "C9", "ts": "1.0"})
    httpserver.expect_request("/api/conversations.replies").respond_with_json({"ok": True, "messages": []})
    channel = SlackChannel("s", slack_settings(httpserver))
    channel.send(samples.full(2), key=KEY, thread="C9/1.0")
    posted = json.loads(httpserver.log[-1][0].get_data())
    assert (posted["channel"], posted["thread_ts"]) == ("C9", "1.0")
    assert channel.find(KEY, thread="C9/1.0", age=HOUR) is None
