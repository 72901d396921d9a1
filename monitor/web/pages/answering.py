"""Questions as pages ask them: the same descriptions and functions as the command line and the API."""

from __future__ import annotations

from fastapi import Request

from monitor.asking.answer import ask
from monitor.asking.emptiness import why_empty
from monitor.asking.plain import Record
from monitor.asking.registry import find
from monitor.store.engine import Connection
from monitor.web.pages.rendering import reading


def rows(request: Request, conn: Connection, question: str, **raw: str | None) -> tuple[Record, ...]:
    """The rows of the answer. Raises UsageError for what is not understood."""
    return ask(conn, find(question), raw, reading(request).today()).rows


def no_rows(request: Request, conn: Connection, question: str, **raw: str | None) -> str:
    """Why the answer has no rows."""
    return why_empty(conn, ask(conn, find(question), raw, reading(request).today())) or ""
