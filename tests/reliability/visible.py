"""What people see: every message a stand-in took, in the order of arrival, and how many are lost or repeated."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

MARK = "possibly repeated"


@dataclass(frozen=True, slots=True)
class Visible:
    """One message somebody can see. `marked`: it says of itself that it may be a repeat."""

    destination: str
    key: str
    text: str
    marked: bool = False
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """Messages that should be there and are not, that are there too often, and that say they may be repeats."""

    lost: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    marked: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether exactly what should be there is there."""
        return not (self.lost or self.repeated or self.unexpected)


class Ledger:
    """All visible messages of a run; any thread may write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: list[Visible] = []

    def add(self, one: Visible) -> None:
        """It became visible now."""
        with self._lock:
            self._seen.append(one)

    def remove(self, destination: str, key: str) -> None:
        """Its newest message with this key was taken back."""
        with self._lock:
            at = max(i for i, one in enumerate(self._seen) if (one.destination, one.key) == (destination, key))
            del self._seen[at]

    def seen(self, destination: str = "") -> list[Visible]:
        """What is visible, in the order of arrival, everywhere or at one destination."""
        with self._lock:
            return [one for one in self._seen if destination in ("", one.destination)]

    def keys(self, destination: str = "") -> list[str]:
        """The keys of what is visible, in the order of arrival."""
        return [one.key for one in self.seen(destination)]

    def clear(self) -> None:
        """Nothing is visible any more."""
        with self._lock:
            self._seen.clear()


def count(seen: Iterable[Visible], expected: Collection[str] | None = None) -> Count:
    """How `seen` differs from each of `expected` (None: whatever is there) being there once."""
    shown = list(seen)
    plain = Counter(one.key for one in shown if not one.marked)
    marked = Counter(one.key for one in shown if one.marked)
    keys = plain.keys() | marked.keys()
    wanted = set(keys if expected is None else expected)
    # A marked one alone is a first sight; beside another it is the announced repeat.
    again = [key for key in sorted(keys) if plain[key] > 1 or marked[key] > 1]
    announced = [key for key in sorted(marked) if plain[key] or marked[key] > 1]
    return Count(tuple(sorted(wanted - keys)), tuple(again), tuple(announced), tuple(sorted(keys - wanted)))
