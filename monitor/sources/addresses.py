"""Which addresses may be fetched: `config.addresses`, in the words of a fetch."""

from __future__ import annotations

from monitor.config.addresses import Resolver, Unreachable, check_address, is_loopback, safe_url, system_resolver
from monitor.core.errors import FetchError

__all__ = ["Resolver", "check_url", "is_loopback", "safe_url", "system_resolver"]


def check_url(url: str, *, allow_private: bool, resolve: Resolver, proxied: bool = False) -> None:
    """Raise FetchError unless `url` is http(s) and every address of its host may be asked (see `check_address`)."""
    try:
        check_address(url, allow_private=allow_private, resolve=resolve, proxied=proxied)
    except Unreachable as error:
        raise FetchError(str(error), url=safe_url(url), retry=error.retry) from None
