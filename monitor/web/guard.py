"""Stands before everything: who may ask, by which name, how much, how many at once; and what every answer bears.

Without a token only this machine is answered, and only by a name of it, so that no page elsewhere can ask through a
browser here (DNS rebinding). With a token whoever shows it is answered: as `Authorization: Bearer`, or as the session a
browser got for it at /login. It decides once per request and notes the role; `permits` asks for that.
"""

from __future__ import annotations

import binascii
import logging
import threading
from base64 import b64decode
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import anyio
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import escape
from starlette.datastructures import MutableHeaders

from monitor.config.fields import LOOPBACK
from monitor.web import problems
from monitor.web.problems import Problem
from monitor.web.sessions import Role, Sessions

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from monitor.config import Web

BODY = 64 * 1024  # bytes of a form
PATIENCE = 10.0  # seconds for it to arrive
ADDRESS = 8 * 1024  # bytes of path and query
AT_ONCE = 64  # requests, those that wait for a thread included
HEALTH = ("/healthz", "/readyz", "/metrics")  # asked by machines, under any name; details are for who is known
FREE = ("/login", "/logout", "/static/", "/favicon.ico")
COOKIE = "holdings_monitor"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    # Others hear nothing. "no-referrer" would also take the Origin from our own forms, which tells them from forgeries.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()",
    "X-Frame-Options": "DENY",
}
log = logging.getLogger("monitor.web")


class Guard:
    """The outermost layer of the service."""

    def __init__(self, app: ASGIApp, settings: Web, sessions: Sessions) -> None:
        self.app, self.settings, self.sessions = app, settings, sessions
        self.secure = (settings.url or "").startswith("https://")
        self.names = _names(settings)
        self.running = 0
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        request, answering = Request(scope), _Answering(send, self.secure)
        try:
            refused = self.refusal(request)
            if refused is not None:
                await refused(scope, receive, answering)
                return
            await self._within(scope, await _body(receive), answering)
        except Exception as error:
            if answering.begun:
                log.error("an answer broke off because of a fault in this program", exc_info=error)
                raise
            await problems.answer(request, problems.of_error(error))(scope, receive, answering)

    async def _within(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._lock:
            full = self.running >= AT_ONCE
            self.running += not full
        if full:
            raise Problem(503, "Too many questions at once. Ask again in a moment.", {"Retry-After": "1"})
        try:
            await self.app(scope, receive, send)
        finally:
            with self._lock:
                self.running -= 1

    def refusal(self, request: Request) -> Response | None:
        """What is answered instead; None: the request may pass, and its role is noted."""
        path = request.url.path
        request.state.sessions, request.state.secure = self.sessions, self.secure
        request.state.role, request.state.signed_in = Role.NOBODY, False
        if len(request.scope.get("raw_path") or b"") + len(request.scope["query_string"]) > ADDRESS:
            return problems.answer(request, Problem(414, f"An address may have {ADDRESS:,} bytes."))
        if _size(request) > BODY:
            return problems.answer(request, Problem(413, f"A form may have {BODY:,} bytes."))
        ours = self._is_our_name(request)
        if not ours and path not in HEALTH:
            return problems.answer(request, Problem(421, "This server does not bear that name; see `hosts` in [web]."))
        request.state.role = self._role(request) if ours or not self.sessions.is_open else Role.NOBODY
        if request.state.role is not Role.NOBODY or path in HEALTH or path.startswith(FREE):
            return None
        return _to_login(request)

    def _is_our_name(self, request: Request) -> bool:
        if not self.names:
            return True
        try:
            name = urlsplit(f"//{request.headers.get('host', '')}").hostname
        except ValueError:  # "[": no name at all
            return False
        return name is not None and "@" not in request.headers["host"] and name.rstrip(".") in self.names

    def _role(self, request: Request) -> Role:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and not (self.sessions.is_open and not self.sessions.has_operators):
            return self.sessions.by_token(shown.strip())
        if scheme.lower() == "basic" and request.url.path.startswith("/feeds") and not self.sessions.is_open:
            return Role.READER if self.sessions.by_token(_password(shown)) is not Role.NOBODY else Role.NOBODY
        role = self.sessions.by_session(session_of(request))
        request.state.signed_in = role is not Role.NOBODY
        return Role.READER if role is Role.NOBODY and self.sessions.is_open else role


def cookie_name(secure: bool) -> str:
    """The name of the cookie with the session; with its prefix no other host or plain http can set it."""
    return f"__Host-{COOKIE}" if secure else COOKIE


def session_of(request: Request) -> str:
    """The session the browser shows; "": none."""
    return request.cookies.get(cookie_name(request.state.secure), "")


def _names(settings: Web) -> frozenset[str]:
    """The names we answer to; none: to any, for a token is asked for."""
    if settings.host not in LOOPBACK and not settings.hosts:
        return frozenset()
    of_url = (urlsplit(settings.url).hostname or "") if settings.url else ""
    return frozenset(name.lower() for name in (*LOOPBACK, settings.host, *settings.hosts, of_url) if name)


def _size(request: Request) -> int:
    """The size the body says to have; too large when it is no number."""
    said = request.headers.get("content-length", "0")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 16 else BODY + 1


def _password(shown: str) -> str:
    """The password of Basic authentication: what readers of feeds know to send."""
    try:
        return b64decode(shown.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _to_login(request: Request) -> Response:
    """401 to programs, the way to the form to people."""
    headers = {"WWW-Authenticate": 'Bearer realm="holdings-monitor"'}
    if request.url.path.startswith("/feeds"):
        headers["WWW-Authenticate"] += ', Basic realm="holdings-monitor"'
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    form = f"/login?next={quote(here, safe='')}"
    if not problems.is_for_people(request) or request.method not in ("GET", "HEAD"):
        return problems.answer(request, Problem(401, "A token is needed: Authorization: Bearer TOKEN.", headers))
    if request.headers.get("HX-Request") == "true":
        return Response(status_code=401, headers=headers | {"HX-Redirect": "/login?next=/"})
    if request.headers.get("sec-fetch-site") == "cross-site":
        # A link in a mail or chat: the browser keeps a SameSite=Strict cookie back. From this page it does not.
        return HTMLResponse(STEP.format(escape(form)), 401, headers | {"Cache-Control": "no-store"})
    return RedirectResponse(form, 303, {"Cache-Control": "no-store"})


STEP = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Holdings monitor</title>'
    '<meta http-equiv="refresh" content="0; url={0}"></head><body><p><a href="{0}">Continue</a></p></body></html>\n'
)


async def _body(receive: Receive) -> Receive:
    """The body, whole before anything is done with it. Raises Problem when it is too large or does not come."""
    received = b""
    try:
        with anyio.fail_after(PATIENCE):
            while True:
                message = await receive()
                received += message.get("body", b"")
                if len(received) > BODY:
                    raise Problem(413, f"A form may have {BODY:,} bytes.")
                if message["type"] != "http.request" or not message.get("more_body"):
                    break
    except TimeoutError:
        raise Problem(408, f"The form did not arrive within {PATIENCE:g} seconds.") from None
    waiting = [{"type": "http.request", "body": received, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


class _Answering:
    """What is sent, with the headers that every answer bears."""

    def __init__(self, send: Send, secure: bool) -> None:
        self.send, self.secure, self.begun = send, secure, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if self.secure:
                headers["Strict-Transport-Security"] = "max-age=31536000"
            headers.setdefault("Cache-Control", "private, no-cache")
        await self.send(message)
