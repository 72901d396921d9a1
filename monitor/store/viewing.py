"""One page of a documented view, by equality on its columns. The names are those of our own list, values are bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from sqlalchemy import ColumnClause, ColumnElement, Numeric, Text, case, cast, column, false, or_, select, table

from monitor.core.errors import UsageError
from monitor.store.engine import Connection, is_postgres
from monitor.store.views import View

TRUTH = {"true": 1, "false": 0}


def view_page(
    conn: Connection, view: View, equal: Mapping[str, str], limit: int, offset: int
) -> tuple[Sequence[tuple[object, ...]], bool]:
    """The rows where every column named in `equal` has that value ("": it is null), and whether more follow.

    They come in the order of the first columns. Raises UsageError for a column the view does not have.
    """
    names = [one.name for one in view.columns]
    for name in equal:
        if name not in names:
            raise UsageError(f"{view.name} has no column {name!r}. It has: {', '.join(names)}")
    columns: list[ColumnClause[object]] = [column(name) for name in names]
    by_name = dict(zip(names, columns, strict=True))
    query = select(*columns).select_from(table(view.name, *columns))
    for name, text in equal.items():
        query = query.where(_equals(conn, by_name[name], text))
    query = query.order_by(*columns[:6]).limit(limit + 1).offset(offset)
    rows = [tuple(row) for row in conn.execute(query)]
    return rows[:limit], len(rows) > limit


def _equals(conn: Connection, one: ColumnElement[object], text: str) -> ColumnElement[bool]:
    """Whether the column has the value; a number or a truth also as such, for views do not say the types of columns."""
    if text == "":
        return one.is_(None)
    if "\x00" in text:
        return false()
    number = _number(text)
    if is_postgres(conn):
        same = cast(one, Text) == text
        return same if number is None else or_(same, _as_number(one) == number)
    other = TRUTH.get(text.lower(), None if number is None else float(number))
    return one == text if other is None else or_(one == text, one == other)


def _as_number(one: ColumnElement[object]) -> ColumnElement[object]:
    """On PostgreSQL a number whatever the column's type; null where its text is none."""
    text = cast(one, Text)
    return case((text.regexp_match(r"^-?[0-9]+(\.[0-9]+)?$"), cast(text, Numeric)))


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) < 18 else None
