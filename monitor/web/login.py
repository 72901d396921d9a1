"""The form that makes a session of a token, and its end. The token is compared, never stored, logged or shown."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from monitor.web.guard import cookie_name, session_of
from monitor.web.pages.rendering import render
from monitor.web.permits import role_of, same_site
from monitor.web.sessions import LASTS, Role, Sessions, Tries

router = APIRouter(include_in_schema=False)
UNSTORED = {"Cache-Control": "no-store"}


@router.get("/login")
def ask(request: Request, next: str = "/") -> Response:
    """The form; who has a session already goes on. `as=operator` asks a reader all the same."""
    wanted = Role.OPERATOR if request.query_params.get("as") == "operator" else Role.READER
    if role_of(request) in (wanted, Role.OPERATOR):
        return RedirectResponse(local(next), 303, UNSTORED)
    return _form(request, local(next))


@router.post("/login", dependencies=[Depends(same_site)])
def enter(
    request: Request,
    token: Annotated[str, Form(max_length=4096)] = "",
    next: Annotated[str, Form(max_length=4096)] = "/",
) -> Response:
    """A session for a token; ten wrong ones in a minute, and nobody at that address is asked for another minute."""
    sessions: Sessions = request.state.sessions
    tries: Tries = request.app.state.tries
    address = request.client.host if request.client else ""
    if wait := tries.wait(address):
        words = f"Too many wrong tokens. Try again in {wait} seconds."
        return _form(request, local(next), words, 429, {"Retry-After": str(wait)})
    role = sessions.by_token(token.strip())
    if role is Role.NOBODY:
        tries.failed(address)
        return _form(request, local(next), "That is not the token.", 401)
    answer = RedirectResponse(local(next), 303, UNSTORED)
    answer.set_cookie(
        cookie_name(request.state.secure),
        sessions.begin(role),
        max_age=LASTS[role.value],
        path="/",
        secure=request.state.secure,
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/logout", dependencies=[Depends(same_site)])
def leave(request: Request) -> Response:
    """The end of the session."""
    sessions: Sessions = request.state.sessions
    sessions.end(session_of(request))
    answer = RedirectResponse("/" if sessions.is_open else "/login", 303, UNSTORED)
    name, secure = cookie_name(request.state.secure), request.state.secure
    answer.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")
    return answer


def local(address: str) -> str:
    """The address when it is one of this server; else the first page: a link must not lead elsewhere from here."""
    plain = address.startswith("/") and not address.startswith("//") and "\\" not in address and address.isprintable()
    return address if plain and address.isascii() and " " not in address else "/"


def _form(
    request: Request, next: str, fault: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    page = render(request, "login.html", {"next": next, "fault": fault}, status)
    page.headers.update(UNSTORED | (headers or {}))
    return page
