"""One page of a documented view, by equality on its columns. The names are those of our own list, values are bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Numeric,
    Text,
    and_,
    case,
    cast,
    column,
    false,
    func,
    or_,
    select,
    table,
    text,
)

from monitor.core.errors import UsageError
from monitor.core.model import Standing
from monitor.store.codec import day_of
from monitor.store.engine import Connection, is_postgres
from monitor.store.partitions import dated
from monitor.store.schema import fund, holding, issuer, standing
from monitor.store.views import HOLDINGS, View, create_statement

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
    files, skipped = None, 0
    if view is HOLDINGS:
        files, skipped = _files_of_page(conn, equal, offset, offset + limit + 1)
    source = table(view.name, *map(column, names)) if files is None else _of_files(conn, view, files)
    query = select(source)
    for name, wanted in equal.items():
        query = query.where(_equals(conn, source.c[name], wanted))
    query = query.order_by(*list(source.c)[:6]).limit(limit + 1).offset(offset - skipped)
    rows = [tuple(row) for row in conn.execute(query)]
    return rows[:limit], len(rows) > limit


def _files_of_page(
    conn: Connection, equal: Mapping[str, str], first: int, most: int
) -> tuple[list[tuple[int, int]] | None, int]:
    """The accepted files, as fund and snapshot, whose lines are on the page, and how many lines lie before the first;
    None where other columns decide, too. No planner sees through the texts of the view which files those are."""
    if not equal.keys() <= {"issuer", "fund", "as_of"}:
        return None, 0
    owners = select(fund.c.id).join(issuer, issuer.c.id == fund.c.issuer).order_by(issuer.c.code, fund.c.ticker)
    for name, column_of in (("issuer", issuer.c.code), ("fund", fund.c.ticker)):
        if name in equal:
            owners = owners.where(_equals(conn, column_of, equal[name]))
    found, skipped, seen = [], 0, 0
    for owner in conn.scalars(owners).all():
        for snapshot, lines in _files(conn, owner, equal.get("as_of")):
            seen += lines
            if seen > first:
                found.append((owner, snapshot))
            else:
                skipped = seen
            if seen >= most:
                return found, skipped
    return found, skipped


def _files(conn: Connection, owner: int, as_of: str | None) -> Sequence[tuple[int, int]]:
    """The accepted files of a fund and how many lines each has, oldest first."""
    same = and_(holding.c.fund == standing.c.fund, holding.c.snapshot == standing.c.snapshot)
    query = (
        select(standing.c.snapshot, func.count())
        .join(holding, same)
        .where(standing.c.fund == owner, standing.c.standing == str(Standing.ACCEPTED))
        .group_by(standing.c.snapshot)
        .order_by(standing.c.snapshot)
    )
    if as_of is not None:
        try:
            day = date.fromisoformat(as_of)
        except ValueError:
            return []
        query = query.where(standing.c.as_of == day_of(day), dated(holding.c.snapshot, day, day))
    return [(int(snapshot), int(lines)) for snapshot, lines in conn.execute(query)]


def _of_files(conn: Connection, view: View, files: Sequence[tuple[int, int]]) -> FromClause:
    """The view of these files alone."""
    pairs = ", ".join(f"({owner}, {snapshot})" for owner, snapshot in files) or "(0, 0)"
    body = create_statement(view, "postgresql" if is_postgres(conn) else "sqlite").partition(" AS\n")[2]
    return (
        text(f"{body}\nWHERE (h.fund, h.snapshot) IN (VALUES {pairs})")
        .columns(*(column(one.name) for one in view.columns))
        .subquery(view.name)
    )


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
