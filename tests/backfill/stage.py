"""What the stories of back-filling share: the invented issuer at an address, a run, and what was told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from monitor.backfill import Filling, Report, run
from monitor.backfill.ways import Way
from monitor.core.filling import Period
from monitor.sources.fetch import Fetcher
from monitor.sources.loading import parse_source
from monitor.sources.spec import Source
from monitor.store import schema as t
from monitor.store.engine import Engine, transaction
from tests.scenarios.stories import FUND, LANTERN, NOW, PLAN, TOML, derived

ALL = Period()
FILLED_AT = datetime(2026, 3, 31, 18, tzinfo=UTC)


@dataclass
class Waiting:
    """Stands in for waiting: remembers for how long, and does not."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def fetcher(waiting: Waiting | None = None) -> Fetcher:
    """A real one that may ask this machine and does not wait."""
    return Fetcher(allow_private=True, trust_env=False, sleep=waiting or Waiting())


def issuer(rule: str, tickers: Sequence[str] = ("LANA", "LANB"), *, more: str = "", keys: str = "") -> Source:
    """The invented issuer with a way to be asked for the past; `more` stands above the tables, `keys` in each fund."""
    funds = "".join(FUND.format(ticker=ticker, kind="active") + keys + "\n" for ticker in tickers)
    found, faults = parse_source(more + TOML + rule + funds, "lantern.toml")
    assert found is not None, faults
    return found


def fill(
    engine: Engine,
    way: Way,
    *funds: str,
    of: Source = LANTERN,
    period: Period = ALL,
    now: datetime = FILLED_AT,
) -> Report:
    """One run for these funds, or for LANA."""
    chosen = [(of, of.fund(ticker)) for ticker in funds or ("LANA",)]
    filling = Filling(engine, chosen, period, PLAN, ("console",), now, lambda: now, jitter=lambda: 0.5)
    return run(filling, way, lambda text, count, total: None)


def outcomes(report: Report) -> dict[str, int]:
    """How many of each kind."""
    found: dict[str, int] = {}
    for one in report.outcome.files:
        found[one.outcome] = found.get(one.outcome, 0) + 1
    return found


def told(engine: Engine) -> list[dict[str, Any]]:
    """All messages promised, oldest first."""
    with transaction(engine) as conn:
        return [
            json.loads(text) for text in conn.execute(select(t.delivery.c.message).order_by(t.delivery.c.id)).scalars()
        ]


def dates(engine: Engine, fund: str = "LANA") -> list[date]:
    """The dates of a fund's files."""
    with transaction(engine) as conn:
        query = select(t.snapshot.c.as_of).join(t.fund, t.fund.c.id == t.snapshot.c.fund)
        found = conn.execute(query.where(t.fund.c.ticker == fund).order_by(t.snapshot.c.as_of)).scalars()
        return [date.fromordinal(date(1970, 1, 1).toordinal() + day) for day in found]


def rows(engine: Engine) -> dict[str, Any]:
    """All facts but where and when they came from, and all that follows from them."""
    with transaction(engine) as conn:
        files = t.snapshot.c
        query = select(t.fund.c.ticker, files.as_of, files.sha256, files.lines, files.value)
        snapshots = conn.execute(query.join(t.fund, t.fund.c.id == files.fund)).all()
        holdings = conn.execute(
            select(t.fund.c.ticker, t.holding.c.snapshot, t.security.c.key, t.holding.c.shares, t.holding.c.value)
            .join(t.fund, t.fund.c.id == t.holding.c.fund)
            .join(t.security, t.security.c.id == t.holding.c.security)
        ).all()
    return {"snapshots": sorted(map(tuple, snapshots)), "holdings": sorted(map(tuple, holdings)), **derived(engine)}


def polite(source: Source, seconds: float = 0.0) -> Source:
    """The source at this pace, on this machine."""
    return replace(source, http=replace(source.http, min_interval=seconds, allow_private=True))


__all__ = ["NOW", "PLAN"]
