"""What the words after a slash command mean. Names are not looked up here, and nothing is answered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum

from monitor.core.days import day
from monitor.core.errors import UsageError

LONGEST = 400  # characters of a question
TOP, MOST = 20, 100  # lines of a portfolio


class What(StrEnum):
    """The questions."""

    HISTORY = "history"
    WHO_HOLDS = "who-holds"
    HOLDINGS = "holdings"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Question:
    """A question about what `name` says: a security, or a fund."""

    what: What
    name: str = ""
    fund: str = ""
    on: date | None = None
    top: int = TOP


OPTIONS = {What.HISTORY: ("in", "fund"), What.WHO_HOLDS: ("on",), What.HOLDINGS: ("on", "top"), What.HELP: ()}
OTHER = {"": "help", "?": "help", "timeline": "history", "whoholds": "who-holds", "who": "who-holds"}
EXAMPLES = {
    What.HISTORY: "history BABA",
    What.WHO_HOLDS: "who-holds TSLA on 2022-01-03",
    What.HOLDINGS: "holdings ARKK top 10",
}


def parse(text: str, today: date) -> Question:
    """The question `text` asks. Raises UsageError that says how to ask it."""
    if len(text) > LONGEST:
        raise UsageError("That is too long for a question. Try: help")
    words = _words(text)
    what = _what(words[0] if words else "")
    if what is What.HELP:
        return Question(what)
    rest, given = _options(words[1:], OPTIONS[what])
    if rest and what is What.WHO_HOLDS and rest[0].lower() == "holds" and words[0].lower() == "who":
        rest = rest[1:]
    if not rest:
        subject = "a fund" if what is What.HOLDINGS else "a security"
        raise UsageError(f"Which one? {what} needs {subject}, for example: {EXAMPLES[what]}")
    on = day(given["on"], today) if "on" in given else None
    if on is not None and on > today:
        raise UsageError(f"{on} is still to come.")
    return Question(what, " ".join(rest), given.get("in") or given.get("fund") or "", on, _top(given.get("top")))


def _words(text: str) -> list[str]:
    """The words; what stands in quotation marks, also in those a telephone writes, is one."""
    plain = re.sub("[“”„«»]", '"', text)
    return [quoted or word for quoted, word in re.findall(r'"([^"]*)"|([^\s"]+)', plain) if quoted or word]


def _what(word: str) -> What:
    lower = word.lower().replace("_", "-")
    lower = OTHER.get(lower, lower)
    try:
        return What(lower)
    except ValueError:
        close = get_close_matches(lower, list(What), 1, 0.5)
        hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(What)}"
        raise UsageError(f"{word!r} is no question. {hint}") from None


def _options(words: list[str], known: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """What stands before `on DATE`, `top N` …, and these. At least one word stays: a fund may be called ON."""
    given: dict[str, str] = {}
    while len(words) > 2 and (name := words[-2].lower().lstrip("-–—")) in known and name not in given:
        given[name] = words[-1]
        words = words[:-2]
    if "on" in known and "on" not in given and len(words) > 1 and re.fullmatch(r"\d{4}-\d\d-\d\d", words[-1]):
        given["on"] = words.pop()
    return words, given


def _top(text: str | None) -> int:
    if text is None:
        return TOP
    if not re.fullmatch(r"[0-9]{1,6}", text) or not int(text):
        raise UsageError(f"top {text!r} is no number of lines. For example: holdings ARKK top 10")
    return min(int(text), MOST)
