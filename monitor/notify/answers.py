"""What a web service's refusal means: when to come back, and whether coming back can help."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from socket import gaierror
from ssl import SSLCertVerificationError
from urllib.error import URLError

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
