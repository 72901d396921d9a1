"""What travels with a job and must not be read on the way: in names of tasks, in logs, on a dashboard.

It hides, it does not encrypt: who listens on the network or asks the scheduler can read it (TLS, a private network).
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Generic, TypeVar, cast

import zstandard

T = TypeVar("T")
KINDS = 32  # different things a process remembers: a run has one for each issuer


class Hidden(Generic[T]):
    """A value made small, which says nothing about itself; unpacked once in each process."""

    __slots__ = ("_packed", "_sha256")

    def __init__(self, value: T) -> None:
        packed = io.BytesIO()
        _Pickler(packed, protocol=5).dump(value)
        self._packed = zstandard.compress(packed.getvalue(), 3)
        self._sha256 = hashlib.sha256(self._packed).digest()

    @property
    def value(self) -> T:
        """What was hidden."""
        return cast(T, _opened(_Packed(self._sha256, self._packed)))

    def __repr__(self) -> str:
        return "<hidden>"


class _Packed:
    """Bytes that are compared by their hash, so that looking one up does not read them all."""

    __slots__ = ("packed", "sha256")

    def __init__(self, sha256: bytes, packed: bytes) -> None:
        self.sha256, self.packed = sha256, packed

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Packed) and self.sha256 == other.sha256


@lru_cache(maxsize=KINDS)
def _opened(packed: _Packed) -> Any:
    return pickle.loads(zstandard.decompress(packed.packed))  # noqa: S301 – Dask hands over nothing but pickles


class _Pickler(pickle.Pickler):
    """Knows frozen mappings, which sources are made of."""

    def reducer_override(self, value: object) -> Any:
        if isinstance(value, MappingProxyType):
            return _frozen, (dict(value),)
        return NotImplemented


def _frozen(items: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(items)
