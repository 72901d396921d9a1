"""When funds held a security: every spell, and the first and the last of each fund."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date

from monitor.asking.arguments import Asked
from monitor.core import claims
from monitor.core.model import Interval, Kind, SecurityRef
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import Material, PresenceRow, SpellRow, Wanted

BEGINNINGS = (Kind.INITIATED, Kind.RE_ENTERED, Kind.RESUMED, Kind.SPIN_OFF_RECEIVED)
Words = Mapping[
    tuple[str, str, str, str, str], str
]  # issuer, fund, security, date of the file, "entry" or "exit" → the sentence


@dataclass(frozen=True, slots=True)
class HistoryRow(SpellRow):
    """A spell and what lists beside the daily files say within it."""

    evidence: tuple[PresenceRow, ...]


@dataclass(frozen=True, slots=True)
class FirstLastRow:
    """When a fund first and last held a security materially. `last` is the session of the last material holding, that
    of the latest file while the position is `open` (never in a fund that has closed); `ended` the sessions of the exit.
    `on_interval`: files are missing around the beginning or the end, or the beginning lies before our records."""

    issuer: str
    fund: str
    security: SecurityRef
    first: Interval
    first_file: date
    last: date | None
    last_file: date | None
    ended: Interval | None
    exit_file: date | None
    open: bool
    censored: str
    spells: int
    sessions: int | None
    on_interval: bool
    first_words: str
    last_words: str


def history(conn: Connection, asked: Asked) -> Sequence[HistoryRow]:
    """All spells, the oldest first."""
    what, fund, issuer = asked.the_security(), asked.fund(), asked.text("issuer")
    said = queries.presence(conn, what, fund, issuer)
    names = [one.name for one in fields(SpellRow)]
    rows = []
    for one in queries.history(conn, what, fund, issuer):
        spell = {name: getattr(one, name) for name in names}
        rows.append(HistoryRow(**spell, evidence=tuple(fact for fact in said if one.holds(fact))))
    return rows


def first_and_last(conn: Connection, asked: Asked) -> Sequence[FirstLastRow]:
    """A row for each fund that ever held it, by issuer and fund."""
    what, fund, issuer = asked.the_security(), asked.fund(), asked.text("issuer")
    held: dict[tuple[str, str, str], list[SpellRow]] = {}
    for one in queries.history(conn, what, fund, issuer):
        held.setdefault((one.issuer, one.fund, one.security.id), []).append(one)
    wanted = Wanted(fund=fund, issuer=issuer, securities=what.ids, kinds=(*BEGINNINGS, Kind.EXITED), level="event")
    words = _words(queries.changes(conn, wanted))
    ends, closed = queries.last_material(conn, what), queries.closed_funds(conn, {ticker for _, ticker, _ in held})
    return [_row(held[key], words, ends, key[:2] in closed) for key in sorted(held)]


def _words(found: Sequence[queries.Change]) -> Words:
    words: dict[tuple[str, str, str, str, str], str] = {}
    for one in found:
        funds, security = one["funds"], one["security"]
        if isinstance(funds, list) and isinstance(security, dict):
            what = "exit" if one["kind"] == Kind.EXITED.value else "entry"
            words[str(one["issuer"]), str(funds[0]), str(security["id"]), str(one["as_of"]), what] = str(one["claim"])
    return words


def _row(
    spells: Sequence[SpellRow], words: Words, ends: Mapping[tuple[str, str, date], Material], has_closed: bool
) -> FirstLastRow:
    first, last = spells[0], spells[-1]
    end = ends.get((last.issuer, last.fund, last.first_file))
    counts = [one.sessions for one in spells]
    known = [one for one in counts if one is not None]
    return FirstLastRow(
        first.issuer,
        first.fund,
        last.security,
        first.opened,
        first.first_file,
        None if end is None else end.session,
        None if end is None else end.file,
        last.closed,
        last.exit_file,
        last.closed is None and not has_closed,
        first.censored,
        len(spells),
        sum(known) if len(known) == len(counts) else None,
        _is_wide(first.opened) or (last.closed is not None and _is_wide(last.closed)),
        _first_words(first, words),
        _last_words(last, end, words, has_closed),
    )


def _is_wide(span: Interval) -> bool:
    return span.first is None or span.first != span.last


def _first_words(one: SpellRow, words: Words) -> str:
    said = words.get((one.issuer, one.fund, one.security.id, str(one.first_file), "entry"))
    if one.censored == "left":
        return f"{one.fund} held it in its first file we have: {claims.filed(one.first_file, one.opened.last)}"
    return said or f"first material in the {claims.filed(one.first_file, one.opened.last)}"


def _last_words(one: SpellRow, end: Material | None, words: Words, has_closed: bool) -> str:
    if one.closed is None or one.exit_file is None:
        if has_closed:
            filed = "" if end is None else f": the {claims.filed(end.file, end.session)}"
            return f"held until the fund closed{filed}"
        return "still held" if end is None else f"still held in the {claims.filed(end.file, end.session)}"
    said = words.get((one.issuer, one.fund, one.security.id, str(one.exit_file), "exit"))
    return said or f"gone {claims.during(one.closed)}, by the file dated {one.exit_file}"
