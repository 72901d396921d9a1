"""How answers are printed: as a table, as JSON with the documented keys, or as CSV. It prints and decides nothing."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from shutil import get_terminal_size

from monitor.asking.plain import Record, csv_text, flat, json_line, json_text, number_text, plain, record
from monitor.cli.manner import MANNER

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
WIDE = 64  # cells of a text cell in a table: a SHA-256 is whole, an absurdly long name is not
SENTENCES = frozenset(
    {
        "claim",
        "detail",
        "error",
        "gaps",
        "headline",
        "matches",
        "meaning",
        "place",
        "reasons",
        "remedy",
        "text",
        "url",
        "why",
    }
)
SENTENCE_WIDE = 400
FOLDED = 16  # characters to which a long text is folded at most on a narrow terminal
COLOURED = frozenset({"severity", "state", "standing", "outcome"})
RED, YELLOW, GREEN, DIM = "31", "33", "32", "2"
COLOURS = {
    **dict.fromkeys(("high", "dead", "failing", "fault", "broken", "refused", "rejected", "failed"), RED),
    **dict.fromkeys(("normal", "late", "quarantined", "pending", "due", "warning", "unfinished", "differs"), YELLOW),
    **dict.fromkeys(("ok", "sent", "accepted", "agrees"), GREEN),
    **dict.fromkeys(("low", "closed", "not watched", "over", "lifted", "withdrawn"), DIM),
}
NARROWEST = 60  # text is never folded to less

__all__ = ["Format", "Record", "csv_text", "flat", "json_text", "plain", "record"]


class Format(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def show(records: Sequence[Record], form: Format, table: Sequence[str], empty: str) -> None:
    """Print the records; a table shows only the columns `table`. When there is no record `empty` says so: instead of
    a table, beside JSON and CSV."""
    if not records and empty and form is not Format.TABLE:
        tell(empty)
    if form is Format.JSON:
        lines = (json_line(one) for one in records)
        sys.stdout.write("[\n" + ",\n".join(lines) + "\n]\n" if records else "[]\n")
    elif form is Format.CSV:
        rows = [flat(one) for one in records]
        columns = list(dict.fromkeys(key for row in rows for key in row)) or list(table)
        sys.stdout.write(csv_text(columns, ([row.get(key) for key in columns] for row in rows)))
    elif not records:
        say(empty)
    else:
        rows = [flat(one) for one in records]
        print_table(
            table, [[row.get(key, one.get(key)) for key in table] for row, one in zip(rows, records, strict=True)]
        )


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table for people: aligned plain text. On a terminal too narrow for it long words are folded, or, where that
    is not enough, each row becomes a paragraph."""
    numeric = [
        all(isinstance(row[at], (int, Decimal, float)) or row[at] is None for row in rows) for at in range(len(columns))
    ]
    names = [name.removeprefix("security.") for name in columns]
    widths = [SENTENCE_WIDE if name in SENTENCES else WIDE for name in names]
    texts = [[shortened(cell(value), width) for value, width in zip(row, widths, strict=True)] for row in rows]
    table = aligned(names, texts, numeric)
    room = get_terminal_size().columns
    if not sys.stdout.isatty() or max(map(width, table.split("\n"))) <= room:
        sys.stdout.write(aligned(names, texts, numeric, colours=True) if MANNER.coloured() else table)
        return
    foldable = [any(" " in row[at] and width(row[at]) > FOLDED for row in texts) for at in range(len(names))]
    wide = [max(width(text) for text in column) for column in zip(names, *texts, strict=True)]
    least = sum(min(FOLDED, one) if fold else one for one, fold in zip(wide, foldable, strict=True)) + 2 * len(names)
    if least <= room:
        _print_folded(names, texts, numeric, foldable)
    else:
        _print_paragraphs(names, texts)


def _print_folded(
    names: Sequence[str], texts: Sequence[Sequence[str]], numeric: Sequence[bool], foldable: Sequence[bool]
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="")
    for name, right, fold in zip(names, numeric, foldable, strict=True):
        table.add_column(Text(name), justify="right" if right else "left", overflow="fold", no_wrap=not fold)
    for row in texts:
        # Text: nothing in a name is taken for markup
        table.add_row(*(Text.from_ansi(painted(name, text)) for name, text in zip(names, row, strict=True)))
    Console(highlight=False, no_color=not MANNER.coloured()).print(table)


def _print_paragraphs(names: Sequence[str], texts: Sequence[Sequence[str]]) -> None:
    room = max(NARROWEST, get_terminal_size().columns)
    for row in texts:
        line = row[0]
        for name, text in zip(names[1:], row[1:], strict=True):
            if width(line) + len(name) + width(text) + 3 > room:
                say("\n".join(folded(line, "", "  ")))
                line = f"  {name} {text}"
            else:
                line += f"  {name} {text}"
        say("\n".join(folded(line, "", "  ")))


def aligned(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], colours: bool = False) -> str:
    """Columns padded with blanks, two between each; wide characters count as the two cells they take."""
    widths = [max(width(text) for text in texts) for texts in zip(columns, *rows, strict=True)]
    lines = []
    for at, row in enumerate((columns, *rows)):
        parts = []
        for name, text, wide, side in zip(columns, row, widths, right, strict=True):
            pad = " " * (wide - width(text))
            shown = painted(name, text) if colours and at else text
            parts.append(pad + shown if side else shown + pad)
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines) + "\n"


def width(text: str) -> int:
    """The cells of a terminal that the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def painted(column: str, text: str) -> str:
    """The text of a severity or state in its colour."""
    code = COLOURS.get(text) if column in COLOURED else None
    return f"\x1b[{code}m{text}\x1b[0m" if code else text


def cell(value: object) -> str:
    """A value as people read it: thousands separated, unknown as a dash, nothing that moves the cursor."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return f"{Decimal(number_text(value)):,f}" if value.is_finite() else str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(part) for part in value)
    if isinstance(value, Mapping):
        return " ".join(cell(part) for part in value.values() if part is not None)
    text = str(value)
    return f"{text[:10]} {text[11:16]} UTC" if INSTANT.fullmatch(text) else clean(text)


def shortened(text: str, most: int) -> str:
    """At most so many cells; what was cut shows as an ellipsis. JSON and CSV always have the whole text."""
    if width(text) <= most:
        return text
    if text.isascii():
        return text[: most - 1].rstrip() + "…"
    from rich.cells import chop_cells

    return chop_cells(text, most - 1)[0].rstrip() + "…"


def plain_cell(value: object) -> object:
    """One value of an SQL answer in terms of JSON."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else plain(value)


def clean(text: str) -> str:
    """Text from a file without control characters: it cannot write over the screen."""
    return "".join(char if char.isprintable() else " " for char in text)


def write(text: str) -> None:
    """Text of ours, as it is."""
    sys.stdout.write(text)


def say(text: str = "") -> None:
    """A line of answer."""
    print("\n".join(clean(line) for line in text.split("\n")))


def tell(text: str) -> None:
    """A line beside the answer: what went on, on the standard error. With --quiet nothing."""
    if MANNER.quiet:
        return
    print("\n".join(clean(line) for line in text.split("\n")), file=sys.stderr, flush=True)


def folded(text: str, indent: str, more: str) -> list[str]:
    """The text in lines that fit the terminal (80 characters where there is none), later ones indented by `more`."""
    width = max(NARROWEST, get_terminal_size().columns)
    return textwrap.wrap(clean(text), width, initial_indent=indent, subsequent_indent=more, break_on_hyphens=False)
