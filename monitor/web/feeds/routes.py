"""The addresses of feeds: /feeds/changes.atom and /feeds/changes.json, and the list of them at /feeds."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from monitor.app import App
from monitor.asking.arguments import Asked, understood
from monitor.asking.parameters import FUND, ISSUER, SECURITY
from monitor.asking.plain import json_line
from monitor.asking.question import Parameter, Question, Want
from monitor.core.errors import MonitorError, UsageError
from monitor.core.model import Severity
from monitor.core.rules import Rule
from monitor.web.api import schema
from monitor.web.api.questions import given, parameter
from monitor.web.feeds import formats
from monitor.web.feeds.entries import TAG, Feed, chosen
from monitor.web.reading import Reading

router = APIRouter(tags=["feeds"])
WATCHLIST = Parameter("watchlist", Want.TEXT, "Only what a [[rules]] entry of this name matches.", example="Watchlist")
SEVERITY = Parameter(
    "severity", Want.CHOICES, "Only so loud.", choices=tuple(str(one) for one in Severity), example="high"
)
CHANGES = Question(
    "changes_feed",
    (),
    "running",
    "The items told last, the newest knowledge first; corrected and withdrawn ones are updates of their entries.",
    (FUND, ISSUER, SECURITY, WATCHLIST, SEVERITY),
    empty="",
    table=(),
)
ATOM, JSON_FEED = "application/atom+xml", "application/feed+json"
NEVER = "1970-01-01T00:00:00Z"  # when a feed without an entry was updated


def _endpoint(media: str) -> Callable[..., Response]:
    def run(request: Request, **_given: Any) -> Response:
        feed = feed_of(request)
        body = formats.atom(feed) if media == ATOM else formats.json_feed(feed)
        changed = datetime.fromisoformat(feed.updated).astimezone(UTC)
        headers = {"Last-Modified": format_datetime(changed, usegmt=True)}
        return Response(body, 200, headers, media_type=f"{media}; charset=utf-8" if media == ATOM else media)

    shared = [inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)]
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [*shared, *(parameter(one) for one in CHANGES.parameters)]
    )
    run.__doc__ = CHANGES.about
    return run


def _answers(media: str, shown: object) -> dict[int | str, dict[str, Any]]:
    found: Any = {"type": "string"} if media == ATOM else {"type": "object", "required": ["version", "title", "items"]}
    content = {media: {"schema": found, "example": shown}}
    return {200: {"description": "The feed.", "content": content}, 304: schema.NOT_MODIFIED, **schema.PROBLEMS}


for _suffix, _media, _example in (
    ("atom", ATOM, f'<feed xmlns="{formats.ATOM}"><id>{TAG}changes</id></feed>'),
    ("json", JSON_FEED, {"version": "https://jsonfeed.org/version/1.1", "title": "Holdings monitor", "items": []}),
):
    router.add_api_route(
        f"/feeds/changes.{_suffix}",
        _endpoint(_media),
        operation_id=f"feed_{_suffix}",
        summary=CHANGES.about,
        responses=_answers(_media, _example),
        response_class=Response,
    )


LIST = {
    "feeds": ["/feeds/changes.atom", "/feeds/changes.json"],
    "parameters": [{"name": one.name, "about": one.about} for one in CHANGES.parameters],
}


@router.get("/feeds", operation_id="feeds", responses=schema.object_responses("The list.", LIST))
def index() -> Response:
    """The feeds there are, and what they can be narrowed to."""
    return Response(json_line(LIST), media_type="application/json")


def feed_of(request: Request) -> Feed:
    """The feed the address asks for."""
    app: App = request.app.state.app
    history: Reading = request.app.state.history
    base = (app.config.web.url or str(request.base_url)).rstrip("/")
    raw = given(request, CHANGES.parameters, ())
    rules = _rules(app) if raw.get("watchlist") else ()
    with history.connection() as conn:
        asked = understood(conn, CHANGES, raw, history.today())
        entries = chosen(conn, asked, rules, base)
    query = urlencode(sorted((name, text) for name, text in raw.items()), doseq=True)
    asks = f"?{query}" if query else ""
    url = f"{base}{request.url.path}{asks}"
    newest = max((one.updated for one in entries), default=NEVER)
    return Feed(f"{TAG}changes{asks}", _title(asked), url, f"{base}/", newest, entries)


def _rules(app: App) -> tuple[Rule, ...]:
    try:
        return app.plan().rules
    except MonitorError as error:
        raise UsageError(f"The watchlists cannot be read: {error}") from None


def _title(asked: Asked) -> str:
    fund, security = asked.fund(), asked.security()
    about = [
        fund.ticker if fund else "",
        asked.text("issuer") or "",
        (security.names or (security.text,))[0] if security else "",
        asked.text("watchlist") or "",
        ", ".join(asked.texts("severity")),
    ]
    said = ", ".join(one for one in about if one)
    return f"Holdings monitor: changes{f' – {said}' if said else ''}"
