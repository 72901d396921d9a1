"""What the program made of the files: which it accepted, what they hold, and every event and item it told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import TypeVar

from monitor.core.sessions import Sessions

ENTRIES = frozenset(["INITIATED", "INITIATED_AT_ISSUER", "RE_ENTERED", "RESUMED"])
EXITS = frozenset(["EXITED"])
SIZES = frozenset(["INCREASED", "DECREASED"])
TRADES = ENTRIES | EXITS | SIZES
LINKS = frozenset(["IDENTIFIER_CHANGE", "SUCCESSOR", "CONVERTED"])
COMBINED = frozenset(["POSSIBLE_CONVERSION"])
IMMEDIATE = frozenset(["high", "normal"])
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Line:
    """One position of one stored file; `key` is the public id of its line identity, before any linking."""

    key: str
    name: str
    ticker: str
    identifier: str
    asset_class: str
    shares: float | None
    value: float | None
    weight: float | None

    @property
    def root(self) -> str:
        """The ticker without an exchange code."""
        return (self.ticker.upper().split() or [""])[0]


@dataclass(frozen=True, slots=True)
class File:
    """One stored file and what became of it. `gates` are the names of its reasons and cautions."""

    fund: str
    as_of: date
    number: int
    session: date | None
    standing: str
    convention: str
    gates: frozenset[str]
    place: str


@dataclass(frozen=True, slots=True)
class TradeLine:
    """One line we call traded between two files: `part` is its value as a part of the fund."""

    key: str
    label: str
    before: float | None
    after: float | None
    active: float | None
    value: float | None
    part: float | None


@dataclass(frozen=True, slots=True)
class FlowPair:
    """Two consecutive accepted files of a fund, `gap` sessions apart."""

    before: File
    after: File
    gap: int
    factor: float | None
    units: int | None
    trades: tuple[TradeLine, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a fund, or one item over an issuer's funds."""

    id: str
    kind: str
    funds: tuple[str, ...]
    key: str  # public id of the security's root
    label: str
    as_of: date
    first: date | None  # sessions in which it happened
    last: date | None
    before: float | None
    after: float | None
    active: float | None
    value: float | None
    weight_before: float | None
    weight_after: float | None
    absence: int | None
    last_material: date | None
    score: int
    severity: str
    confidence: str
    claim: str

    def __str__(self) -> str:
        return f"{self.as_of} {','.join(self.funds)} {self.kind} {self.label}"


@dataclass(frozen=True, slots=True)
class Split:
    """A split the program applies: `factor` new shares for one old one from files dated `day` on."""

    day: date
    key: str
    factor: Fraction

    def __str__(self) -> str:
        return f"{self.factor} on {self.day}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A body that was no holdings file."""

    place: str
    code: str
    text: str


@dataclass(slots=True)
class History:
    """Everything told about one issuer's files."""

    issuer: str
    files: dict[str, list[File]]  # accepted, by fund, oldest first
    unused: list[File]  # quarantined, discarded, superseded or rejected
    refused: list[Refusal]
    events: list[Told]
    items: list[Told]
    splits: list[Split]
    flows: list[FlowPair]
    closed: dict[str, date]
    sessions: Sessions
    links: list[tuple[str, str]]
    lines: Mapping[tuple[str, int], list[Line]]  # by fund and number of the file
    _group: dict[str, str] = field(default_factory=dict)
    _by_fund: dict[str, list[Told]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_fund = grouped((fund, one) for one in self.events for fund in one.funds)
        for earlier, later in self.links:
            one, other = sorted((self.group(earlier), self.group(later)))
            if one != other:
                self._group[other] = one

    def group(self, key: str) -> str:
        """One name for all identities the program linked anywhere."""
        while key in self._group:
            key = self._group[key]
        return key

    def at(self, fund: str, as_of: date) -> File | None:
        """The accepted file of a date."""
        return next((file for file in self.files.get(fund, ()) if file.as_of == as_of), None)

    def after(self, fund: str, day: date, count: int = 1) -> File | None:
        """The `count`-th accepted file dated later than `day`."""
        later = [file for file in self.files.get(fund, ()) if file.as_of > day]
        return later[count - 1] if len(later) >= count else None

    def previous(self, fund: str, day: date) -> File | None:
        """The last accepted file dated earlier than `day`."""
        return next((file for file in reversed(self.files.get(fund, ())) if file.as_of < day), None)

    def held(self, file: File) -> list[Line]:
        """The lines of a file."""
        return self.lines.get((file.fund, file.number), [])

    def of_fund(self, fund: str, first: date, last: date) -> list[Told]:
        """The events of a fund's files dated in [first, last]."""
        return [one for one in self._by_fund.get(fund, ()) if first <= one.as_of <= last]


def grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    """Values by key, in their order."""
    found: dict[str, list[T]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)
