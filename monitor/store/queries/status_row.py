"""The row in which `status` says how one thing is doing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One thing looked at. `what` is fund, incident, daemon, tick, issuer, work, quarantine, calibration or deliveries.
    A fund is failing when its last file is old, or there is none, and the last look for one was in vain.

    `count` is how many sessions a fund's last file is behind, 1 for an incident and for a daemon that runs, how often
    in a row a tick failed or all looks at an issuer's server, how many issuers have unfinished work, how many files
    are quarantined, how many looks at a fund's dates in a row failed, or how many messages are undelivered.
    """

    what: str
    name: str
    state: str
    count: int
    since: str | None
    detail: str
