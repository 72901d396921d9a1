"""A section of the scoreboard: lines for people, numbers for scripts, and the bars it must clear."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

WIDTH = 96
Json = object


@dataclass(frozen=True, slots=True)
class Bar:
    """One threshold. `holds` is None when the folder has nothing to measure it on."""

    name: str
    measured: str
    threshold: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What must be reached: on data the program was made on, or on data it has not seen."""

    trades: float  # precision and recall of active changes
    cases: float


SEEN = Thresholds(0.98, 1.0)
UNSEEN = Thresholds(0.97, 0.9)


@dataclass(slots=True)
class Section:
    """The answer to one question."""

    title: str
    lines: list[str] = field(default_factory=list)
    numbers: dict[str, Json] = field(default_factory=dict)
    bars: list[Bar] = field(default_factory=list)


def missing(title: str, what: str, *bars: str) -> Section:
    """A section that cannot be answered because a part of the folder is not here."""
    return Section(title, [f"not here: {what}"], {"not_here": what}, [Bar(one, "not here", "-", None) for one in bars])


def at_least(name: str, value: float | None, least: float) -> Bar:
    """A share that must reach `least`."""
    return Bar(name, ratio(value), f"≥ {least}", None if value is None else value >= least)


def none_of(name: str, count: int) -> Bar:
    """A count that must be zero."""
    return Bar(name, str(count), "0", count == 0)


def share(part: int, whole: int) -> float | None:
    """A quotient; None of nothing."""
    return part / whole if whole else None


def ratio(value: float | None) -> str:
    """A quotient with four decimals, or a dash."""
    return "-" if value is None else f"{value:.4f}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Columns as wide as their widest cell; numbers to the right."""
    cells = [list(head), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    right = [all(_is_figure(row[at]) for row in cells[1:]) and len(cells) > 1 for at in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if last else cell.ljust(width)
            for cell, width, last in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in cells
    ]


def printed(sections: Iterable[Section]) -> list[str]:
    """The whole scoreboard."""
    found = list(sections)
    lines: list[str] = []
    for number, section in enumerate(found, start=1):
        lines += [f"{number}. {section.title}", *(f"   {line}" for line in section.lines), ""]
    bars = [bar for section in found for bar in section.bars]
    words = {True: "holds", False: "FAILS", None: "not here"}
    lines += ["Bars", *(f"   {line}" for line in table(
        ("bar", "measured", "threshold", ""), [(b.name, b.measured, b.threshold, words[b.holds]) for b in bars]
    ))]  # fmt: skip
    failed = sum(bar.holds is False for bar in bars)
    lines.append("   All bars hold." if not failed else f"   {failed} of {len(bars)} bars fail.")
    return lines


def document(sections: Iterable[Section]) -> Json:
    """The same for scripts."""
    found = list(sections)
    return {
        "bars": [
            {"name": b.name, "measured": b.measured, "threshold": b.threshold, "holds": b.holds}
            for section in found
            for b in section.bars
        ],
        "sections": {section.title: section.numbers for section in found},
    }


def holds(sections: Iterable[Section]) -> bool:
    """Whether no bar fails."""
    return not any(bar.holds is False for section in sections for bar in section.bars)


def wrapped(text: str, indent: str = "") -> list[str]:
    """Long text in lines of the scoreboard's width."""
    lines, line = [], ""
    for word in text.split():
        if line and len(indent) + len(line) + 1 + len(word) > WIDTH - 3:
            lines.append(indent + line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, indent + line] if line else lines


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _is_figure(text: str) -> bool:
    return text.replace(",", "").replace(".", "").replace("-", "").replace("%", "").strip().isdigit() or text == "-"
