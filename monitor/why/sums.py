"""Two files of a fund side by side once more: the flow between them, one line of it, and the sums written out.

What is measured here was measured when the day was told; `FlowFacts.agrees` says whether both give the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from monitor.core import flows, spells
from monitor.core.flows import LONGEST_FLOW, Count, Flow, Label
from monitor.core.linking import Link, Roots
from monitor.core.model import Position
from monitor.core.sides import counts_of
from monitor.core.splits import Split, effective
from monitor.store import past
from monitor.store.engine import Connection
from monitor.store.fund_book import rooted
from monitor.store.lines import Securities
from monitor.store.queries.grounds import StoredFile, StoredFlow
from monitor.store.trades import FACTOR_PLACES
from monitor.why.facts import FileFacts, FlowFacts, LineFacts


@dataclass(frozen=True, slots=True)
class Chains:
    """Which keys were one position by a day: in the fund, and over all funds of the issuer."""

    own: Roots
    whole: Roots


@dataclass(frozen=True, slots=True)
class Pair:
    """Two files of a fund, positions by root key, and the flow between them measured again."""

    before: Mapping[str, Position]
    after: Mapping[str, Position]
    splits: Mapping[str, Fraction]
    counts: tuple[Count, ...]
    flow: Flow
    labels: Mapping[str, Label]
    gap: int


def chains(links: Iterable[tuple[date, Link]], fund: str, until: date) -> Chains:
    """The links that counted on `until`."""
    own, whole = Roots(), Roots()
    for day, link in links:
        if day <= until:
            whole.join(link.earlier, link.later)
            if link.fund == fund:
                own.join(link.earlier, link.later)
    return Chains(own, whole)


def known_splits(splits: Iterable[Split], known: Chains, fund: str, until: date) -> list[Split]:
    """The splits as the fund's files show them, of those that were settled by `until`, oldest first."""
    groups: dict[str, list[Split]] = {}
    for split in splits:
        if (split.settled or split.day) <= until:
            groups.setdefault(known.whole.of(split.key), []).append(split)
    return sorted(
        (one for group in groups.values() for one in effective(group, fund)), key=lambda one: (one.day, one.key)
    )


def positions(conn: Connection, file: StoredFile, roots: Roots) -> Mapping[str, Position]:
    """The positions of a stored file by root key."""
    row = past.snapshot(conn, file.fund.id, file.number)
    return rooted(Securities(conn).positions(row), roots)


def pair_of(
    before: tuple[StoredFile, Mapping[str, Position]],
    after: tuple[StoredFile, Mapping[str, Position]],
    known: Chains,
    splits: Collection[Split],
    gap: int,
) -> Pair:
    """Both files side by side; the splits between them are taken out as they were found."""
    (older, old), (newer, new) = before, after
    factors = _between(splits, older.as_of, newer.as_of, known)
    applied = {root: factors[known.whole.of(root)] for root in old if known.whole.of(root) in factors}
    counts = tuple(counts_of(old, new, applied))
    return Pair(old, new, applied, counts, *flows.measure(counts), gap)


def _between(splits: Iterable[Split], after: date, until: date, known: Chains) -> Mapping[str, Fraction]:
    found: dict[str, Fraction] = {}
    for split in splits:
        if after < split.day <= until:
            root = known.whole.of(split.key)
            found[root] = found.get(root, Fraction(1)) * split.factor
    return found


def flow_facts(stored: StoredFlow, pair: Pair) -> FlowFacts:
    """The flow as it was derived, with the sums behind its factor."""
    summed = flows.basis(pair.counts) if stored.factor is not None else []
    factor = None if stored.factor is None else f"{pair.flow.factor:.{FACTOR_PLACES}f}"
    quiet = stored.unchanged + (stored.in_flow or 0) + (stored.in_groups or 0)
    return FlowFacts(
        stored.sessions,
        stored.gap,
        stored.factor,
        stored.units,
        stored.lines,
        stored.unchanged,
        stored.in_flow,
        stored.in_groups,
        stored.active,
        (Decimal(quiet) / stored.lines).quantize(Decimal("0.0001")) if stored.factor is not None else None,
        stored.confidence,
        stored.rebalance,
        len(summed),
        _total([c.before for c in summed]),
        _total([c.after for c in summed]),
        stored.factor is None or Decimal(factor or 0) == stored.factor,
    )


def _total(numbers: list[float]) -> Decimal | None:
    return Decimal(repr(sum(numbers))) if numbers else None


def line_facts(pair: Pair, root: str) -> LineFacts | None:
    """The security's line under the flow; None when it is not in both files, or no flow was measured."""
    count = next((c for c in pair.counts if c.key == root), None)
    if count is None or pair.gap > LONGEST_FLOW:
        return None
    before, after = Decimal(repr(count.before)), Decimal(repr(count.after))
    expected = before * Decimal(repr(pair.flow.factor))
    return LineFacts(
        pair.labels[root].value,
        before,
        after,
        expected,
        after - expected,
        Decimal(repr(flows.tolerance(count, pair.flow.factor, pair.flow.units))),
        count.foreign,
    )


# --- in words -------------------------------------------------------------------------------------


def shown(value: Decimal | int | None, places: int = 12) -> str:
    """A number with its thousands separated and no digits that say nothing; a dash when unknown."""
    if value is None:
        return "–"
    text = f"{round(Decimal(value), places):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def flow_sums(flow: FlowFacts) -> list[str]:
    """How the factor and the units came about."""
    if flow.factor is None:
        if flow.gap > LONGEST_FLOW:
            return [f"no flow factor: {flow.gap} sessions between the files, at most {LONGEST_FLOW} are measured"]
        return [f"no flow factor: {flow.lines} equity lines in both files, at least {flows.LEAST_LINES} are needed"]
    near = " (so near to 1 that it counts as 1)" if flow.factor == 1 and flow.sum_after != flow.sum_before else ""
    found = [
        f"f = Σ shares after / Σ shares before = {shown(flow.sum_after)} / {shown(flow.sum_before)}"
        f" = {shown(flow.factor)}{near}, over the {flow.summed} of {flow.lines} lines that one ratio explains"
        " within max(2, 0.00003 × before)"
    ]
    if flow.units is not None:
        found.append(f"n = {flow.units}, the largest whole number to 600 dividing 90 % of the deltas of these lines")
    found.append(
        f"explained = ({flow.unchanged} unchanged + {flow.in_flow} in the flow + {flow.in_groups} in groups)"
        f" / {flow.lines} = {shown(flow.explained)}; confidence {flow.confidence}"
    )
    if not flow.agrees:
        found.append("measured again now the factor differs: run `holdings-monitor db rebuild`")
    return found


def line_sums(flow: FlowFacts, line: LineFacts) -> list[str]:
    """Whether the line's change is more than the flow explains."""
    factor, units = flow.factor if flow.factor is not None else Decimal(1), flow.units or 0
    moved = f"{units}/2" if units > 1 else f"0.01 × |{shown(factor)} − 1| × {shown(line.before)}"
    words = f"T = max(2, 0.0001 × {shown(line.before)}) + {moved} = {shown(line.tolerance, 4)}"
    if line.foreign:
        words += " (outside the US: at least 0.1 × |f − 1| × before, and whole lots of 100 per unit)"
    beyond = ">" if abs(line.deviation) > line.tolerance else "≤"
    return [
        words,
        f"|after − f × before| = |{shown(line.after)} − {shown(factor)} × {shown(line.before)}|"
        f" = {shown(abs(line.deviation), 4)} {beyond} T: {line.label}",
    ]


def ratio_sums(before: FileFacts, after: FileFacts, factor: Decimal | None) -> list[str]:
    """How shares and price of a line moved: what a split or a successor is recognised by."""
    if not before.shares or not after.shares:
        return []
    f = factor if factor is not None else Decimal(1)
    rho = after.shares / (f * before.shares)
    found = [
        f"ρ = shares after / (f × shares before) = {shown(after.shares)} / ({shown(f)} × {shown(before.shares)})"
        f" = {shown(rho, 6)}"
    ]
    if before.value and after.value:
        old, new = before.value / before.shares, after.value / after.shares
        found.append(
            f"π = price after / price before = {shown(new, 6)} / {shown(old, 6)} = {shown(new / old, 6)};"
            f" ρ × π = {shown(rho * new / old, 4)}"
        )
    return found


def entry_sums(file: FileFacts, gone: Mapping[str, object] | None) -> list[str]:
    """Why the line counts as held, and how long it was gone."""
    found = [f"material: weight {shown(file.weight)} % of the fund, value {shown(file.value, 2)}"]
    if gone is not None:
        said = {key: "–" if value is None else str(value) for key, value in gone.items()}
        found.append(
            f"absent = {said.get('sessions')} sessions strictly between the last material holding"
            f" ({said.get('last_material')}) and the entry; {said.get('uncovered_sessions')} of them without a file,"
            f" the longest run {said.get('longest_gap_sessions')}; last line {said.get('last_held')}"
        )
    return found


def exit_sums(file: FileFacts, largest: Decimal | None) -> list[str]:
    """Why the line no longer counts as held: gone, or a crumb of its largest recent size."""
    if not file.shares or largest is None:
        return ["not listed, or without shares"] if not file.shares else []
    limit = spells.CRUMB_OF_PEAK * largest
    return [
        f"crumb: weight {shown(file.weight)} % < {spells.SMALL} %, and {shown(file.shares)} ≤ {spells.CRUMB_OF_PEAK} ×"
        f" {shown(largest)} = {shown(limit, 2)}, the largest size of the last {spells.WINDOW} files"
    ]


def size_sums(sizes: tuple[Decimal | None, Decimal | None, Decimal | None], factor: Decimal | None) -> list[str]:
    """How the active shares come from the counts before and after; `factor` where the flow is taken out."""
    before, after, active = sizes
    if active is None:
        return []
    if factor is None:
        return [f"active = after − before = {shown(after)} − {shown(before)} = {shown(active)}"]
    found = [f"active = after − f × before = {shown(after)} − {shown(factor)} × {shown(before)} = {shown(active)}"]
    if before:
        part = f"{100 * active / (factor * before):+.2f} %"
        found.append(f"change = active / (f × before) = {shown(active)} / {shown(factor * before)} = {part}")
    return found


def value_sums(
    active: Decimal | None, value: Decimal | None, line: tuple[Decimal | None, Decimal | None], total: Decimal | None
) -> list[str]:
    """How the value comes from the price in the file: `line` is the value and the shares printed there."""
    worth, shares = line
    if active is None or value is None or worth is None or not shares:
        return []
    price = worth / shares
    found = [
        f"price = market value / shares = {shown(worth, 2)} / {shown(shares)} = {shown(price, 6)}",
        f"value = active × price = {shown(active)} × {shown(price, 6)} = {shown(value, 2)}",
    ]
    if total:
        part = f"{100 * value / total:.4f} %"
        found.append(f"share of fund = value / Σ market value = {shown(value, 2)} / {shown(total, 2)} = {part}")
    return found
