"""*Security*: when funds held it, how much, what happened, and what it was called."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import pairwise

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from monitor.core.errors import UsageError
from monitor.store.engine import Connection
from monitor.store.queries import (
    FoundSecurity,
    Holding,
    SpellRow,
    Wanted,
    changes,
    find_security,
    funds_known,
    issuer_code,
    who_holds,
)
from monitor.store.queries.names import joined_with, public_roots
from monitor.web.pages.filters import page_url, security_url
from monitor.web.pages.lives import Life, called, lives, picture
from monitor.web.pages.paging import sliced
from monitor.web.pages.rendering import HEADERS, Missing, Page, asked, reading, render
from monitor.web.pages.strips import HOLE, summed

router = APIRouter(route_class=Page)
ITEMS = 40
TURNS = ("INITIATED", "INITIATED_AT_ISSUER", "RE_ENTERED", "RESUMED", "EXITED", "FLIPPED")


@router.get("/security/{key}")
def security(request: Request, key: str) -> Response:
    """A security by its public id; what else names it leads there."""
    said = asked(request, "issuer", "start")
    with reading(request).connection() as conn:
        what, known = _named(conn, key)
        if key not in known:
            return RedirectResponse(page_url(security_url(known[0]), issuer=said["issuer"]))
        issuer = issuer_code(conn, said["issuer"]) if said["issuer"] else None
        found = lives(conn, what, issuer)
        told = changes(conn, Wanted(issuer=issuer, securities=what.ids, level="item"))
        now = _held_now(conn, what, issuer)
        issuers = sorted({one.issuer for one in funds_known(conn)})
    on, strips = picture(found)
    names = called(found)
    told.reverse()
    values = {
        "key": key,
        "said": said,
        "issuers": issuers,
        "name": names[-1].security if names else None,
        "names": names,
        "axis": on,
        "strips": strips,
        "spells": _spells(found),
        "now": now,
        "items": sliced(request, told, ITEMS),
        "last": [one for one in told if one["kind"] in TURNS][:1],
        "what": what,
    }
    return render(request, "security.html", values)


@router.get("/security/{key}/positions.json")
def positions(request: Request, key: str) -> Response:
    """What the position chart draws: split-adjusted shares by day and fund, null in a gap."""
    said = asked(request, "issuer")
    with reading(request).connection() as conn:
        what, _ = _named(conn, key)
        found = lives(conn, what, issuer_code(conn, said["issuer"]) if said["issuer"] else None)
    return JSONResponse(_series(found), headers={"Cache-Control": "max-age=300", **HEADERS})


def _named(conn: Connection, key: str) -> tuple[FoundSecurity, list[str]]:
    """What the address means, and the public ids of its positions."""
    try:
        what = find_security(conn, key[:300])
    except UsageError as error:
        raise Missing(str(error)) from None
    return what, sorted(set(public_roots(conn, what.ids, joined_with(conn, what.ids)).values()))


def _held_now(conn: Connection, what: FoundSecurity, issuer: str | None) -> list[Holding]:
    try:
        return who_holds(conn, what, None, issuer)
    except UsageError:  # no fund has a file: nobody knows, and the page says so
        return []


def _spells(found: Sequence[Life]) -> list[tuple[str, SpellRow]]:
    rows = [(one.fund.issuer, spell) for one in found for spell in one.spells]
    return sorted(rows, key=lambda row: (row[1].first_file, row[1].fund), reverse=True)


def _series(found: Sequence[Life]) -> dict[str, object]:
    """Days as seconds; a fund without a file on a day of others has nothing there, null begins a gap."""
    days = sorted({row.as_of for one in found for row in one.rows})
    lines = []
    for one in found:
        sizes = dict(summed(one.rows))
        mine = list(sizes)
        shown = {day: None if size is None else float(size) for day, size in sizes.items()}
        lines.append(
            {
                "fund": one.fund.ticker,
                "issuer": one.fund.issuer,
                "holes": [[_seconds(a), _seconds(b)] for a, b in pairwise(mine) if (b - a).days > HOLE],
                "shares": [shown.get(day) for day in days],
            }
        )
    return {"days": [_seconds(day) for day in days], "funds": lines}


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
