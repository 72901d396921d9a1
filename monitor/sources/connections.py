"""Connections to servers: at the pace of each, and only to addresses that may be asked.

It keeps no state but the time of the next turn with each host; cookies it keeps none.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.utils import get_environ_proxies, select_proxy
from urllib3.util.retry import Retry
from urllib3.util.ssl_ import create_urllib3_context

from monitor.sources.addresses import Resolver, check_url, is_loopback, system_resolver
from monitor.sources.exchange import translate
from monitor.sources.profile import HttpProfile, Method, Tls

OLD_SERVERS = "DEFAULT@SECLEVEL=1"  # OpenSSL: keys of 1024 bits and the ciphers that go with them


class Connections:
    """Asks with requests; safe to share between threads.

    `clock` is monotonic seconds, `sleep` waits seconds, `now` is aware UTC and only reads Retry-After dates, `jitter`
    gives a number from 0 to 1. With `trust_env` requests uses proxies and certificates named by the environment, and
    credentials of a .netrc file; switch it off where the environment is not yours.
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
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.allow_private = allow_private
        self.trust_env = trust_env
        self.clock = clock
        self.sleep = sleep
        self.now = now
        self.resolve = resolve
        self.jitter = jitter
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()
        self._local = threading.local()

    def check(self, url: str, profile: HttpProfile) -> None:
        """Raises FetchError unless `url` may be asked."""
        proxied = self.trust_env and not is_loopback(url) and bool(select_proxy(url, get_environ_proxies(url)))
        private = self.allow_private or profile.allow_private
        check_url(url, allow_private=private, resolve=self.resolve, proxied=proxied)

    def wait_turn(self, url: str, profile: HttpProfile) -> float:
        """Wait until the host may be asked again, return the seconds waited; each caller gets one turn."""
        host = urlsplit(url).netloc.rpartition("@")[2].lower()
        pause = profile.min_interval + (profile.jitter * self.jitter() if profile.jitter else 0.0)
        with self._lock:
            now = self.clock()
            turn = max(now, self._next.get(host, now))
            self._next = {
                one: at for one, at in self._next.items() if at > now
            }  # redirects may name any number of hosts
            self._next[host] = turn + pause
        if turn > now:
            self.sleep(turn - now)
        return turn - now

    def send(
        self,
        method: Method,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        jar: RequestsCookieJar,
        profile: HttpProfile,
        seconds: float,
    ) -> requests.Response:
        """The answer to one request, its body unread. Raises FetchError; redirects are for the caller to follow."""
        timeout = (profile.connect_timeout, min(profile.read_timeout, seconds))
        try:
            return self._session(profile.tls).request(
                str(method),
                url,
                headers=headers,
                data=body,
                cookies=jar,
                timeout=timeout,
                stream=True,
                allow_redirects=False,
                # A proxy of the environment cannot reach this machine's own addresses.
                proxies={"http": "", "https": ""} if is_loopback(url) else None,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            translate(error, url)

    def _session(self, tls: Tls) -> requests.Session:
        known: dict[Tls, requests.Session] = self._local.__dict__.setdefault("sessions", {})
        if tls not in known:
            session = known[tls] = requests.Session()
            session.trust_env = self.trust_env
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # each download has a jar of its own
            # One more try to connect is free of side effects; everything else is the ledger's to repeat.
            retry = Retry(total=1, connect=1, read=False, redirect=0, status=0, other=0, raise_on_status=False)
            adapter = _Compatible if tls is Tls.COMPATIBLE else HTTPAdapter
            for scheme in ("http://", "https://"):
                session.mount(scheme, adapter(max_retries=retry))
        return known[tls]


class _Compatible(HTTPAdapter):
    """Speaks to servers that are years behind. Who they are is verified as always."""

    def init_poolmanager(self, *arguments: object, **named: object) -> None:
        super().init_poolmanager(*arguments, ssl_context=_old(), **named)  # type: ignore[arg-type]

    def proxy_manager_for(self, proxy: str, **named: object) -> urllib3.ProxyManager:
        found: urllib3.ProxyManager = super().proxy_manager_for(proxy, ssl_context=_old(), **named)
        return found


def _old() -> ssl.SSLContext:
    context = create_urllib3_context(ciphers=OLD_SERVERS)
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    return context
