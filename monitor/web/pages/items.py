"""*Item*: one item or event with all the evidence behind it; what alerts point to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from monitor.core.errors import UsageError
from monitor.store.engine import Connection
from monitor.store.queries import find_security
from monitor.store.queries.told import body_of, told_before
from monitor.web.pages.lives import lives, picture
from monitor.web.pages.rendering import Missing, Page, reading, render
from monitor.web.pages.strips import Axis, Strip
from monitor.why import EventAnswer, ItemAnswer, why

router = APIRouter(route_class=Page)
ID = re.compile(r"[EI][0-9A-F]{14}", re.IGNORECASE)


@router.get("/item/{key}")
def item(request: Request, key: str) -> Response:
    """The claim, what changed in each fund, when funds held it, and why we say so."""
    key = _valid(key)
    with reading(request).connection() as conn:
        before = told_before(conn, key)
        found = _found(request, conn, key, bool(before))
        body = body_of(conn, key)
        on, strips = _picture(conn, found) if found is not None else (None, [])
    events = _events(found)
    values = {"key": key, "one": found, "events": events, "body": body, "before": before, "axis": on, "strips": strips}
    return render(request, "item.html", values)


@router.get("/item/{key}/evidence")
def evidence(request: Request, key: str) -> Response:
    """The evidence alone: a part of a page for htmx, a page of its own otherwise."""
    key = _valid(key)
    with reading(request).connection() as conn:
        found = _found(request, conn, key, told=False)
    template = "evidence.html" if request.headers.get("HX-Request") == "true" else "evidence_page.html"
    return render(request, template, {"key": key, "one": found, "events": _events(found)})


def _valid(key: str) -> str:
    if not ID.fullmatch(key):
        raise Missing(f"{key[:60]!r} is no item. An id looks like I0123456789ABCD (item) or E0123456789ABCD (event).")
    return key.upper()


def _found(request: Request, conn: Connection, key: str, told: bool) -> ItemAnswer | EventAnswer | None:
    """The answer; None when it was told once and no file shows it any more."""
    try:
        answer = why(conn, reading(request).app.sources(), key)
    except UsageError as error:
        if told:
            return None
        raise Missing(str(error)) from None
    assert isinstance(answer, ItemAnswer | EventAnswer), key
    return answer


def _events(found: ItemAnswer | EventAnswer | None) -> Sequence[EventAnswer]:
    if found is None:
        return ()
    return found.events if isinstance(found, ItemAnswer) else (found,)


def _picture(conn: Connection, found: ItemAnswer | EventAnswer) -> tuple[Axis | None, list[Strip]]:
    """The timeline of its security in the issuer's funds; nothing where several things are told together."""
    try:
        what = find_security(conn, str(found.security.get("id")))
    except UsageError:
        return None, []
    return picture(lives(conn, what, found.issuer))
