"""Keeps what operators say of identities: that two are one position, or are not. Append-only; it decides nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, insert, select

from monitor.core.linking import Verb, Word
from monitor.store import schema as t
from monitor.store.codec import date_of_day, day_of, instant_text
from monitor.store.engine import Connection
from monitor.store.lines import Securities
from monitor.store.statements import Statement

_said = t.operator_link.c
_earlier, _later = t.security.alias("earlier_one"), t.security.alias("later_one")
_WORDS = Statement(
    select(t.fund.c.ticker, _earlier.c.key, _later.c.key, _said.verb, _said.day, _said.note)
    .select_from(t.operator_link)
    .outerjoin(t.fund, t.fund.c.id == _said.fund)
    .join(_earlier, _earlier.c.id == _said.earlier)
    .join(_later, _later.c.id == _said.later)
    .where(_said.issuer == bindparam("issuer"))
    .order_by(_said.id)
)


def operator_words(conn: Connection, issuer: int) -> list[Word]:
    """All words on identities in the issuer's funds, in the order they were said."""
    return [
        Word(ticker, earlier, later, Verb(verb), date_of_day(day), note)
        for ticker, earlier, later, verb, day, note in _WORDS.rows(conn, issuer=issuer)
    ]


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
