"""How answers travel: HEAD, a strong ETag of every body with If-None-Match, Last-Modified, gzip. It reads no database.

The ETag is a hash of the body, not of the state of the database: a daemon writes every few seconds without changing an
answer, and a body costs less to hash than to send.
"""

from __future__ import annotations

import gzip
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAST, LARGE = 1_000, 50_000  # bytes that are packed; and that a thread packs, so that others do not wait
SUFFIX = "-gzip"
KEPT = ("etag", "cache-control", "vary", "last-modified", "link", "set-cookie")
PACKED = ("text/", "application/json", "application/problem+json", "application/x-ndjson", "application/atom+xml",
          "application/feed+json", "image/svg+xml", "application/javascript")  # fmt: skip


class Replying:
    """Wraps the service; an answer is held until it is whole."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await self.app({**scope, "method": "GET"}, receive, hold)
        start = next(one for one in held if one["type"] == "http.response.start")
        body = b"".join(one.get("body", b"") for one in held if one["type"] == "http.response.body")
        asked, headers = Headers(scope=scope), MutableHeaders(raw=list(start["headers"]))
        if start["status"] == 200 and "no-store" not in headers.get("cache-control", ""):
            status, body = await _off_the_loop(asked, headers, body)
        else:
            status = start["status"]
        if status != 304:
            headers["Content-Length"] = str(len(body))
        await send({"type": "http.response.start", "status": status, "headers": headers.raw})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _off_the_loop(asked: Headers, headers: MutableHeaders, body: bytes) -> tuple[int, bytes]:
    if len(body) < LARGE:
        return _conditioned(asked, headers, body)
    return await anyio.to_thread.run_sync(_conditioned, asked, headers, body)


def _conditioned(asked: Headers, headers: MutableHeaders, body: bytes) -> tuple[int, bytes]:
    """The status and the body as it is sent; completes `headers`."""
    tag = headers.get("etag", f'"{sha256(body).hexdigest()[:32]}"')
    packable = len(body) >= LEAST and headers.get("content-type", "").startswith(PACKED)
    if packable and "content-encoding" not in headers:
        headers.add_vary_header("Accept-Encoding")
        if _takes_gzip(asked.get("accept-encoding", "")):
            body, tag = gzip.compress(body, 5, mtime=0), f'{tag[:-1]}{SUFFIX}"'
            headers["Content-Encoding"] = "gzip"
    headers["ETag"] = tag
    if not _is_known(asked, tag, headers.get("last-modified")):
        return 200, body
    for name in {name for name in headers if name.lower() not in KEPT}:
        del headers[name]
    return 304, b""


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _, rest = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return rest.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _is_known(asked: Headers, tag: str, modified: str | None) -> bool:
    """Whether who asks has this answer already."""
    if (tags := asked.get("if-none-match")) is not None:
        known = [one.strip().removeprefix("W/") for one in tags.split(",")]
        return "*" in known or tag in known
    since = asked.get("if-modified-since")
    if since is None or modified is None:
        return False
    try:
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):  # no date
        return False
