"""Several processes, slow destinations and a database out of reach: one set of messages all the same."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from monitor.config import SlackSettings
from monitor.delivery import DeliveryReport, attempt, deliver_due, passes
from monitor.notify.channels import Receipt
from monitor.notify.handing import last_chance
from monitor.notify.message import Form, Message
from monitor.notify.slack import SlackChannel
from monitor.store import claims, outbox, workers
from monitor.store.engine import Engine, StoreUnavailable, open_engine, reading, transaction
from tests.deliveries import Clock, FakeChannel, SearchableFake, alert, deliver, enqueue


@pytest.fixture
def second(database_url: str) -> Iterator[Engine]:
    """Another process' way to the same database."""
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


def test_two_daemons_send_one_set_of_messages_in_order_at_one_pace(engine: Engine, second: Engine) -> None:
    sent: list[tuple[str, float]] = []
    turn = threading.Lock()

    class Shared(FakeChannel):
        def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
            assert turn.acquire(blocking=False)  # never two at the same time
            sent.append((key, time.monotonic()))
            turn.release()
            return Receipt(key)

    enqueue(engine, "slack", *(alert(f"I{n}") for n in range(30)))
    began = Clock()
    zero = time.monotonic()

    def now() -> object:
        return began.now + timedelta(seconds=time.monotonic() - zero)

    def work(own: Engine, holder: str) -> None:
        while deliver_due(
            own,
            {"slack": Shared("slack", pace=0.05)},
            now=now,  # type: ignore[arg-type]
            report=lambda _: None,
            pause=time.sleep,
            holder=holder,
        ).waiting:
            time.sleep(0.01)

    threads = [threading.Thread(target=work, args=each) for each in ((engine, "one"), (second, "two"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [key for key, _ in sent] == [f"I{n}:1:slack" for n in range(30)]
    distances = [after - before for (_, before), (_, after) in pairwise(sent)]
    assert min(distances) > 0.045
    with reading(engine) as conn:
        assert {row.holder for row in outbox.listing(conn)} <= {"one", "two"}


def test_who_was_stopped_longer_than_the_lease_and_continued_sends_nothing(engine: Engine, second: Engine) -> None:
    """The first claims and is stopped; the second takes over and sends; the first goes on."""
    clock, slack = Clock(), SearchableFake("slack")
    enqueue(engine, "slack", alert())
    claim = claims.claim

    def stopped(*args: object, **named: object) -> list[claims.Claimed]:
        taken = claim(*args, **named)  # type: ignore[arg-type]
        patch.undo()
        clock.forward(seconds=passes.LEASE_SECONDS)
        assert deliver(second, clock, slack).sent == 1
        return taken

    said: list[str] = []
    patch = pytest.MonkeyPatch()
    patch.setattr(claims, "claim", stopped)
    assert deliver_due(engine, {"slack": slack}, now=clock, report=said.append) == DeliveryReport(0, 0, 0, 0)
    assert slack.keys == ["I1:1:slack"]
    assert said == ["I1:1:slack: not sent, the claim was lost"]


class Connecting(FakeChannel):
    """Has something to do before it can hand a message over; `meanwhile` happens then, once."""

    meanwhile: Callable[[], object] | None = None

    def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
        happening, self.meanwhile = self.meanwhile, None
        if happening is not None:
            happening()
        last_chance()
        return super().send(message, key=key, thread=thread)


def test_who_was_stopped_while_connecting_sends_nothing_either(engine: Engine, second: Engine) -> None:
    clock, mail = Clock(), Connecting("mail")

    def stopped() -> None:
        clock.forward(seconds=passes.LEASE_SECONDS)
        assert deliver(second, clock, mail).sent == 1

    mail.meanwhile = stopped
    enqueue(engine, "mail", alert())
    assert deliver(engine, clock, mail) == DeliveryReport(0, 0, 0, 0)
    assert mail.keys == ["I1:1:mail"]


def test_an_attempt_nobody_waits_for_any_more_does_not_send_late(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, mail, go_on, over = Clock(), Connecting("mail"), threading.Event(), threading.Event()

    def slowly() -> None:
        go_on.wait(60)
        over.set()

    mail.meanwhile = slowly
    enqueue(engine, "mail", alert())
    with monkeypatch.context() as patch:
        patch.setattr(attempt, "DEADLINE", 0.05)
        assert deliver(engine, clock, mail).failed == 1
    go_on.set()
    assert over.wait(60)
    clock.forward(minutes=1)
    assert deliver(engine, clock, mail).sent == 1
    assert mail.keys == ["I1:1:mail"]


def test_what_a_killed_process_was_sending_is_looked_for_before_its_lease_ends(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, slack = Clock(), SearchableFake("slack")
    monkeypatch.setattr(workers, "is_gone", lambda holder: holder == "killed")
    enqueue(engine, "slack", alert())
    lease = attempt.lease_for(slack, passes.LEASE_SECONDS)
    (taken,) = claims.claim(engine, now=clock(), lease_seconds=lease, limit=1, holder="killed")
    slack.send(alert(), key=taken.key, thread=None)
    clock.forward(seconds=19)
    assert deliver(engine, clock, slack) == DeliveryReport(0, 0, 0, 1)
    clock.forward(seconds=1)
    assert deliver(engine, clock, slack) == DeliveryReport(1, 0, 0, 0)
    assert slack.keys == ["I1:1:slack"]


def test_a_slow_destination_delays_nobody_else(engine: Engine) -> None:
    """While one answer is awaited, the other channel's messages go, those promised meanwhile too."""
    clock, mail, answered = Clock(), FakeChannel("mail"), threading.Event()

    class Slow(FakeChannel):
        def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
            enqueue(engine, "mail", alert("I2"))
            answered.wait(20)
            return super().send(message, key=key, thread=thread)

    class Watched(FakeChannel):
        def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
            mail.send(message, key=key, thread=thread)
            if message.item == "I2":
                answered.set()
            return Receipt(key)

    enqueue(engine, "slack", alert("I1"))
    enqueue(engine, "mail", alert("I1"))
    assert deliver(engine, clock, Slow("slack"), Watched("mail")) == DeliveryReport(3, 0, 0, 0)
    assert answered.is_set()
    assert mail.keys == ["I1:1:mail", "I2:1:mail"]


def test_a_fault_of_one_channel_stops_no_other_and_is_not_hidden(engine: Engine) -> None:
    class Faulty(FakeChannel):
        def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
            raise KeyError("a bug of ours")

    mail = FakeChannel("mail")
    enqueue(engine, "slack", alert())
    enqueue(engine, "mail", *(alert(f"I{n}") for n in range(20)))
    with pytest.raises(KeyError):
        deliver(engine, Clock(), Faulty("slack"), mail)
    assert len(mail.keys) == 20


def out_of_reach(times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next `times` records fail because the database is locked."""
    record = claims.record_sent
    left = iter(range(times))

    def locked(*args: object, **named: object) -> bool:
        if next(left, None) is not None:
            raise StoreUnavailable("locked")
        return record(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(claims, "record_sent", locked)


def test_what_was_sent_is_recorded_when_the_database_is_back(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    clock, mail = Clock(), FakeChannel("mail")
    enqueue(engine, "mail", alert())
    out_of_reach(5, monkeypatch)
    assert deliver(engine, clock, mail, pause=waits.append).sent == 1
    assert waits == [1.0] * 5
    assert deliver(engine, clock, mail) == DeliveryReport(0, 0, 0, 0)
    assert len(mail.keys) == 1


def test_what_was_sent_is_recorded_also_by_who_is_to_stop(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = FakeChannel("mail")
    enqueue(engine, "mail", alert(), alert("I2"))
    out_of_reach(2, monkeypatch)
    assert deliver(engine, Clock(), mail, pause=lambda _: True) == DeliveryReport(1, 0, 0, 1)
    assert len(mail.keys) == 1


def test_who_is_to_stop_does_not_try_for_ever(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = FakeChannel("mail")
    enqueue(engine, "mail", alert())
    monkeypatch.setattr(attempt, "AT_THE_END", 0.0)
    out_of_reach(attempt.RECORD_TRIES - 1, monkeypatch)
    assert deliver(engine, Clock(), mail, pause=lambda _: True).sent == 0


def test_when_the_lease_ends_first_we_look_before_we_send_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, slack = Clock(), SearchableFake("slack")

    def pause(seconds: float) -> None:
        clock.forward(seconds=seconds)

    enqueue(engine, "slack", alert())
    monkeypatch.setattr(attempt, "RECORD_TRIES", 1000)
    out_of_reach(int(passes.LEASE_SECONDS) + 1, monkeypatch)
    report = deliver(engine, clock, slack, pause=pause)
    assert clock.now - Clock().now == timedelta(seconds=passes.LEASE_SECONDS)
    assert (report, slack.keys) == (DeliveryReport(1, 0, 0, 0), ["I1:1:slack"])


def test_a_claim_that_cannot_be_confirmed_sends_nothing_and_leaves_no_doubt(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, mail = Clock(), FakeChannel("mail")
    enqueue(engine, "mail", alert())

    def locked(*_: object) -> bool:
        raise StoreUnavailable("locked")

    with monkeypatch.context() as patch:
        patch.setattr(claims, "still_ours", locked)
        assert deliver(engine, clock, mail).failed == 1
    clock.forward(seconds=2)
    assert deliver(engine, clock, mail).sent == 1
    assert not mail.received[0][1].repeated


def test_a_lease_is_never_shorter_than_looking_and_sending_may_take(engine: Engine) -> None:
    class Patient(FakeChannel):
        patience = 100.0

    seen: list[timedelta] = []

    class Curious(Patient):
        def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
            with transaction(engine) as conn:
                row = outbox.listing(conn)[0]
            assert row.lease_until is not None
            seen.append(row.lease_until - row.created_at)
            return Receipt(key)

    enqueue(engine, "slack", alert())
    deliver_due(engine, {"slack": Curious("slack")}, now=Clock(), report=lambda _: None, lease_seconds=5)
    assert seen == [timedelta(seconds=210)]


# --- the real library before a Slack that misbehaves ----------------------------------------------


class Conversation:
    """One Slack conversation: keeps what is posted and edited, and lets it be read. `mishaps` befall the next posts."""

    def __init__(self, server: HTTPServer) -> None:
        self.messages: list[dict[str, object]] = []
        self.mishaps: list[Callable[[], Response]] = []
        for method in ("chat.postMessage", "chat.update", "conversations.history", "conversations.replies"):
            name = method.replace(".", "_")
            server.expect_request(f"/api/{method}").respond_with_handler(getattr(self, name))

    def chat_postMessage(self, request: Request) -> Response:
        self.messages.append({**json.loads(request.get_data()), "ts": f"{time.time():.6f}"})
        if self.mishaps:
            return self.mishaps.pop(0)()
        return answer(ok=True, channel="C1", ts=self.messages[-1]["ts"])

    def chat_update(self, request: Request) -> Response:
        edit = json.loads(request.get_data())
        for message in self.messages:
            if message["ts"] == edit["ts"]:
                message.update(edit)
        return answer(ok=True, channel="C1", ts=edit["ts"])

    def conversations_history(self, request: Request) -> Response:
        return answer(ok=True, messages=[one for one in reversed(self.messages) if not one.get("thread_ts")])

    def conversations_replies(self, request: Request) -> Response:
        return answer(
            ok=True,
            messages=[one for one in self.messages if request.values["ts"] in (one["ts"], one.get("thread_ts"))],
        )

    @property
    def keys(self) -> list[object]:
        return [one["metadata"]["event_payload"]["key"] for one in self.messages]  # type: ignore[index]


def answer(status: int = 200, **tree: object) -> Response:
    return Response(json.dumps(tree), status=status, content_type="application/json")


def server_error() -> Response:
    return answer(500, ok=False, error="internal_error")


def test_slack_that_kept_the_message_and_answered_500_shows_it_once(engine: Engine, httpserver: HTTPServer) -> None:
    kept = Conversation(httpserver)
    settings = SlackSettings(
        type="slack", channel="C1", token=SecretStr("xoxb-1"), base_url=httpserver.url_for("/api/"), timeout=30
    )
    clock, slack = Clock(), SlackChannel("slack", settings)
    enqueue(engine, "slack", alert("I1"), alert("I2"), alert("I1", 2, Form.CORRECTION), alert("I1", 3, Form.WITHDRAWN))
    kept.mishaps = [server_error, server_error, server_error]
    while deliver(engine, clock, slack).waiting:
        clock.forward(seconds=30)
    assert kept.keys == [f"{key}:slack" for key in ("I1:1", "I2:1", "I1:2", "I1:3")]
    first, other, correction, withdrawn = kept.messages
    assert str(first["text"]).startswith("Withdrawn: about I1")
    assert correction["thread_ts"] == withdrawn["thread_ts"] == first["ts"]
    assert not other.get("thread_ts")
    assert not [one for one in kept.messages if "possibly repeated" in str(one["text"])]
