"""*Today*: what the newest files brought, the loudest first, and how far we see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from fastapi import APIRouter, Request, Response

from monitor.core import days
from monitor.core.errors import UsageError
from monitor.core.model import Kind, Severity
from monitor.store import incidents
from monitor.store.engine import Connection
from monitor.store.queries import funds_known, held_files, issuer_code, latest_files
from monitor.store.queries.told import LOUD, Told, item_days, items, tally
from monitor.web.pages.filters import kind as kind_words
from monitor.web.pages.rendering import Page, asked, reading, render

router = APIRouter(route_class=Page)
E = TypeVar("E", Kind, Severity)
LOWS = 60  # quiet items of one part of the table
RECENT = 30  # days before the day shown whose loud items are listed, too
SHOWN = 40


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader chose, understood."""

    day: date | None
    issuer: str | None
    kinds: tuple[Kind, ...]
    severities: tuple[Severity, ...]


@router.get("/")
def today(request: Request) -> Response:
    """The items of a day, by severity."""
    said = asked(request, "day", "issuer", "kind", "severity", "start")
    now = reading(request).now()
    with reading(request).connection() as conn:
        choice = _choice(conn, said, now.date())
        state = _state(conn, now.date())
        issuers = sorted({one.issuer for one in funds_known(conn)})
        shared: dict[str, object] = {"said": said, "state": state, "issuers": issuers, "severities": LOUD}
        shared["kinds"] = sorted(((str(one), kind_words(one)) for one in Kind), key=lambda pair: pair[1])
        try:
            before, day, after = item_days(conn, choice.day, choice.issuer)
        except LookupError:
            return render(request, "today.html", shared | {"day": None})
        told = Told(day, day, choice.issuer, choice.kinds, choice.severities)
        start = _start(said)
        counts = _counts(tally(conn, Told(day, day, choice.issuer, choice.kinds)))
        rows = items(conn, told, LOWS, start)
        total = sum(n for one, n in counts.items() if not choice.severities or one in choice.severities)
        recent = [] if start else _recent(conn, choice, day)
    shown = {"day": day, "before": before, "after": after, "rows": rows, "counts": counts, "total": total}
    paged = {"start": start, "size": LOWS, "recent": recent}
    return render(request, "today.html", shared | shown | paged)


def _choice(conn: Connection, said: dict[str, str], now: date) -> Choice:
    kinds = _chosen(Kind, said["kind"], "kind")
    loud = _chosen(Severity, said["severity"], "severity")
    issuer = issuer_code(conn, said["issuer"]) if said["issuer"] else None
    return Choice(days.day(said["day"], now) if said["day"] else None, issuer, kinds, loud)


def _chosen(of: type[E], text: str, what: str) -> tuple[E, ...]:
    known = {str(one).lower(): one for one in of}
    if text and text.lower() not in known:
        raise UsageError(f"There is no {what} {text[:60]!r}. Known: {', '.join(of)}")
    return (known[text.lower()],) if text else ()


def _start(said: dict[str, str]) -> int:
    text = said["start"]
    return int(text) // LOWS * LOWS if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _counts(found: dict[tuple[Severity, Kind], int]) -> dict[Severity, int]:
    counts = dict.fromkeys(LOUD, 0)
    for (severity, _), number in found.items():
        counts[severity] += number
    return counts


def _recent(conn: Connection, choice: Choice, day: date) -> list[dict[str, object]]:
    """The loud items of the days before."""
    loud = tuple(one for one in choice.severities or LOUD if one is not Severity.LOW)
    if not loud:
        return []
    told = Told(day - timedelta(days=RECENT), day - timedelta(days=1), choice.issuer, choice.kinds, loud)
    return items(conn, told, SHOWN)


def _state(conn: Connection, now: date) -> dict[str, object]:
    """How fresh our knowledge is, and what keeps us from seeing."""
    known = [one for one in funds_known(conn) if one.closed is None]
    latest = latest_files(conn, known)
    files = [(fund, latest[fund.id]) for fund in known if fund.id in latest]
    newest = max((file.as_of for _, file in files), default=None)
    behind = [(fund, file.as_of) for fund, file in files if file.as_of != newest]
    blind = [one for one in incidents.listing(conn) if one.kind != "closed"]
    return {
        "newest": newest,
        "age": None if newest is None else (now - newest).days,
        "funds": len(files),
        "current": len(files) - len(behind),
        "behind": behind,
        "blind": blind,
        "quarantined": len(held_files(conn)),
    }
