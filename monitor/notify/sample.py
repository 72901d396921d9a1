"""The message that `test-alert` sends: a known public change, with invented files."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from monitor.core.model import FundPart, Interval, Kind, SecurityRef, Severity
from monitor.notify.message import Form, HistoryPoint, Message, SourceRef

SESSION = date(2025, 9, 22)
FILE = date(2025, 9, 23)


def sample(at: datetime) -> Message:
    """A complete alert marked as a test. `at` (aware) is its instant."""
    opened = (("ARKF", 49_799, "8200000", "0.75"), ("ARKW", 49_291, "8100000", "0.34"))
    return Message(
        form=Form.TEST,
        item="TEST",
        revision=1,
        severity=Severity.NORMAL,
        at=at,
        headline="Two ARK funds reopen Alibaba, first seen since 2021",
        kind=Kind.RE_ENTERED,
        issuer="ark",
        issuer_name="ARK",
        security=SecurityRef(id="S0000000000", name="Alibaba Group Holding ADR", ticker="BABA"),
        as_of=FILE,
        pos_session=Interval(SESSION, SESSION),
        shares=Decimal(99_090),
        value=Decimal(16_300_000),
        currency="USD",
        funds=tuple(_opened(*row) for row in opened),
        others=tuple(
            FundPart(fund, None, None, None, None, None, None, holds=False) for fund in ("ARKG", "ARKK", "ARKQ", "ARKX")
        ),
        claim="Two ARK funds reopen Alibaba, first seen since 2021",
        caveat="Last held after the close of 2 Sep 2021. Of the 1,015 sessions since, "
        "324 (2024-06-04 … 2025-09-19) are without files.",
        history=HISTORY,
        sources=tuple(
            SourceRef(fund, FILE, SESSION, digest * 8, f"{fund}-look-alike.csv")
            for fund, digest in (("ARKF", "5a3c91e0"), ("ARKW", "c7d2048b"))
        ),
    )


def _opened(fund: str, shares: int, value: str, weight: str) -> FundPart:
    after = Decimal(shares)
    return FundPart(fund, Kind.RE_ENTERED, Decimal(0), after, after, Decimal(value), Decimal(weight), holds=True)


def _history() -> tuple[HistoryPoint, ...]:
    held = (180_000, 176_000, 151_000, 148_800, 18_796, 38)
    quarters = [date(year, month, 1) for year in range(2022, 2026) for month in (1, 4, 7, 10)]
    past = [HistoryPoint(date(2021, 3 + i, 1), Decimal(shares)) for i, shares in enumerate(held)]
    covered = [HistoryPoint(day, Decimal(0) if day < date(2024, 6, 4) else None) for day in quarters if day < SESSION]
    return (*past, *covered, HistoryPoint(SESSION, Decimal(99_090)))


HISTORY = _history()
