"""The entries and exits of one security that lists beside the daily files show. It reads only."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select

from monitor.core import evidence, turns
from monitor.core.errors import UsageError
from monitor.core.evidence import Who
from monitor.core.identity import is_verified
from monitor.core.model import Interval
from monitor.core.sessions import Sessions
from monitor.core.turns import Sighting
from monitor.store.engine import Connection
from monitor.store.presence import schedules
from monitor.store.queries.evidence import who
from monitor.store.queries.names import FundRef, funds_by_id
from monitor.store.queries.search import FoundSecurity, find_security
from monitor.store.queries.tracks import Filed, added, tracks
from monitor.store.schema import presence
from monitor.store.sessions import sessions

Hides = Callable[[str, date], bool]  # whether files of an issuer of this date leave small lines out
SHOWN = 6


@dataclass(frozen=True, slots=True)
class TurnRow:
    """An entry or exit known to an interval of sessions, from lists beside the daily files; `as_of` is the session of
    the sighting that shows it, `basis` whether only lists say so or a daily file is one side of it."""

    as_of: date
    kind: str
    issuer: str
    fund: str
    pos_session: Interval
    basis: str
    claim: str


def interval_turns(
    conn: Connection, text: str, fund: FundRef | None, issuer: str | None, hides: Hides
) -> list[TurnRow]:
    """The turns of the security a text means, by fund and session. Raises UsageError when nothing is called so."""
    what, asked = _meant(conn, text)
    having = {number for (number,) in conn.execute(select(presence.c.fund).distinct())}
    owners = funds_by_id(conn, having).values()
    mine = [one for one in owners if (fund is None or one.id == fund.id) and issuer in (None, one.issuer)]
    rows = []
    for one in sorted(mine, key=lambda one: (one.issuer, one.ticker)):
        calendar = Sessions(sessions(conn, one.calendar))
        lists = turns.sightings(evidence.facts(schedules(conn, one.id), asked))
        files = [] if what is None else _files(conn, one, what, hides)
        rows += [
            TurnRow(
                turn.after.session,
                turn.kind.value,
                one.issuer,
                one.ticker,
                turn.interval,
                "lists" if turn.is_of_lists else "lists and files",
                turn.claim,
            )
            for turn in turns.turns(calendar, lists, files)
        ]
    return rows


def _files(conn: Connection, fund: FundRef, what: FoundSecurity, hides: Hides) -> list[Sighting]:
    """What the fund's accepted files say of it; nothing where they do not, and may have left it out as too small."""
    return [
        _sighting(file)
        for file in tracks(conn, [fund.id], what.ids)
        if file.pos_session is not None and (file.lines or not hides(fund.issuer, file.as_of))
    ]


def _sighting(file: Filed) -> Sighting:
    shares = added(line.shares for line in file.lines) if file.lines else None
    held = bool(file.lines) and (shares is None or shares > 0)
    return Sighting(file.key, held, shares, f"the file dated {file.as_of}", False)


def _meant(conn: Connection, text: str) -> tuple[FoundSecurity | None, Who]:
    """The security of our files that a text means, or what only lists name so."""
    try:
        found = find_security(conn, text)
    except UsageError:
        listed = _listed(conn, text.strip())
        if listed is None:
            raise
        return None, listed
    return found, who(conn, found)


def _listed(conn: Connection, text: str) -> Who | None:
    """What lists call so: by identifier, else by a part of its name. Raises UsageError when several are called so."""
    table = presence.c
    code, pattern = text.upper(), "%" + text.upper().replace("%", "") + "%"
    keys = [f"{scheme}:{code}" for scheme in ("cusip", "isin", "sedol")]
    by_id = or_(table.key.in_(keys), *(table.ids.like(f"%{key}%") for key in keys))
    query = select(table.key, table.ids, table.names).distinct()
    rows = conn.execute(query.where(by_id)).all()
    if not rows and len(text) >= 3:
        rows = conn.execute(query.where(func.upper(table.names).like(pattern))).all()
    ids = {one for row in rows for one in (row.key, *row.ids.split()) if is_verified(one)}
    names = tuple(sorted({name for row in rows for name in json.loads(row.names)}))
    if len({row.key for row in rows}) > SHOWN:
        raise UsageError(f"Lists name several securities {text!r}: {', '.join(names[:SHOWN])} …")
    return Who(frozenset(ids), names) if ids else None
