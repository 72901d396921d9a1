"""Rows that are made when somebody looks at them. It knows nothing of what they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, overload

Raw = TypeVar("Raw")
Made = TypeVar("Made")


class Deferred(Sequence[Made], Generic[Raw, Made]):
    """What was read, in order, and how a row is made of it: who shows one page of many pays for that page."""

    def __init__(self, read: Sequence[Raw], make: Callable[[Raw], Made]) -> None:
        self._read = read
        self._make = make

    def __len__(self) -> int:
        return len(self._read)

    @overload
    def __getitem__(self, at: int) -> Made: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Made]: ...

    def __getitem__(self, at: int | slice) -> Made | Sequence[Made]:
        if isinstance(at, slice):
            return [self._make(one) for one in self._read[at]]
        return self._make(self._read[at])
