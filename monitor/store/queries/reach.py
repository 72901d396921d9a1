"""From when to when we have files, and the sentence that says it where an answer is empty. It changes nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select

from monitor.core.model import Standing
from monitor.store.chunks import chunks
from monitor.store.codec import date_of_day
from monitor.store.engine import Connection
from monitor.store.schema import fund, standing

Reach = tuple[date, date] | None
MORE = "load older ones with `ingest`, or say what a list says with `evidence add`."


def reach(conn: Connection, funds: Collection[int]) -> Reach:
    """The dates of the first and the last accepted file of these funds; None where there is none."""
    dated = (
        select(standing.c.as_of)
        .where(standing.c.fund == fund.c.id, standing.c.standing == str(Standing.ACCEPTED))
        .limit(1)
    )
    first, last = (
        dated.order_by(order).scalar_subquery() for order in (standing.c.as_of.asc(), standing.c.as_of.desc())
    )
    query = select(first, last)
    rows = [row for some in chunks(funds) for row in conn.execute(query.where(fund.c.id.in_(some))) if row[0]]
    return (date_of_day(min(row[0] for row in rows)), date_of_day(max(row[1] for row in rows))) if rows else None


def whose(ticker: str | None, issuer: str | None) -> str:
    """Whose files are meant."""
    return ticker or (f"the funds of {issuer}" if issuer else "any fund")


def no_files(of: str, span: Reach, on: date | None, as_known: datetime | None = None) -> str:
    """Why no file says what was held on a day, or was known to say it at an instant."""
    if span is None:
        return f"There are no files of {of} yet: load some with `ingest`, or fetch with `check`."
    if on is not None and on < span[0]:
        return f"There are no files of {of} before {span[0]}; {MORE}"
    if as_known is not None:
        return f"No file of {of}{f' dated {on} or before' if on else ''} was known at {as_known:%Y-%m-%d %H:%M %Z}."
    return f"There are no files of {of} after {span[1]}: what has closed holds nothing."
