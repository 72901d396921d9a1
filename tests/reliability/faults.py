"""P2, P3, P4: services that are slow, busy, broken or refuse. Every fault has a destination of its own, all at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

from sqlalchemy import select

from monitor.store.engine import Engine, reading
from monitor.store.schema import delivery
from tests.reliability import slack, smtp
from tests.reliability.appointments import keep
from tests.reliability.morning import NEWS, Morning
from tests.reliability.report import Result, trying
from tests.reliability.serving import Fault, wait_for
from tests.reliability.stage import Stage
from tests.reliability.state import promised
from tests.reliability.visible import count
from tests.reliability.world import CALM, PATIENCE, World, is_settled

POST, HISTORY = "chat.postMessage", "conversations.history"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What one destination meets. `wait`: it said that it wants to be left alone for so many seconds.

    `announced`: nobody can look, so one repeat that says so is right.
    """

    faults: tuple[Fault, ...]
    wait: float = 0.0
    blind: bool = False
    announced: bool = False


def in_ten_minutes() -> str:
    """A date as HTTP writes it."""
    return format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)


def slack_troubles() -> list[Trouble]:
    """What a Slack conversation may meet."""
    return [
        Trouble(()),
        Trouble((slack.limited("1"),), wait=1),
        Trouble((slack.limited("30"), slack.limited("30")), wait=30),
        Trouble((slack.limited("3600"),), wait=3600),
        Trouble((slack.limited(None),)),
        Trouble((slack.limited(in_ten_minutes()),), wait=400),
        Trouble((slack.limited("rubbish, soon"),)),
        Trouble((slack.SERVER_ERROR,) * 4),
        Trouble((slack.refused("internal_error"),)),
        Trouble((Fault(200, body=b"<html>gateway</html>"),)),
        Trouble((slack.DROPPED,) * 3),
        Trouble((slack.ONE_BYTE_A_SECOND,)),
        Trouble((slack.KEPT_THEN_DROPPED,)),
        Trouble((slack.KEPT_THEN_500,)),
        Trouble((slack.KEPT_THEN_DROPPED,), blind=True, announced=True),
    ]


def mail_troubles() -> list[Trouble]:
    """What a mailbox may meet, after the message was handed over."""
    return [
        Trouble((smtp.answers(421),)),
        Trouble((smtp.answers(451), smtp.answers(452))),
        Trouble((smtp.DROPPED,), announced=True),
        Trouble((smtp.KEPT_THEN_DROPPED,), announced=True),
    ]


def hook_troubles() -> list[Trouble]:
    """What a webhook may meet. Nobody can look what its receiver took."""
    return [
        Trouble((Fault(429, headers=(("Retry-After", "30"),)),), wait=30),
        Trouble((Fault(429),) * 2),
        Trouble((Fault(500, body=b"oops"),) * 3),
        Trouble((Fault(kept=True, drop=True),), announced=True),
        Trouble((Fault(500, kept=True, body=b"oops"),), announced=True),
    ]


def run(stage: Stage) -> Iterator[Result]:
    """One line for passing trouble and one for lasting trouble, per database."""
    for kind in stage.kinds:
        with trying("P2 P3", f"429, 5xx, drops, slowness; Slack, mail, webhook, {kind}") as result:
            _passing(stage, kind, result)
        yield result
        with trying("P4", f"refused for good; Slack, mail, webhook, {kind}") as result:
            _lasting(stage, kind, result)
        yield result


# --- passing --------------------------------------------------------------------------------------


def _passing(stage: Stage, kind: str, result: Result) -> None:
    troubles = {f"slack-{at}": one for at, one in enumerate(slack_troubles())}
    troubles |= {f"mail-{at}": one for at, one in enumerate(mail_troubles())}
    troubles |= {f"hook-{at}": one for at, one in enumerate(hook_troubles())}
    with stage.world(kind) as world:
        world.hasty = frozenset(name for name, one in troubles.items() if any(fault.trickle for fault in one.faults))
        morning = Morning(stage, world, [*troubles, "log"])
        for name, trouble in troubles.items():
            _arm(world, name, trouble)
        before = world.clock()
        child = morning.again(remember=True).start("run")
        _others_flow(world, result)
        keep(world, lambda engine: is_settled(engine, world.story, NEWS), PATIENCE, "everything to arrive")
        assert child.stop() == 0, child.last_words()
        with world.database() as engine:
            expected = promised(engine)
        for name, trouble in troubles.items():
            _judge(world, name, trouble, [key for key in expected if key.endswith(f":{name}")], result, before)


def _arm(world: World, name: str, trouble: Trouble) -> None:
    if name.startswith("mail"):
        world.mail.content[f"{name}@example.org"].then(*trouble.faults)
        return
    if name.startswith("hook"):
        world.hook.scripts[name].then(*trouble.faults)
        return
    world.slack.scripts[f"{POST} C{name}"].then(*trouble.faults)
    if trouble.blind:
        world.slack.scripts[f"{HISTORY} C{name}"].always(slack.refused("missing_scope"))


def _others_flow(world: World, result: Result) -> None:
    """While the clock stands still and many wait, those without trouble have everything."""
    before = len(world.ledger.keys("slack:Cslack-0"))

    def flowing() -> bool:
        log = [one for one in world.visible() if one.destination == "log"]
        return len(log) > before and len(log) == len(world.ledger.keys("slack:Cslack-0"))

    wait_for("the channels without trouble to have everything", flowing, PATIENCE)
    slow = world.ledger.keys("slack:Cslack-3")
    result.failures += ["who wanted an hour of peace was written to"] if len(slow) > before else []


def _judge(world: World, name: str, trouble: Trouble, keys: list[str], result: Result, before: datetime) -> None:
    where = f"slack:C{name}" if name.startswith("slack") else name
    seen = world.ledger.seen(where)
    counted = count(seen, keys)
    faults = [] if keys else ["nothing was promised"]
    if counted.marked and not trouble.announced:
        faults.append(f"could have looked, yet repeats {counted.marked}")
    order = list(dict.fromkeys(one.key for one in seen))
    if order != [key for key in keys if key in order]:
        faults.append(f"out of order: {order} instead of {keys}")
    if trouble.wait and (early := _early(world, name, trouble.wait, before)):
        faults.append(early)
    result.case(f"{name} {[str(one)[:80] for one in trouble.faults[:1]]}", counted, faults)


def _early(world: World, name: str, wait: float, before: datetime) -> str:
    """What is wrong when a destination was written to before it wanted."""
    calls = [one for one in world.slack.calls if (one.channel, one.method) == (f"C{name}", POST)]
    calls += [one for one in world.hook.calls if one.channel == name]
    calls = [one for one in calls if one.at >= before]
    for first, then in pairwise(calls):
        if first.fault is not None and (then.at - first.at).total_seconds() < wait:
            return f"wanted {wait} s of peace and got {(then.at - first.at).total_seconds():.1f}"
    return ""


# --- lasting --------------------------------------------------------------------------------------

REFUSALS = ("channel_not_found", "invalid_auth", "account_inactive", "not_in_channel")
OPERATOR = CALM + 'operator_channels = ["log"]\n'


def _lasting(stage: Stage, kind: str, result: Result) -> None:
    broken = [f"slack-{at}" for at in range(len(REFUSALS))] + ["mail-550", "mail-554", "hook-410"]
    with stage.world(kind) as world:
        morning = Morning(stage, world, [*broken, "log"], rest=OPERATOR)
        for name, error in zip(broken, REFUSALS, strict=False):
            world.slack.scripts[f"{POST} C{name}"].always(slack.refused(error))
        world.mail.recipients["mail-550@example.org"].always(smtp.answers(550))
        world.mail.content["mail-554@example.org"].always(smtp.answers(554))
        world.hook.scripts["hook-410"].always(Fault(410))
        child = morning.again(remember=True).start("run")
        keep(world, lambda engine: _dead(engine) >= set(broken), PATIENCE, "dead letters of every broken channel")
        start = world.clock()
        keep(
            world, lambda _: world.clock() - start > timedelta(hours=5) or _idle(world), PATIENCE, "five hours to pass"
        )
        notices = [one for one in world.visible() if one.destination == "log" and one.key.startswith("N")]
        for name in broken:
            told = [one for one in notices if f"Channel {name} " in one.text]
            result.case(f"{name} notices", faults=[] if len(told) == 1 else [f"{len(told)} notices: {told}"])
        elsewhere = [one.key for one in world.ledger.seen() if one.key.startswith("N")]
        result.failures += [f"notices through broken channels: {elsewhere}"] if elsewhere else []
        assert child.stop() == 0, child.last_words()
        _repaired(world, broken, result)


def _repaired(world: World, broken: list[str], result: Result) -> None:
    for name in broken:
        world.slack.scripts[f"{POST} C{name}"].always(None)
        world.mail.recipients[f"{name}@example.org"].always(None)
        world.mail.content[f"{name}@example.org"].always(None)
        world.hook.scripts[name].always(None)
    for name in broken:
        world.run("alerts", "resend", "--channel", name, codes=(0, 3))
    world.clock.forward(hours=2)
    child = world.start("run")
    keep(world, lambda engine: is_settled(engine, world.story, NEWS), PATIENCE, "everything after the repair")
    assert child.stop() == 0, child.last_words()
    with world.database() as engine:
        expected = promised(engine)
    for name in broken:
        where = f"slack:C{name}" if name.startswith("slack") else name
        keys = [key for key in expected if key.endswith(f":{name}")]
        counted = count(world.ledger.seen(where), keys)
        result.lost += len(counted.lost)
        result.repeated += len(counted.repeated)
        result.failures += [f"{name} after the repair: lost {counted.lost}"] if counted.lost else []


def _dead(engine: Engine) -> set[str]:
    with reading(engine) as conn:
        return set(conn.execute(select(delivery.c.channel).where(delivery.c.state == "dead")).scalars())


def _idle(world: World) -> bool:
    """Whether nothing waits for a later hour: then no hours need to pass."""
    with world.database() as engine, reading(engine) as conn:
        open_ones = select(delivery.c.id).where(delivery.c.state.in_(("pending", "sending")))
        return conn.execute(open_ones).first() is None
