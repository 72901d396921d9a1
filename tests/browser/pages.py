"""Every page the browser tests walk, a line each. A page that is not here is not tested: add yours.

`{LANA}` and the like are replaced by what the town's database has: see `filled`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A page: the name of its pictures, where it is, what its heading contains."""

    name: str
    path: str
    heading: str


PLACES: tuple[Place, ...] = ()
