"""Where workers are asked for: at a scheduler's address, or so many of our own on this machine."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from monitor.core.errors import UsageError

NEEDED = 'This needs Dask: pip install "holdings-monitor[cluster]", here and for the scheduler and every worker.'


@dataclass(frozen=True, slots=True)
class Where:
    """Either `address` of a scheduler (tcp:// or tls://host:port) or a number of `workers` on this machine."""

    address: str = ""
    workers: int = 0

    @property
    def is_here(self) -> bool:
        """Whether the workers are surely on this machine: ours, or those of a scheduler only this machine reaches."""
        return not self.address or _is_loopback(urlsplit(self.address).hostname or "")


def refuse_elsewhere(where: Where, database: str) -> None:
    """Raises UsageError where workers could not reach the database, or the address of the scheduler is none."""
    if where.address:
        _check(where.address)
    if not database.startswith("sqlite"):
        return
    if database in ("sqlite://", "sqlite:///:memory:"):
        raise UsageError("A database in memory belongs to one process. Give --db a file, or PostgreSQL.")
    if not where.is_here:
        raise UsageError(
            "SQLite is a file of this machine, which workers on other machines cannot write. Use PostgreSQL, or"
            " --workers N for processes on this machine."
        )


def _check(address: str) -> None:
    try:
        parts = urlsplit(address)
        known = parts.scheme in ("tcp", "tls") and bool(parts.hostname) and parts.port is not None
        known = known and "@" not in parts.netloc  # a scheduler knows no users
    except ValueError:  # the port is no number
        known = False
    if not known:
        shown = address.rpartition("@")[2]  # what is before it may be a password
        raise UsageError(f"{shown!r} is no scheduler's address. Write tcp://HOST:8786, or tls://HOST:8786.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
