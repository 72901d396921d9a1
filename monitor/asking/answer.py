"""An answer: what was asked, as it was understood, the rows, and the files every figure rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from monitor.asking.arguments import Asked, Raw, understood
from monitor.asking.plain import Record, record
from monitor.asking.question import Column, Question
from monitor.core.errors import NoFile
from monitor.store.engine import Connection
from monitor.store.queries import FileRef, files_of


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows as JSON objects with the question's documented keys. `total` counts them before any paging."""

    question: Question
    asked: Asked
    rows: tuple[Record, ...]
    total: int
    unknown: str = ""  # why there is no row, where no file says anything of what was asked

    def understood(self) -> dict[str, object]:
        """What was asked as it was understood: a fund as issuer/ticker, a security by its names, days as dates."""
        return {name: _shown(value) for name, value in self.asked.values.items()}


def ask(
    conn: Connection, question: Question, raw: Raw, today: date, *, offset: int = 0, limit: int | None = None
) -> Answer:
    """The answer (of its rows the page that begins at `offset`, all without `limit`), on one consistent state of the
    database. Raises UsageError for what is not understood."""
    asked = understood(conn, question, raw, today)
    try:
        rows = question.answer(conn, asked)
    except NoFile as error:
        return Answer(question, asked, (), 0, str(error))
    page = rows[offset:] if limit is None else rows[offset : offset + limit]
    return Answer(question, asked, tuple(one if isinstance(one, dict) else record(one) for one in page), len(rows))


def citations(conn: Connection, answer: Answer, rows: tuple[Record, ...] | None = None) -> list[FileRef]:
    """The published files the rows rest on, each with its date, place and SHA-256, sorted by issuer, fund and date."""
    wanted: set[tuple[str | None, str, date]] = set()
    for one in answer.rows if rows is None else rows:
        for name in answer.question.cites:
            if isinstance(day := one.get(name), str):
                issuer, funds = _owners(one, name)
                wanted |= {(issuer, fund, date.fromisoformat(day)) for fund in funds}
    return files_of(conn, wanted)


def cell(row: Mapping[str, object], column: Column) -> object:
    """The value of a column in a row as a JSON object; None where it is unknown."""
    value: object = row
    for part in column.path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _owners(row: Record, name: str) -> tuple[str | None, list[str]]:
    """Whose files the date in the column `name` means: other_as_of is of the other fund."""
    lead = "other_" if name.startswith("other_") else ""
    issuer = row.get(f"{lead}issuer", row.get("issuer"))
    funds = row.get("funds") if not lead else None
    fund = row.get("other" if lead else "fund")
    found = [str(one) for one in funds] if isinstance(funds, list) else [fund] if isinstance(fund, str) else []
    return (issuer if isinstance(issuer, str) else None), found


def _shown(value: object) -> object:
    from monitor.asking.plain import plain
    from monitor.store.queries import FoundSecurity, FundRef

    if isinstance(value, FundRef):
        return f"{value.issuer}/{value.ticker}"
    if isinstance(value, FoundSecurity):
        return " / ".join(value.names) or value.text
    return plain(value)
