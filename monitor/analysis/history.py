"""An open history database: what the functions of `monitor.analysis` ask. Nothing can be changed through it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from types import TracebackType
from typing import Self

import pandas as pd

from monitor.analysis.frames import typed
from monitor.asking.answer import ask, citations
from monitor.asking.plain import plain, record
from monitor.asking.registry import find
from monitor.store.engine import Engine, reading
from monitor.store.migrate import open_current

Value = str | date | datetime | int | float | Decimal | bool | list[str] | tuple[str, ...] | None


class History:
    """A history database, open for reading. Close it with `close`, or use it in a `with` statement."""

    def __init__(self, engine: Engine, today: Callable[[], date]) -> None:
        self._engine, self._today = engine, today

    def ask(self, name: str, **wanted: Value) -> pd.DataFrame:
        """The answer to a question by its name. `frame.attrs` holds `asked` (what was understood) and `files`: the
        published files the rows rest on, with date, place and SHA-256. Raises UsageError for what is not understood."""
        question = find(name)
        with reading(self._engine) as conn:
            answer = ask(conn, question, {key: _text(value) for key, value in wanted.items()}, self._today())
            files = citations(conn, answer)
        frame = typed(question.columns, answer.rows)
        frame.attrs = {"asked": answer.understood(), "files": [record(one) for one in files]}
        return frame

    def close(self) -> None:
        """Ends all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open_history(url: str, *, today: date | None = None) -> History:
    """The history database at `url` (`sqlite:///file.db`, `postgresql://user@host/name`, or a file name).

    `today` is the day that relative dates (`-30d`) count from; default: today in UTC. Raises StoreError where there is
    no database, or one of another schema.
    """
    address = url if "://" in url else f"sqlite:///{url}"
    return History(
        open_current(address, read_only=True), lambda: today if today is not None else datetime.now(UTC).date()
    )


def _text(value: Value) -> str | list[str] | bool | None:
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (list, tuple)):
        return [str(one) for one in value]
    if isinstance(value, date):
        return str(plain(value))
    return str(value)
