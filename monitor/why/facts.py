"""The answers to `why` as frozen values. Field names are the keys of `why --format json`; None is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from monitor.core.model import Interval, Reason
from monitor.store.queries import SpellRow


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One row of a file as printed: its 1-based number, and each cell under the name of its column."""

    row: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file an answer rests on. `role` says what for; `lines` are the rows that print the security, `shares`,
    `value` and `weight` what they add up to. `dating` says why its date means `pos_session`."""

    role: str
    fund: str
    as_of: date
    pos_session: date | None
    convention: str | None
    dating: str
    standing: str | None
    gates: tuple[Reason, ...]
    place: str
    sha256: str
    arrival: str
    known_at: str
    published: Mapping[str, str | None]
    lines: tuple[PrintedLine, ...]
    note: str
    shares: Decimal | None
    value: Decimal | None
    weight: Decimal | None
    fund_value: Decimal | None


@dataclass(frozen=True, slots=True)
class FlowFacts:
    """The flow between two files of a fund: the factor is `sum_after` / `sum_before` of `summed` lines. `explained` of
    1 are unchanged, moved with the flow or in groups. `agrees`: measured again now, it is the same."""

    sessions: Interval
    gap: int
    factor: Decimal | None
    units: int | None
    lines: int
    unchanged: int
    in_flow: int | None
    in_groups: int | None
    active: int | None
    explained: Decimal | None
    confidence: str
    rebalance: bool
    summed: int
    sum_before: Decimal | None
    sum_after: Decimal | None
    agrees: bool


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What the flow says of the security's own line: `before` is split-adjusted, `expected` is factor × before, and
    the change is active when `after` is further from it than `tolerance`."""

    label: str
    before: Decimal
    after: Decimal
    expected: Decimal
    deviation: Decimal
    tolerance: Decimal
    foreign: bool


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """Two identities that are one position in a fund since `day`, and what made us say so."""

    fund: str
    day: date
    earlier: str
    later: str
    kind: str
    rule: str
    confidence: str
    evidence: str


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """A split of the security: `factor` new shares for an old one in files dated `day` and later."""

    day: date
    factor: str
    rule: str
    evidence: str


@dataclass(frozen=True, slots=True)
class TermFacts:
    """One summand of a score."""

    name: str
    points: Decimal
    how: str


@dataclass(frozen=True, slots=True)
class ScoreFacts:
    """A score term by term: `score` is their `sum`, rounded, and never below 0."""

    terms: tuple[TermFacts, ...]
    sum: Decimal
    score: int
    severity: str
    rule: str


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """What became of one promised message."""

    id: int
    channel: str
    revision: int
    state: str
    sent_at: str | None


@dataclass(frozen=True, slots=True)
class ScheduleFacts:
    """A list beside the daily files that an event rests on, and what it says of the security."""

    source: str
    as_of: date
    pos_session: date
    title: str
    line: str
    place: str
    sha256: str


@dataclass(frozen=True, slots=True)
class EventAnswer:
    """Why an event was derived. Quantities are those of `changes`; `arithmetic` writes them out step by step."""

    id: str
    level: str
    kind: str
    rule: str
    claim: str
    issuer: str
    fund: str
    security: Mapping[str, object]
    as_of: date
    pos_session: Mapping[str, object]
    known_at: str
    confidence: str
    shares_before: Decimal | None
    shares_after: Decimal | None
    active_shares: Decimal | None
    value: Decimal | None
    currency: str
    weight_before: Decimal | None
    weight_after: Decimal | None
    absence: Mapping[str, object] | None
    item: str | None
    files: tuple[FileFacts, ...]
    flow: FlowFacts | None
    line: LineFacts | None
    splits: tuple[SplitFacts, ...]
    links: tuple[LinkFacts, ...]
    spells: tuple[SpellRow, ...]
    arithmetic: tuple[str, ...]
    beside: tuple[ScheduleFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """Why people were told an item: its events, and how it was scored."""

    id: str
    level: str
    kind: str
    rule: str
    claim: str
    issuer: str
    funds: tuple[str, ...]
    security: Mapping[str, object]
    as_of: date
    pos_session: Mapping[str, object]
    known_at: str
    active_shares: Decimal | None
    value: Decimal | None
    currency: str
    absence: Mapping[str, object] | None
    confidence: str
    score: ScoreFacts
    arithmetic: tuple[str, ...]
    deliveries: tuple[DeliveryFacts, ...]
    events: tuple[EventAnswer, ...]


@dataclass(frozen=True, slots=True)
class RefusalAnswer:
    """Why a body is no holdings file: the rule it broke, where, and what it begins with. `today` says what reading it
    again gives now."""

    id: str
    level: str
    code: str
    rule: str
    text: str
    row: int | None
    column: str | None
    printed: PrintedLine | None
    today: str
    issuer: str
    fund: str | None
    place: str
    sha256: str
    size: int
    first_at: str
    last_at: str
    times: int
    first_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """Why a file counts or does not: what the gates found, who decided, and what it was compared with."""

    id: str
    level: str
    rule: str
    file: FileFacts
    settled: date | None
    operator: str | None
    printed_lines: int
    unread: int
    previous: FileFacts | None
    flow: FlowFacts | None
    arithmetic: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MessageAnswer:
    """Why a message was promised: the item it tells, as far as it still holds."""

    id: str
    level: str
    delivery: DeliveryFacts
    text: str
    item: ItemAnswer | None


Answer = EventAnswer | ItemAnswer | RefusalAnswer | FileAnswer | MessageAnswer
