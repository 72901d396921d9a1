"""Typed access to a TOML table that collects faults instead of stopping at the first.

It knows nothing about issuers: it only turns values into the wanted type or into a sentence.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

E = TypeVar("E", bound=StrEnum)
V = TypeVar("V")


class Table:
    """A TOML table at `where`; faults go to the shared list `faults` as "key: what is wrong"."""

    def __init__(self, values: dict[str, object], where: str, faults: list[str]) -> None:
        self.values = values
        self.where = where
        self.faults = faults
        self.asked: set[str] = set()

    def fault(self, key: str, problem: str) -> None:
        """Note that the value of `key` is wrong."""
        self.faults.append(f"{self.where}{key}: {problem}")

    def _get(self, key: str, accept: Callable[[object], V | None], wanted: str, default: V | None) -> V | None:
        self.asked.add(key)
        if key not in self.values:
            if default is None:
                self.fault(key, f"is missing; wanted {wanted}")
            return default
        value = accept(self.values[key])
        if value is None:
            self.fault(key, f"wanted {wanted}, found {self.values[key]!r}")
            return default
        return value

    def text(self, key: str, default: str | None = None, *, pattern: str = r"(?s).+", wanted: str = "a text") -> str:
        """The text at `key`; a fault when it is missing without default or does not match `pattern`."""

        def accept(value: object) -> str | None:
            return value if isinstance(value, str) and (value == default or re.fullmatch(pattern, value)) else None

        return self._get(key, accept, wanted, default) or ""

    def texts(self, key: str, default: tuple[str, ...] | None = ()) -> tuple[str, ...]:
        """The list of non-empty texts at `key`."""

        def accept(value: object) -> tuple[str, ...] | None:
            if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
                return None
            return tuple(value)

        return self._get(key, accept, "a list of texts", default) or ()

    def number(self, key: str, default: Decimal | None, low: Decimal, high: Decimal) -> Decimal:
        """The number at `key`, between `low` and `high`; it may be written as text to stay exact."""

        def accept(value: object) -> Decimal | None:
            if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
                value = Decimal(value)
            if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
                return None
            return Decimal(value) if low <= value <= high else None

        found = self._get(key, accept, f"a number from {low} to {high}", default)
        return low if found is None else found

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        found = self._get(key, lambda v: v if isinstance(v, bool) else None, "true or false", default)
        return bool(found)

    def day(self, key: str) -> date | None:
        """The date at `key`, None when absent."""
        self.asked.add(key)
        value = self.values.get(key)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        self.fault(key, f"wanted a date like 2021-03-15 without quotes, found {value!r}")
        return None

    def clock(self, key: str) -> time:
        """The local time of day at `key`, written as text."""
        return _clock(self.text(key, pattern=CLOCK, wanted="a time like 08:30")) or time(0)

    def clocks(self, key: str) -> tuple[time, ...]:
        """The local times of day at `key`."""
        found = tuple(_clock(value) for value in self.texts(key, None))
        if any(value is None for value in found):
            self.fault(key, "wanted times like 08:30")
        return tuple(value for value in found if value is not None)

    def choice(self, key: str, kind: type[E], default: E | None = None) -> E:
        """One member of the closed set `kind`."""

        def accept(value: object) -> E | None:
            return kind(value) if isinstance(value, str) and value in kind._value2member_map_ else None

        self.asked.add(key)
        if default is not None and key not in self.values:  # nearly always: what is wanted needs no words
            return default
        wanted = "one of " + ", ".join(member.value for member in kind)
        return self._get(key, accept, wanted, default) or next(iter(kind))

    def pattern(self, key: str) -> re.Pattern[str]:
        """The regular expression at `key`, to be matched against text in capitals."""
        text = self.text(key, pattern=r".{1,200}", wanted="a regular expression")
        try:
            return re.compile(text)
        except re.error as error:
            self.fault(key, f"{text!r} is not a regular expression: {error}")
            return re.compile("(?!)")

    def table(self, key: str) -> Table:
        """The sub-table at `key`, empty when absent."""
        self.asked.add(key)
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.fault(key, "wanted a table")
            value = {}
        return Table(value, f"{self.where}{key}.", self.faults)

    def tables(self, key: str, *, required: bool = False) -> list[Table]:
        """The list of tables at `key`."""
        self.asked.add(key)
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            self.fault(key, "wanted a list of tables")
            return []
        if required and not value:
            self.fault(key, "is missing; at least one is needed")
        return [Table(v, f"{self.where}{key}[{n}].", self.faults) for n, v in enumerate(value, start=1)]

    def done(self) -> None:
        """Report keys nobody asked for: a misspelt key must not be silently ignored."""
        for key in self.values:
            if key not in self.asked:
                near = difflib.get_close_matches(key, sorted(self.asked), n=1)
                self.fault(key, "is not known" + (f"; did you mean {near[0]!r}?" if near else ""))


CLOCK = r"([01]\d|2[0-3]):[0-5]\d"


def _clock(text: str) -> time | None:
    return time.fromisoformat(text) if re.fullmatch(CLOCK, text) else None
