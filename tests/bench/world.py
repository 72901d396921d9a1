"""Writes a world of invented funds straight into a database: consistent rows of all tables the questions read.

Nothing is read, compared or derived: rows are made as deriving would have made them and go in by the bulk path.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from monitor.store import documents
from monitor.store import schema as t
from monitor.store.codec import date_of_day, day_of
from monitor.store.engine import Connection, Engine, bulk_insert, transaction

LAST = date(2026, 11, 25)
AT = "2026-11-26T02:00:00.000000Z"
BODY = "0" * 64
PER_ISSUER = 100
Rows = dict[str, list[tuple[object, ...]]]
COLUMNS = {
    "snapshot": "fund id as_of sha256 place arrival known_at rank shares_exp lines positions value weight currency "
    "dates warnings unread",
    "holding": "fund snapshot security listing shares value weight",
    "standing": "fund snapshot as_of day standing convention pos_session reasons warnings",
    "flow": "fund snapshot previous as_of session_from session_to gap factor lines unchanged in_flow in_groups active "
    "rebalance confidence",
    "trade": "fund snapshot security listing label shares_before shares_after split active_shares value outside",
    "spell": "fund security opened_day opened_from opened_to first_file entry_shares censored closed_day closed_from "
    "closed_to exit_file last_file last_session exit_shares last_shares material_file material_session "
    "material_shares peak_shares peak_file files last_line_file last_line_session last_line_shares last_line_day",
    "sighting": "fund security as_of session day",
}
DOCUMENTS = ("event", "item")  # rows of these are `documents.New`


@dataclass(frozen=True)
class Plan:
    """How large the world is."""

    funds: int = 4000
    lines: int = 300
    days: int = 5
    deep_funds: int = 40
    deep_days: int = 250
    securities: int = 20_000
    seed: int = 1


@dataclass
class Held:
    """One position while it lasts."""

    shares: int
    since: int
    peak: int
    files: int = 1


@dataclass
class Fund:
    """What a fund holds now, and what it held before."""

    number: int
    issuer: int
    holds: dict[int, Held] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)


def write(engine: Engine, plan: Plan) -> int:
    """The number of holdings written into an empty database that has its tables."""
    chance = random.Random(plan.seed)
    days = _sessions(max(plan.days, plan.deep_days))
    with transaction(engine) as conn:
        _names(conn, plan)
        first = day_of(date(2000, 1, 3))
        weekdays = (one for one in range(first, day_of(LAST) + 366) if date_of_day(one).weekday() < 5)
        bulk_insert(conn, t.session, ("calendar", "day"), (("XNYS", one) for one in weekdays))
    written = 0
    for start in range(0, plan.funds, PER_ISSUER):
        issuer = start // PER_ISSUER + 1
        rows: Rows = {name: [] for name in (*COLUMNS, *DOCUMENTS)}
        for number in range(start + 1, min(start + PER_ISSUER, plan.funds) + 1):
            mine = days[-(plan.deep_days if number <= plan.deep_funds else plan.days) :]
            _fund(rows, Fund(number, start // PER_ISSUER + 1), mine, plan, chance)
            if len(rows["holding"]) > 500_000:
                written += _flush(engine, issuer, rows)
        written += _flush(engine, issuer, rows)
    return written


def _flush(engine: Engine, issuer: int, rows: Rows) -> int:
    count = len(rows["holding"])
    with transaction(engine) as conn:
        for name, columns in COLUMNS.items():
            bulk_insert(conn, t.metadata.tables[name], columns.split(), rows[name])
            rows[name].clear()
        for name in DOCUMENTS:
            new = [documents.New(*row) for row in rows[name]]  # type: ignore[arg-type]
            documents.add(conn, t.metadata.tables[name], issuer, new)
            rows[name].clear()
    return count


def _sessions(count: int) -> list[int]:
    found: list[int] = []
    one = LAST
    while len(found) < count:
        if one.weekday() < 5:
            found.append(day_of(one))
        one -= timedelta(days=1)
    return found[::-1]


def ticker(number: int) -> str:
    """The invented ticker of a security: AAAA, AAAB, …"""
    return "".join(chr(65 + number // 26**place % 26) for place in (3, 2, 1, 0))


def _public(number: int) -> str:
    return "S" + hashlib.sha256(f"cusip:{number:09}".encode()).hexdigest()[:10].upper()


def _names(conn: Connection, plan: Plan) -> None:
    issuers = range(1, (plan.funds - 1) // PER_ISSUER + 2)
    bulk_insert(conn, t.issuer, ("id", "code", "name"), ((n, f"house{n}", f"House {n} Invented") for n in issuers))
    names = ("id", "issuer", "ticker", "name", "kind", "calendar")
    funds = range(1, plan.funds + 1)
    rows = ((n, (n - 1) // PER_ISSUER + 1, f"F{n:04}", f"Invented Fund {n}", "active", "XNYS") for n in funds)
    bulk_insert(conn, t.fund, names, rows)
    known = range(1, plan.securities + 1)
    bulk_insert(conn, t.security, ("id", "key", "public"), ((n, f"cusip:{n:09}", _public(n)) for n in known))
    bulk_insert(conn, t.identifier, ("scheme", "value", "security"), (("cusip", f"{n:09}", n) for n in known))
    listing = ("id", "security", "name", "ticker", "identifier", "asset_class")
    lines = ((n, n, f"INVENTED COMPANY {n} INC", ticker(n), f"{n:09}", "equity") for n in known)
    bulk_insert(conn, t.listing, listing, lines)
    bulk_insert(conn, t.archive, ("sha256", "size", "body", "stored_at"), [(BODY, 0, b"", AT)])


def _fund(rows: Rows, fund: Fund, days: Sequence[int], plan: Plan, chance: random.Random) -> None:
    for _ in range(plan.lines):
        fund.holds[_drawn(fund, plan, chance)] = Held(shares := chance.randint(1_000, 900_000), days[0], shares)
    rows["sighting"] += [(fund.number, one, days[0], days[0], days[0]) for one in fund.holds]
    fund.seen.update(fund.holds)
    for at, day in enumerate(days):
        if at:
            _session(rows, fund, days[0], days[at - 1], day, plan, chance)
        _file(rows, fund, day)
    rows["spell"] += [
        (fund.number, one, held.since, *_opened(held, days[0]), *[None] * 18) for one, held in fund.holds.items()
    ]


def _drawn(fund: Fund, plan: Plan, chance: random.Random) -> int:
    """A security the fund does not hold, some far more often than others."""
    while True:
        one = 1 + int(plan.securities * chance.random() ** 2)
        if one <= plan.securities and one not in fund.holds:
            return one


def _file(rows: Rows, fund: Fund, day: int) -> None:
    snapshot, count = day * 256, len(fund.holds)
    total = sum(held.shares for held in fund.holds.values())
    shown = date_of_day(day).isoformat()
    rows["snapshot"].append(
        (fund.number, snapshot, day, BODY, f"F{fund.number:04}.csv", "history", AT, f"0|{day}", 0, count, count,
         total * 2_000, 1_000_000, "USD", shown, "[]", 0)
    )  # fmt: skip
    rows["standing"].append((fund.number, snapshot, day, day, "accepted", "CLOSE", day, "[]", "[]"))
    rows["holding"] += [
        (fund.number, snapshot, one, one, held.shares, held.shares * 2_000, held.shares * 1_000_000 // total)
        for one, held in sorted(fund.holds.items())
    ]


def _session(rows: Rows, fund: Fund, first: int, before: int, day: int, plan: Plan, chance: random.Random) -> None:
    """What a fund does between two files: sizes of a few lines, now and then one out and one in."""
    for held in fund.holds.values():
        held.files += 1
    changed = chance.sample(sorted(fund.holds), min(3, len(fund.holds)))
    for one in changed:
        held = fund.holds[one]
        old, held.shares = held.shares, max(500, int(held.shares * chance.uniform(0.7, 1.4)))
        held.peak = max(held.peak, held.shares)
        _trade(rows, fund, day, one, ("ACTIVE", old, held.shares))
    if chance.random() < 0.4:
        gone, new = changed[0], _drawn(fund, plan, chance)
        held = fund.holds.pop(gone)
        rows["trade"].pop(-len(changed))
        _trade(rows, fund, day, gone, ("GONE", held.shares, 0))
        _happened(rows, fund, gone, "EXITED", day, (held.shares, 0))
        rows["spell"].append(
            (fund.number, gone, held.since, *_opened(held, first), day, day, day, day, before, before, "0",
             str(held.shares), before, before, str(held.shares), str(held.peak), before, held.files, before, before,
             str(held.shares), day)
        )  # fmt: skip
        fund.holds[new] = Held(shares := chance.randint(1_000, 90_000), day, shares)
        _trade(rows, fund, day, new, ("NEW", 0, shares))
        _happened(rows, fund, new, "RE_ENTERED" if new in fund.seen else "INITIATED", day, (0, shares))
        if new not in fund.seen:
            fund.seen.add(new)
            rows["sighting"].append((fund.number, new, day, day, day))
    rows["flow"].append(
        (fund.number, day * 256, before * 256, day, day, day, 1, "1.000000000000", plan.lines, plan.lines - 3, 0, 0, 3,
         0, "high")
    )  # fmt: skip


def _opened(held: Held, first: int) -> Iterator[object]:
    inside = held.since > first
    yield from (held.since if inside else None, held.since, held.since, str(held.shares), "none" if inside else "left")


def _trade(rows: Rows, fund: Fund, day: int, one: int, what: tuple[str, int, int]) -> None:
    label, before, after = what
    size = after - before
    rows["trade"].append(
        (fund.number, day * 256, one, one, label, str(before), str(after), "1", str(size), size * 2_000, 0)
    )


def _happened(rows: Rows, fund: Fund, one: int, kind: str, day: int, shares: tuple[int, int]) -> None:
    """The event and the item made of it."""
    number = hashlib.sha256(f"{fund.number} {one} {kind} {day}".encode()).hexdigest()[:14].upper()
    body = json.dumps(_body(fund, one, kind, day, shares) | {"id": f"E{number}", "level": "event"})
    rows["event"].append((fund.number, one, day, body))
    told = _body(fund, one, kind, day, shares) | {"id": f"I{number}", "level": "item", "headline": f"{kind} {one}"}
    more = {"caveat": "", "parts": [], "events": [f"E{number}"], "terms": []}
    rows["item"].append((0, one, day, json.dumps(told | more)))


def _body(fund: Fund, one: int, kind: str, day: int, shares: tuple[int, int]) -> dict[str, object]:
    shown = date_of_day(day).isoformat()
    named = {"id": _public(one), "name": f"INVENTED COMPANY {one} INC", "ticker": ticker(one), "cusip": f"{one:09}"}
    return {
        "kind": kind,
        "issuer": f"house{fund.issuer}",
        "funds": [f"F{fund.number:04}"],
        "security": named | {"isin": None, "sedol": None, "figi": None},
        "as_of": shown,
        "pos_session": {"from": shown, "to": shown},
        "published": {"from": None, "to": None},
        "known_at": AT,
        "shares_before": shares[0],
        "shares_after": shares[1],
        "active_shares": shares[1] - shares[0],
        "value": (shares[1] - shares[0]) * 20,
        "currency": "USD",
        "weight_before": None,
        "weight_after": 0.3,
        "absence": None,
        "claim": f"F{fund.number:04} {kind} INVENTED COMPANY {one} INC",
        "score": 20,
        "severity": "low",
        "confidence": "high",
        "status": "current",
        "evidence": [],
    }
