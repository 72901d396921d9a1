"""What checks ask of the program's words: was anything told, of each fund, of one day, of that size?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from tests.accuracy.expectations import DATE, Scene
from tests.accuracy.told import COMBINED, ENTRIES, EXITS, LINKS, SIZES, TRADES, File, Told

EXACT = 0.01  # a size that is told may differ by 1 %

EVERY = TRADES | LINKS | COMBINED | frozenset(["FLIPPED", "SPLIT", "ROLLED", "RENAMED", "TICKER_CHANGED"])


def silent(seen: Scene, kinds: Iterable[str], *, first: date | None = None, last: date | None = None) -> Sequence[str]:
    """Complaints about every event of these kinds about the lines meant."""
    return [f"told: {one}" for one in seen.events(kinds, first, last)][:5]


def silent_cash(seen: Scene) -> Sequence[str]:
    """Complaints about every event of cash lines; a note that the cash vehicle was replaced is allowed."""
    end = seen.next_day(seen.last or date.max)
    files = [file for fund in seen.funds for file in seen.history.files[fund] if file.as_of <= end]
    keys = {line.key for file in files for line in seen.history.held(file) if line.asset_class == "cash"}
    return [f"told: {one}" for one in seen.events(EVERY, None, end) if one.key in keys]


def one_day(seen: Scene, day: date) -> Sequence[str]:
    """Complaints about trades of the file dated `day` that are told of one session."""
    found = seen.events(TRADES, day, day)
    return [f"told of one session: {one}" for one in found if one.first == one.last is not None][:3]


def each_fund(seen: Scene, kinds: Iterable[str]) -> Sequence[str]:
    """Complaints about funds without an event of one of these kinds."""
    found = seen.events(kinds)
    funds = [fund for fund in seen.funds if not any(fund in one.funds for one in found)]
    said = {fund: [one for one in seen.events(EVERY) if fund in one.funds] for fund in funds}
    return [f"{fund}: {' or '.join(sorted(kinds))} expected, told {said_of(said[fund])}" for fund in funds]


def no_trade_beyond(seen: Scene, last: date | None = None) -> Sequence[str]:
    """No entry or exit; a size change only where the text tells of one, and of that size."""
    sizes = seen.events(SIZES, None, last)
    named = re.findall(r"([+-]?[\d,]{2,}) (?:sh )?(?:traded|real|bought|sold)|bought ([\d,]+)", seen.row.verdict)
    numbers = [abs(float(text.replace(",", ""))) for pair in named for text in pair if text]
    moved = re.search(r"([\d,.]+) -> ([\d,.]+) sh", seen.row.verdict)
    if moved and not numbers and "SPLIT" not in seen.row.verdict.upper():
        one, other = (float(text.replace(",", "")) for text in moved.groups())
        numbers = [abs(other - one)] if one != other else []
    beyond = [one for one in sizes if not any(is_about(one.active, number, one.after) for number in numbers)]
    return [*silent(seen, ENTRIES | EXITS, last=last), *(f"told: {one} by {one.active:,.0f}" for one in beyond)]


def is_about(active: float | None, wanted: float, held: float | None) -> bool:
    """Within 5 % of the number named, or 0.1 % of the position: texts count before or after the flow."""
    return active is not None and abs(abs(active) - wanted) <= max(0.05 * wanted, 0.001 * (held or 0))


def sized(seen: Scene, told: Sequence[Told], text: str, *, required: bool) -> Sequence[str]:
    """Complaints unless a trade of that size (`text`, with thousands commas) is told, or none at all need be."""
    wanted = float(text.replace(",", ""))
    if any(one.active is not None and abs(abs(one.active) - wanted) <= max(2.0, EXACT * wanted) for one in told):
        return []
    return [f"a trade of {wanted:,.0f} shares expected: {[one.active for one in told]}"] if required or told else []


def still_holds(seen: Scene, one: Told, file: File | None) -> bool:
    """Whether the file lists the security of that change."""
    group = seen.history.group(one.key)
    return file is not None and any(seen.history.group(line.key) == group for line in seen.history.held(file))


def listed_again(seen: Scene) -> date:
    """The first file after the date that lists the security; the date itself when none does within 120 files."""
    for count in range(1, 121):
        day = seen.next_day(seen.day, count)
        for fund in seen.funds:
            file = seen.history.at(fund, day)
            if file and any(seen.history.group(line.key) in seen.keys for line in seen.history.held(file)):
                return day
    return seen.day


def files_around(seen: Scene, fund: str) -> tuple[File | None, File | None]:
    """The fund's last file before the date meant, and the first on it or after."""
    at = seen.history.at(fund, seen.day)
    return seen.history.previous(fund, seen.day), at or seen.history.after(fund, seen.day)


def dates_in(text: str | Iterable[str]) -> set[date]:
    """Every ISO date in a text."""
    joined = text if isinstance(text, str) else " ".join(text)
    return {date.fromisoformat(found) for found in DATE.findall(joined)}


def standings(stored: Sequence[File], counted: Sequence[File]) -> str:
    """What became of some files, in words."""
    return ", ".join(one.standing for one in [*stored, *counted]) or "not stored"


def said_of(found: Sequence[object]) -> str:
    """The first few, in words."""
    return "; ".join(map(str, found[:4])) or "nothing"
