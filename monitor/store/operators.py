"""Keeps what operators say of identities: that two are one position, or are not. Append-only; it decides nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select

from monitor.core.linking import Verb, Word
from monitor.store import schema as t
from monitor.store.codec import date_of_day, day_of, instant_text
from monitor.store.engine import Connection
from monitor.store.lines import Securities


def operator_words(conn: Connection, issuer: int) -> list[Word]:
    """All words on identities in the issuer's funds, in the order they were said."""
    table = t.operator_link.c
    earlier, later = t.security.alias("e"), t.security.alias("l")
    query = (
        select(t.operator_link, t.fund.c.ticker, earlier.c.key.label("old"), later.c.key.label("new"))
        .outerjoin(t.fund, t.fund.c.id == table.fund)
        .join(earlier, earlier.c.id == table.earlier)
        .join(later, later.c.id == table.later)
        .where(table.issuer == issuer)
        .order_by(table.id)
    )
    return [Word(r.ticker, r.old, r.new, Verb(r.verb), date_of_day(r.day), r.note) for r in conn.execute(query)]


def add_word(conn: Connection, issuer: int, fund: int | None, word: Word, at: datetime) -> None:
    """Keeps one word more. `fund` is the number of `word.fund`."""
    names = Securities(conn)
    row = {
        "issuer": issuer,
        "fund": fund,
        "earlier": names.number(word.earlier),
        "later": names.number(word.later),
        "verb": word.verb.value,
        "day": day_of(word.day),
        "at": instant_text(at),
        "note": word.note,
    }
    conn.execute(insert(t.operator_link), [row])
