"""Downloads one file: politely, within limits of time and size, and only from where we may.

It keeps no state but the time of the last request to each host, and decides nothing about trying again:
a FetchError says whether that can help, the ledger decides when.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import NoReturn
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy
from urllib3.util.retry import Retry

from monitor.core.errors import FetchError
from monitor.core.politeness import COMES_BACK
from monitor.sources.addresses import Resolver, check_url, is_loopback, safe_url, system_resolver
from monitor.sources.profile import HttpProfile

MAX_REDIRECTS = 5
CHUNK = 64 * 1024
KEPT_HEADERS = ("etag", "last-modified", "content-type", "content-length", "date", "age", "cache-control", "server")
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_RETRY_AFTER = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A downloaded body. `url` is the final address, made safe to show; `elapsed` is in seconds."""

    body: bytes
    sha256: str
    status: int
    url: str
    headers: tuple[tuple[str, str], ...]
    elapsed: float
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server says the copy we have is current (304)."""

    url: str
    headers: tuple[tuple[str, str], ...]
    elapsed: float


class Fetcher:
    """Fetches with requests; safe to share between threads.

    `clock` is monotonic seconds, `sleep` waits seconds, `now` is aware UTC and only reads Retry-After dates.
    With `trust_env` requests uses proxies and certificates named by the environment, and credentials of a
    .netrc file; switch it off where the environment is not yours.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        trust_env: bool = True,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolve: Resolver = system_resolver,
    ) -> None:
        self.allow_private = allow_private
        self.trust_env = trust_env
        self.clock = clock
        self.sleep = sleep
        self.now = now
        self.resolve = resolve
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()
        self._local = threading.local()

    def fetch(
        self, url: str, profile: HttpProfile, *, etag: str | None = None, last_modified: str | None = None
    ) -> Fetched | NotModified:
        """The body at `url`, or NotModified when the validators given still hold. Raises FetchError."""
        started = self.clock()
        waited = 0.0
        headers = {"User-Agent": profile.user_agent, "Accept-Encoding": "gzip, deflate", **dict(profile.headers)}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        for _ in range(MAX_REDIRECTS + 1):
            self._allowed(url, profile)
            waited += self._wait_turn(url, profile)  # politeness does not count as slowness
            deadline = started + waited + profile.total_timeout
            with self._get(url, headers, profile) as response:
                if response.status_code in REDIRECTS:
                    url, headers = self._redirect(response, url, headers)
                    continue
                return self._answer(response, url, profile, started, deadline)
        raise FetchError(f"more than {MAX_REDIRECTS} redirects", url=safe_url(url), retry=True)

    def _allowed(self, url: str, profile: HttpProfile) -> None:
        proxied = self.trust_env and not is_loopback(url) and bool(select_proxy(url, get_environ_proxies(url)))
        private = self.allow_private or profile.allow_private
        check_url(url, allow_private=private, resolve=self.resolve, proxied=proxied)

    def _wait_turn(self, url: str, profile: HttpProfile) -> float:
        """Wait until the host may be asked again, return the seconds waited; each caller gets one turn."""
        host = urlsplit(url).netloc.rpartition("@")[2].lower()
        with self._lock:
            now = self.clock()
            turn = max(now, self._next.get(host, now))
            self._next = {
                one: at for one, at in self._next.items() if at > now
            }  # redirects may name any number of hosts
            self._next[host] = turn + profile.min_interval
        if turn > now:
            self.sleep(turn - now)
        return turn - now

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = self.trust_env
            # One more try to connect is free of side effects; everything else is the ledger's to repeat.
            retry = Retry(total=1, connect=1, read=False, redirect=0, status=0, other=0, raise_on_status=False)
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(max_retries=retry))
            self._local.session = session
        return session

    def _get(self, url: str, headers: dict[str, str], profile: HttpProfile) -> requests.Response:
        timeout = (profile.connect_timeout, min(profile.read_timeout, profile.total_timeout))
        try:
            # A proxy of the environment cannot reach this machine's own addresses.
            direct = {"http": "", "https": ""} if is_loopback(url) else None
            return self._session().get(
                url, headers=headers, timeout=timeout, stream=True, allow_redirects=False, proxies=direct
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            _translate(error, url)

    def _redirect(self, response: requests.Response, url: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
        target = response.headers.get("Location", "")
        if not target:
            raise FetchError(
                f"status {response.status_code} without a target", url=safe_url(url), status=response.status_code
            )
        try:
            new = urljoin(url, target)
            before, after = urlsplit(url), urlsplit(new)
        except ValueError:
            raise FetchError("redirected to something that is not a web address", url=safe_url(url)) from None
        if before.scheme == "https" and after.scheme == "http":
            raise FetchError(f"redirected from https to {safe_url(new)}", url=safe_url(url), retry=False)
        if before.netloc != after.netloc:  # secrets are meant for one host
            headers = {k: v for k, v in headers.items() if k.lower() not in ("authorization", "cookie", "x-api-key")}
        return new, headers

    def _answer(
        self, response: requests.Response, url: str, profile: HttpProfile, started: float, deadline: float
    ) -> Fetched | NotModified:
        kept = tuple((name, response.headers[name]) for name in KEPT_HEADERS if name in response.headers)
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return NotModified(safe_url(url), kept, self.clock() - started)
        if response.status_code != HTTPStatus.OK:
            raise self._refused(response, url)
        body = self._read(response, url, profile.max_bytes, deadline)
        return Fetched(
            body=body,
            sha256=hashlib.sha256(body).hexdigest(),
            status=response.status_code,
            url=safe_url(url),
            headers=kept,
            elapsed=self.clock() - started,
            etag=response.headers.get("ETag"),
            last_modified=response.headers.get("Last-Modified"),
        )

    def _read(self, response: requests.Response, url: str, limit: int, deadline: float) -> bytes:
        """The decoded body. `timeout=` is per read, so a trickle is stopped by the deadline here."""
        announced = response.headers.get("Content-Length", "")
        length = int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 16 else None
        if length is not None and length > limit:
            raise FetchError(f"{length} bytes announced, more than {limit}", url=safe_url(url), retry=False)
        parts: list[bytes] = []
        size = 0
        while part := self._part(response, url):
            size += len(part)
            if size > limit:
                raise FetchError(f"the body is longer than {limit} bytes", url=safe_url(url), retry=False)
            if self.clock() > deadline:
                raise FetchError(f"too slow: {size} bytes when the time was up", url=safe_url(url))
            parts.append(part)
        if length is not None and response.raw.tell() < length:
            raise FetchError(f"cut short: {response.raw.tell()} of {length} bytes", url=safe_url(url))
        return b"".join(parts)

    def _part(self, response: requests.Response, url: str) -> bytes:
        try:
            return bytes(response.raw.read1(CHUNK, decode_content=True))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            _translate(error, url)

    def _refused(self, response: requests.Response, url: str) -> FetchError:
        status = response.status_code
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = "unknown status"
        retry = status in COMES_BACK or not 400 <= status < 500
        missing = "; the file may be late, renamed or gone" if status in (404, 410) else ""
        after = retry_after(response.headers.get("Retry-After"), self.now()) if status >= 400 else None
        return FetchError(
            f"answered {status} {phrase}{missing}", url=safe_url(url), status=status, retry=retry, retry_after=after
        )


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


def _translate(error: Exception, url: str) -> NoReturn:
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
