"""How destinations are treated: pace, waits, refusals of everything, and what operators hear of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from monitor.core.errors import DeliveryError
from monitor.core.model import Severity
from monitor.delivery import DeliveryReport, deliver_due, promise
from monitor.notify.channels import Receipt
from monitor.notify.message import Form, Message
from monitor.store import outbox
from monitor.store.destinations import Destination, destinations
from monitor.store.engine import Engine, reading, transaction
from monitor.store.queries import status
from tests.deliveries import (
    BROKEN,
    CUT,
    LIMITED,
    START,
    TEMPORARY,
    Clock,
    FakeChannel,
    SearchableFake,
    alert,
    deliver,
    enqueue,
)

SECOND = timedelta(seconds=1)


def manners(engine: Engine, name: str) -> Destination:
    with reading(engine) as conn:
        return destinations(conn)[name]


def headlines(channel: FakeChannel) -> list[str]:
    return [message.headline for _, message, _ in channel.received]


# --- pace -----------------------------------------------------------------------------------------


def test_a_burst_arrives_whole_in_order_and_a_second_apart(sqlite_engine: Engine) -> None:
    """On a clock that stands still: what was waited for counts as passed."""
    waits: list[float] = []
    slack = FakeChannel("slack", pace=1.0)
    enqueue(sqlite_engine, "slack", *(alert(f"I{n}") for n in range(200)))
    assert deliver(sqlite_engine, Clock(), slack, pause=waits.append) == DeliveryReport(200, 0, 0, 0)
    assert slack.keys == [f"I{n}:1:slack" for n in range(200)]
    assert waits == [1.0] * 199


def test_the_pace_holds_over_passes_and_processes(engine: Engine) -> None:
    clock, slack = Clock(), FakeChannel("slack", pace=1.0)
    enqueue(engine, "slack", alert("I1"), alert("I2"))
    assert deliver(engine, clock, slack).sent == 1
    clock.forward(seconds=0.9)
    assert deliver(engine, clock, slack).sent == 0  # nobody waits here: left for a later pass
    clock.forward(seconds=0.1)
    assert deliver(engine, clock, slack).sent == 1
    assert manners(engine, "slack") == Destination("slack", clock.now + SECOND, last_sent_at=clock.now)


def test_who_is_told_to_stop_stops_between_two_messages(sqlite_engine: Engine) -> None:
    mail = FakeChannel("mail")
    enqueue(sqlite_engine, "mail", alert("I1"), alert("I2"), alert("I3"))
    assert deliver(sqlite_engine, Clock(), mail, pause=lambda _: True) == DeliveryReport(1, 0, 0, 2)


# --- waits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (LIMITED, [30, 30, 30, 30, 30, 30]),
        (DeliveryError("soon", permanent=False, retry_after=1), [1, 1, 1, 1, 1, 5, 15, 30]),
        (DeliveryError("now", permanent=False, retry_after=0), [1]),
        (DeliveryError("in an hour", permanent=False, retry_after=3600), [3600, 3600]),
        (TEMPORARY, [5, 15, 30, 60]),
        (CUT, [15, 30, 60, 120]),
    ],
)
def test_waits_are_what_was_asked_or_grow_and_survive_a_restart(
    sqlite_engine: Engine, error: DeliveryError, waits: list[int]
) -> None:
    clock, slack = Clock(), SearchableFake("slack", [error] * len(waits), arrives_when_cut=False)
    enqueue(sqlite_engine, "slack", alert())
    for failures, wait in enumerate(waits, start=1):
        assert deliver(sqlite_engine, clock, slack).failed == 1
        known = manners(sqlite_engine, "slack")
        assert (known.not_before, known.failures) == (clock.now + timedelta(seconds=wait), failures)
        assert known.last_error == str(error)
        clock.forward(seconds=wait - 0.001)
        assert deliver(sqlite_engine, clock, slack).failed == 0
        clock.forward(seconds=0.001)
    assert deliver(sqlite_engine, clock, slack).sent == 1
    assert manners(sqlite_engine, "slack").failures == 0


def test_days_on_which_nobody_tried_do_not_count_towards_giving_up(sqlite_engine: Engine) -> None:
    clock, slack = Clock(), FakeChannel("slack", [TEMPORARY] * 40)
    enqueue(sqlite_engine, "slack", alert())
    for _ in range(20):
        deliver(sqlite_engine, clock, slack)
        clock.forward(hours=1)
    clock.forward(days=30)
    for _ in range(20):
        assert deliver(sqlite_engine, clock, slack).dead == 0
        clock.forward(hours=1)
    assert deliver(sqlite_engine, clock, slack).sent == 1


# --- a destination that refuses everything --------------------------------------------------------


def test_a_refused_destination_is_told_once_and_the_rest_waits_for_its_repair(engine: Engine) -> None:
    clock, slack, mail = Clock(), FakeChannel("slack", [BROKEN] * 3), FakeChannel("mail")
    enqueue(engine, "slack", *(alert(f"I{n}") for n in range(200)))
    assert deliver(engine, clock, slack, mail) == DeliveryReport(1, 0, 1, 199)
    assert headlines(mail) == ["Channel slack refuses messages"]
    assert "I0:1:slack" in mail.received[0][1].lines[0]
    for minutes in (1, 2):  # one message is tried at each distance, and no second notice comes
        clock.forward(minutes=minutes)
        assert deliver(engine, clock, slack, mail).dead == 1
    assert len(mail.received) == 1
    clock.forward(minutes=5)
    assert deliver(engine, clock, slack, mail) == DeliveryReport(198, 0, 0, 0)
    assert headlines(mail) == ["Channel slack refuses messages", "Channel slack works again"]
    with transaction(engine) as conn:
        assert outbox.resend_dead(conn, channel="slack", now=clock()) == 3
    assert deliver(engine, clock, slack, mail).sent == 3
    assert len(mail.received) == 2


def test_after_a_repair_the_dead_letters_come_first_and_at_once(engine: Engine) -> None:
    clock, slack, mail = Clock(), FakeChannel("slack", [BROKEN]), FakeChannel("mail")
    enqueue(engine, "slack", alert("I1"), alert("I2"))
    deliver(engine, clock, slack, mail)
    with transaction(engine) as conn:
        outbox.resend_dead(conn, channel="slack", now=clock())
        outbox.hurry(conn, "slack", now=clock())
    deliver(engine, clock, slack, mail)
    assert slack.keys == ["I1:1:slack", "I2:1:slack"]


def test_what_waits_for_its_next_try_can_be_hurried(engine: Engine) -> None:
    clock, slack = Clock(), FakeChannel("slack", [DeliveryError("later", permanent=False, retry_after=3600)])
    enqueue(engine, "slack", alert())
    deliver(engine, clock, slack)
    with transaction(engine) as conn:
        outbox.hurry(conn, "slack", now=clock())
    assert deliver(engine, clock, slack).sent == 1


def test_a_notice_goes_through_a_channel_that_works(engine: Engine) -> None:
    clock = Clock()
    broken, failing, well = FakeChannel("a", [BROKEN] * 9), FakeChannel("b", [TEMPORARY] * 9), FakeChannel("c")
    enqueue(engine, "b", alert("I1"))
    deliver(engine, clock, failing)
    enqueue(engine, "a", alert("I1"))
    deliver(engine, clock, broken, failing, well)
    assert (broken.received, failing.received, headlines(well)) == ([], [], ["Channel a refuses messages"])


def test_when_every_channel_is_broken_there_are_dead_letters_and_no_loop(engine: Engine) -> None:
    clock, one, two = Clock(), FakeChannel("a", [BROKEN] * 99), FakeChannel("b", [BROKEN] * 99)
    enqueue(engine, "a", alert("I1"))
    enqueue(engine, "b", alert("I1"))
    for _ in range(50):
        deliver(engine, clock, one, two)
        clock.forward(hours=1)
    with transaction(engine) as conn:
        rows = outbox.listing(conn)
    assert {row.state for row in rows} == {"dead"}
    assert sorted(row.item[0] for row in rows) == ["I", "I", "N", "N"]


def test_equal_refusals_of_single_messages_hold_nothing_back_and_are_one_notice(engine: Engine) -> None:
    long, odd = (DeliveryError(name, permanent=True) for name in ("msg_too_long", "invalid_blocks"))
    clock, slack, mail = Clock(), FakeChannel("slack", [long, long, odd]), FakeChannel("mail")
    enqueue(engine, "slack", *(alert(f"I{n}") for n in range(5)))
    assert deliver(engine, clock, slack, mail) == DeliveryReport(4, 0, 3, 0)
    assert headlines(mail) == ["Channel slack refuses a message"] * 2
    assert slack.keys == ["I3:1:slack", "I4:1:slack"]


def test_the_operators_channels_carry_notices_even_when_they_are_served_elsewhere(engine: Engine) -> None:
    slack = FakeChannel("slack", [BROKEN])
    enqueue(engine, "slack", alert())
    deliver_due(engine, {"slack": slack}, now=Clock(), report=lambda _: None, operators=["slack", "pager"])
    with transaction(engine) as conn:
        (told,) = outbox.listing(conn, state="pending")
    assert (told.channel, told.severity) == ("pager", "high")


# --- order of what is told about one item ---------------------------------------------------------


def test_later_news_of_an_item_never_overtakes_earlier_news_that_waits_for_its_hour(engine: Engine) -> None:
    clock, slack = Clock(), FakeChannel("slack")
    with transaction(engine) as conn:
        quiet = promise(alert("I1"), "slack")
        outbox.enqueue(conn, [quiet], now=START, due=START + timedelta(hours=8))
    enqueue(engine, "slack", alert("I1", 2, Form.UPDATE), alert("I2"))
    deliver(engine, clock, slack)
    assert slack.keys == ["I2:1:slack"]
    clock.forward(hours=8)
    deliver(engine, clock, slack)
    assert slack.keys == ["I2:1:slack", "I1:1:slack", "I1:2:slack"]


def test_a_message_sent_once_is_not_rewritten_while_it_is_sent_again(engine: Engine) -> None:
    clock, slack = Clock(), FakeChannel("slack")
    enqueue(engine, "slack", alert("I1"))
    deliver(engine, clock, slack)
    with transaction(engine) as conn:
        outbox.resend(conn, outbox.listing(conn)[0].id, now=clock())
        outbox.promise(conn, [promise(alert("I1", 2, Form.UPDATE), "slack")], now=clock())
    deliver(engine, clock, slack)
    assert slack.keys == ["I1:1:slack", "I1:1:slack", "I1:2:slack"]


class Picky(FakeChannel):
    """Refuses one item for good."""

    def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
        if message.item == "I1":
            raise BROKEN
        return super().send(message, key=key, thread=thread)


def test_one_notice_per_trouble_not_per_life(engine: Engine) -> None:
    clock, slack, mail = Clock(), Picky("slack"), FakeChannel("mail")
    for day in range(2):
        enqueue(engine, "slack", replace_revision(alert("I1"), day + 1), replace_revision(alert("I2"), day + 1))
        deliver(engine, clock, slack, mail)
        clock.forward(minutes=1)
        deliver(engine, clock, slack, mail)
        clock.forward(days=1)
    assert headlines(mail) == ["Channel slack refuses messages", "Channel slack works again"] * 2


def replace_revision(message: Message, revision: int) -> Message:
    return alert(message.item, revision)


def test_status_says_how_the_destination_of_what_waits_is_doing(engine: Engine) -> None:
    clock, slack = Clock(), FakeChannel("slack", [BROKEN])
    enqueue(engine, "slack", alert("I1"), alert("I2"))
    deliver(engine, clock, slack)
    with reading(engine) as conn:
        rows = {row.state: row.detail for row in status(conn, clock()) if row.what == "deliveries"}
    assert rows["dead"] == "given up: see `alerts list --state dead`"
    assert rows["due"] == "1 failure in a row, next try 2025-09-23 11:01 UTC: invalid_auth"


def test_a_severe_notice_is_high(engine: Engine) -> None:
    clock, slack, mail = Clock(), FakeChannel("slack", [BROKEN]), FakeChannel("mail")
    enqueue(engine, "slack", alert())
    deliver(engine, clock, slack, mail)
    assert mail.received[0][1].severity is Severity.HIGH
    assert isinstance(mail.received[0][1].at, datetime)
