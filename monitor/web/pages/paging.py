"""A part of a long table, and the addresses of the parts beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import Request

T = TypeVar("T")
SIZE = 200  # rows of one part


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """The rows shown, which they are of how many, and where the others are."""

    rows: Sequence[T]
    first: int
    last: int
    total: int
    size: int
    earlier: str
    later: str


def sliced(request: Request, rows: Sequence[T], size: int = SIZE, name: str = "start") -> Slice[T]:
    """The part of `rows` that the parameter `name` of the address asks for, counted from 0."""
    said = request.query_params.get(name, "")
    start = int(said) if said.isascii() and said.isdigit() and len(said) < 8 else 0
    start = min(start, max(0, len(rows) - 1)) // size * size
    shown = rows[start : start + size]
    earlier = _at(request, name, start - size) if start else ""
    later = _at(request, name, start + size) if start + size < len(rows) else ""
    return Slice(shown, start + 1 if shown else 0, start + len(shown), len(rows), size, earlier, later)


def _at(request: Request, name: str, start: int) -> str:
    url = request.url.include_query_params(**{name: start}) if start > 0 else request.url.remove_query_params(name)
    return f"{url.path}?{url.query}" if url.query else url.path
