"""Answers what people ask in Slack: who held what when, and the wish not to hear of a security for a while.

Questions are read on a connection that cannot write and has a time limit. It speaks of values only: listening and
sending are `notify.slack_socket`, how an answer looks is `notify.conversation`.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import assert_never

from monitor.conversing import asking, replies
from monitor.conversing.asking import Question, What
from monitor.core.errors import MonitorError, UsageError
from monitor.core.model import SecurityRef
from monitor.notify.blocks import MUTE_DAYS
from monitor.notify.conversation import Ask, Asked, Reply
from monitor.notify.message import Message
from monitor.notify.wire import from_json
from monitor.notify.words import clean
from monitor.store import mutes, outbox, queries, readonly
from monitor.store.engine import Connection, Engine, transaction
from monitor.store.mutes import NewMute
from monitor.store.queries import FoundSecurity, FundRef

SECONDS = 8.0  # for one question
QUESTIONS, PERIOD = 10, 60.0  # of one person in so many seconds
PEOPLE = 1_000  # whose questions are counted
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Alert:
    """A message under which a button was pressed, and the channel that carried it."""

    channel: str
    message: Message
    security: SecurityRef


class Conversation:
    """Answers one question after the other. `channels` are the interactive ones, `database` where to read."""

    def __init__(self, database: str, engine: Engine, channels: Sequence[str], now: Callable[[], datetime]) -> None:
        self._database = database
        self._engine = engine
        self._channels = frozenset(channels)
        self._now = now
        self._limit = Limit()

    def answer(self, asked: Asked) -> Reply:
        """The answer in words, whatever was asked; only a bug raises."""
        now = self._now()
        if not self._limit.allows(asked.user, now):
            return Reply(f"That is more than {QUESTIONS} questions in a minute. Ask again a little later.")
        try:
            return self._answer(asked, now)
        except UsageError as error:
            return replies.refusal(str(error))
        except readonly.TookTooLong:
            return Reply("That took too long and was stopped. Ask for one fund, or on the command line.")
        except MonitorError as error:
            log.warning("a question from Slack (%s) was not answered: %s", asked.what, error)
            return Reply("The database cannot be asked just now; the log of the daemon says why. Ask again later.")

    def _answer(self, asked: Asked, now: datetime) -> Reply:
        match asked.what:
            case Ask.COMMAND:
                return self._command(asked, now)
            case Ask.TIMELINE:
                return self._timeline(asked, now)
            case Ask.MUTE:
                return self._mute(asked, now)
        assert_never(asked.what)

    # --- questions --------------------------------------------------------------------------------

    def _command(self, asked: Asked, now: datetime) -> Reply:
        question = asking.parse(asked.text, now.date())
        if question.what is What.HELP:
            return replies.usage(asked.command)
        with readonly.asking(self._database, SECONDS) as conn:
            match question.what:
                case What.HISTORY:
                    what, fund = _security_and_fund(conn, question)
                    return replies.history(conn, what, now.date(), fund=fund)
                case What.WHO_HOLDS:
                    what = queries.find_security(conn, question.name)
                    return replies.who_holds(conn, what, question.on, now.date())
                case What.HOLDINGS:
                    return replies.holdings(conn, queries.find_fund(conn, question.name), question.on, question.top)
        assert_never(question.what)

    def _timeline(self, asked: Asked, now: datetime) -> Reply:
        with readonly.asking(self._database, SECONDS) as conn:
            alert = self._alert(conn, asked)
            what = _found(conn, alert.security)
            return replies.history(conn, what, now.date(), issuer=alert.message.issuer or None)

    def _mute(self, asked: Asked, now: datetime) -> Reply:
        with transaction(self._engine) as conn:
            alert = self._alert(conn, asked)
            label = _label(alert.security)
            wish = NewMute(
                scope="security",
                value=alert.security.id,
                label=label,
                until=now + timedelta(days=MUTE_DAYS),
                by=asked.who,
                channel=alert.channel,
                note=f"button under {asked.text}, pressed {asked.press}" if asked.press else "",
            )
            mute, new = mutes.add_once(conn, wish, now)
        if new:
            log.info("%s muted %s on %s until %s", asked.who, mute.value, alert.channel, mute.until.date())
        return replies.muted(mute, new, now, asked.user_name)

    def _alert(self, conn: Connection, asked: Asked) -> Alert:
        """The message the button is under: one we sent into the conversation in which it was pressed."""
        for row in outbox.listing(conn, item=asked.text):
            place = (row.receipt or "").partition("/")[0]
            if row.channel in self._channels and row.state == "sent" and place and place == asked.channel:
                message = from_json(row.message)
                if message.security is not None:
                    return Alert(row.channel, message, message.security)
        raise UsageError("This message is not one of ours in this channel, or it is only just being recorded.")


class Limit:
    """How many questions each person may ask."""

    def __init__(self) -> None:
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, user: str, now: datetime) -> bool:
        """Whether one more may be asked now; it is counted then."""
        at = now.timestamp()
        times = self._asked.setdefault(user, deque())
        self._asked.move_to_end(user)
        while len(self._asked) > PEOPLE:
            self._asked.popitem(last=False)
        while times and not at - PERIOD < times[0] <= at:
            times.popleft()
        if len(times) >= QUESTIONS:
            return False
        times.append(at)
        return True


def _security_and_fund(conn: Connection, question: Question) -> tuple[FoundSecurity, FundRef | None]:
    """`history BABA ARKK`: the last word is a fund where there is one of that name and something stands before it."""
    if question.fund:
        return queries.find_security(conn, question.name), queries.find_fund(conn, question.fund)
    before, _, last = question.name.rpartition(" ")
    try:
        return queries.find_security(conn, question.name), None
    except UsageError:
        if not before or not _like_a_fund(conn, last):
            raise
    return queries.find_security(conn, before), queries.find_fund(conn, last)


def _like_a_fund(conn: Connection, word: str) -> bool:
    """Whether a fund is called so, or nearly: then its name was mistyped, and that is what to say."""
    known = [one.ticker.upper() for one in queries.funds_known(conn)]
    return bool(get_close_matches(word.upper().rpartition("/")[2], known, 1, 0.7))


def _found(conn: Connection, security: SecurityRef) -> FoundSecurity:
    """The security of a message, also when better files have given it another public id since."""
    names = (security.id, security.cusip, security.isin, security.sedol, security.ticker, security.name)
    for name in (name for name in names if name):
        try:
            return queries.find_security(conn, name)
        except UsageError:
            continue
    raise UsageError(f"{_label(security)} is not in the database any more.")


def _label(security: SecurityRef) -> str:
    ticker = f" ({security.ticker})" if security.ticker else ""
    return clean(f"{security.name}{ticker}", 200)
