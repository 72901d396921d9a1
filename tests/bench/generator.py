"""Invents the files of a world of funds, day by day, the same for the same seed: `python -m tests.bench.generator`.

Each issuer is a folder with a source of its own (TOML), each fund a file a day in the columns ARK prints, half of the
issuers with plain numbers and half with commas, $ and %. A day of a fund follows from the seed, its number and the
days before; nothing else is kept. What moves, as in published files: creations and redemptions scale all counts of
most funds, 0.3 % of the lines enter or leave, active funds change the size of a few, prices change every day.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from math import exp
from pathlib import Path

FIRST = date(2025, 9, 2)  # followed by 61 weekdays that are all sessions of XNYS
MOST_DAYS = 61
MOVED = 0.003  # of a fund's lines a day enter or leave
ACTIVE = 0.3  # of the funds are
CREATING = 0.6  # of the funds have creations or redemptions on a day
HEADS = ("date,fund,company,ticker,cusip,shares,\"market value($)\",weight(%)",
         "date,fund,company,ticker,cusip,shares,\"market value ($)\",\"weight (%)\"")  # fmt: skip
FOOTER = (
    '"Investors should carefully consider the objectives, risks, charges and expenses of an invented fund before '
    "investing in it. Holdings are subject to change without notice and are not a recommendation to buy or sell any "
    'security. This text stands below every file, because real ones end with three times as much."\n'
)
NATURE = (
    "ALDER AMBER ARBOR ASPEN BASIN BEACON BIRCH BRIDGE CANYON CEDAR CINDER CLIFF COBALT COPPER CORAL CREST DELTA "
    "DUNE EAGLE EMBER FALCON FERN FJORD FLINT FOREST GARNET GLACIER GRANITE HARBOR HAZEL HERON IRON ISLAND JASPER "
    "JUNIPER KELP KESTREL LAGOON LARCH LUMEN MAPLE MARBLE MEADOW MESA MOSS NORTH OAK OPAL ORCHID OSPREY PEARL "
    "PINE PRAIRIE QUARTZ RAVEN REEF RIDGE RIVER SAGE SUMMIT TERN TIMBER VALLEY WILLOW"
)
BUSINESS = "AIR BIO CHEM DATA ENERGY FOODS HEALTH LABS MEDIA METALS MOTORS POWER RAIL SOFT STEEL WATER"
WORDS, TRADES = NATURE.split(), BUSINESS.split()
FORMS = ("INC", "CORP", "HOLDINGS INC-CL A", "PLC", "GROUP LTD-SPON ADR", "CO")


@dataclass(frozen=True)
class Plan:
    """How large the world is, and which one."""

    funds: int = 4000
    lines: int = 300
    issuers: int = 20
    securities: int = 20_000
    seed: int = 1

    @cached_property
    def base(self) -> list[float]:
        """The price of each security before the first day, in dollars."""
        chance = random.Random(f"{self.seed}:prices")
        return [exp(chance.uniform(1.0, 6.5)) for _ in range(self.securities)]

    def prices(self, day: int) -> list[float]:
        """The price of each security at the end of a day; the first is 1."""
        found = self.base
        for one in range(1, day + 1):
            chance = random.Random(f"{self.seed}:prices:{one}")
            found = [price * (0.98 + 0.0403 * chance.random()) for price in found]
        return found

    def issuer(self, fund: int) -> str:
        """The issuer of a fund: equal shares of the funds, in order."""
        return f"house{(fund - 1) * self.issuers // self.funds + 1:03}"


def session(day: int) -> date:
    """The date of a day; the first is 1. Raises ValueError past the days that are known to be sessions."""
    if not 1 <= day <= MOST_DAYS:
        raise ValueError(f"the invented world has days 1 to {MOST_DAYS}, not {day}")
    return FIRST + timedelta(days=(day - 1 + 1) // 5 * 7 + (day - 1 + 1) % 5 - 1)


# --- securities -----------------------------------------------------------------------------------


def name(number: int) -> str:
    """The name of a security; every one has another."""
    words = [WORDS[number % 64], WORDS[number // 64 % 64], TRADES[number // 4096 % 16]]
    return " ".join([*dict.fromkeys(words), FORMS[number % 6], *["II"] * (number // 65_536)])


def ticker(number: int) -> str:
    """Four letters; every one has others."""
    return "".join(chr(65 + number // 26**place % 26) for place in (3, 2, 1, 0))


def cusip(number: int) -> str:
    """Nine characters of which the last one checks the others."""
    body = f"{number * 7919 % 10**6:06}10"
    total = sum(sum(divmod(int(digit) * (1 + at % 2), 10)) for at, digit in enumerate(body))
    return f"{body}{-total % 10}"


# --- funds ----------------------------------------------------------------------------------------


def holds(plan: Plan, fund: int, day: int) -> dict[int, int]:
    """The shares of each security that a fund holds on a day, in the order of its file."""
    chance = random.Random(f"{plan.seed}:{fund}")
    is_active = chance.random() < ACTIVE
    units = chance.randint(200, 20_000)
    held: dict[int, int] = {}  # shares for one creation unit
    while len(held) < plan.lines:
        _enter(plan, held, chance)
    for _ in range(day - 1):
        if chance.random() < CREATING:
            units = max(50, units + int(units * chance.uniform(-0.03, 0.032)) + chance.choice((-1, 1)))
        for _ in range(int(MOVED * plan.lines + chance.random())):
            if chance.random() < 0.5 and len(held) > 2:
                del held[chance.choice(list(held))]
            else:
                _enter(plan, held, chance)
        if is_active:
            for one in chance.sample(list(held), len(held) // 100):
                held[one] = max(1, int(held[one] * chance.uniform(0.8, 1.3)))
    return {one: count * units for one, count in held.items()}


def _enter(plan: Plan, held: dict[int, int], chance: random.Random) -> None:
    """One more line, of a security the fund does not hold; some are held far more often than others."""
    while (one := int(plan.securities * chance.random() ** 2)) in held:
        pass
    held[one] = max(1, int(20_000 * chance.random() ** 3 / plan.base[one])) + 1


def file(plan: Plan, fund: int, day: int, prices: list[float]) -> str:
    """A fund's file of a day, as its issuer prints it."""
    shares = holds(plan, fund, day)
    values = {one: count * prices[one] for one, count in shares.items()}
    total = sum(values.values())
    shown = f"{session(day):%m/%d/%Y},F{fund:05}"
    is_plain = int(plan.issuer(fund)[5:]) % 2
    row = '{},"{}",{},{},{}.00,{:.2f},{:.2f}' if is_plain else '{},"{}",{},{},"{:,}","${:,.2f}",{:.2f}%'
    lines = [
        row.format(shown, name(one), ticker(one), cusip(one), count, values[one], 100 * values[one] / total)
        for one, count in shares.items()
    ]
    return "\n".join([HEADS[1 - is_plain], *lines, FOOTER])


def write(plan: Plan, folder: Path, day: int) -> dict[str, int]:
    """Writes all files of a day as ISSUER/FUND/DATE.csv, and says how many lines and bytes they are."""
    prices, rows, size = plan.prices(day), 0, 0
    for fund in range(1, plan.funds + 1):
        place = folder / plan.issuer(fund) / f"F{fund:05}"
        place.mkdir(parents=True, exist_ok=True)
        text = file(plan, fund, day, prices)
        size += (place / f"{session(day)}.csv").write_text(text, encoding="ascii")
        rows += text.count("\n") - FOOTER.count("\n") - 1
    return {"rows": rows, "raw": size, "files": plan.funds}


def sources(plan: Plan, folder: Path) -> Path:
    """Writes the description of each issuer, and a configuration that knows them; the result is that file."""
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    edges = [round(plan.funds * one / plan.issuers) for one in range(plan.issuers + 1)]
    for first, last in pairwise(edges):
        funds = range(first + 1, last + 1)
        code = plan.issuer(funds[0])
        text = SPEC.format(code=code) + "".join(FUND.format(number=one) for one in funds)
        (folder / "sources" / f"{code}.toml").write_text(text, encoding="ascii")
    config = folder / "monitor.toml"
    config.write_text(f'sources_dir = "{folder / "sources"}"\n', encoding="utf-8")
    return config


SPEC = """id = "{code}"
name = "{code} invented"
homepage = "https://{code}.example"
shape = "delimited"
currency = "USD"
calendar = "XNYS"
weight_unit = "percent"
date_format = "M/D/YYYY"
venue = "US"
closing_text = true
unconfirmed = "invented"

[columns]
required = ["date", "name", "shares"]
date = ["date"]
fund = ["fund"]
name = ["company"]
ticker = ["ticker"]
identifier = ["cusip"]
shares = ["shares"]
value = ["market value($)", "market value ($)"]
weight = ["weight(%)", "weight (%)"]

[[formats]]
columns = ["date", "fund", "company", "ticker", "cusip", "shares", "market value($)", "weight(%)"]
valid_from = 2025-01-01

[[formats]]
columns = ["date", "fund", "company", "ticker", "cusip", "shares", "market value ($)", "weight (%)"]
valid_from = 2025-01-01

[[conventions]]
convention = "CLOSE"
"""
FUND = """
[[funds]]
ticker = "F{number:05}"
name = "Invented Fund {number}"
kind = "index"
"""


def arguments(plan: Plan, folder: Path, day: int) -> list[str]:
    """The command line that writes a day in a process of its own."""
    return [json.dumps(asdict(plan)), str(folder), str(day)]


if __name__ == "__main__":
    wanted = Plan(**json.loads(sys.argv[1]))
    sys.stdout.write(json.dumps(write(wanted, Path(sys.argv[2]), int(sys.argv[3]))) + "\n")
