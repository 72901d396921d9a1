"""What a web service's refusal means: when to come back, and whether coming back can help; and where none is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from socket import gaierror
from ssl import SSLCertVerificationError
from urllib.error import URLError

from requests.utils import get_environ_proxies, select_proxy

from monitor.config.addresses import Resolver, Unreachable, check_address, is_loopback
from monitor.core.errors import DeliveryError

LONGEST = 86_400.0  # seconds; nobody means more than a day


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from `Retry-After`: a number, or a date compared with the answer's own `Date`; else `None`."""
    named = {name.lower(): value for name, value in headers.items()}
    text = str(named.get("retry-after", "")).strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return min(float(text), LONGEST)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(str(named.get("date", "")))
    except (TypeError, ValueError):
        return None
    return min(max(wait.total_seconds(), 0.0), LONGEST)


def lost(service: str, error: Exception) -> DeliveryError:
    """The error for a connection that failed: ambiguous unless it was certainly never made."""
    reason = error.reason if isinstance(error, URLError) else error
    unmade = isinstance(reason, ConnectionRefusedError | gaierror | SSLCertVerificationError)
    words = "timed out" if isinstance(reason, TimeoutError) else type(reason).__name__
    return DeliveryError(f"{service}: connection failed ({words})", permanent=False, ambiguous=not unmade)


def check_place(service: str, url: str, resolve: Resolver) -> None:
    """Raise DeliveryError when `url` leads to a link-local or metadata address, without showing it.

    What the name of a host means is looked at each time: it may have come to mean something else.
    """
    direct = is_loopback(url)
    try:
        proxied = not direct and bool(select_proxy(url, get_environ_proxies(url)))
        check_address(url, allow_private=True, resolve=resolve, proxied=proxied)
    except (Unreachable, ValueError) as error:
        later = isinstance(error, Unreachable) and error.retry
        words = "the name of its host cannot be resolved" if later else "its address may not be reached"
        raise DeliveryError(f"{service}: {words}", permanent=not later, destination=True) from None
