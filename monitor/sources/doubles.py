"""Tells whether blocks of lines, each below a header of its own, are parts of one table or copies of it.

Some issuers print the whole list twice, some repeat the header on every page, some show the largest lines once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from monitor.core.model import Line

TWICE = "the table is printed {} times and was read once"
PART = "a part of the table is printed again and was read once"
QUANTITIES = (
    "the table is printed twice with other quantities in {} lines of the same value and weight: the first was read"
)
DIFFER = "unsettled copies of the table: they differ, the {} one was read"


def read_once(
    lines: Sequence[Line], funds: Sequence[str], starts: Sequence[tuple[int, str]]
) -> tuple[list[int], list[str]]:
    """The indexes of the lines that count, in order, and what to say of the others; `starts` are the indexes at which
    a header stands again, with which it is. `funds` are as each line prints them.

    Only blocks below the same header are compared. Copies say the same of the same securities; the parts of one table
    have hardly any security in common.
    """
    groups: list[tuple[str, range]] = []
    ends = [at for at, _ in starts[1:]]
    copies, said = 1, []
    for (start, kind), end in zip(starts, (*ends, len(lines)), strict=True):
        block = range(start, end)
        same = (at for at, (of, group) in enumerate(groups) if of == kind and _overlap(lines, funds, group, block))
        at = next(same, None)
        if at is None:
            groups.append((kind, block))
            continue
        before, now = _contents(lines, funds, groups[at][1]), _contents(lines, funds, block)
        more = len(block) > len(groups[at][1])
        if before == now:
            copies += 1
        elif not now - before or not before - now:
            said.append(PART)
        elif (worths := _worths(lines, block)) is not None and worths == _worths(lines, groups[at][1]):
            said.append(QUANTITIES.format((now - before).total()))
        else:
            said.append(DIFFER.format("longer" if more else "first"))
        if more:
            groups[at] = kind, block
    if copies > 1:
        said.insert(0, TWICE.format(copies))
    return sorted(index for _, group in groups for index in group), list(dict.fromkeys(said))


def _overlap(lines: Sequence[Line], funds: Sequence[str], one: range, other: range) -> bool:
    """Whether half of the smaller block stands in the other, too."""
    first, second = (Counter((funds[at], *_who(lines[at])) for at in block) for block in (one, other))
    return 2 * (first & second).total() >= max(1, min(len(one), len(other)))


def _who(line: Line) -> tuple[object, ...]:
    return line.name, line.ticker, line.identifier, line.isin, line.sedol, line.maturity


def _contents(lines: Sequence[Line], funds: Sequence[str], block: range) -> Counter[tuple[object, ...]]:
    return Counter((funds[at], *_who(lines[at]), lines[at].shares, lines[at].value, lines[at].weight) for at in block)


def _worths(lines: Sequence[Line], block: range) -> Counter[tuple[object, ...]] | None:
    """What each line of a block is worth; None where it is not printed."""
    if any(lines[at].value is None and lines[at].weight is None for at in block):
        return None
    return Counter((*_who(lines[at]), lines[at].value, lines[at].weight) for at in block)
