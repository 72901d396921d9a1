"""Why an answer is empty, where the days asked for and the files we have explain it. It only adds to what is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from monitor.asking.answer import Answer
from monitor.asking.arguments import Asked
from monitor.asking.question import Question, Want
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import Reach, TradeRow

DATED = ("changes", "entries", "exits", "trades")  # whose rows have a day each
FARTHER = (7, 30, 120, 500, 40_000)  # days looked at before and after, one span after the other


def why_empty(conn: Connection, answer: Answer, *, near: bool = False) -> str | None:
    """What to say of an answer without rows; None where it has some. With `near` also which days nearest to those
    asked for have an answer, which is looked for in the history."""
    if answer.total:
        return None
    if answer.unknown:
        return answer.unknown
    empty, asked = answer.question.empty, answer.asked
    known = {one.name: one.want for one in answer.question.parameters}
    fund = asked.fund() if known.get("fund") is Want.FUND else None
    issuer = asked.text("issuer") if known.get("issuer") is Want.ISSUER else None
    if fund is None and not any(known.get(name) is Want.DAY for name in ("since", "until", "on")):
        return empty
    ids = [one.id for one in queries.funds_known(conn, issuer)] if fund is None else [fund.id]
    of = queries.whose(None if fund is None else fund.ticker, issuer)
    said = _reached(asked, of, queries.reach(conn, ids))
    return " ".join([empty, *([said] if said else _nearest(conn, answer.question, asked) if near else [])])


def _reached(asked: Asked, of: str, span: Reach) -> str:
    """What our files say of the days; "" where they cover some of them."""
    if span is None:
        return f"There are no files of {of} yet: load some with `ingest`, or fetch with `check`."
    since, until = _period(asked)
    if until is not None and until < span[0]:
        return f"There are no files of {of} before {span[0]}; {queries.MORE}"
    if since is not None and since > span[1]:
        return f"The last file of {of} is dated {span[1]}. Fetch newer ones with `check`."
    if since is None and until is None:
        return f"We have files of {of} from {span[0]} to {span[1]}."
    return ""


def _period(asked: Asked) -> tuple[date | None, date | None]:
    one = asked.day("on") if "on" in asked.values else asked.day("session")
    return (asked.day("since") or (asked.day("session") if one else None), asked.day("until") or one)


def _nearest(conn: Connection, question: Question, asked: Asked) -> Sequence[str]:
    """Which days nearest to those asked for have an answer, where that is cheaply found."""
    if question.name not in DATED:
        return []
    since, until = _period(asked)
    found = [_there(conn, question, asked, day, way) for day, way in ((since, -1), (until, 1)) if day is not None]
    days = [str(one) for one in found if one is not None]
    return [f"The nearest: {' and '.join(days)}."] if days else ["There is none of any other day."]


def _there(conn: Connection, question: Question, asked: Asked, day: date, way: int) -> date | None:
    """The day nearest to `day` before (-1) or after (1) it that has an answer."""
    for days in FARTHER:
        near, far = (_moved(day, way * one) for one in (1, days))
        first, last = min(near, far), max(near, far)
        values = {name: value for name, value in asked.values.items() if name not in ("session", "limit")}
        rows = question.answer(conn, replace(asked, values=values | {"since": first, "until": last}))
        if found := [_day(row) for row in rows]:
            return (max if way < 0 else min)(found)
    return None


def _moved(day: date, days: int) -> date:
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def _day(row: object) -> date:
    """The trade session of a trade, the date of the file of a change."""
    if isinstance(row, TradeRow):
        return row.trade_session.last or row.as_of
    assert isinstance(row, dict)
    return date.fromisoformat(str(row["as_of"]))
