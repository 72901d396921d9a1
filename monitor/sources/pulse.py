"""The dead-man's switch: an address that is asked while all is well. The address is a secret and never shown."""

from __future__ import annotations

from monitor.core.errors import FetchError, MonitorError
from monitor.sources.fetch import Fetcher
from monitor.sources.profile import HttpProfile

PROFILE = HttpProfile(min_interval=0, connect_timeout=5, read_timeout=10, total_timeout=15, max_bytes=100_000)


class PulseError(MonitorError):
    """The switch did not hear us."""


def ping(fetcher: Fetcher, url: str) -> None:
    """Asks the address once. Raises PulseError in words that do not hold it, host and path included."""
    try:
        fetcher.fetch(url, PROFILE)
    except FetchError as error:
        if error.status is not None and 200 <= error.status < 300:  # 204 and the like: heard
            return
        reason = f"answered {error.status}" if error.status is not None else "could not be reached"
        raise PulseError(f"the dead-man's switch ([heartbeat]) {reason}") from None
