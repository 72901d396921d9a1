"""Every question has a function in `monitor.analysis` with the same parameters, and a docstring that is true."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import pandas as pd
import pytest

from monitor import analysis
from monitor.asking.question import Parameter, Question, Want, dtype
from monitor.asking.registry import QUESTIONS, find
from monitor.asking.vocabulary import meaning


def function(name: str) -> Callable[..., pd.DataFrame]:
    found: Callable[..., pd.DataFrame] = getattr(analysis, name)
    return found


def documented(name: str) -> list[tuple[str, str, str]]:
    """The columns the docstring lists: name, dtype, unit. It may begin with those of another question."""
    _, _, text = inspect.cleandoc(function(name).__doc__ or "").partition("Columns:")
    other = re.match(r" as of `(\w+)`", text)
    rows = re.findall(r"^    (\w+) +([A-Za-z0-9]+(?:\[[^\]]*\])?)(?:, (.+))?$", text, flags=re.M)
    return (documented(other[1]) if other else []) + [tuple(row) for row in rows]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.name)
def test_the_docstring_lists_every_column_with_dtype_and_unit(question: Question) -> None:
    expected = []
    for one in question.columns:
        kind, unit = dtype(one.sort), meaning(one.name)[0]
        expected.append((one.name, kind, "" if kind.startswith("datetime") else unit))
    assert documented(question.name) == expected


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.name)
def test_the_function_takes_what_the_question_asks(question: Question) -> None:
    _, *given = inspect.signature(function(question.name)).parameters.values()
    assert [one.name for one in given] == [one.name for one in question.parameters]
    for one, parameter in zip(given, question.parameters, strict=True):
        assert _default(one) == _expected(parameter), one.name


def _default(one: inspect.Parameter) -> object:
    if one.default is inspect.Parameter.empty:
        return ...
    return None if one.default in ((), False, None) else str(one.default)


def _expected(parameter: Parameter) -> object:
    return ... if parameter.required else parameter.default


def test_every_question_has_its_own_name_and_every_parameter_one_meaning() -> None:
    assert len({one.name for one in QUESTIONS}) == len(QUESTIONS)
    wants: dict[str, Want] = {}
    for one in QUESTIONS:
        for parameter in one.parameters:
            assert parameter.about.endswith("."), (one.name, parameter.name)
            wants.setdefault(parameter.name, parameter.want)
    assert find("who-holds").name == "who_holds"
