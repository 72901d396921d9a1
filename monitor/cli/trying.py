"""Prints what is understood of one file, for `sources try`: in words and tables, as JSON or as CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from monitor.cli import output
from monitor.cli.output import Format, Record, record

if TYPE_CHECKING:
    from monitor.core.model import HoldingsFile
    from monitor.sources.forms import Format as Printed
    from monitor.sources.spec import Source
    from monitor.sources.trying import Tried, Understood

LINES = ("row", "class", "ticker", "name", "identifier", "shares", "value", "weight")
SUMMARY = ("fund", "as_of", "lines", "unread", "weights", "values", "classes", "trouble")
MOST_ROWS = 200  # rows that were not understood, printed of one fund; JSON has them all
Say = Callable[[str], None]


def show(source: Source, tried: Tried, form: Format, *, whole: bool) -> None:
    """Print it; `whole`: every line also where the file lists several funds."""
    if form is Format.JSON:
        output.show([_record(source, tried, one) for one in tried.funds], form, (), "")
    elif form is Format.CSV:
        rows = [row for one in tried.funds for row in _lines(one)]
        output.show(rows, form, ("fund", "as_of", *LINES), "No lines.")
        _rest(tried.funds, output.tell)
    elif len(tried.funds) > 1 and not whole:
        _of_file(source, tried)
        output.show([_summary(one) for one in tried.funds], form, SUMMARY, "No fund.")
        _rest(tried.funds, output.say)
        output.say(f"\n{len(tried.funds)} funds; --fund NAME prints the lines of one.")
    else:
        _of_file(source, tried)
        for one in tried.funds:
            _of_fund(source, one)


def _of_file(source: Source, tried: Tried) -> None:
    seen = "" if source.verified else f" – not seen in a real file: {source.why}"
    encoding = f", {tried.encoding}" if tried.encoding else ""
    output.say(f"source     {source.id}: {source.name}{seen}")
    output.say(f"file       {tried.shape}{encoding}, header in row {tried.header.row}")
    output.say(f"format     {_format(tried.format, exact=tried.header.known is not None)}")
    output.say(f"columns    {', '.join(tried.header.names)}")
    mapped = sorted((at, column.value) for column, at in tried.header.index.items())
    output.say(f"mapped     {', '.join(f'{column} ← {tried.header.names[at]}' for at, column in mapped)}\n")


def _format(form: Printed | None, *, exact: bool) -> str:
    if form is None:
        return "none of those we know: columns in another order"
    dated = (f" from {form.valid_from}" if form.valid_from else "") + (f" to {form.valid_to}" if form.valid_to else "")
    same = "known" if exact else "like a known one, with other columns beside those we read"
    return f"{same}{dated}" + (f": {form.note}" if form.note else "")


def _of_fund(source: Source, one: Understood) -> None:
    file = one.file
    output.say(f"fund       {one.fund or '–'}" + (f" ({file.title})" if file.title else ""))
    if one.trouble:
        output.say(f"trouble    {one.trouble}: it would not be taken in")
    convention = source.convention_of(one.fund, file.as_of, file.dated_by).value
    if one.undated:
        output.say("as of      –")
    else:
        output.say(f"dated      {', '.join(str(day) for day in file.dates)} (convention {convention})")
        announced = f", announced {file.announced}" if file.announced else ""
        output.say(f"as of      {file.as_of}, {_dated_by(file)}{announced}")
    output.say(f"lines      {len(file.lines)}, unread {len(file.unread)}")
    for word, value in _totals(one).items():
        if value is not None:
            output.say(f"{word:<10} {output.cell(value)}")
    output.say()
    output.show(_lines(one), Format.TABLE, LINES, "No lines.")
    output.say()
    output.show(_classes(one), Format.TABLE, ("class", "lines", "positions", "value", "weight"), "No class.")
    _rest((one,), output.say)


def _day(one: Understood) -> object:
    """The as-of date as it is printed; nothing where nobody says it."""
    return None if one.undated else output.plain(one.file.as_of)


def _dated_by(file: HoldingsFile) -> str:
    return {
        "file": "as the file says",
        "name": "as its name says",
        "fetched": "which nobody prints: the last session before it was fetched",
    }.get(file.dated_by, f"by {file.dated_by}")


def _totals(one: Understood) -> dict[str, Decimal | None]:
    """Sums over the lines, and what the file prints of the fund; None where nothing is printed."""
    return {
        "weights": _sum([line.weight for line in one.file.lines]),
        "values": _sum([line.value for line in one.file.lines]),
        "net assets": one.file.net_assets,
        "shares": one.file.outstanding,
    }


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _classes(one: Understood) -> list[Record]:
    counts = Counter(one.classes)
    made: list[Record] = []
    for kind, lines in counts.most_common():
        mine = [position for position in one.positions if position.asset_class is kind]
        value, weight = _sum([position.value for position in mine]), _sum([position.weight for position in mine])
        made.append({"class": kind.value, "lines": lines, "positions": len(mine), "value": value, "weight": weight})
    return made


def _lines(one: Understood) -> list[Record]:
    made: list[Record] = []
    for line, kind in zip(one.file.lines, one.classes, strict=True):
        printed = {key: None if value == "" else value for key, value in record(line).items()}
        made.append({"fund": one.fund, "as_of": _day(one), "class": kind.value, **printed})
    return made


def _summary(one: Understood) -> Record:
    totals = _totals(one)
    counts = Counter(kind.value for kind in one.classes)
    return {
        "fund": one.fund or None,
        "as_of": _day(one),
        "lines": len(one.file.lines),
        "unread": len(one.file.unread),
        "weights": totals["weights"],
        "values": totals["values"],
        "classes": ", ".join(f"{count} {kind}" for kind, count in counts.most_common()),
        "trouble": one.trouble or None,
    }


def _record(source: Source, tried: Tried, one: Understood) -> Record:
    """Everything about one fund, for programs."""
    file, form = one.file, tried.format
    return {
        "source": source.id,
        "verified": source.verified,
        "fund": one.fund or None,
        "title": file.title or None,
        "trouble": one.trouble or None,
        "complete": one.complete,
        "as_of": _day(one),
        "dates": [output.plain(day) for day in file.dates] if not one.undated else [],
        "announced": output.plain(file.announced),
        "dated_by": file.dated_by,
        "convention": source.convention_of(one.fund, file.as_of, file.dated_by).value,
        "shape": tried.shape,
        "encoding": tried.encoding or None,
        "format": None if form is None else {"known": tried.header.known is not None, "note": form.note or None},
        "columns": list(file.columns),
        "totals": {word.replace(" ", "_"): output.plain(value) for word, value in _totals(one).items()},
        "classes": [{key: output.plain(value) for key, value in row.items()} for row in _classes(one)],
        "lines": _lines(one),
        "unread": [record(row) for row in file.unread],
        "left_out": [line.row for line in one.left_out],
        "footer": list(file.footer),
        "warnings": list(file.warnings),
    }


def _rest(funds: Sequence[Understood], say: Say) -> None:
    """What is not understood, and prose: rows that name no fund once, whatever the number of funds."""
    unread = {row.row: row for one in funds for row in one.file.unread}
    for _, row in sorted(unread.items())[:MOST_ROWS]:
        say(f"unread     row {row.row}: {row.reason}: {row.text}")
    if len(unread) > MOST_ROWS:
        say(f"unread     {len(unread) - MOST_ROWS} more rows; --json has them all")
    for line in (line for one in funds for line in one.left_out[:MOST_ROWS]):
        say(f"left out   row {line.row}: {line.name or line.ticker}: prints no quantity")
    for text in dict.fromkeys(text for one in funds for text in one.file.footer):
        say(f"footer     {text[:200]}")
    for text in dict.fromkeys(text for one in funds for text in one.file.warnings):
        say(f"warning    {text}")
