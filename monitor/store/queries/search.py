"""Which security a text means: public id, identifier, ticker (also a former one) or name. It decides nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from monitor.core.errors import UsageError
from monitor.store.chunks import chunks
from monitor.store.engine import Connection, begins
from monitor.store.queries.names import Groups, joined_with
from monitor.store.schema import identifier, listing, security, sighting

SCHEMES = ("cusip", "figi", "isin", "sedol")  # the leading column of the key: with it a value is found at once
FEW = 2_000  # names that are compared with a word that means nothing: more take too long
SHOWN = 8  # candidates listed before "and N more"


@dataclass(frozen=True, slots=True)
class FoundSecurity:
    """What a text was resolved to: `ids` are all identities joined with it, also under former names."""

    text: str
    ids: frozenset[int]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    security: int
    public: str
    name: str
    ticker: str


def find_security(conn: Connection, text: str) -> FoundSecurity:
    """The one security `text` means. Several different ones, or none, is the user's to settle."""
    wanted = text.strip()
    if not wanted:
        raise UsageError("A security is missing: give an id, a ticker, a CUSIP, ISIN or SEDOL, or a name.")
    if not wanted.isprintable():
        raise UsageError("A security's name has no control characters.")
    for ids in readings(conn, wanted):
        if ids:
            some = _seen(conn, ids) or ids
            return _settle(conn, wanted, some, joined_with(conn, some))
    raise UsageError(f"No security {wanted!r} in this database. {_hint(conn, wanted)}")


def readings(conn: Connection, text: str) -> Iterable[set[int]]:
    """What the text can mean, the surest reading first; each is asked only when those before found nothing."""
    yield _ids(conn, select(security.c.id).where(security.c.public == text.upper()))
    yield _ids(conn, select(security.c.id).where(security.c.public == text))
    yield _by_identifier(conn, text.upper())
    yield _by_ticker(conn, text.upper())
    yield _ids(conn, select(listing.c.security).where(func.upper(listing.c.name) == text.upper()))
    if len(text) >= 3:
        yield from _by_part_of_name(conn, text.upper())


def _ids(conn: Connection, query: object) -> set[int]:
    return {int(one) for one in conn.execute(query).scalars()}  # type: ignore[call-overload]


def _by_identifier(conn: Connection, text: str) -> set[int]:
    """By CUSIP, ISIN, SEDOL or FIGI; a US or Canadian ISIN also by the CUSIP inside it."""
    values = {text}
    if len(text) == 12 and text[:2] in ("US", "CA"):
        values.add(text[2:11])
    if len(text) in (7, 8):
        values.add(text.zfill(9))
    query = select(identifier.c.security).where(identifier.c.scheme.in_(SCHEMES))
    return _ids(conn, query.where(identifier.c.value.in_(sorted(values))))


def _by_ticker(conn: Connection, text: str) -> set[int]:
    """By ticker as printed, or without the exchange code printed behind it (`DKNG UW`)."""
    column = func.upper(listing.c.ticker)
    query = select(listing.c.security).where(or_(column == text, begins(conn, column, f"{text} ")))
    return _ids(conn, query)


def _by_part_of_name(conn: Connection, text: str) -> Iterator[set[int]]:
    """By whole words of the name, then by any part: META is META PLATFORMS before it is DESKTOP METAL."""
    pattern = func.upper(listing.c.name).contains(text, autoescape=True)
    rows = conn.execute(select(listing.c.security, listing.c.name).where(pattern)).all()
    words = f" {_folded(text)} "
    yield {row.security for row in rows if words in f" {_folded(row.name)} "}
    yield {row.security for row in rows}


def _seen(conn: Connection, ids: set[int]) -> set[int]:
    """Those that an accepted file listed: an id damaged in a quarantined file is no candidate."""
    found: set[int] = set()
    for some in chunks(ids):
        found |= _ids(conn, select(sighting.c.security).where(sighting.c.security.in_(some)))
    return found


def _settle(conn: Connection, text: str, ids: set[int], joined: Groups) -> FoundSecurity:
    candidates = _candidates(conn, joined.members(ids))
    names: dict[int, set[str]] = {}
    for one in candidates:
        names.setdefault(joined.root_of(one.security), set()).add(_folded(one.name))
    if len(names) > 1 and not set.intersection(*names.values()):
        raise UsageError(f"{text!r} means several securities. Say which one by its id:\n{_listed(candidates, ids)}")
    return FoundSecurity(text, joined.members(ids), tuple(sorted({one.name for one in candidates})))


def _folded(name: str) -> str:
    """The name without what only printing changes: two lines of one company are asked for together."""
    return " ".join("".join(c if c.isalnum() else " " for c in name.upper()).split())


def _candidates(conn: Connection, ids: frozenset[int]) -> list[_Candidate]:
    found: list[_Candidate] = []
    for some in chunks(ids):
        query = (
            select(listing.c.security, security.c.public, listing.c.name, listing.c.ticker)
            .join(security, listing.c.security == security.c.id)
            .where(listing.c.security.in_(some))
        )
        found += [_Candidate(row.security, row.public, row.name, row.ticker) for row in conn.execute(query)]
    return sorted(found, key=lambda one: (one.name, one.ticker, one.public))


def _listed(candidates: Sequence[_Candidate], ids: set[int]) -> str:
    one_each = {one.public: one for one in candidates if one.security in ids}
    lines = [f"  {one.public}  {one.ticker or '–':10}  {one.name}" for one in one_each.values()]
    more = [f"  … and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "\n".join(lines[:SHOWN] + more)


def _hint(conn: Connection, text: str) -> str:
    """What may have been meant. Of many names only those that begin alike and are about as long are compared."""
    if conn.execute(select(listing.c.id).limit(1)).first() is None:
        return "There is no holding yet: load files with `ingest`, or fetch with `check`."
    spellings: dict[str, str] = {}
    for column in (listing.c.ticker, listing.c.name):
        for ticker, name, word in conn.execute(_alike(conn, column, text.upper())):
            spellings.setdefault(word.upper(), ticker or name)
    close = get_close_matches(text.upper(), sorted(spellings), 3, 0.6)
    if not close:
        return "Try a part of its name."
    return f"Did you mean {' or '.join(dict.fromkeys(spellings[one] for one in close))}?"


def _alike(conn: Connection, column: ColumnElement[str], text: str) -> Select[Any]:
    query = select(listing.c.ticker, listing.c.name, column).where(column != "").distinct()
    if (conn.scalar(select(func.max(listing.c.id))) or 0) <= FEW:
        return query
    near = func.abs(func.length(column) - len(text))
    return query.where(begins(conn, func.upper(column), text[:2]), near <= 3).order_by(near, column).limit(FEW)
