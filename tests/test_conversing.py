"""What is answered in Slack: questions and buttons on both databases, in words, within limits, and escaped."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import NoReturn

import pytest
from slack_sdk.models.blocks import Block
from sqlalchemy import update

from monitor import pipeline
from monitor.conversing import Conversation
from monitor.conversing.asking import LONGEST, MOST, Question, What, parse
from monitor.core.errors import StoreError, UsageError
from monitor.core.model import Severity
from monitor.core.rules import AlertPlan
from monitor.notify.conversation import Ask, Asked, Reply, grid, reply_body
from monitor.store import mutes, outbox, readonly
from monitor.store import schema as t
from monitor.store.engine import Engine, reading, transaction
from monitor.store.outbox import NewDelivery
from tests.notify import samples
from tests.scenarios.stories import (
    LANTERN,
    NOW,
    QUILL,
    ROWAN,
    Row,
    cusip,
    file,
    items,
    load,
    portfolio,
    prepare,
    session,
)

ODD = Row("<!channel> `X` & <https://evil.example|CO>", "ODD", cusip("55599X10"), 10_000)
COMMAND = Asked(Ask.COMMAND, "", "U012AB", "anna", "C1", command="/holdings")


class Talk:
    """A conversation about the story, with a clock that can be moved."""

    def __init__(self, engine: Engine, url: str) -> None:
        self.engine = engine
        self.now = NOW
        self.user = 0
        self.conversation = Conversation(url, engine, ["slack"], lambda: self.now)

    def ask(self, text: str) -> Reply:
        """A slash command, of another person each time."""
        self.user += 1
        return self.conversation.answer(replace(COMMAND, text=text, user=f"U{self.user}"))

    def press(self, what: Ask, item: str, press: str = "17.1", **more: str) -> Reply:
        """A press on a button of the message C1/1.5."""
        asked = Asked(what, item, "U012AB", "anna", "C1", message="1.5", press=press)
        return self.conversation.answer(replace(asked, **more))  # type: ignore[arg-type]


@pytest.fixture
def talk(engine: Engine, database_url: str) -> Talk:
    """LANA holds QUILL, then not, then again; LANB holds it always; ODD is called something hostile."""
    prepare(engine)
    lana = [file("LANA", n, portfolio(ODD, *([QUILL] if n < 5 or n >= 35 else []))) for n in range(40)]
    lanb = [file("LANB", n, portfolio(QUILL, *([ROWAN] if n > 20 else []))) for n in range(40)]
    load(engine, lana[:35] + lanb[:35])
    load(engine, lana[35:] + lanb[35:], alert=True)
    return Talk(engine, database_url)


def shown(reply: Reply) -> str:
    """All text of an answer as Slack gets it."""
    return json.dumps(reply_body(reply), ensure_ascii=False).replace("\\n", "\n")


def sent(talk: Talk, channel: str = "slack", receipt: str = "C1/1.5") -> str:
    """The item about QUILL, as a message that a channel took."""
    item = next(one.body["id"] for one in items(talk.engine) if one.ticker == "QLN" and one.kind == "RE_ENTERED")
    with transaction(talk.engine) as conn:
        message = outbox.listing(conn, item=item)[0].message
        outbox.enqueue(conn, [NewDelivery(item, 1, channel, "normal", message)], now=NOW)
        mine = (t.delivery.c.item == item) & (t.delivery.c.channel == channel)
        conn.execute(update(t.delivery).where(mine).values(state="sent", receipt=receipt))
    return str(item)


# --- the questions --------------------------------------------------------------------------------

TODAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("", Question(What.HELP)),
        ("help me", Question(What.HELP)),
        ("history BABA", Question(What.HISTORY, "BABA")),
        ("Timeline  “Alibaba Group”  in ARKK", Question(What.HISTORY, "Alibaba Group", "ARKK")),
        ("history MOODY'S CORP --fund ark/ARKF", Question(What.HISTORY, "MOODY'S CORP", "ark/ARKF")),
        ("who-holds TSLA on 2022-01-03", Question(What.WHO_HOLDS, "TSLA", on=date(2022, 1, 3))),
        ("who holds TSLA —on yesterday", Question(What.WHO_HOLDS, "TSLA", on=date(2026, 3, 30))),
        ("holdings ARKK top 5 on -30d", Question(What.HOLDINGS, "ARKK", on=date(2026, 3, 1), top=5)),
        ("holdings ARKK top 5000", Question(What.HOLDINGS, "ARKK", top=MOST)),
        ("holdings ARKK 2022-01-03 top 4", Question(What.HOLDINGS, "ARKK", on=date(2022, 1, 3), top=4)),
        ("history ON", Question(What.HISTORY, "ON")),
        ("who-holds on on 2022-01-03", Question(What.WHO_HOLDS, "on", on=date(2022, 1, 3))),
    ],
)
def test_words_become_a_question(text: str, question: Question) -> None:
    assert parse(text, TODAY) == question


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("histroy BABA", "Did you mean history?"),
        ("drop table", "There are: history"),
        ("history", "needs a security, for example: history BABA"),
        ("holdings", "needs a fund"),
        ("holdings ARKK on 2022-13-40", "no date"),
        ("holdings ARKK on 2031-01-01", "still to come"),
        ("holdings ARKK top none", "no number of lines"),
        ("holdings ARKK top 0", "no number of lines"),
        ("history " + "x" * LONGEST, "too long"),
        ('history ""', "needs a security"),
    ],
)
def test_what_cannot_be_asked_is_answered_with_how(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        parse(text, TODAY)


# --- slash commands -------------------------------------------------------------------------------


def test_history_shows_every_spell_newest_first_and_the_picture(talk: Talk) -> None:
    reply = talk.ask("history QLN")
    assert reply.title == "QUILLON ROBOTICS INC (QLN): when funds held it"
    assert reply.lines == ("Held in the latest files by LANA, LANB.",)
    assert reply.notes == (f"Nothing later is known: LANA as of {session(39)}, LANB as of {session(39)}",)
    assert not reply.public
    assert re.match(r"lantern   \S+ [▁▂▃▄▅▆▇█·]+ \S+", reply.grid[0])
    rows = [line.split("  ")[0].strip() for line in reply.grid if line.startswith("LAN")]
    assert rows == ["LANA", "LANB", "LANA"]
    closed = reply.grid[-1]
    assert re.search(rf"LANA +before {session(0)} +{session(5)} +20,000 +20,000 +0 +5", closed)


@pytest.mark.parametrize("text", ["history QLN LANA", "history QLN in LANA", "history quillon robotics lantern/lana"])
def test_history_of_one_fund(talk: Talk, text: str) -> None:
    reply = talk.ask(text)
    assert reply.title == "QUILLON ROBOTICS INC (QLN): when LANA held it"
    assert {line[:4] for line in reply.grid[1:]} == {"LANA"}


def test_who_holds_now_and_then(talk: Talk) -> None:
    now, then = talk.ask("who-holds QLN"), talk.ask(f"who-holds QLN on {session(10)}")
    assert now.title == "2 funds hold QUILLON ROBOTICS INC"
    assert now.notes[-1].startswith("Nothing later is known: LANA as of ")
    assert then.title == f"1 fund held QUILLON ROBOTICS INC on {session(10)}"
    assert [line[:4] for line in then.grid] == ["fund", "LANB"]
    assert talk.ask(f"who-holds RWN on {session(3)}").title.startswith("No fund held ROWANBERRY")


def test_holdings_are_cut_honestly(talk: Talk) -> None:
    reply = talk.ask("holdings LANA top 3")
    assert reply.title == f"LANA, file dated {session(39)}"
    assert len(reply.grid) == 4
    assert "3 of 14 lines" in reply.lines[-1]
    assert reply.notes == ("… and 11 more lines; holdings-monitor holdings LANA",)
    assert talk.ask(f"holdings LANA on {session(2)} top 90").notes == ()
    assert (
        "more lines; holdings-monitor holdings LANA --on" in talk.ask(f"holdings LANA on {session(2)} top 1").notes[0]
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("history QLM", "Did you mean QLN"),
        ("history QLN LANZ", "No fund 'LANZ' in this database. Did you mean LAN"),
        ("history QUILLON ROBOTICS LTD", "No security 'QUILLON ROBOTICS LTD'"),
        ("holdings LANZ", "Did you mean"),
        ("who-holds nothing like it", "Try a part of its name"),
        ("history INC", "means several securities"),
        ("holdings LANA on 2020-01-01", "no files of LANA before 20"),
        ("history \x00\u202ex", "no control characters"),
        ("history %_", "No security"),
    ],
)
def test_names_that_are_unknown_or_ambiguous_are_answered_with_what_there_is(talk: Talk, text: str, words: str) -> None:
    assert words in shown(talk.ask(text))


def test_help_names_the_command_of_the_workspace(talk: Talk) -> None:
    reply = talk.conversation.answer(replace(COMMAND, command="/etf"))
    assert [line.split()[:2] for line in reply.grid] == [
        ["/etf", "history"],
        ["/etf", "who-holds"],
        ["/etf", "holdings"],
    ]


# --- hostile text, limits -------------------------------------------------------------------------


def assert_fit(reply: Reply) -> None:
    """The answer is within Slack's limits and calls nobody."""
    body = reply_body(reply)
    text = shown(reply)
    assert not re.search(r"<[!@#h]", text)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff]", text)
    blocks = body["blocks"]
    assert isinstance(blocks, list)
    assert len(blocks) <= 8
    assert len([one.to_dict() for one in Block.parse_all(blocks)]) == len(blocks)  # Slack's own rules
    assert len(json.dumps(blocks, ensure_ascii=False)) < 13_000
    for block in blocks:
        for part in [block["text"]] if "text" in block else block["elements"]:
            assert 0 < len(part["text"]) <= {"header": 150, "section": 3000, "context": 2000}[block["type"]]
            if part["type"] == "mrkdwn":
                assert part["text"].count("`") == 6


@pytest.mark.parametrize("text", samples.HOSTILE.values(), ids=samples.HOSTILE)
@pytest.mark.parametrize("start", ["", "history ", "who-holds ", "holdings ", "holdings LANA top "])
def test_what_people_write_is_never_markup(lite_talk: Talk, start: str, text: str) -> None:
    assert_fit(lite_talk.ask(start + text))
    assert_fit(lite_talk.ask(start + text[:60]))


@pytest.fixture
def lite_talk(sqlite_engine: Engine, sqlite_url: str) -> Talk:
    """A conversation about one file."""
    prepare(sqlite_engine)
    load(sqlite_engine, [file("LANA", 0, portfolio(ODD))])
    return Talk(sqlite_engine, sqlite_url)


def test_what_issuers_write_is_never_markup(lite_talk: Talk) -> None:
    for text in (
        "history ODD",
        "who-holds ODD",
        "holdings LANA",
        'history "<!channel> `X` & <https://evil.example|CO>"',
    ):
        reply = lite_talk.ask(text)
        assert_fit(reply)
        assert "channel" in shown(reply)


def test_answers_of_any_length_fit() -> None:
    row = ["&" * 200, "<" * 200, "`" * 50]
    lines, rest = grid(("a", "b", "c"), [row] * 500)
    assert rest == 501 - len(lines) > 400
    assert_fit(Reply("<!here>" * 100, ("&" * 5000,) * 9, tuple(lines), ("<" * 5000,) * 9))
    narrow, rest = grid(("a",), [["x"]] * 500)
    assert (len(narrow), rest) == (501, 0)
    assert_fit(Reply("x", grid=tuple(narrow)))


def test_one_person_cannot_ask_without_end(lite_talk: Talk) -> None:
    answers = [lite_talk.conversation.answer(replace(COMMAND, text="help")).title for _ in range(12)]
    assert answers[9] == "What can be asked"
    assert "more than 10 questions" in answers[10]
    assert lite_talk.conversation.answer(replace(COMMAND, user="U2")).title == "What can be asked"
    lite_talk.now += timedelta(seconds=61)
    assert lite_talk.conversation.answer(COMMAND).title == "What can be asked"


def test_a_question_that_takes_too_long_is_stopped(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.conversing.SECONDS", -1.0)
    assert "took too long" in talk.ask("history QLN").title


def test_one_slow_statement_is_stopped(database_url: str) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT max(i) FROM n"
    with pytest.raises(readonly.TookTooLong), readonly.asking(database_url, 0.2) as conn:
        conn.exec_driver_sql(numbers).all()


def test_questions_cannot_write(talk: Talk, database_url: str) -> None:
    with pytest.raises(UsageError, match="Nothing can be changed"), readonly.asking(database_url, 5) as conn:
        mutes.add(conn, mutes.NewMute("kind", "SPLIT", "splits", NOW + timedelta(1), "nobody"), NOW)


def test_a_database_out_of_reach_is_said_without_its_place(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(url: str, seconds: float) -> NoReturn:
        raise StoreError("There is no database at /srv/secret/place.db")

    monkeypatch.setattr(readonly, "asking", broken)
    reply = talk.ask("history QLN")
    assert "cannot be asked just now" in reply.title
    assert "secret" not in shown(reply)


# --- buttons --------------------------------------------------------------------------------------


def test_the_timeline_is_that_of_the_message_for_one_person(talk: Talk) -> None:
    reply = talk.press(Ask.TIMELINE, sent(talk))
    assert reply.title == "QUILLON ROBOTICS INC (QLN): when funds of lantern held it"
    assert [line[:4] for line in reply.grid if line.startswith("LAN")] == ["LANA", "LANB", "LANA"]
    assert not reply.public


def test_a_mute_is_written_once_told_to_all_and_can_be_ended(talk: Talk) -> None:
    item = sent(talk)
    reply = talk.press(Ask.MUTE, item)
    assert reply.public
    assert reply.title == "Muted by anna (Slack U012AB): QUILLON ROBOTICS INC (QLN)"
    with reading(talk.engine) as conn:
        (mute,) = mutes.listing(conn, NOW)
    assert reply.notes == (f"To hear of it again: holdings-monitor mute end {mute.id}",)
    assert (mute.scope, mute.channel, mute.by) == ("security", "slack", "Slack U012AB")
    assert mute.until == NOW + timedelta(days=30)
    again = talk.press(Ask.MUTE, item, "17.2", user="U9", user_name="ben")
    assert again.title == "Muted already by Slack U012AB: QUILLON ROBOTICS INC (QLN)"
    assert not again.public
    with reading(talk.engine) as conn:
        assert mutes.listing(conn) == [mute]


def test_a_press_that_comes_again_after_the_mute_was_lifted_does_not_mute_again(talk: Talk) -> None:
    item = sent(talk)
    talk.press(Ask.MUTE, item)
    with transaction(talk.engine) as conn:
        assert mutes.end(conn, mutes.listing(conn)[0].id, NOW)
    assert "is not any more" in talk.press(Ask.MUTE, item).title
    assert talk.press(Ask.MUTE, item, "17.9").public
    with reading(talk.engine) as conn:
        assert [one.ended_at is None for one in mutes.listing(conn)] == [False, True]


def test_many_presses_at_once_are_one_mute(talk: Talk) -> None:
    item = sent(talk)
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda n: talk.press(Ask.MUTE, item, f"17.{n}", user=f"U{n}"), range(6)))
    assert sum(reply.public for reply in replies) == 1
    with reading(talk.engine) as conn:
        assert len(mutes.listing(conn)) == 1


@pytest.mark.parametrize("what", [Ask.TIMELINE, Ask.MUTE])
def test_buttons_work_only_where_the_message_is(talk: Talk, what: Ask) -> None:
    item = sent(talk)
    for reply in (
        talk.press(what, item, channel="C2"),
        talk.press(what, item, channel=""),
        talk.press(what, "I0000000000"),
        talk.press(what, "' OR 1=1 --", "%"),
    ):
        assert "not one of ours in this channel" in reply.title
    with reading(talk.engine) as conn:
        assert mutes.listing(conn) == []


def test_a_message_of_a_channel_without_buttons_cannot_mute_one_with(talk: Talk) -> None:
    item = sent(talk, channel="other", receipt="C1/1.5")
    assert "not one of ours" in talk.press(Ask.MUTE, item).title


def test_a_security_with_another_id_since_is_found_by_its_numbers(talk: Talk) -> None:
    item = sent(talk)
    with transaction(talk.engine) as conn:
        message = json.loads(outbox.listing(conn, item=item, channel="slack")[0].message)
        message["security"]["id"] = "S0000000000"
        mine = (t.delivery.c.item == item) & (t.delivery.c.channel == "slack")
        conn.execute(update(t.delivery).where(mine).values(message=json.dumps(message)))
    assert talk.press(Ask.TIMELINE, item).title.startswith("QUILLON ROBOTICS INC")


def test_what_was_muted_is_not_told_there_until_it_is_heard_again(talk: Talk) -> None:
    plan = AlertPlan(("console", "slack"), Severity.LOW)

    def closes(*funds: str, number: int) -> list[str]:
        files = [file(fund, number, portfolio(ODD, ROWAN)) for fund in funds]
        pipeline.ingest(talk.engine, LANTERN, files, now=NOW, alert=True, plan=plan, progress=lambda text, count: None)
        with reading(talk.engine) as conn:
            told = [(one.channel, json.loads(one.message)) for one in outbox.listing(conn)]
        return [where for where, one in told if one["kind"] == "EXITED" and one["security"]["ticker"] == "QLN"]

    talk.press(Ask.MUTE, sent(talk))
    assert closes("LANA", number=40) == ["console"]
    with transaction(talk.engine) as conn:
        mutes.end(conn, mutes.listing(conn)[0].id, NOW)
    assert sorted(closes("LANB", number=41)) == ["console", "console", "slack"]
