"""What a request may do, as dependencies of endpoints: `Depends(operator)` before anything that changes something."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Form, Header, Request

from monitor.web.guard import session_of
from monitor.web.problems import Problem
from monitor.web.sessions import Role, Sessions

FIELD = "form_token"  # of a form; hx-headers may say X-Form-Token instead


def role_of(request: Request) -> Role:
    """Who asks, as the guard found."""
    role: Role = request.state.role
    return role


def is_operator(request: Request) -> bool:
    """Whether who asks may decide: a page shows its buttons only then."""
    return role_of(request) is Role.OPERATOR


def form_token(request: Request) -> str:
    """What every form of a page must bring back in a hidden field `form_token`: only our own pages can know it."""
    return _sessions(request).form_token(session_of(request))


def operator(
    request: Request,
    form_token: Annotated[str, Form(max_length=200)] = "",
    x_form_token: Annotated[str, Header(max_length=200)] = "",
) -> None:
    """Lets an operator pass, and only with a form of ours: the session's cookie alone, which a browser sends by itself,
    is not enough. Who shows the operator's token as a bearer needs no form. Raises Problem 403 in words."""
    if not is_operator(request):
        known = _sessions(request).has_operators
        where = "Log in with the operator's token." if known else "No operator_token is configured in [web]."
        raise Problem(403, f"Only an operator may do this. {where}")
    if request.headers.get("authorization", "").lower().startswith("bearer "):
        return
    same_site(request)
    if not _sessions(request).is_form_token(session_of(request), form_token or x_form_token):
        raise Problem(403, "This form is out of date. Load the page again.")


def same_site(request: Request) -> None:
    """Lets only pages of ours pass, by what the browser says of where a form was sent from. Raises Problem 403."""
    fetched_by = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "")
    ours = fetched_by == "same-origin" if fetched_by is not None else _is_ours(request, origin)
    if not ours:
        raise Problem(403, "This was not sent by a page of this server.")


def _is_ours(request: Request, origin: str) -> bool:
    try:
        found = urlsplit(origin)
    except ValueError:
        return False
    return found.scheme in ("http", "https") and found.netloc.lower() == request.headers.get("host", "").lower()


def _sessions(request: Request) -> Sessions:
    found: Sessions = request.state.sessions
    return found
