"""The answers themselves: what the queries found as titles, sentences and tables. Numbers are not computed here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from monitor import telling
from monitor.core.model import Interval
from monitor.notify.conversation import Reply, grid
from monitor.notify.text import bars
from monitor.notify.words import GAP, clean, money, percent, plural, quantity
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.mutes import StoredMute
from monitor.store.queries import FoundSecurity, FundRef, PresenceRow, SpellRow
from monitor.store.queries.names import keys_of

OLD_DAYS = 14  # a file older than this is pointed out
FACTS = 4  # lists beside the daily files that are named
ISSUERS = 4  # pictures in one answer
PROGRAM = "holdings-monitor"


def usage(command: str) -> Reply:
    """What can be asked."""
    start = command if command.startswith("/") else "/holdings"
    return Reply(
        "What can be asked",
        grid=(
            f"{start} history SECURITY [FUND]          when funds held it",
            f"{start} who-holds SECURITY [on DATE]     the funds whose latest file lists it",
            f"{start} holdings FUND [on DATE] [top N]  the largest positions",
        ),
        notes=(
            "A security is a ticker (also a former one), CUSIP, ISIN, SEDOL, public id or a name; several words may "
            "stand in quotation marks. Dates: 2022-01-03, yesterday, 30d.",
            "Only you see the answers.",
        ),
    )


def refusal(text: str) -> Reply:
    """Why there is no answer; candidates, which stand on lines of their own, as a table."""
    first, *more = text.splitlines()
    rows = [re.split(r"\s{2,}", line.strip()) for line in more]
    lines, _ = grid(("", "", ""), rows, left=range(3)) if rows else ([], 0)
    return Reply(clean(first, 140), (first,) if len(first) > 140 else (), tuple(lines[1:]))


# --- history --------------------------------------------------------------------------------------


def history(
    conn: Connection, what: FoundSecurity, today: date, *, fund: FundRef | None = None, issuer: str | None = None
) -> Reply:
    """Every spell of a security, the newest first, with its picture and what lists beside the files say."""
    found = queries.history(conn, what, fund, issuer)
    title = f"{_called(what, found)}: {_scope(fund, issuer)}"
    if not found:
        return Reply(title, ("No fund held a material position of it.",))
    facts = queries.presence(conn, what, fund, issuer)
    newest = sorted(found, key=lambda one: (one.closed is None, one.first_file, one.fund), reverse=True)
    shared = queries.shared_tickers(conn)
    lines, rest = grid(SPELL, [_spell(one, shared) for one in newest])
    command = " ".join([PROGRAM, "history", newest[0].security.id, *(["--fund", _named(fund, shared)] if fund else [])])
    held = [(queries.called(one.issuer, one.fund, shared), one.last_file) for one in found if one.closed is None]
    holders = sorted({name for name, _ in held})
    return Reply(
        title,
        (f"Held in the latest files by {', '.join(holders)}." if holders else "Not held in the latest files.",),
        (*_pictures(conn, what, today, found, fund, issuer), *lines),
        (
            *_more(rest, "spell", command),
            *_old(held, today),
            *_beside(facts, command, shared),
        ),
    )


SPELL = ("fund", "in", "out", "entry", "peak", "exit", "sessions")


def _named(fund: FundRef, shared: frozenset[str]) -> str:
    """The fund's ticker, after its issuer where another one uses it, too."""
    return queries.called(fund.issuer, fund.ticker, shared)


def _spell(one: SpellRow, shared: frozenset[str]) -> tuple[str, ...]:
    return (
        queries.called(one.issuer, one.fund, shared),
        f"before {one.first_file}" if one.censored == "left" else _between(one.opened),
        "" if one.closed is None else _between(one.closed),
        quantity(one.entry_shares),
        quantity(one.peak_shares),
        "held" if one.closed is None else quantity(one.exit_shares),
        "" if one.sessions is None else f"{one.sessions:,}",
    )


def _between(interval: Interval) -> str:
    """`2021-08-16`, or `2021-10-29 … 2021-12-07` where files leave it open."""
    if interval.first is None or interval.first == interval.last:
        return "?" if interval.last is None else f"{interval.last}"
    return f"{interval.first} … {interval.last}"


def _called(what: FoundSecurity, found: Sequence[SpellRow]) -> str:
    """The name of the latest spell: a security may have had several."""
    if not found:
        return clean(what.names[0] if what.names else what.text, 80)
    last = max(found, key=lambda one: one.last_file or one.first_file).security
    return clean(f"{last.name} ({last.ticker})" if last.ticker else last.name, 80)


def _scope(fund: FundRef | None, issuer: str | None) -> str:
    return (
        f"when {fund.ticker} held it" if fund else f"when funds of {issuer} held it" if issuer else "when funds held it"
    )


def _pictures(
    conn: Connection,
    what: FoundSecurity,
    today: date,
    found: Sequence[SpellRow],
    fund: FundRef | None,
    issuer: str | None,
) -> list[str]:
    """Shares over time, a line per issuer; of one fund we draw none, because the picture is the issuer's."""
    if fund is not None:
        return []
    issuers = sorted({one.issuer for one in found})
    keys = keys_of(conn, what.ids)
    drawn = [(code, bars(telling.shares_over_time(conn, code, keys, today))) for code in issuers[:ISSUERS]]
    lines = [f"{clean(code, 20):8}  {line}" for code, line in drawn if line]
    return [*lines, f"shares held, {GAP} no file", ""] if lines else []


def _beside(facts: Sequence[PresenceRow], command: str, shared: frozenset[str]) -> list[str]:
    """What lists beside the daily files say, the newest first."""
    if not facts:
        return []
    newest = sorted(facts, key=lambda one: (one.pos_session, one.fund), reverse=True)
    said = [
        f"{queries.called(one.issuer, one.fund, shared)} {one.pos_session} ({one.source}): {_fact(one)}"
        for one in newest[:FACTS]
    ]
    more = [f"… and {len(newest) - FACTS} more; {command}"] if len(newest) > FACTS else []
    return [f"Beside the daily files, {plural(len(newest), 'list')}:", *said, *more]


def _fact(one: PresenceRow) -> str:
    words = [one.state.replace("_", " ")]
    words += [f"{quantity(one.shares)} shares"] if one.shares is not None else []
    return "; ".join([" ".join(words), *([one.note] if one.note else [])])


# --- who holds, holdings --------------------------------------------------------------------------


def who_holds(conn: Connection, what: FoundSecurity, on: date | None, today: date) -> Reply:
    """The funds whose latest file lists a security."""
    found = queries.who_holds(conn, what, on)
    name = clean(found[0].security.name if found else what.names[0] if what.names else what.text, 80)
    when = f" on {on}" if on else ""
    if not found:
        return Reply(f"No fund held {name}{when}" if on else f"No fund holds {name}")
    shared = queries.shared_tickers(conn)
    names = [queries.called(one.issuer, one.fund, shared) for one in found]
    rows = [
        (name, quantity(one.shares), money(one.value, one.currency or ""), percent(one.weight), f"{one.as_of}")
        for name, one in zip(names, found, strict=True)
    ]
    lines, rest = grid(("fund", "shares", "value", "weight", "file"), rows)
    command = f"{PROGRAM} who-holds {found[0].security.id}{f' --on {on}' if on else ''}"
    note = _old([(name, one.as_of) for name, one in zip(names, found, strict=True)], on or today)
    verb = "held" if on else "hold" if len(found) > 1 else "holds"
    title = f"{plural(len(set(names)), 'fund')} {verb} {name}{when}"
    return Reply(title, (), tuple(lines), (*_more(rest, "line", command), *note))


def holdings(conn: Connection, fund: FundRef, on: date | None, top: int) -> Reply:
    """The largest positions of a fund."""
    found = queries.holdings(conn, fund, on)
    name = _named(fund, queries.shared_tickers(conn))
    command = f"{PROGRAM} holdings {name}{f' --on {on}' if on else ''}"
    if not found:
        return Reply(f"{name}: the file lists nothing")
    first = found[0]
    session = (f"Positions after the close of {first.pos_session}.",) if first.pos_session else ()
    rows = [
        (
            one.security.ticker or "",
            one.security.name,
            quantity(one.shares),
            money(one.value, one.currency or ""),
            percent(one.weight),
        )
        for one in found[:top]
    ]
    lines, rest = grid(("ticker", "name", "shares", "value", "weight"), rows, left=(0, 1))
    total = sum((one.weight for one in found[: len(rows) - rest] if one.weight is not None), Decimal(0))
    shown = f"{len(rows) - rest} of {plural(len(found), 'line')}, {percent(total)} of the fund."
    notes = _more(len(found) - len(rows) + rest, "line", command)
    return Reply(f"{name}, file dated {first.as_of}", (*session, shown), tuple(lines), tuple(notes))


def _old(files: Sequence[tuple[str, date | None]], asked: date) -> list[str]:
    """A note on funds whose latest file is much older than the day that was asked for."""
    old = sorted({f"{fund} as of {as_of}" for fund, as_of in files if as_of and (asked - as_of).days > OLD_DAYS})
    return [f"Nothing later is known: {', '.join(old[:10])}{' …' if len(old) > 10 else ''}"] if old else []


def _more(rest: int, noun: str, command: str) -> list[str]:
    """An honest end of a table that was cut."""
    return [f"… and {plural(rest, f'more {noun}')}; {command}"] if rest else []


# --- mutes ----------------------------------------------------------------------------------------


def muted(mute: StoredMute, new: bool, now: datetime, who: str) -> Reply:
    """What a press on *Mute* did: a new mute is told to all, because it is for all."""
    ending = f"{mute.until:%Y-%m-%d %H:%M} UTC"
    until = (f"Until {ending} nothing new about it is told here. What was told is still corrected; all is recorded.",)
    how = (f"To hear of it again: {PROGRAM} mute end {mute.id}",)
    if new:
        by = f"{who} ({mute.by})" if who else mute.by
        return Reply(f"Muted by {by}: {mute.label}", until, notes=how, public=True)
    if mute.ended_at is not None or not mute.holds(now):
        return Reply(f"This was muted and is not any more: {mute.label}", ("Press the button again to mute it anew.",))
    return Reply(f"Muted already by {mute.by}: {mute.label}", until, notes=how)
