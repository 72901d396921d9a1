"""The list of questions, in the order people read them."""

from __future__ import annotations

from difflib import get_close_matches

from monitor.asking.question import Question
from monitor.asking.questions import (
    activity,
    changes,
    composition,
    crumbs,
    durations,
    holders,
    moves,
    portfolios,
    positions,
    records,
    spells,
    streaks,
    trading,
)
from monitor.core.errors import UsageError

QUESTIONS: tuple[Question, ...] = (
    *portfolios.QUESTIONS,
    *positions.QUESTIONS,
    *composition.QUESTIONS,
    *spells.QUESTIONS,
    *durations.QUESTIONS,
    *holders.QUESTIONS,
    *moves.QUESTIONS,
    *crumbs.QUESTIONS,
    *changes.QUESTIONS,
    *trading.QUESTIONS,
    *streaks.QUESTIONS,
    *activity.QUESTIONS,
    *records.QUESTIONS,
)


def find(name: str) -> Question:
    """The question called so, with dashes or underscores. Raises UsageError with the nearest name."""
    known = {one.name: one for one in QUESTIONS}
    wanted = name.strip().lower().replace("-", "_")
    if wanted not in known:
        close = get_close_matches(wanted, list(known), 1, 0.5)
        hint = f"Did you mean {close[0].replace('_', '-')}?" if close else f"Known: {', '.join(known)}"
        raise UsageError(f"There is no question {name!r}. {hint}")
    return known[wanted]
