"""One answer of a server: its body within limits of time and size, or the words for why there is none.

It opens no connection and follows no redirect; whether trying again can help is said in the FetchError.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import NoReturn
from urllib.parse import urlsplit

import requests
import urllib3

from monitor.core.errors import FetchError
from monitor.core.politeness import COMES_BACK
from monitor.sources.addresses import safe_url
from monitor.sources.profile import HttpProfile

CHUNK = 64 * 1024
KEPT_HEADERS = ("etag", "last-modified", "content-type", "content-length", "date", "age", "cache-control", "server")
MAX_RETRY_AFTER = 7 * 86_400.0
NAME_LENGTH = 200  # characters of a file name that are kept


@dataclass(frozen=True, slots=True)
class Fetched:
    """A downloaded body. `url` is the final address, made safe to show; `elapsed` is in seconds.

    `name` is what the server, or the page that links to it, calls the file; "" when nobody says.
    """

    body: bytes
    sha256: str
    status: int
    url: str
    headers: tuple[tuple[str, str], ...]
    elapsed: float
    etag: str | None = None
    last_modified: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server says the copy we have is current (304)."""

    url: str
    headers: tuple[tuple[str, str], ...]
    elapsed: float


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a download, for people: a request and its answer, or (`what` is "link") what was found on a page.

    `url` is safe to show; `size` in bytes, None where no body was read; `seconds` without waiting for our turn.
    """

    what: str
    url: str
    status: int | None = None
    kind: str = ""
    size: int | None = None
    seconds: float = 0.0
    cookies: bool = False


def made(body: bytes, url: str, *, elapsed: float, name: str = "") -> Fetched:
    """A body that came otherwise than as one answer: put together of several, or out of a page."""
    return Fetched(body, hashlib.sha256(body).hexdigest(), HTTPStatus.OK, safe_url(url), (), elapsed, name=name)


class Reader:
    """Reads answers by a clock of monotonic seconds, until `deadline` on it."""

    def __init__(self, clock: Callable[[], float], now: Callable[[], datetime], profile: HttpProfile) -> None:
        self.clock, self.now, self.profile = clock, now, profile

    def answer(self, response: requests.Response, url: str, started: float, deadline: float) -> Fetched | NotModified:
        """What the server answered. Raises FetchError for everything that is neither 200 nor 304."""
        kept = tuple((name, response.headers[name]) for name in KEPT_HEADERS if name in response.headers)
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return NotModified(safe_url(url), kept, self.clock() - started)
        if response.status_code != HTTPStatus.OK:
            raise self._refused(response, url)
        body = self._read(response, url, deadline)
        return Fetched(
            body=body,
            sha256=hashlib.sha256(body).hexdigest(),
            status=response.status_code,
            url=safe_url(url),
            headers=kept,
            elapsed=self.clock() - started,
            etag=response.headers.get("ETag"),
            last_modified=response.headers.get("Last-Modified"),
            name=attachment(response.headers.get("Content-Disposition", "")),
        )

    def _read(self, response: requests.Response, url: str, deadline: float) -> bytes:
        """The decoded body. `timeout=` is per read, so a trickle is stopped by the deadline here."""
        limit = self.profile.max_bytes
        announced = response.headers.get("Content-Length", "")
        length = int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 16 else None
        if length is not None and length > limit:
            raise FetchError(f"{length} bytes announced, more than {limit}", url=safe_url(url), retry=False)
        parts: list[bytes] = []
        size = 0
        while part := _part(response, url):
            size += len(part)
            if size > limit:
                raise FetchError(f"the body is longer than {limit} bytes", url=safe_url(url), retry=False)
            if self.clock() > deadline:
                raise FetchError(f"too slow: {size} bytes when the time was up", url=safe_url(url))
            parts.append(part)
        if length is not None and response.raw.tell() < length:
            raise FetchError(f"cut short: {response.raw.tell()} of {length} bytes", url=safe_url(url))
        return b"".join(parts)

    def _refused(self, response: requests.Response, url: str) -> FetchError:
        status = response.status_code
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = "unknown status"
        throttled = status in self.profile.throttled
        retry = throttled or status in COMES_BACK or not 400 <= status < 500
        words = "; the file may be late, renamed or gone" if status in (404, 410) else ""
        words = "; this server answers so when asked too often" if throttled and status != 429 else words
        after = retry_after(response.headers.get("Retry-After"), self.now()) if status >= 400 else None
        if after is None and throttled:
            after = self.profile.throttle_wait
        return FetchError(
            f"answered {status} {phrase}{words}", url=safe_url(url), status=status, retry=retry, retry_after=after
        )


def _part(response: requests.Response, url: str) -> bytes:
    try:
        return bytes(response.raw.read1(CHUNK, decode_content=True))
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        translate(error, url)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait as asked by a Retry-After header (seconds or a date); None for none or rubbish.

    Never negative, never more than a week.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 12:
        return min(float(text), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER)


def attachment(disposition: str) -> str:
    """The file name in a Content-Disposition header, without folders; "" when there is none."""
    if not disposition or len(disposition) > 2_000:
        return ""
    header = Message()
    header["Content-Disposition"] = disposition.replace("\r", " ").replace("\n", " ")
    try:
        return plain_name(header.get_filename() or "")
    except (LookupError, ValueError, TypeError):  # a charset nobody knows
        return ""


def plain_name(name: str) -> str:
    """The last part of a file name, of printable characters."""
    last = re.split(r"[/\\!]", name.strip())[-1]
    return "".join(sign for sign in last if sign.isprintable())[:NAME_LENGTH]


def translate(error: Exception, url: str) -> NoReturn:
    """Raise FetchError in place of a foreign exception, whose text may hold the address with its secrets."""
    shown = safe_url(url)
    host = urlsplit(shown).hostname or shown
    invalid = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.InvalidHeader)
    if isinstance(error, invalid) or type(error) in (ValueError, UnicodeError):
        raise FetchError("the address or its headers are not valid", url=shown, retry=False) from None
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)):
        raise FetchError(f"no answer from {host} in time", url=shown) from None
    if isinstance(error, (requests.exceptions.SSLError, urllib3.exceptions.SSLError)):
        raise FetchError(f"no secure connection to {host}", url=shown) from None
    if isinstance(error, (urllib3.exceptions.DecodeError, requests.exceptions.ContentDecodingError)):
        raise FetchError(f"the answer of {host} cannot be decompressed", url=shown) from None
    raise FetchError(f"the connection to {host} failed ({type(error).__name__})", url=shown) from None
