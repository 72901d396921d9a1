"""An operator's word on a file that was not believed: accept, reject, or read the stored bytes again.

Only a form of ours, sent by who showed the operator's token, is heard (`permits`), never an address alone. What follows
is the work of the same functions as on the command line; promised messages are sent by the daemon, not from here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from monitor.app import App
from monitor.core.errors import UsageError
from monitor.pipeline import Outcome
from monitor.store.engine import Engine
from monitor.store.engine import reading as state_of
from monitor.store.queries import HeldFile, RefusedFile, find_held
from monitor.web.pages.filters import page_url
from monitor.web.pages.rendering import Missing, Page, reading
from monitor.web.permits import form_token, is_operator, operator
from monitor.web.sessions import Sessions

router = APIRouter(route_class=Page)
VERBS = ("accept", "reject", "replay")
SAID = {"accept": "accepted", "reject": "rejected", "replay": "read again"}
log = logging.getLogger("monitor.web")


@router.post("/coverage/file/{ref:path}", dependencies=[Depends(operator)])
def decide(request: Request, ref: str, verb: Annotated[str, Form(max_length=20)] = "") -> Response:
    """Does it, and shows the file again with what came of it."""
    if verb not in VERBS:
        raise UsageError(f"There is no verdict {verb!r}. Known: {', '.join(VERBS)}")
    app = reading(request).app
    with app.existing() as engine:
        with state_of(engine) as conn:
            try:
                found = find_held(conn, ref)
            except UsageError as error:
                raise Missing(str(error)) from None
        outcome = _done(app, engine, found, verb)
    log.info("operator: %s %s: %d events, %d items", verb, found.ref, outcome.events, outcome.items)
    counts = {"events": outcome.events, "items": outcome.items, "messages": outcome.deliveries}
    return RedirectResponse(page_url(address(found), done=verb, **counts), 303)


def _done(app: App, engine: Engine, found: HeldFile | RefusedFile, verb: str) -> Outcome:
    if verb == "replay":
        return app.replay(engine, found)
    if not isinstance(found, HeldFile):
        raise UsageError(f"{found.ref} could not be read at all ({found.text}); it can only be read again.")
    return app.decide(engine, found, "accept" if verb == "accept" else "reject")


def address(found: HeldFile | RefusedFile) -> str:
    """The page of a file."""
    return f"/coverage/file/{found.ref}"


def powers(request: Request, found: HeldFile | RefusedFile) -> dict[str, object]:
    """What the page of a file shows of it: the verdicts open to who asks, and what came of the last one."""
    sessions: Sessions = request.state.sessions
    may = is_operator(request)
    open_to = VERBS if isinstance(found, HeldFile) else ("replay",)
    if isinstance(found, HeldFile) and found.standing in ("accepted", "superseded"):
        open_to = ("reject",)
    return {
        "verbs": open_to if may else (),
        "may": may,
        "could": sessions.has_operators,
        "form_token": form_token(request) if may else "",
        "done": outcome_of(request.query_params) if may else "",
        "action": address(found),
    }


def outcome_of(query: Mapping[str, str]) -> str:
    """The sentence about the verdict just given; nothing when there was none."""
    verb = query.get("done", "")
    if verb not in VERBS:
        return ""
    events, items, messages = (_count(query.get(name, "")) for name in ("events", "items", "messages"))
    parts = [_counted(events, "event"), _counted(items, "item")]
    sent = f" {_counted(messages, 'message')} promised; the daemon sends them." if messages else ""
    return f"The file was {SAID[verb]}: {', '.join(parts)}.{sent}"


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
