"""What is read by columns is what is read row by row, whatever stands in a cell; so are numbers and texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.core.errors import ParseError
from monitor.sources import blocks, registry
from monitor.sources import cells as cells_module
from monitor.sources import texts as texts_module
from monitor.sources.adjusting import LONGEST, TOTAL, is_total
from monitor.sources.cells import _COLUMN, ODD, normalise, number, numbers, percentage, percentages
from monitor.sources.forms import Column
from monitor.sources.layout import Layout, laid_out
from monitor.sources.lines import Lines
from monitor.sources.preamble import Arrived, Preamble, preamble_of
from monitor.sources.spec import Source
from monitor.sources.tables import Tables, tables_of
from monitor.sources.texts import Reader, Texts

FILES = Path(__file__).parent / "files"
SAMPLES = sorted(p for p in FILES.glob("*/*") if p.suffix != ".json" or not Path(p.stem).suffix)
FETCHED = datetime(2026, 3, 2, 12, tzinfo=UTC)
CELLS = [
    "",
    " ",
    "-",
    "--",
    "n/a",
    "0",
    "-0",
    "-0.00",
    "-5",
    "1,234.50",
    "1234567",
    "(1,234.5)",
    "12,34",
    "1\n2",
    "$5",
    "-$5",
    "5%",
    "5.00 %",
    "1e-05",
    "NaN",
    "9" * 41,
    "9" * 30 + ".5",
    "Total",
    "Total net assets",
    "Cash",
    "a name\nof two lines",
    "US DOLLAR",
    "short",
    "Put",
    "QLN US",
    "55501A105",
    "5550100",
    "03/05/2026",
    "2026-03-05",
    "Investors should carefully consider the investment objectives of a fund before they invest in it",
    '="0123"',
]
Given = tuple[Source, Tables, Layout, Preamble]


@lru_cache(maxsize=256)
def given_by(path: Path) -> Given | None:
    """The rows of a look-alike, None where it is refused before they are read."""
    source = registry.get(path.parent.name)
    try:
        tables = tables_of(path.read_bytes(), source)
        layout = laid_out(tables, source)
        above = [*layout.rows[: layout.header.row - 1], *tables.outside]
        known = Column.DATE in layout.header.index
        arrived = Arrived(path.name, FETCHED)
        return source, tables, layout, preamble_of(above, source, source.units, arrived, dated_rows=known)
    except ParseError:
        return None


class Slow(Reader):
    """A reader that remembers nothing and has every row looked at more closely."""

    def of(self, cells: Sequence[str]) -> None:
        return None


def outcome(lines: Lines, take: Any) -> dict[str, object]:
    """All that a reader of lines found, or the error that ended it."""
    try:
        take()
    except ParseError as error:
        return {"error": (str(error), error.code, error.row)}
    kept = ("lines", "days", "funds", "unread", "unread_of", "footer", "warnings", "ended", "failed", "totals")
    return {name: repr(getattr(lines, name)) for name in kept}


def both(found: Given, rows: list[list[str]]) -> None:
    """Reads rows in both ways, the fast one twice: what is remembered by then is the same."""
    source, tables, layout, preamble = found
    units = layout.header.like.units if layout.header.like else source.units
    first = layout.header.row + 1

    def lines() -> Lines:
        return Lines(source, tables.shape, layout.header, preamble, units)

    plain = lines()
    plain.texts = Slow(plain.texts.meaning, layout.header.index, plain.date_forms)

    def one_by_one() -> None:
        for row, cells in enumerate(rows, start=first):
            plain.take(row, list(cells))

    expected = outcome(plain, one_by_one)
    for _ in range(2):
        fast = lines()
        copies = [list(cells) for cells in rows]
        assert outcome(fast, lambda of=fast, some=copies: blocks.take_all(of, some, first)) == expected


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_look_alikes_are_read_by_columns_as_row_by_row(path: Path) -> None:
    found = given_by(path)
    if found is not None:
        both(found, found[2].rows[found[2].header.row :])


@given(st.data())
def test_whatever_stands_in_a_cell_is_read_as_row_by_row(data: st.DataObject) -> None:
    found = given_by(data.draw(st.sampled_from(SAMPLES)))
    if found is None:
        return
    rows = [list(cells) for cells in found[2].rows[found[2].header.row :]][:40]
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(len(rows) - 1, 0)))
        if rows and rows[at]:
            rows[at][data.draw(st.integers(0, len(rows[at]) - 1))] = data.draw(st.sampled_from(CELLS))
    if data.draw(st.booleans()):
        odd = [[], [""], ["", "", ""], list(found[2].header.names), ["Total", "1"], [*rows[0], "more"] if rows else []]
        rows.insert(data.draw(st.integers(0, len(rows))), list(data.draw(st.sampled_from(odd))))
    both(found, rows)


PRINTED = st.sampled_from(CELLS) | st.text("0123456789.,-+$%()eE \n'\u2212", max_size=12)


@pytest.mark.parametrize("unit", ["", "$", "%", "$%"])
@given(st.lists(PRINTED, max_size=8))
@example(["-5", "-0", "-0.00", "-$5", "$-5", "5%", ""])
@example(["123456789012345.123456789012", "-123456789012345.123456789012"])
@example(["1234567890123456.1234567890123", "-12345678901234567890.1234567890"])
def test_a_column_of_numbers_is_read_as_cell_by_cell(unit: str, cells: list[str]) -> None:
    def one(cell: str) -> Decimal | None:
        try:
            return number(cell, unit)
        except ValueError:
            return ODD

    assert repr(numbers(cells, unit)) == repr([one(cell) for cell in cells])


@given(st.lists(PRINTED, max_size=8))
def test_a_column_of_weights_is_read_as_cell_by_cell(cells: list[str]) -> None:
    def one(cell: str) -> Decimal | None:
        try:
            return percentage(cell, "%")
        except ValueError:
            return ODD

    assert repr(percentages(cells)) == repr([one(cell) for cell in cells])


@pytest.mark.parametrize("unit", ["", "$", "%", "$%"])
@given(st.lists(st.text("0123456789.,-$%٣", max_size=9), max_size=5))
def test_shapes_are_those_of_usual_numbers(unit: str, cells: list[str]) -> None:
    text = "\n".join(cells)
    assert cells_module._are_usual(text, unit) is (_COLUMN[unit](text + "\n") is not None)


@given(
    st.lists(st.sampled_from(["Total", "total ", "Sub-Total", "SUM", "Summe", "gesamt", "合計", "fund", "net", "ſum"]))
)
def test_rows_of_sums_are_those_whose_name_says_only_that(parts: list[str]) -> None:
    for name in (" ".join(parts), "".join(parts)):
        assert is_total(name) is (len(name) <= LONGEST and TOTAL.fullmatch(normalise(name)) is not None)


def test_what_is_remembered_of_texts_is_bounded_and_does_not_change() -> None:
    seen = []

    class Counting(Reader):
        def ordinary(self, texts: Sequence[str]) -> Texts | None:
            seen.append(texts[0])
            return super().ordinary(texts)

    counting, known = Counting(None, {Column.NAME: 0}, ()), texts_module._Known()
    rows = [f"QUILLON {n}" for n in range(texts_module.MOST // 2 + 10)]
    for name in rows[:1] + rows + rows[-20:]:
        said = known[counting, name, name]
        assert said is not None
        assert said.name == name
    assert len(seen) == len(rows)  # what was asked for lately was not forgotten
    assert len(known) <= texts_module.MOST // 2


def test_what_is_remembered_may_be_turned_over_by_another_thread_meanwhile() -> None:
    asked = []

    class Turning(Reader):
        def __hash__(self) -> int:
            asked.append(self)
            if len(asked) > 2:  # put down below, not found among the new ones, and now looked for among the old
                known._before = {}
            return id(self)

        def ordinary(self, texts: Sequence[str]) -> Texts | None:
            raise AssertionError("it was remembered")

    reader, known = Turning(None, {Column.NAME: 0}, ()), texts_module._Known()
    said = Reader(None, {Column.NAME: 0}, ()).ordinary(["QUILLON", "QUILLON"])
    known._before = {(reader, "QUILLON", "QUILLON"): said}
    assert known[reader, "QUILLON", "QUILLON"] is said


def test_sources_that_know_the_same_of_texts_share_a_reader() -> None:
    source = registry.get("ark")
    index, forms = {Column.NAME: 0, Column.TICKER: 1}, (source.units.date_format,)
    first = texts_module.reader(source, index, forms, as_is=False)
    assert texts_module.reader(replace(source, name="renamed"), index, forms, as_is=False) is first
    assert texts_module.reader(replace(source, venue="XTAI"), index, forms, as_is=False) is not first
    assert texts_module.reader(source, {Column.NAME: 1, Column.TICKER: 0}, forms, as_is=False) is not first


def test_what_is_remembered_of_a_source_stays_small() -> None:
    source = registry.get("ark")
    for n in range(1000):
        source.remember(("a header of its own", n), n)
    assert len(source.memory) <= 100


def test_another_process_is_sent_what_a_source_is_and_not_what_it_remembers() -> None:
    source = registry.get("ark")
    assert source.has_pages is False
    source.remember("a header", "what it means")
    assert not {"memory", "has_pages"} & source.__getstate__().keys()
    assert source.__getstate__()["id"] == "ark"
