"""Asks a question of a database of the stories."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from monitor.asking.answer import ask, citations
from monitor.asking.registry import find
from monitor.store.engine import Engine, reading

TODAY = date(2026, 3, 31)


def answered(engine: Engine, name: str, **wanted: str | bool | Sequence[str]) -> list[dict[str, Any]]:
    """The rows of the answer as JSON objects."""
    with reading(engine) as conn:
        return [dict(one) for one in ask(conn, find(name), wanted, TODAY).rows]


def cited(engine: Engine, name: str, **wanted: str | bool | Sequence[str]) -> list[tuple[str, date]]:
    """Fund and date of the files the answer rests on."""
    with reading(engine) as conn:
        return [(one.fund, one.as_of) for one in citations(conn, ask(conn, find(name), wanted, TODAY))]


def part(rows: Sequence[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """These columns of the rows; security.ticker is one of an object."""
    return [tuple(_cell(row, name) for name in names) for row in rows]


def _cell(row: Any, name: str) -> Any:
    for key in name.split("."):
        row = None if row is None else row[key]
    return row
