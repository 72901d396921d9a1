"""Decides which vanished line and which appeared line of one day are the same position.

Only the day's own evidence counts: shared identifiers, tickers, names, share counts. Measured over all
1,370 same-day pairs of the reference history: rules 1 and 2 make 42 links, rule 3 makes 15 more, all 57
right. Quantities are never changed here; a link only says "continues".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from monitor.core import bonds
from monitor.core.flows import Flow
from monitor.core.identity import is_verified, name_similarity, share_class, ticker_root
from monitor.core.model import AssetClass, Kind, Position

ALIKE = 0.85
SHARED = "shared identifier"
_LEAST_SHARES = 1000  # fewer shares agree by chance
_LEAST_ON_REBALANCE = 100_000
_LINKABLE = (AssetClass.EQUITY, AssetClass.RIGHT, AssetClass.COIN, AssetClass.BOND)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible link in one fund: `later` appeared on the day `earlier` vanished."""

    fund: str
    earlier: str
    later: str
    rule: str
    kind: Kind
    strength: float
    evidence: str


@dataclass(frozen=True, slots=True)
class Link:
    """In `fund`, `later` continues `earlier`; `confidence` is operator, verified, high, repaired or inferred."""

    fund: str
    earlier: str
    later: str
    kind: Kind
    rule: str
    confidence: str
    evidence: str


def candidates(fund: str, before: Mapping[str, Position], after: Mapping[str, Position], flow: Flow) -> list[Candidate]:
    """Every possible link between two snapshots of one fund, positions by root key."""
    vanished = [(k, p) for k, p in before.items() if k not in after and p.asset_class in _LINKABLE]
    appeared = [(k, p) for k, p in after.items() if k not in before and p.asset_class in _LINKABLE]
    found = _bond_candidates(fund, vanished, appeared)
    for earlier, old in vanished:
        for later, new in appeared:
            candidate = _candidate(fund, (earlier, old), (later, new), flow)
            if candidate is not None:
                found.append(candidate)
    return found


def _candidate(fund: str, one: tuple[str, Position], other: tuple[str, Position], flow: Flow) -> Candidate | None:
    (earlier, old), (later, new) = one, other
    words = f"{fund}: {_printed(old)} -> {_printed(new)}"
    if set(old.ids) & set(new.ids):
        return Candidate(fund, earlier, later, SHARED, Kind.IDENTIFIER_CHANGE, 3.0, words)
    if AssetClass.BOND in (old.asset_class, new.asset_class):
        return None
    if old.asset_class is new.asset_class:
        alike = name_similarity(old.name, new.name)
        root = ticker_root(old.ticker)
        if alike >= ALIKE and root and root == ticker_root(new.ticker):
            return Candidate(fund, earlier, later, "ticker and name", Kind.IDENTIFIER_CHANGE, 1 + alike, words)
        if alike >= ALIKE and not _other_class(old, new):
            return Candidate(fund, earlier, later, "name", Kind.IDENTIFIER_CHANGE, alike, words)
    if _is_registered(old, new) and _same_count(old, new, flow):
        return Candidate(fund, earlier, later, "name and count", Kind.IDENTIFIER_CHANGE, 0.9, words)
    if old.asset_class is AssetClass.EQUITY and new.asset_class is AssetClass.EQUITY and _same_count(old, new, flow):
        return Candidate(fund, earlier, later, "share count", Kind.SUCCESSOR, 0.0, words)
    return None


def _bond_candidates(
    fund: str, vanished: Sequence[tuple[str, Position]], appeared: Sequence[tuple[str, Position]]
) -> list[Candidate]:
    """Bonds are known by their identifiers, never by their names: equal terms only say that a first number was
    replaced, and only where one issue of that name and maturity left and one came (mortgage pools share both)."""
    left, came = _by_issue(vanished), _by_issue(appeared)
    found = []
    for issue in sorted(left.keys() & came.keys()):
        if len(left[issue]) == 1 and len(came[issue]) == 1:
            (earlier, old), (later, new) = left[issue][0], came[issue][0]
            if bonds.is_same_issue(old, new) and not set(old.ids) & set(new.ids):
                words = f"{fund}: {_printed(old)} -> {_printed(new)}"
                kind = Kind.IDENTIFIER_CHANGE
                found.append(Candidate(fund, earlier, later, "debtor and maturity", kind, 2.5, words))
    return found


def _by_issue(lines: Sequence[tuple[str, Position]]) -> dict[str, list[tuple[str, Position]]]:
    found: dict[str, list[tuple[str, Position]]] = {}
    for key, position in lines:
        if position.asset_class is AssetClass.BOND and (issue := bonds.issue_name(position.name)):
            found.setdefault(issue, []).append((key, position))
    return found


def _printed(position: Position) -> str:
    return f"{position.name} {position.ticker or '-'} {'-' if position.shares is None else f'{position.shares:f}'}"


def _other_class(old: Position, new: Position) -> bool:
    """Both names carry a share class and the classes differ: two securities of one company."""
    one, other = share_class(old.name), share_class(new.name)
    return bool(one and other and one != other)


def _is_registered(old: Position, new: Position) -> bool:
    """A when-issued or unregistered line that becomes a share of the same issuer (GEHCV, 2023-01-06)."""
    classes = (old.asset_class, new.asset_class)
    return classes == (AssetClass.RIGHT, AssetClass.EQUITY) and name_similarity(old.name, new.name) >= ALIKE


def _same_count(old: Position, new: Position, flow: Flow) -> bool:
    """Rule 3: the share count continues through the flow, and the value is of the same order.

    On a day that re-sizes most lines small counts agree by chance (CTRU 2022-04-01: NET 1,623, ALLE 1,632).
    """
    if old.shares is None or new.shares is None:
        return False
    before = float(old.shares) * flow.factor
    least = _LEAST_ON_REBALANCE if flow.is_rebalance else _LEAST_SHARES
    if before < least or not old.value or not new.value:
        return False
    worth = float(new.value) / float(old.value)
    return abs(float(new.shares) - before) <= max(2.0, 0.0005 * before) and 0.5 <= worth <= 2


def decide(
    found: Iterable[Candidate],
    known: Collection[tuple[str, str]] = (),
    confirmed: Sequence[Link] = (),
    cut: Collection[tuple[str, str, str]] = (),
) -> list[Link]:
    """The links of one day over all funds of an issuer, strongest evidence first, each key used once a fund.

    `confirmed` are an operator's, which come before all others; `cut` the pairs (fund, earlier, later) that no rule
    may link.

    Equal share counts alone link only when the pair is the only one of its fund that day, repeats in a
    second fund, or is among `known`: pairs already linked in another fund.
    """
    allowed = (c for c in found if (c.fund, c.earlier, c.later) not in cut)
    ranked = sorted(allowed, key=lambda c: (-c.strength, c.earlier, c.later, c.fund))
    sure = [c for c in ranked if c.kind is Kind.IDENTIFIER_CHANGE]
    links = list(confirmed)
    taken = {(link.fund, key) for link in links for key in (link.earlier, link.later)}
    for candidate in [*sure, *_continued(ranked, sure, known)]:
        ends = {(candidate.fund, candidate.earlier), (candidate.fund, candidate.later)}
        if not ends & taken:
            taken |= ends
            links.append(_link(candidate))
    return sorted(links, key=lambda link: (link.fund, link.earlier, link.later))


def _continued(
    ranked: Sequence[Candidate], sure: Sequence[Candidate], known: Collection[tuple[str, str]]
) -> list[Candidate]:
    settled = {(c.fund, key) for c in sure for key in (c.earlier, c.later)}
    counted = [
        c
        for c in ranked
        if c.kind is Kind.SUCCESSOR and (c.fund, c.earlier) not in settled and (c.fund, c.later) not in settled
    ]
    uses = Counter((c.fund, key) for c in counted for key in (c.earlier, c.later))
    funds = Counter((c.earlier, c.later) for c in counted)
    return [
        c
        for c in counted
        if funds[c.earlier, c.later] > 1
        or (c.earlier, c.later) in known
        or (uses[c.fund, c.earlier] == 1 and uses[c.fund, c.later] == 1)
    ]


def is_break(links: Collection[Link], lines: int) -> bool:
    """More than 5 % of a fund's lines (three or more) got another identifier on one day: the file changed its form, and
    nothing happened to the securities (2023-08-28: 26 identifiers went, 22 came, all were back the next day)."""
    changed = [link for link in links if link.kind is Kind.IDENTIFIER_CHANGE and link.rule != SHARED]
    return len(changed) >= 3 and len(changed) > 0.05 * lines


def _link(candidate: Candidate) -> Link:
    if candidate.rule == SHARED:
        confidence = "verified"
    elif candidate.kind is Kind.SUCCESSOR:
        confidence = "inferred"
    else:
        confidence = "high" if is_verified(candidate.later) else "repaired"
    return Link(
        candidate.fund,
        candidate.earlier,
        candidate.later,
        candidate.kind,
        candidate.rule,
        confidence,
        candidate.evidence,
    )


class Verb(StrEnum):
    """What an operator says of two identities."""

    LINK = "link"  # they are one position
    CUT = "cut"  # they are two


@dataclass(frozen=True, slots=True)
class Word:
    """An operator's word: in `fund` (None: in every fund of the issuer) `later` continues `earlier` from files dated
    `day` on, or never does."""

    fund: str | None
    earlier: str
    later: str
    verb: Verb
    day: date
    note: str = ""


def in_force(words: Iterable[Word], fund: str) -> list[Word]:
    """The last word on each pair that concerns the fund; `words` in the order they were said."""
    last: dict[tuple[str, str], Word] = {}
    for word in words:
        if word.fund in (None, fund):
            last[word.earlier, word.later] = word
    return list(last.values())


class Roots:
    """Which key stands for a chain of links: the earliest one. Grows day by day, never forgets."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}

    def of(self, key: str) -> str:
        """The root of `key`; itself when nothing links it."""
        parent = self._parent
        while key in parent:
            key = parent[key]
        return key

    def members(self, root: str) -> list[str]:
        """All keys whose root is `root`, itself first."""
        return self._members.get(root, [root])

    def join(self, earlier: str, later: str) -> bool:
        """Lets `later` continue `earlier`; False when both are one position already."""
        old, new = self.of(earlier), self.of(later)
        if old == new:
            return False
        self._parent[new] = old
        self._members[old] = self.members(old) + self.members(new)
        return True
