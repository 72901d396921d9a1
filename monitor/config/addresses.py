"""Which web addresses may be reached, and how an address is written where people can see it.

Nothing here opens a connection; names are resolved by the function given.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

Resolver = Callable[[str, int], Iterable[str]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SECRET_WORDS = ("token", "key", "secret", "pass", "pwd", "sig", "auth", "session", "credential", "code")
# Cloud metadata services outside the link-local range: AWS (IPv6), Alibaba, Oracle.
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses the operating system gives for `host`. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def safe_url(url: str) -> str:
    """`url` without user, password, fragment and the values of query parameters that look secret."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(not a web address)"
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if any(_secret(name) for name, _ in pairs):
        query = urlencode([(n, "***" if _secret(n) else v) for n, v in pairs], safe="*", quote_via=quote)
    else:
        query = parts.query
    return urlunsplit((parts.scheme, f"[{host}]{port}" if ":" in host else host + port, parts.path, query, ""))


def _secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET_WORDS)


class Unreachable(Exception):
    """An address that may not be reached, or (`retry`) cannot be now. The text is safe to show."""

    def __init__(self, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.retry = retry


def check_address(url: str, *, allow_private: bool, resolve: Resolver, proxied: bool = False) -> None:
    """Raise Unreachable unless `url` is http(s) and every address of its host may be asked.

    Link-local and metadata addresses are never allowed; private, loopback and other non-public ones only
    with `allow_private`. Behind a proxy (`proxied`) names are resolved there, so only literal addresses
    can be judged here.
    """
    shown = safe_url(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Unreachable("this is not a web address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise Unreachable(f"only http and https addresses are fetched, not {shown!r}")
    for text in _addresses(host, port or (443 if parts.scheme == "https" else 80), resolve, proxied):
        if reason := _refusal(_unwrap(ipaddress.ip_address(text.partition("%")[0])), allow_private):
            raise Unreachable(f"{host} is {reason} ({text}), which may not be fetched")


def _addresses(host: str, port: int, resolve: Resolver, proxied: bool) -> Iterable[str]:
    try:
        return [str(ipaddress.ip_address(host.partition("%")[0]))]
    except ValueError:
        if proxied:
            return []
    try:
        return list(resolve(host, port))
    except (OSError, UnicodeError):
        raise Unreachable(f"the name {host} cannot be resolved", retry=True) from None


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine."""
    host = (urlsplit(url).hostname or "").lower()
    return host in ("localhost", "::1") or host.startswith("127.")


def _unwrap(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where there is one: a wrapped address reaches the same machine."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    return inside or address


def _refusal(address: Address, allow_private: bool) -> str:
    if address.is_link_local or address in _METADATA:
        return "a link-local or metadata address"
    if address.is_multicast or address.is_unspecified:
        return "no address of a single machine"
    if not allow_private and not address.is_global:
        return "a private address"
    return ""
