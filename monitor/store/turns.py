"""Work on one issuer: prepared by reading, then written as if nobody else had worked on the issuer in between.

On PostgreSQL the row of the issuer is locked from the beginning, and who works on another one waits for nothing. SQLite
has one lock for all: there it is held while writing only, and what was prepared is thrown away and prepared again when
somebody else has written about the issuer meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from monitor.core.errors import StoreError
from monitor.store import past, save
from monitor.store.engine import Connection, Engine, StoreConflict, is_postgres, reading, transaction
from monitor.store.save import FundRow

TRIES = 3  # of what another program undoes, or makes outdated

Made = TypeVar("Made")
Done = TypeVar("Done")


def in_turn(
    engine: Engine,
    code: str,
    name: str,
    funds: Sequence[FundRow],
    prepare: Callable[[Connection, int], Made],
    write: Callable[[Connection, Made], Done],
) -> Done:
    """What `write` gives for what `prepare` made of the issuer's number, in one transaction.

    `prepare` only reads and may be called several times; the issuer and these funds are known to it. Programs that
    store the same new names in another order wait for each other, until PostgreSQL ends one: that one begins again.
    """
    _make_known(engine, code, name, funds)
    for tries in reversed(range(TRIES)):
        try:
            if is_postgres(engine) or not tries:
                return _locked(engine, code, name, prepare, write)
            with reading(engine) as conn:
                issuer = _number(conn, code)
                seen, made = save.turn(conn, issuer), prepare(conn, issuer)
            with transaction(engine) as conn:
                if save.turn(conn, issuer) == seen:
                    save.next_turn(conn, issuer)
                    return write(conn, made)
        except StoreConflict:
            if not tries:
                raise
    raise AssertionError  # the last try returns or raises


def _locked(
    engine: Engine,
    code: str,
    name: str,
    prepare: Callable[[Connection, int], Made],
    write: Callable[[Connection, Made], Done],
) -> Done:
    with transaction(engine) as conn:
        return write(conn, prepare(conn, save.issuer_id(conn, code, name)))


def _number(conn: Connection, code: str) -> int:
    found = past.issuer(conn, code)
    if found is None:
        raise StoreError(f"The issuer {code!r} has gone from the database.")
    return found[0]


def _make_known(engine: Engine, code: str, name: str, funds: Sequence[FundRow]) -> None:
    """The rows that nothing follows from are made first: who only reads could not make them."""
    with reading(engine) as conn:
        known = past.issuer(conn, code)
        there = {one.ticker for one in past.funds(conn, known[0])} if known is not None else set()
    missing = [one for one in funds if one.ticker not in there]
    if known is None or missing:
        with transaction(engine) as conn:
            issuer = save.issuer_id(conn, code, name)
            for one in missing:
                save.fund_id(conn, issuer, one)
