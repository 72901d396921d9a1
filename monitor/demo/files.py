"""Makes the demo's holdings files: the shape ARK publishes, invented companies, and one line that is public.

Public are the two funds, that they left Alibaba in 2021, and what they held of it after the session of
2025-09-22. Every other company, count and price is made up here; nothing is copied from a published file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

HEADER = 'date,fund,company,ticker,cusip,shares,"market value ($)","weight (%)"'
FOOTER = '"Illustrative file of the holdings-monitor demo: invented lines around public facts. No offer, no advice."'
ALIBABA, TICKER, CUSIP = "ALIBABA GROUP HOLDING-SP ADR", "BABA", "01609W102"
STORY = date(2025, 9, 23)  # the file that shows the session of 2025-09-22
STORY_PRICE = 164.30
BEGIN, SPARSE, END = date(2020, 11, 20), date(2022, 1, 3), date(2024, 6, 4)  # of the archive; see `is_archived`
AGAIN = date(2025, 9, 8)  # from here on there is a file of every session again
STORY_SHARES = {"ARKF": 49_799, "ARKW": 49_291}
ASSETS = {"ARKF": 1.2e9, "ARKK": 7.0e9, "ARKW": 2.2e9}
# From which file on how many shares: the months are public, the counts of 2020 and 2021 are invented.
ALIBABA_HELD = {
    "ARKF": ((date(2020, 11, 20), 180_000), (date(2021, 8, 17), 400), (date(2021, 8, 25), 20), (date(2021, 9, 7), 0)),
    "ARKW": ((date(2020, 11, 20), 240_000), (date(2021, 2, 17), 0)),
}


@dataclass(frozen=True, slots=True)
class Company:
    """An invented company: its price in 2020, its part of each fund, and the files it is in."""

    name: str
    ticker: str
    price: float
    parts: dict[str, float]
    first: date = date.min
    last: date = date.max


COMPANIES = (
    Company("MERIDIAN ROBOTICS INC", "MRDB", 84.0, {"ARKF": 0.06, "ARKK": 0.11, "ARKW": 0.10}),
    Company("LANTERN CREDIT HOLDINGS", "LNTC", 132.5, {"ARKF": 0.11, "ARKW": 0.07}),
    Company("OCTAVE STREAMING INC-A", "OCTV", 240.0, {"ARKF": 0.05, "ARKK": 0.09, "ARKW": 0.12}),
    Company("PAPERBARK PAYMENTS LTD", "PBRK", 61.2, {"ARKF": 0.13, "ARKW": 0.06}),
    Company("QUILLON CLOUD CORP", "QLLN", 178.0, {"ARKF": 0.09, "ARKK": 0.12, "ARKW": 0.11}),
    Company("SALTMARSH GENOMICS INC", "SLMG", 33.4, {"ARKK": 0.10, "ARKW": 0.05}),
    Company("TESSERA LEDGER GROUP-A", "TSLG", 95.1, {"ARKF": 0.12, "ARKK": 0.08, "ARKW": 0.09}),
    Company("UMBERLINE DEVICES INC", "UMBL", 412.0, {"ARKF": 0.07, "ARKK": 0.13, "ARKW": 0.08}),
    Company("VANTAGE ORCHARD BANCORP", "VNOB", 47.8, {"ARKF": 0.10}),
    Company("WICKERFIELD GAMES INC", "WCKF", 156.0, {"ARKF": 0.08, "ARKK": 0.11, "ARKW": 0.13}),
    Company("YARROWTECH SYSTEMS INC", "YRRW", 73.5, {"ARKF": 0.09, "ARKK": 0.12, "ARKW": 0.10}),
    Company("ZEPHYR FREIGHT AI INC", "ZPHF", 28.9, {"ARKF": 0.06, "ARKK": 0.14, "ARKW": 0.07}, first=date(2022, 5, 12)),
    Company("NIMBLEGATE SOFTWARE INC", "NMBG", 118.0, {"ARKF": 0.04, "ARKW": 0.05}, last=date(2023, 3, 8)),
)  # fmt: skip


Row = tuple[str, str, str, int, float]  # name, ticker, CUSIP, shares, price


def cusip(stem: str) -> str:
    """The eight characters with their check digit."""
    total = 0
    for place, char in enumerate(stem):
        value = (int(char) if char.isdigit() else ord(char) - 55) * (2 if place % 2 else 1)
        total += value // 10 + value % 10
    return f"{stem}{-total % 10}"


CUSIPS = {one.ticker: cusip(f"99{number:03}Z10") for number, one in enumerate(COMPANIES, start=101)}


def is_archived(number: int, day: date) -> bool:
    """Whether there is a file of this session: of each until 2022, of every fifth until June 2024, then of none
    until September 2025. Archives are like that, and the alert has to say so."""
    return day < SPARSE or (day <= END and number % 5 == 0) or day >= AGAIN


def daily_files(fund: str, sessions: Sequence[date]) -> Iterator[tuple[date, str]]:
    """The fund's files: prices wander from session to session, baskets come and go, now and then somebody trades."""
    random = Random(fund)
    mine = [one for one in COMPANIES if fund in one.parts]
    prices = {one.ticker: one.price for one in mine}
    shares = {one.ticker: int(ASSETS[fund] * one.parts[fund] / one.price) for one in mine}
    for number, day in enumerate(sessions):
        baskets_in = random.choice((0, 0, 0, -1, 1, 2, -2))
        for ticker in prices:
            prices[ticker] *= 1 + random.uniform(-0.02, 0.02)
            shares[ticker] += baskets_in * round(shares[ticker] / 2000)
        if random.random() < 0.15:
            traded = random.choice(mine).ticker
            shares[traded] = int(shares[traded] * random.choice((0.97, 1.03)))
        if not is_archived(number, day):
            continue
        rows = [
            (one.name, one.ticker, CUSIPS[one.ticker], shares[one.ticker], prices[one.ticker])
            for one in mine
            if one.first <= day <= one.last
        ]
        yield day, _text(fund, day, [*rows, *_alibaba(fund, day)])


def _alibaba(fund: str, day: date) -> list[Row]:
    """The one real security, on the days it was held."""
    if day >= STORY:
        return [(ALIBABA, TICKER, CUSIP, STORY_SHARES[fund], STORY_PRICE)] if fund in STORY_SHARES else []
    held = [count for since, count in ALIBABA_HELD.get(fund, ()) if since <= day]
    wobble = (day.toordinal() * 7919 % 400 - 200) / 100
    return [(ALIBABA, TICKER, CUSIP, held[-1], 215.0 + wobble)] if held and held[-1] else []


def _text(fund: str, day: date, rows: Sequence[Row]) -> str:
    total = sum(count * price for *_, count, price in rows)
    lines = [HEADER]
    for name, ticker, identifier, count, price in sorted(rows, key=lambda row: -row[3] * row[4]):
        value, weight = f"${count * price:,.2f}", f"{count * price / total:.2%}"
        lines.append(f'{day:%m/%d/%Y},{fund},"{name}",{ticker},{identifier},"{count:,}","{value}",{weight}')
    return "\n".join([*lines, FOOTER]) + "\n"


def cut_short(text: str) -> str:
    """What is left of a file when its writer is interrupted after five holdings."""
    return "\n".join(text.split("\n")[:6]) + "\n"


def error_page() -> str:
    """A web page as sites show it while they are repaired, with status 200."""
    return "<!DOCTYPE html>\n<html><title>We will be back soon</title><body>Maintenance</body></html>\n"
