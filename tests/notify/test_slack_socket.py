"""The listener against a Slack on this machine: acknowledging, answering once, connecting again, ending."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from slack_sdk.socket_mode.builtin.connection import Connection

from monitor.config import SlackSettings
from monitor.notify import slack_socket
from monitor.notify.blocks import MUTE, TIMELINE
from monitor.notify.conversation import Ask, Asked, Reply
from monitor.notify.probing import probe
from monitor.notify.slack import quiet
from monitor.notify.slack_socket import Listener, pause
from tests.notify.loopback_slack import LoopbackSlack, until

APP_TOKEN, BOT_TOKEN = "xapp-secret-app", "xoxb-secret-bot"
SECRETS = (APP_TOKEN, BOT_TOKEN, "secret-ticket", "verification-secret")


@pytest.fixture
def slack(httpserver: HTTPServer) -> Iterator[LoopbackSlack]:
    """A Slack on this machine."""
    made = LoopbackSlack(httpserver)
    yield made
    made.stop()


class Answering:
    """Keeps the questions and answers each with its own text."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.public = False

    def __call__(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if asked.text == "raise":
            raise KeyError(asked.text)
        return Reply(f"you said {asked.text}", public=self.public)


def settings_of(slack: LoopbackSlack) -> SlackSettings:
    return SlackSettings(
        type="slack", channel="C1", token=SecretStr(BOT_TOKEN), base_url=slack.web.url_for("/api/"), timeout=30,
        interactive=True, app_token=SecretStr(APP_TOKEN),
    )  # fmt: skip


@pytest.fixture
def answering() -> Answering:
    """The answers of the test."""
    return Answering()


@pytest.fixture
def listener(
    slack: LoopbackSlack, answering: Answering, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Listener]:
    """Started; at the end it must stop in time and have said no secret."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nothing on this machine is reached through it
    caplog.set_level(logging.DEBUG)
    made = Listener("slack", settings_of(slack), answering)
    made.start()
    yield made
    began = time.monotonic()
    made.stop()
    assert time.monotonic() - began < 30  # the threads are left behind where they do not end
    until(lambda: not any(one.is_alive() for one in made._threads), "its threads ended")
    assert not [secret for secret in SECRETS if secret in caplog.text]


def test_a_command_is_acknowledged_and_answered_to_its_address(
    slack: LoopbackSlack, listener: Listener, answering: Answering
) -> None:
    slack.send(slack.command("who-holds &lt;TSLA&gt; &amp;amp;"))
    until(lambda: slack.answers and slack.acks, "an answer")
    assert slack.acks == ["e1"]
    assert slack.opened == [f"Bearer {APP_TOKEN}"]
    answer = slack.answers[0]
    assert (answer["response_type"], answer["replace_original"]) == ("ephemeral", False)
    assert answer["text"] == "you said who-holds &lt;TSLA&gt; &amp;amp;"
    assert answering.asked[0] == Asked(
        Ask.COMMAND, "who-holds <TSLA> &amp;", "U012AB", "anna", "C1", command="/holdings",
        answer_to=slack.web.url_for("/answer"),
    )  # fmt: skip


def test_a_press_says_which_button_message_and_person(
    slack: LoopbackSlack, listener: Listener, answering: Answering
) -> None:
    slack.send(slack.press(TIMELINE, "I7d1f"))
    slack.send(slack.press(MUTE, "I7d1f", "e2"))
    slack.send(slack.press("somebody_elses_button", "I7d1f", "e3"))
    until(lambda: len(slack.acks) == 3 and len(slack.answers) == 2, "two answers")
    assert {asked.what for asked in answering.asked} == {Ask.TIMELINE, Ask.MUTE}
    asked = next(one for one in answering.asked if one.what is Ask.MUTE)
    assert (asked.text, asked.who, asked.channel, asked.message) == ("I7d1f", "Slack U012AB", "C1", "1.5")
    assert asked.press == "17.e2"


def test_what_all_may_see_goes_below_the_message(
    slack: LoopbackSlack, listener: Listener, answering: Answering
) -> None:
    answering.public = True
    slack.send(slack.press(MUTE, "I1"))
    until(lambda: slack.answers, "an answer")
    assert (slack.answers[0]["response_type"], slack.answers[0]["thread_ts"]) == ("in_channel", "1.5")


@pytest.mark.parametrize(("public", "method"), [(False, "chat.postEphemeral"), (True, "chat.postMessage")])
def test_an_address_that_is_used_up_is_replaced_by_the_channel(
    slack: LoopbackSlack, listener: Listener, answering: Answering, public: bool, method: str
) -> None:
    slack.answer_status, answering.public = 404, public
    slack.send(slack.press(TIMELINE, "I1"))
    until(lambda: slack.posted, "a message")
    assert [name for name, _ in slack.posted] == [method]
    body = slack.posted[0][1]
    assert (body["channel"], body.get("user"), body.get("thread_ts")) == (
        ("C1", None, "1.5") if public else ("C1", "U012AB", None)
    )


def test_answers_do_not_go_elsewhere(slack: LoopbackSlack, listener: Listener) -> None:
    slack.send(slack.command("x", response_url="http://192.0.2.1/steal"))
    until(lambda: slack.posted, "a message")
    assert slack.posted[0][0] == "chat.postEphemeral"


def test_an_answer_that_may_have_arrived_is_not_repeated(slack: LoopbackSlack, listener: Listener) -> None:
    slack.answer_status = 500
    slack.send(slack.command("x"))
    slack.answer_status = 500
    until(lambda: any(one.path == "/answer" for one, _ in slack.web.log), "an attempt")
    slack.send(slack.command("y", "e2"))
    until(lambda: sum(one.path == "/answer" for one, _ in slack.web.log) == 2, "another")
    assert slack.posted == []


def test_a_lost_acknowledgement_changes_nothing(slack: LoopbackSlack, listener: Listener, answering: Answering) -> None:
    once = slack.press(MUTE, "I1")
    slack.send(once)
    slack.send(once)
    slack.send(once | {"envelope_id": "again"})  # the same press in another envelope
    slack.send(slack.command("last", "e9"))
    until(lambda: len(slack.acks) == 4 and len(slack.answers) == 2, "acknowledgements and answers")
    assert sorted(asked.text for asked in answering.asked) == ["I1", "last"]


def test_a_question_that_came_before_the_connection_broke_is_not_asked_again(
    slack: LoopbackSlack, listener: Listener, answering: Answering
) -> None:
    slack.send(slack.command("x"))
    slack.drop()
    slack.send(slack.command("x"), 1)
    slack.send(slack.command("y", "e2"), 1)
    until(lambda: "y" in [asked.text for asked in answering.asked], "the second question")
    assert [asked.text for asked in answering.asked].count("x") == 1


def test_it_connects_again_when_slack_asks_for_it(
    slack: LoopbackSlack, listener: Listener, answering: Answering
) -> None:
    slack.send({"type": "disconnect", "reason": "refresh_requested"})
    slack.session(1)
    slack.send(slack.command("x"), 1)
    until(lambda: answering.asked, "a question over the second connection")
    assert len(slack.opened) == 2


@pytest.mark.parametrize("how", ["closed", "dropped"])
def test_it_connects_again_when_the_connection_ends(
    slack: LoopbackSlack, listener: Listener, answering: Answering, how: str
) -> None:
    first = slack.session()
    if how == "closed":
        first.close()
    else:
        slack.drop()
    slack.send(slack.command("x"), 1)
    until(lambda: answering.asked, "a question over the second connection")


def test_nonsense_is_acknowledged_and_ignored(slack: LoopbackSlack, listener: Listener, answering: Answering) -> None:
    payloads: list[object] = [None, [], "x", {"type": "block_actions", "actions": [None]}, {"type": []}]
    for number, payload in enumerate(payloads):
        for kind in ("interactive", "slash_commands", "events_api"):
            slack.send({"type": kind, "envelope_id": f"n{number}{kind}", "payload": payload})
    slack.session().send("not JSON")
    slack.session().send('{"type": "unfinished')
    slack.send(slack.command("x", user_id="<!channel>"))
    slack.send(slack.command("good", "e2"))
    until(lambda: slack.answers and len(slack.acks) == 17, "an answer and all acknowledgements")
    assert [asked.text for asked in answering.asked] == ["good"]


def test_a_mistake_in_an_answer_is_said_and_costs_nothing_else(
    slack: LoopbackSlack, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    slack.send(slack.command("raise"))
    until(lambda: slack.answers, "an answer")
    slack.send(slack.command("x", "e2"))
    until(lambda: len(slack.answers) == 2, "the next answer")
    assert "made a mistake" in slack.answers[0]["text"]
    assert "KeyError" in caplog.text


def test_more_questions_than_can_wait_are_acknowledged_with_that(
    slack: LoopbackSlack, listener: Listener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def slow(_asked: Asked) -> Reply:
        begun.release()
        return Reply("late") if go_on.wait(60) else Reply("never")

    monkeypatch.setattr(listener, "_answer", slow)
    for number in range(40):
        slack.send(slack.command("x", f"e{number}"))
        if number < slack_socket.WORKERS:
            assert begun.acquire(timeout=60)
        until(lambda count=number + 1: len(slack.acks) == count, "an acknowledgement")  # type: ignore[misc]
    slack.send(slack.press(MUTE, "I1", "pressed"))  # cannot be answered in an acknowledgement
    until(lambda: len(slack.acks) == 41 and len(slack.answers) == 6, "acknowledgements with words")
    assert "one of Slack U012AB was left out" in caplog.text
    go_on.set()
    until(lambda: len(slack.answers) == 40, "all answers")
    assert sorted(answer["text"] for answer in slack.answers) == [slack_socket.BUSY] * 6 + ["late"] * 34


def test_a_refusal_is_said_once_and_tried_again(
    slack: LoopbackSlack, answering: Answering, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_socket, "REFUSED_WAIT", 0.05)
    monkeypatch.setattr(slack_socket, "LONGEST_WAIT", 0.05)
    slack.opening += [{"ok": False, "error": "invalid_auth"}] * 5
    made = Listener("slack", settings_of(slack), answering)
    made.start()
    slack.send(slack.command("x"))
    until(lambda: answering.asked, "a question")
    made.stop()
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == ["cannot listen to Slack for slack, trying on: Slack answers invalid_auth"]
    assert not [secret for secret in SECRETS if secret in caplog.text]


@pytest.mark.parametrize(
    "url", ["ws://slack.example/link", "wss://slack.example:8443/link", "http://[", "", "wss:///x"]
)
def test_an_address_that_is_not_encrypted_is_not_used(
    slack: LoopbackSlack, answering: Answering, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    slack.opening.append({"ok": True, "url": url})
    made = Listener("slack", settings_of(slack), answering)
    made.start()
    until(lambda: "not encrypted" in caplog.text, "a refusal")
    made.stop()
    assert slack.sessions == []


def test_an_address_without_a_path_is_one(slack: LoopbackSlack, answering: Answering) -> None:
    slack.opening.append({"ok": True, "url": f"ws://127.0.0.1:{slack.port}"})
    made = Listener("slack", settings_of(slack), answering)
    made.start()
    slack.send(slack.command("x"))
    until(lambda: slack.answers, "an answer")
    made.stop()
    assert len(slack.opened) == 1


@pytest.mark.parametrize("answer", [{"ok": False, "error": "ratelimited"}, {"ok": False, "error": "internal_error"}])
def test_it_ends_at_once_while_it_waits(slack: LoopbackSlack, answering: Answering, answer: dict[str, object]) -> None:
    slack.opening += [answer] * 3
    made = Listener("slack", settings_of(slack), answering)
    made.start()
    until(lambda: slack.opened, "an attempt")
    made.stop()
    until(lambda: not any(one.is_alive() for one in made._threads), "its threads ended")


def test_waits_grow_and_end_somewhere() -> None:
    assert pause(0) == 0
    for failures in range(1, 40):
        assert 2.0 ** min(failures, 7) / 4 <= pause(failures) * 1.0001 + (failures > 6) * 60
        assert pause(failures) <= 60


def test_the_manifest_asks_for_what_the_program_uses() -> None:
    yaml = pytest.importorskip("yaml")
    manifest = yaml.safe_load((Path(__file__).parents[2] / "deploy" / "slack-manifest.yaml").read_text("utf-8"))
    scopes = {
        "chat:write", "commands", "channels:history", "groups:history", "channels:read", "groups:read", "files:write",
    }  # fmt: skip
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == scopes
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == "/holdings"
    assert "url" not in command


def test_the_end_of_an_encrypted_connection_is_seen_and_a_waiting_read_is_woken(tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(ours)
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as pool:
        accepted = pool.submit(lambda: theirs.wrap_socket(server.accept()[0], server_side=True))
        sock = ours.wrap_socket(socket.create_connection(server.getsockname(), 60), server_hostname="127.0.0.1")
        there = accepted.result(60)
        session = Connection("wss://127.0.0.1/", quiet())
        session.sock = sock
        assert not slack_socket._has_ended(session)
        there.send(b"x")
        assert sock.recv(1) == b"x"
        reading = pool.submit(lambda: sock.recv(1))
        slack_socket._wake(session)
        assert isinstance(reading.exception(60) or reading.result(), bytes | OSError)
        assert slack_socket._has_ended(session)
        there.close()
        session.close()
        assert not slack_socket._has_ended(session)


def test_the_doctor_asks_whether_the_app_token_is_taken(slack: LoopbackSlack) -> None:
    for method in ("auth.test", "conversations.info", "conversations.history"):
        slack.web.expect_request(f"/api/{method}").respond_with_json({"ok": True})
    assert [one.text for one in probe(settings_of(slack)) if one.asked == "apps.connections.open"] == ["allowed"]
    slack.opening += [{"ok": False, "error": "missing_scope"}, {"ok": False, "error": "invalid_auth"}]
    (lacking, refused) = (list(probe(settings_of(slack)))[-1] for _ in range(2))
    assert (lacking.well, "connections:write" in lacking.text) == (None, True)
    assert (refused.well, refused.text) == (False, "invalid_auth")
    quiet_one = settings_of(slack).model_copy(update={"interactive": False})
    assert "apps.connections.open" not in [one.asked for one in probe(quiet_one)]
