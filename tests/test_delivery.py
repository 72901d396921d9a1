"""Emptying the outbox, told as stories: what arrives, how often, in which order, and who hears of trouble."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from monitor import telling
from monitor.core.errors import DeliveryError
from monitor.core.rules import AlertPlan
from monitor.delivery import DeliveryReport, attempt, back_off, deliver_due, passes, promise
from monitor.notify.channels import Receipt
from monitor.notify.message import Form, Message
from monitor.store import claims, outbox
from monitor.store.engine import Engine, reading, transaction
from monitor.store.schema import metadata
from tests.deliveries import (
    CUT,
    LIMITED,
    PERMANENT,
    START,
    TEMPORARY,
    Clock,
    FakeChannel,
    SearchableFake,
    alert,
    deliver,
    enqueue,
)


def test_what_was_promised_arrives_once_and_in_order(engine: Engine) -> None:
    clock, slack, mail = Clock(), FakeChannel("slack"), FakeChannel("mail")
    enqueue(engine, "slack", *(alert(f"I{n}") for n in range(200)))
    enqueue(engine, "mail", alert())
    assert deliver(engine, clock, slack, mail) == DeliveryReport(201, 0, 0, 0)
    assert slack.keys == [f"I{n}:1:slack" for n in range(200)]
    assert mail.keys == ["I1:1:mail"]
    assert deliver(engine, clock, slack, mail) == DeliveryReport(0, 0, 0, 0)


def test_retry_after_delays_this_channel_only_and_drops_nothing(engine: Engine) -> None:
    clock, slack, mail = Clock(), FakeChannel("slack", [LIMITED]), FakeChannel("mail")
    enqueue(engine, "slack", alert("I1"), alert("I2"))
    enqueue(engine, "mail", alert("I1"), alert("I2"))
    assert deliver(engine, clock, slack, mail) == DeliveryReport(2, 1, 0, 2)
    clock.forward(seconds=29)
    assert deliver(engine, clock, slack, mail).sent == 0
    clock.forward(seconds=1)
    assert deliver(engine, clock, slack, mail) == DeliveryReport(2, 0, 0, 0)
    assert slack.keys == ["I1:1:slack", "I2:1:slack"]


def test_back_off_grows_and_the_operator_hears_once_of_a_long_failure(engine: Engine) -> None:
    clock, slack, mail = Clock(), FakeChannel("slack", [TEMPORARY] * 10), FakeChannel("mail")
    enqueue(engine, "slack", alert())
    waits, before = [], clock.now
    while not slack.received:
        with reading(engine) as conn:
            due = claims.next_try(conn, "slack", clock.now)
        assert due is not None
        if due > clock.now:
            clock.now = due - timedelta(seconds=1)
            assert deliver(engine, clock, slack, mail).failed == 0
            clock.now = due
        deliver(engine, clock, slack, mail)
        waits.append((clock.now - before).total_seconds())
        before = clock.now
    assert waits == [0, 5, 15, 30, 60, 120, 300, 900, 3600, 3600, 3600]
    begun, over = [message for _, message, _ in mail.received]
    assert begun.headline == "Channel slack has been failing for a while"
    assert over.headline == "Channel slack works again"


def test_a_permanent_error_is_a_dead_letter_with_one_notice_and_no_recursion(engine: Engine) -> None:
    clock, slack, mail = Clock(), FakeChannel("slack", [PERMANENT] * 9), FakeChannel("mail", [PERMANENT] * 9)
    enqueue(engine, "slack", alert("I1"), alert("I2"), alert("I3"))
    report = deliver(engine, clock, slack, mail)
    assert (report.dead, report.waiting) == (4, 0)
    mail.answers.clear()
    assert deliver(engine, clock, slack, mail) == DeliveryReport(0, 0, 0, 0)
    with transaction(engine) as conn:
        rows = outbox.listing(conn, state="dead")
        assert [row.channel for row in rows] == ["mail", "slack", "slack", "slack"]
        assert outbox.undelivered_count(conn) == 4
        assert outbox.resend(conn, rows[-1].id, now=clock())
    slack.answers.clear()
    assert deliver(engine, clock, slack, mail).sent == 1


def test_a_dead_letter_is_told_through_another_channel(engine: Engine) -> None:
    clock, slack, mail = Clock(), FakeChannel("slack", [PERMANENT] * 2), FakeChannel("mail")
    enqueue(engine, "slack", alert("I1"), alert("I2"))
    deliver(engine, clock, slack, mail)
    ((_, told, _),) = mail.received
    assert told.form is Form.NOTICE
    assert "channel_not_found" in told.lines[0]
    assert "I1:1:slack" in told.lines[0]


def test_without_another_channel_there_is_no_notice(engine: Engine) -> None:
    slack = FakeChannel("slack", [PERMANENT])
    enqueue(engine, "slack", alert())
    assert deliver(engine, Clock(), slack) == DeliveryReport(0, 0, 1, 0)


def test_a_message_that_arrived_before_the_cut_is_found_and_not_sent_again(engine: Engine) -> None:
    clock, slack = Clock(), SearchableFake("slack", [CUT])
    enqueue(engine, "slack", alert())
    assert deliver(engine, clock, slack) == DeliveryReport(0, 1, 0, 1)
    clock.forward(minutes=1)
    assert deliver(engine, clock, slack) == DeliveryReport(1, 0, 0, 0)
    assert slack.keys == ["I1:1:slack"]


def test_a_message_that_surely_did_not_arrive_is_sent_unmarked(engine: Engine) -> None:
    clock, slack = Clock(), SearchableFake("slack", [CUT], arrives_when_cut=False)
    enqueue(engine, "slack", alert())
    deliver(engine, clock, slack)
    clock.forward(minutes=1)
    assert deliver(engine, clock, slack).sent == 1
    assert not slack.received[0][1].repeated


def test_where_nobody_can_look_the_repeat_says_so(engine: Engine) -> None:
    blind = SearchableFake("blind", [CUT])
    blind.blind = DeliveryError("missing_scope", permanent=True)
    for channel in (FakeChannel("mail", [CUT]), blind):
        clock = Clock()
        enqueue(engine, channel.name, alert())
        deliver(engine, clock, channel)
        clock.forward(minutes=1)
        assert deliver(engine, clock, channel).sent == 1
        first, second = channel.received
        assert not first[1].repeated
        assert second[1].title == "about I1 (possibly repeated)"
        assert first[0] == second[0]


def test_while_looking_fails_nothing_is_sent_and_the_doubt_stays(engine: Engine) -> None:
    clock, slack = Clock(), SearchableFake("slack", [CUT])
    slack.blind = LIMITED
    enqueue(engine, "slack", alert())
    deliver(engine, clock, slack)
    for _ in range(3):
        clock.forward(minutes=1)
        assert deliver(engine, clock, slack).failed == 1
    slack.blind = None
    clock.forward(minutes=1)
    assert deliver(engine, clock, slack).sent == 1
    assert slack.keys == ["I1:1:slack"]


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("after", ["claim", "send"])
def test_killed_between_claim_and_record_nothing_is_lost_or_repeated(
    engine: Engine, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, slack = Clock(), SearchableFake("slack")
    enqueue(engine, "slack", alert("I1"), alert("I2"))

    def die(*_: object, **__: object) -> Receipt:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(*((slack, "send", die) if after == "claim" else (claims, "record_sent", die)))
        deliver(engine, clock, slack)
    assert deliver(engine, clock, slack) == DeliveryReport(0, 0, 0, 2)
    clock.forward(seconds=passes.LEASE_SECONDS)
    assert deliver(engine, clock, slack) == DeliveryReport(2, 0, 0, 0)
    assert slack.keys == ["I1:1:slack", "I2:1:slack"]


def test_who_slept_through_the_lease_does_not_send(engine: Engine) -> None:
    """Stopped between claim and send, for longer than the lease, while nobody else came."""
    clock, slack = Clock(), SearchableFake("slack", [CUT], arrives_when_cut=False)
    enqueue(engine, "slack", alert())
    deliver(engine, clock, slack)
    clock.forward(minutes=1)

    def stopped(key: str, *, thread: str | None, age: timedelta) -> None:
        clock.forward(seconds=passes.LEASE_SECONDS)

    slack.find = stopped  # type: ignore[method-assign]
    assert (deliver(engine, clock, slack).sent, slack.keys) == (0, [])
    del slack.find
    clock.forward(seconds=2)
    assert deliver(engine, clock, slack).sent == 1
    assert not slack.received[0][1].repeated


def test_an_update_follows_in_the_thread_and_is_an_alert_when_it_comes_first(engine: Engine) -> None:
    clock, slack = Clock(), FakeChannel("slack")
    enqueue(engine, "slack", alert("I1"), alert("I1", 2, Form.UPDATE), alert("I2", 2, Form.UPDATE))
    deliver(engine, clock, slack)
    assert [(m.form, thread) for _, m, thread in slack.received] == [
        (Form.ALERT, None),
        (Form.UPDATE, "slack/1"),
        (Form.ALERT, None),
    ]


def test_an_unreadable_message_is_a_dead_letter(engine: Engine) -> None:
    slack = FakeChannel("slack")
    with transaction(engine) as conn:
        outbox.enqueue(conn, [outbox.NewDelivery("I1", 1, "slack", "high", "{}")], now=START)
    enqueue(engine, "slack", alert("I2"))
    assert deliver(engine, Clock(), slack, FakeChannel("mail")) == DeliveryReport(2, 0, 1, 0)


def test_after_a_week_of_failures_it_is_given_up(engine: Engine) -> None:
    clock, slack, mail = Clock(), FakeChannel("slack", [TEMPORARY] * 500), FakeChannel("mail")
    enqueue(engine, "slack", alert())
    for _ in range(8 * 24):
        deliver(engine, clock, slack, mail)
        clock.forward(hours=1)
    with transaction(engine) as conn:
        assert [row.error for row in outbox.listing(conn, state="dead")] == ["given up after 7 days of failures"]


def test_a_channel_that_answers_too_slowly_is_left_and_looked_at_later(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    clock, slack = Clock(), SearchableFake("slack")
    release, sent, send = threading.Event(), threading.Event(), slack.send

    def trickle(message: Message, *, key: str, thread: str | None) -> Receipt:
        release.wait(60)
        receipt = send(message, key=key, thread=thread)
        sent.set()
        return receipt

    enqueue(engine, "slack", alert())
    with monkeypatch.context() as patch:
        patch.setattr(attempt, "DEADLINE", 0.05)
        patch.setattr(slack, "send", trickle)
        assert deliver(engine, clock, slack) == DeliveryReport(0, 1, 0, 1)
    release.set()
    assert sent.wait(60)
    clock.forward(minutes=1)
    assert deliver(engine, clock, slack).sent == 1
    assert slack.keys == ["I1:1:slack"]


def test_a_channel_with_a_pace_is_paced(engine: Engine) -> None:
    waits: list[float] = []
    enqueue(engine, "slack", alert("I1"), alert("I2"), alert("I3"))
    deliver(engine, Clock(), FakeChannel("slack", pace=1.0), pause=waits.append)
    assert waits == [1.0, 1.0]


def test_a_partial_refusal_is_kept_and_told(engine: Engine) -> None:
    said: list[str] = []

    class Partly(FakeChannel):
        def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
            return Receipt("<id>", "refused for b@fund.example")

    enqueue(engine, "mail", alert())
    deliver_due(engine, {"mail": Partly("mail")}, now=Clock(), report=said.append)
    assert said == ["I1:1:mail: sent (refused for b@fund.example)"]
    with transaction(engine) as conn:
        assert outbox.listing(conn)[0].error == "refused for b@fund.example"


def test_a_channel_that_is_not_configured_waits(engine: Engine) -> None:
    enqueue(engine, "gone", alert())
    assert deliver(engine, Clock(), FakeChannel("slack")) == DeliveryReport(0, 0, 0, 1)


def test_back_off_never_ends() -> None:
    assert [back_off(n).total_seconds() for n in (1, 2, 3, 4, 5, 6, 99)] == [5, 15, 30, 60, 120, 300, 3600]


@given(st.lists(st.sampled_from([None, TEMPORARY, LIMITED, CUT]), max_size=30), st.integers(1, 6), st.booleans())
def test_whatever_happens_every_message_arrives_exactly_once(
    answers: list[DeliveryError | None], count: int, arrives: bool
) -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    metadata.create_all(engine)
    clock, slack = Clock(), SearchableFake("slack", list(answers), arrives)
    enqueue(engine, "slack", *(alert(f"I{n}") for n in range(count)))
    while deliver(engine, clock, slack).waiting:
        clock.forward(minutes=15)
    assert slack.keys == [f"I{n}:1:slack" for n in range(count)]
    engine.dispose()


def test_the_outbox_row_says_what_the_channel_will(engine: Engine) -> None:
    row = promise(alert("I7", 3), "slack")
    assert (row.key, row.severity, json.loads(row.message)["headline"]) == ("I7:3:slack", "high", "about I7")


def test_what_is_true_again_after_it_was_taken_back_is_told_afresh(sqlite_engine: Engine) -> None:
    clock, slack = Clock(), FakeChannel("slack")
    story = (Form.ALERT, Form.UPDATE, Form.WITHDRAWN, Form.UPDATE, Form.UPDATE, Form.WITHDRAWN)
    enqueue(sqlite_engine, "slack", *(alert("I1", number, form) for number, form in enumerate(story, start=1)))
    assert deliver(sqlite_engine, clock, slack).sent == len(story)
    assert [(message.form, thread) for _, message, thread in slack.received] == [
        (Form.ALERT, None),
        (Form.UPDATE, "slack/1"),
        (Form.WITHDRAWN, "slack/1 slack/2"),
        (Form.ALERT, None),
        (Form.UPDATE, "slack/4"),
        (Form.WITHDRAWN, "slack/4 slack/5"),
    ]
    assert not slack.received[3][1].title.startswith("Update")


def test_only_what_is_still_believed_is_taken_back(sqlite_engine: Engine) -> None:
    clock, slack, mail = Clock(), FakeChannel("slack"), FakeChannel("mail")
    enqueue(sqlite_engine, "slack", alert())
    enqueue(sqlite_engine, "mail", alert())
    deliver(sqlite_engine, clock, slack)
    with transaction(sqlite_engine) as conn:
        assert telling.withdraw(conn, "I1", AlertPlan(), START, 2) == ["slack"]  # the mail was not sent yet
    deliver(sqlite_engine, clock, slack, mail)
    with transaction(sqlite_engine) as conn:
        assert telling.withdraw(conn, "I1", AlertPlan(), START, 3) == []
    assert [message.form for _, message, _ in slack.received] == [Form.ALERT, Form.WITHDRAWN]
    assert mail.received == []
