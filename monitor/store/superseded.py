"""Keeps what was told and has since been replaced or taken back, as it was told. A record, not derived."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from monitor.store import schema as t
from monitor.store.codec import instant_text
from monitor.store.engine import Connection, insert_new


def keep(conn: Connection, issuer: int, item: str, body: str, at: datetime) -> None:
    """`body`, the JSON an item had when it was told, stopped being true to our knowledge at `at`."""
    insert_new(conn, t.superseded, [{"item": item, "at": instant_text(at), "issuer": issuer, "body": body}])


def corrected(conn: Connection) -> frozenset[str]:
    """The items of which something else was told before."""
    return frozenset(conn.execute(select(t.superseded.c.item).distinct()).scalars())


def bodies(conn: Connection, issuer: int | None) -> list[str]:
    """All superseded statements, oldest knowledge first."""
    query = select(t.superseded.c.body).order_by(t.superseded.c.at, t.superseded.c.item)
    return list(conn.execute(query if issuer is None else query.where(t.superseded.c.issuer == issuer)).scalars())
