"""The sentences of notices about blindness: what began, what may help, and what ended. Pure text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import assert_never

from monitor.core.blindness import EVERYBODY, Closing, Note, Opening
from monitor.core.sight import Cause, FundSight

SHOWN = 5  # funds or days named one by one


@dataclass(frozen=True, slots=True)
class Words:
    """A headline and the sentences below it."""

    headline: str
    lines: tuple[str, ...]


def opened(opening: Opening) -> Words:
    """What is said when an incident begins."""
    if opening.subject == EVERYBODY:
        return _everybody(opening.funds)
    if opening.subject.startswith("issuer:"):
        return _issuer(opening)
    return _fund(opening.funds[0], opening.cause)


def _everybody(funds: Sequence[FundSight]) -> Words:
    issuers = sorted({one.issuer_name for one in funds})
    lines = [
        f"No connection to {_some(issuers)} ({_count(len(funds), 'fund')}). The network of this machine may be down.",
        *_answers(funds),
        "Files published meanwhile are fetched and compared in order as soon as there is a connection.",
    ]
    return Words("No issuer can be reached: is the network down?", tuple(lines))


def _issuer(opening: Opening) -> Words:
    funds, name = opening.funds, opening.funds[0].issuer_name
    tickers = _some([one.ticker for one in funds])
    if opening.cause is Cause.LATE:
        days = sorted({one.expected for one in funds if one.expected is not None})
        dated = f" dated {_days(days)}" if days else ""
        lines: tuple[str, ...] = (f"Not there yet{dated}: {tickers}.", *_newest(funds))
        return Words(f"{name}: the files of all {len(funds)} funds are late", lines)
    lines = (f"Concerned: {tickers}.", *_answers(funds), *_newest(funds), *_proposed(funds))
    if not all(one.failures for one in funds):  # of some the file came, but an old one
        return Words(f"{name}: none of the {len(funds)} funds has a current file", lines)
    return Words(f"{name}: no file of any of the {len(funds)} funds can be fetched", lines)


def _fund(fund: FundSight, cause: Cause) -> Words:
    name = fund.ticker
    match cause:
        case Cause.LATE:
            dated = f" dated {fund.expected}" if fund.expected is not None else ""
            return Words(f"{name}: the file{dated} is late", (*_newest([fund]), *_answers([fund])))
        case Cause.FAILING:
            headline = f"{name}: no file can be fetched, {_count(fund.failures, 'look')} in vain in a row"
            return Words(headline, (*_answers([fund]), *_newest([fund]), *_gone(fund)))
        case Cause.RENAMED:
            return Words(f"{name}: its file seems to have another address now", (*_answers([fund]), *_proposed([fund])))
        case Cause.CLOSED:
            return _closed(fund)
        case Cause.STALE:
            headline = f"{name}: the same content under new dates, {_count(fund.stale, 'file')} in a row"
            return Words(headline, ("What the fund bought or sold meanwhile is not shown.", *_newest([fund])))
        case Cause.QUARANTINE:
            headline = f"{name}: {_count(fund.quarantined, 'file')} in a row are quarantined"
            help_ = "Nothing is told about the fund until it is settled. See: holdings-monitor quarantine list"
            return Words(headline, (help_, *_newest([fund])))
        case Cause.MISSING | Cause.UNREACHABLE:  # a note, and everybody's: worded elsewhere
            return Words(f"{name}: no file is seen", tuple(_newest([fund])))
        case _:
            assert_never(cause)


def _closed(fund: FundSight) -> Words:
    silence = "Nothing more is said about its files unless one with holdings appears."
    if fund.closed is not None:
        words = f"{fund.ticker} has closed: the description of its source gives {fund.closed} as its last day"
        return Words(words, (silence, "It need not be watched any longer."))
    lines = (*_answers([fund]), *_newest([fund]), silence, "If it has closed, take it out of [[watch]].")
    return Words(f"{fund.ticker}: has the fund closed?", lines)


def closed(closing: Closing, now: datetime) -> Words:
    """What is said when an incident ends."""
    incident, funds = closing.incident, closing.funds
    after = f"after {span(now - incident.opened_at)}"
    seen = [one for one in funds if one.last is not None]
    lines = _holes([one for one in funds if one.hole is not None])
    if incident.subject == EVERYBODY:
        return Words(f"Issuers can be reached again {after}", tuple(lines))
    if incident.subject.startswith("issuer:"):
        return Words(f"{funds[0].issuer_name}: files again {after}", (*_newest(seen), *lines))
    fund = funds[0]
    dated = f"; file dated {fund.last.as_of}" if fund.last is not None else ""
    return Words(f"{fund.ticker}: files again {after}{dated}", tuple(lines))


def noted(notes: Sequence[Note]) -> Words:
    """What is said about files of one issuer that were never seen."""
    named = [(one.fund.ticker, one.hole) for one in notes]
    ticker, hole = named[0]
    help_ = (
        "What changed in between is told with the next file, as having happened between the two.",
        f"A copy can be added later with: holdings-monitor ingest FILE --source {notes[0].fund.issuer}",
    )
    if len(named) == 1:
        what = "file" if len(hole.days) == 1 else "files"
        headline = (
            f"{ticker}: no {what} dated {_days(hole.days)} {_was(hole.days)} seen; the next is {hole.after.as_of}"
        )
        return Words(headline, help_)
    lines = [f"{name}: none dated {_days(one.days)}; the next is {one.after.as_of}." for name, one in named[:SHOWN]]
    more = [f"And {len(named) - SHOWN} more."] if len(named) > SHOWN else []
    headline = f"{notes[0].fund.issuer_name}: files of {len(named)} funds were never seen"
    return Words(headline, (*lines, *more, *help_))


# --- parts ----------------------------------------------------------------------------------------


def span(length: timedelta) -> str:
    """`2 days 3 hours`, `5 hours 10 minutes`, `40 minutes`: the two largest parts."""
    minutes = max(0, int(length.total_seconds())) // 60
    parts = [(minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute")]
    first = next((at for at, (count, _) in enumerate(parts) if count), 2)
    named = [_count(count, noun) for at, (count, noun) in enumerate(parts[first : first + 2]) if count or at == 0]
    return " ".join(named) if minutes else "less than a minute"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _days(days: Sequence[date]) -> str:
    return _some([one.isoformat() for one in days])


def _answers(funds: Sequence[FundSight]) -> list[str]:
    """What the last looks in vain gave; the same words once."""
    found: dict[str, list[FundSight]] = {}
    for fund in funds:
        if fund.looks and fund.looks[0].in_vain:
            found.setdefault(fund.looks[0].detail or fund.looks[0].outcome, []).append(fund)
    return [
        f"Last answer{'' if len(funds) == 1 else ' for ' + _some([one.ticker for one in group])}: {words}"
        f" ({_minute(group[0])})"
        for words, group in list(found.items())[:SHOWN]
    ]


def _minute(fund: FundSight) -> str:
    return f"{fund.looks[0].at:%Y-%m-%d %H:%M} UTC"


def _newest(funds: Sequence[FundSight]) -> list[str]:
    days = sorted({one.last.as_of for one in funds if one.last is not None})
    if not days:
        return ["No file of it has been accepted yet."] if len(funds) == 1 else []
    return [f"Newest file: dated {days[0]}." if len(days) == 1 else f"Newest files: dated {days[0]} … {days[-1]}."]


def _gone(fund: FundSight) -> list[str]:
    if not fund.looks or not fund.looks[0].is_gone:
        return []
    return [
        "The file may have been renamed or moved; no link to a new one was found on the issuer's page. Where it is now"
        f' belongs into monitor.toml: [issuers.{fund.issuer}.urls] {fund.ticker} = "https://…"'
    ]


def _proposed(funds: Sequence[FundSight]) -> list[str]:
    """The addresses found, and the lines that make us use them: never done without a person."""
    known = [one for one in funds if one.proposals]
    if not known:
        return []
    lines = [f"The issuer's page links to {', or '.join(one.proposals)}" for one in known]
    lines += ["Nothing is switched by itself. To use it, put into monitor.toml:", f"[issuers.{known[0].issuer}.urls]"]
    return lines + [f'{_key(one.ticker)} = "{one.proposals[0]}"' for one in known]


def _key(ticker: str) -> str:
    """The ticker as a TOML key."""
    return ticker if ticker.replace("-", "").replace("_", "").isalnum() else f'"{ticker}"'


def _was(days: Sequence[date]) -> str:
    return "was" if len(days) == 1 else "were"


def _holes(funds: Sequence[FundSight]) -> list[str]:
    return [f"{one.ticker}: no file dated {_days(one.hole.days)} was seen." for one in funds[:SHOWN] if one.hole]
