"""views: what can be asked with sql and export, told to a stranger; it needs no database."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from monitor.store.views import VIEWS, View
from tests.cli.conftest import Run


def test_every_view_is_listed(run: Run) -> None:
    answer = run("views")
    assert answer.code == 0
    for view in VIEWS:
        assert f"{view.name} " in answer.out
        assert view.says in answer.out
    found = run("views", "--format", "json").rows
    assert [(one["view"], one["columns"]) for one in found] == [
        (view.name, [column.name for column in view.columns]) for view in VIEWS
    ]


@pytest.mark.parametrize("view", VIEWS, ids=[view.name for view in VIEWS])
def test_the_columns_of_a_view_have_type_and_meaning(run: Run, view: View) -> None:
    found = run("views", view.name, "--json").rows
    assert [(one["column"], one["meaning"]) for one in found] == [(one.name, one.says) for one in view.columns]
    assert all(one["type"] for one in found)
    table = run("views", view.name.removeprefix("v_").upper()).out
    assert table.startswith(f"{view.name}: {view.says}")
    assert all(one.says in table for one in view.columns)


def test_the_columns_of_a_view_as_csv(run: Run) -> None:
    rows = list(csv.DictReader(StringIO(run("views", "v_flows", "--format", "csv").out)))
    assert rows[0] == {"column": "issuer", "type": "text", "meaning": "short name of the issuer"}
    assert {one["column"]: one["type"] for one in rows}["as_of"] == "date"


def test_a_view_that_does_not_exist_is_answered_with_what_was_meant(run: Run) -> None:
    answer = run("views", "spell")
    assert answer.code == 2
    assert "Did you mean v_spells?" in answer.err
    assert answer.out == ""
