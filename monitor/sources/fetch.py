"""Downloads one file: politely, within limits of time and size, and only from where we may.

A download may take several requests: a page before the file, pages that lead to it, pages it is made of. It decides
nothing about trying again: a FetchError says whether that can help, the ledger decides when.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar

from monitor.core.errors import FetchError
from monitor.sources import exchange, links, paging
from monitor.sources.addresses import safe_url
from monitor.sources.cells import day_in_name
from monitor.sources.connections import Connections
from monitor.sources.exchange import Fetched, NotModified, Step, retry_after
from monitor.sources.profile import HttpProfile, Link, Method, Pairs

__all__ = ["Fetched", "Fetcher", "NotModified", "Step", "redirected", "retry_after"]

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
KEEP_METHOD = frozenset({307, 308})
SECRET_HEADERS = frozenset({"authorization", "cookie", "x-api-key"})
LEFT_OPEN = "{token}"  # where what the page before the file says belongs
SAYABLE = re.compile(r"[!-~]{1,1000}")
Note = Callable[[Step], None]


class Fetcher(Connections):
    """Fetches files as profiles say, whose texts have been filled in; safe to share between threads."""

    def fetch(
        self,
        url: str,
        profile: HttpProfile,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        note: Note = lambda step: None,
    ) -> Fetched | NotModified:
        """The body at `url`, or NotModified when the validators given still hold; `note` hears of every step.

        Raises FetchError.
        """
        return _Download(self, url, profile, note).run(etag, last_modified)


class _Download:
    """The requests that one file takes: they share a jar of cookies, a token and the time there is."""

    def __init__(self, server: Connections, url: str, profile: HttpProfile, note: Note) -> None:
        self.server, self.url, self.profile, self.note = server, url, profile, note
        self.jar = RequestsCookieJar()
        self.keeps = profile.cookies or bool(profile.before)
        self.home = _host(url)
        self.token = ""
        self.began, self.waited = server.clock(), 0.0
        self.reader = exchange.Reader(server.clock, server.now, profile)

    def run(self, etag: str | None, last_modified: str | None) -> Fetched | NotModified:
        """The file."""
        profile, came_from = self.profile, self.profile.referer
        if profile.before:
            self._prepare()
        url, name = self.url, ""
        for link in profile.links:
            found = self._follow(url, came_from, link)
            if found.is_data:
                return self._unpack(found, url)
            came_from, url, name = profile.referer or safe_url(url), found.url, found.name
        url = paging.with_query(url, self._said(profile.query))
        if profile.pages is not None:
            body = paging.collected(lambda page: self._body(page, came_from), url, profile.pages, profile.max_bytes)
            return exchange.made(body, url, elapsed=self.server.clock() - self.began, name=name)
        if profile.links or profile.method is not Method.GET:
            got = self._body(url, came_from, profile.method)
            named = _named(got.name, name, url if profile.links else "")
            return replace(got, name=named, etag=None, last_modified=None)
        return self._ask(url, came_from, validators=_validators(etag, last_modified))

    # --- pages on the way -----------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Visit the page before the file: what it sets stays in the jar, what it says may be the token."""
        page = self._body(self.profile.before, self.profile.referer)
        if self.profile.token is not None:
            found = re.search(self.profile.token.pattern, page.body.decode("utf-8", "replace"))
            self.token = found[1] or "" if found is not None else ""
            if not SAYABLE.fullmatch(self.token):
                raise FetchError("the page before the file says no token", url=page.url, status=page.status)

    def _follow(self, url: str, came_from: str, link: Link) -> links.Found:
        page = self._body(url, came_from)
        found = links.find(page.body.decode("utf-8", "replace"), page.url, link)
        if found is None:
            words = f"no link on the page fits {link.pattern!r}; the file may be late, or the page made anew"
            raise FetchError(words, url=page.url, status=page.status)
        self.note(Step("link", f"{page.url}#{found.name}" if found.is_data else safe_url(found.url)))
        return found

    def _unpack(self, found: links.Found, page: str) -> Fetched:
        body = links.unpacked(found.url, self.profile.max_bytes)
        if body is None:
            raise FetchError("the file inside the page is damaged or too long", url=safe_url(page), retry=False)
        return exchange.made(body, page, elapsed=self.server.clock() - self.began, name=found.name)

    # --- requests -------------------------------------------------------------------------------------

    def _body(self, url: str, came_from: str, method: Method = Method.GET) -> Fetched:
        got = self._ask(url, came_from, method)
        if isinstance(got, NotModified):
            raise FetchError("answered 304 although nothing was said of an older copy", url=got.url, status=304)
        return got

    def _ask(
        self, url: str, came_from: str, method: Method = Method.GET, validators: Pairs = ()
    ) -> Fetched | NotModified:
        """The answer, wherever it leads to."""
        for _ in range(MAX_REDIRECTS + 1):
            self.server.check(url, self.profile)
            self.waited += self.server.wait_turn(url, self.profile)  # politeness does not count as slowness
            begun = self.server.clock()
            deadline = self.began + self.waited + self.profile.total_timeout
            if begun > deadline:
                raise FetchError("too slow: the time was up before the last request", url=safe_url(url))
            headers, body = self._headers(url, came_from, method, validators), self._sent(method)
            with self.server.send(method, url, headers, body, self.jar, self.profile, deadline - begun) as response:
                told = self._told(response, method, url, begun)
                if response.status_code not in REDIRECTS:
                    return self._answer(response, url, deadline, told)
                self.note(told)
                url, method = redirected(response, url, method)
        raise FetchError(f"more than {MAX_REDIRECTS} redirects", url=safe_url(url), retry=True)

    def _headers(self, url: str, came_from: str, method: Method, validators: Pairs) -> dict[str, str]:
        given = dict(self.profile.headers)
        if _host(url) != self.home:  # secrets are meant for one host
            given = {name: value for name, value in given.items() if not _is_secret(name, value)}
        headers = {"User-Agent": self.profile.user_agent, "Accept-Encoding": "gzip, deflate", **dict(validators)}
        headers |= {"Referer": came_from} if came_from else {}
        if method is Method.POST:
            headers["Content-Type"] = "application/json" if self.profile.json else "application/x-www-form-urlencoded"
        return headers | dict(self._said(tuple(given.items())))

    def _sent(self, method: Method) -> bytes | None:
        """The body of a request."""
        if method is not Method.POST:
            return None
        if self.profile.json:
            return self.profile.json.replace(LEFT_OPEN, self.token).encode()
        return urlencode(self._said(self.profile.form)).encode()

    def _said(self, pairs: Pairs) -> Pairs:
        return tuple((name, value.replace(LEFT_OPEN, self.token)) for name, value in pairs)

    def _told(self, response: requests.Response, method: Method, url: str, begun: float) -> Step:
        """What is told of an answer; its cookies go into the jar where they are kept."""
        sets = "Set-Cookie" in response.headers
        if sets and self.keeps:
            extract_cookies_to_jar(self.jar, response.request, response.raw)  # type: ignore[no-untyped-call]
        kind = response.headers.get("Content-Type", "")[:80]
        return Step(str(method), safe_url(url), response.status_code, kind, None, self.server.clock() - begun, sets)

    def _answer(self, response: requests.Response, url: str, deadline: float, told: Step) -> Fetched | NotModified:
        begun, got = self.server.clock(), None
        try:
            got = self.reader.answer(response, url, self.began, deadline)
        finally:
            size = len(got.body) if isinstance(got, Fetched) else None
            took = told.seconds + self.server.clock() - begun
            self.note(Step(told.what, told.url, told.status, told.kind, size, took, told.cookies))
        return got


def _host(url: str) -> str:
    """Host and port, "" of what is no address (which `check` has the words for)."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _named(given: str, linked: str, url: str) -> str:
    """What the file is called: as its server says, or the page, or its address, the first that says a date."""
    names = [one for one in (given, linked, exchange.plain_name(urlsplit(url).path)) if one]
    return next((one for one in names if day_in_name(one) is not None), names[0] if names else "")


def _validators(etag: str | None, last_modified: str | None) -> Pairs:
    known = (("If-None-Match", etag), ("If-Modified-Since", last_modified))
    return tuple((name, value) for name, value in known if value)


def _is_secret(name: str, value: str) -> bool:
    return name.lower() in SECRET_HEADERS or LEFT_OPEN in value


def redirected(response: requests.Response, url: str, method: Method) -> tuple[str, Method]:
    """Where an answer leads, and how to ask there: as browsers do, a form is not sent a second time unless told so."""
    status, target = response.status_code, response.headers.get("Location", "")
    if not target:
        raise FetchError(f"status {status} without a target", url=safe_url(url), status=status)
    try:
        new = urljoin(url, target)
        before, after = urlsplit(url), urlsplit(new)
    except ValueError:
        raise FetchError("redirected to something that is not a web address", url=safe_url(url)) from None
    if before.scheme == "https" and after.scheme == "http":
        raise FetchError(f"redirected from https to {safe_url(new)}", url=safe_url(url), retry=False)
    if status not in KEEP_METHOD:
        return new, Method.GET
    if method is Method.POST and before.netloc != after.netloc:
        raise FetchError(f"what is sent was redirected to {safe_url(new)}", url=safe_url(url), retry=False)
    return new, method
