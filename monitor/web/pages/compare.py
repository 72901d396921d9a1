"""*Compare*: what two funds have in common, now and through time, and what only one of them holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fastapi import APIRouter, Request, Response

from monitor.asking.arguments import understood
from monitor.asking.plain import Record
from monitor.asking.registry import find
from monitor.core.composition import overlap as in_common
from monitor.core.model import SecurityRef
from monitor.store.engine import Connection
from monitor.store.queries import (
    FileLine,
    FundRef,
    Groups,
    HeldLine,
    accepted_files,
    funds_known,
    joined_for,
    lines_of,
    refs,
)
from monitor.store.queries.tracks import added
from monitor.web.pages.answering import rows
from monitor.web.pages.lines import Line, drawn
from monitor.web.pages.rendering import Page, asked, reading, render

router = APIRouter(route_class=Page)
LISTED = 400  # funds that a list to choose from may have; beyond it their tickers are typed
EVERY = ("month", "week", "file")


@dataclass(frozen=True, slots=True)
class Alone:
    """A position that only one of the two funds has."""

    security: SecurityRef
    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class Beside:
    """Two files side by side: the sum of the smaller weights, the shared names, what only one of them has."""

    as_of: date
    other_as_of: date
    overlap: Decimal | None
    shared: Sequence[Record]
    only: Sequence[Alone]
    only_other: Sequence[Alone]


@router.get("/compare")
def compare(request: Request) -> Response:
    """Two funds side by side."""
    said = asked(request, "fund", "other", "on", "since", "every")
    said["every"] = said["every"] or EVERY[0]
    with reading(request).connection() as conn:
        known = funds_known(conn)
        found: Beside | None = None
        through: Sequence[Record] = ()
        line: Line | None = None
        if said["fund"] and said["other"]:
            pair = _pair(request, conn, said)
            found = _beside(request, conn, said, *pair)
            history = rows(request, conn, "overlap_history", **_of(said, "since", "every"))
            line = drawn([(date.fromisoformat(str(one["as_of"])), _decimal(one["overlap"])) for one in history])
            through = tuple(reversed(history))
            said["fund"], said["other"] = (f"{one.issuer}/{one.ticker}" for one in pair)
    return _page(request, said, known, found, through, line)


def _page(
    request: Request,
    said: dict[str, str],
    known: Sequence[FundRef],
    found: Beside | None,
    through: Sequence[Record],
    line: Line | None,
) -> Response:
    return render(
        request,
        "compare.html",
        {
            "said": said,
            "funds": known if len(known) <= LISTED else (),
            "every": EVERY,
            "found": found,
            "through": through,
            "line": line,
            "both": bool(said["fund"] and said["other"]),
        },
    )


def _of(said: Mapping[str, str], *names: str) -> dict[str, str | None]:
    return {name: said[name] or None for name in ("fund", "other", *names)}


def _pair(request: Request, conn: Connection, said: Mapping[str, str]) -> tuple[FundRef, FundRef]:
    got = understood(conn, find("overlap"), _of(said, "on"), reading(request).today())
    return got.the_fund(), got.the_fund("other")


def _beside(
    request: Request, conn: Connection, said: Mapping[str, str], fund: FundRef, other: FundRef
) -> Beside | None:
    """The files the question `overlap` compares, with what they do not share; None where nothing is shared."""
    shared = rows(request, conn, "overlap", **_of(said, "on"))
    if not shared:
        return None
    days = [date.fromisoformat(str(shared[0][name])) for name in ("as_of", "other_as_of")]
    files = [accepted_files(conn, one, day, day) for one, day in zip((fund, other), days, strict=True)]
    joined = joined_for(conn, fund, other)
    mine, theirs = (_positions(conn, one, some, joined) for one, some in zip((fund, other), files, strict=True))
    whole = in_common(
        {root: weight for root, (_, weight) in mine.items()}, {root: weight for root, (_, weight) in theirs.items()}
    )
    only, only_other = (_alone(conn, some, rest, joined) for some, rest in ((mine, theirs), (theirs, mine)))
    return Beside(days[0], days[1], whole.weight, shared, only, only_other)


Positions = Mapping[int, tuple[HeldLine, Decimal | None]]


def _alone(conn: Connection, some: Positions, rest: Positions, joined: Groups) -> list[Alone]:
    """What the rest does not hold, the largest weight first."""
    mine = [one for root, one in some.items() if root not in rest]
    named = refs(conn, {(line.security, line.listing) for line, _ in mine}, joined)
    found = [Alone(named[line.security, line.listing], weight) for line, weight in mine]
    return sorted(found, key=lambda one: (-(one.weight or Decimal(0)), one.security.name))


def _positions(
    conn: Connection, fund: FundRef, files: Iterable[FileLine], joined: Groups
) -> dict[int, tuple[HeldLine, Decimal | None]]:
    """The positions of the last of the files; identities that are joined count as one."""
    found: dict[int, tuple[HeldLine, Decimal | None]] = {}
    for line in lines_of(conn, fund, list(files)[-1:]):
        root = joined.root_of(line.security)
        before = found.get(root)
        both = line.weight if before is None else added((before[1], line.weight))
        found[root] = (line, both)
    return found


def _decimal(value: object) -> Decimal | None:
    return value if isinstance(value, Decimal) else None
