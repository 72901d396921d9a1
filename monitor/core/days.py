"""Dates as people write them, and the instants of local times. The day it is now is an argument."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from monitor.core.errors import UsageError

WORDS = {"today": 0, "yesterday": 1}
UNITS = {"d": 1, "w": 7, "m": 30, "y": 365}


def day(text: str, today: date) -> date:
    """2021-09-03, today, yesterday, -30d (also w, m, y)."""
    word = text.strip().lower()
    back = re.fullmatch(r"-?(\d{1,5})([dwmy])", word)
    try:
        if word in WORDS:
            return today - timedelta(days=WORDS[word])
        if back:
            return today - timedelta(days=int(back[1]) * UNITS[back[2]])
        return date.fromisoformat(word)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no date. Write 2021-09-03, today, yesterday or -30d.") from None


def instant(text: str, today: date) -> datetime:
    """2021-09-03T14:00:00Z, with another offset (without one it is UTC), or a date as in `day`: its end in UTC."""
    try:
        if re.match(r"\d{4}-?\d\d-?\d\d[T ]", text.strip()):
            found = datetime.fromisoformat(text.strip())
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        return datetime.combine(day(text, today), time.max, UTC)
    except (ValueError, OverflowError, UsageError):
        raise UsageError(
            f"{text!r} is no instant. Write 2021-09-03T14:00:00Z, or a date: 2021-09-03, yesterday or -30d."
        ) from None


def instant_of(local: datetime, zone: tzinfo) -> datetime:
    """The instant of a local time: exactly one, also where the clock skips it (an hour later) or shows it twice (the
    first)."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
