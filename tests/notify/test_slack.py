"""Slack through the real library: what refusals mean, threads, edits, and finding what was sent."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from monitor.config import SlackSettings, SlackWebhookSettings
from monitor.core.errors import DeliveryError
from monitor.notify.channels import Channel, Receipt
from monitor.notify.message import Form
from monitor.notify.slack import SlackChannel
from monitor.notify.slack_webhook import SlackWebhookChannel
from tests.notify import samples
from tests.notify.loopback import HOUR, KEY, http_channel, sent_error, slack_settings


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
        listener.close()  # first: who sees the connection end finds nobody listening
        connection.recv(100_000)
        connection.close()

    thread = threading.Thread(target=drop, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{port}/secret/"
    channel: Channel = (
        SlackChannel("s", SlackSettings(type="slack", channel="C1", token=SecretStr("x"), base_url=url, timeout=30))
        if kind == "slack"
        else SlackWebhookChannel("h", SlackWebhookSettings(type="slack-webhook", url=SecretStr(url), timeout=30))
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


def place(server: HTTPServer, method: str, answer: dict[str, object] | None = None, status: int = 200) -> None:
    server.expect_request(f"/api/{method}").respond_with_json(
        answer or {"ok": True, "channel": "C9", "ts": "2.0"}, status=status
    )


def asked(server: HTTPServer) -> list[tuple[str, dict[str, object]]]:
    return [(request.path.rpartition("/")[2], json.loads(request.get_data())) for request, _ in server.log]


@pytest.mark.parametrize(
    ("form", "word"), [(Form.UPDATE, "Updated"), (Form.CORRECTION, "Corrected"), (Form.WITHDRAWN, "Withdrawn")]
)
def test_the_first_message_is_edited_before_the_reply_and_keeps_its_key(
    httpserver: HTTPServer, form: Form, word: str
) -> None:
    place(httpserver, "chat.update")
    place(httpserver, "chat.postMessage")
    message = replace(samples.full(4), form=form)
    receipt = SlackChannel("s", slack_settings(httpserver)).send(message, key="I:4:s", thread="C9/1.0/3 C9/1.5/2")
    (first, edit), (second, reply) = asked(httpserver)
    assert (first, second, receipt) == ("chat.update", "chat.postMessage", Receipt("C9/2.0/4"))
    assert (edit["channel"], edit["ts"], reply["thread_ts"]) == ("C9", "1.0", "1.0")
    assert str(edit["text"]).startswith(f"{word}: Two ARK funds")
    assert edit["metadata"]["event_payload"]["key"] == f"{message.item}:3:s"  # type: ignore[index]
    assert reply["metadata"]["event_payload"]["key"] == "I:4:s"  # type: ignore[index]


@pytest.mark.parametrize("name", ["edit_window_closed", "message_not_found", "cant_update_message"])
def test_a_message_that_cannot_be_edited_is_a_note_and_the_reply_comes(httpserver: HTTPServer, name: str) -> None:
    place(httpserver, "chat.update", {"ok": False, "error": name})
    place(httpserver, "chat.postMessage")
    receipt = SlackChannel("s", slack_settings(httpserver)).send(samples.full(2), key=KEY, thread="C9/1.0")
    assert receipt == Receipt("C9/2.0/2", f"the first message was not edited (Slack: {name})")


def test_an_edit_that_may_go_later_is_waited_for_but_not_for_ever(httpserver: HTTPServer) -> None:
    place(httpserver, "chat.update", {"ok": False, "error": "internal_error"}, status=500)
    place(httpserver, "chat.postMessage")
    channel = SlackChannel("s", slack_settings(httpserver))
    for _ in range(2):
        with pytest.raises(DeliveryError) as caught:
            channel.send(samples.full(2), key=KEY, thread="C9/1.0")
        assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
    assert "not edited" in channel.send(samples.full(2), key=KEY, thread="C9/1.0").note
    assert [method for method, _ in asked(httpserver)].count("chat.postMessage") == 1


def test_where_the_first_message_was_deleted_the_news_is_a_message_of_its_own(httpserver: HTTPServer) -> None:
    def answer(request: Request) -> Response:
        gone = "thread_ts" in json.loads(request.get_data())
        body = {"ok": False, "error": "thread_not_found"} if gone else {"ok": True, "channel": "C9", "ts": "3.0"}
        return Response(json.dumps(body), content_type="application/json")

    place(httpserver, "chat.update", {"ok": False, "error": "message_not_found"})
    httpserver.expect_request("/api/chat.postMessage").respond_with_handler(answer)
    receipt = SlackChannel("s", slack_settings(httpserver)).send(samples.full(2), key=KEY, thread="C9/1.0")
    assert receipt == Receipt("C9/3.0/2", "the first message is gone; posted as a new one")


@pytest.mark.parametrize("name", ["msg_too_long", "invalid_blocks", "channel_not_found"])
def test_a_refusal_says_whether_it_is_about_this_message(httpserver: HTTPServer, name: str) -> None:
    place(httpserver, "chat.postMessage", {"ok": False, "error": name})
    error = sent_error(SlackChannel("s", slack_settings(httpserver)))
    assert (error.permanent, error.destination) == (True, name == "channel_not_found")


def endless(request: Request, start: float, step: float) -> Response:
    """A conversation without end: 200 messages a page, `step` seconds apart, by a clock that says `start`."""
    page = int(request.values.get("cursor") or 0)
    messages = [{"ts": f"{start - (page * 200 + n) * step:.6f}"} for n in range(200)]
    body = {"ok": True, "messages": messages, "response_metadata": {"next_cursor": str(page + 1)}}
    return Response(json.dumps(body), content_type="application/json")


@pytest.mark.parametrize(("step", "pages"), [(100.0, {5}), (2.0, {18, 19})])
def test_looking_goes_back_as_far_as_the_message_may_be_by_slacks_own_clock(
    httpserver: HTTPServer, step: float, pages: set[int]
) -> None:
    at = datetime.now(UTC).timestamp()  # the loopback server's own clock, which its answers carry
    httpserver.expect_request("/api/conversations.history").respond_with_handler(lambda r: endless(r, at, step))
    assert SlackChannel("s", slack_settings(httpserver)).find(KEY, thread=None, age=HOUR) is None
    assert len(httpserver.log) in pages


def test_where_there_is_too_much_to_look_through_it_is_said(httpserver: HTTPServer) -> None:
    at = datetime.now(UTC).timestamp()  # the loopback server's own clock, which its answers carry
    httpserver.expect_request("/api/conversations.history").respond_with_handler(lambda r: endless(r, at, 0.1))
    with pytest.raises(DeliveryError, match="not among the newest 5000 messages") as caught:
        SlackChannel("s", slack_settings(httpserver)).find(KEY, thread=None, age=HOUR)
    assert caught.value.permanent
