"""Who is told what, and when: days of files in, the list of messages out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from monitor import digesting, pipeline
from monitor.core.hours import Cadence, Hours
from monitor.core.model import Kind, Severity
from monitor.core.rules import About, AlertPlan, Mute, Rule
from monitor.notify.message import Form, Message
from monitor.notify.wire import from_json
from monitor.store import digests, mutes
from monitor.store.engine import Engine, transaction
from monitor.store.ledger import delivery, digest_entry
from monitor.store.mutes import NewMute
from tests.scenarios.stories import LANTERN, QUILL, ROWAN, File, Row, cusip, file, portfolio, prepare, session

MORNING = datetime(2026, 1, 7, 12, tzinfo=UTC)
HOURS = Hours(zone=ZoneInfo("America/New_York"))
PLAN = AlertPlan(("desk",), Severity.NORMAL, hours={"desk": HOURS, "mail": HOURS})
DAY = timedelta(days=1)


@dataclass
class Stage:
    """A database, a plan, and a clock that is set by hand."""

    engine: Engine
    plan: AlertPlan = PLAN
    now: datetime = MORNING
    seen: list[int] = field(default_factory=list)

    def arrive(self, *files: File) -> None:
        """Files come in and are compared."""
        pipeline.ingest(
            self.engine, LANTERN, files, now=self.now, alert=True, plan=self.plan, progress=lambda text, count: None
        )

    def wait(self, span: timedelta) -> int:
        """Time passes, and the digests that are due are made."""
        self.now += span
        return digesting.gather(self.engine, lambda: self.plan, self.now)

    def messages(self, channel: str = "desk") -> list[Message]:
        """What was promised to a channel since the last question, in the order of promising; it is sent then."""
        with transaction(self.engine) as conn:
            rows = conn.execute(
                select(delivery.c.id, delivery.c.message)
                .where(delivery.c.channel == channel, delivery.c.state != "withdrawn")
                .order_by(delivery.c.id)
            ).all()
            new = [row for row in rows if row.id not in self.seen]
            self.seen += [row.id for row in new]
            conn.execute(update(delivery).where(delivery.c.id.in_(self.seen)).values(state="sent"))
        return [from_json(row.message) for row in new]


def loud(name: str = "QUILLON ROBOTICS INC") -> Row:
    """A line large enough to be told at once when it is new."""
    return replace(QUILL, name=name, shares=60_000)


SMALL = replace(ROWAN, shares=2_000)  # a new line of this size waits for the digest

EGRET = replace(SMALL, name="EGRET INC", ticker="EGR", identifier=cusip("55503C30"))


def begin(engine: Engine, plan: AlertPlan = PLAN) -> Stage:
    """Two days of a fund, of which nobody hears."""
    prepare(engine)
    stage = Stage(engine, plan)
    stage.arrive(file("LANA", 0, portfolio()), file("LANA", 1, portfolio()))
    assert stage.messages() == []
    return stage


def test_what_is_not_loud_waits_for_the_digest_of_its_channel(engine: Engine) -> None:
    stage = begin(engine)
    stage.arrive(file("LANA", 2, portfolio(loud(), SMALL)))
    (alert,) = stage.messages()
    assert (alert.form, alert.security and alert.security.ticker) == (Form.ALERT, "QLN")
    assert stage.wait(timedelta(hours=10)) == 0  # 17:00 in New York
    assert stage.wait(timedelta(hours=1)) == 1
    (digest,) = stage.messages()
    assert digest.headline == "Daily digest: 1 change"
    assert "ROWANBERRY" in digest.lines[0]
    assert stage.wait(3 * DAY) == 0


def test_a_line_that_waits_says_the_newer_thing_and_an_untrue_one_leaves(
    engine: Engine,
) -> None:
    stage = begin(engine)
    stage.arrive(file("LANA", 2, portfolio(SMALL)))
    stage.arrive(file("LANA", 2, portfolio(replace(SMALL, shares=2_100)), version=".v2"))
    stage.wait(timedelta(hours=12))
    (digest,) = stage.messages()
    assert digest.headline == "Daily digest: 1 change"
    assert "2,100 shares" in digest.lines[0]
    stage.arrive(
        file(
            "LANA",
            3,
            portfolio(
                replace(SMALL, shares=2_100),
                replace(SMALL, name="EGRET INC", ticker="EGR", identifier=cusip("55503C30")),
            ),
        )
    )
    stage.arrive(file("LANA", 3, portfolio(replace(SMALL, shares=2_100)), version=".v2"))
    assert stage.wait(DAY) == 0
    assert states(engine) == Counter({"gathered": 1, "withdrawn": 1})


def states(engine: Engine) -> Counter[str]:
    """How many lines of digests are in which state."""
    with transaction(engine) as conn:
        return Counter(conn.execute(select(digest_entry.c.state)).scalars())


def test_what_was_read_in_a_digest_is_corrected_in_the_next(engine: Engine) -> None:
    stage = begin(engine)
    stage.arrive(file("LANA", 2, portfolio(SMALL)))
    stage.wait(timedelta(hours=12))
    (first,) = stage.messages()
    stage.arrive(file("LANA", 2, portfolio(replace(SMALL, shares=2_100)), version=".v2"))
    assert stage.messages() == []
    stage.wait(DAY)
    (second,) = stage.messages()
    assert second.headline == "Daily digest: 1 correction"
    assert second.lines[0].startswith("Correction: LANA opens ROWANBERRY")
    stage.arrive(file("LANA", 2, portfolio(), version=".v3"))
    stage.wait(DAY)
    (third,) = stage.messages()
    assert third.lines[0].startswith("Withdrawn: LANA opens ROWANBERRY")
    assert len({first.item, second.item, third.item}) == 3


def test_what_becomes_loud_before_its_digest_is_told_at_once_and_only_then(engine: Engine) -> None:
    stage = begin(engine)
    stage.arrive(file("LANA", 2, portfolio(SMALL)))
    stage.arrive(file("LANA", 2, portfolio(replace(SMALL, shares=60_000)), version=".v2"))
    (alert,) = stage.messages()
    assert "60,000" in alert.headline
    assert stage.wait(DAY) == 0


def test_what_was_read_in_a_digest_and_becomes_louder_is_told_at_once(engine: Engine) -> None:
    stage = begin(engine)
    stage.arrive(file("LANA", 2, portfolio(SMALL)))
    stage.wait(timedelta(hours=12))
    stage.messages()
    stage.arrive(file("LANA", 2, portfolio(replace(SMALL, shares=60_000)), version=".v2"))
    (alert,) = stage.messages()
    assert "60,000" in alert.headline
    stage.arrive(file("LANA", 2, portfolio(), version=".v3"))
    assert stage.wait(DAY) in (0, 1)


def test_after_a_time_down_there_is_one_digest(engine: Engine) -> None:
    stage = begin(engine)
    stage.arrive(file("LANA", 2, portfolio(SMALL)))
    stage.now += 4 * DAY
    stage.arrive(file("LANA", 3, portfolio(SMALL, EGRET)))
    assert stage.wait(timedelta(minutes=1)) == 1
    (digest,) = stage.messages()
    assert digest.headline == "Daily digest: 2 changes"
    assert stage.wait(DAY) == 0


def test_history_that_is_loaded_reaches_no_digest(engine: Engine) -> None:
    stage = begin(engine)
    history = [file("LANB", 0, portfolio()), file("LANB", 1, portfolio(SMALL))]
    pipeline.ingest(engine, LANTERN, history, now=stage.now, alert=False, plan=PLAN, progress=lambda text, count: None)
    assert stage.wait(DAY) == 0
    assert states(engine) == Counter()


def test_quiet_hours_delay_and_the_loudest_may_be_excepted(engine: Engine) -> None:
    hours = replace(HOURS, quiet="06:00-09:30", quiet_except=(Severity.HIGH,))
    stage = begin(engine, replace(PLAN, hours={"desk": hours}))
    stage.arrive(file("LANA", 2, portfolio(loud())))  # 07:00 in New York
    with transaction(engine) as conn:
        assert conn.execute(select(delivery.c.due_at)).scalars().all() == ["2026-01-07T14:30:00.000000Z"]
    rule = Rule("all of it loud", min_score=0)
    stage.plan = replace(stage.plan, rules=(rule,), hours={"desk": replace(hours, quiet_except=(Severity.NORMAL,))})
    stage.arrive(file("LANA", 2, portfolio(replace(loud(), shares=61_000)), version=".v2"))
    with transaction(engine) as conn:
        assert conn.execute(select(delivery.c.due_at)).scalars().all() == ["2026-01-07T12:00:00.000000Z"]


def test_rules_choose_the_channel_and_the_hour(engine: Engine) -> None:
    rules = (
        Rule("robots", About(securities=("qln",)), channels=("mail",)),
        Rule("rowan weekly", About(securities=("ROWANBERRY FOODS CORP",)), channels=("mail",), deliver=Cadence.WEEKLY),
        Rule("no robots at the desk", About(securities=("QLN",)), channels=("desk",), deliver=Cadence.NEVER),
    )
    stage = begin(engine, replace(PLAN, rules=rules))
    stage.arrive(file("LANA", 2, portfolio(loud(), SMALL)))
    assert [m.security and m.security.ticker for m in stage.messages("mail")] == ["QLN"]
    assert stage.messages("desk") == []
    stage.wait(timedelta(hours=12))
    assert [m.headline for m in stage.messages("desk")] == ["Daily digest: 1 change"]
    assert stage.messages("mail") == []
    stage.wait(3 * DAY)
    assert [m.headline for m in stage.messages("mail")] == ["Weekly digest: 1 change"]
    stage.arrive(file("LANA", 2, portfolio(SMALL), version=".v2"))
    assert [m.form for m in stage.messages("mail")] == [Form.WITHDRAWN]


def test_a_former_ticker_in_a_rule_still_means_the_security(engine: Engine) -> None:
    rule = Rule("robots", About(securities=("OLDQ",)), channels=("mail",))
    stage = begin(engine, replace(PLAN, rules=(rule,)))
    stage.now += 9 * DAY
    old, new = replace(loud(), ticker="OLDQ"), loud()
    stage.arrive(file("LANA", 2, portfolio(old)))
    assert len(stage.messages("mail")) == 1
    stage.arrive(*(file("LANA", n, portfolio(new)) for n in range(3, 8)), file("LANA", 8, portfolio()))
    said = [message.kind for message in stage.messages("mail")]
    assert Kind.EXITED in said


def test_what_is_muted_is_kept_but_not_told_and_what_was_told_is_still_corrected(engine: Engine) -> None:
    stage = begin(engine)
    stage.arrive(file("LANA", 2, portfolio(loud())))
    (alert,) = stage.messages()
    assert alert.security is not None
    with transaction(engine) as conn:
        mutes.add(conn, NewMute("security", alert.security.id, "QLN", stage.now + 30 * DAY, "test"), stage.now)
    stage.arrive(file("LANA", 2, portfolio(replace(loud(), shares=61_000)), version=".v2"))
    assert [m.form for m in stage.messages()] == [Form.CORRECTION]
    stage.arrive(file("LANA", 3, portfolio()))
    assert stage.messages() == []
    assert stage.wait(DAY) == 0
    stage.now += 30 * DAY
    stage.arrive(file("LANA", 4, portfolio(loud())))
    assert stage.wait(DAY) == 1  # the mute is over


def test_a_mute_also_takes_lines_out_that_already_wait(engine: Engine) -> None:
    stage = begin(engine)
    stage.arrive(file("LANA", 2, portfolio(SMALL)))
    with transaction(engine) as conn:
        mutes.add(conn, NewMute("fund", "lantern/LANA", "LANA", stage.now + 30 * DAY, "test"), stage.now)
    assert stage.wait(DAY) == 0
    assert states(engine) == Counter({"withdrawn": 1})


def test_a_mute_of_a_fund_leaves_what_other_funds_did(engine: Engine) -> None:
    until = MORNING + 30 * DAY
    stage = begin(engine, replace(PLAN, mutes=(Mute("no LANA", About(funds=("lantern/LANA",)), until),)))
    stage.arrive(file("LANB", 0, portfolio()), file("LANB", 1, portfolio()))
    stage.arrive(file("LANA", 2, portfolio(loud())))
    assert stage.messages() == []
    stage.arrive(file("LANB", 2, portfolio(loud())))
    (alert,) = stage.messages()
    assert {part.fund for part in alert.funds} == {"LANA", "LANB"}


def many(count: int, shares: int) -> list[Row]:
    """Lines of as many securities."""
    return [
        Row(f"HOLDING {chr(65 + n % 26)}{chr(65 + n // 26)} INC", f"H{n:03}", cusip(f"6{n:03}41A1"), shares)
        for n in range(count)
    ]


def test_five_hundred_new_positions_in_one_file_are_one_digest_with_all_of_them(engine: Engine) -> None:
    stage = begin(engine)
    crowd = portfolio(*many(500, 2_000))
    stage.arrive(file("LANA", 2, crowd), file("LANA", 3, crowd))  # so many that the next file must confirm it
    assert stage.messages() == []
    with transaction(engine) as conn:
        waiting = digests.waiting(conn, "desk", "daily")
    assert stage.wait(timedelta(hours=12)) == 1
    (digest,) = stage.messages()
    assert len(digest.lines) == len(waiting) >= 500
    assert digest.headline == f"Daily digest: {len(waiting)} changes"
    assert states(engine) == Counter({"gathered": len(waiting)})


def test_what_is_told_links_to_the_page(engine: Engine) -> None:
    stage = begin(engine, replace(PLAN, page="https://m.example"))
    stage.now += 9 * DAY
    stage.arrive(file("LANA", 2, portfolio(*many(1, 60_000))))
    (alert,) = stage.messages()
    assert alert.link == f"https://m.example/item/{alert.item}"
    assert alert.security_link is not None
    stage.arrive(file("LANA", 3, portfolio(*many(1, 60_000), *many(3, 2_000)[1:])))
    assert stage.wait(timedelta(hours=48)) == 1
    (digest,) = stage.messages()
    assert len(digest.links) == len(digest.lines) == 2
    assert all(link.startswith("https://m.example/item/I") for link in digest.links)
    assert all(f" · file of {session(3)}" in line for line in digest.lines)


def test_what_does_not_fit_one_message_shares_lines_and_then_is_split(engine: Engine) -> None:
    stage = begin(engine, replace(PLAN, hours={"desk": replace(HOURS, room=9_000)}))
    crowd = portfolio(*many(500, 2_000))
    stage.arrive(file("LANA", 2, crowd), file("LANA", 3, crowd))
    assert stage.wait(timedelta(hours=12)) == 1
    (digest,) = stage.messages()
    names = ", ".join(line.partition(": ")[2] for line in digest.lines if "new in LANA" in line).split(", ")
    assert sorted(names) == sorted(f"H{n:03}" for n in range(500))


def test_a_flood_is_one_message_at_once_and_loses_nothing(engine: Engine) -> None:
    stage = begin(engine, replace(PLAN, flood=4))
    stage.now += 9 * DAY
    for n in range(3):
        stage.arrive(file("LANA", 2 + n, portfolio(*many(n + 1, 60_000))))
    assert len(stage.messages()) == 3
    stage.arrive(file("LANA", 5, portfolio(*many(9, 60_000))))
    (flood,) = stage.messages()
    assert (flood.form, flood.headline) == (Form.DIGEST, "Many at once: 6 changes")
    assert len(flood.lines) == 6
    stage.now += timedelta(hours=2)
    stage.arrive(file("LANA", 6, portfolio(*many(10, 60_000))))
    assert [m.form for m in stage.messages()] == [Form.ALERT]
    stage.arrive(file("LANA", 5, portfolio(*many(8, 60_000)), version=".v2"))
    stage.wait(DAY)
    assert any(line.startswith("Withdrawn") for m in stage.messages() for line in m.lines)


def test_two_daemons_make_one_digest(engine: Engine) -> None:
    stage = begin(engine)
    stage.arrive(file("LANA", 2, portfolio(SMALL)))
    stage.now += DAY
    assert [digesting.gather(engine, lambda: PLAN, stage.now) for _ in range(2)] == [1, 0]
    assert len(stage.messages()) == 1
    assert session(2) == date(2026, 1, 7)
