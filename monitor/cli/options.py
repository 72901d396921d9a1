"""The options that commands share, and how dates and choices on the command line are understood."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from monitor.cli.output import Format
from monitor.core.errors import UsageError

E = TypeVar("E", bound=StrEnum)

Db = Annotated[
    str | None,
    typer.Option(
        "--db", metavar="URL", help="Database: sqlite:///file.db, postgresql://user@host/name, or a file name."
    ),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration; default: monitor.toml here, if there.")
]
Form = Annotated[Format, typer.Option("--format", help="How to print the list.")]
Issuer = Annotated[str | None, typer.Option("--issuer", metavar="ID", help="Only this issuer.")]
Fund = Annotated[str | None, typer.Option("--fund", metavar="FUND", help="Only this fund (ticker, or issuer/ticker).")]
On = Annotated[
    str | None,
    typer.Option("--on", metavar="DATE", help="The latest file dated so or before: 2021-09-03, yesterday, -30d."),
]

WORDS = {"today": 0, "yesterday": 1}
UNITS = {"d": 1, "w": 7, "m": 30, "y": 365}


def day(text: str | None) -> date | None:
    """A date as people write it: 2021-09-03, today, yesterday, -30d (also w, m, y)."""
    if text is None:
        return None
    word = text.strip().lower()
    today = datetime.now(UTC).date()
    back = re.fullmatch(r"-?(\d{1,5})([dwmy])", word)
    try:
        if word in WORDS:
            return today - timedelta(days=WORDS[word])
        if back:
            return today - timedelta(days=int(back[1]) * UNITS[back[2]])
        return date.fromisoformat(word)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no date. Write 2021-09-03, today, yesterday or -30d.") from None


def instant(text: str | None) -> datetime | None:
    """An instant: 2021-09-03T14:00:00Z, with another offset, or a date (its end); without an offset it is UTC."""
    if text is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()):
            return datetime.fromisoformat(text.strip() + "T23:59:59.999999+00:00")
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{text!r} is no instant. Write 2021-09-03T14:00:00Z or 2021-09-03.") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def choices(kind: type[E], texts: list[str] | None, what: str) -> tuple[E, ...]:
    """The members of an enum named by `texts`, whatever their case; a wrong one is answered with the nearest."""
    by_fold = {member.value.lower(): member for member in kind}
    found = []
    for text in texts or []:
        key = text.strip().lower().replace("-", "_")
        if key not in by_fold:
            close = get_close_matches(key, list(by_fold), 1, 0.5)
            hint = f" Did you mean {by_fold[close[0]].value}?" if close else ""
            raise UsageError(f"There is no {what} {text!r}.{hint} Known: {', '.join(m.value for m in kind)}")
        found.append(by_fold[key])
    return tuple(found)
