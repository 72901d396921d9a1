"""What is exported: typed columns, rows in batches, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from monitor.asking.answer import Answer, cell
from monitor.asking.plain import Record, plain
from monitor.asking.vocabulary import meaning
from monitor.core import days
from monitor.core.columns import Sort
from monitor.core.errors import UsageError
from monitor.store.queries import FileRef
from monitor.store.views import View, ViewColumn
from monitor.store.whole_views import Key, ViewReader, find_column

MOST_IN_A_BATCH = 2_000

Row = Sequence[object]
Batches = Iterator[Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its name, what its values are, their unit, and what they say."""

    name: str
    sort: Sort
    unit: str
    says: str


@dataclass(frozen=True, slots=True)
class Table:
    """`batches` gives the rows, those with the same keys one after the other; `records` the same as JSON objects.

    Each may be asked once: the rows stream from the database.
    """

    name: str
    says: str
    fields: tuple[Field, ...]
    asked: tuple[tuple[str, str], ...]  # filters or parameters, as understood
    batches: Callable[[Sequence[Key]], Batches]
    records: Callable[[], Iterator[Sequence[Record]]]
    more_than: Callable[[int], bool]
    files: tuple[FileRef, ...] = ()  # that an answer rests on


def of_view(reader: ViewReader, tell: Callable[[int], None]) -> Table:
    """A view, or the part of it its reader was asked for; `tell` hears how many rows more were read."""
    names = [column.name for column in reader.view.columns]

    def batches(by: Sequence[Key]) -> Batches:
        for batch in reader.batches(by):
            tell(len(batch))
            yield batch

    def records() -> Iterator[Sequence[Record]]:
        for batch in batches(()):
            yield [dict(zip(names, map(plain, row), strict=True)) for row in batch]

    return Table(
        reader.view.name,
        reader.view.says,
        tuple(Field(one.name, one.sort, "", one.says) for one in reader.view.columns),
        tuple((name, "unknown" if value is None else str(value)) for name, value in reader.where),
        batches,
        records,
        reader.more_than,
    )


def of_answer(answer: Answer, files: Sequence[FileRef]) -> Table:
    """The answer to a question; its columns are called as in a frame."""
    question = answer.question
    columns = question.columns

    def batches(by: Sequence[Key]) -> Batches:
        at = [(next(one for one in columns if one.name == key.column), key.year) for key in by]
        rows = sorted(answer.rows, key=lambda row: [_group(cell(row, one), year) for one, year in at])
        for start in range(0, len(rows), MOST_IN_A_BATCH):
            yield [[cell(row, column) for column in columns] for row in rows[start : start + MOST_IN_A_BATCH]]

    def records() -> Iterator[Sequence[Record]]:
        yield answer.rows

    return Table(
        question.slug,
        question.about,
        tuple(Field(one.name, one.sort, *meaning(one.name)) for one in columns),
        tuple((name, str(value)) for name, value in answer.understood().items()),
        batches,
        records,
        lambda count: answer.total > count,
        tuple(files),
    )


def _group(value: object, year: bool) -> tuple[bool, str]:
    return value is not None, str(value)[:4] if year and value is not None else str(value)


def filters(view: View, texts: Sequence[str], today: date) -> tuple[tuple[str, object], ...]:
    """What `COLUMN=VALUE` asks of a view; nothing after the sign asks for unknown values."""
    found: dict[str, object] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise UsageError(f"{text!r} is no filter: write COLUMN=VALUE, for example fund=ARKK.")
        column = find_column(view, name)
        if column.name in found:
            raise UsageError(f"{column.name} is asked for twice: a row has one value there.")
        found[column.name] = _value(column, value.strip(), today)
    return tuple(found.items())


def _value(column: ViewColumn, text: str, today: date) -> object:
    if not text:
        return None
    if not text.isprintable():
        raise UsageError(f"The value of {column.name} has characters that are no text.")
    if column.sort is Sort.DAY:
        return days.day(text, today)
    if column.sort in (Sort.WHOLE, Sort.NUMBER):
        number = _number(text)
        if number is None or (column.sort is Sort.WHOLE and number != int(number)):
            raise UsageError(f"{column.name} is {text!r}: a number is needed.")
        return int(number) if column.sort is Sort.WHOLE else number
    return text


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= 18 else None


def parameters(texts: Sequence[str]) -> Mapping[str, str | list[str]]:
    """What `NAME=VALUE` asks of a question; a name said several times has several values."""
    found: dict[str, str | list[str]] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise UsageError(f"{text!r} is no parameter: write NAME=VALUE, for example fund=ARKK.")
        key = name.strip().lower().replace("-", "_")
        earlier = found.get(key)
        found[key] = value if earlier is None else [*([earlier] if isinstance(earlier, str) else earlier), value]
    return found
