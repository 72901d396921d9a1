"""What a question is: its name, what may be asked, which columns the answer has. Closed sets are enums.

The function that answers is `monitor.asking.answers.MODULE.NAME`, imported when it is needed. The columns follow from
the type of its rows, a frozen dataclass: a `SecurityRef`, `Interval` or other dataclass in it becomes several columns.
Rows that are JSON objects already are `Annotated[Record, DATACLASS]`, which says what is in them. What a column means
and its unit stand in `monitor.asking.vocabulary`, once for all questions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib import import_module
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, assert_never, get_args, get_origin, get_type_hints

from monitor.core.columns import Sort as Sort  # questions describe their columns with it
from monitor.core.model import Instants, Interval, SecurityRef

if TYPE_CHECKING:
    from monitor.asking.arguments import Asked
    from monitor.store.engine import Connection

Answering = Callable[["Connection", "Asked"], Sequence[object]]


class Want(StrEnum):
    """What a parameter is. A wrong value is answered with UsageError, which says what would be right."""

    FUND = "fund"  # ticker, or issuer/ticker
    ISSUER = "issuer"
    SECURITY = "security"  # public id, ticker (also a former one), CUSIP, ISIN, SEDOL, FIGI or name
    DAY = "day"  # 2021-09-03, today, yesterday, -30d
    INSTANT = "instant"  # 2021-09-03T14:00:00Z, or the end of a day
    COUNT = "count"  # a whole number from 0 on
    NUMBER = "number"  # a decimal number
    CHOICE = "choice"  # one of `choices`
    CHOICES = "choices"  # several of them, the parameter repeated
    FLAG = "flag"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Parameter:
    """What may be asked. One with `required` and `positional` is an argument of the command, the others are options."""

    name: str  # a Python name: as_known; on the command line --as-known
    want: Want
    about: str
    required: bool = False
    positional: bool = False
    default: str | None = None  # as text, as a person would write it
    choices: tuple[str, ...] = ()
    example: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an answer, named as in a frame (`pos_session_from`); `path` leads to it in the JSON object."""

    name: str
    path: tuple[str, ...]
    sort: Sort


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `name` is that of the function; the command and the endpoint write it with dashes. `numbers` are
    those of the list of questions the history must answer. `cites` names the columns that are dates of files the row
    rests on."""

    name: str
    numbers: tuple[int, ...]
    module: str  # of `monitor.asking.answers` that has the function
    about: str
    parameters: tuple[Parameter, ...]
    empty: str  # what to say when there is no row
    table: tuple[str, ...]  # the columns people see in a terminal, by their dotted path
    cites: tuple[str, ...] = ("as_of",)
    note: str = ""  # what to know about the figures: how they are computed, what they leave out
    own_command: str | None = None  # a command written by hand that answers it, with the options that ask it
    function: str | None = None  # of the module, where it is not called as the question

    @property
    def slug(self) -> str:
        """The name as it stands in addresses and commands."""
        return self.name.replace("_", "-")

    @property
    def answer(self) -> Answering:
        """The function that answers: from a connection and what was asked to rows, frozen dataclasses."""
        return _function(self.module, self.function or self.name)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the answer, in order."""
        return _columns_of(self.module, self.function or self.name)

    def parameter(self, name: str) -> Parameter:
        """The parameter called `name`; KeyError when there is none."""
        return {one.name: one for one in self.parameters}[name]


def _function(module: str, name: str) -> Answering:
    found: Answering = getattr(import_module(f"monitor.asking.answers.{module}"), name)
    return found


@cache
def _columns_of(module: str, name: str) -> tuple[Column, ...]:
    (row,) = get_args(get_type_hints(_function(module, name), include_extras=True)["return"])
    return columns_of(row.__metadata__[0] if get_origin(row) is Annotated else row)


def columns_of(row: type) -> tuple[Column, ...]:
    """The columns that rows of this dataclass have, in order. Raises TypeError for a field that has no column."""
    hints = get_type_hints(row)
    found: list[Column] = []
    for field in fields(row):
        found += _columns(field.name, _bare(hints[field.name]))
    return tuple(found)


SECURITY = ("id", "name", "ticker", "cusip", "isin", "sedol", "figi")


def _columns(name: str, kind: Any) -> list[Column]:
    if kind is SecurityRef:  # the views call it so, too: security, name, ticker
        lead = "" if name == "security" else f"{name}_"
        named = {"id": name} | {part: f"{lead}{part}" for part in SECURITY[1:]}
        return [Column(named[part], (name, part), Sort.TEXT) for part in SECURITY]
    if kind in (Interval, Instants):
        sort = Sort.DAY if kind is Interval else Sort.INSTANT
        return [Column(f"{name}_{end}", (name, end), sort) for end in ("from", "to")]
    if isinstance(kind, type) and is_dataclass(kind):
        return [Column(f"{name}_{one.name}", (name, *one.path), one.sort) for one in columns_of(kind)]
    return [Column(name, (name,), _sort(name, kind))]


def _bare(kind: Any) -> Any:
    """The type without `| None`."""
    if get_origin(kind) in (Union, UnionType):
        rest = [one for one in get_args(kind) if one is not NoneType]
        return rest[0] if len(rest) == 1 else kind
    return kind


def _sort(name: str, kind: Any) -> Sort:
    if get_origin(kind) in (tuple, list):
        return Sort.LIST
    if isinstance(kind, type):
        for known, sort in (
            (bool, Sort.FLAG),
            (str, Sort.TEXT),
            (datetime, Sort.INSTANT),
            (date, Sort.DAY),
            (int, Sort.WHOLE),
            (Decimal, Sort.NUMBER),
        ):
            if issubclass(kind, known):
                return sort
    raise TypeError(f"the field {name} of type {kind} has no column")


def dtype(sort: Sort) -> str:
    """The dtype of such a column in a frame: unknown values are NA, NaT or NaN."""
    match sort:
        case Sort.TEXT:
            return "string"
        case Sort.DAY:
            return "datetime64[s]"
        case Sort.INSTANT:
            return "datetime64[us, UTC]"
        case Sort.WHOLE:
            return "Int64"
        case Sort.NUMBER:
            return "float64"
        case Sort.FLAG:
            return "boolean"
        case Sort.LIST:
            return "object"
    assert_never(sort)
