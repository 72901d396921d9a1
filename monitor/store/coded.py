"""Column types: words of a closed set as small numbers, quantities as they are. No tables, no queries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, Numeric, SmallInteger
from sqlalchemy.types import TypeDecorator


class Words:
    """A closed set of words and their numbers. The order is part of the schema: new words come last."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self._codes = {word: code for code, word in enumerate(words)}

    def code(self, word: str) -> int:
        """The number of a word; raises KeyError for one that is not of the set."""
        return self._codes[word]

    def sql(self, column: str) -> str:
        """The word of a number, in the SQL of both databases."""
        cases = " ".join(f"WHEN {code} THEN '{word}'" for code, word in enumerate(self.words))
        return f"CASE {column} {cases} END"


class Coded(TypeDecorator[str]):
    """A word, kept as its number. Rows loaded in bulk give the number."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, words: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: str | None, dialect: Dialect) -> int | None:
        """The number of a word; what is none of the set is found nowhere."""
        return None if value is None else self.words.index(value) if value in self.words else -1

    def process_result_value(self, value: int | None, dialect: Dialect) -> str | None:
        """The word."""
        return None if value is None else self.words[value]


class Amount(TypeDecorator[float]):
    """A number that is whole as a rule, in as few bytes as it needs; exact up to 2^53, then as near as a double."""

    impl = Numeric
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(asdecimal=False)

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Numbers, not decimals: what is whole stays whole on SQLite."""
        return dialect.type_descriptor(Numeric(asdecimal=False))


KINDS = Words(
    "INITIATED", "INITIATED_AT_ISSUER", "RE_ENTERED", "RESUMED", "EXITED", "INCREASED", "DECREASED", "SPLIT",
    "IDENTIFIER_CHANGE", "TICKER_CHANGED", "RENAMED", "SUCCESSOR", "CONVERTED", "POSSIBLE_CONVERSION",
    "SPIN_OFF_RECEIVED", "CRUMB_REMOVED", "REBALANCE", "FUND_CLOSED", "FLIPPED", "ROLLED", "MATURED",
    "CORPORATE_ACTION", "CASH_VEHICLE",
)  # fmt: skip
SEVERITIES = Words("high", "normal", "low")  # the loudest first: rows are ordered by it
CONFIDENCES = Words("high", "low")
