"""Asks every question many times, with parameters drawn from the database, and measures what the answers cost."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import event, func, select

from monitor.asking.answer import ask
from monitor.asking.question import Parameter, Question, Want
from monitor.asking.registry import QUESTIONS
from monitor.core.errors import UsageError
from monitor.store import schema as t
from monitor.store.codec import date_of_day
from monitor.store.engine import Connection, Engine, reading

MOST_SECONDS = 30.0  # for one line of the table
ABOUT_ONE = ("fund", "security", "other", "file")


@dataclass(frozen=True)
class Names:
    """What there is to ask about."""

    funds: tuple[str, ...]
    issuers: tuple[str, ...]
    securities: tuple[str, ...]
    words: tuple[str, ...]
    files: tuple[str, ...]
    first: date
    last: date


@dataclass
class Cost:
    """What one question cost, call by call; `wide` when it was asked of all funds and securities."""

    question: Question
    wide: bool
    seconds: list[float] = field(default_factory=list)
    rows: int = 0
    statements: int = 0
    refused: int = 0
    slowest: dict[str, str] = field(default_factory=dict)

    def at(self, part: float) -> float:
        """So many milliseconds, or fewer, this part of the calls took."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1000


def names(conn: Connection, chance: random.Random, many: int = 60) -> Names:
    """Every fund (or `many` of them, the ones with most files first), sampled securities, words and files."""
    files = func.count().label("files")
    query = (
        select(t.issuer.c.code, t.fund.c.ticker, files)
        .select_from(t.snapshot)
        .join(t.fund, t.snapshot.c.fund == t.fund.c.id)
        .join(t.issuer, t.fund.c.issuer == t.issuer.c.id)
    )
    counted = sorted(conn.execute(query.group_by(t.issuer.c.code, t.fund.c.ticker)), key=lambda one: -one.files)
    funds = [f"{one.code}/{one.ticker}" for one in counted]
    securities = list(conn.scalars(select(t.security.c.public)))
    lines = conn.execute(select(t.listing.c.name, t.listing.c.ticker).where(t.listing.c.ticker != "")).all()
    some = chance.sample(lines, min(many, len(lines)))
    some_files = conn.execute(
        select(t.fund.c.ticker, t.snapshot.c.as_of)
        .select_from(t.snapshot)
        .join(t.fund, t.snapshot.c.fund == t.fund.c.id)
        .limit(2_000)
    ).all()
    first, last = conn.execute(select(func.min(t.snapshot.c.as_of), func.max(t.snapshot.c.as_of))).one()
    return Names(
        tuple(funds[: many // 2] + chance.sample(funds, min(many // 2, len(funds)))),
        tuple(sorted({one.split("/")[0] for one in funds})),
        tuple(chance.sample(securities, min(many, len(securities)))),
        tuple(word for line in some for word in (line.ticker, line.name.split()[0], line.name)),
        tuple(
            f"{one.ticker}/{date_of_day(one.as_of)}" for one in chance.sample(some_files, min(many, len(some_files)))
        ),
        date_of_day(first),
        date_of_day(last),
    )


def measure(engine: Engine, calls: int, seed: int, only: str = "") -> Iterator[Cost]:
    """What each question costs, of one fund or security and – where it can be asked so – of all."""
    counted = [0]

    def count(*_: object) -> None:
        counted[0] += 1

    event.listen(engine, "before_cursor_execute", count)
    chance = random.Random(seed)
    with reading(engine) as conn:
        there = names(conn, chance)
        for question in QUESTIONS:
            if only in question.name:
                needs_one = any(one.required and one.name in ABOUT_ONE for one in question.parameters)
                can_one = any(one.name in ABOUT_ONE for one in question.parameters)
                for wide in (False,) if needs_one else (False, True) if can_one else (True,):
                    yield _measured(conn, Cost(question, wide), there, (calls, chance, counted))


def _measured(conn: Connection, cost: Cost, there: Names, how: tuple[int, random.Random, list[int]]) -> Cost:
    calls, chance, counted = how
    until = time.monotonic() + MOST_SECONDS
    for _ in range(calls):
        raw = _drawn(cost, there, chance)
        before, began = counted[0], time.perf_counter()
        try:
            rows = ask(conn, cost.question, raw, there.last).rows
        except UsageError:  # two funds without a common day, no file so early …: an answer, too
            rows, cost.refused = (), cost.refused + 1
        took = time.perf_counter() - began
        if not cost.seconds or took > max(cost.seconds):
            cost.slowest = raw
        cost.seconds.append(took)
        cost.rows = max(cost.rows, len(rows))
        cost.statements = max(cost.statements, counted[0] - before)
        if time.monotonic() > until:
            break
    return cost


def _drawn(cost: Cost, there: Names, chance: random.Random) -> dict[str, str]:
    raw: dict[str, str] = {}
    parameters = cost.question.parameters
    optional = [one.name for one in parameters if one.name in ABOUT_ONE and not one.required]
    chosen = chance.choice(optional) if optional and not cost.wide else ""
    needs = any(one.required and one.name in ABOUT_ONE for one in parameters)
    for one in parameters:
        wanted = one.required or (one.name == chosen and not needs) or (one.want is Want.DAY and chance.random() < 0.5)
        if wanted:
            raw[one.name] = _value(one, there, chance)
    if raw.get("since", "") > raw.get("until", "9"):
        raw["since"], raw["until"] = raw["until"], raw["since"]
    return raw


def _value(one: Parameter, there: Names, chance: random.Random) -> str:
    match one.want:
        case Want.FUND:
            return chance.choice(there.funds)
        case Want.ISSUER:
            return chance.choice(there.issuers)
        case Want.SECURITY:
            return chance.choice(there.securities)
        case Want.DAY:
            return str(there.first + timedelta(days=chance.randint(0, max(1, (there.last - there.first).days))))
        case Want.INSTANT:
            return "2026-11-26"
        case Want.COUNT | Want.NUMBER:
            return one.example or one.default or "5"
        case Want.CHOICE | Want.CHOICES:
            return chance.choice(one.choices)
        case Want.FLAG:
            return "true"
        case Want.TEXT:
            return chance.choice(there.files if one.name == "file" else there.words)


def table(costs: list[Cost], bar: float, wide_bar: float | None) -> list[list[Any]]:
    """A line per measured question; questions of everything have their own bar, or none."""
    lines = []
    for one in costs:
        limit = wide_bar if one.wide else bar
        fine = "–" if limit is None else "ok" if one.at(0.95) <= limit else "SLOW"
        scope = "all" if one.wide else "one"
        figures = [f"{one.at(part):.1f}" for part in (0.5, 0.95, 1.0)]
        lines.append(
            [
                one.question.name,
                scope,
                len(one.seconds),
                *figures,
                one.rows,
                one.statements,
                one.refused,
                limit or "–",
                fine,
            ]
        )
    return lines
